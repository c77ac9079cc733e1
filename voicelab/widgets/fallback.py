"""What stands for a comparer where no widget runs: a small table and one small picture.

A notebook keeps it in its file, so it is bounded: with two hundred voices it takes under 50 kB.
"""

import base64
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from voicelab.figures.pixels import Pixels, png, webp
from voicelab.tables.static_table import static_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicelab.tables.comparison import Comparison
    from voicelab.widgets.ahead import Ahead, Answer

PICTURES = 6
"""Voices in the picture: a page is shown only when it is made."""
_BANDS, _COLUMNS, _GAP = 28, 260, 3
_LEVELS = 16
"""Of the PNG, so that it stays small."""
MOST_BYTES = 40_000
"""Of both together, so that a notebook stays small."""


def fallback(comparison: "Comparison", ahead: "Ahead") -> dict[str, str]:
    """Return the `text/html` and the `image/png` of a comparer, from what is made for its page.

    Voices whose pictures are hard to pack make room by being fewer.
    """
    table = static_table(comparison)
    made = list(islice(ahead.pixels(), PICTURES))
    whole = stacked(comparison, made)
    for voices in range(len(made), 0, -1):
        bundle = _bundle(table, whole[: voices * (_BANDS + _GAP) - _GAP])
        if sum(map(len, bundle.values())) <= MOST_BYTES:
            return bundle
    return {"text/html": table}


def _bundle(table: str, pixels: Pixels) -> dict[str, str]:
    coarse = (pixels // (256 // _LEVELS) * (255 // (_LEVELS - 1))).astype(np.uint8)
    return {
        "text/html": table + _image(pixels),
        "image/png": base64.b64encode(png(coarse)).decode("ascii"),
    }


def stacked(comparison: "Comparison", made: "Sequence[tuple[str, Answer]]") -> Pixels:
    """Return the spectrograms of voices one below the other, to one scale."""
    if not made:
        return np.zeros((0, _COLUMNS), np.uint8)
    lengths = [comparison.clip(trial).duration_s for trial, _ in made]
    whole = np.zeros((len(made) * (_BANDS + _GAP) - _GAP, _COLUMNS), np.uint8)
    for nth, (_, (header, data)) in enumerate(made):
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


def _image(pixels: Pixels) -> str:
    voices = (len(pixels) + _GAP) // (_BANDS + _GAP)
    words = f"Spectrograms of the first {voices} voices that can be heard, in the order above"
    data = base64.b64encode(webp(pixels, quality=70)).decode("ascii")
    return f'<p>{words}:</p><img alt="{words}" src="data:image/webp;base64,{data}">'
