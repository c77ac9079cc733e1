"""The only place that follows the pitch of a voice, and says how periodic the voice is.

Source: P. Boersma (1993), IFA Proceedings 17, 97-110: candidates by autocorrelation, then the
cheapest path through them. The costs are Praat's defaults ("Sound: To Pitch (ac)...").
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples, resample
from voicelab.measures.autocorrelation import (
    CEILING_HZ,
    OCTAVE_COST,
    RATE,
    WINDOW,
    Candidates,
    Floats,
    candidates,
)

LEAST_VOICED_SHARE = 0.15
"""Below this (a whisper) trackers disagree by octaves, so there is no pitch to report."""

_SILENCE_THRESHOLD = 0.03
_VOICING_THRESHOLD = 0.45
_OCTAVE_JUMP_COST = 0.35
_VOICING_CHANGE_COST = 0.14


@dataclass(frozen=True, kw_only=True, eq=False)
class PitchTrack:
    """The fundamental frequency (F0) over time, one value every 10 ms; arrays [shape=(n,)]."""

    times_s: npt.NDArray[np.float64]
    """Middles of the frames, in seconds."""
    f0_hz: Floats
    """F0 in Hz; NaN where the voice has none."""
    strength: Floats
    """Share of the power that is periodic, 0 to 1; 0 where the voice has no pitch."""
    sounding: npt.NDArray[np.bool_]
    """Whether the frame reaches 3 % of the loudest sample of the clip (-30 dB)."""


def track(y: Samples, *, sr: int) -> PitchTrack:
    """Follow F0 between 50 and 600 Hz.

    Parameters
    ----------
    y
        Samples [shape=(n,)]; analysed at 16 kHz whatever the rate.
    sr
        Sample rate in Hz.
    """
    signal = resample(np.asarray(y, dtype=np.float32), sr=sr, to=RATE)
    found = candidates(signal - signal.mean() if len(signal) else signal)
    path = _cheapest_path(found)
    voiced = path > 0
    chosen = np.arange(len(path)), path - 1
    return PitchTrack(
        times_s=(found.starts + WINDOW / 2) / RATE,
        f0_hz=np.where(voiced, found.frequency_hz[chosen], np.float32(np.nan)),
        strength=np.where(voiced, found.height[chosen], np.float32(0)),
        sounding=found.level >= _SILENCE_THRESHOLD,
    )


def has_pitch(voice: PitchTrack) -> bool:
    """Say whether enough of the sound is voiced for its pitch to mean something."""
    return voiced_share(voice) >= LEAST_VOICED_SHARE


def median_hz(voice: PitchTrack) -> float:
    """Return the median F0 in Hz over voiced frames (never the mean: F0 in Hz is skewed)."""
    return float(np.median(_voiced(voice))) if has_pitch(voice) else np.nan


def median_st(voice: PitchTrack) -> float:
    """Return the median F0 in semitones above 100 Hz: 12 log2(F0 / 100)."""
    return float(12 * np.log2(median_hz(voice) / 100))


def range_st(voice: PitchTrack) -> float:
    """Return the semitones from the 5th to the 95th percentile of F0 over voiced frames."""
    if not has_pitch(voice):
        return np.nan
    low, high = np.percentile(_voiced(voice), (5, 95))
    return float(12 * np.log2(high / low))


def voiced_share(voice: PitchTrack) -> float:
    """Return the share of sounding frames that have a pitch; NaN where nothing sounds."""
    sounding = np.count_nonzero(voice.sounding)
    voiced = np.count_nonzero(voice.sounding & (voice.strength > 0))
    return voiced / sounding if sounding else np.nan


def hnr_db(voice: PitchTrack) -> float:
    """Return the mean harmonics-to-noise ratio in dB over voiced frames: 10 log10(r / (1 - r))."""
    if not has_pitch(voice):
        return np.nan
    r = np.clip(voice.strength[voice.strength > 0].astype(np.float64), 1e-6, 1 - 1e-6)
    return float(np.mean(10 * np.log10(r / (1 - r))))


def _voiced(voice: PitchTrack) -> Floats:
    return voice.f0_hz[voice.strength > 0]


def _cheapest_path(found: Candidates) -> npt.NDArray[np.int_]:
    """Choose per frame 0 (unvoiced) or 1 + the number of a candidate (Viterbi)."""
    scores, costs = _scores(found), _costs(found)
    came_from = np.zeros(scores.shape, np.int_)
    total = scores[0] if len(scores) else np.zeros(1)
    for frame in range(1, len(scores)):
        ways = total[:, None] - costs[frame - 1]
        came_from[frame] = ways.argmax(axis=0)
        total = ways.max(axis=0) + scores[frame]
    path = np.zeros(len(scores), np.int_)
    state = int(total.argmax())
    for frame in range(len(scores) - 1, -1, -1):
        path[frame] = state
        state = int(came_from[frame, state])
    return path


def _scores(found: Candidates) -> Floats:
    """Say how good each choice is in itself [shape=(n, 1 + k)], unvoiced first."""
    quiet = 2 - found.level * (1 + _VOICING_THRESHOLD) / _SILENCE_THRESHOLD
    unvoiced = _VOICING_THRESHOLD + np.maximum(0, quiet)
    voiced = found.height - OCTAVE_COST * np.log2(CEILING_HZ / found.frequency_hz)
    voiced[found.height == 0] = -np.inf
    scores: Floats = np.concatenate([unvoiced[:, None], voiced], axis=1)
    return scores


def _costs(found: Candidates) -> Floats:
    """Say what each change from frame to frame costs [shape=(n - 1, 1 + k, 1 + k)]."""
    octaves = np.log2(found.frequency_hz)
    frames, kept = octaves.shape
    costs = np.full((max(0, frames - 1), 1 + kept, 1 + kept), _VOICING_CHANGE_COST, np.float32)
    costs[:, 0, 0] = 0
    costs[:, 1:, 1:] = _OCTAVE_JUMP_COST * np.abs(octaves[:-1, :, None] - octaves[1:, None, :])
    return costs
