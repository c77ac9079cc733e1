"""The only place that answers what a page asks about pictures: which axis, which part, how fine."""

from typing import TYPE_CHECKING, Any

from voicelab.errors import UsageError
from voicelab.figures.bands import KINDS

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

Row = dict[str, Any]

HOW = ("kind", "from_s", "to_s")
"""What a question may say beside what and of which trial; the answer says it again."""
OVERLAYS = ("pitch", "pauses", "words")
SEES = {"kinds": list(KINDS), "sharp": True, "overlays": list(OVERLAYS)}
"""What a page that a kernel answers can show; an exported page has what it carries."""

_ROWS, _COLUMNS, _SHARP_COLUMNS = 64, 300, 900
_SHARP_BINS = 1800


def picture(comparison: "Comparison", question: Row) -> tuple[Row, bytes]:
    """Return the header and the bytes that answer a question for `pixels`, `peaks` or `contour`.

    Raises
    ------
    UsageError
        For anything else.
    """
    trial, what = question["id"], question["what"]
    header = {
        "type": what,
        "id": trial,
        **{name: question[name] for name in HOW if name in question},
    }
    if what == "contour":
        return _contour(comparison, header)
    part = {name: float(question[name]) for name in ("from_s", "to_s") if name in question}
    if what == "peaks" and not part:  # what a light row leaves out comes with them
        return {**header, **comparison.known(trial)}, comparison.peaks(trial)
    if what == "peaks":
        return header, comparison.peaks(trial, columns=_SHARP_BINS, **part)
    if what == "pixels":
        columns, kind = _SHARP_COLUMNS if part else _COLUMNS, question.get("kind", "mel")
        pixels = comparison.pixels(trial, kind=kind, columns=columns, **part)
        return {**header, "rows": _ROWS, "columns": columns}, pixels
    raise UsageError(f"a comparer has no {what!r} of a trial.")


def _contour(comparison: "Comparison", header: Row) -> tuple[Row, bytes]:
    found = comparison.contour(header["id"])
    shape = {"start_s": found.start_s, "hop_s": found.hop_s, "pauses": found.pauses}
    return {**header, **shape}, found.f0_hz.tobytes()
