"""The export buttons: what is looked at, written in every format."""

import re
from collections.abc import Callable
from functools import partial

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.tables import export
from voicelab.tables.comparison import Comparison
from voicelab.tables.write_audio import write_audio_folder
from voicelab.widgets.guard import Guard
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.typed import read_path

AUDIO = "audio"
_DEVICE = re.compile("con|prn|aux|nul|(com|lpt)[0-9¹²³]", re.IGNORECASE)
"""What Windows takes for a device, whatever the suffix."""
FORMATS = {
    ".html": ("HTML page", "One file that plays offline in any browser"),
    ".csv": ("CSV", "The table, for any program"),
    ".xlsx": ("Excel", "The table as a workbook"),
    ".parquet": ("Parquet", "The table for pandas, with its types"),
    ".jsonl": ("JSON lines", "One JSON object a trial"),
    ".md": ("Markdown", "The table for a README or a note"),
    ".tex": ("LaTeX", "The table for a paper"),
    AUDIO: ("Audio files", "Every recording as it came, under a readable name"),
}


class ExportBar(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A folder and a button for each format.

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
        self.buttons = {format: self._button(format) for format in FORMATS}
        buttons = w.HBox([*self.buttons.values()], layout=w.Layout(flex_flow="row wrap"))
        super().__init__([self.folder, buttons, self.guard])

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
        if format == AUDIO:
            written = write_audio_folder(comparison, path.with_name(f"{path.name}-audio"))
        else:
            written = export(comparison, path.with_name(path.name + format))
        self.guard.say(f"Wrote {written}")


def file_name(title: str) -> str:
    """Return a title as a name any file system takes.

    Examples
    --------
    >>> file_name("Narrators / 2: 说书人?")
    'Narrators-2-说书人'
    """
    name = re.sub(r"\W+", "-", title).strip("-")[:60].rstrip("-") or "voices"
    return f"{name}-voices" if _DEVICE.fullmatch(name) else name
