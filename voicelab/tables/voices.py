"""The DataFrame of the voices that vendors keep, joined to the trials that made them."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voicelab.model import TrialRecord
from voicelab.providers.base import Shelf, ShelvedVoice

if TYPE_CHECKING:
    import pandas as pd

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
    emulated: Collection[str],
) -> "pd.DataFrame":
    """Return one row a voice that is the user's own; `notes` by provider are in `.attrs`.

    `emulated` names the providers that are emulators.
    """
    import pandas as pd

    made = {(r.trial.provider, r.voice_id): r for r in records if r.trial.variant.voice_id is None}
    rows = [
        _row(name, shelf, voice, made.get((name, voice.voice_id))) | {"emulated": name in emulated}
        for name, shelf in shelves.items()
        for voice in shelf.voices
        if voice.kind != "system"
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rating": "Int64"})
    table.attrs["notes"] = dict(notes)
    return table


def _row(
    name: str, shelf: Shelf, voice: ShelvedVoice, record: TrialRecord | None
) -> dict[str, Any]:
    own = [v for v in shelf.voices if v.kind != "system"]
    return {
        "provider": name,
        "voice_id": voice.voice_id,
        "kind": voice.kind,
        "name": voice.name,
        "status": voice.status,
        "created_at": voice.created_at.isoformat() if voice.created_at else None,
        "expires_at": voice.expires_at.isoformat() if voice.expires_at else None,
        "slots_used": len(own),
        "slots": shelf.slots,
        "trial": record.trial.id if record else None,
        "label": record.trial.variant.label if record else None,
        "prompt": record.trial.variant.prompt if record else None,
        "rating": record.rating if record else None,
    }
