"""The only place that draws the pitch of a voice onto matplotlib axes."""

from typing import TYPE_CHECKING

from voicelab.audio.clip import Clip
from voicelab.figures.scale import Scale
from voicelab.measures import pitch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR = "#b63779"
_TICKS_HZ = (50, 75, 100, 150, 200, 300, 400, 600)


def draw(clip: Clip, ax: "Axes", *, scale: Scale) -> None:
    """Draw the fundamental frequency over time, equal intervals equally high."""
    voice = pitch.track(clip.y, sr=clip.sr)
    if pitch.has_pitch(voice):
        ax.plot(voice.times_s, voice.f0_hz, color=_COLOUR, marker=".", markersize=2, linewidth=1)
    else:
        ax.text(0.5, 0.5, "no pitch", transform=ax.transAxes, ha="center", va="center")
    ax.set_xlim(0, scale.duration_s)
    ax.set_yscale("log")
    ax.set_ylim(scale.f0_min_hz, scale.f0_max_hz)
    ticks = [hz for hz in _TICKS_HZ if scale.f0_min_hz <= hz <= scale.f0_max_hz]
    ax.set_yticks(ticks, [str(hz) for hz in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylabel("pitch, Hz")
