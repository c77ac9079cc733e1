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


def packed(rows: Sequence[Row]) -> tuple[Row, list[bytes]]:
    """Return a table and, as bytes, the places in it of all fields and the numbers of all rows.

    Places are uint32, field by field; numbers are float64, row by row: the measures, `NUMBERS`,
    `SOUND`. A number that is missing is NaN.
    """
    measures = list(rows[0]["measures"]) if rows else []
    fields = _fields(rows)
    table = _Table()
    places = array("I", (table.place(row[name]) for name in fields for row in rows))
    places.extend(table.place(_clip_words(row["clip"])) for row in rows)
    numbers = array("d")
    for row in rows:
        numbers.extend(_numbers(row, measures))
    header = {
        "count": len(rows),
        "measures": measures,
        "fields": [*fields, "clip"],
        "table": f"[{','.join(table.texts)}]",
    }
    return header, [places.tobytes(), numbers.tobytes()]


class _Table:
    """Every value once, as JSON."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._places: dict[object, int] = {}

    def place(self, value: object) -> int:
        """Return the place of a value, which is new or not."""
        key = repr(value) if isinstance(value, dict) else (type(value), value)
        if key not in self._places:
            self._places[key] = len(self.texts)
            self.texts.append(json.dumps(value))
        return self._places[key]


def _fields(rows: Sequence[Row]) -> list[str]:
    left_out = {"measures", "clip", *NUMBERS}
    return [name for name in rows[0] if name not in left_out] if rows else []


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
