"""The only place that speaks for an emulated vendor, in a voice that fits a prompt."""

import asyncio
import hashlib
from dataclasses import replace

from voicelab.audio import espeak
from voicelab.audio.clip import Caps, Samples, decode, resample
from voicelab.audio.description import read_description
from voicelab.audio.parameters import LIMITS, VoiceParameters
from voicelab.errors import UsageError

LONG = Caps(max_bytes=2**28, max_duration_s=3600.0)
"""Vendors take texts that are read for longer than any trial audio."""


def can_say(text: str) -> bool:
    """Tell whether the engine behind the emulators reads the script of `text`."""
    try:
        espeak.check(text, read_description("", preview_text=text).parameters)
    except UsageError:
        return False
    return True


async def say(
    prompt: str, text: str, *, key: str, sr: int, speed: float = 1.0, semitones: float = 0.0
) -> Samples:
    """Speak `text` in a voice that fits `prompt`; another `key` gives another such voice.

    Parameters
    ----------
    key
        What makes the voice its own: the vendor and the voice id.
    sr
        Wanted rate in Hz.
    speed
        Times the voice's own pace.
    semitones
        Above the voice's own pitch.

    Returns
    -------
    Samples [shape=(n,)]
    """
    return await asyncio.to_thread(_say, prompt, text, key, sr, speed, semitones)


def _say(prompt: str, text: str, key: str, sr: int, speed: float, semitones: float) -> Samples:
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
    own = read_description(prompt, preview_text=text, take=1 + seed % 4, seed=seed).parameters
    return spoken(text, own, sr=sr, speed=speed, semitones=semitones)


def spoken(
    text: str, voice: VoiceParameters, *, sr: int, speed: float = 1.0, semitones: float = 0.0
) -> Samples:
    """Speak `text` with a voice, at another pace and pitch where asked [shape=(n,)]; blocking."""
    changed = replace(
        voice,
        f0_hz=within("f0_hz", voice.f0_hz * 2 ** (semitones / 12)),
        rate_wpm=round(within("rate_wpm", voice.rate_wpm * speed)),
    )
    clip = decode(espeak.speak(text, changed, timeout_s=60.0).wav, caps=LONG)
    return resample(clip.y, sr=clip.sr, to=sr)


def within(name: str, value: float) -> float:
    """Keep a voice parameter within what the engine can do."""
    low, high = LIMITS[name]
    return round(min(high, max(low, value)), 2)
