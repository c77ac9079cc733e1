"""The comparer widget: the only place where a comparison talks to a notebook page.

The page asks (`comparer.js` lists the questions), this file answers. No sound and no picture is a
widget trait, so the notebook file stays small; a page that is reloaded simply asks again.
"""

import functools
import html
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import traitlets

from voicelab.errors import UsageError, VoiceLabError
from voicelab.model import source_text
from voicelab.tables.frame import variable_columns
from voicelab.tables.write_html import MIME, PIXELS, front_end
from voicelab.widgets.packing import packed
from voicelab.widgets.view import View

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

LIVE_FORMAT = "flac"
STATIC_ROWS = 50
"""Rows of the static table that is kept in the notebook file."""
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

    def __init__(
        self,
        comparison: "Comparison",
        *,
        on_rate: Callable[[str, int | None], object],
        on_note: Callable[[str, str], object],
        on_star: Callable[[str, bool], object] | None = None,
    ) -> None:
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
                for trial in question["ids"]:
                    asked = {"what": question["what"], "id": trial}
                    _pool().submit(self._guard, self._tell_bytes, asked)
            case "rate" | "note" | "star" as what:
                self._guard(self._save, {**question, "what": what})
            case "select" as what:
                self._guard(self._take_selection, {**question, "what": what})

    def _guard(self, answer: Callable[[Row], None], question: Row) -> None:
        """Let no exception pass unseen: a notebook shows a callback's errors nowhere."""
        try:
            answer(question)
        except Exception as error:  # noqa: BLE001 - the last edge before Jupyter drops it
            asked = {"what": question["what"], "id": question.get("id")}
            self.send({"type": "failed", **asked, "message": _sentence(error)})

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
            "variables": variable_columns(comparison.records),
            "selected": list(self.chosen),
        }
        self._tell(comparison, {"type": "state", **header}, rows)

    def _tell(self, comparison: "Comparison", header: Row, rows: list[Row]) -> None:
        """Send rows; the page asks for sound and pictures of those it shows."""
        message = {**header, "scale": comparison.scale(), "rows": rows, "peaks": []}
        buffers: list[bytes] = []
        if header["type"] == "state" or len(rows) > FEW:
            message["packed"], buffers = packed(rows)
            message["rows"] = []
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
        elif what == "known":
            self.send({"type": what, "id": trial, **comparison.known(trial)})
        elif what == "peaks":
            data = comparison.peaks(trial)
            self.send({"type": what, "id": trial, **comparison.known(trial)}, buffers=[data])
        else:
            rows, columns = PIXELS
            header = {"type": "pixels", "id": trial, "rows": rows, "columns": columns}
            self.send(header, buffers=[comparison.pixels(trial)])

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
        rows = {row["id"]: row for row in comparison.light_rows()}
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
        """Add a static table for views that run no widgets."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = static_table(self._comparison)
        return bundle


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="voicelab-comparer")


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


def static_table(comparison: "Comparison") -> str:
    """Return the comparison as a small HTML table without scripts; no clip is decoded for it."""
    columns = comparison.columns()[:6]
    heads = ["label", "provider", "take", "state", *(column["title"] for column in columns)]
    rows = comparison.table
    body = "".join(_line("td", _cells(row, columns)) for row in rows[:STATIC_ROWS])
    more = f"<p>… and {len(rows) - STATIC_ROWS} more.</p>" if len(rows) > STATIC_ROWS else ""
    title = html.escape(comparison.title)
    return f"<table><caption>{title}</caption>{_line('th', heads)}{body}</table>{more}"


def _cells(row: Row, columns: list[Row]) -> list[str]:
    provider = source_text(row["provider"], emulated=row["emulated"])
    numbers = [_number(row[column["name"]], column) for column in columns]
    return [row["label"], provider, str(row["take"]), row["state"], *numbers]


def _number(value: float | None, column: Row) -> str:
    return "–" if value is None else f"{value:.{column['decimals']}f} {column['unit']}".rstrip()


def _line(tag: str, cells: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
