"""The DataFrame of the voices that vendors keep, joined to the trials that made them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from voicelab.engine.keep import spoken_with
from voicelab.model import TrialRecord, TrialState, Wants
from voicelab.providers.base import Provider, Shelf, ShelvedVoice, VoiceShelf

if TYPE_CHECKING:
    import pandas as pd

NOT_LISTED = "not listed"
COLUMNS = (
    "provider",
    "emulated",
    "voice_id",
    "kind",
    "name",
    "status",
    "created_at",
    "expires_at",
    "slots_used",
    "slots",
    "trial",
    "label",
    "prompt",
    "rating",
)


def voices_frame(
    shelves: Mapping[str, Shelf],
    notes: Mapping[str, str],
    records: Sequence[TrialRecord],
    *,
    providers: Mapping[str, Provider],
) -> "pd.DataFrame":
    """Return one row a voice that is the user's own; `notes` by provider are in `.attrs`.

    `created_at` and `expires_at` are text, ISO 8601 in UTC, as in every frame of a lab: sorted as
    text they are sorted by time. Where the vendor does not tell when a voice expires, `expires_at`
    is what the lab's own trials with it say.

    Parameters
    ----------
    shelves
        What each vendor that keeps a list has told.
    records
        The trials of the lab: they tell where a voice comes from, and of voices no list has.
    providers
        Those that can be called, with or without a list.
    """
    import pandas as pd

    rows = [
        row | {"provider": name, "emulated": provider.emulated}
        for name, provider in providers.items()
        for row in _rows(provider, shelves.get(name), records)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rating": "Int64"})
    table.attrs["notes"] = dict(notes)
    return table


def _rows(
    provider: Provider, shelf: Shelf | None, records: Sequence[TrialRecord]
) -> Iterator[dict[str, Any]]:
    used = [
        (record.voice_id, record)
        for record in records
        if (record.trial.provider, record.emulated) == (provider.name, provider.emulated)
        and record.voice_id is not None
    ]
    made = {voice_id: record for voice_id, record in used if record.trial.variant.voice_id is None}
    last_days = _last_days(used) if shelf is None or shelf.lists_unused else {}
    own = [voice for voice in shelf.voices if voice.kind != "system"] if shelf else []
    account = {"slots_used": len(own), "slots": shelf.slots if shelf else None}
    unlisted = _unlisted(provider, shelf, made, records)
    for voice in [*own, *unlisted]:
        record = made.get(voice.voice_id)
        expires = voice.expires_at or last_days.get(voice.voice_id)
        yield account | _told(voice, record, expires) | _from(record)


def _last_days(used: Sequence[tuple[str, TrialRecord]]) -> dict[str, datetime]:
    """Return when each voice expires by the trial that used it last.

    Not for a vendor that lists only voices that were used: it keeps those for good.
    """
    lapses = [(r.expires_at, voice_id) for voice_id, r in used if r.expires_at is not None]
    return {voice_id: expires for expires, voice_id in sorted(lapses)}


def _unlisted(
    provider: Provider,
    shelf: Shelf | None,
    made: Mapping[str, TrialRecord],
    records: Sequence[TrialRecord],
) -> list[ShelvedVoice]:
    """Return the voices of the lab that the vendor has, and leaves out of its list."""
    silent = shelf is None and isinstance(provider, VoiceShelf)
    if provider.base_url is None or silent or (shelf is not None and shelf.lists_unused):
        return []
    listed = {voice.voice_id for voice in shelf.voices} if shelf else set()
    if shelf is not None:  # what was spoken with would be listed, were it still there
        listed |= spoken_with(records, provider.name, emulated=provider.emulated)
    return [
        ShelvedVoice(
            voice_id=voice_id,
            kind="clone" if provider.wants is Wants.REFERENCE else "design",
            status=NOT_LISTED,
            expires_at=record.expires_at,
        )
        for voice_id, record in made.items()
        if voice_id not in listed and record.state is TrialState.DONE and not _lapsed(record)
    ]


def _lapsed(record: TrialRecord) -> bool:
    return record.expires_at is not None and record.expires_at < datetime.now(UTC)


def _told(
    voice: ShelvedVoice, record: TrialRecord | None, expires: datetime | None
) -> dict[str, Any]:
    """Return what the vendor tells; of the day it was made, else what the lab knows."""
    created = voice.created_at or (record.finished_at if record else None)
    return {
        "voice_id": voice.voice_id,
        "kind": voice.kind,
        "name": voice.name,
        "status": voice.status,
        "created_at": _utc(created),
        "expires_at": _utc(expires),
    }


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _from(record: TrialRecord | None) -> dict[str, Any]:
    if record is None:
        return {"trial": None, "label": None, "prompt": None, "rating": None}
    return {
        "trial": record.trial.id,
        "label": record.trial.variant.label,
        "prompt": record.trial.variant.prompt,
        "rating": record.rating,
    }
