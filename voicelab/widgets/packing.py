"""Rows of a comparison as few bytes: ten thousand of them reach a page in one message.

Every value that is no number stands once in a table, and a row is a number in it for each field;
`comparer_intake.js` makes the rows again.
"""

import json
from array import array
from collections.abc import Sequence
from math import nan
from typing import Any

Row = dict[str, Any]

NUMBERS = ("latency_s", "cost")
SOUND = ("duration_s", "gain_db")


def packed(rows: Sequence[Row]) -> tuple[Row, bytes]:
    """Return rows as a table with an index a field, and their numbers as float64, row by row.

    A number that is missing is NaN. The measures come first, then `NUMBERS`, then `SOUND`.
    """
    measures = list(rows[0]["measures"]) if rows else []
    texts: dict[str, int] = {}
    fields = {name: _column(rows, name, texts) for name in _fields(rows)}
    fields["clip"] = [_place(_clip_words(row["clip"]), texts) for row in rows]
    numbers = array("d")
    for row in rows:
        numbers.extend(_numbers(row, measures))
    header = {
        "count": len(rows),
        "measures": measures,
        "fields": fields,
        "table": f"[{','.join(texts)}]",
    }
    return header, numbers.tobytes()


def _fields(rows: Sequence[Row]) -> list[str]:
    left_out = {"measures", "clip", *NUMBERS}
    return [name for name in rows[0] if name not in left_out] if rows else []


def _column(rows: Sequence[Row], name: str, texts: dict[str, int]) -> list[int]:
    return [_place(row[name], texts) for row in rows]


def _place(value: object, texts: dict[str, int]) -> int:
    return texts.setdefault(json.dumps(value), len(texts))


def _clip_words(clip: Row | None) -> Row | None:
    """Return what of a clip is no number."""
    return clip and {name: clip.get(name) for name in ("error", "gain_note")}


def _numbers(row: Row, measures: Sequence[str]) -> list[float]:
    clip = row["clip"] or {}
    found = [
        *(row["measures"][name] for name in measures),
        *(row[name] for name in NUMBERS),
        *(clip.get(name) for name in SOUND),
    ]
    return [nan if number is None else number for number in found]
