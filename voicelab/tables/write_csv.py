"""Comma-separated values as RFC 4180 has them, which no spreadsheet takes for formulas."""

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.tables.summary import finite, headings
from voicelab.tables.text import legal

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

_BLANK = r"[\s\"\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
_BEFORE_A_FORMULA = re.compile(
    rf"(?:^(?=[\t\n])|(?:^|(?<=[;\t\n]))(?={_BLANK}[=+\-@＝＋－＠﹦﹢﹣﹫]))"
)
"""Also inside the text: where a comma is the decimal sign, spreadsheets split at semicolons."""


def write(comparison: "Comparison", path: Path) -> None:
    """Write every column; UTF-8 with a byte order mark, by which Excel knows it."""
    columns = headings(comparison)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(guarded(column.name) for column in columns)
        for row in comparison.table:
            writer.writerow(_cell(row[column.name]) for column in columns)


def guarded(text: str) -> str:
    """Return `text` with an apostrophe wherever a spreadsheet could see a formula begin."""
    return _BEFORE_A_FORMULA.sub("'", legal(text))


def _cell(value: Any) -> Any:
    return guarded(value) if isinstance(value, str) else finite(value)
