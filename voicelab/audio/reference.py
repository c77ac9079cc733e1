"""The only place that makes a recording fit to be cloned from, and says what it changed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Caps, Clip, Samples, decode, encode, resample
from voicelab.errors import Unreadable, UsageError

STEP_S = 0.01
SILENT_DBFS = -50.0
"""Peak below which there is nothing to clone."""
QUIET_DBFS = -20.0
"""Peak below which a recording is made louder."""
LOUD_DBFS = -3.0
"""Peak it is made louder to."""
FULL_DBFS = -0.1
"""Peak it is made quieter to where it is past full scale, as float files and resampling can be."""
GATE_DB = -45.0
"""How far below the loudest step silence begins."""
KEPT_SILENCE_S = 0.5
"""Silence left at either end: as much is natural, and cutting closer harms the first sound."""
OFFSET = 0.005
"""Share of full scale from which a DC offset is removed."""
CLIPPED_RUN = 3
"""Samples in a row at the peak that make a flat top; two can be chance."""
CLIPPED_SHARE = 0.02
"""Share of flat tops past which the voice itself is distorted; at 6 dB over it has 1.6 %."""
FILM = (b"ftyp", b"moov", b"mdat", b"wide")
"""What the first part of an MP4 or MOV file is called."""
CAPS = Caps(max_bytes=100 * 1024 * 1024)
"""Room for five minutes of 24-bit stereo, of which silence may be cut."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A recording as a vendor takes it."""

    wav: bytes
    """A whole WAV file, 16-bit mono."""
    changes: tuple[str, ...]
    """What was done to the recording and what was noticed in it, in a few words each."""
    duration_s: float


def prepare(
    audio: bytes,
    *,
    sr: int = 16000,
    min_s: float,
    max_s: float,
    max_bytes: int | None = None,
) -> Prepared:
    """Make a recording into a 16-bit mono WAV without silence around it, at a level to work with.

    Parameters
    ----------
    audio
        A recording in any format `clip.decode` reads.
    sr
        Wanted rate in Hz.
    min_s, max_s
        The vendor's window for its duration, in seconds.
    max_bytes
        The most the WAV file may have.

    Raises
    ------
    UsageError
        When it cannot be read, or is silent, too short, too long, too large, or clipped beyond
        repair.
    """
    clip = _decoded(audio, min_s=min_s, max_s=max_s)
    changes = [*clip.notes, *_conversions(clip, sr)]
    _check_clipping(clip.y, changes)
    y = resample(_centred(clip.y, changes), sr=clip.sr, to=sr)
    _check_heard(y, clip)
    y = _levelled(_trimmed(y, sr, changes), changes)
    _check_duration(len(y) / sr, min_s=min_s, max_s=max_s, whole_s=clip.duration_s)
    wav = encode(y, sr=sr, format="wav")
    if max_bytes is not None and len(wav) > max_bytes:
        raise UsageError(
            f"the reference makes a WAV of {len(wav):,} bytes; the vendor takes {max_bytes:,}. "
            "Cut it to its best part."
        )
    return Prepared(wav=wav, changes=tuple(changes), duration_s=len(y) / sr)


def examine(audio: bytes, *, min_s: float, max_s: float) -> None:
    """Raise `UsageError` for a recording that is not fit to be cloned from as it stands.

    It is judged as `prepare` judges one, but that nothing can be cut from it: the vendor counts
    the silence around the voice as well.
    """
    clip = _decoded(audio, min_s=min_s, max_s=max_s)
    _check_clipping(clip.y, [])
    _check_heard(clip.y, clip)
    _check_duration(clip.duration_s, min_s=min_s, max_s=max_s, whole_s=clip.duration_s)
    heard_s = len(_trimmed(clip.y, clip.sr, [])) / clip.sr
    _check_duration(heard_s, min_s=min_s, max_s=max_s, whole_s=clip.duration_s)


def is_film(audio: bytes) -> bool:
    """Tell whether bytes are an MP4 or MOV file, which some vendors hear and voicelab does not."""
    return audio[4:8] in FILM


def _decoded(audio: bytes, *, min_s: float, max_s: float) -> Clip:
    try:
        return decode(audio, caps=CAPS)
    except Unreadable as error:
        raise UsageError(
            f"the reference cannot be used: {error} "
            f"Give a WAV, FLAC, MP3 or Ogg file of {min_s:g} to {max_s:g} s."
        ) from None


