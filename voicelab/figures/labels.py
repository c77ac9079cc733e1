"""The only place that finds fonts for text in any script, so that no label breaks a figure."""

import re
from functools import lru_cache
from itertools import accumulate
from unicodedata import east_asian_width

_WIDE_FONTS = re.compile(
    r"CJK|Han S|WenQuanYi|YaHei|SimHei|SimSun|PingFang|Heiti|Hiragino|Songti|Malgun|Meiryo"
    r"|Arial Unicode|Droid Sans Fallback|Unifont|Noto Sans|Noto Serif|FreeSans"
)
MISSING = "□"
"""Stands for a character that no installed font has; matplotlib's own fonts have this one."""


@lru_cache(maxsize=1024)
def fitted(text: str) -> tuple[str, list[str]]:
    """Return a label as it can be drawn, and the font families that draw it, in order.

    Control characters become spaces, and characters that no installed font has become a box.
    """
    text = "".join(character if character.isprintable() else " " for character in text)
    families = ["DejaVu Sans"]
    missing = set(text) - _drawn_by(families[0])
    for family in _wide_families() if missing else ():
        if missing & _drawn_by(family):
            families.append(family)
            missing -= _drawn_by(family)
        if not missing:
            break
    return "".join(MISSING if character in missing else character for character in text), families


def wrapped(text: str, *, width: int, most: int) -> list[str]:
    """Break text into at most so many lines of so many columns; Chinese characters take two.

    Breaks at a space where a line has one, and ends in an ellipsis where text is left over.
    """
    lines: list[str] = []
    while text and len(lines) < most:
        end = _fitting(text, width)
        if end < len(text) and (space := text.rfind(" ", 1, end + 1)) > 0:
            end = space
        lines.append(text[:end].strip())
        text = text[end:].strip()
    if text:
        lines[-1] = lines[-1][: _fitting(lines[-1], width - 1)] + "…"
    return lines


def _fitting(text: str, width: int) -> int:
    columns = accumulate(2 if east_asian_width(character) in "WF" else 1 for character in text)
    return sum(column <= width for column in columns)


@lru_cache(maxsize=64)
def _drawn_by(family: str) -> frozenset[str]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=[family])))
    return frozenset(map(chr, font.get_charmap()))


@lru_cache(maxsize=1)
def _wide_families() -> list[str]:
    """List installed fonts of many characters, sans serif first."""
    from matplotlib.font_manager import fontManager

    names = {font.name for font in fontManager.ttflist if _WIDE_FONTS.search(font.name)}
    return sorted(names, key=lambda name: ("Serif" in name, "CJK" not in name, name))
