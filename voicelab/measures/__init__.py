"""The list of everything voicelab measures in a clip: one entry of `MEASURES` is one column."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicelab.measures import loudness, pitch, quality_checks, spectrum, timing
from voicelab.measures.sound import Sound

__all__ = ["MEASURES", "VERSION", "Measure", "measure"]

VERSION = 1
"""Raised whenever a value of any measure changes, so that kept measurements are made anew."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number about a clip, and how to show it."""

    of: Callable[[Sound], float]
    """Computes it; NaN where it is not meaningful for the sound."""
    unit: str
    """Empty for shares and counts."""
    title: str
    """A few words for a table's head."""
    decimals: int
    """Digits after the point worth showing."""
    doc: str
    """What it is, and by which source."""
    better: str = ""
    """`high`, `low` or `zero` where that is the better sound whatever was asked for; else empty."""


def measure(y: npt.ArrayLike, *, sr: int) -> dict[str, float]:
    """Measure a clip: a value for each name in `MEASURES`, NaN where it is not meaningful.

    Parameters
    ----------
    y
        Samples of one channel [shape=(n,)], nominally -1 to 1.
    sr
        Sample rate in Hz.
    """
    sound = Sound(y=np.asarray(y, dtype=np.float32), sr=sr)
    return {name: float(entry.of(sound)) for name, entry in MEASURES.items()}


MEASURES: dict[str, Measure] = {
    "duration_s": Measure(
        of=lambda sound: sound.duration_s,
        unit="s",
        title="duration",
        decimals=2,
        doc="Length of the whole clip with the silence around it.",
    ),
    "speech_rate_syl_s": Measure(
        of=lambda sound: timing.per_second(sound.syllables_s, sound.duration_s),
        unit="syl/s",
        title="speech rate",
        decimals=1,
        doc="Syllables found per second of the whole clip (de Jong and Wempe 2009).",
    ),
    "articulation_rate_syl_s": Measure(
        of=lambda sound: timing.per_second(sound.syllables_s, sound.phrasing.spoken_s),
        unit="syl/s",
        title="articulation rate",
        decimals=1,
        doc="Syllables found per second of speech without pauses (de Jong and Wempe 2009).",
    ),
    "pause_count": Measure(
        of=lambda sound: len(sound.phrasing.pauses),
        unit="",
        title="pauses",
        decimals=0,
        doc="Gaps of at least 0.15 s between the first and the last sound, by an energy gate.",
    ),
    "pause_share": Measure(
        of=lambda sound: timing.pause_share(sound.phrasing),
        unit="",
        title="paused",
        decimals=2,
        doc="Share of the time between the first and the last sound spent in pauses.",
    ),
    "f0_median_hz": Measure(
        of=lambda sound: pitch.median_hz(sound.voice),
        unit="Hz",
        title="pitch",
        decimals=0,
        doc="Median fundamental frequency of voiced frames (Boersma 1993, as in Praat).",
    ),
    "f0_median_st": Measure(
        of=lambda sound: pitch.median_st(sound.voice),
        unit="st",
        title="pitch re 100 Hz",
        decimals=1,
        doc="Median fundamental frequency in semitones above 100 Hz (Boersma 1993, as in Praat).",
    ),
    "f0_range_st": Measure(
        of=lambda sound: pitch.range_st(sound.voice),
        unit="st",
        title="pitch range",
        decimals=1,
        doc="Semitones from the 5th to the 95th percentile of the fundamental frequency.",
    ),
    "voiced_share": Measure(
        of=lambda sound: pitch.voiced_share(sound.voice),
        unit="",
        title="voiced",
        decimals=2,
        doc="Share of the sounding time in which the voice has a pitch; near 0 for a whisper.",
    ),
    "hnr_db": Measure(
        of=lambda sound: pitch.hnr_db(sound.voice),
        unit="dB",
        title="HNR",
        decimals=1,
        better="high",
        doc="Mean harmonics-to-noise ratio of voiced frames: low is breathy or rough "
        "(Boersma 1993).",
    ),
    "loudness_lufs": Measure(
        of=lambda sound: loudness.integrated_lufs(sound.y, sr=sound.sr),
        unit="LUFS",
        title="loudness",
        decimals=1,
        doc="Integrated loudness, gated, of the mono signal (ITU-R BS.1770-4).",
    ),
    "true_peak_dbtp": Measure(
        of=lambda sound: loudness.true_peak_dbtp(sound.y),
        unit="dBTP",
        title="true peak",
        decimals=1,
        doc="Highest peak between the samples, re full scale (ITU-R BS.1770-4, annex 2).",
    ),
    "clipped_share": Measure(
        of=lambda sound: quality_checks.clipped_share(sound.y),
        unit="",
        title="clipped",
        decimals=4,
        better="low",
        doc="Share of samples at or beyond full scale (99.9 %).",
    ),
    "dc_offset": Measure(
        of=lambda sound: quality_checks.dc_offset(sound.y),
        unit="",
        title="DC offset",
        decimals=4,
        better="zero",
        doc="Mean of the samples as a share of full scale; a faultless clip has none.",
    ),
    "centroid_hz": Measure(
        of=lambda sound: spectrum.centroid_hz(*sound.mean_magnitude),
        unit="Hz",
        title="brightness",
        decimals=0,
        doc="Centroid of the clip's mean magnitude spectrum from 50 Hz to 8 kHz, as librosa "
        "weights it; dark voices are low, bright ones high.",
    ),
    "bandwidth_hz": Measure(
        of=lambda sound: spectrum.bandwidth_hz(*sound.mean_magnitude),
        unit="Hz",
        title="bandwidth",
        decimals=0,
        doc="Standard deviation of frequency about the centroid in the same spectrum.",
    ),
}
