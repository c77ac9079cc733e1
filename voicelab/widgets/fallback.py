"""What stands for a comparer where no widget runs: a small table and one small picture.

A notebook keeps it in its file, so it is bounded: with two hundred voices it takes under 50 kB.
"""

import base64
import html
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from voicelab.figures.pixels import Pixels, png, webp
from voicelab.model import source_text
from voicelab.tables.frame import table_rows

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison
    from voicelab.widgets.ahead import Ahead

STATIC_ROWS = 24
"""Rows of the table."""
PICTURES = 8
"""Voices in the picture."""
_BANDS, _COLUMNS, _GAP = 28, 260, 3
_LEVELS = 16
"""Of the PNG, so that it stays small."""
_COLUMNS_SHOWN = 5
"""Measures in the table."""
_LONGEST = 40
"""Characters of a label."""

Row = dict[str, Any]


def fallback(comparison: "Comparison", ahead: "Ahead") -> dict[str, str]:
    """Return the `text/html` and the `image/png` of a comparer, from what is made for its page."""
    pixels = stacked(comparison, ahead)
    if pixels is None:
        return {"text/html": static_table(comparison)}
    coarse = (pixels // (256 // _LEVELS) * (255 // (_LEVELS - 1))).astype(np.uint8)
    return {
        "text/html": static_table(comparison) + _image(comparison, pixels),
        "image/png": base64.b64encode(png(coarse)).decode("ascii"),
    }


def stacked(comparison: "Comparison", ahead: "Ahead") -> Pixels | None:
    """Return the spectrograms of the first voices one below the other, to one scale."""
    first = list(islice(ahead.pixels(), PICTURES))
    if not first:
        return None
    lengths = [comparison.clip(trial).duration_s for trial, _ in first]
    whole = np.zeros((len(first) * (_BANDS + _GAP) - _GAP, _COLUMNS), np.uint8)
    for nth, (_, (header, data)) in enumerate(first):
        shape = (header["rows"], header["columns"])
        columns = max(1, round(_COLUMNS * lengths[nth] / max(lengths)))
        picture = np.frombuffer(data, np.uint8).reshape(shape)[::-1]  # a page draws upwards
        top = nth * (_BANDS + _GAP)
        whole[top : top + _BANDS, :columns] = _smaller(picture, _BANDS, columns)
    return whole


def _smaller(picture: Pixels, rows: int, columns: int) -> Pixels:
    """Return the picture with fewer rows and columns, each the mean of those it stands for."""
    smaller = picture.astype(np.float32)
    for axis, most in enumerate((rows, columns)):
        edges = np.arange(most + 1) * picture.shape[axis] // most
        sums = np.add.reduceat(smaller, edges[:-1], axis=axis)
        smaller = sums / np.diff(edges).reshape((-1, 1) if axis == 0 else (1, -1))
    mean: Pixels = np.rint(smaller).astype(np.uint8)
    return mean


def _image(comparison: "Comparison", pixels: Pixels) -> str:
    voices = (len(pixels) + _GAP) // (_BANDS + _GAP)
    words = f"Spectrograms of the first {voices} voices that can be heard, in the order above"
    data = base64.b64encode(webp(pixels, quality=70)).decode("ascii")
    return f'<p>{words}:</p><img alt="{words}" src="data:image/webp;base64,{data}">'


def static_table(comparison: "Comparison") -> str:
    """Return the comparison as a small HTML table without scripts; no clip is decoded for it."""
    columns = comparison.columns()[:_COLUMNS_SHOWN]
    heads = ["label", "provider", "take", "state", *(column["title"] for column in columns)]
    rows = table_rows(comparison.trials[:STATIC_ROWS], comparison.numbers)
    body = "".join(_line("td", _cells(row, columns)) for row in rows)
    left = len(comparison) - len(rows)
    more = f"<p>… and {left} more.</p>" if left else ""
    title = html.escape(_short(comparison.title))
    return f"<table><caption>{title}</caption>{_line('th', heads)}{body}</table>{more}"


def _cells(row: Row, columns: list[Row]) -> list[str]:
    provider = source_text(row["provider"], emulated=row["emulated"])
    numbers = [_number(row[column["name"]], column) for column in columns]
    return [_short(row["label"]), _short(provider), str(row["take"]), row["state"], *numbers]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _number(value: float | None, column: Row) -> str:
    return "–" if value is None else f"{value:.{column['decimals']}f} {column['unit']}".rstrip()


def _line(tag: str, cells: list[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>"
