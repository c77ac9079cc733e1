"""The only place that makes a cloned voice resemble the recording it was cloned from."""

import asyncio
import hashlib

import numpy as np

from voicelab.audio import languages
from voicelab.audio.clip import Samples, decode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.houses import within
from voicelab.emulators.speech import spoken
from voicelab.measures import pitch, timing
from voicelab.measures.sound import Sound

HEARD_S = 15.0
"""How much of a recording is listened to; more of it tells nothing new about the voice."""
USUAL_SYLLABLES_S = 4.4
"""Measured on the engine at its usual rate, 165 words a minute."""
PACE_EXPONENT = 1.25
"""Fitted on the engine from 100 to 360 words a minute: it also shortens its pauses."""
F0_OF_TRACT = ((85.0, 112.0, 200.0, 280.0), (97.0, 100.0, 115.0, 130.0))
"""Median F0 in Hz of a deep man, a man, a woman and a child, and their formants in percent."""


async def say_like(
    audio: bytes, text: str, *, key: str, sr: int, speed: float = 1.0, semitones: float = 0.0
) -> Samples:
    """Speak `text` in a voice with the pitch, pitch range and pace of a recording.

    Parameters
    ----------
    audio
        The recording, in any format `clip.decode` reads.
    key
        What makes the voice its own: the vendor and the voice id.
    sr
        Wanted rate in Hz.
    speed
        Times the recording's own pace.
    semitones
        Above the recording's own pitch.

    Returns
    -------
    Samples [shape=(n,)]

    Raises
    ------
    Unreadable
        When the recording cannot be decoded.
    UsageError
        When the engine cannot say the text.
    """
    return await asyncio.to_thread(
        said_like, audio, text, key=key, sr=sr, speed=speed, semitones=semitones
    )


def said_like(
    audio: bytes, text: str, *, key: str, sr: int, speed: float = 1.0, semitones: float = 0.0
) -> Samples:
    """Do what `say_like` does, blocking [shape=(n,)]."""
    voice = resemble(_heard(audio), text=text, key=key)
    return spoken(text, voice, sr=sr, speed=speed, semitones=semitones)


def resemble(sound: Sound, *, text: str, key: str) -> VoiceParameters:
    """Return the voice of the local engine that comes nearest to a recording."""
    voice = languages.choose(text, None).voice
    digest = hashlib.sha256(key.encode()).digest()
    seed = int.from_bytes(digest[:4]) >> 1
    if not pitch.has_pitch(sound.voice):
        return VoiceParameters(voice=voice, whispered=True, seed=seed)
    f0_hz = pitch.median_hz(sound.voice)
    tract = float(np.interp(f0_hz, *F0_OF_TRACT)) + 4 * digest[4] / 255 - 2
    return VoiceParameters(
        voice=voice,
        f0_hz=within("f0_hz", f0_hz),
        range_st=within("range_st", pitch.range_st(sound.voice)),
        tract_percent=within("tract_percent", tract),
        rate_wpm=round(within("rate_wpm", _rate_wpm(sound))),
        seed=seed,
    )


def _heard(audio: bytes) -> Sound:
    clip = decode(audio)
    return Sound(y=clip.y[: round(HEARD_S * clip.sr)], sr=clip.sr)


def _rate_wpm(sound: Sound) -> float:
    pace = timing.per_second(sound.syllables_s, sound.phrasing.spoken_s)
    return float(VoiceParameters.rate_wpm * np.power(pace / USUAL_SYLLABLES_S, PACE_EXPONENT))
