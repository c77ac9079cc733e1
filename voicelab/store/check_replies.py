"""Finished trials held against the replies that were kept of them: a reply has a checksum."""

import hashlib
from collections.abc import Iterator
from typing import Any

from voicelab.errors import VoiceLabError
from voicelab.model import Voice
from voicelab.store.finding import Finding, Reread
from voicelab.store.store import Store

_ANSWERED = """
    SELECT id, provider, voice_id, clip_hash FROM trials t WHERE state = 'done' AND EXISTS (
        SELECT 1 FROM attempts a JOIN exchanges e ON e.attempt_id = a.id
        WHERE a.trial_id = t.id AND a.resend = t.resends AND a.state = 'answered')
"""


def reply_findings(store: Store, reread: Reread) -> Iterator[Finding]:
    """Yield every finished trial whose voice, or whose audio, is not the one in its kept reply.

    Parameters
    ----------
    reread
        Gives the voice of a trial once more from what is kept.
    """
    unread: dict[str, list[str]] = {}
    for row in store.database.rows(_ANSWERED):
        try:
            voice = reread(row["id"])
        except VoiceLabError as error:
            unread.setdefault(f"{row['provider']}: {error}", []).append(row["id"])
        else:
            yield from _contradictions(store, row, voice)
    for why, ids in unread.items():
        yield Finding(
            what="reply not compared",
            where=f"trial {ids[0]}" + (f" and {len(ids) - 1} more" if ids[1:] else ""),
            sentence=f"what it came to cannot be read again from its kept reply ({why})",
            harmless=True,
        )


def _contradictions(store: Store, row: Any, voice: Voice) -> Iterator[Finding]:
    digest, where = hashlib.sha256(voice.audio).hexdigest(), f"trial {row['id']}"
    if row["voice_id"] != voice.voice_id:
        yield Finding(
            what="row contradicts reply",
            where=where,
            sentence=f"its voice is {row['voice_id']!r:.80} and the kept reply has "
            f"{voice.voice_id!r:.80}.",
            mend=lambda: _written(store, row["id"], voice_id=voice.voice_id),
        )
    if row["clip_hash"] != digest:
        known = store.database.row("SELECT 1 FROM clips WHERE hash = ?", (digest,))
        yield Finding(
            what="row contradicts reply",
            where=where,
            sentence="its trial audio is not the one in the kept reply.",
            mend=None if known is None else lambda: _written(store, row["id"], clip_hash=digest),
        )


def _written(store: Store, trial_id: str, **fields: str) -> str:
    store.update(trial_id, **fields)
    return "the row says what the reply says."
