"""The only place that makes foreign text fit for a file: prompts, notes, vendors' messages."""

import re

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML, and so Excel, does not allow, and the other control characters."""
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")
_UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Among these are the marks that turn around what stands after them."""


def legal(text: str) -> str:
    """Return `text` with control characters shown as `\N{REPLACEMENT CHARACTER}`, lines by LF."""
    return _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", _LINE_END.sub("\n", text))


def one_line(text: str) -> str:
    """Return `text` on one line, without invisible marks."""
    return " ".join(_UNSEEN.sub("", legal(text)).split())
