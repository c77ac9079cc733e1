"""The plain data everything else is made of: frozen records, the standard library only."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from voicelab.errors import InDoubt, UsageError


class Wants(StrEnum):
    """What a provider makes a voice from."""

    PROMPT = "prompt"
    REFERENCE = "reference"


class TrialState(StrEnum):
    """Where a trial stands, in words a person can read."""

    QUEUED = "queued"
    SENT = "sent"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    IN_DOUBT = "in doubt"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more happens to the trial by itself."""
        return self in {TrialState.DONE, TrialState.FAILED, TrialState.IN_DOUBT}


MOVES: Mapping[TrialState, frozenset[TrialState]] = {
    TrialState.QUEUED: frozenset(
        {TrialState.SENT, TrialState.WAITING, TrialState.DONE, TrialState.FAILED}
    ),
    TrialState.SENT: frozenset(
        {
            TrialState.QUEUED,
            TrialState.WAITING,
            TrialState.DONE,
            TrialState.FAILED,
            TrialState.IN_DOUBT,
        }
    ),
    TrialState.WAITING: frozenset(
        {TrialState.SENT, TrialState.DONE, TrialState.FAILED, TrialState.IN_DOUBT}
    ),
    TrialState.DONE: frozenset(),
    TrialState.FAILED: frozenset({TrialState.QUEUED, TrialState.IN_DOUBT}),
    TrialState.IN_DOUBT: frozenset(
        {TrialState.QUEUED, TrialState.WAITING, TrialState.DONE, TrialState.FAILED}
    ),
}
"""The legal moves.

`sent -> queued` is a request that provably never left or was declined; `queued -> waiting` and
`queued -> done` read a reply that was kept, or take over what an earlier trial came to; `failed ->
in doubt` looks again for what was found before and could not be read.
"""


def move(now: TrialState, to: TrialState) -> TrialState:
    """Return `to`, or raise `ValueError` when a trial may not go there from `now`."""
    if to not in MOVES[now]:
        raise ValueError(f"a trial cannot go from {now.value!r} to {to.value!r}")
    return to


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A recording to clone from: a file, a link, or the trial audio of an earlier trial."""

    path: Path | None = None
    """A file on this machine."""
    url: str | None = None
    """A link the vendor can fetch."""
    trial_id: str | None = None
    """An earlier trial of the same lab."""
    transcript: str | None = None
    """What is said in it, where the vendor asks for that."""

    def __post_init__(self) -> None:
        """Raise `UsageError` unless exactly one source is named."""
        given = [name for name in ("path", "url", "trial_id") if getattr(self, name)]
        if len(given) != 1:
            raise UsageError(
                "a reference needs exactly one of path, url and trial_id; "
                f"found {', '.join(given) or 'none'}."
            )


_HALF_A_PAIR = re.compile("[\ud800-\udfff]")


def require_text(text: str, what: str) -> None:
    """Raise `UsageError` for half of a surrogate pair, which no file and no wire can hold."""
    if _HALF_A_PAIR.search(text):
        raise UsageError(f"{what} has half of a surrogate pair in it, which is no text; remove it.")


def has_something_to_say(text: str) -> bool:
    """Tell whether `text` has a letter or a digit of any script."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


@dataclass(frozen=True, kw_only=True)
class PromptVariant:
    """One wording to try: a filled-in prompt, and the text the new voice shall say."""

    label: str
    """Short name of the row, unique in its batch."""
    prompt: str
    """The description of the voice; may be empty only where a reference is given."""
    preview_text: str
    """What the voice says in its trial audio."""
    language: str | None = None
    """BCP 47 tag of the preview text; by its script when not given."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """The template variables this variant was made from."""
    reference: Reference | None = None
    """The recording to clone, for providers that want one."""
    voice_id: str | None = None
    """A kept voice to say the preview text with, instead of making a new one."""

    def __post_init__(self) -> None:
        """Raise `UsageError` naming the row when there is nothing to send or to say."""
        for name in ("label", "prompt", "preview_text"):
            require_text(getattr(self, name), f"row {self.label!a}: the {name}")
        if not self.label.strip():
            raise UsageError("a prompt variant has an empty label; give every row a name.")
        if not (self.prompt.strip() or self.reference or self.voice_id):
            raise UsageError(
                f"row {self.label!r} has an empty prompt; describe the voice, or give a reference."
            )
        if not has_something_to_say(self.preview_text):
            raise UsageError(
                f"row {self.label!r} has a preview text with nothing to say "
                f"({self.preview_text[:40]!r}); write at least one letter or digit."
            )


class Named(Protocol):
    """Anything with a provider's name; the provider objects themselves live a layer up."""

    @property
    def name(self) -> str:
        """The registry name."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Prompt variants × providers × takes: what one submission asks for.

    Examples
    --------
    >>> variant = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
    >>> Batch(variants=[variant], providers=["local"], takes=2).size
    2
    """

    variants: tuple[PromptVariant, ...]
    """The wordings, in the order of the table."""
    providers: tuple[str | Named, ...]
    """Registry names, or provider objects of your own."""
    takes: int = 1
    """How often each prompt goes to each provider: identical prompts give different voices."""
    experiment: str = "untitled"
    """The name this batch is filed under."""
    seed: int = 0
    """Where a provider has a seed: the same seed and take give the same voice."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Per provider name: extra request fields, sent to the wire unchanged."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for an empty batch, a duplicate label, or a bad number of takes."""
        object.__setattr__(self, "variants", tuple(self.variants))
        object.__setattr__(self, "providers", tuple(self.providers))
        if not self.variants:
            raise UsageError("the batch has no prompt variants; add at least one row.")
        if not self.providers:
            raise UsageError("the batch has no providers; name at least one, for example 'local'.")
        _refuse_duplicates("label", [variant.label for variant in self.variants])
        _refuse_duplicates("provider", self.provider_names)
        if not self.experiment.strip():
            raise UsageError("the experiment has an empty name; call it something.")
        require_text(self.experiment, "the name of the experiment")
        if isinstance(self.takes, bool) or not isinstance(self.takes, int) or self.takes < 1:
            raise UsageError(f"takes is {self.takes!r}; it must be a whole number from 1 up.")

    @property
    def provider_names(self) -> tuple[str, ...]:
        """The names of the providers, in order."""
        return tuple(p if isinstance(p, str) else p.name for p in self.providers)

    @property
    def size(self) -> int:
        """How many trials the batch expands to."""
        return len(self.variants) * len(self.providers) * self.takes


