"""The only place that says in words what a picture of a clip shows."""

import math
from collections.abc import Mapping

from voicelab.audio.clip import Clip
from voicelab.measures import timing

_PITCHES = ((85, "very low"), (130, "low"), (180, "middle"), (250, "high"), (math.inf, "very high"))
"""Upper ends in Hz; speaking men are near 110 Hz and women near 200 Hz."""


def describe(clip: Clip, measures: Mapping[str, float]) -> str:
    """Describe a clip in one to three plain sentences.

    Parameters
    ----------
    clip
        The sound.
    measures
        What `voicelab.measures.measure` found in it.
    """
    phrasing = timing.phrasing(clip.y, sr=clip.sr)
    if phrasing.spoken_s <= 0:
        return f"{clip.duration_s:.1f} s of silence."
    return " ".join(
        (
            f"{clip.duration_s:.1f} s of sound, {_pauses(phrasing.pauses)}.",
            _melody(measures),
            _colour(measures),
        )
    )


def _pauses(pauses: tuple[tuple[float, float], ...]) -> str:
    if not pauses:
        return "without a pause"
    start_s, end_s = max(pauses, key=lambda pause: pause[1] - pause[0])
    longest = f"{end_s - start_s:.1f} s at {start_s:.1f} s"
    return (
        f"one pause of {longest}"
        if len(pauses) == 1
        else (f"{len(pauses)} pauses, the longest of {longest}")
    )


def _melody(measures: Mapping[str, float]) -> str:
    f0_hz = measures["f0_median_hz"]
    if math.isnan(f0_hz):
        return "No pitch, as in a whisper."
    name = next(name for end_hz, name in _PITCHES if f0_hz < end_hz)
    return (
        f"Median pitch {f0_hz:.0f} Hz ({name}), range {measures['f0_range_st']:.1f} semitones; "
        f"{measures['speech_rate_syl_s']:.1f} syllables a second."
    )


def _colour(measures: Mapping[str, float]) -> str:
    loudness = measures["loudness_lufs"]
    parts = [
        "too short or quiet for a loudness" if math.isnan(loudness) else f"{loudness:.1f} LUFS",
        f"brightness {measures['centroid_hz']:,.0f} Hz",
    ]
    if measures["clipped_share"] > 0:
        parts.append(f"{measures['clipped_share']:.2%} of samples clipped")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."
