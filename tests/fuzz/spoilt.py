"""Ways to spoil a good reply: values that are never due, bodies that are none, and strategies."""

import json
import random
from typing import Any

from hypothesis import strategies as st

DEEP = 10_000
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "no object": b"[]",
    "null": b"null",
    "a number": b"7",
    "a word": b'"no"',
    "an empty object": b"{}",
    "cut off": b'{"base_resp": {"status_code": 0, "stat',
    "nested lists": b"[" * DEEP,
    "nested objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "nested answer": b'{"Response":' * DEEP + b"{}" + b"}" * DEEP,
    "a long number": b'{"base_resp": {"status_code": ' + b"9" * 100_000 + b"}}",
    "a long code": b'{"base_resp": {"status_code": ' + b"9" * 4_000 + b"}}",
    "NaN": b'{"base_resp": {"status_code": NaN}, "output": NaN}',
    "infinity": b'{"Response": {"ErrorCode": Infinity}, "code": -Infinity}',
    "overflow": b'{"base_resp": {"status_code": 1e999}, "code": 1e999}',
    "twice": b'{"base_resp": {"status_code": 1}, "base_resp": [], "output": {}, "output": 7}',
    "half a character": b'{"base_resp": {"status_code": 7, "status_msg": "\\ud83d"}}',
    "the other half": b'{"code": "\\udfff", "message": "\\udc00"}',
    "no UTF-8": b'{"message": "\xff\xfe"}',
    "encoded surrogate": b'{"message": "\xed\xa0\x80", "code": "x"}',
    "UTF-16": '{"output": {}}'.encode("utf-16"),
    "a BOM": b"\xef\xbb\xbf{}",
    "a page": b"<!DOCTYPE html><title>502</title>" + b"<br>" * 30_000,
    "a thousand lists": b"[" + b"[]," * 700_000 + b"[]]",
    "zeros": bytes(100_000),
    "control characters": b'{"base_resp": {"status_code": 7, "status_msg": "\\u0000\\u001b[2J"}}',
}
STATUSES = (200, 200, 200, 100, 204, 302, 400, 401, 403, 404, 408, 413, 429, 500, 503, 599, 999)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"retry-after": "9" * 400, "date": "not a date", "trace-id": "\x00"},
    {"retry-after": "999999", "date": ""},
    {"retry-after": "-1", "date": "Thu, 01 Jan 0001 00:00:00 +2359", "x-request-id": ""},
    {"retry-after": "nan", "date": "Fri, 99 Foo 99999 99:99:99 GMT", "location": "//["},
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 100, 2**63, 10**4000, 0.5, -0.0, 1e308),
    *("", " ", "0", "OK", "success", "fail", "FINISH", "ABORTED", "processing", "UNDEPLOYED"),
    *("\x00", "\u202e", "🎙️", "\ud800", "a" * 300_000, "abc", "=", "====", "AAAA", "+/-_", "0x00"),
    *("http://", "https://[::1", "https://a.example/b.wav", "file:///etc/passwd", "javascript:1"),
    *("{", "[]", "null", '{"trial_url": 7}', '{"trial_url": "https://a.example/"}', "[" * DEEP),
    *("0001-01-01 00:00:00", "9999-12-31T23:59:59-23:59", "99999999999", "2025-02-30"),
    *([], {}, [None], [[]], [{}], {"": None}, [{"voice_id": 7}], [{"VoiceId": None}] * 3),
)
"""Right and wrong values of every kind, put where others were due."""
WRONG: tuple[Any, ...] = (
    *(None, True, -1, 10**4000, 0.5, "", "\ud800", "a" * 300_000, "[" * DEEP),
    *([], {}, [None], [{}]),
)
"""Those of which each is put in the place of each part of each good reply."""

values = st.sampled_from(VALUES) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)


@st.composite
def changed(draw: st.DrawFn, content: bytes) -> bytes:
    """Change bytes here and there: cut, put in, turn over, repeat."""
    data = bytearray(content)
    rng = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(draw(st.integers(1, 6))):
        at = rng.randrange(len(data) + 1) if rng.random() < 0.5 else rng.randrange(200)
        match rng.randrange(5):
            case 0:
                del data[at:]
            case 1:
                del data[at : at + rng.choice((1, 2, 4, 1000))]
            case 2:
                data[at:at] = rng.choice((b"\0", b'"', b"{", b"\xff\xff\xff\xff", b"\\ud800"))
            case 3:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case _:
                data[at:at] = data[at : at + 64]
    return bytes(data)


@st.composite
def answered(draw: st.DrawFn, content: bytes) -> bytes:
    """Put other values where an answer's own were due; what is no JSON is changed as bytes."""
    try:
        answer = json.loads(content)
    except ValueError:
        return draw(changed(content))
    for _ in range(draw(st.integers(1, 3))):
        answer = _put(answer, draw(st.integers(0, 2**16)), draw(values))
    return json.dumps(answer).encode()


def _put(node: Any, at: int, value: Any) -> Any:
    """Return `node` with the part at this turn of a walk replaced, left out or wrapped."""
    if isinstance(node, str) and node[:1] in "[{" and at % 2:
        try:
            return json.dumps(_put(json.loads(node), at // 2, value))
        except (ValueError, RecursionError):
            return value
    if not isinstance(node, dict | list) or not node or at % 5 == 0:
        return value
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    at, key = at // 5, keys[at // 5 % len(keys)]
    at //= len(keys)
    whole: Any = dict(node) if isinstance(node, dict) else list(node)
    if at % 11 == 0:
        del whole[key]
    elif at % 11 == 1:
        whole[key] = [whole[key]]
    else:
        whole[key] = _put(whole[key], at // 11, value)
    return whole
