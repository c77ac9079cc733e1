"""The only place that draws spectrograms onto matplotlib axes, with librosa."""

from typing import TYPE_CHECKING

from voicelab.audio.clip import Clip
from voicelab.figures import levels
from voicelab.figures.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_mel(clip: Clip, ax: "Axes", *, scale: Scale) -> None:
    """Draw the mel spectrogram: pitch and formants as the ear spaces them."""
    level = levels.mel(clip, f_max_hz=scale.f_max_hz) - scale.mel_top_db
    _show(level, clip, ax, scale=scale, y_axis="mel")


def draw_linear(clip: Clip, ax: "Axes", *, scale: Scale) -> None:
    """Draw the spectrogram with evenly spaced frequencies."""
    level = levels.linear(clip) - scale.linear_top_db
    _show(level, clip, ax, scale=scale, y_axis="linear")


def _show(level: levels.Floats, clip: Clip, ax: "Axes", *, scale: Scale, y_axis: str) -> None:
    import librosa.display

    librosa.display.specshow(
        level,
        ax=ax,
        sr=clip.sr,
        n_fft=levels.frame_length(clip.sr),
        hop_length=levels.hop_length(clip),
        fmax=scale.f_max_hz,
        x_axis="time",
        y_axis=y_axis,
        vmin=-scale.level_db,
        vmax=0,
        cmap="magma",
    )
    ax.set_xlim(0, scale.duration_s)
    ax.set_ylim(scale.f_min_hz, scale.f_max_hz)
    ax.set_xlabel("")
    ax.set_ylabel("Hz")
