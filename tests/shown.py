"""Comparisons of real sound to show in a browser: what the front-end tests look at."""

import functools
import hashlib
import io
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from voicelab.measures import MEASURES
from voicelab.model import PromptVariant, Trial, TrialRecord, TrialState, trial_id
from voicelab.tables.comparison import Comparison

LABELS = ("deep narrator", "bright guide", "elderly storyteller", "calm anchor", "lively child")
PROMPTS = (
    "A deep, magnetic male narrator in his fifties, unhurried, with a little gravel.",
    "A bright young woman, fast and friendly, as in a museum guide.",
    "An elderly storyteller, soft and warm, with long pauses.",
    "一位沉稳的中年女主播，语速适中，吐字清晰。",
    "A lively child of eight, excited, high and quick.",
)


@functools.cache
def voice(seed: int, *, sr: int = 16000) -> bytes:
    """Return a WAV of syllables with a gliding pitch: a known signal that looks like speech."""
    rng = np.random.default_rng(seed)
    duration = 1.6 + 1.8 * rng.random()
    t = np.arange(int(duration * sr)) / sr
    f0 = (90 + 40 * (seed % 5)) * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * t + seed))
    phase = 2 * np.pi * np.cumsum(f0) / sr
    tone = sum(np.sin(k * phase) / k**1.2 for k in range(1, 18))
    syllables = np.clip(np.sin(2 * np.pi * (2 + seed % 3) * t), 0, None) ** 0.7
    y = (0.08 + 0.05 * (seed % 4)) * syllables * tone + 0.002 * rng.standard_normal(t.size)
    return wav(y, sr=sr)


def wav(y: np.ndarray, *, sr: int) -> bytes:
    """Return samples as a 16-bit mono WAV."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sr)
        file.writeframes((np.clip(y, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def record_of(index: int, **changes: Any) -> TrialRecord:
    """Return a trial that is done; `changes` are fields of the record or of its variant."""
    fields = PromptVariant.__dataclass_fields__
    variant = PromptVariant(
        label=f"{LABELS[index % 5]} {index // 5 + 1}",
        prompt=PROMPTS[index % 5],
        preview_text="On a stormy night, the ancient bell tower struck twelve.",
        variables={"age": ("fifty", "twenty", "seventy", "forty", "eight")[index % 5]},
    )
    variant = replace(variant, **{k: changes.pop(k) for k in list(changes) if k in fields})
    provider = changes.pop("provider", "minimax" if index % 3 == 1 else "local")
    name = trial_id("b1", f"{variant.label}{index}", provider, 1)
    trial = Trial(id=name, batch_id="b1", index=index, variant=variant, provider=provider, take=1)
    record = TrialRecord(
        trial=trial,
        experiment="narrators",
        state=TrialState.DONE,
        emulated=provider == "minimax",
        created_at=datetime(2025, 3, 1, tzinfo=UTC),
        latency_s=1.25,
        voice_id=f"voice-{index}",
        evidence={"matched": ["deep", "calm"], "ignored": ["magnetic"]},
    )
    return replace(record, **changes)


def comparison_of(
    trials: int | Sequence[TrialRecord],
    *,
    title: str = "Narrators",
    sound: Callable[[int], bytes] = lambda place: voice(place % 24),
    numbers: Callable[[int], dict[str, float | None]] = lambda place: numbers_of(place),
) -> Comparison:
    """Return a comparison of so many trials that are done, or of these records."""
    records = [record_of(i) for i in range(trials)] if isinstance(trials, int) else trials
    sounds: dict[str, bytes] = {}
    heard = []
    for place, record in enumerate(records):
        if record.state is TrialState.DONE and record.clip_hash is None:
            data = sound(place)
            record = replace(record, clip_hash=hashlib.sha256(data).hexdigest())
            sounds[record.clip_hash] = data
        heard.append(record)
    return Comparison(
        title,
        heard,
        audio_of=lambda digest: sounds.get(digest, b"this is no sound"),
        pcm_rate_of=lambda _: None,
        numbers={
            digest: {**numbers(place), "duration_s": length_s(data)}
            for place, (digest, data) in enumerate(sounds.items())
        },
    )


def length_s(data: bytes) -> float:
    """Return the length of a WAV."""
    with wave.open(io.BytesIO(data)) as file:
        return file.getnframes() / file.getframerate()


def numbers_of(place: int) -> dict[str, float | None]:
    """Return plausible numbers for every registered measure; the third clip has no loudness."""
    numbers: dict[str, float | None] = {
        name: round(10.0 + 7.3 * ((place * 7) % 11) + 0.1 * i, 3) for i, name in enumerate(MEASURES)
    }
    return numbers | {
        "loudness_lufs": None if place == 2 else -26.0 + (place % 7),
        "true_peak_dbtp": -6.0 + (place % 5),
    }
