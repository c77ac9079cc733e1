"""What a provider is: it turns a trial into requests and replies into a voice, and nothing else."""

import ipaddress
import json
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self, runtime_checkable
from urllib.parse import urlsplit

import httpx

from voicelab.errors import Unreadable
from voicelab.model import PromptVariant, Task, Trial, Voice, Wants
from voicelab.providers.options import Option
from voicelab.providers.secret import Secret

MOST_PARTS = 1_000_000
"""Brackets and commas in a reply; sound is one long text, and an account has no such list."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, kw_only=True)
class Price:
    """A published price; what is not published is not guessed."""

    per_character: float = 0.0
    """Per character of preview text, charged with the trial."""
    per_voice: float = 0.0
    """Charged when a voice is made, whatever it says."""
    per_kept_voice: float = 0.0
    """Charged later, by the vendor, at the first use of a kept voice; never part of a trial."""
    currency: str
    """ISO 4217 code."""
    source: str
    """The page it was read on."""
    as_of: str
    """ISO date of the reading."""
    disputed: str = ""
    """What another source says, where sources disagree; empty where they do not."""

    def of_trial(self, characters: int) -> float:
        """Return what one trial costs that says so many characters."""
        return self.per_voice + self.per_character * characters


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a vendor takes at the most, as its own pages say it; nothing where they do not say."""

    prompt_characters: int | None = None
    preview_characters: int | None = None
    requests_per_second: float | None = None
    requests_per_minute: float | None = None
    parallel: int = 4
    """Requests under way at once."""
    typical_s: float = 5.0
    """Seconds one trial usually takes there, for the estimate before a run."""
    price: Price | None = None
    languages: tuple[str, ...] | None = None
    """Primary language tags of preview texts; any where not given."""
    reference_s: tuple[float, float] | None = None
    """Seconds a recording to clone may last, from and to."""
    reference_form: str = ""
    """What such a recording must be, beside any file voicelab reads."""
    slots: int | None = None
    """Voices an account may have."""
    sample_rates: tuple[int, ...] | None = None
    """Hz the trial audio can be asked for in, the usual one first."""
    names: str = ""
    """What a voice may be called there, where the batch's own options name it."""
    speech_characters: int | None = None
    """Of a text said with a kept voice."""
    speech_bytes: int | None = None
    """The same where the vendor counts bytes of UTF-8."""
    free: bool = False
    """Whether making a voice costs nothing, there being no vendor."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing to ask a vendor. The engine writes it down, sends it, and keeps the reply."""

    step: str
    """Its name within the trial, such as `design`; a kept reply is found by it."""
    method: str
    url: str
    spends: bool
    """Whether carrying it out may cost something: such a request is never sent twice."""
    body: Mapping[str, Any] | None = None
    """Sent as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Without secrets; those belong in `auth`."""
    auth: httpx.Auth | None = field(default=None, repr=False)
    timeout_s: float = 120.0
    """Until the last byte of the reply, not between two."""
    link_from: str | None = None
    """The vendor's own address, where `url` is a link it handed out: no key goes along then."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A vendor's answer as it came."""

    status: int
    """The HTTP status."""
    headers: Mapping[str, str]
    """Names in lower case."""
    content: bytes = field(repr=False)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object.

        Raises
        ------
        Unreadable
            When it is not JSON, or not an object.
        """
        try:
            answer = _parsed(self.content)
        except (ValueError, RecursionError) as error:
            raise Unreadable(
                f"the reply is not JSON ({error.__class__.__name__}); HTTP {self.status}, "
                f"it begins {self.content[:80]!r}."
            ) from None
        if not isinstance(answer, dict):
            raise Unreadable(
                f"the reply is a JSON {type(answer).__name__} where an object was due; "
                f"HTTP {self.status}."
            )
        return answer


def _parsed(content: bytes) -> Any:
    """Parse strict JSON in UTF-8; half of a surrogate pair becomes a question mark.

    Raises
    ------
    ValueError, RecursionError
        For anything else: also for `NaN`, and for millions of empty lists, which take twenty
        times the memory of their text.
    """
    if sum(map(content.count, (b"[", b"{", b","))) > MOST_PARTS:
        raise ValueError("it has too many parts")
    text = content.decode("utf-8-sig")
    answer = json.loads(text, parse_constant=_finite, parse_float=_finite)
    if _SURROGATE.search(text):
        answer = json.loads(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    return answer


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is no number")
    return number


class Send(Protocol):
    """The one seam to the outside, handed to a provider for one trial."""

    async def __call__(self, request: Request) -> Reply:
        """Ask, or return the kept reply of this step."""


@dataclass(frozen=True, kw_only=True)
class ShelvedVoice:
    """A voice in the vendor's account."""

    voice_id: str
    kind: str
    """`design`, `clone` or `system`, as far as the vendor tells."""
    name: str = ""
    """What it is called there."""
    status: str = ""
    """The vendor's own word, such as `OK`."""
    created_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The voices in a vendor's account, as far as it lists them."""

    voices: tuple[ShelvedVoice, ...]
    slots: int | None = None
    """How many voices the account may have, where the vendor says it."""
    notes: tuple[str, ...] = ()
    """What the list leaves out, in sentences."""
    lists_unused: bool = True
    """Whether voices that were never spoken with are in the list."""


@runtime_checkable
class VoiceShelf(Protocol):
    """A vendor that lists and deletes the voices of an account; no call of it is paid."""

    async def shelf(self, send: Send) -> Shelf:
        """List the account's voices, all pages of them."""

    async def drop(self, voice_id: str, send: Send) -> None:
        """Delete a voice; raise `Refused` where the vendor does."""


