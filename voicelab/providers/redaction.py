"""The only place that takes keys out of what is kept, shown or quoted.

Vendors and gateways echo what they were sent: as it came, escaped for JSON, HTML or a link, in
base64 or in hexadecimal, or one within another.
"""

import base64
import html
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from voicelab.errors import TrialError
from voicelab.providers.base import Reply

Error = TypeVar("Error", bound=TrialError)

KEY = b"[key]"
SHORTEST = 8
"""Characters of an encoded key that are looked for: fewer could stand in any recording."""
FIRST = 12
"""Characters of a key that are looked for at every place; the rest is looked at where they are."""

_BACK = r"\\\\{0,3}"
"""One backslash to four: JSON may stand in JSON."""
_SIGNS = (b"\\", b"%", b"&")
"""One of them is in every escape."""
_PER_CENT = ("%", f"{_BACK}u0025")
_AND = ("&", f"{_BACK}u0026", "%26")
_NAMES = {"'": ("apos", "#39"), **{c: (html.escape(c)[1:-1],) for c in '&<>"'}}


def redacted(reply: Reply, secrets: Sequence[str]) -> Reply:
    """Return `reply` fit to be kept and quoted."""
    headers = {name: without_secrets(value, secrets) for name, value in reply.headers.items()}
    content = reply.content
    for secret in filter(None, secrets):
        for literal in _literals(secret):
            content = content.replace(literal, KEY)
        if any(sign in content for sign in _SIGNS):
            content = _without_escaped(content, secret)
    return Reply(status=reply.status, headers=headers, content=content)


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """Return `text` with every key in it taken out, in whatever way it is written."""
    content = text.encode("utf-8", "surrogatepass")
    without = redacted(Reply(status=0, headers={}, content=content), secrets).content
    return text if without == content else without.decode("utf-8", "surrogatepass")


def without_secrets_in(value: Any, secrets: Sequence[str]) -> Any:
    """Return plain JSON data with every key taken out of the texts in it."""
    if isinstance(value, str):
        return without_secrets(value, secrets)
    if isinstance(value, Mapping):
        pairs = value.items()
        return {without_secrets_in(k, secrets): without_secrets_in(v, secrets) for k, v in pairs}
    if isinstance(value, list | tuple):
        return [without_secrets_in(one, secrets) for one in value]
    return value


def without_secrets_of(error: Error, secrets: Sequence[str]) -> Error:
    """Return `error` itself with every key taken out of what it says."""
    error.args = tuple(without_secrets_in(list(error.args), secrets))
    for name in ("code", "vendor_message", "request_id"):
        setattr(error, name, without_secrets_in(getattr(error, name), secrets))
    return error


@lru_cache(maxsize=64)
def _literals(secret: str) -> tuple[bytes, ...]:
    """Return a key as it is, and in the encodings that need no escape."""
    wide = (secret.encode("utf-16-le"), secret.encode("utf-16-be"))
    return (secret.encode(), *map(str.encode, _encoded(secret.encode())), *wide)


def _without_escaped(content: bytes, secret: str) -> bytes:
    """Return `content` without a key of which any character may be escaped in any way."""
    for literal in _encoded_and_escaped(secret):
        content = content.replace(literal, KEY)
    kept, at = [], 0
    for found in _beginning(secret).finditer(content):
        end = _end(content, found.start(), secret) if found.start() >= at else None
        if end is not None:
            kept += [content[at : found.start()], KEY]
            at = end
    return b"".join([*kept, content[at:]])


@lru_cache(maxsize=64)
def _encoded_and_escaped(secret: str) -> tuple[bytes, ...]:
    encoded = _encoded(secret.encode())
    escaped = [way(form) for form in encoded for way in (_slashed, _quoted, _quoted_low)]
    return (*map(str.encode, dict.fromkeys(escaped)),)


@lru_cache(maxsize=64)
def _beginning(secret: str) -> re.Pattern[bytes]:
    """Return a pattern for the first characters: for those of a long key it takes seconds."""
    return re.compile(b"".join(map(_any_way, secret[:FIRST])))


def _end(content: bytes, at: int, secret: str) -> int | None:
    """Return where the key that begins at a place ends, or nothing where it is another text."""
    for character in secret:
        found = _one(character).match(content, at)
        if found is None:
            return None
        at = found.end()
    return at


@lru_cache(maxsize=256)
def _one(character: str) -> re.Pattern[bytes]:
    return re.compile(_any_way(character))


def _encoded(raw: bytes) -> list[str]:
    """Return `raw` in hexadecimal and in base64, wherever in a longer text of it `raw` begins."""
    found = [raw.hex(), raw.hex().upper()]
    for before in range(3):
        # only the characters that do not depend on the bytes before and after it
        first, end = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.append(encode(bytes(before) + raw).decode()[first:end])
    return [form for form in dict.fromkeys(found) if len(form) >= SHORTEST]


def _slashed(text: str) -> str:
    return text.replace("/", "\\/")


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _quoted_low(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), _quoted(text))


def _any_way(character: str) -> bytes:
    """Return a pattern for one character, plain or escaped for JSON, a link or HTML.

    Every choice begins with one character that is given, which is what makes looking quick; what
    is longer comes first.
    """
    plain, point = re.escape(character), ord(character)
    names = "".join(f"|{name}" for name in _NAMES.get(character, ()))
    numbers = f"#0{{0,6}}{point}|#[xX]0{{0,6}}(?i:{point:x})"
    choices = [f"{sign}(?:amp;){{0,2}}(?:{numbers}{names});?" for sign in _AND]
    for sign in _PER_CENT:
        choices.append("".join(f"{sign}(?:25){{0,2}}(?i:{b:02x})" for b in character.encode()))
    wide = character.encode("utf-16-be")
    choices.append("".join(f"{_BACK}u(?i:{wide[n : n + 2].hex()})" for n in range(0, len(wide), 2)))
    choices += [f"{_BACK}x(?i:{point:02x})", f"{_BACK}{plain}", plain]
    return f"(?:{'|'.join(choices)})".encode()
