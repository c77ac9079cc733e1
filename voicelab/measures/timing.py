"""The only place that finds pauses and syllables, and says how fast a voice speaks.

Sources: an energy gate for pauses; N. H. de Jong and T. Wempe (2009), "Praat script to detect
syllable nuclei and measure speech rate automatically", Behavior Research Methods 41, 385-390.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples
from voicelab.measures.pitch import PitchTrack

Floats = npt.NDArray[np.float64]

STEP_S = 0.01
SHORTEST_PAUSE_S = 0.15

_GATE_DB = -35.0
"""How far below the clip's loud frames (95th percentile) sound ends and a pause begins."""
_OVER_NOISE_DB = 6.0
_HIGHEST_GATE_DB = -18.0
_SYLLABLE_DIP_DB = 2.0
_QUIETEST_SYLLABLE_DB = -25.0
_SMOOTHING = np.hanning(7)[1:-1]
"""Over steps of 10 ms: 50 ms in all, chosen with the dip on sentences of known syllables."""
_LOWEST = 1e-15


@dataclass(frozen=True, kw_only=True)
class Phrasing:
    """Where a clip sounds and where it pauses, in seconds."""

    start_s: float
    """Beginning of the first sound."""
    end_s: float
    """End of the last sound; equal to `start_s` where there is none."""
    pauses: tuple[tuple[float, float], ...]
    """Beginning and end of each gap of at least 0.15 s between the first and last sound."""

    @property
    def paused_s(self) -> float:
        """Time spent in pauses."""
        return sum(end - start for start, end in self.pauses)

    @property
    def spoken_s(self) -> float:
        """Time from the first to the last sound without the pauses."""
        return self.end_s - self.start_s - self.paused_s


def phrasing(y: Samples, *, sr: int) -> Phrasing:
    """Find pauses by an energy gate, 35 dB below the loud frames or just above the noise floor.

    Parameters
    ----------
    y
        Samples [shape=(n,)].
    sr
        Sample rate in Hz.
    """
    level = _level_db(_step_power(y, sr))
    sounds = np.flatnonzero(level > _gate_db(level)) if len(level) else np.zeros(0, int)
    if not len(sounds):
        return Phrasing(start_s=0.0, end_s=0.0, pauses=())
    gaps = np.flatnonzero(np.diff(sounds) > round(SHORTEST_PAUSE_S / STEP_S))
    return Phrasing(
        start_s=float(sounds[0] * STEP_S),
        end_s=min(float((sounds[-1] + 1) * STEP_S), len(y) / sr),
        pauses=tuple(
            (float((sounds[gap] + 1) * STEP_S), float(sounds[gap + 1] * STEP_S)) for gap in gaps
        ),
    )


def syllables_s(y: Samples, *, sr: int, voice: PitchTrack) -> Floats:
    """Return the middles of syllables in seconds [shape=(n,)]: voiced peaks of intensity.

    A peak counts when it stands 2 dB above the dips around it, is at most 25 dB below the loud
    peaks, and the voice has a pitch there.
    """
    level = _level_db(np.convolve(_step_power(y, sr), _SMOOTHING, "same"))
    if not len(voice.times_s) or not len(level):
        return np.zeros(0)
    from scipy.signal import find_peaks

    lowest = np.percentile(level, 99) + _QUIETEST_SYLLABLE_DB
    peaks, _ = find_peaks(level, height=lowest, prominence=_SYLLABLE_DIP_DB)
    times = (peaks + 0.5) * STEP_S
    nearest = np.rint((times - voice.times_s[0]) / STEP_S).astype(int)
    voiced = voice.strength[np.clip(nearest, 0, len(voice.strength) - 1)] > 0
    found: Floats = times[voiced]
    return found


def pause_share(phrases: Phrasing) -> float:
    """Return the share of time in pauses between the first and last sound; NaN for silence."""
    span = phrases.end_s - phrases.start_s
    return phrases.paused_s / span if span > 0 else np.nan


def per_second(events: Floats | None, seconds: float) -> float:
    """Return events per second; NaN where they could not be found or there is no time."""
    return len(events) / seconds if events is not None and seconds > 0 else np.nan


def _step_power(y: Samples, sr: int) -> Floats:
    """Return the mean square of every 10 ms [shape=(steps,)]."""
    edges = np.rint(np.arange(0, len(y) / sr, STEP_S) * sr).astype(int)
    edges = edges[edges < len(y)]
    if not len(edges):
        return np.zeros(0)
    sums = np.add.reduceat(np.square(y, dtype=np.float64), edges)
    power: Floats = sums / np.diff(edges, append=len(y))
    return power


def _level_db(power: Floats) -> Floats:
    """Return levels in dB re the loudest, not below -150 [same shape]; nothing for silence."""
    loudest = power.max(initial=0.0)
    if not loudest > 0:
        return np.zeros(0)
    level: Floats = 10 * np.log10(np.maximum(power / loudest, _LOWEST))
    return level


def _gate_db(level: Floats) -> float:
    floor, loud = np.percentile(level, (5, 95))
    return float(min(max(loud + _GATE_DB, floor + _OVER_NOISE_DB), loud + _HIGHEST_GATE_DB))
