"""The recording behind a reference: brought to the trial that clones it, and judged before."""

from collections.abc import Hashable
from dataclasses import replace

from voicelab.audio.clip import decode, encode, sniff
from voicelab.errors import Refused, TrialError, UsageError
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
    """What providers say of the recordings of a lab: each is measured once, as long as it stays.

    A quote is made again at every letter that is typed into a form.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._said: dict[Hashable, str | None] = {}

    def check(self, reference: Reference, provider: Provider) -> None:
        """Raise `UsageError` when a recording is not there or `provider` would refuse it.

        What is behind a link only its vendor sees.
        """
        if reference.url is not None:
            return
        try:
            refusal = self._refusal(reference, provider)
        except TrialError as error:
            raise UsageError(str(error)) from None
        if refusal is not None:
            raise UsageError(refusal)

    def _refusal(self, reference: Reference, provider: Provider) -> str | None:
        asked = (type(provider), provider.account, provider.base_url)
        key = (_state(reference, self._store), *asked)
        if key not in self._said:
            audio = _recording(reference, self._store)
            try:
                provider.check_recording(audio)
                self._said[key] = None
            except UsageError as error:
                self._said[key] = str(error)
        return self._said[key]


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
