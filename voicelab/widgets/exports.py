"""The report: what is looked at, written in any format."""

import html
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.tables import export
from voicelab.tables.comparison import Comparison
from voicelab.tables.page_options import AUDIO as SOUNDS
from voicelab.tables.page_options import MAX_MB, PageOptions
from voicelab.tables.publish import publish_folder
from voicelab.tables.write_audio import write_audio_folder
from voicelab.widgets.bench import Bench
from voicelab.widgets.file_link import FileLink
from voicelab.widgets.form_fields import text
from voicelab.widgets.guard import Guard
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.typed import read_path

AUDIO, PUBLISH, BLIND = "audio", "publish", "blind"
PAGES = (".html", BLIND, PUBLISH)
"""What holds sounds that play."""
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


EVERYTHING, VOICES, FAVOURITES = "everything shown", "the voices that came", "the favourites"
FAVOURITE = 4
"""Stars from which a voice is a favourite."""
_LABELS = {"description_width": "110px"}


class ExportBar(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The report: what is written, of which voices, under which title, and where to.

    Parameters
    ----------
    what
        Gives the batch or experiment that is looked at now.
    """

    def __init__(self, bench: Bench, what: Callable[[], str | None]) -> None:
        self._bench, self._what = bench, what
        self.guard = Guard()
        self.link = FileLink()
        self._make_fields()
        write = self.guard.watch(self._write, clears=False)
        self._writing = Throttle(write, every_s=0.0, in_pool=True)
        self.write.on_click(self.guard.watch(self._start))
        self.format.observe(self.guard.watch(self._format_chosen), "value")
        self._format_chosen()
        fields = [self.format, self.hint, self.title, self.included]
        fields += [self.audio, self.max_mb, self.voice_ids, self.folder]
        super().__init__([*fields, self.write, self.guard, self.link])

    def _make_fields(self) -> None:
        formats = [(name, suffix) for suffix, (name, _) in FORMATS.items()]
        included = (EVERYTHING, VOICES, FAVOURITES)
        self.format = _dropdown("Format", "What is written", formats)
        self.hint = w.HTML()
        self.title = text("Title", "What stands over it, and what the file is called")
        self.title.placeholder = "the name of the experiment"
        self.title.layout.width = "min(460px, 100%)"
        self.included = _dropdown("Included", "Which of the trials", included)
        self.audio = _dropdown(
            "Sound",
            "How the page holds its sounds",
            [(name, audio) for audio, name in SOUNDS.items()],
        )
        self.max_mb = w.FloatText(
            MAX_MB,
            description="MB at most",
            tooltip="A page that would be larger is not written; mail takes about 25 MB",
            style=_LABELS,
            layout=w.Layout(width="230px"),
        )
        self.voice_ids = w.Checkbox(
            description="voice ids in the page",
            tooltip="Whether a page holds the vendors' ids of the voices",
            indent=False,
            layout=w.Layout(width="auto", margin="0 0 0 118px"),
        )
        self.folder = text("Folder", "Where exported files go; made where it is missing")
        self.folder.value, self.folder.layout.width = "exports", "min(460px, 100%)"
        self.write = w.Button(
            description="Write the report",
            icon="file-export",
            tooltip="Write the file; one of the same name is replaced",
            layout=w.Layout(width="auto", align_self="flex-start", margin="2px 0 2px 118px"),
        )

    def _format_chosen(self, _change: object = None) -> None:
        hint = html.escape(FORMATS[self.format.value][1])
        self.hint.value = f'<p class="voicelab-hint voicelab-beside">{hint}.</p>'
        for field in (self.audio, self.max_mb):
            field.layout.display = "" if self.format.value in PAGES else "none"
        self.voice_ids.layout.display = "" if self.format.value in (".html", PUBLISH) else "none"

    def _start(self, _button: object) -> None:
        self.link.show(None)
        self.guard.say("Writing …")
        self._writing.poke()

    def _write(self) -> None:
        """Write, away from the threads of clicks and of requests: a page takes seconds."""
        comparison = self._comparison()
        if not len(comparison):
            raise UsageError("there is nothing to export yet; submit a batch first.")
        if title := self.title.value.strip():
            comparison.title = title
        folder = read_path(self.folder.value, "the folder to export to")
        path = folder / file_name(comparison.title)
        written = self._written(comparison, path)
        self.guard.say(f"Wrote {written}")
        self.link.show(written)

    def _written(self, comparison: Comparison, path: Path) -> Path:
        format = self.format.value
        named = partial(path.with_name, f"{path.name}-{format}")
        if format == AUDIO:
            return write_audio_folder(comparison, named())
        if format == PUBLISH:
            return publish_folder(comparison, named(), self._page())
        if format == BLIND:
            return export(comparison, path.with_name(f"{path.name}-{BLIND}.html"), self._page())
        page = self._page() if format == ".html" else None
        return export(comparison, path.with_name(path.name + format), page)

    def _page(self) -> PageOptions:
        blind = self.format.value == BLIND
        return PageOptions(
            audio=self.audio.value,
            max_mb=self.max_mb.value,
            voice_ids=self.voice_ids.value and not blind,
            blind=blind,
        )

    def _comparison(self) -> Comparison:
        whole = self._bench.compare(self._what())
        if self.included.value == EVERYTHING or not len(whole):
            return whole
        least = FAVOURITE if self.included.value == FAVOURITES else 0
        chosen = [r.trial.id for r in whole.records if r.clip_hash and (r.rating or 0) >= least]
        if not chosen:
            raise UsageError(
                f"none of these trials is among {self.included.value}; "
                f"give {FAVOURITE} stars or more under Compare, or include everything."
            )
        return self._bench.compare(self._what(), trials=chosen)


def _dropdown(label: str, hint: str, options: Sequence[Any]) -> w.Dropdown:
    layout = w.Layout(width="min(460px, 100%)")
    return w.Dropdown(
        options=options, description=label, tooltip=hint, style=_LABELS, layout=layout
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
