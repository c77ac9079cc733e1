"""The recording behind a reference, brought to the trial that clones it."""

from dataclasses import replace

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


def check_reference(reference: Reference, store: Store) -> None:
    """Raise `UsageError` when the recording of a reference is not there; nothing is sent."""
    if reference.url is None:
        try:
            _recording(reference, store)
        except TrialError as error:
            raise UsageError(str(error)) from None


def _recording(reference: Reference, store: Store) -> bytes:
    if reference.path is not None:
        try:
            return reference.path.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(f"the recording {reference.path} cannot be read: {error}.") from None
    assert reference.trial_id is not None
    record = store.record(reference.trial_id)
    if record.clip_hash is None:
        raise UsageError(
            f"trial {reference.trial_id} is {record.state.value} and has no trial audio to clone."
        )
    return store.audio(record.clip_hash)
