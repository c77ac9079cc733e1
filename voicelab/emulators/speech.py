"""The only place that speaks for an emulated vendor, in a voice that fits a prompt."""

import asyncio
from dataclasses import replace

import numpy as np

from voicelab.audio import espeak
from voicelab.audio.clip import Caps, Samples, decode, resample
from voicelab.audio.description import read_description
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.houses import own_voice, within
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
    return await asyncio.to_thread(
        said, prompt, text, key=key, sr=sr, speed=speed, semitones=semitones
    )


def said(
    prompt: str, text: str, *, key: str, sr: int, speed: float = 1.0, semitones: float = 0.0
) -> Samples:
    """Do what `say` does, blocking [shape=(n,)]."""
    voice = own_voice(prompt, text, key=key)
    return spoken(text, voice, sr=sr, speed=speed, semitones=semitones)


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


def at_volume(y: Samples, volume: float) -> Samples:
    """Return `y` [shape=(n,)] at so many times its amplitude, cut off at full scale."""
    louder: Samples = np.clip(y * np.float32(volume), -1.0, 1.0).astype(np.float32)
    return louder
