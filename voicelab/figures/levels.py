"""The only place that turns spectra into the levels that pictures show.

Levels are in dB re a full-scale sine (of a mel band: before the filter's area normalisation), in
frames of one length in seconds, so that clips of different sample rates share one scale.
"""

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Clip
from voicelab.measures import spectrum

Floats = npt.NDArray[np.float32]

WINDOW_S = 0.04
F_MAX_HZ = 8000.0
TOP_DB = 80.0

_HOP_S = 0.01
_MOST_FRAMES = 3000
_N_MELS = 96
_LOWEST_POWER = 1e-20


def frame_length(sr: int) -> int:
    """Return the samples in an analysis frame at a rate."""
    return round(WINDOW_S * sr)


def hop_length(clip: Clip) -> int:
    """Return the samples between frames: 10 ms, or more where a clip would have over 3,000."""
    return max(round(_HOP_S * clip.sr), len(clip.y) // _MOST_FRAMES, 1)


def mel(clip: Clip, *, f_max_hz: float) -> Floats:
    """Return the mel spectrogram in dB [shape=(96, frames)], lowest frequency first."""
    n_fft = frame_length(clip.sr)
    power = spectrum.mel(
        clip.y,
        sr=clip.sr,
        n_fft=n_fft,
        hop_length=hop_length(clip),
        n_mels=_N_MELS,
        f_max_hz=f_max_hz,
    )
    return decibels(power, n_fft=n_fft)


def linear(clip: Clip) -> Floats:
    """Return the spectrogram in dB [shape=(1 + frame // 2, frames)], lowest frequency first."""
    n_fft, hop = frame_length(clip.sr), hop_length(clip)
    starts = np.arange(1 + len(clip.y) // hop) * hop - n_fft // 2
    return decibels(spectrum.power(clip.y, starts, n_fft=n_fft).T, n_fft=n_fft)


def decibels(power: Floats, *, n_fft: int) -> Floats:
    """Convert power of Hann-windowed frames to dB re a full-scale sine [same shape]."""
    full_scale = (n_fft / 4) ** 2
    level: Floats = 10 * np.log10(np.maximum(power / full_scale, _LOWEST_POWER))
    return level.astype(np.float32)
