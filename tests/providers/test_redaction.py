"""A key is found and taken out however it is written, and nothing else is."""

import base64
import html
import json
import os
import random
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from voicelab.errors import Refused
from voicelab.providers.base import Reply
from voicelab.providers.redaction import (
    redacted,
    without_secrets,
    without_secrets_in,
    without_secrets_of,
)

KEYS = ("sk-PLANTED/Key+8f3a=&<x>'q\"%\\z", "AKIDPLANTED0123456789abcdefGHIJ")


def u_escaped(key: str) -> str:
    """Return `key` as JSON writers have it that escape whatever HTML might take for markup."""
    return "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in key)


def dumped(text: str) -> str:
    return json.dumps(text)[1:-1]


def go_json(text: str) -> str:
    return dumped(text).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


WRITINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "JSON": dumped,
    "JSON with slashes escaped": lambda key: dumped(key).replace("/", "\\/"),
    "JSON with signs escaped": u_escaped,
    "JSON with signs escaped, upper case": lambda key: re.sub(
        r"(?<=\\u)....", lambda found: found[0].upper(), u_escaped(key)
    ),
    "JSON with every character escaped": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "JSON in JSON": lambda key: dumped(dumped(key)),
    "JSON with signs escaped, in JSON": lambda key: dumped(u_escaped(key)),
    "Go's JSON": go_json,
    "link": lambda key: quote(key, safe=""),
    "link, lower case": lambda key: re.sub(
        "%..", lambda found: found[0].lower(), quote(key, safe="")
    ),
    "link with slashes kept": quote,
    "link in a link": lambda key: quote(quote(key, safe=""), safe=""),
    "HTML": html.escape,
    "HTML without quotes": lambda key: html.escape(key, quote=False),
    "HTML by number": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "HTML by hexadecimal number": lambda key: "".join(f"&#x{ord(c):X};" for c in key),
    "HTML in Go's JSON": lambda key: go_json(html.escape(key)),
    "HTML in HTML": lambda key: html.escape(html.escape(key)),
    "hexadecimal": lambda key: key.encode().hex(),
    "HEXADECIMAL": lambda key: key.encode().hex().upper(),
    "Python bytes": lambda key: repr(key.encode())[2:-1],
    "JavaScript": lambda key: "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in key),
}
for before in ("", "a", "me", "user"):
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        WRITINGS[f"{encode.__name__} after {before!r}"] = (
            lambda key, before=before, encode=encode: encode(f"{before}{key}:x".encode()).decode()  # type: ignore[misc]  # the defaults bind this round's
        )
WRITINGS["base64 in JSON"] = lambda key: base64.b64encode(key.encode()).decode().replace("/", "\\/")
WRITINGS["base64 in a link"] = lambda key: quote(base64.b64encode(key.encode()), safe="")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("how", WRITINGS)
def test_a_key_is_taken_out_however_it_is_written(how: str, key: str) -> None:
    written = WRITINGS[how](key)
    kept = without_secrets(f"bad header: Bearer {written}. 你好", (key,))
    assert "[key]" in kept
    assert kept.startswith("bad header: Bearer ")
    assert kept.endswith(". 你好")
    assert len(kept) <= len("bad header: Bearer [key]. 你好") + 12
    reply = Reply(status=401, headers={"x-echo": written}, content=f'{{"m":"{written}"}}'.encode())
    again = redacted(reply, (key,))
    assert b"[key]" in again.content
    assert "[key]" in again.headers["x-echo"]
    assert written not in again.content.decode()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_key_in_a_reply_of_wide_characters_is_taken_out(encoding: str) -> None:
    reply = Reply(status=401, headers={}, content=f"Bearer {KEYS[0]}".encode(encoding))
    assert KEYS[0].encode(encoding) not in redacted(reply, (KEYS[0],)).content


def test_what_is_no_key_stays_as_it_is() -> None:
    drawn = random.Random(1)
    audio = base64.b64encode(drawn.randbytes(30_000))
    content = b'{"audio":"' + audio + b'","text":"\\u4f60\\u597d &amp; 100% <b>\\\\"}'
    reply = Reply(status=200, headers={"a": "b"}, content=content)
    assert redacted(reply, (*KEYS, "")) == reply
    assert without_secrets("half \ud800 a pair", KEYS) == "half \ud800 a pair"


def test_a_key_of_few_or_of_other_letters_takes_nothing_else_out() -> None:
    assert without_secrets("abc YWJj 616263", ("abc",)) == "[key] YWJj 616263"
    key = "schlüssel-密钥-😀"
    for written in (key, dumped(key), quote(key), html.escape(key), dumped(key).upper()):
        expected = written if written.startswith("SCHL") else "[key]"
        assert without_secrets(written, (key,)) == expected


def test_every_text_of_data_and_of_an_error_is_looked_through() -> None:
    key = KEYS[0]
    data = {"a": [f"x {key}", 1, None], key: {"b": (html.escape(key),)}}
    assert without_secrets_in(data, (key,)) == {
        "a": ["x [key]", 1, None],
        "[key]": {"b": ["[key]"]},
    }
    error = Refused(f"no: {key}", code=key, vendor_message=dumped(key), request_id=key)
    told = without_secrets_of(error, (key,))
    assert told is error
    assert (str(told), told.code, told.vendor_message, told.request_id) == (
        "no: [key]",
        "[key]",
        "[key]",
        "[key]",
    )


@pytest.mark.parametrize("text", ["\\" * 100_000, "%25" * 50_000, "&amp;" * 50_000, "s" * 200_000])
@pytest.mark.timeout(20)
def test_looking_through_a_hostile_text_ends(text: str) -> None:
    assert without_secrets(text, KEYS) == text


def test_a_long_key_is_looked_for_too() -> None:
    key = base64.urlsafe_b64encode(os.urandom(600)).decode()
    assert without_secrets(f"{quote(key)} {u_escaped(key)}", (key,)) == "[key] [key]"
