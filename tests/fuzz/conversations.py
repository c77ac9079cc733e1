"""Good conversations with every vendor, held with their emulators, to be spoilt and read again."""

import asyncio
import functools
import itertools
import json
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from unittest import mock

from voicelab.audio import espeak
from voicelab.audio.clip import decode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators import EMULATORS
from voicelab.emulators.serve import serve
from voicelab.engine.exchange import exchange, make_client
from voicelab.errors import TrialError, UsageError
from voicelab.model import PromptVariant, Reference, Task, Trial, Voice
from voicelab.providers import PROVIDERS, provider
from voicelab.providers.base import Provider, Reply, Request, Send, Shelf, Speaker, VoiceShelf
from voicelab.store.records import to_json

PREVIEW_TEXT = "Good evening."

Ask = Callable[[Provider, Trial, str, Send], Coroutine[Any, Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """What a provider was asked, and the replies it read."""

    name: str
    """Provider and question, for the reader of a failure."""
    provider: Provider
    ask: Ask
    trial: Trial
    known: str
    """The task or the voice that was asked about."""
    replies: tuple[Reply, ...]


async def _submit(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    return await provider.submit(trial, send)


async def _poll(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    return await provider.poll(Task(id=known), send)


async def _settle(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    return await provider.settle(trial, send)


async def _speak(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    assert isinstance(provider, Speaker)
    speaking = replace(trial.variant, voice_id=known, reference=None)
    return await provider.speak(replace(trial, variant=speaking), send)


async def _look(provider: Any, trial: Trial, known: str, send: Send) -> Any:
    return dict(await provider.look(known, send))


async def _shelf(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    assert isinstance(provider, VoiceShelf)
    return await provider.shelf(send)


async def _drop(provider: Provider, trial: Trial, known: str, send: Send) -> Any:
    assert isinstance(provider, VoiceShelf)
    return await provider.drop(known, send)


@dataclass
class Recorded:
    """A `send` over real HTTP that remembers the replies."""

    replies: list[Reply] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        async with make_client() as client:
            self.replies.append(await exchange(client, request, secrets=()))
        return self.replies[-1]


@dataclass
class Replayed:
    """A `send` that gives out replies in order, and the last of them for ever after."""

    replies: Sequence[Reply]
    asked: int = 0

    async def __call__(self, request: Request) -> Reply:
        json.dumps(request.body, ensure_ascii=False, allow_nan=False).encode()
        self.asked += 1
        assert self.asked < 1000, "it asks without end"
        return self.replies[min(self.asked, len(self.replies)) - 1]


@functools.cache
def recording() -> bytes:
    """Return ten seconds of speech: within every vendor's window for a reference."""
    return espeak.speak("The bell tower struck twelve. " * 6, VoiceParameters()).wav


@functools.cache
def conversations() -> tuple[Conversation, ...]:
    """Hold every conversation once, over real sockets."""
    with serve() as sandbox, mock.patch.dict(os.environ, sandbox.environ):
        for name in EMULATORS:
            sandbox[name].clock = itertools.count(0, 60).__next__  # no rate limit is met
        link = asyncio.run(sandbox.publish(recording(), "reference.wav"))
        return tuple(
            conversation
            for name in PROVIDERS
            if name != "local"
            for conversation in _held(provider(name), link)
            if conversation.replies
        )


def _held(provider: Provider, link: str) -> Iterator[Conversation]:
    trial = _trial(provider, link)
    outcome, submitted = _recorded(provider, _submit, trial, "")
    yield submitted
    if isinstance(outcome, Task):
        task = outcome.id
        while isinstance(outcome, Task):
            outcome, polled = _recorded(provider, _poll, trial, task)
        yield polled
    assert isinstance(outcome, Voice), outcome
    further = [(_settle, True)]
    further += [(_speak, isinstance(provider, Speaker)), (_look, hasattr(provider, "look"))]
    further += [(ask, isinstance(provider, VoiceShelf)) for ask in (_shelf, _drop)]
    for ask, offered in further:
        if offered:
            yield _recorded(provider, ask, trial, outcome.voice_id)[1]


def _recorded(provider: Provider, ask: Ask, trial: Trial, known: str) -> tuple[Any, Conversation]:
    send = Recorded()
    try:
        outcome = asyncio.run(ask(provider, trial, known, send))
    except TrialError as error:
        outcome = error
    name = f"{provider.name} {ask.__name__.strip('_')}"
    held = Conversation(
        name=name,
        provider=provider,
        ask=ask,
        trial=trial,
        known=known,
        replies=tuple(send.replies),
    )
    return outcome, held


def _trial(provider: Provider, link: str) -> Trial:
    by_file = Reference(trial_id="earlier")
    reference = {"tencent-trtc": by_file, "tencent-vod": Reference(url=link)}.get(provider.name)
    variant = PromptVariant(
        label="fuzz", prompt="a deep voice", preview_text=PREVIEW_TEXT, reference=reference
    )
    return Trial(
        id=f"vl{list(PROVIDERS).index(provider.name):014x}",  # two share an emulator
        batch_id="b",
        index=0,
        variant=variant,
        provider=provider.name,
        take=1,
        reference_audio=recording() if reference is by_file else None,
    )


def read(conversation: Conversation, replies: Sequence[Reply]) -> str:
    """Let the provider read `replies`; return how it ended, by one word.

    Whatever they are, it ends in something that can be kept or in an error for one row.
    """
    held = conversation
    send = Replayed(replies)
    try:
        outcome = asyncio.run(held.ask(held.provider, held.trial, held.known, send))
    except (TrialError, UsageError) as error:
        _check_error(error)
        return type(error).__name__
    _check_outcome(outcome)
    return type(outcome).__name__


def _check_error(error: TrialError | UsageError) -> None:
    assert str(error).strip()
    assert len(str(error)) < 3000
    told = [str(error)]
    if isinstance(error, TrialError):
        told += [error.code or "", error.vendor_message or "", error.request_id or ""]
        assert max(len(error.code or ""), len(error.request_id or "")) <= 100
        wait_s = getattr(error, "retry_after", None)
        assert wait_s is None or 0 <= wait_s <= 3600
    for text in told:
        assert isinstance(text, str)
        text.encode()


def _check_outcome(outcome: object) -> None:
    if isinstance(outcome, Voice):
        assert isinstance(outcome.audio, bytes)
        assert outcome.pcm_rate is None or type(outcome.pcm_rate) is int
        _check_text(outcome.voice_id, to_json(outcome.evidence))
        assert outcome.voice_id
        _check_sound(outcome)
    elif isinstance(outcome, Task):
        _check_text(outcome.id, to_json(outcome.detail))
        assert outcome.id
    elif isinstance(outcome, Shelf):
        for voice in outcome.voices:
            _check_text(voice.voice_id, voice.kind, voice.name, voice.status)
            for when in (voice.created_at, voice.expires_at):
                assert when is None or isinstance(when, datetime)
                str(when and when.isoformat())
        assert outcome.slots is None or type(outcome.slots) is int
        _check_text(*outcome.notes)
        assert sum(map(len, outcome.notes)) < 3000
    else:
        assert outcome is None or isinstance(outcome, Mapping)


def _check_text(*texts: str) -> None:
    for text in texts:
        assert isinstance(text, str)
        text.encode()


def _check_sound(voice: Voice) -> None:
    try:
        decode(voice.audio, pcm_rate=voice.pcm_rate)
    except TrialError as error:
        _check_error(error)