@runtime_checkable
class Keeper(Protocol):
    """A vendor with a free call that keeps a voice, or says that it is kept."""

    async def keep(self, voice_id: str, name: str, send: Send) -> str:
        """Keep a voice, under `name` where the vendor has names; return a sentence on it."""


@runtime_checkable
class Speaker(Protocol):
    """A vendor that says new texts with a kept voice."""

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with the voice `trial.variant.voice_id`."""


class BearerAuth(httpx.Auth):
    """`Authorization: Bearer …`, kept out of every repr and out of the journal."""

    def __init__(self, key: str) -> None:
        self._key = Secret(key)

    def auth_flow(self, request: httpx.Request) -> Any:
        """Set the header on the request that leaves."""
        request.headers["Authorization"] = f"Bearer {self._key}"
        yield request


class Provider(ABC):
    """A vendor, as a frozen keyword-only dataclass.

    Its methods hold the vendor's wire and no policy: no sleeping, no retrying, no clock, no
    randomness. The same trial gives the same requests in the same order.
    """

    name: ClassVar[str]
    """Registry key, and the value in every table."""
    wants: ClassVar[Wants] = Wants.PROMPT
    published: ClassVar[Limits]
    """What the vendor's pages say of an ordinary account."""
    declared: ClassVar[tuple[Option, ...]] = ()
    """What the call that makes a voice takes beside the row, of an ordinary account."""
    declared_for_speech: ClassVar[tuple[Option, ...]] = ()
    """What saying a text with a kept voice takes beside the row."""
    deduplicates_for_s: ClassVar[float | None] = None
    """Seconds for which the vendor refuses the name of a voice it has been asked for: asked again
    within them, under the same name, it can never make the voice twice."""
    follows_links: ClassVar[bool] = False
    """Whether the vendor itself fetches a reference that is a link: voicelab then judges what is
    there before money, as far as it gets; for all others it fetches and hands over the bytes."""
    stand_ins: ClassVar[tuple[str, ...]] = ()
    """Options that name what to clone in place of a row's reference."""
    speak_options: ClassVar[tuple[str, ...]] = ()
    """Options of the call that makes a voice which also say how it speaks, if it can speak."""
    says_preview_text: ClassVar[bool] = True
    """Whether the trial audio says the row's preview text, and not a text of the vendor's own."""
    lasting: ClassVar[str] = ""
    """How long a voice lasts there and what keeps it, in sentences."""
    kept_by_speaking: ClassVar[bool] = False
    """Whether a new voice is kept, or listed, only once it was spoken with: a paid call."""
    warning: ClassVar[str] = ""
    """What else to know before making voices there, such as an announced end."""
    base_url: str | None = None
    """Where its requests go; nothing for an engine on this machine."""

    @classmethod
    @abstractmethod
    def from_env(cls) -> Self:
        """Make one from the environment: the only reader of it, by the vendor's variable names.

        Raises
        ------
        UsageError
            When a variable it needs is not set, naming the variable.
        """

    @property
    def limits(self) -> Limits:
        """What holds for this account, by its region and plan; else what is published."""
        return self.published

    @property
    def options(self) -> tuple[Option, ...]:
        """What this account's call takes, by its region; else what is declared."""
        return self.declared

    @property
    def speech_limits(self) -> Limits:
        """What holds for saying a text with a kept voice; its price is not the design's."""
        return replace(self.limits, price=None)

    def limits_of(self, variant: PromptVariant) -> Limits:
        """Return what holds for one row: making a voice, or letting a kept one speak."""
        return self.limits if variant.voice_id is None else self.speech_limits

    @property
    def secrets(self) -> tuple[str, ...]:
        """Its keys, so that the engine can take them out of whatever a vendor echoes."""
        return ()

    @property
    def account(self) -> str:
        """Name whose limits are used up, without telling a key: one pace per account."""
        return ""

    @property
    def emulated(self) -> bool:
        """Tell whether its requests stay on this machine: then no vendor made the voice."""
        return self.base_url is not None and is_loopback(self.base_url)

    @classmethod
    def characters(cls, text: str) -> int:
        """Return how many characters a text has as the vendor counts against its limits."""
        return len(text)

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:  # noqa: B027 - having nothing to check is a valid answer
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""

    def check_recording(self, audio: bytes) -> None:  # noqa: B027 - as above
        """Raise `UsageError` for a recording the vendor would not clone: too short, silent, …

        Asked before anything is sent, with the bytes of a reference.
        """

    def check_linked(self, audio: bytes) -> str:
        """Raise `UsageError` for a recording behind a link that the vendor would not clone.

        Asked where `follows_links`, for then the recording goes as it stands. What could not be
        told of it is returned in a sentence.
        """
        self.check_recording(audio)
        return ""

    @abstractmethod
    async def submit(self, trial: Trial, send: Send) -> Task | Voice:
        """Ask for the voice of `trial`; return it, or the task that will make it."""

    async def poll(self, task: Task, send: Send) -> Task | Voice:
        """Ask after a task once; return it while it is not done."""
        raise NotImplementedError(f"{self.name} hands out no tasks")

    async def settle(self, trial: Trial, send: Send) -> Task | Voice | None:
        """Look for what became of a trial in doubt; nothing where the vendor lets no one look."""
        return None


def is_loopback(url: str) -> bool:
    """Tell whether `url` leads to this machine and nowhere else."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
