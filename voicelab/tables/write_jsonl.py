"""JSON lines: one object a trial, in strict JSON."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.tables.summary import finite

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Some readers end a line at these, and UTF-8 has no lone surrogates."""


def write(comparison: "Comparison", path: Path) -> None:
    """Write every column; the evidence as an object and not as text."""
    rows = [row | {"evidence": json.loads(row["evidence"])} for row in comparison.table]
    path.write_text("".join(map(_line, rows)), encoding="utf-8", newline="\n")


def _line(row: dict[str, Any]) -> str:
    text = json.dumps(finite(row), ensure_ascii=False, allow_nan=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"
