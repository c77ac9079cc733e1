"""The comparer widget: the only place where a comparison talks to a notebook page.

The page asks (`comparer.js` lists the questions), this file answers. No sound and no picture is a
widget trait, so the notebook file stays small; a page that is reloaded simply asks again.
"""

import functools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import traitlets

from voicelab.errors import UsageError, VoiceLabError
from voicelab.figures.bands import KINDS
from voicelab.figures.pixels import PALETTES
from voicelab.measures import MEASURES
from voicelab.tables.frame import variable_columns
from voicelab.tables.front_end import front_end
from voicelab.tables.page_options import MIME
from voicelab.widgets.ahead import Ahead
from voicelab.widgets.fallback import fallback
from voicelab.widgets.packing import packed
from voicelab.widgets.pictures import HOW, OVERLAYS, SEES, picture
from voicelab.widgets.view import View

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

LIVE_FORMAT = "flac"
FEW = 100
"""Up to so many rows of news travel as they are; more are packed."""

Row = dict[str, Any]


class Comparer(View):
    """All trials of a comparison side by side: heard, seen, measured, rated.

    Parameters
    ----------
    comparison
        What is shown first; `update` swaps in a newer one.
    on_rate
        Called with a trial id and 1 to 5, or `None` for "not rated"; raises to refuse.
    on_note
        Called with a trial id and the new note; raises to refuse.
    on_star
        Called with a trial id and whether it is starred; raises to refuse.
    """

    active = traitlets.Unicode("").tag(sync=True)
    playing = traitlets.Unicode("").tag(sync=True)
    measures = traitlets.List(traitlets.Enum(tuple(MEASURES))).tag(sync=True)
    """Names of the measures on each row, in order; empty for the usual ones."""
    spectrogram = traitlets.Enum(KINDS, "mel").tag(sync=True)
    """Frequency axis of the pictures."""
    palette = traitlets.Enum(tuple(PALETTES), "magma").tag(sync=True)
    """Colours of the pictures; `paper` is for print."""
    overlays = traitlets.List(traitlets.Enum(OVERLAYS)).tag(sync=True)
    """What is drawn over the pictures: any of `pitch`, `pauses`, `words`."""
    tall = traitlets.Bool(False).tag(sync=True)
    """Whether the rows, and so the pictures, are twice as high."""

    coming = traitlets.Bool(False).tag(sync=True)
    """Whether a page is being told everything without having asked."""

    def __init__(
        self,
        comparison: "Comparison",
        *,
        on_rate: Callable[[str, int | None], object],
        on_note: Callable[[str, str], object],
        on_star: Callable[[str, bool], object] | None = None,
    ) -> None:
        self._ahead = Ahead(comparison, _pool())
        super().__init__(comparison)
        self._on_rate = on_rate
        self._on_note = on_note
        self._on_star = on_star or _no_stars
        self._told: dict[str, Row] | None = None
        self._shown = comparison
        self._lock = threading.RLock()
        self.on_msg(self._receive)

    @property
    def _esm(self) -> str:
        return front_end("js")

    @property
    def _css(self) -> str:
        return front_end("css")

    def update(self, comparison: "Comparison") -> None:
        """Show a newer comparison; returns at once, from any thread."""
        comparison.keep_anchors(self._comparison)
        self._comparison = comparison
        self._drop_gone()
        if self._told is not None:  # else nobody has asked yet
            _pool().submit(self._guard, self._tell_news, {"what": "news"})

    def _receive(self, _widget: object, question: Row, _buffers: object) -> None:
        """Answer one question; what takes time is answered from the pool."""
        match question.get("type"):
            case "hello":
                _pool().submit(self._guard, self._tell_state, {"what": "hello"})
            case "get":
                how = {name: question[name] for name in HOW if question.get(name) is not None}
                for trial in question["ids"]:
                    asked = {"what": question["what"], "id": trial, **how}
                    pool = _sound_pool() if asked["what"] == "audio" else _pool()
                    pool.submit(self._guard, self._tell_bytes, asked)
            case "rate" | "note" | "star" as what:
                self._guard(self._save, {**question, "what": what})
            case "select" as what:
                self._guard(self._take_selection, {**question, "what": what})

    def _guard(self, answer: Callable[[Row], None], question: Row) -> None:
        """Let no exception pass unseen: a notebook shows a callback's errors nowhere."""
        try:
            answer(question)
        except Exception as error:  # noqa: BLE001 - the last edge before Jupyter drops it
            how = {name: question[name] for name in HOW if name in question}
            asked = {"what": question["what"], "id": question.get("id"), **how}
            self.send({"type": "failed", **asked, "message": _sentence(error)})

    def _tell_unasked(self) -> None:
        try:
            self._guard(self._tell_state, {"what": "hello"})
        finally:
            self.coming = False

    def _tell_state(self, _question: Row) -> None:
        with self._lock:
            comparison = self._comparison
            self._tell_all(comparison, self._rows(comparison))

    def _tell_news(self, _question: Row) -> None:
        """Send the rows that changed, or everything where the scale did or a row is gone."""
        with self._lock:
            comparison, told = self._comparison, self._told or {}
            if comparison is self._shown:
                return
            rows = self._rows(comparison)
            gone = told.keys() - {row["id"] for row in rows}
            if gone or comparison.scale() != self._shown.scale():
                self._tell_all(comparison, rows)
            elif changed := [row for row in rows if told.get(row["id"]) != row]:
                self._tell(comparison, {"type": "upsert"}, changed)

    def _tell_all(self, comparison: "Comparison", rows: list[Row]) -> None:
        header = {
            "title": comparison.title,
            "columns": comparison.columns(),
            "sees": SEES,
            "variables": variable_columns(comparison.records),
            "selected": list(self.chosen),
        }
        self._tell(comparison, {"type": "state", **header}, rows)

    def _tell(self, comparison: "Comparison", header: Row, rows: list[Row]) -> None:
        """Send rows, and at first the pictures that a page would ask for next."""
        message = {**header, "scale": comparison.scale(), "rows": rows, "peaks": []}
        buffers: list[bytes] = []
        if header["type"] == "state" or len(rows) > FEW:
            message["packed"], buffers = packed(rows)
            message["rows"] = []
        if header["type"] == "state" and comparison is self._ahead.comparison:
            answers = self._ahead.answers()
            message["along"] = [answer for answer, _ in answers]
            buffers.extend(data for _, data in answers)
        self.send(message, buffers=buffers)
        kept = self._told if self._told is not None and header["type"] == "upsert" else {}
        self._told = {**kept, **{row["id"]: row for row in rows}}
        self._shown = comparison

    def _tell_bytes(self, question: Row) -> None:
        what, trial = question["what"], question["id"]
        comparison = self._comparison
        comparison.record(trial)
        if what == "audio":
            data = comparison.audio(trial, format=LIVE_FORMAT)
            self.send({"type": what, "id": trial, "mime": MIME[LIVE_FORMAT]}, buffers=[data])
        elif what == "anchors":
            self.send({"type": what, "id": trial, **comparison.anchors(trial).message()})
        elif what == "known":
            self.send({"type": what, "id": trial, **comparison.known(trial)})
        else:
            header, data = picture(comparison, question)
            self.send(header, buffers=[data])

    def _save(self, question: Row) -> None:
        trial = question["id"]
        self._comparison.record(trial)
        name, value = self._saved(trial, question)
        with self._lock:
            self._edits[trial, name] = value
        self.send({"type": "saved", "id": trial, name: value})

    def _saved(self, trial: str, question: Row) -> tuple[str, object]:
        """Hand an opinion to whoever keeps it; return its name and what is kept."""
        if question["what"] == "rate":
            self._on_rate(trial, stars := _rating(question["rating"]))
            return "rating", stars
        if question["what"] == "star":
            self._on_star(trial, starred := question["starred"] is True)
            return "starred", starred
        self._on_note(trial, words := str(question["note"]).strip())
        return "note", words

    def _rows(self, comparison: "Comparison") -> list[Row]:
        """Return the rows with the edits made here that the comparison does not have yet."""
        known = comparison is self._ahead.comparison
        light = self._ahead.rows.result() if known else comparison.light_rows()
        rows = {row["id"]: row for row in light}
        for (trial, name), value in list(self._edits.items()):
            if trial not in rows or rows[trial][name] == value:
                del self._edits[trial, name]
            else:
                rows[trial] = {**rows[trial], name: value}
        return list(rows.values())

    def __repr__(self) -> str:
        """Return one line."""
        records = self._comparison.records
        done = sum(record.state == "done" for record in records)
        return f"Comparer({self._comparison.title!r}: {len(records)} trials, {done} done)"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Add a small table and a picture for views that run no widgets.

        What the page will ask first is on its way before that: it need not wait for the cell.
        """
        if self._told is None:
            self.coming = True
            _pool().submit(self._tell_unasked)
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0].update(fallback(self._comparison, self._ahead))
        return bundle


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="voicelab-comparer")


@functools.cache
def _sound_pool() -> ThreadPoolExecutor:
    """Return the thread for what somebody waits to hear, which stands behind no picture."""
    return ThreadPoolExecutor(1, thread_name_prefix="voicelab-comparer-sound")


def _no_stars(_trial: str, _starred: bool) -> None:
    raise UsageError("this view keeps no stars; open it with lab.audition(…).")


def _rating(value: object) -> int | None:
    if value is None or (type(value) is int and 1 <= value <= 5):
        return value
    raise UsageError(f"a rating is a whole number from 1 to 5 or nothing; found {value!r}.")


def _sentence(error: Exception) -> str:
    if isinstance(error, VoiceLabError):
        return str(error)
    logging.getLogger("voicelab").error("the comparer failed", exc_info=error)
    return f"Something went wrong in voicelab itself ({type(error).__name__}: {error})."
