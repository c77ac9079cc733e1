"""What can be asked for next, made from trials that are done: clones, and new texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import Batch, PromptVariant, Reference, Trial, TrialRecord
from voicelab.providers import PROVIDERS
from voicelab.providers.base import Provider


def clones_of(
    records: Sequence[TrialRecord], *, preview_text: str | None = None
) -> tuple[PromptVariant, ...]:
    """Return prompt variants that clone the trial audio of `records`.

    The clones say `preview_text`, or what the originals said where it is not given.
    """
    return tuple(
        replace(
            record.trial.variant,
            label=f"{record.trial.variant.label} — {record.source}, take {record.trial.take}",
            preview_text=preview_text or record.trial.variant.preview_text,
            voice_id=None,
            reference=Reference(trial_id=record.trial.id, transcript=_said_in(record)),
        )
        for record in records
    )


def _said_in(record: TrialRecord) -> str | None:
    """Return what the trial audio says, where it is what was asked for."""
    kind = PROVIDERS.get(record.trial.provider)
    own_text = kind is not None and not kind.says_preview_text and not record.trial.variant.voice_id
    return None if own_text else record.trial.variant.preview_text


def spoken_by(
    record: TrialRecord,
    provider: Provider,
    text: str,
    *,
    label: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Batch:
    """Return the batch that lets the voice of a trial say another text.

    It speaks as it did in the trial, by the options that concern speaking, but for `options`.

    Raises
    ------
    UsageError
        When the trial has no voice.
    """
    trial = record.trial
    if record.voice_id is None:
        raise UsageError(f"trial {trial.id} is {record.state.value} and has no voice to speak.")
    spoken = replace(
        trial.variant,
        label=label or f"{trial.variant.label}, take {trial.take}: {text[:40]}",
        preview_text=text,
        voice_id=record.voice_id,
    )
    chosen = {**_speaking(trial, provider), **(options or {})}
    return Batch(
        variants=(spoken,),
        providers=(trial.provider,),
        experiment=record.experiment,
        options={trial.provider: chosen} if chosen else {},
    )


def _speaking(trial: Trial, provider: Provider) -> Mapping[str, Any]:
    """Return the options of a trial that concern speaking: all, where a kept voice spoke in it."""
    if trial.variant.voice_id is not None:
        return trial.options
    return {name: trial.options[name] for name in provider.speak_options if name in trial.options}
