"""What stands for a comparer where no widget runs: a small table and one small picture.

A notebook keeps it in its file, so it is bounded: with two hundred voices it takes under 50 kB.
"""

import base64
import html
from typing import TYPE_CHECKING, Any

import numpy as np

from voicelab.errors import TrialError
from voicelab.figures.pixels import Pixels, level_pixels, png, spectrogram_db, webp
from voicelab.model import source_text

if TYPE_CHECKING:
    from voicelab.audio.clip import Clip
    from voicelab.tables.comparison import Comparison

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


def fallback(comparison: "Comparison") -> dict[str, str]:
    """Return the `text/html` and the `image/png` of a comparer; a few clips are decoded for it."""
    pixels = stacked(comparison)
    if pixels is None:
        return {"text/html": static_table(comparison)}
    coarse = (pixels // (256 // _LEVELS) * (255 // (_LEVELS - 1))).astype(np.uint8)
    return {
        "text/html": static_table(comparison) + _image(comparison, pixels),
        "image/png": base64.b64encode(png(coarse)).decode("ascii"),
    }


def stacked(comparison: "Comparison") -> Pixels | None:
    """Return the spectrograms of the first voices one below the other, to one scale."""
    clips = _first_clips(comparison)
    if not clips:
        return None
    longest = max(clip.duration_s for clip in clips)
    levels = [
        spectrogram_db(clip.y, sr=clip.sr, rows=_BANDS, columns=_columns(clip.duration_s / longest))
        for clip in clips
    ]
    ref_db = max(float(level.max()) for level in levels)
    whole = np.zeros((len(clips) * (_BANDS + _GAP) - _GAP, _COLUMNS), np.uint8)
    for nth, level in enumerate(levels):
        top = nth * (_BANDS + _GAP)
        whole[top : top + _BANDS, : level.shape[1]] = level_pixels(level, ref_db=ref_db)
    return whole


def _columns(share: float) -> int:
    return max(1, round(_COLUMNS * share))


def _first_clips(comparison: "Comparison") -> "list[Clip]":
    clips: list[Clip] = []
    for record in comparison.records:
        if record.clip_hash is not None and len(clips) < PICTURES:
            try:
                clips.append(comparison.clip(record.trial.id))
            except TrialError:
                continue  # the live view says so on its row
    return clips


def _image(comparison: "Comparison", pixels: Pixels) -> str:
    voices = (len(pixels) + _GAP) // (_BANDS + _GAP)
    words = f"Spectrograms of the first {voices} voices that can be heard, in the order above"
    data = base64.b64encode(webp(pixels, quality=70)).decode("ascii")
    return f'<p>{words}:</p><img alt="{words}" src="data:image/webp;base64,{data}">'


def static_table(comparison: "Comparison") -> str:
    """Return the comparison as a small HTML table without scripts; no clip is decoded for it."""
    columns = comparison.columns()[:_COLUMNS_SHOWN]
    heads = ["label", "provider", "take", "state", *(column["title"] for column in columns)]
    rows = comparison.table
    body = "".join(_line("td", _cells(row, columns)) for row in rows[:STATIC_ROWS])
    more = f"<p>… and {len(rows) - STATIC_ROWS} more.</p>" if len(rows) > STATIC_ROWS else ""
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
