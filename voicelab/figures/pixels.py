"""The only place that draws waveforms and spectrograms without matplotlib: in NumPy, as bytes.

It is the display path of widgets and exported pages: milliseconds a clip, and nothing heavy to
import.
"""

import io
import math
import struct
import zlib

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples
from voicelab.figures.bands import band_filters
from voicelab.figures.levels import F_MAX_HZ, TOP_DB, decibels, frame_length
from voicelab.measures import spectrum

Pixels = npt.NDArray[np.uint8]

ROWS, COLUMNS = 64, 300
REF_DB = -25.0
"""The brightest level where the loudest clip is not known; speech of -18 LUFS reaches it."""

PALETTES: dict[str, str] = {
    "magma": "000004 0a0822 1d1146 36106a 50127c 691c81 822681 9c2e7f b63779 "
    "cf4170 e65163 f5695c fb8761 fea571 fec387 fde0a2 fcfdbf",
    "viridis": "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26818e 21908c "
    "1f9f88 28ae80 3ebc74 5dc963 82d34c abdc32 d5e21a fde725",
    "cividis": "00224e 002b63 063370 223b6e 32446d 404c6c 4c556c 575d6d 62666f 6d6e72 777776 "
    "828078 8d8978 999277 a59c74 b2a570 beaf6b cbba64 d8c45c e5cf51 f3db42 fee838",
    "grey": "000000 ffffff",
    "paper": "ffffff 000000",
}
"""Colours from the lowest level to the highest, evenly spaced; all go one way in lightness
throughout, so that they read without colour vision and in print."""


def envelope(y: Samples, columns: int) -> npt.NDArray[np.float32]:
    """Return the lowest and highest sample of each column [shape=(columns, 2)]."""
    if not len(y):
        return np.zeros((columns, 2), np.float32)
    starts = np.arange(columns) * len(y) // columns
    low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
    return np.stack([low, high], axis=1).astype(np.float32)


def peaks(y: Samples, columns: int = 600, *, peak: float = 1.0) -> npt.NDArray[np.int8]:
    """Return the envelope as whole numbers [shape=(columns, 2)]: lowest, highest.

    Parameters
    ----------
    y
        Samples [shape=(n,)].
    columns
        Columns of the picture, evenly over the clip.
    peak
        The sample value drawn as 127, one for all clips of a comparison.
    """
    scaled = np.rint(envelope(y, columns) * (127 / peak))
    whole: npt.NDArray[np.int8] = np.clip(scaled, -127, 127).astype(np.int8)
    return whole


def spectrogram_db(
    y: Samples,
    *,
    sr: int,
    kind: str = "mel",
    rows: int = ROWS,
    columns: int = COLUMNS,
    f_max_hz: float = F_MAX_HZ,
    from_s: float = 0.0,
    to_s: float | None = None,
) -> npt.NDArray[np.float32]:
    """Return a spectrogram in dB [shape=(rows, columns)], lowest frequency first.

    Frames of 40 ms around the middle of each column; a column longer than 30 ms is the mean of
    several. The mel one is `librosa.feature.melspectrogram` over (sum of the window / 2) squared,
    the others are means of the bins of `librosa.stft` in each row, over the same.
    """
    n_fft = frame_length(sr)
    start, stop = from_s * sr, len(y) if to_s is None else to_s * sr
    frames = max(1, math.ceil((stop - start) / columns / (0.75 * n_fft)))
    middles = start + (np.arange(columns * frames) + 0.5) * (stop - start) / (columns * frames)
    spectra = spectrum.power(y, np.rint(middles - n_fft / 2).astype(int), n_fft=n_fft)
    spectra = spectra.reshape(columns, frames, -1).mean(axis=1)
    filters = band_filters(kind, sr=sr, n_fft=n_fft, rows=rows, f_max_hz=f_max_hz)
    return decibels(spectrum.banded(filters, spectra), n_fft=n_fft)


