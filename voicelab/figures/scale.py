"""The only place that decides what one picture's axes mean, for all clips of a comparison."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.errors import UsageError
from voicelab.figures import levels
from voicelab.measures import pitch
from voicelab.measures.autocorrelation import CEILING_HZ, FLOOR_HZ

_USUAL_F0_HZ = (75.0, 300.0)
"""Drawn where no clip has a pitch."""
_ROOM = 2 ** (2 / 12)
"""Left above and below the pitch, as a ratio: a tone."""
_LEAST_PEAK = 1e-3


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One time, frequency, level and pitch scale."""

    duration_s: float
    """Length of the time axis, which begins at 0."""
    f_min_hz: float
    f_max_hz: float
    """Ends of the frequency axis of spectrograms."""
    mel_top_db: float
    """Level of the brightest spot of the mel spectrograms, in dB as `levels.mel` has it."""
    linear_top_db: float
    """Level of the brightest spot of the linear spectrograms, in dB re a full-scale sine."""
    level_db: float
    """Range of levels that have a colour of their own, in dB below the brightest."""
    peak: float
    """Amplitude at the edges of a waveform."""
    f0_min_hz: float
    f0_max_hz: float
    """Ends of the pitch axis."""

    def caption(self) -> str:
        """Say the scale in one line, to be printed on the figure."""
        return " · ".join(
            (
                f"one scale: 0–{self.duration_s:.1f} s",
                f"{_khz(self.f_min_hz)}–{_khz(self.f_max_hz)} kHz",
                f"−{self.level_db:.0f}–0 dB re loudest",
                f"pitch {self.f0_min_hz:.0f}–{self.f0_max_hz:.0f} Hz",
                f"amplitude ±{self.peak:.2g}",
            )
        )


def common_scale(
    clips: Iterable[Clip], *, f_max_hz: float = levels.F_MAX_HZ, level_db: float = levels.TOP_DB
) -> Scale:
    """Find the one scale that shows every clip of a comparison whole.

    Parameters
    ----------
    clips
        All clips to be compared.
    f_max_hz
        Highest frequency to show; less where no clip holds as much.
    level_db
        Range of levels to show.

    Raises
    ------
    UsageError
        No clips.
    """
    clips = list(clips)
    if not clips:
        raise UsageError("There is no clip to draw.")
    f_max_hz = min(f_max_hz, max(clip.sr for clip in clips) / 2)
    f0_min_hz, f0_max_hz = _f0_ends(clips)
    return Scale(
        duration_s=max(clip.duration_s for clip in clips),
        f_min_hz=0.0,
        f_max_hz=f_max_hz,
        mel_top_db=max(float(levels.mel(clip, f_max_hz=f_max_hz).max()) for clip in clips),
        linear_top_db=max(float(levels.linear(clip).max()) for clip in clips),
        level_db=level_db,
        peak=max(_LEAST_PEAK, *(float(np.abs(clip.y).max(initial=0)) for clip in clips)),
        f0_min_hz=f0_min_hz,
        f0_max_hz=f0_max_hz,
    )


def _f0_ends(clips: list[Clip]) -> tuple[float, float]:
    """Return the lowest and highest pitch of all clips, outliers apart, with a tone of room."""
    voices = [pitch.track(clip.y, sr=clip.sr) for clip in clips]
    pitched = [voice.f0_hz for voice in voices if pitch.has_pitch(voice)]
    if not pitched:
        return _USUAL_F0_HZ
    ends = np.array([np.nanpercentile(f0_hz, (2, 98)) for f0_hz in pitched])
    return (
        max(FLOOR_HZ, float(ends[:, 0].min()) / _ROOM),
        min(CEILING_HZ, float(ends[:, 1].max()) * _ROOM),
    )


def _khz(hz: float) -> str:
    return f"{hz / 1000:.3g}"
