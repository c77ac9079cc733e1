"""What a page that plays may be told to be: the only place that knows its choices and its size."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from voicelab.errors import UsageError

MAX_MB = 25.0
"""What most mail servers still take."""
AUDIO = {
    "mp3": "MP3",
    "mp3-small": "MP3, half as large",
    "flac": "FLAC, lossless",
}
"""The sound a page can hold, and what it is called."""
MIME: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "mp3-small": "audio/mpeg",
    "flac": "audio/flac",
    "wav": "audio/wav",
}
_SMALLER = {"flac": ("mp3", "mp3-small"), "mp3": ("mp3-small",), "mp3-small": ()}


@dataclass(frozen=True, kw_only=True)
class PageOptions:
    """How a page is made."""

    audio: str = "mp3"
    """One of `AUDIO`."""
    max_mb: float = MAX_MB
    """The most it may take, in millions of bytes."""
    voice_ids: bool = False
    """Whether the vendors' ids of the voices are in it."""
    blind: bool = False
    """Whether it hides who made which voice, and from which words."""
    seed: int | None = None
    """What the order of a blind page is drawn from; drawn itself where not given."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for choices that are none."""
        if self.audio not in AUDIO:
            raise UsageError(
                f"a page cannot hold {self.audio!r}; choose one of {', '.join(AUDIO)}."
            )
        if not self.max_mb > 0:
            raise UsageError(f"max_mb is {self.max_mb!r}; it must be more than 0.")
        if self.blind and self.voice_ids:
            raise UsageError("a blind page hides the voice ids; choose blind or voice_ids.")
        if self.seed is not None and not self.blind:
            raise UsageError("a seed orders the voices of a blind page; say blind=True, too.")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a page would be."""

    trials: int
    bytes: int
    """Of the whole page."""
    smaller: dict[str, int]
    """Bytes of the whole page with each smaller sound, about."""


class TooLarge(UsageError):
    """A page would be larger than allowed."""

    def __init__(self, size: Size, options: PageOptions) -> None:
        self.fits = int(size.trials * options.max_mb * 1e6 / size.bytes)
        """About how many of its trials would fit."""
        self.words = (
            f"with all {size.trials} trials the page would take about {size.bytes / 1e6:.1f} MB, "
            f"and {options.max_mb:g} MB are allowed"
        )
        choices = [
            *([f"fewer trials (about {self.fits} fit)"] if self.fits else []),
            *(
                f"audio {name!r} (about {_at_least(bytes_)} MB)"
                for name, bytes_ in size.smaller.items()
                if bytes_ * _UNSURE <= options.max_mb * 1e6
            ),
            f"a larger max_mb (at least {_at_least(size.bytes)})",
        ]
        listed = ", ".join(choices[:-1])
        super().__init__(f"{self.words}. Choose {listed + ' or ' if listed else ''}{choices[-1]}.")


_UNSURE = 1.1
"""How much more than estimated a page may take."""


def _at_least(bytes_: int) -> str:
    return f"{math.ceil(bytes_ * _UNSURE / 1e5) / 10:g}"


def require_fits(size: Size, options: PageOptions) -> None:
    """Raise `TooLarge` where a page would be larger than allowed, with every choice that helps."""
    if size.bytes > options.max_mb * 1e6:
        raise TooLarge(size, options)


def smaller_audio(audio: str) -> tuple[str, ...]:
    """Return the sounds that take less than `audio`."""
    return _SMALLER[audio]
