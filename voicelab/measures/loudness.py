"""The only place that says how loud a clip is, and how high its peaks go.

Sources: ITU-R BS.1770-4, annex 1 (integrated loudness) and annex 2 (true peak); B. De Man (2018),
"Evaluation of implementations of the EBU R128 loudness measurement", AES Convention 145, e-Brief
487, for the analogue form of the K-weighting filters, so that any sample rate can be measured.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples

BLOCK_S, HOP_S = 0.4, 0.1
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_OFFSET_LUFS = -0.691

_OVERSAMPLING = np.array(
    [
        [0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000],
        [-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750],
        [0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500],
        [-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250],
        [-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125],
        [0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375],
    ],
    dtype=np.float32,
).reshape(2, 12)
"""Phases 0 and 1 of the fourfold interpolator of annex 2; 3 and 2 are their mirror images."""


def integrated_lufs(y: Samples, *, sr: int) -> float:
    """Return the gated loudness in LUFS; NaN below 0.4 s or where all is under -70 LUFS.

    Parameters
    ----------
    y
        Samples of one channel [shape=(n,)]; a full-scale sine of 997 Hz reads -3.01 LUFS.
    sr
        Sample rate in Hz.
    """
    power = _block_power(y, sr)
    power = power[power > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(power):
        return np.nan
    power = power[power > _power(_lufs(power.mean()) + _RELATIVE_GATE_LU)]
    return _lufs(power.mean())


def true_peak_dbtp(y: Samples) -> float:
    """Return the highest peak between the samples in dB re full scale; NaN for silence.

    The fourfold interpolator of annex 2, and never less than the highest sample.
    """
    phases = (*_OVERSAMPLING, *_OVERSAMPLING[:, ::-1])
    peaks = (np.abs(np.convolve(y, phase)).max() for phase in phases if len(y))
    peak = max((float(np.abs(y).max(initial=0)), *map(float, peaks)))
    return float(20 * np.log10(peak)) if peak > 0 else np.nan


def _block_power(y: Samples, sr: int) -> npt.NDArray[np.float64]:
    """Return the K-weighted mean square of each 0.4 s, every 0.1 s [shape=(blocks,)]."""
    block = round(BLOCK_S * sr)
    if len(y) < block:
        return np.zeros(0)
    from scipy.signal import sosfilt

    square = sosfilt(_k_weighting(sr), y.astype(np.float64)) ** 2
    sums = np.concatenate([[0.0], np.cumsum(square)])
    starts = np.round(np.arange(0, (len(y) - block) / sr + 1e-9, HOP_S) * sr).astype(int)
    power: npt.NDArray[np.float64] = (sums[starts + block] - sums[starts]) / block
    return power


@lru_cache(maxsize=16)
def _k_weighting(sr: int) -> npt.NDArray[np.float64]:
    """Return the high shelf and the high pass of annex 1 at a rate [shape=(2, 6)]."""
    return np.stack([_high_shelf(sr), _high_pass(sr)])


def _high_shelf(sr: int) -> npt.NDArray[np.float64]:
    q, gain = 0.7071752369554193, 10 ** (3.99984385397 / 20)
    k = np.tan(np.pi * 1681.9744509555319 / sr)
    middle = gain**0.499666774155
    numerator = gain + middle * k / q + k**2, 2 * (k**2 - gain), gain - middle * k / q + k**2
    return np.array([*numerator, *_denominator(k, q)]) / _denominator(k, q)[0]


def _high_pass(sr: int) -> npt.NDArray[np.float64]:
    q, k = 0.5003270373253953, np.tan(np.pi * 38.13547087613982 / sr)
    return np.concatenate([[1.0, -2.0, 1.0], np.array(_denominator(k, q)) / _denominator(k, q)[0]])


def _denominator(k: float, q: float) -> tuple[float, float, float]:
    return 1 + k / q + k**2, 2 * (k**2 - 1), 1 - k / q + k**2


def _lufs(power: float) -> float:
    return float(_OFFSET_LUFS + 10 * np.log10(power))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))