def _check_clipping(y: Samples, changes: list[str]) -> None:
    clipped = _clipped_share(y)
    if clipped > CLIPPED_SHARE:
        raise UsageError(
            f"the reference is clipped: {clipped:.0%} of its samples are cut off at full scale. "
            "Take a recording made at a lower level."
        )
    if clipped:
        changes.append(f"left {clipped:.2%} clipped samples as they are")


def _conversions(clip: Clip, sr: int) -> list[str]:
    changes = []
    if clip.format != "wav":
        changes.append(f"converted from {clip.format} to WAV")
    if clip.channels > 1:
        changes.append(f"mixed {clip.channels} channels down to one")
    if clip.sr != sr:
        low = f"; it has nothing above {clip.sr // 2:,} Hz" if clip.sr < sr else ""
        changes.append(f"resampled from {clip.sr:,} Hz to {sr:,} Hz{low}")
    return changes


def _clipped_share(y: Samples) -> float:
    """Return the share of samples in flat tops at full scale."""
    if not 0.99 <= np.abs(y).max() <= 1:
        return 0.0  # past full scale only a float file goes, and nothing was cut off there
    flat = _runs(y >= 0.999) + _runs(y <= -0.999)
    return flat / len(y)


def _runs(at_peak: npt.NDArray[np.bool_]) -> int:
    """Count what is true in runs of at least `CLIPPED_RUN`."""
    edges = np.flatnonzero(np.diff(at_peak.astype(np.int8), prepend=0, append=0))
    lengths = np.diff(edges)[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())


def _centred(y: Samples, changes: list[str]) -> Samples:
    offset = float(y.mean(dtype=np.float64))
    if abs(offset) < OFFSET:
        return y
    changes.append(f"removed a DC offset of {abs(offset):.1%} of full scale")
    return y - np.float32(offset)


def _check_heard(y: Samples, clip: Clip) -> None:
    peak = _dbfs(y)
    if peak < SILENT_DBFS:
        cancelled = " Its channels may cancel each other out." if clip.channels > 1 else ""
        found = f"its peak is {peak:.0f} dBFS" if peak > -200 else "every sample is zero"
        raise UsageError(
            f"the reference is silent or nearly so: {found}.{cancelled} "
            "Give a recording of a voice."
        )


def _trimmed(y: Samples, sr: int, changes: list[str]) -> Samples:
    """Cut silence from both ends, but for `KEPT_SILENCE_S`."""
    step = round(STEP_S * sr)
    starts = np.arange(0, len(y), step)
    level = np.add.reduceat(np.square(y, dtype=np.float64), starts) / step
    loud = np.flatnonzero(level >= level.max() * 10 ** (GATE_DB / 10))
    kept = round(KEPT_SILENCE_S * sr)
    first = max(0, int(loud[0]) * step - kept)
    last = min(len(y), (int(loud[-1]) + 1) * step + kept)
    for samples, end in ((first, "start"), (len(y) - last, "end")):
        if samples:
            changes.append(f"cut {samples / sr:.2f} s of silence from the {end}")
    return y[first:last]


def _levelled(y: Samples, changes: list[str]) -> Samples:
    peak = _dbfs(y)
    if QUIET_DBFS <= peak <= 0:
        return y
    gain = (LOUD_DBFS if peak < QUIET_DBFS else FULL_DBFS) - peak
    changes.append(f"made {abs(gain):.1f} dB {'louder' if gain > 0 else 'quieter'}")
    return y * np.float32(10 ** (gain / 20))


def _check_duration(duration_s: float, *, min_s: float, max_s: float, whole_s: float) -> None:
    if min_s <= duration_s <= max_s:
        return
    cut = f" ({whole_s:.2f} s with the silence around it)" if whole_s - duration_s > 0.05 else ""
    advice = "Take a longer recording" if duration_s < min_s else "Cut it to its best part"
    raise UsageError(
        f"the reference lasts {duration_s:.2f} s{cut}; the vendor takes {min_s:g} to {max_s:g} s. "
        f"{advice}."
    )


def _dbfs(y: Samples) -> float:
    return float(20 * np.log10(max(float(np.abs(y).max(initial=0)), 1e-12)))
