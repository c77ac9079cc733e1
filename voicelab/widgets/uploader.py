"""Files of any size from the page to the lab, in pieces that are asked for one by one.

A notebook's websocket drops what is larger than 10 MiB without a word, and takes pieces alone.
"""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import anywidget
import traitlets

from voicelab.errors import UsageError
from voicelab.widgets.guard import sentence

PIECE = 1_000_000
"""Bytes of one message."""
MOST_BYTES = 500_000_000
"""No recording to clone is as large; a film by mistake is."""


class Uploader(anywidget.AnyWidget):
    """A button to choose a file, and how much of it has come.

    Parameters
    ----------
    folder
        Where files go; made with the first.
    on_file
        Called with the path of a file that is there as a whole.
    label
        What the button says.
    """

    _esm = Path(__file__).with_name("uploader.js")
    piece = traitlets.Int(PIECE).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    accept = traitlets.Unicode("audio/*,.wav,.flac,.mp3,.ogg,.opus,.m4a").tag(sync=True)

    def __init__(
        self, folder: Path, on_file: Callable[[Path], None], *, label: str = "Upload a recording"
    ) -> None:
        super().__init__(label=label)
        self._folder, self._on_file = folder, on_file
        self._coming: _Coming | None = None
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, Any], buffers: list[Any]) -> None:
        try:
            self._answer(content, buffers)
        except Exception as error:  # noqa: BLE001 - the page shows it; Jupyter would drop it
            self._drop()
            self.send({"type": "refused", "id": content.get("id"), "why": sentence(error)})

    def _answer(self, content: dict[str, Any], buffers: list[Any]) -> None:
        if content["type"] == "begin":
            self._drop()
            self._coming = _Coming(self._folder, content)
        coming = self._coming
        if coming is None or content["id"] != coming.id:
            return
        if content["type"] == "cancel":
            self._drop()
            return
        if content["type"] == "piece":
            coming.add(content["offset"], buffers[0])
        if coming.written < coming.size:
            self.send({"type": "more", "id": coming.id, "offset": coming.written})
        else:
            self._keep(coming)

    def _keep(self, coming: "_Coming") -> None:
        path = coming.keep()
        self._coming = None
        self._on_file(path)
        self.send({"type": "done", "id": coming.id, "path": str(path)})

    def _drop(self) -> None:
        if self._coming is not None:
            self._coming.drop()
            self._coming = None


class _Coming:
    """A file that is not there as a whole yet."""

    def __init__(self, folder: Path, told: dict[str, Any]) -> None:
        self.id, self.size = str(told["id"]), int(told["size"])
        self.written = 0
        if not 0 < self.size <= MOST_BYTES:
            raise UsageError(
                f"{str(told['name'])!r:.80} has {self.size:,} bytes; up to {MOST_BYTES:,} are "
                "taken. Cut it, or write its path or its link instead."
            )
        folder.mkdir(parents=True, exist_ok=True)
        self._wanted = folder / _plain(str(told["name"]))
        self._part = folder / f".{self._wanted.name}.part"
        self._file: BinaryIO = self._part.open("wb")

    def add(self, offset: int, piece: Any) -> None:
        """Write the next piece; one that came twice is written once."""
        data = bytes(piece)
        if offset == self.written and self.written + len(data) <= self.size:
            self._file.write(data)
            self.written += len(data)

    def keep(self) -> Path:
        """Give the file its name; another of the same name keeps it."""
        self._file.close()
        names = (f"{self._wanted.stem}-{n}{self._wanted.suffix}" for n in itertools.count(2))
        path = self._wanted
        while path.exists():
            path = self._wanted.with_name(next(names))
        return self._part.rename(path)

    def drop(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def _plain(name: str) -> str:
    """Return a file's name without what a path or a shell takes for its own."""
    stem, dot, suffix = name.rpartition(".")
    kept = [re.sub(r"[^\w-]+", "-", part).strip("-")[:60] for part in (stem or suffix, suffix)]
    return f"{kept[0] or 'recording'}{f'.{kept[1]}' if dot and kept[1] else ''}"