def _refuse_duplicates(what: str, names: list[str] | tuple[str, ...]) -> None:
    seen: dict[str, int] = {}
    for row, name in enumerate(names, start=1):
        if name in seen:
            raise UsageError(
                f"rows {seen[name]} and {row} have the same {what} {name!r}; "
                f"every {what} must be unique in a batch."
            )
        seen[name] = row


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One prompt variant at one provider, one take: a row of every table."""

    id: str
    """Letters and digits, starting with a letter; names and de-duplication keys come from it."""
    batch_id: str
    """The batch it belongs to."""
    index: int
    """Its place in the batch, from 0."""
    variant: PromptVariant
    """What is asked for."""
    provider: str
    """Registry name of the provider."""
    take: int
    """From 1."""
    seed: int = 0
    """The batch's seed."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Extra request fields for this provider."""
    resends: int = 0
    """How often a person chose to send it anew."""
    reference_audio: bytes | None = field(default=None, repr=False)
    """The recording of a reference that is a file or an earlier trial, as it came; the engine
    reads it when the trial runs, and nobody stores it with the trial."""

    @property
    def name(self) -> str:
        """The name the voice gets at the vendor: the id, and a suffix after a resend."""
        return f"{self.id}r{self.resends}" if self.resends else self.id


def trial_id(batch_id: str, label: str, provider: str, take: int) -> str:
    """Return the id of a trial: `vl` and 14 hexadecimal digits, the same for the same words."""
    key = "\x1f".join([batch_id, label, provider, str(take)])
    return "vl" + hashlib.sha256(key.encode()).hexdigest()[:14]


def source_text(provider: str, *, emulated: bool) -> str:
    """Return who made a voice, in words that let nobody mistake an emulator for a vendor."""
    return f"{provider} (emulated)" if emulated else provider


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a task vendor hands out instead of a voice; stored before it is asked after."""

    id: str
    """The vendor's task id."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the provider needs to ask for the result, as plain JSON data."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What a vendor made: its id there, and the trial audio as bytes."""

    voice_id: str
    """Opaque text; never a file name."""
    audio: bytes
    """The trial audio exactly as it came; its format is told by its first bytes."""
    pcm_rate: int | None = None
    """Hz, where the vendor sends headerless 16-bit mono samples."""
    expires_at: datetime | None = None
    """When the vendor drops the voice, if it says a date."""
    kept_for: timedelta | None = None
    """How long the vendor keeps the voice from its making, if it says a span."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """What the provider can tell about how the voice came about, as plain JSON data."""


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """All that is known of one trial: the store's answer, the source of every table."""

    trial: Trial
    experiment: str
    """The experiment its batch is filed under."""
    state: TrialState
    emulated: bool
    """Whether the answer came from an emulator and not from the vendor."""
    created_at: datetime
    sent_at: datetime | None = None
    finished_at: datetime | None = None
    latency_s: float | None = None
    """Seconds from the first request to the voice, waiting in our own queue left out."""
    attempts: int = 0
    """How many requests were asked for it, retries included."""
    voice_id: str | None = None
    expires_at: datetime | None = None
    clip_hash: str | None = None
    """SHA-256 of the trial audio as it came; its name on disk."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    characters: int = 0
    """Characters of preview text the vendor bills."""
    cost: float | None = None
    """Published price of the trial, or nothing where none is published."""
    currency: str | None = None
    """ISO 4217 code of `cost`."""
    fee: float | None = None
    """Part of `cost`: what the vendor takes once, at the first use of a kept voice."""
    error_kind: str | None = None
    """Name of the error class, such as `Refused`."""
    error: str | None = None
    """The sentence."""
    error_code: str | None = None
    """The vendor's code."""
    request_id: str | None = None
    """The vendor's request id of the failure."""
    rating: int | None = None
    """1 to 5."""
    note: str = ""
    """The user's own words."""
    starred: bool = False
    """Whether the user marked it as one to come back to."""

    @property
    def given_up(self) -> bool:
        """Whether it was in doubt when a person called it failed: it may have been paid for."""
        return self.state is TrialState.FAILED and self.error_kind == InDoubt.__name__

    @property
    def source(self) -> str:
        """Who made the voice: the provider, and `(emulated)` where it was an emulator."""
        return source_text(self.trial.provider, emulated=self.emulated)
