"""The list of figures that can be drawn of a clip onto given matplotlib axes."""

from typing import TYPE_CHECKING, Protocol

from voicelab.audio.clip import Clip
from voicelab.figures import pitch_track, spectrogram, waveform
from voicelab.figures.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Draw(Protocol):
    """Draws one clip onto axes, with the limits of the comparison's scale."""

    def __call__(self, clip: Clip, ax: "Axes", *, scale: Scale) -> None: ...


FIGURES: dict[str, Draw] = {
    "waveform": waveform.draw,
    "mel": spectrogram.draw_mel,
    "linear": spectrogram.draw_linear,
    "pitch_track": pitch_track.draw,
}
