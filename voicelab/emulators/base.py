"""What every emulated vendor shares: how a call is taken, written down, and answered or spoilt.

An emulator stands in for a vendor's service on this machine. It shares no line with the provider
it is there to test, checks what the vendor checks, and says no in the vendor's words.
"""

import asyncio
import hashlib
import json
import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from voicelab.emulators.calls import Call as Call
from voicelab.emulators.calls import Fault as Fault
from voicelab.emulators.calls import Faults as Faults
from voicelab.emulators.calls import Ledger as Ledger
from voicelab.emulators.speech import can_say as can_say
from voicelab.emulators.speech import say as say

Answer = Mapping[str, Any]
HANG_UP = "voicelab.hang_up"
"""Key of the ASGI scope under which a server says how to drop a connection."""


class No(Exception):
    """What the vendor refuses, by its own code and in its own words."""

    def __init__(self, code: int | str, message: str, *, status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


Handle = Callable[[Call], Awaitable[Answer | Response]]
"""Answers a call; a ready response, such as a file, is sent as it is."""


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """A clock that runs ahead of another."""

    clock: Callable[[], float]
    by_s: float

    def __call__(self) -> float:
        """Return the time it shows, in seconds."""
        return self.clock() + self.by_s


@dataclass(kw_only=True, eq=False)
class Emulator(ABC):
    """One vendor's service as an ASGI app; its state lives and dies with the object."""

    name: ClassVar[str]
    """Its key among the emulators, and the `X-Voicelab-Emulator` header on every reply."""
    providers: ClassVar[tuple[str, ...]] = ()
    """Registry names of the providers it answers for; its own name where not given."""
    currency: ClassVar[str | None] = None
    """ISO 4217 code of what it charges; none where the vendor publishes no price."""
    named_faults: ClassVar[Mapping[str, Fault]] = {}
    """Faults in the vendor's own codes, by the kinds of `voicelab.emulators.control`."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970: what rate limits, dates and expiry go by."""
    ledger: Ledger = field(default_factory=Ledger, init=False, repr=False)
    faults: Faults = field(default_factory=Faults, init=False, repr=False)
    endpoints: set[str] = field(default_factory=set, init=False, repr=False)
    """What can be asked of it, by the names the ledger and the faults use."""

    def __post_init__(self) -> None:
        """Build the app."""
        self._asked: Counter[bytes] = Counter()
        self._app = Starlette(
            routes=self.routes(),
            exception_handlers={HTTPException: self._astray, Exception: self._failed},
        )
        self._app.router.redirect_slashes = False

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the vendor's addresses."""

    @abstractmethod
    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's environment variables for a client of this emulator."""

    @classmethod
    def registry_names(cls) -> tuple[str, ...]:
        """Return the names of the providers it answers for."""
        return cls.providers or (cls.name,)

    def credentials(self, base_url: str) -> dict[str, str]:
        """Return its address, keys and application, by names that are the same for all vendors."""
        found = {"base_url": base_url}
        for variable, value in self.environ(base_url).items():
            for ending, name in _KEYS.items():
                if variable.endswith(ending):
                    found[name] = value
        return found

    def advance(self, seconds: float) -> None:
        """Set its clock forward, so that what lapses within days can be seen to lapse."""
        now = self.clock
        already = now if isinstance(now, Ahead) else Ahead(clock=now, by_s=0.0)
        self.clock = replace(already, by_s=already.by_s + seconds)

    @abstractmethod
    def reply(self, answer: Answer | No) -> Response:
        """Wrap a yes or a no the way the vendor does."""

    def astray(self, status: int, method: str) -> No:
        """Return how the vendor refuses an address (404) or a method (405), or fails (500)."""
        phrase = HTTPStatus(status).phrase
        return No(phrase.replace(" ", ""), f"{phrase}.", status=status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request, and say on the reply that no vendor made it."""

        async def labelled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-voicelab-emulator", self.name.encode()),
                ]
            await send(message)

        await self._app(scope, receive, labelled)

    def entry(self, endpoint: str, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        """Return the Starlette endpoint that writes a call down, then lets `handle` answer it."""

        self.endpoints.add(endpoint)

        async def enter(request: Request) -> Response:
            content = await request.body()
            asked = hashlib.sha256(content).digest()
            self._asked[asked] += 1
            call = Call(
                endpoint=endpoint,
                at=self.clock(),
                headers=dict(request.headers),
                content=content,
                path=request.url.path,
                method=request.method,
                query=request.scope["query_string"].decode("latin-1"),
                currency=self.currency,
                nth=self._asked[asked],
            )
            self.ledger.calls.append(call)
            fault = self.faults.take(endpoint)
            response = await self._respond(call, fault, handle)
            await _wait(request, fault.delay_s)
            if fault.hang_up:
                await _hang_up(request.scope, request.receive)
            return _Half(response) if fault.truncate else response

        return enter

    async def _astray(self, request: Request, error: Exception) -> Response:
        """Answer what no address takes; Starlette's own answer is none of the vendor's."""
        assert isinstance(error, HTTPException)
        response = self.reply(self.astray(error.status_code, request.method))
        response.headers.update(error.headers or {})
        return response

    async def _failed(self, request: Request, error: Exception) -> Response:
        """Answer in place of an emulator that broke; Starlette still raises the error itself."""
        return self.reply(self.astray(500, request.method))

    async def _respond(self, call: Call, fault: Fault, handle: Handle) -> Response:
        response = Response(fault.body, fault.status)
        if fault.carried_out or not fault.replaces:
            answer = await self._handle(call, fault, handle)
            response = response if fault.replaces else self._wrapped(answer)
        if fault.code is not None:
            call.code = fault.code
            response = self.reply(No(fault.code, fault.message, status=fault.status))
        response.headers.update(fault.headers)
        return response

    def _wrapped(self, answer: Answer | No | Response) -> Response:
        return answer if isinstance(answer, Response) else self.reply(answer)

    async def _handle(self, call: Call, fault: Fault, handle: Handle) -> Answer | No | Response:
        try:
            answer = await handle(call)
        except No as no:
            call.code = no.code
            return no
        if fault.damage is None or isinstance(answer, Response):
            return answer
        return fault.damage(dict(answer))


_KEYS = {
    "_API_KEY": "api_key",
    "TENCENTCLOUD_SECRET_ID": "secret_id",
    "TENCENTCLOUD_SECRET_KEY": "secret_key",
    "TENCENTCLOUD_TOKEN": "token",
    "TENCENTCLOUD_REGION": "region",
    "TENCENTCLOUD_SDK_APP_ID": "sdk_app_id",
    "TENCENTCLOUD_VOD_SUB_APP_ID": "sub_app_id",
}


class _Half(Response):
    """A response that breaks off half way."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce all of it, send half, and close the connection."""
        body = bytes(self._whole.body)
        head = {"status": self._whole.status_code, "headers": self._whole.raw_headers}
        await send({"type": "http.response.start", **head})
        half = body[: len(body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _hang_up(scope, receive)


async def _wait(request: Request, seconds: float) -> None:
    """Hold the answer back, but no longer than the caller waits for it."""
    if seconds > 0:
        try:
            async with asyncio.timeout(seconds):
                await _gone(request.receive)
        except TimeoutError:
            return


async def _hang_up(scope: MutableMapping[str, Any], receive: Receive) -> None:
    if HANG_UP not in scope:
        raise ConnectionResetError("the emulator hung up")
    scope[HANG_UP]()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def json_object(content: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `content`, or nothing when it is something else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class Window:
    """A rate limit over a sliding span of time, a minute where not said."""

    def __init__(self, most: int, *, span_s: float = 60.0) -> None:
        self.most = most
        self.span_s = span_s
        self._taken: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Take a place at `now`, in seconds, if one is free."""
        if self.wait(now) > 0:
            return False
        self.take(now)
        return True

    def wait(self, now: float) -> float:
        """Return the seconds from `now` until a place is free."""
        while self._taken and self._taken[0] <= now - self.span_s:
            self._taken.popleft()
        if len(self._taken) < self.most:
            return 0.0
        return self._taken[-self.most] + self.span_s - now

    def take(self, at: float) -> None:
        """Take a place, which may be one that is still to come."""
        self._taken.append(at)


def invisible_share(text: str) -> float:
    """Return which part of `text`, 0 to 1, is characters that print nothing."""
    hidden = sum(not (c.isprintable() or c.isspace()) for c in text)
    return hidden / max(len(text), 1)
