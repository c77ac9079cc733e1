"""Excel: the only place that imports openpyxl."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.tables.summary import Heading, finite, headings, is_number, provenance
from voicelab.tables.text import legal
from voicelab.tables.write_csv import guarded

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from voicelab.tables.comparison import Comparison

_LONGEST_CELL = 32_767
"""UTF-16 units; Excel calls a file with a longer one damaged."""
_WIDTHS = (8, 48)
_EMULATED = "FFE08A"


def write(comparison: "Comparison", path: Path) -> None:
    """Write a workbook: the trials, what the columns are, and where it all comes from."""
    from openpyxl import Workbook

    book = Workbook()
    columns = headings(comparison)
    _trials(book.active, comparison, columns)
    _sheet(
        book.create_sheet("columns"),
        ("column", "title", "unit", "what it is"),
        [(column.name, column.title, column.unit, column.doc) for column in columns],
    )
    _sheet(book.create_sheet("about"), ("what", "value"), provenance(comparison).items())
    book.save(path)


def _trials(sheet: "Worksheet", comparison: "Comparison", columns: Sequence[Heading]) -> None:
    sheet.title = "trials"
    rows = comparison.table
    _sheet(sheet, [column.name for column in columns], _values(rows, columns))
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = sheet.dimensions
    for cells, column in zip(sheet.iter_cols(min_row=2), columns, strict=True):
        for cell, row in zip(cells, rows, strict=False):
            _dress(cell, column, emulated=row["emulated"])


def _values(rows: list[dict[str, Any]], columns: Sequence[Heading]) -> list[list[Any]]:
    return [[row[column.name] for column in columns] for row in rows]


def _dress(cell: "Cell", column: Heading, *, emulated: bool) -> None:
    from openpyxl.styles import PatternFill

    if is_number(cell.value) and column.decimals is not None:
        cell.number_format = f"{0:.{column.decimals}f}"
    if emulated and column.name in ("label", "provider", "emulated"):
        cell.fill = PatternFill("solid", fgColor=_EMULATED)


def _sheet(sheet: "Worksheet", head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    longest = [0] * len(head)
    for at, values in enumerate([head, *rows], start=1):
        for nth, value in enumerate(values, start=1):
            _fill(sheet.cell(at, nth), value)
            longest[nth - 1] = max(longest[nth - 1], len(str(value)))
    for nth, length in enumerate(longest, start=1):
        width = min(max(length + 2, _WIDTHS[0]), _WIDTHS[1])
        sheet.column_dimensions[get_column_letter(nth)].width = width
        sheet.cell(1, nth).font = Font(bold=True)
    sheet.freeze_panes = "A2"


def _fill(cell: "Cell", value: Any) -> None:
    """Set a value; text stays text even where it looks like a formula or an error."""
    if not isinstance(value, str):
        cell.value = finite(value)
        return
    text = _cut(legal(value))
    cell.value = text
    cell.data_type = "s"
    cell.quotePrefix = guarded(text) != text  # or editing the cell would make it a formula


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST_CELL:
        return text
    return units[: 2 * (_LONGEST_CELL - 1)].decode("utf-16-le", errors="ignore") + "…"
