"""What DashScope's two synthesis calls are asked for, field by field."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.emulators._dashscope_fields import choice_of, invalid, number_of, text_of

FORMATS = ("mp3", "pcm", "wav", "opus")
RATES = (8000, 16000, 22050, 24000, 44100, 48000)
LANGUAGE_TYPES = (
    *("Auto", "Chinese", "English", "German", "Italian", "Portuguese"),
    *("Spanish", "Japanese", "Korean", "French", "Russian"),
)
INSTRUCTION_CHARACTERS = 128


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A text to be said, once it was found to be in order."""

    text: str
    format: str = "wav"
    sample_rate: int = 24000
    gain: float = 1.0
    speed: float = 1.0
    semitones: float = 0.0


def cosyvoice(fields: Mapping[str, Any]) -> Speech:
    """Return what CosyVoice's call asks for."""
    text = text_of(fields, "text", most=20_000)
    found = Speech(
        text=text,
        format=choice_of(fields, "format", FORMATS, default="mp3"),
        sample_rate=choice_of(fields, "sample_rate", RATES, default=22050),
        gain=number_of(fields, "volume", 0, 100, default=50) / 50,
        speed=number_of(fields, "rate", 0.5, 2, default=1),
        semitones=12 * math.log2(number_of(fields, "pitch", 0.5, 2, default=1)),
    )
    number_of(fields, "seed", 0, 65535, default=0)
    number_of(fields, "bit_rate", 6, 510, default=32)
    length = len(str(fields.get("instruction") or ""))
    if length > INSTRUCTION_CHARACTERS:
        raise invalid(f"Instruction length is limited: {INSTRUCTION_CHARACTERS}, current: {length}")
    return found


def qwen(fields: Mapping[str, Any]) -> Speech:
    """Return what Qwen's call asks for: it has one form."""
    text = text_of(fields, "text", most=600)
    choice_of(fields, "language_type", LANGUAGE_TYPES, default="Auto")
    return Speech(text=text)