def loudest_db(y: Samples, *, sr: int, kind: str = "mel", f_max_hz: float = F_MAX_HZ) -> float:
    """Return the highest level of the clip's spectrogram, for the `ref_db` of a comparison."""
    return float(spectrogram_db(y, sr=sr, kind=kind, f_max_hz=f_max_hz).max())


def spectrogram_pixels(
    y: Samples,
    *,
    sr: int,
    kind: str = "mel",
    rows: int = ROWS,
    columns: int = COLUMNS,
    f_max_hz: float = F_MAX_HZ,
    top_db: float = TOP_DB,
    ref_db: float = REF_DB,
    from_s: float = 0.0,
    to_s: float | None = None,
) -> Pixels:
    """Draw a spectrogram [shape=(rows, columns)], highest frequency first, as images go.

    Parameters
    ----------
    y
        Samples [shape=(n,)].
    sr
        Sample rate in Hz.
    kind
        Frequency axis: `mel`, `linear` or `log`.
    rows, columns
        Size of the picture; the columns are spread evenly over its time.
    f_max_hz
        Highest frequency in Hz; what a clip's rate cannot hold stays at 0.
    top_db
        Range in dB: `ref_db - top_db` and all below is 0.
    ref_db
        Level drawn as 255: the `loudest_db` of the loudest clip of the comparison, or a fixed one.
    from_s, to_s
        The part of the clip to draw, in seconds; all of it unless told.
    """
    level = spectrogram_db(
        y,
        sr=sr,
        kind=kind,
        rows=rows,
        columns=columns,
        f_max_hz=f_max_hz,
        from_s=from_s,
        to_s=to_s,
    )
    return level_pixels(level, top_db=top_db, ref_db=ref_db)


def level_pixels(
    level: npt.NDArray[np.float32], *, top_db: float = TOP_DB, ref_db: float = REF_DB
) -> Pixels:
    """Draw levels in dB [shape=(rows, columns)], lowest first, as `spectrogram_pixels` does."""
    share = (level[::-1] - (ref_db - top_db)) / top_db
    pixels: Pixels = np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8)
    return pixels


def palette_rgb(palette: str) -> Pixels:
    """Return the 256 colours of a palette [shape=(256, 3)], low to high."""
    points = np.array([tuple(bytes.fromhex(colour)) for colour in PALETTES[palette].split()])
    at = np.linspace(0, len(points) - 1, 256)
    channels = [np.interp(at, np.arange(len(points)), points[:, channel]) for channel in range(3)]
    colours: Pixels = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


def png(pixels: Pixels, *, palette: str = "magma") -> bytes:
    """Write pixels [shape=(rows, columns)] as a PNG file with a palette."""
    rows, columns = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels], axis=1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette_rgb(palette).tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 6)),
            _chunk(b"IEND", b""),
        )
    )


def webp(pixels: Pixels, *, quality: int = 80) -> bytes:
    """Write pixels [shape=(rows, columns)] as a grey WebP: a quarter of the bytes, give or take
    some three levels.

    Parameters
    ----------
    quality
        Of lossy WebP, 0 to 100.
    """
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality, method=1)
    return file.getvalue()


def waveform_path(peaks: npt.NDArray[np.int8], *, columns: int = 200, height: int = 64) -> str:
    """Draw peaks [shape=(n, 2)] as the path of an SVG that is `columns` × `height` large."""
    parts = np.array_split(peaks, columns)
    low = np.array([part[:, 0].min(initial=0) for part in parts])
    high = np.array([part[:, 1].max(initial=0) for part in parts])
    bottom, top = (np.rint((height - 1) * (127 - edge.astype(float)) / 254) for edge in (low, high))
    return "".join(
        f"M{x} {t:.0f}V{b + 1:.0f}" for x, (t, b) in enumerate(zip(top, bottom, strict=True))
    )


def _chunk(name: bytes, body: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + body))
    return struct.pack(">I", len(body)) + name + body + checksum
