"""The only place that lays frequencies along the height of a picture: mel, linear or log."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voicelab.errors import UsageError
from voicelab.measures import spectrum

Floats = npt.NDArray[np.float32]

KINDS = ("mel", "linear", "log")
F_MIN_LOG_HZ = 50.0
"""Where the logarithmic axis begins; the others begin at 0 Hz."""


def band_filters(kind: str, *, sr: int, n_fft: int, rows: int, f_max_hz: float) -> Floats:
    """Return the weights of FFT bins in each row [shape=(rows, 1 + n_fft // 2)], lowest first.

    Parameters
    ----------
    kind
        One of `KINDS`. `mel` is Slaney's filter bank; the rows of the others are weighted means
        of the bins around their middle, and interpolate where a row is narrower than a bin.
    sr
        Sample rate in Hz.
    n_fft
        Samples in a frame.
    rows
        Height of the picture.
    f_max_hz
        Upper end of the axis.

    Raises
    ------
    UsageError
        For another kind.
    """
    if kind not in KINDS:
        raise UsageError(f"there is no {kind!r} spectrogram; choose one of {', '.join(KINDS)}.")
    if kind == "mel":
        return spectrum.mel_filters(sr=sr, n_fft=n_fft, n_mels=rows, f_max_hz=f_max_hz)
    return _means(kind, sr, n_fft, rows, f_max_hz)


def f_min_hz(kind: str) -> float:
    """Return the frequency at the lower edge of a picture."""
    return F_MIN_LOG_HZ if kind == "log" else 0.0


def band_edges_hz(kind: str, *, rows: int, f_max_hz: float) -> npt.NDArray[np.float64]:
    """Return the edges of the rows of a linear or log picture [shape=(rows + 1,)]."""
    if kind == "log":
        return np.geomspace(F_MIN_LOG_HZ, f_max_hz, rows + 1)
    return np.linspace(0, f_max_hz, rows + 1)


@lru_cache(maxsize=32)
def _means(kind: str, sr: int, n_fft: int, rows: int, f_max_hz: float) -> Floats:
    """Return triangles as wide at half height as the row, or as a bin where that is wider."""
    edges = band_edges_hz(kind, rows=rows, f_max_hz=f_max_hz)
    middles = (edges[:-1] + edges[1:]) / 2
    reach = np.maximum(np.diff(edges), sr / n_fft)
    away = np.abs(np.fft.rfftfreq(n_fft, 1 / sr)[None] - middles[:, None])
    weights = np.maximum(0, 1 - away / reach[:, None])
    sums = weights.sum(axis=1, keepdims=True)
    filters: Floats = (weights / np.where(sums > 0, sums, 1)).astype(np.float32)
    return filters
