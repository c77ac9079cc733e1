"""The only place that turns audio bytes into samples, and samples into audio bytes.

The bytes come from strangers: formats go by the first bytes and never by a label, headers are
checked and never believed, and libsndfile is read in bounded blocks, so that a small file cannot
ask for gigabytes.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from voicelab.audio.container import mend, refusal, sniff, text_in
from voicelab.errors import Unreadable, UsageError

if TYPE_CHECKING:
    import soundfile

__all__ = ["SUFFIXES", "Caps", "Clip", "Samples", "decode", "encode", "resample", "sniff"]

Samples = npt.NDArray[np.float32]

SUFFIXES: dict[str, str] = {
    "wav": ".wav",
    "flac": ".flac",
    "mp3": ".mp3",
    "ogg": ".ogg",
    "opus": ".opus",
    "aiff": ".aiff",
    "au": ".au",
    "pcm": ".pcm",
}

_BLOCK_FRAMES = 65_536
_LOUDEST = 2.0**31
"""Samples past this are no sound in any scale, and their squares would overflow."""
_MP3_LEVELS: dict[str, float | None] = {"mp3": None, "mp3-small": 0.9}
"""How hard each kind of MP3 is pressed, 0 to below 1; speech takes about 75 and 40 kbit/s."""
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True, kw_only=True)
class Caps:
    """What a file may ask for before it is refused."""

    max_bytes: int = 25 * 1024 * 1024
    max_duration_s: float = 300.0
    min_rate: int = 4_000
    max_rate: int = 192_000
    max_channels: int = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """Sound that was decoded, and what was noticed on the way."""

    y: Samples
    """Mono samples [shape=(n,)], nominally -1 to 1."""
    sr: int
    """Sample rate in Hz."""
    format: str
    """`wav flac mp3 ogg opus aiff au pcm`, by the first bytes; `ogg` is Vorbis."""
    channels: int
    """Channels of the source; `y` is their mean."""
    notes: tuple[str, ...] = ()
    """What was repaired or noticed, in sentences."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.y) / self.sr


