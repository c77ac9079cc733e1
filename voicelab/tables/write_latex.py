"""A LaTeX table for a paper, in which foreign text is never a command."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.tables.summary import (
    Heading,
    is_number,
    notice,
    numeric,
    provenance,
    short_table,
    shown_value,
)
from voicelab.tables.text import one_line

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

_SPECIAL = str.maketrans(
    {character: f"\\{character}" for character in "{}$&#_%"}
    | {"[": "{[}", "]": "{]}", "*": "{*}"}  # after the end of a row these would be its options
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "`": r"\textasciigrave{}",
        '"': r"\char34{}",  # babel makes a bare one a command in German
    }
)
_LIGATURE = re.compile(r"([-',])(?=\1)")
_PDFLATEX_HAS = frozenset("–—‘’‚“”„†‡•…‰€™")


def write(comparison: "Comparison", path: Path) -> None:
    r"""Write the columns that matter to a reader, as a `table` to `\input`."""
    columns, rows = short_table(comparison)
    body = _table(comparison, columns, rows)
    path.write_text("\n".join([*_comments(comparison, body), *body]) + "\n", encoding="utf-8")


def escaped(text: str) -> str:
    """Return `text` on one line, every character as itself."""
    return _LIGATURE.sub(r"\1{}", one_line(text).translate(_SPECIAL))


def _table(
    comparison: "Comparison", columns: Sequence[Heading], rows: Sequence[Sequence[Any]]
) -> list[str]:
    kinds = "".join(map(_kind, columns, numeric(columns, rows)))
    return [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{escaped(comparison.title)}. {escaped(notice(comparison))}}}",
        rf"  \label{{tab:{_key(comparison.title)}}}",
        r"  \begin{adjustbox}{max width=\textwidth}",
        rf"  \begin{{tabular}}{{{kinds}}}",
        r"    \toprule",
        _row(escaped(column.head) for column in columns),
        r"    \midrule",
        *(_row(map(_cell, row, columns)) for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"  \end{adjustbox}",
        r"\end{table}",
    ]


def _kind(column: Heading, right: bool) -> str:
    return "p{50mm}" if column.name == "note" else "r" if right else "l"


def _row(cells: Iterable[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _cell(value: Any, column: Heading) -> str:
    shown = shown_value(value, column)
    return shown.replace("-", "$-$") if is_number(value) else escaped(shown)


def _key(title: str) -> str:
    return "-".join(re.findall("[a-z0-9]+", title.lower())) or "voicelab"


def _comments(comparison: "Comparison", body: Iterable[str]) -> list[str]:
    origin = provenance(comparison)
    lines = [
        f"% Written by {origin['made_by']}, {origin['exported_at']}; to be used with \\input.",
        r"% Needs \usepackage{booktabs,adjustbox}",
    ]
    if scripts := _beyond_pdflatex("".join(body)):
        lines.append(f"% Needs XeLaTeX or LuaLaTeX, and fonts that have: {', '.join(scripts)}")
    return lines


def _beyond_pdflatex(text: str) -> list[str]:
    """Name the scripts of the letters and the other signs that pdfLaTeX cannot set."""
    beyond = {sign for sign in text if ord(sign) >= 0x180 and sign not in _PDFLATEX_HAS}
    scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in beyond if sign.isalpha()}
    signs = {"emoji or other signs" for sign in beyond if not sign.isalpha()}
    return sorted(scripts - {""}) + sorted(signs)
