"""The only place where what several measures need is worked out, once for a clip."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Samples
from voicelab.measures import pitch, spectrum, timing


@dataclass(frozen=True, kw_only=True, eq=False)
class Sound:
    """A clip under measurement."""

    y: Samples
    """Samples of one channel [shape=(n,)]."""
    sr: int
    """Sample rate in Hz."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.y) / self.sr

    @cached_property
    def voice(self) -> pitch.PitchTrack:
        """The fundamental frequency over time."""
        return pitch.track(self.y, sr=self.sr)

    @cached_property
    def phrasing(self) -> timing.Phrasing:
        """Where it sounds and where it pauses."""
        return timing.phrasing(self.y, sr=self.sr)

    @cached_property
    def syllables_s(self) -> npt.NDArray[np.float64] | None:
        """Middles of the syllables; None where there is no pitch to find them by."""
        if not pitch.has_pitch(self.voice):
            return None
        return timing.syllables_s(self.y, sr=self.sr, voice=self.voice)

    @cached_property
    def mean_magnitude(self) -> tuple[spectrum.Floats, spectrum.Floats]:
        """Mean magnitude spectrum, and its frequencies in Hz."""
        return spectrum.mean_magnitude(self.y, sr=self.sr)
