"""The only place that says what a page may tell of a trial, and where its voices come from."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from voicelab.model import TrialRecord, source_text
from voicelab.tables.made_with import made_with

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

Row = dict[str, Any]

PLAIN = ("label", "provider", "take", "state", "rating", "note")
_LEFT_OUT = "(left out)"
_TOLD_BY_VENDORS = ("evidence", "error", "note")
"""Where a voice's id may stand, too: what the vendor said, and what was copied from it."""


def page_id(trial_id: str) -> str:
    """Return how a page calls a trial: MiniMax calls the voices like our trials."""
    return "t" + hashlib.sha256(f"page {trial_id}".encode()).hexdigest()[:12]


def page_rows(comparison: "Comparison", *, voice_ids: bool = False) -> list[Row]:
    """Return the rows of a page, without the vendors' ids of voices where they are not wanted."""
    rows = [{**row, "id": page_id(row["id"])} for row in comparison.rows()]
    return rows if voice_ids else _without_ids(rows, comparison.records)


def _without_ids(rows: list[Row], records: Sequence[TrialRecord]) -> list[Row]:
    ids = {id_ for r in records for id_ in (r.voice_id, r.trial.variant.voice_id) if id_}
    longest_first = sorted(ids, key=len, reverse=True)
    any_id = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")
    return [
        {
            **row,
            "voice_id": None,
            "expires_at": None,
            **{name: _cleaned(row[name], any_id) for name in _TOLD_BY_VENDORS},
        }
        for row in rows
    ]


def _cleaned(value: Any, any_id: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return any_id.sub(_LEFT_OUT, value)
    if isinstance(value, Mapping):
        return {_cleaned(key, any_id): _cleaned(inner, any_id) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner, any_id) for inner in value]
    return value


def origins(records: Iterable[TrialRecord]) -> list[Row]:
    """Return for each provider who answered, with what, and how many voices were made when."""
    found: dict[tuple[str, bool], list[TrialRecord]] = {}
    for record in records:
        found.setdefault((record.trial.provider, record.emulated), []).append(record)
    return [
        {
            "provider": provider,
            "answered": _who(provider, emulated),
            "with": _with(group),
            "trials": len(group),
            "made": _span([record.finished_at or record.created_at for record in group]),
        }
        for (provider, emulated), group in found.items()
    ]


def _who(provider: str, emulated: bool) -> str:
    if emulated:
        return "an emulator, not the vendor"
    return "the built-in test engine" if provider == "local" else "the vendor, live"


def _with(records: Iterable[TrialRecord]) -> str:
    """Return the models or the engine that made these voices, as far as they are named."""
    named = {made_with(record.evidence, record.trial.options) for record in records}
    return ", ".join(sorted(name for name in named if name)) or "not named"


def _span(times: list[datetime]) -> str:
    first, last = (f"{time:%Y-%m-%d}" for time in (min(times), max(times)))
    return first if first == last else f"{first} to {last}"


def prompts(rows: list[Row]) -> list[Row]:
    """Return one row for each prompt variant, in order."""
    return list({(row["label"], row["prompt"], row["preview_text"]): row for row in rows}.values())


def table_columns(rows: list[Row], measures: list[Row]) -> list[Row]:
    """Return the columns of the table of all trials."""
    variables = dict.fromkeys(name for row in rows for name in row["variables"])
    first, *others = [_text_column("plain", name, name) for name in PLAIN]
    return [
        first,
        *(_text_column("variables", name, f"{{{name}}}") for name in variables),
        *others,
        *({**column, "kind": "measures"} for column in measures),
    ]


def _text_column(kind: str, name: str, title: str) -> Row:
    return {"kind": kind, "name": name, "title": title, "unit": "", "doc": ""}


def table_cells(row: Mapping[str, Any], column: Mapping[str, Any]) -> tuple[object, str]:
    """Return the value to sort by and the words to show."""
    source = row if column["kind"] == "plain" else row[column["kind"]]
    value = source.get(column["name"])
    if value is None or value == "":
        return "", "–"
    if column["kind"] == "measures":
        return value, f"{value:z.{column['decimals']}f}".replace("-", "−")
    if column["name"] == "rating":
        return value, "★" * value + "☆" * (5 - value)
    if column["name"] == "state" and row["error"]:
        return value, f"{value}: {row['error']}"
    if column["name"] == "provider" and row["emulated"]:
        return value, source_text(value, emulated=True)
    return value, str(value)
