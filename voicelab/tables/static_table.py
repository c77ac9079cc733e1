"""A comparison as a small table without scripts: what stands where no widget and no page runs."""

import html
from typing import TYPE_CHECKING, Any

from voicelab.measures import MEASURES
from voicelab.model import source_text
from voicelab.tables.frame import table_rows
from voicelab.tables.summary import MAIN_MEASURES

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

STATIC_ROWS = 24
"""Rows of the table."""
_COLUMNS = MAIN_MEASURES[:5]
"""Measures in the table."""
_LONGEST = 40
"""Characters of a label."""

Row = dict[str, Any]


def static_table(comparison: "Comparison") -> str:
    """Return the comparison as a small HTML table without scripts; no clip is decoded for it."""
    heads = ["label", "provider", "take", "state", *(MEASURES[name].title for name in _COLUMNS)]
    rows = table_rows(comparison.trials[:STATIC_ROWS], comparison.numbers)
    body = "".join(_line("td", _cells(row)) for row in rows)
    left = len(comparison) - len(rows)
    more = f"<p>… and {left} more.</p>" if left else ""
    title = html.escape(_short(comparison.title))
    return f"<table><caption>{title}</caption>{_line('th', heads)}{body}</table>{more}"


def _cells(row: Row) -> list[str]:
    provider = source_text(row["provider"], emulated=row["emulated"])
    numbers = [_number(name, row[name]) for name in _COLUMNS]
    return [_short(row["label"]), _short(provider), str(row["take"]), row["state"], *numbers]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _number(name: str, value: float | None) -> str:
    measure = MEASURES[name]
    return "–" if value is None else f"{value:.{measure.decimals}f} {measure.unit}".rstrip()


def _line(tag: str, cells: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
