"""The only place that knows where in its pitch range the engine speaks a given text.

The engine's pitch is linear in the two numbers of a voice's pitch line: at any moment it is
``base + x * width``, where ``x`` comes from the language and the text alone. So ``x`` is measured
once, on a clean voice of known base and width, and holds for every voice that says the text: for
any language, any version of the engine, a question as well as an exclamation.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WINDOW_S = 0.045  # three periods of the lowest pitch looked for
HOP_S = 0.015
SEARCH_HZ = (65.0, 320.0)
VOICED = 0.75
OCTAVE_TOLERANCE = 0.92
FEWEST_FRAMES = 5


@dataclass(frozen=True, kw_only=True)
class Melody:
    """Where a text lies between the base (0) and the top (1) of a voice's pitch range."""

    low: float = 0.35
    """5th percentile."""
    middle: float = 0.75
    """Median."""
    high: float = 1.1
    """95th percentile."""


UNKNOWN = Melody()
"""A usual melody, for a text too short to measure."""


def measure(y: NDArray[Any], *, sr: int, base_hz: float, width_hz: float) -> Melody:
    """Find the melody of a text from a clean voice that says it.

    Parameters
    ----------
    y
        Samples. [shape=(n,)]
    sr
        Sampling rate, Hz.
    base_hz, width_hz
        The base and the width of that voice's pitch range.
    """
    f0 = track(y, sr=sr)
    if len(f0) < FEWEST_FRAMES:
        return UNKNOWN
    low, middle, high = (np.percentile(f0, (5, 50, 95)) - base_hz) / width_hz
    return Melody(low=float(low), middle=float(middle), high=float(high))


def track(y: NDArray[Any], *, sr: int) -> NDArray[Any]:
    """Measure the pitch of a clean voice in its voiced frames, Hz. [shape=(voiced frames,)]

    Autocorrelation of windowed frames, divided by that of the window (Boersma 1993); the first
    peak nearly as high as the highest, so that a long period is not taken for two.
    """
    size, hop = round(WINDOW_S * sr), round(HOP_S * sr)
    if len(y) < size:
        return np.empty(0)
    frames = np.lib.stride_tricks.sliding_window_view(y.astype(np.float64), size)[::hop]
    window = np.hanning(size + 2)[1:-1]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    shortest, longest = round(sr / SEARCH_HZ[1]), round(sr / SEARCH_HZ[0])
    strength = correlate(frames)[:, : longest + 2] / correlate(window[None])[:, : longest + 2]
    strength[:, :shortest] = 0
    peak = (strength[:, 1:-1] > strength[:, :-2]) & (strength[:, 1:-1] >= strength[:, 2:])
    heights = np.where(peak, strength[:, 1:-1], 0)
    best = heights.max(axis=1)
    lags = 1 + np.argmax(heights >= OCTAVE_TOLERANCE * best[:, None], axis=1)
    f0: NDArray[Any] = sr / lags[best > VOICED]
    return f0


def correlate(frames: NDArray[Any]) -> NDArray[Any]:
    """Correlate each frame with itself, scaled to 1 at no lag. [shape=(frames, lags)]"""
    power = np.abs(np.fft.rfft(frames, 2 * frames.shape[1])) ** 2
    raw = np.fft.irfft(power)
    correlation: NDArray[Any] = raw / np.maximum(raw[:, :1], 1e-9)
    return correlation


def pitch_range(melody: Melody, *, f0_hz: float, range_st: float) -> tuple[float, float]:
    """Find the base and the width of the range that gives a text its median pitch and its spread.

    Solves ``base + middle * width = f0`` and ``(base + high * width) / (base + low * width) =
    2 ** (range / 12)``; a flat melody is not stretched beyond an octave and a half.
    """
    ratio = 2 ** (range_st / 12)
    reach = (melody.high - melody.middle) + ratio * (melody.middle - melody.low)
    width = f0_hz * (ratio - 1) / max(reach, 0.05)
    width = min(width, f0_hz, 0.65 * f0_hz / max(melody.middle, 0.1))
    return f0_hz - melody.middle * width, width
