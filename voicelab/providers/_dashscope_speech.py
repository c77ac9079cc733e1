"""DashScope's two synthesis calls: what a kept voice is asked to say, how fast and for how much.

Sources: the vendor's pages "CosyVoice HTTP API", "Qwen-Audio-TTS HTTP API" and "Qwen-TTS" under
https://help.aliyun.com/zh/model-studio; rates by third parties' digests of "Rate limits".
"""

from collections.abc import Mapping
from typing import Any

from voicelab.model import Trial
from voicelab.providers._dashscope import COSYVOICE, LANGUAGE_TYPES, Dialect
from voicelab.providers._dashscope_check import language_of
from voicelab.providers.base import Limits
from voicelab.providers.prices import prices

PER_MINUTE: Mapping[str, float] = {"cosyvoice-v3-flash": 1200}
USUAL_PER_MINUTE = 180.0
"""Of every other model whose rate is known; the sixtieth part of a rate holds in every second."""


def body(trial: Trial, dialect: Dialect) -> dict[str, Any]:
    """Return the `input` of the request for `trial`, completed by its options."""
    variant = trial.variant
    wish: dict[str, Any] = {"text": variant.preview_text, "voice": variant.voice_id}
    if dialect is COSYVOICE:
        wish |= {"format": "wav", "sample_rate": 24000}
        wish |= {"language_hints": [language_of(variant)]} if variant.language else {}
    else:
        named = language_of(variant) if variant.language else ""
        wish["language_type"] = LANGUAGE_TYPES.get(named, "Auto")
    return {**wish, **trial.options}


def limits(model: str, dialect: Dialect) -> Limits:
    """Return what holds for speaking with a model; most have a published price."""
    per_minute = PER_MINUTE.get(model, USUAL_PER_MINUTE)
    return Limits(
        preview_characters=dialect.speech_characters,
        requests_per_second=per_minute / 60,
        requests_per_minute=per_minute,
        parallel=2,
        price=prices().get(f"dashscope-speech-{model}"),
        languages=dialect.languages,
    )


def model_of(voice_id: str) -> str | None:
    """Return the model a CosyVoice voice was made for, which its id begins with."""
    designed = COSYVOICE.id_shape.fullmatch(voice_id)
    return voice_id.partition("-vd-")[0] if designed else None
