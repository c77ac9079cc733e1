"""A Markdown table for readers, in which foreign text is never markup."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.tables.summary import notice, numeric, provenance, short_table, shown_value
from voicelab.tables.text import one_line

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

_MARKUP = str.maketrans(
    {character: f"\\{character}" for character in r"\`*_[]{}|~$^#"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
)
_MENTION = re.compile(r"([@#])(?=\w)")
_LINK = re.compile(r"(?<=\w):(?=//)|(?<=www)\.", re.IGNORECASE)


def write(comparison: "Comparison", path: Path) -> None:
    """Write the columns that matter to a reader."""
    columns, rows = short_table(comparison)
    origin = provenance(comparison)
    lines = [
        f"# {escaped(comparison.title)}",
        "",
        _row(escaped(column.head) for column in columns),
        _row("--:" if right else ":--" for right in numeric(columns, rows)),
        *(_row(map(escaped, map(shown_value, row, columns))) for row in rows),
        "",
        f"{origin['done']} of {origin['trials']} trials done. {notice(comparison)}",
        "",
        f"Written by {origin['made_by']}, {origin['exported_at']}.",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def escaped(text: str) -> str:
    """Return `text` on one line as it shows itself: no HTML, link, mention or other markup.

    GitHub finds mentions, numbers of issues and mail addresses after all escapes are undone, so an
    invisible word joiner holds these apart.
    """
    text = _MENTION.sub("\\1\N{WORD JOINER}", one_line(text)).translate(_MARKUP)
    return _LINK.sub(lambda found: f"&#{ord(found[0])};", text)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
