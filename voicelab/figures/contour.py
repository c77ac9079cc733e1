"""The only place that packs what is drawn over a picture: the pitch contour and the pauses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples
from voicelab.measures import pitch, timing
from voicelab.measures.autocorrelation import CEILING_HZ, FLOOR_HZ, RATE, STEP

F0_MIN_HZ, F0_MAX_HZ = float(FLOOR_HZ), float(CEILING_HZ)
"""Ends of the one pitch axis of all pictures: what the tracker can find."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Contour:
    """The pitch of a clip at even steps, and where it pauses."""

    start_s: float
    """Time of the first value."""
    hop_s: float
    """Time from value to value."""
    f0_hz: npt.NDArray[np.float32]
    """F0 in Hz [shape=(n,)]; NaN where there is none, everywhere in a whisper."""
    pauses: tuple[tuple[float, float], ...]
    """Beginning and end of each pause in seconds."""


def contour(y: Samples, *, sr: int) -> Contour:
    """Follow the pitch of a clip and find its pauses, as the measures do.

    Parameters
    ----------
    y
        Samples [shape=(n,)].
    sr
        Sample rate in Hz.
    """
    voice = pitch.track(y, sr=sr)
    f0_hz = voice.f0_hz if pitch.has_pitch(voice) else np.full_like(voice.f0_hz, np.nan)
    return Contour(
        start_s=float(voice.times_s[0]) if len(voice.times_s) else 0.0,
        hop_s=STEP / RATE,
        f0_hz=f0_hz.astype(np.float32),
        pauses=timing.phrasing(y, sr=sr).pauses,
    )
