"""The recording behind a reference, brought to the trial that clones it."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from voicelab.audio.clip import decode
from voicelab.audio.reference import CAPS
from voicelab.errors import Refused, TrialError, UsageError
from voicelab.model import Reference, Trial
from voicelab.store.store import Store


def with_reference(trial: Trial, store: Store) -> Trial:
    """Return `trial` with the bytes of its reference, where that is a file or an earlier trial.

    Raises
    ------
    Refused
        When the recording is not there; nothing was sent.
    """
    reference = trial.variant.reference
    if reference is None or reference.url is not None:
        return trial
    try:
        return replace(trial, reference_audio=_recording(reference, store))
    except (UsageError, TrialError) as error:
        raise Refused(f"the reference cannot be used: {error}") from None


def check_reference(reference: Reference, store: Store) -> float | None:
    """Return the seconds of a reference's recording, where they can be known; nothing is sent.

    Raises
    ------
    UsageError
        When the recording is not there.
    """
    if reference.url is not None:
        return None
    try:
        if reference.path is not None:
            return _seconds_of_file(reference.path, *_stamp(reference.path))
        _recording(reference, store)
        return store.clip(_clip_hash(reference, store)).duration_s
    except TrialError as error:
        raise UsageError(str(error)) from None


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise UsageError(f"the recording {path} cannot be read: {error}.") from None
    return found.st_mtime_ns, found.st_size


@lru_cache(maxsize=256)
def _seconds_of_file(path: Path, _changed: int, _size: int) -> float | None:
    """Return the duration of a file, decoded once as long as it stays as it is."""
    data = _file(path)
    try:
        return decode(data, caps=CAPS).duration_s
    except TrialError:
        return None  # what is wrong with it is said by the vendor's own preparation


def _recording(reference: Reference, store: Store) -> bytes:
    if reference.path is not None:
        return _file(reference.path)
    return store.audio(_clip_hash(reference, store))


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(f"the recording {path} cannot be read: {error}.") from None


def _clip_hash(reference: Reference, store: Store) -> str:
    assert reference.trial_id is not None
    record = store.record(reference.trial_id)
    if record.clip_hash is None:
        raise UsageError(
            f"trial {reference.trial_id} is {record.state.value} and has no trial audio to clone."
        )
    return record.clip_hash
