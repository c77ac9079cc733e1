"""What keeps a voice at its vendor, and what that costs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from voicelab.errors import UsageError
from voicelab.model import PromptVariant, TrialRecord, TrialState
from voicelab.providers.base import Price, Provider


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What keeping a voice takes."""

    words: str
    """How its vendor keeps it, and what that costs, in sentences."""
    spends: bool
    """Whether it is kept by a paid call alone: a text said with it."""


def keeping(provider: Provider, record: TrialRecord, records: Iterable[TrialRecord]) -> Keeping:
    """Say what keeping the voice of a trial takes; nothing is sent.

    Parameters
    ----------
    records
        The trials of the lab: one of them may have spoken with the voice already.

    Raises
    ------
    UsageError
        When the trial has no voice, or it has lapsed.
    """
    if record.voice_id is None:
        raise UsageError(
            f"trial {record.trial.id} is {record.state.value} and has no voice to keep."
        )
    if not provider.kept_by_speaking:
        unknown = f"{provider.name} tells nothing of how long it keeps a voice."
        return Keeping(words=provider.lasting or unknown, spends=False)
    if record.voice_id in spoken_with(records, provider.name, emulated=record.emulated):
        words = f"The voice is kept already: this lab has spoken with it at {provider.name}."
        return Keeping(words=words, spends=False)
    if record.expires_at is not None and record.expires_at < datetime.now(UTC):
        raise UsageError(
            f"the voice of trial {record.trial.id} lapsed on {record.expires_at:%Y-%m-%d} at "
            f"{provider.name}; it cannot be kept any more. Design it anew."
        )
    text = record.trial.variant.preview_text
    return Keeping(words=f"{provider.lasting} {_cost_text(provider, len(text))}", spends=True)


def spoken_with(records: Iterable[TrialRecord], provider: str, *, emulated: bool) -> set[str]:
    """Return the ids of the voices that have said another text at a provider."""
    return {
        record.trial.variant.voice_id
        for record in records
        if record.trial.variant.voice_id is not None
        and record.state is TrialState.DONE
        and (record.trial.provider, record.emulated) == (provider, emulated)
    }


def first_use_fee(provider: Provider, variant: PromptVariant) -> float:
    """Return what the vendor takes beside the text when the voice of a row first speaks."""
    speech, design = provider.speech_limits.price, provider.limits.price
    if variant.voice_id is None or speech is None or design is None:
        return 0.0
    return design.per_kept_voice


def _cost_text(provider: Provider, characters: int) -> str:
    speech, design = provider.speech_limits.price, provider.limits.price
    parts = [_characters_text(speech, characters)]
    if design is not None and design.per_kept_voice:
        parts.append(f"{design.currency} {design.per_kept_voice:.2f} for keeping it")
    live = " Here it is emulated, and nothing is spent." if provider.emulated else ""
    return f"Its preview text said once more costs {' and '.join(parts)}.{live}"


def _characters_text(price: Price | None, characters: int) -> str:
    if price is None:
        return f"what the vendor charges for {characters} characters (no published price)"
    return f"{price.currency} {price.per_character * characters:.4f} for {characters} characters"
