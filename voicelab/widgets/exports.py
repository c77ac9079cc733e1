"""The export buttons: what is looked at, written in every format."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.tables import export
from voicelab.tables.comparison import Comparison
from voicelab.tables.page_options import AUDIO as SOUNDS
from voicelab.tables.page_options import MAX_MB, PageOptions
from voicelab.tables.publish import publish_folder
from voicelab.tables.write_audio import write_audio_folder
from voicelab.widgets.guard import Guard
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.typed import read_path

AUDIO = "audio"
PUBLISH = "publish"
BLIND = "blind"
_DEVICE = re.compile("con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)
"""What Windows takes for a device, whatever the suffix."""
FORMATS = {
    ".html": ("HTML page", "One file that plays offline in any browser"),
    BLIND: ("Blind page", "A page that hides who made which voice; its key is written beside it"),
    ".csv": ("CSV", "The table, for any program"),
    ".xlsx": ("Excel", "The table as a workbook"),
    ".parquet": ("Parquet", "The table for pandas, with its types"),
    ".jsonl": ("JSON lines", "One JSON object a trial"),
    ".md": ("Markdown", "The table for a README or a note"),
    ".tex": ("LaTeX", "The table for a paper"),
    AUDIO: ("Audio files", "Every recording as it came, under a readable name"),
    ".zip": ("Audio, zipped", "The same as one file, with a note beside each recording"),
    PUBLISH: ("Web folder", "A folder for any web server: the page, its sounds beside it"),
}

_WRAPS = {"flex_flow": "row wrap"}


class ExportBar(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A folder, what a page is like, and a button for each format.

    Parameters
    ----------
    comparison
        Gives what is looked at now.
    """

    def __init__(self, comparison: Callable[[], Comparison]) -> None:
        self._comparison = comparison
        self.guard = Guard()
        self.folder = w.Text(
            "exports",
            description="Export to",
            tooltip="Where exported files go; made where it is missing",
            style={"description_width": "70px"},
            layout=w.Layout(width="300px"),
        )
        self.sound = w.Dropdown(
            options=[(name, value) for value, name in SOUNDS.items()],
            description="Sound of a page",
            tooltip="What the recordings become in a page",
            style={"description_width": "110px"},
            layout=w.Layout(width="290px"),
        )
        self.max_mb = w.FloatText(
            MAX_MB,
            description="MB at most",
            tooltip="A page that would be larger is not written; mail takes about 25 MB",
            style={"description_width": "80px"},
            layout=w.Layout(width="170px"),
        )
        self.voice_ids = w.Checkbox(
            description="voice ids in the page",
            tooltip="Whether a page holds the vendors' ids of the voices",
            indent=False,
            layout=w.Layout(width="auto"),
        )
        self.buttons = {format: self._button(format) for format in FORMATS}
        choices = w.HBox([self.folder, self.sound, self.max_mb, self.voice_ids], layout=_WRAPS)
        super().__init__([choices, w.HBox([*self.buttons.values()], layout=_WRAPS), self.guard])

    def _button(self, format: str) -> w.Button:
        name, hint = FORMATS[format]
        button = w.Button(description=name, tooltip=hint, layout=w.Layout(width="auto"))
        write = self.guard.watch(partial(self._write, format), clears=False)
        throttle = Throttle(write, every_s=0.0, in_pool=True)
        button.on_click(self.guard.watch(partial(self._start, throttle)))
        return button

    def _start(self, throttle: Throttle, _button: object) -> None:
        self.guard.say("Writing …")
        throttle.poke()

    def _write(self, format: str) -> None:
        """Write, away from the threads of clicks and of requests: a page takes seconds."""
        comparison = self._comparison()
        if not len(comparison):
            raise UsageError("there is nothing to export yet; submit a batch first.")
        folder = read_path(self.folder.value, "the folder to export to")
        path = folder / file_name(comparison.title)
        written = self._written(comparison, format, path)
        self.guard.say(f"Wrote {written}")

    def _written(self, comparison: Comparison, format: str, path: Path) -> Path:
        named = partial(path.with_name, f"{path.name}-{format}")
        if format == AUDIO:
            return write_audio_folder(comparison, named())
        if format == PUBLISH:
            return publish_folder(comparison, named(), self._page())
        if format == BLIND:
            return export(
                comparison, path.with_name(f"{path.name}-{BLIND}.html"), self._page(BLIND)
            )
        page = self._page() if format == ".html" else None
        return export(comparison, path.with_name(path.name + format), page)

    def _page(self, kind: str = "") -> PageOptions:
        blind = kind == BLIND
        return PageOptions(
            audio=self.sound.value,
            max_mb=self.max_mb.value,
            voice_ids=self.voice_ids.value and not blind,
            blind=blind,
        )


def file_name(title: str) -> str:
    """Return a title as a name any file system takes.

    Examples
    --------
    >>> file_name("Narrators / 2: 说书人?")
    'Narrators-2-说书人'
    """
    name = re.sub(r"\W+", "-", title).strip("-")[:60].rstrip("-") or "voices"
    return f"{name}-voices" if _DEVICE.fullmatch(name) else name
