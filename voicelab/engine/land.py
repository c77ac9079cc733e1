"""A voice that came, made safe: its audio on disk, its row done, its numbers measured."""

import asyncio
import functools
import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TypeVar

from voicelab.audio.clip import SUFFIXES, Clip, decode
from voicelab.errors import TrialError, Unreadable
from voicelab.measures import VERSION, measure
from voicelab.model import TrialRecord, TrialState, Voice
from voicelab.store.clips import ClipRow
from voicelab.store.numbers import NumbersTable
from voicelab.store.records import to_json
from voicelab.store.store import Store

Done = TypeVar("Done")


async def land(store: Store, trial_id: str, voice: Voice, latency_s: float) -> TrialRecord:
    """Keep `voice` as the end of a trial.

    Raises
    ------
    Unreadable
        When the trial audio cannot be decoded; the vendor's reply is kept all the same.
    """
    clip = await _aside(_decoded, store, trial_id, voice)
    row = await asyncio.to_thread(_add_clip, store, voice, clip)
    expires = voice.expires_at or (voice.kept_for and datetime.now(UTC) + voice.kept_for)
    record = store.move(
        trial_id,
        TrialState.DONE,
        voice_id=voice.voice_id,
        clip_hash=row.hash,
        latency_s=latency_s,
        evidence=to_json(voice.evidence),
        expires_at=expires.astimezone(UTC).isoformat() if expires else None,
    )
    await _aside(measured, store, row.hash, clip)
    return record


async def get_ready() -> None:
    """Measure a moment of noise, so that what measuring loads holds up no request later."""
    await _aside(_first_measuring)


def _first_measuring() -> None:
    import numpy as np

    measure(np.random.default_rng(0).normal(0, 0.1, 8000), sr=16000)


async def _aside(work: Callable[..., Done], *given: object) -> Done:
    """Do heavy work off the loop, one piece at a time: many at once would hold the loop up."""
    return await asyncio.get_running_loop().run_in_executor(_bench(), work, *given)


@functools.cache
def _bench() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="voicelab-measuring")


def _decoded(store: Store, trial_id: str, voice: Voice) -> Clip:
    try:
        return decode(voice.audio, pcm_rate=voice.pcm_rate)
    except Unreadable as error:
        who = store.record(trial_id).trial.provider
        raise Unreadable(f"{who} sent trial audio that cannot be read: {error}") from None


def measured(store: Store, digest: str, clip: Clip) -> dict[str, float | None]:
    """Measure a clip and keep the numbers; what has no meaning for it is nothing."""
    numbers = {
        name: float(value) if math.isfinite(value) else None
        for name, value in measure(clip.y, sr=clip.sr).items()
    }
    store.clips.save_numbers(digest, VERSION, numbers)
    return numbers


def measured_all(store: Store, clips: Iterable[str | None]) -> NumbersTable:
    """Return the measured numbers of these clips by their hash, measuring what was not yet."""
    wanted = dict.fromkeys(digest for digest in clips if digest is not None)
    known = store.clips.numbers(VERSION, wanted)
    missing = [digest for digest in wanted if digest not in known]
    if not missing:
        return known
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(lambda digest: _measured_anew(store, digest), missing))
    return store.clips.numbers(VERSION, wanted)


def _measured_anew(store: Store, digest: str) -> None:
    try:
        clip = decode(store.clips.audio(digest), pcm_rate=store.clips.row(digest).pcm_rate)
    except TrialError:
        return  # the comparison says on the row what is wrong with the file
    measured(store, digest, clip)


def _add_clip(store: Store, voice: Voice, clip: Clip) -> ClipRow:
    return store.clips.add(
        voice.audio,
        suffix=SUFFIXES[clip.format],
        format=clip.format,
        pcm_rate=voice.pcm_rate,
        sr=clip.sr,
        channels=clip.channels,
        duration_s=clip.duration_s,
        notes=clip.notes,
    )
