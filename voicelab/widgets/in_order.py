"""Typing and presses in order: no press of a button overtakes what was typed before it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

MISSED = {
    "late": "what was typed or chosen right before does not allow it. Look at what is said here",
    "busy": "the kernel is busy, and has not taken what was typed before. Wait until its cell ends "
    "(if it does not help, save the notebook and reload the page)",
}
"""Why a button was not pressed, and what to do."""


class InOrder(anywidget.AnyWidget):
    """Shows nothing; its page side holds the presses in the studio it stands in.

    A button of the class `voicelab-at-once` waits for nothing.

    Parameters
    ----------
    on_missed
        Called with the title of a section, and what to say there of a button that was not pressed.
    """

    _esm = Path(__file__).with_name("in_order.js")
    box = traitlets.Unicode().tag(sync=True)
    """The model of the box whose fields are waited for, down to the last."""

    def __init__(self, on_missed: Callable[[str, str], None]) -> None:
        super().__init__()
        self._on_missed = on_missed
        self.on_msg(self._hear)

    def _hear(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        why = MISSED[content["why"]]
        words = f"{content['button']} was not pressed: {why}, then press it again."
        self._on_missed(content["section"], words)
