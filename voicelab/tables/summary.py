"""What every export says about its columns and its origin, and the short table for readers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from voicelab.measures import MEASURES
from voicelab.model import TrialState, source_text
from voicelab.tables.columns import COLUMNS, values_of
from voicelab.tables.frame import variable_columns
from voicelab.tables.text import legal, one_line

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

MAIN_MEASURES = (
    "duration_s",
    "speech_rate_syl_s",
    "f0_median_hz",
    "f0_range_st",
    "loudness_lufs",
    "centroid_hz",
)
"""The measures a paper or a meeting is shown; the data formats have all."""
NOTHING = "–"
"""How an empty cell is shown to a reader."""


@dataclass(frozen=True, kw_only=True)
class Heading:
    """One column of an export, explained."""

    name: str
    """As in the frame."""
    title: str
    """For people, without the unit."""
    unit: str
    """Empty where it has none."""
    doc: str
    """What it holds."""
    type: type
    """Of its values."""
    decimals: int | None
    """For showing a number; nothing for text."""

    @property
    def head(self) -> str:
        """The title with the unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


def headings(comparison: "Comparison") -> list[Heading]:
    """Return what every column of the frame is, in its order."""
    known = {heading.name: heading for heading in _known(comparison)}
    return [known[name] for name in comparison.frame.columns]


def finite(value: Any) -> Any:
    """Return `value` with nothing in place of every number that JSON has no word for."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def provenance(comparison: "Comparison") -> dict[str, str | int]:
    """Return where an export comes from and what is in it."""
    trials = comparison.trials
    return {
        "title": legal(comparison.title),
        "made_by": f"voicelab {version('voicelab')}",
        "exported_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "trials": len(trials),
        "done": values_of(trials, "state").count(TrialState.DONE.value),
        "emulated": sum(values_of(trials, "emulated")),
        "notice": notice(comparison),
    }


def notice(comparison: "Comparison") -> str:
    """Return what whoever meets these voices must know, in one or two sentences."""
    emulated = sum(values_of(comparison.trials, "emulated"))
    if not emulated:
        return "All voices are AI-generated."
    were = "was" if emulated == 1 else "were"
    return (
        f"All voices are AI-generated. Of {len(comparison)} trials, {emulated} {were} answered "
        "by an emulator and not by the vendor; these are not the vendor's voices."
    )


def short_table(comparison: "Comparison") -> tuple[list[Heading], list[list[Any]]]:
    """Return the columns that matter to a reader, and their values row by row.

    A column without a single value is left out. Emulated trials say so beside the provider.
    """
    rows = [row | {"provider": _provider(row)} for row in comparison.table]
    names = {"label", "provider", "take", *_telling(comparison, rows)}
    shown = [heading for heading in headings(comparison) if heading.name in names]
    return shown, [[row[heading.name] for heading in shown] for row in rows]


def shown_value(value: Any, heading: Heading) -> str:
    """Return a value of the short table as one line of text, not yet escaped."""
    value = finite(value)
    if value is None or value == "":
        return NOTHING
    if is_number(value) and heading.decimals is not None:
        return f"{value:z.{heading.decimals}f}"
    return one_line(str(value))


def numeric(columns: Sequence[Heading], rows: Sequence[Sequence[Any]]) -> list[bool]:
    """Tell of every column whether it holds numbers, which stand to the right."""
    return [any(is_number(row[at]) for row in rows) for at in range(len(columns))]


def is_number(value: Any) -> bool:
    """Tell whether a cell holds a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _known(comparison: "Comparison") -> Iterable[Heading]:
    for name, column in COLUMNS.items():
        yield Heading(
            name=name,
            title=column.title,
            unit=column.unit,
            doc=column.doc,
            type=column.type,
            decimals=column.decimals,
        )
    for name, measure in MEASURES.items():
        title = measure.title[:1].upper() + measure.title[1:]
        yield Heading(
            name=name,
            title=title,
            unit=measure.unit,
            doc=measure.doc,
            type=float,
            decimals=measure.decimals,
        )
    for variable, name in variable_columns(comparison.trials).items():
        doc = f"The template variable {variable!r}."
        yield Heading(name=name, title=variable, unit="", doc=doc, type=str, decimals=None)


def _provider(row: dict[str, Any]) -> str:
    return source_text(row["provider"], emulated=row["emulated"])


def _telling(comparison: "Comparison", rows: list[dict[str, Any]]) -> Iterable[str]:
    variables = variable_columns(comparison.trials).values()
    for name in (*variables, *MAIN_MEASURES, "rating", "note"):
        if any(finite(row[name]) not in (None, "") for row in rows):
            yield name
    if any(row["state"] != TrialState.DONE for row in rows):
        yield "state"
