"""What every emulated vendor shares: a ledger of calls, faults on demand, a voice to speak with.

An emulator stands in for a vendor's service on this machine. It shares no line with the provider
it is there to test, checks what the vendor checks, and says no in the vendor's words.
"""

import asyncio
import hashlib
import json
import time
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from voicelab.audio import espeak
from voicelab.audio.clip import Samples, decode, resample
from voicelab.audio.description import read_description
from voicelab.errors import UsageError

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


@dataclass(kw_only=True)
class Call:
    """One request the emulator received, and what became of it."""

    endpoint: str
    """The emulator's own name for what was asked, such as `design`."""
    at: float
    """When, by the emulator's clock, in seconds."""
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    voice_id: str | None = None
    """The voice it named or made."""
    code: int | str | None = None
    """The vendor's code of the refusal, where it was refused."""
    charged: float = 0.0
    """What the vendor would take for it."""


class Ledger:
    """Every call received, in order: what a test asks whether something was bought twice."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def of(self, endpoint: str) -> list[Call]:
        """Return the calls to one endpoint."""
        return [call for call in self.calls if call.endpoint == endpoint]

    def asked(self, voice_id: str) -> int:
        """Count the calls that named or made a voice, whatever was answered."""
        return sum(call.voice_id == voice_id for call in self.calls)

    def bought(self, voice_id: str) -> int:
        """Count the calls that were charged for a voice."""
        return sum(call.voice_id == voice_id and call.charged > 0 for call in self.calls)

    @property
    def charged(self) -> float:
        """The sum of all charges."""
        return sum(call.charged for call in self.calls)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one call; unless `carried_out`, an answer it replaces is never made."""

    code: int | str | None = None
    """Answer this vendor's code instead."""
    message: str = "emulated fault"
    """The words beside `code`."""
    status: int = 200
    """The HTTP status beside `code` or `body`."""
    body: bytes | None = None
    """Answer these bytes instead."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers beside `code` or `body`."""
    hang_up: bool = False
    """Close the connection instead of answering."""
    damage: Callable[[dict[str, Any]], Answer] | None = None
    """Change the good answer on its way out."""
    delay_s: float = 0.0
    """Seconds to hold the answer back; a caller that leaves ends it."""
    carried_out: bool = False
    """Whether the vendor did the work all the same, and charged for it."""

    @property
    def replaces(self) -> bool:
        """Tell whether the call gets another answer than its own."""
        said = self.code is not None or self.body is not None or self.status != 200
        return said or self.hang_up


class Faults:
    """Faults waiting for the next calls, per endpoint, first in first out."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, endpoint: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls to `endpoint` go wrong."""
        self._waiting[endpoint].extend([fault] * times)

    def take(self, endpoint: str) -> Fault:
        """Return the fault of the next call: usually one that does nothing."""
        waiting = self._waiting[endpoint]
        return waiting.popleft() if waiting else Fault()


Handle = Callable[[Call], Awaitable[Answer]]


@dataclass(kw_only=True, eq=False)
class Emulator(ABC):
    """One vendor's service as an ASGI app; its state lives and dies with the object."""

    name: ClassVar[str]
    """Registry key, and the value of the `X-Voicelab-Emulator` header on every reply."""
    providers: ClassVar[tuple[str, ...]] = ()
    """Registry names of the providers it answers for; its own name where not given."""
    clock: Callable[[], float] = time.monotonic
    """Seconds, for the vendor's rate limit."""
    ledger: Ledger = field(default_factory=Ledger, init=False, repr=False)
    faults: Faults = field(default_factory=Faults, init=False, repr=False)

    def __post_init__(self) -> None:
        """Build the app."""
        self._app = Starlette(routes=self.routes())

    @abstractmethod
    def routes(self) -> list[Route]:
        """Return the vendor's addresses."""

    @abstractmethod
    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's environment variables for a client of this emulator."""

    @abstractmethod
    def reply(self, answer: Answer | No) -> Response:
        """Wrap a yes or a no the way the vendor does."""

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

        async def enter(request: Request) -> Response:
            call = Call(
                endpoint=endpoint,
                at=self.clock(),
                headers=dict(request.headers),
                content=await request.body(),
            )
            self.ledger.calls.append(call)
            fault = self.faults.take(endpoint)
            response = await self._respond(call, fault, handle)
            await _wait(request, fault.delay_s)
            if fault.hang_up:
                await _hang_up(request.scope, request.receive)
            return response

        return enter

    async def _respond(self, call: Call, fault: Fault, handle: Handle) -> Response:
        response = Response(fault.body, fault.status)
        if fault.carried_out or not fault.replaces:
            answer = self.reply(await self._handle(call, fault, handle))
            response = response if fault.replaces else answer
        if fault.code is not None:
            call.code = fault.code
            response = self.reply(No(fault.code, fault.message, status=fault.status))
        response.headers.update(fault.headers)
        return response

    async def _handle(self, call: Call, fault: Fault, handle: Handle) -> Answer | No:
        try:
            answer = await handle(call)
        except No as no:
            call.code = no.code
            return no
        return fault.damage(dict(answer)) if fault.damage else answer


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
    """A rate limit over a sliding minute."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._taken: deque[float] = deque()

    def admits(self, now: float) -> bool:
        """Take a place at `now`, in seconds, if one is free."""
        while self._taken and self._taken[0] <= now - 60:
            self._taken.popleft()
        if len(self._taken) >= self.per_minute:
            return False
        self._taken.append(now)
        return True


def invisible_share(text: str) -> float:
    """Return which part of `text`, 0 to 1, is characters that print nothing."""
    hidden = sum(not (c.isprintable() or c.isspace()) for c in text)
    return hidden / max(len(text), 1)


def can_say(text: str) -> bool:
    """Tell whether the engine behind the emulators reads the script of `text`."""
    try:
        espeak.check(text, read_description("", preview_text=text).parameters)
    except UsageError:
        return False
    return True


async def say(prompt: str, text: str, *, key: str, sr: int) -> Samples:
    """Speak `text` in a voice that fits `prompt`; another `key` gives another such voice.

    Parameters
    ----------
    key
        What makes the voice its own: the vendor and the voice id.
    sr
        Wanted rate in Hz.

    Returns
    -------
    Samples [shape=(n,)]
    """
    return await asyncio.to_thread(_say, prompt, text, key, sr)


def _say(prompt: str, text: str, key: str, sr: int) -> Samples:
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
    reading = read_description(prompt, preview_text=text, take=1 + seed % 4, seed=seed)
    clip = decode(espeak.speak(text, reading.parameters, timeout_s=30.0).wav)
    return resample(clip.y, sr=clip.sr, to=sr)
