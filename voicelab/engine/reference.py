"""The recording behind a reference: brought to the trial that clones it, and judged before."""

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from voicelab.audio.clip import decode, encode, sniff
from voicelab.engine.linked import Linked
from voicelab.errors import Refused, TrialError, Unreachable, UsageError
from voicelab.model import Reference, Trial
from voicelab.providers.base import Provider
from voicelab.store.store import Store


def with_reference(trial: Trial, store: Store) -> Trial:
    """Return `trial` with the bytes of its reference, where that is a file or an earlier trial.

    Raises
    ------
    Refused
        When the recording is not there; nothing was sent.
    """
    reference, kept = trial.variant.reference, trial.variant.voice_id
    if reference is None or reference.url is not None or kept is not None:
        return trial
    try:
        return replace(trial, reference_audio=_recording(reference, store))
    except (UsageError, TrialError) as error:
        raise Refused(f"the reference cannot be used: {error}") from None


class Recordings:
    """The recordings of a lab and what providers say of them: each is measured once, as long as
    it stays.

    A quote is made again at every letter that is typed into a form. What is behind a link is
    fetched for it, once, and held for the run that follows.
    """

    def __init__(self, store: Store, linked: Linked) -> None:
        self._store = store
        self._linked = linked
        self._said: dict[Hashable, UsageError | str] = {}

    def fetch(self, wanted: Iterable[tuple[Reference, Provider]]) -> None:
        """Fetch what is behind links, side by side, for `check` to judge."""
        links = {(reference.url, provider.name): provider for reference, provider in wanted}
        self._linked.fetch_all([(url, provider) for (url, _), provider in links.items() if url])

    def check(self, reference: Reference, provider: Provider) -> str:
        """Raise `UsageError` when a recording is not there or `provider` would refuse it.

        Where a vendor follows links itself, one that cannot be fetched from here is no reason to
        refuse: the vendor may get further. Returned is then what nobody has judged, in a
        sentence; else nothing.
        """
        try:
            if reference.url is None:
                state = _state(reference, self._store)
                return self._judged(state, provider, lambda: _recording(reference, self._store))
            return self._judged_linked(self._linked.now(reference.url, provider), provider)
        except Unreachable as error:
            if provider.follows_links:
                return _unheard(provider, str(error))
            raise UsageError(str(error)) from None
        except TrialError as error:
            raise UsageError(str(error)) from None

    async def brought(self, trial: Trial, provider: Provider) -> Trial:
        """Return `trial` with what it needs of its reference, as `with_reference` does.

        What is behind a link comes along for a provider that sends it, and is judged for one
        whose vendor fetches it: before anything is paid.

        Raises
        ------
        Refused
            When the recording is not there, or `provider` would refuse it; nothing was sent.
        Unreachable
            When its link cannot be fetched now.
        """
        reference = trial.variant.reference
        if reference is None or reference.url is None or trial.variant.voice_id is not None:
            return await asyncio.to_thread(with_reference, trial, self._store)
        if not provider.follows_links:
            return replace(trial, reference_audio=await self._linked.get(reference.url, provider))
        if not self._store.journal.has_paid(trial.id, resend=trial.resends):
            await self._require_good(reference.url, provider)
        return trial

    async def _require_good(self, url: str, provider: Provider) -> None:
        try:
            audio = await self._linked.get(url, provider)
            await asyncio.to_thread(self._judged_linked, audio, provider)
        except Unreachable:
            return  # the vendor may get further
        except UsageError as error:
            raise Refused(f"{provider.name} was not asked: {error}") from None

    def _judged_linked(self, audio: bytes, provider: Provider) -> str:
        digest = hashlib.sha256(audio).hexdigest()
        if not provider.follows_links:
            return self._judged(digest, provider, lambda: audio)
        key = ("as it stands", digest, *_who(provider))
        if key not in self._said:
            self._said[key] = _verdict(lambda: provider.check_linked(audio))
        told = _accepted(self._said[key])
        return _unheard(provider, told) if told else ""

    def _judged(self, state: Hashable, provider: Provider, read: Callable[[], bytes]) -> str:
        key = (state, *_who(provider))
        if key not in self._said:
            audio = read()
            self._said[key] = _verdict(lambda: provider.check_recording(audio))
        return _accepted(self._said[key])


def _who(provider: Provider) -> tuple[Hashable, ...]:
    return type(provider), provider.account, provider.base_url


def _verdict(judge: Callable[[], str | None]) -> UsageError | str:
    """Return what a provider cannot tell of a recording, or its refusal."""
    try:
        return judge() or ""
    except UsageError as error:
        return error


def _accepted(verdict: UsageError | str) -> str:
    if isinstance(verdict, UsageError):
        raise UsageError(str(verdict))
    return verdict


def _unheard(provider: Provider, why: str) -> str:
    return (
        f"{provider.name} fetches its recording itself, and it was not listened to here: {why} "
        "What is wrong with it is found only after it is paid."
    )


def _state(reference: Reference, store: Store) -> Hashable:
    """Return what changes when a recording does, without reading it."""
    if reference.path is None:
        return _clip_hash(reference, store)
    try:
        found = reference.path.stat()
    except (OSError, ValueError) as error:
        raise _unreadable(reference, error) from None
    return str(reference.path), found.st_size, found.st_mtime_ns


def _recording(reference: Reference, store: Store) -> bytes:
    if reference.path is None:
        return _with_header(_clip_hash(reference, store), store)
    try:
        return reference.path.read_bytes()
    except (OSError, ValueError) as error:
        raise _unreadable(reference, error) from None


def _with_header(digest: str, store: Store) -> bytes:
    """Return trial audio; headerless samples as a WAV file, sample for sample."""
    audio, rate = store.clips.audio(digest), store.clips.row(digest).pcm_rate
    if rate is None or sniff(audio) is not None:
        return audio
    return encode(decode(audio, pcm_rate=rate).y, sr=rate, format="wav")


def _clip_hash(reference: Reference, store: Store) -> str:
    assert reference.trial_id is not None
    record = store.record(reference.trial_id)
    if record.clip_hash is None:
        raise UsageError(
            f"trial {reference.trial_id} is {record.state.value} and has no trial audio to clone."
        )
    return record.clip_hash


def _unreadable(reference: Reference, error: Exception) -> UsageError:
    return UsageError(f"the recording {reference.path} cannot be read: {error}.")
