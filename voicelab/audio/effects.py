"""The only place that changes the samples of a local voice after the engine made them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.parameters import Band, VoiceParameters

PEAK_CEILING = 0.98

# Passbands in Hz: the telephone's is that of ITU-T G.712; a muffled voice is one behind a door.
BANDS: dict[Band, tuple[float, float]] = {"telephone": (300, 3400), "muffled": (40, 900)}


def apply(samples: NDArray[np.int16], parameters: VoiceParameters, *, sr: int) -> NDArray[np.int16]:
    """Put the voice behind its band and at its volume; the same samples in, the same out.

    Parameters
    ----------
    samples
        What the engine made. [shape=(n,)]
    sr
        Sampling rate, Hz.
    """
    if parameters.band is None and parameters.volume_db == 0:
        return samples
    y = samples / 32768.0
    if parameters.band is not None:
        y = pass_band(y, BANDS[parameters.band], sr=sr)
    y = amplify(y, parameters.volume_db)
    return np.round(y * 32767).astype(np.int16)


def pass_band(y: NDArray[Any], band: tuple[float, float], *, sr: int) -> NDArray[Any]:
    """Keep one band of frequencies, at the loudness the whole had (root mean square)."""
    from scipy.signal import butter, sosfilt

    sections = butter(4, band, btype="bandpass", fs=sr, output="sos")
    kept: NDArray[Any] = sosfilt(sections, y)
    before, after = float(np.sqrt(np.mean(y**2))), float(np.sqrt(np.mean(kept**2)))
    return amplify(kept, 20 * np.log10(before / after)) if after > 0 else kept


def amplify(y: NDArray[Any], gain_db: float) -> NDArray[Any]:
    """Change the level, by less than asked where the peak would clip."""
    peak = float(np.max(np.abs(y), initial=0.0))
    gain = 10 ** (gain_db / 20)
    return y * (min(gain, PEAK_CEILING / peak) if peak else gain)