class _Bytes(io.BytesIO):
    """Bytes as a file that stays where it is when a damaged header seeks before its start."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        start = (0, self.tell(), len(self.getbuffer()))[whence]
        return super().seek(max(0, start + offset))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Part:
    y: Samples
    sr: int
    channels: int


def decode(data: bytes, *, pcm_rate: int | None = None, caps: Caps | None = None) -> Clip:
    """Decode audio bytes of any known format to mono samples, level untouched.

    Parameters
    ----------
    data
        WAV, FLAC, MP3, Ogg Vorbis, Ogg Opus, AIFF or AU, told by the first bytes.
    pcm_rate
        Sample rate in Hz of headerless 16-bit little-endian mono PCM, for bytes that are none of
        these; a file with a header keeps its own rate.
    caps
        Bounds past which a file is refused.

    Raises
    ------
    Unreadable
        With one sentence that says what was found.
    """
    caps = caps or Caps()
    _check_size(data, caps)
    format = sniff(data)
    if format is None and pcm_rate is not None and text_in(data) is None:
        return _finished([_decode_pcm(data, pcm_rate, caps)], "pcm", _odd_byte_note(data))
    if format is None:
        raise refusal(data)
    mended = mend(data, format=format)
    parts: list[_Part] = []
    for part in mended.parts:
        parts.append(_decode_part(part, format, caps, taken_s=sum(len(p.y) / p.sr for p in parts)))
    return _finished(parts, format, mended.notes)


def encode(y: npt.ArrayLike, *, sr: int, format: str) -> bytes:
    """Encode mono samples as they are: never normalised, cut off at full scale, never wrapped.

    Parameters
    ----------
    y
        Samples [shape=(n,)]; beyond ±1 they are cut off.
    sr
        Sample rate in Hz. MP3 has nine rates up to 48 kHz; any other is resampled upward to the
        nearest of them, or down to 48 kHz.
    format
        `wav` and `flac` (16 bit: what `decode` read from a 16-bit file comes back sample for
        sample), `mp3` or, half as large, `mp3-small` (variable rate, with the header that lets a
        player start on the sample: libsndfile's constant rate starts 46 ms late).

    Raises
    ------
    UsageError
        No samples, samples that are not numbers, or another format.
    """
    samples = np.asarray(y, dtype=np.float32)
    _check_samples(samples)
    if format in _MP3_LEVELS:
        rate = next((rate for rate in _MP3_RATES if rate >= sr), _MP3_RATES[-1])
        samples = np.clip(resample(samples, sr=sr, to=rate), -1, 1)
        level = _MP3_LEVELS[format]
        return _written(samples, rate, format="MP3", compression_level=level)
    if format in ("wav", "flac"):
        whole = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)
        return _written(whole, sr, format=format.upper(), subtype="PCM_16")
    raise UsageError(f"voicelab does not write {format!r}. Choose wav, flac, mp3 or mp3-small.")


def resample(y: Samples, *, sr: int, to: int) -> Samples:
    """Resample [shape=(n,)] from one rate to another in Hz (soxr, high quality)."""
    if sr == to or not len(y):
        return y
    import soxr

    resampled: Samples = soxr.resample(y, sr, to, quality="HQ").astype(np.float32, copy=False)
    return resampled


def _check_size(data: bytes, caps: Caps) -> None:
    if not data:
        raise Unreadable("The audio is empty: 0 bytes arrived.")
    if len(data) > caps.max_bytes:
        raise Unreadable(
            f"The audio has {len(data) / 1e6:.1f} MB; voicelab takes {caps.max_bytes / 1e6:.1f} MB."
        )


def _check_samples(samples: Samples) -> None:
    if samples.ndim != 1 or not len(samples):
        raise UsageError(f"There is no mono sound to encode: the array has shape {samples.shape}.")
    if not np.isfinite(samples).all():
        raise UsageError("The samples to encode hold values that are not numbers.")


def _decode_pcm(data: bytes, rate: int, caps: Caps) -> _Part:
    _check_header(rate, 1, "PCM", caps)
    whole = np.frombuffer(data, dtype="<i2", count=len(data) // 2)
    _check_duration(len(whole) / rate, caps)
    return _Part(y=whole.astype(np.float32) / np.float32(32768), sr=rate, channels=1)


def _odd_byte_note(data: bytes) -> tuple[str, ...]:
    return ("The PCM has half a sample at its end, which was dropped.",) if len(data) % 2 else ()


def _decode_part(data: bytes, format: str, caps: Caps, *, taken_s: float) -> _Part:
    import soundfile

    class Stream(soundfile.SoundFile):  # type: ignore[misc]
        """A file read forward only, as seeking fails in FLAC that does not state its length."""

        def seekable(self) -> bool:
            return False

    try:
        with Stream(_Bytes(data)) as file:
            sr, channels = int(file.samplerate), int(file.channels)
            _check_header(sr, channels, format, caps)
            y = np.concatenate([*_blocks(file, sr, caps, taken_s), np.zeros(0, np.float32)])
    except soundfile.LibsndfileError as error:
        raise Unreadable(
            f"The {format} data is damaged or cut off: {error.error_string.rstrip('.')}."
        ) from error
    return _Part(y=y, sr=sr, channels=channels)


def _blocks(file: "soundfile.SoundFile", sr: int, caps: Caps, taken_s: float) -> Iterator[Samples]:
    frames = 0
    while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
        frames += len(block)
        _check_duration(taken_s + frames / sr, caps)
        if not np.isfinite(block).all():
            raise Unreadable("The audio holds samples that are not numbers (NaN or infinity).")
        yield block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)


def _check_header(sr: int, channels: int, format: str, caps: Caps) -> None:
    if not caps.min_rate <= sr <= caps.max_rate:
        raise Unreadable(
            f"The {format} header says {sr:,} Hz; "
            f"voicelab reads {caps.min_rate:,} to {caps.max_rate:,} Hz."
        )
    if not 1 <= channels <= caps.max_channels:
        raise Unreadable(
            f"The {format} header says {channels} channels; "
            f"voicelab reads 1 to {caps.max_channels}."
        )


def _check_duration(duration_s: float, caps: Caps) -> None:
    if duration_s > caps.max_duration_s:
        raise Unreadable(
            f"The audio is longer than {caps.max_duration_s:g} s, the most voicelab reads."
        )


def _finished(parts: list[_Part], format: str, notes: tuple[str, ...]) -> Clip:
    rates = sorted({part.sr for part in parts})
    if len(rates) > 1:
        raise Unreadable(f"The file joins {format} streams of different rates: {rates} Hz.")
    y = np.concatenate([part.y for part in parts])
    if not len(y):
        raise Unreadable(f"The {format} file holds no sound: 0 samples.")
    return Clip(
        y=y,
        sr=rates[0],
        format=format,
        channels=max(part.channels for part in parts),
        notes=(*notes, *_peak_notes(y)),
    )


def _peak_notes(y: Samples) -> tuple[str, ...]:
    peak = float(max(y.max(), -y.min()))
    if peak > _LOUDEST:
        raise Unreadable(f"The audio holds samples as large as {peak:.0e}; that is no sound.")
    if peak > 1.0:
        return (f"Samples reach {peak:.4g} times full scale; players cut them off there.",)
    return ()


def _written(samples: npt.NDArray[np.generic], sr: int, **how: str | float | None) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, sr, **how)
    return file.getvalue()
