"""What a page holds of each clip: its sound within the budget, and its pictures."""

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voicelab.figures.pixels import waveform_path, webp
from voicelab.tables.front_end import front_end
from voicelab.tables.page_contour import pitch_bytes
from voicelab.tables.page_options import PageOptions, Size, require_fits, smaller_audio

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

PIXELS = (64, 300)
"""Rows and columns of `Comparison.pixels`."""
_AT_ONCE = 16
"""Clips that are encoded between two looks at the budget."""
_PROBES = 3
"""Clips that are encoded in another way, to say what it would save."""
_PICTURES = 12_000
"""Bytes that the pictures and the numbers of a trial take in a page."""


@dataclass(frozen=True, kw_only=True)
class PageClip:
    """One clip as a page holds it."""

    name: str
    """Its number in the page."""
    trial: str
    """A trial that has it, by its id in the lab."""
    audio: bytes
    peaks: bytes
    """As `Comparison.peaks`."""
    spectrogram: bytes
    """A grey WebP, the highest frequency on top."""
    waveform: str
    """The path of an SVG of 200 × 64."""
    pitch: bytes
    """As `pitch_bytes`; none in a blind page, where a pitch in Hz would be a number that tells."""
    pitch_start_s: float
    """Time of the first value of the pitch."""
    pitch_hop_s: float
    """Time from value to value."""


def page_clips(comparison: "Comparison", options: PageOptions) -> dict[str, PageClip]:
    """Return the clips that can be read, by clip hash: each once, however many rows have it.

    Raises
    ------
    UsageError
        As soon as the budget is passed, with what the whole page would take.
    """
    trials = _trials(comparison)
    sounds = _sounds(comparison, trials, options)
    with ThreadPoolExecutor(max_workers=2) as pool:
        numbers = range(1, len(trials) + 1)
        made = pool.map(
            lambda nth, trial, audio: _clip(comparison, str(nth), trial, audio, options),
            numbers,
            trials.values(),
            sounds,
        )
        return dict(zip(trials, made, strict=True))


def base64_text(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def _trials(comparison: "Comparison") -> dict[str, str]:
    """Return one trial for each clip that can be read."""
    hashes = {record.trial.id: record.clip_hash for record in comparison.records}
    trials: dict[str, str] = {}
    for trial in comparison.clips():
        digest = hashes[trial]
        if digest is not None:
            trials.setdefault(digest, trial)
    return trials


def _sounds(comparison: "Comparison", trials: dict[str, str], options: PageOptions) -> list[bytes]:
    """Encode in parts, so that a page far too large is refused after a few clips."""
    asked = list(trials.values())
    sounds: list[bytes] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            sounds += pool.map(lambda id_: comparison.audio(id_, format=options.audio), part)
            _require_room(comparison, asked, sounds, _rest(comparison), options)
    return sounds


def require_room(
    comparison: "Comparison", clips: Sequence[PageClip], page: int, options: PageOptions
) -> None:
    """Raise `UsageError` where a page of so many bytes with these clips is larger than allowed."""
    sounds = [clip.audio for clip in clips]
    rest = page - _in_page(sounds)
    _require_room(comparison, [clip.trial for clip in clips], sounds, rest, options)


def _rest(comparison: "Comparison") -> int:
    """Return about how many bytes a page takes beside its sounds."""
    return len(front_end("js")) + len(front_end("css")) + _PICTURES * len(comparison)


def _require_room(
    comparison: "Comparison",
    asked: Sequence[str],
    sounds: Sequence[bytes],
    rest: int,
    options: PageOptions,
) -> None:
    """Look at the sounds that were made, and at `rest`, the other bytes of the whole page."""
    share = len(sounds) / len(asked) if asked else 1.0
    made = _in_page(sounds)
    if made + rest * share <= options.max_mb * 1e6:
        return
    less = {
        audio: sum(len(comparison.audio(id_, format=audio)) for id_ in asked[:_PROBES])
        / sum(map(len, sounds[:_PROBES]))
        for audio in smaller_audio(options.audio)
        if sounds
    }
    whole = made / share if sounds else 0.0
    smaller = {audio: int(whole * left + rest) for audio, left in less.items()}
    size = Size(trials=len(comparison), bytes=int(whole + rest), smaller=smaller)
    require_fits(size, options)


def _in_page(sounds: Sequence[bytes]) -> int:
    return sum(len(base64_text(sound)) for sound in sounds)


def _clip(
    comparison: "Comparison", name: str, trial: str, audio: bytes, options: PageOptions
) -> PageClip:
    peaks = comparison.peaks(trial)
    contour = None if options.blind else comparison.contour(trial)
    pixels = np.frombuffer(comparison.pixels(trial), np.uint8).reshape(PIXELS)
    return PageClip(
        name=name,
        trial=trial,
        audio=audio,
        peaks=peaks,
        spectrogram=webp(pixels[::-1]),
        waveform=waveform_path(np.frombuffer(peaks, np.int8).reshape(-1, 2)),
        pitch=pitch_bytes(contour) if contour else b"",
        pitch_start_s=contour.start_s if contour else 0.0,
        pitch_hop_s=contour.hop_s if contour else 0.0,
    )
