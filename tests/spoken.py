"""Sentences of the built-in engine, whose word times are known."""

import dataclasses
import functools
import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from shown import record_of

from voicelab.audio import espeak
from voicelab.audio.clip import Clip, decode, resample
from voicelab.audio.description import read_description
from voicelab.model import TrialRecord
from voicelab.tables.comparison import Comparison

TEXTS = {
    "en": "On a stormy night, the ancient bell tower struck twelve, and nobody slept.",
    "zh": "暴风雨的夜晚，古老的钟楼敲响了十二下，村里没有人睡着。",
    "es": "En una noche de tormenta, la antigua torre dio las doce y nadie dormía.",
}
VOICES = (
    ("A deep, magnetic male narrator in his fifties, with a little gravel", 0.7),
    ("A bright young woman, friendly", 1.4),
    ("An elderly woman, soft and warm, breathy", 0.85),
    ("A lively child of eight, excited", 1.2),
    ("A young woman, whispering", 1.0),
)
"""Descriptions, and the rates they speak at against the normal one."""
PLAIN_WPM = 165


@functools.cache
def spoken(prompt: str, rate: float, *, language: str = "en", text: str = "") -> espeak.Speech:
    """Return a sentence as the engine says it."""
    text = text or TEXTS[language]
    read = read_description(prompt, preview_text=text, language=language)
    parameters = dataclasses.replace(read.parameters, rate_wpm=round(PLAIN_WPM * rate))
    return espeak.speak(text, parameters)


def sentences(language: str) -> list[espeak.Speech]:
    """Return one sentence as all voices say it, each at its own rate."""
    return [spoken(prompt, rate, language=language) for prompt, rate in VOICES]


def sound(speech: espeak.Speech, *, sr: int = 16_000) -> np.ndarray:
    """Return its samples at a rate."""
    clip = decode(speech.wav)
    return resample(clip.y, sr=clip.sr, to=sr)


def onsets(a: espeak.Speech, b: espeak.Speech) -> np.ndarray:
    """Return when the words of both begin in either [shape=(words, 2)]."""
    there = {word.offset: word.start_s for word in b.words}
    both = [(w.start_s, there[w.offset]) for w in a.words if w.offset in there]
    assert len(both) > 0.8 * len(a.words)
    return np.array(both)


def pairs(language: str) -> list[tuple[espeak.Speech, espeak.Speech]]:
    """Return every voice with every other, either way round."""
    return list(itertools.permutations(sentences(language), 2))


def told(index: int, speech: espeak.Speech, **changes: Any) -> TrialRecord:
    """Return a trial of the local engine as it is stored, with its word times."""
    words = [dataclasses.asdict(word) for word in speech.words]
    fields = {"provider": "local", "language": "en", "preview_text": TEXTS["en"]}
    return record_of(index, **{**fields, "evidence": {"words": words}, **changes})


def compared(trials: Sequence[tuple[TrialRecord, bytes]]) -> Comparison:
    """Return a comparison of trials with the sound of each, measured for its length only."""
    sounds = {hashlib.sha256(data).hexdigest(): data for _, data in trials}
    clips: dict[str, Clip] = {digest: decode(data) for digest, data in sounds.items()}
    return Comparison(
        "Narrators",
        [
            dataclasses.replace(record, clip_hash=hashlib.sha256(data).hexdigest())
            for record, data in trials
        ],
        audio_of=sounds.__getitem__,
        pcm_rate_of=lambda _: None,
        numbers={digest: {"duration_s": clip.duration_s} for digest, clip in clips.items()},
    )
