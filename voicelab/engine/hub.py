"""What the labs of one folder share in this process: the run under way, and who follows it.

A cell that opens a lab is run again and again; each time it must find what is already running.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from voicelab.engine.job import Job
from voicelab.engine.run import Runner
from voicelab.model import TrialRecord


class Hub:
    """The run of a lab's folder, of whichever object began it."""

    def __init__(self) -> None:
        self.job: Job[Any] | None = None
        """The run under way, or the last one."""
        self.runner: Runner | None = None
        self.owner: object = None
        """Whose store the run writes to."""
        self.listeners: list[Callable[[TrialRecord], None]] = []


_hubs: "WeakValueDictionary[Path, Hub]" = WeakValueDictionary()
_lock = threading.Lock()


def hub_of(folder: Path) -> Hub:
    """Return the hub of a folder; it lives as long as a lab of it, or its run, does."""
    key = folder.resolve()
    with _lock:
        hub = _hubs.get(key)
        if hub is None:
            hub = _hubs[key] = Hub()
        return hub
