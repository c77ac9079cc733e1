"""Faults, ledger and clock over HTTP, for users of every language: what is under `/_sandbox/`.

`GET ledger` and `GET ledger/total`; `GET`, `POST` and `DELETE faults`; `POST clock`. No vendor has
such addresses, and no credentials are asked for or shown: a sandbox answers to this machine alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.emulators.base import Call, Emulator, Fault, json_object
from voicelab.errors import UsageError

PREFIX = "/_sandbox/"
MOST_TIMES = 10_000
LONGEST_DELAY_S = 3600.0
MOST_AHEAD_S = 1e9

KINDS: Mapping[str, Fault] = {
    "throttle": Fault(status=429, body=b"Too Many Requests", headers={"Retry-After": "1"}),
    "5xx": Fault(status=503, body=b"<html>Service Unavailable</html>"),
    "slow": Fault(delay_s=5.0),
    "drop": Fault(hang_up=True),
    "drop-after-accepting": Fault(hang_up=True, carried_out=True),
    "truncate": Fault(truncate=True),
    "garbage": Fault(body=b"\x00\xff\xfe garbage", carried_out=True),
    "wrong-content-type": Fault(headers={"Content-Type": "text/html"}),
    "expired-link": Fault(status=403, body=b"<Error><Code>AccessDenied</Code></Error>"),
    "clock-skew": Fault(status=401, body=b'{"message": "the request is dated wrongly"}'),
    "retired-model": Fault(status=404, body=b'{"message": "the model does not exist"}'),
}
"""What can go wrong by name, as far as no vendor's own code says it: see `named_faults`."""

_TYPES: Mapping[str, tuple[type, ...]] = {
    "code": (int, str),
    "message": (str,),
    "status": (int,),
    "body": (str,),
    "headers": (dict,),
    "hang_up": (bool,),
    "truncate": (bool,),
    "delay_s": (int, float),
    "carried_out": (bool,),
}


def control(emulator: Emulator) -> Starlette:
    """Return the app behind the control addresses of one emulator."""

    async def ledger(request: Request) -> Response:
        return JSONResponse([_shown(call) for call in emulator.ledger.calls])

    async def total(request: Request) -> Response:
        return JSONResponse(_totals(emulator))

    async def show_faults(request: Request) -> Response:
        return JSONResponse(_state(emulator))

    async def add_faults(request: Request) -> Response:
        wish = await _object(request, {"endpoint", "times", "fault"})
        fault = read_fault(emulator, wish.get("fault"))
        emulator.faults.add(_endpoint(emulator, wish), fault, times=_times(wish))
        return JSONResponse(_state(emulator), 201)

    async def clear_faults(request: Request) -> Response:
        emulator.faults.clear()
        return Response(status_code=204)

    async def clock(request: Request) -> Response:
        wish = await _object(request, {"advance_s"})
        seconds: Any = wish.get("advance_s")
        if type(seconds) not in (int, float) or not 0 <= seconds <= MOST_AHEAD_S:
            raise UsageError(
                f"advance_s is {seconds!r}; give the seconds to set the clock forward."
            )
        emulator.advance(seconds)
        return JSONResponse({"at": emulator.clock()})

    return Starlette(
        routes=[
            Route(f"{PREFIX}ledger", ledger, methods=["GET"]),
            Route(f"{PREFIX}ledger/total", total, methods=["GET"]),
            Route(f"{PREFIX}faults", show_faults, methods=["GET"]),
            Route(f"{PREFIX}faults", add_faults, methods=["POST"]),
            Route(f"{PREFIX}faults", clear_faults, methods=["DELETE"]),
            Route(f"{PREFIX}clock", clock, methods=["POST"]),
        ],
        exception_handlers={UsageError: _told},
    )


def read_fault(emulator: Emulator, wish: object) -> Fault:
    """Return the fault that JSON data describes: a kind, fields of `Fault`, or both.

    Raises
    ------
    UsageError
        For a kind or a field that there is not, or a value that cannot be one.
    """
    if not isinstance(wish, dict) or not wish:
        raise UsageError(
            f"fault is {wish!r}; give an object with a 'kind', or with {_names(_TYPES)}."
        )
    fields = dict(wish)
    base = _kind(emulator, fields.pop("kind")) if "kind" in fields else Fault()
    for name, value in fields.items():
        _check_field(name, value)
    if "body" in fields:
        fields["body"] = fields["body"].encode()
    return replace(base, **fields)


def _kind(emulator: Emulator, kind: object) -> Fault:
    known = {**KINDS, **emulator.named_faults}
    name = str(kind).strip().lower().replace(" ", "-").replace("_", "-")
    if name not in known:
        raise UsageError(f"there is no kind of fault {kind!r}; there are {_names(known)}.")
    return known[name]


def _check_field(name: str, value: Any) -> None:
    if name not in _TYPES:
        raise UsageError(f"a fault has no {name!r}; it has 'kind', {_names(_TYPES)}.")
    types = _TYPES[name]
    fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
    if not (fits and _LIMITS.get(name, _is_text)(value)):
        raise UsageError(f"{name} of a fault cannot be {value!a}.")


def _is_text(value: Any) -> bool:
    """Tell whether what is a text can be sent; half of a surrogate pair cannot."""
    return not (isinstance(value, str) and re.search("[\ud800-\udfff]", value))


def _are_headers(value: Mapping[Any, Any]) -> bool:
    return all(
        isinstance(content, str)
        and re.fullmatch(r"[A-Za-z0-9-]+", name)
        and re.fullmatch(r"[ -~]*", content)
        for name, content in value.items()
    )


_LIMITS: Mapping[str, Callable[[Any], bool]] = {
    "status": lambda status: 200 <= status <= 599 and status not in (204, 304),
    "delay_s": lambda seconds: 0 <= seconds <= LONGEST_DELAY_S,
    "headers": _are_headers,
}


def _endpoint(emulator: Emulator, wish: Mapping[str, Any]) -> str:
    endpoint = wish.get("endpoint")
    if not isinstance(endpoint, str) or endpoint not in emulator.endpoints:
        known = _names(sorted(emulator.endpoints))
        raise UsageError(f"there is no endpoint {endpoint!r}; {emulator.name} has {known}.")
    return endpoint


def _times(wish: Mapping[str, Any]) -> int:
    times = wish.get("times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        raise UsageError(f"times is {times!r}; give a whole number from 1 to {MOST_TIMES}.")
    return times


async def _object(request: Request, known: set[str]) -> dict[str, Any]:
    wish = json_object(await request.body())
    if wish is None or not wish.keys() <= known:
        raise UsageError(f"send a JSON object of {_names(sorted(known))}, and nothing else.")
    return wish


async def _told(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


def _shown(call: Call) -> dict[str, Any]:
    """Return what of a call may be seen: nothing that was sent with it."""
    return {
        "endpoint": call.endpoint,
        "voice_id": call.voice_id,
        "code": call.code,
        "charged": call.charged,
        "currency": call.currency,
        "unit": call.unit,
        "at": call.at,
    }


def _totals(emulator: Emulator) -> list[dict[str, Any]]:
    """Return what would have been billed, a line for each currency."""
    return [
        {
            "currency": currency,
            "charged": charged,
            "calls": sum(c.charged > 0 and c.currency == currency for c in emulator.ledger.calls),
        }
        for currency, charged in emulator.ledger.totals.items()
    ]


def _state(emulator: Emulator) -> dict[str, Any]:
    return {
        "endpoints": sorted(emulator.endpoints),
        "kinds": [*{**KINDS, **emulator.named_faults}],
        "waiting": emulator.faults.waiting,
    }


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
