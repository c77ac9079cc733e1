"""How a request to Tencent is taken in: how large it may be, and where its parameters are.

Source: the vendor's page "Request Structure" under https://www.tencentcloud.com/document/api.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import Message

from voicelab.emulators._tc3_fields import Field
from voicelab.emulators.base import Call, No, json_object

METHODS = ("GET", "POST")
POST_BYTES = 10 * 2**20
GET_BYTES = 32 * 2**10
"""The vendor counts the whole request; here a query counts without its headers."""
DEEPEST = 10
FLOAT = r"-?[0-9]{1,18}(\.[0-9]{1,18})?(e[+-]?[0-9]{1,3})?"


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A request that was read to its end."""

    request: Request
    """What can be read again, but for a body that is too large: that was let go."""
    fits: bool


async def bounded(request: Request) -> Whole:
    """Read a request to its end, so that its sender hears the answer, and hold no more than fits.

    Raises
    ------
    ClientDisconnect
        When the sender leaves before.
    """
    content = bytearray()
    size = len(request.scope["query_string"]) if request.method == "GET" else 0
    most = GET_BYTES if request.method == "GET" else POST_BYTES
    async for chunk in request.stream():
        size += len(chunk)
        content += chunk if size <= most else b""
    if size > most:
        content.clear()
    return Whole(request=_again(request, bytes(content)), fits=size <= most)


def _again(request: Request, content: bytes) -> Request:
    waiting: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else await request.receive()

    return Request(request.scope, receive)


def parameters(call: Call, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the parameters of a call as data; those of a GET are read as `fields` has them.

    Raises
    ------
    No
        For a body that is no JSON object, or names that contradict each other.
    """
    if call.method == "GET":
        pairs = parse_qsl(call.query, keep_blank_values=True)
        return {
            name: _typed(value, fields.get(name, Field())) for name, value in _tree(pairs).items()
        }
    label = call.headers.get("content-type", "").partition(";")[0].strip()
    body = json_object(call.content) if label == "application/json" else None
    if body is None:
        raise No("InvalidParameter", "The request body is not a JSON object.")
    return body


def _tree(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return what flat names such as `A.B.0` spell out."""
    tree: dict[str, Any] = {}
    for name, text in pairs:
        *branches, leaf = name.split(".")
        place: Any = tree if len(branches) < DEEPEST else None
        for branch in branches:
            place = place.setdefault(branch, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict) or leaf in place:
            raise No("InvalidParameter", f"The parameter `{name}` is not valid.")
        place[leaf] = text
    return tree


def _typed(value: Any, field: Field) -> Any:
    """Return a value as the kind it should be, or as it came where it cannot be one."""
    if isinstance(value, dict) and field.kind == "array":
        places = [str(place) for place in range(len(value))]
        item = field.items or Field()
        return [_typed(value[place], item) for place in places] if set(places) == set(value) else ""
    if isinstance(value, dict):
        inner = field.fields or {}
        return {name: _typed(one, inner.get(name, Field())) for name, one in value.items()}
    if field.kind == "boolean":
        return {"true": True, "false": False}.get(value.lower(), value)
    if field.kind == "integer" and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if field.kind == "float" and re.fullmatch(FLOAT, value):
        return float(value)
    return value
