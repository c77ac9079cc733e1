"""The only place that writes sound as vendors send it: Ogg Opus, G.711, bare samples, stereo.

voicelab itself writes what `clip.encode` writes; this is for standing in for a vendor.
"""

import io
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples, encode, resample
from voicelab.errors import UsageError

OPUS_RATES = (8000, 12000, 16000, 24000, 48000)


class Written(NamedTuple):
    """How libsndfile is told to write a format."""

    format: str
    subtype: str


HOW = {
    "wav": Written("WAV", "PCM_16"),
    "flac": Written("FLAC", "PCM_16"),
    "mp3": Written("MP3", "MPEG_LAYER_III"),
    "opus": Written("OGG", "OPUS"),
    "pcm": Written("RAW", "PCM_16"),
    "pcmu_wav": Written("WAV", "ULAW"),
    "pcmu_raw": Written("RAW", "ULAW"),
}


def encode_as(y: Samples, *, sr: int, format: str, channels: int = 1) -> bytes:
    """Encode mono samples, cut off at full scale, in one of the formats vendors send.

    Parameters
    ----------
    y
        Samples [shape=(n,)].
    sr
        Sample rate in Hz; Opus has five rates, and any other is resampled to the next of them.
    format
        `wav flac mp3 opus`, `pcm` (bare 16-bit little-endian samples), `pcmu_wav` and `pcmu_raw`
        (G.711 μ-law with a WAV header and bare).
    channels
        How often each sample is written, side by side.

    Raises
    ------
    UsageError
        Another format, or no samples.
    """
    if format not in HOW:
        raise UsageError(f"no vendor's format is called {format!r}; there are: {', '.join(HOW)}.")
    if channels == 1 and format in ("wav", "flac", "mp3"):
        return encode(y, sr=sr, format=format)
    if format == "opus":
        rate = next((rate for rate in OPUS_RATES if rate >= sr), OPUS_RATES[-1])
        y, sr = resample(y, sr=sr, to=rate), rate
    return _written(y, sr, HOW[format], channels)


def _written(y: Samples, sr: int, how: Written, channels: int) -> bytes:
    import soundfile

    whole: npt.NDArray[np.generic] = np.clip(y, -1, 1)
    if how.subtype in ("PCM_16", "ULAW"):  # the others garble pairs of 16-bit samples
        whole = np.clip(np.rint(y * 32768.0), -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    side_by_side = np.repeat(whole[:, np.newaxis], channels, axis=1)
    endian = "LITTLE" if how.format == "RAW" else None
    soundfile.write(file, side_by_side, sr, how.subtype, endian, how.format)
    return file.getvalue()
