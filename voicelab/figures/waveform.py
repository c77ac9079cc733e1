"""The only place that draws a waveform onto matplotlib axes."""

from typing import TYPE_CHECKING

import numpy as np

from voicelab.audio.clip import Clip
from voicelab.figures.pixels import envelope
from voicelab.figures.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOUR = "#31688e"
_MOST_COLUMNS = 1200


def draw(clip: Clip, ax: "Axes", *, scale: Scale) -> None:
    """Draw the lowest and highest sample over time."""
    columns = max(1, min(_MOST_COLUMNS, len(clip.y)))
    low, high = envelope(clip.y, columns).T
    times_s = np.linspace(0, clip.duration_s, columns)
    ax.fill_between(times_s, low, high, color=_COLOUR, linewidth=0.4)
    ax.set_xlim(0, scale.duration_s)
    ax.set_ylim(-scale.peak, scale.peak)
    ax.set_ylabel("amplitude")
