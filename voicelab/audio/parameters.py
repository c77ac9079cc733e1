"""The only place that says which numbers make a voice of the local engine, and their limits."""

from dataclasses import dataclass
from typing import Literal

from voicelab.errors import UsageError

Band = Literal["telephone", "muffled"]

LIMITS: dict[str, tuple[float, float]] = {
    "f0_hz": (55, 420),
    "range_st": (0, 16),
    "tract_percent": (80, 150),
    "rate_wpm": (80, 400),
    "sway_percent": (0, 40),
    "roughness": (0, 7),
    "flutter": (0, 25),
    "breath": (0, 0.9),
    "tilt_db": (-10, 10),
    "volume_db": (-24, 6),
    "echo": (0, 1),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True, kw_only=True)
class VoiceParameters:
    """One voice of the local engine, in numbers a listener can check."""

    voice: str = "en-us"
    """Engine voice or language code, in lower case: "en-us", "cmn", "pt-br"."""
    f0_hz: float = 155
    """Median pitch aimed at, Hz; of no effect when whispered."""
    range_st: float = 5.5
    """Spread of the pitch from its 5th to its 95th percentile, semitones."""
    tract_percent: float = 107
    """Formant frequencies against the engine's stock male voice, percent."""
    rate_wpm: int = 165
    """Nominal speaking rate, English words a minute."""
    sway_percent: float = 0
    """How far the rate swings from clause to clause, percent either way."""
    roughness: int = 0
    """Creak: weakening of every second glottal cycle, 0 to 7."""
    flutter: int = 2
    """Tremble: slow wandering of the pitch, 2 for a steady voice."""
    breath: float = 0
    """Share of breath noise in voiced sounds, 0 to 0.9."""
    whispered: bool = False
    """Breath only: no vocal-fold vibration, so no pitch."""
    tilt_db: float = 0
    """Level above 2 kHz against that below 600 Hz, as dB more than the stock voice has."""
    volume_db: float = 0
    """Gain after synthesis, dB; held back where it would clip."""
    band: Band | None = None
    """What the voice is heard through, if anything."""
    echo: float = 0
    """Strength of a single short echo, 0 to 1."""
    seed: int = 0
    """Seed of the engine's noise."""

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"{name} is {value}; the local engine takes {low} to {high}.")
