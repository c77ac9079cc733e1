"""Recordings to clone, chosen among this lab's trials or named by path or link."""

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import ipywidgets as w

from voicelab.engine.follow_up import clones_of
from voicelab.errors import UsageError
from voicelab.model import PromptVariant, TrialRecord
from voicelab.template import reference_text
from voicelab.widgets.bench import Bench
from voicelab.widgets.guard import Guard
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.typed import read_path
from voicelab.widgets.uploader import Uploader

MOST_LISTED = 200
HINT = (
    "Design at one provider, clone at others, compare: choose trials of this lab, or name a "
    "recording. Each becomes a row of the table of prompts, and goes to the providers that clone."
)
NONE_YET = "This lab has no voice yet; press Submit first, or name a recording below."
Row = Mapping[str, str]


class References(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A picker of recordings; what is chosen is handed on as rows of the prompt table.

    Parameters
    ----------
    add
        Takes the rows, and returns how many of them were new.
    """

    def __init__(self, bench: Bench, add: Callable[[Sequence[Row]], int]) -> None:
        self._bench, self._add = bench, add
        self._known: dict[str, tuple[str, TrialRecord]] = {}
        self.guard = Guard()
        self._make_fields()
        load = self.guard.watch(self._load, clears=False)
        self._loading = Throttle(load, every_s=1.0, in_pool=True)
        self.find.observe(self.guard.watch(lambda _: self._show()), "value")
        self.add.on_click(self.guard.watch(self._add_clicked))
        super().__init__(
            [
                w.HTML(f'<p class="voicelab-hint">{HINT}</p>'),
                self.find,
                self.trials,
                self.words,
                self.recording,
                self.upload,
                self.transcript,
                self.add,
                self.guard,
            ]
        )

    def _make_fields(self) -> None:
        self.find = _field(w.Text, "Find", "Words of a trial's line")
        self.find.placeholder = "words of a line below"
        self.trials = _field(
            w.SelectMultiple, "Trials", "Trials to clone; several with Ctrl or Shift"
        )
        self.trials.rows = 7
        self.words = w.HTML()
        self.recording = _field(w.Text, "Recording", "Its path or its link")
        self.recording.placeholder = "path of a WAV, FLAC, MP3 or Ogg file, or https://…"
        self.upload = Uploader(self._bench.folder / "references", self._came)
        self.transcript = _field(w.Text, "Transcript", "What is said in it")
        self.transcript.placeholder = "what is said in the recording; may stay empty"
        self.add = w.Button(
            description="Add to the table of prompts",
            icon="plus",
            tooltip="One row for each",
            layout=w.Layout(width="auto", align_self="flex-start", margin="2px 0 2px 118px"),
        )

    def refresh(self) -> None:
        """Look anew what trials there are; from any thread."""
        self._loading.poke()

    def _load(self) -> None:
        comparison = self._bench.compare()
        done = sorted((r for r in comparison.records if r.clip_hash), key=_best_first)
        seconds = {
            digest: numbers.get("duration_s") for digest, numbers in comparison.numbers.items()
        }
        self._known = {r.trial.id: (_line(r, seconds[str(r.clip_hash)]), r) for r in done}
        self._show()

    def _show(self) -> None:
        """List what is chosen, and then what is looked for."""
        wanted = self.find.value.casefold().split()
        chosen = [id_ for id_ in self.trials.value if id_ in self._known]
        found = [
            id_
            for id_, (line, _) in self._known.items()
            if id_ not in chosen and all(word in line.casefold() for word in wanted)
        ]
        listed = [*chosen, *found[:MOST_LISTED]]
        self.trials.options = [(self._known[id_][0], id_) for id_ in listed]
        self.trials.value = tuple(chosen)
        self.words.value = _hint(len(self._known), len(listed))
        for field in (self.find, self.trials):
            field.layout.display = "" if self._known else "none"

    def _came(self, path: Path) -> None:
        """Name the recording that was uploaded."""
        self.recording.value = str(path.absolute())

    def _add_clicked(self, _button: object) -> None:
        records = [self._known[id_][1] for id_ in self.trials.value]
        rows = [*clone_rows(records), *self._typed_row()]
        if not rows:
            raise UsageError("nothing is chosen; choose trials, or name a recording.")
        added = self._add(rows)
        self.trials.value, self.recording.value, self.transcript.value = (), "", ""
        self.guard.say(added_text(added, len(rows)))

    def _typed_row(self) -> list[Row]:
        text, transcript = self.recording.value.strip(), self.transcript.value.strip()
        if not text:
            if transcript:
                raise UsageError("a transcript is given and no recording; name its path or link.")
            return []
        label, reference = _recording(text)
        row = {"label": label, "reference": reference, "transcript": transcript}
        return [{name: value for name, value in row.items() if value}]


def _field(kind: type[w.DOMWidget], label: str, hint: str) -> w.DOMWidget:
    style, layout = {"description_width": "110px"}, w.Layout(width="auto")
    return kind(description=label, tooltip=hint, style=style, layout=layout)


def clone_rows(records: Sequence[TrialRecord]) -> list[Row]:
    """Return trials as rows of a prompt table that clone them, saying what they said."""
    return [
        {
            "label": clone.label,
            "preview_text": clone.preview_text,
            **({"language": clone.language} if clone.language else {}),
            **_reference_cells(clone),
        }
        for clone in clones_of(records)
    ]


def _reference_cells(clone: PromptVariant) -> Row:
    assert clone.reference is not None
    said = clone.reference.transcript
    cells = {"reference": reference_text(clone.reference)}
    return {**cells, "transcript": said} if said else cells


def _recording(text: str) -> tuple[str, str]:
    """Return a label and the whole path, or the link, of a recording that was typed."""
    if text.startswith(("https://", "http://")):
        return PurePosixPath(urlsplit(text).path).stem or text, text
    path = read_path(text, "the recording").absolute()
    try:
        there = path.is_file()
    except OSError:
        there = False
    if not there:
        raise UsageError(f"there is no recording {path}; write the path of a file, or a link.")
    return path.stem, str(path)


def _best_first(record: TrialRecord) -> tuple[int, float]:
    when = record.finished_at or datetime.min.replace(tzinfo=UTC)
    return -(record.rating or 0), -when.timestamp()


def _line(record: TrialRecord, seconds: float | None) -> str:
    parts = [
        f"{record.trial.variant.label} — {record.source}, take {record.trial.take}",
        f"{seconds:.1f} s" if seconds is not None else "",
        "★" * (record.rating or 0),
        record.experiment,
    ]
    return " · ".join(part for part in parts if part)


def _hint(known: int, listed: int) -> str:
    if not known:
        text = NONE_YET
    elif listed < known:
        text = f"{listed:,} of {known:,} trials; the best rated come first."
    else:
        text = f"{known:,} trial{'s' if known > 1 else ''}; the best rated come first."
    return f'<p class="voicelab-hint voicelab-beside">{html.escape(text)}</p>'


def added_text(added: int, asked: int) -> str:
    """Return in words how many of the rows asked for were new to the table of prompts."""
    there = asked - added
    rest = f" {there} of the chosen were in it already." if there else ""
    return f"Added {added} row{'' if added == 1 else 's'} to the table of prompts.{rest}"
