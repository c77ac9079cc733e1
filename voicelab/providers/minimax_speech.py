"""MiniMax's text-to-speech call, `/v1/t2a_v2`: a kept voice says a new text.

Source: the vendor's page "T2A (Text to Audio)" under https://platform.minimax.io/docs.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers.base import Limits, Reply
from voicelab.providers.minimax_replies import hex_audio, unreadable
from voicelab.providers.prices import price_of
from voicelab.providers.wire import check_length, check_options

DEFAULT_MODEL = "speech-2.8-hd"
TEXT_CHARACTERS = 9_999
INTERNATIONAL_RATE = 60.0
MAINLAND_RATE = 10.0  # of a free account; a paid one has 20
PRICED = ("hd", "turbo")
"""The kinds of models the vendor publishes a price of, by the end of their names."""
"""By the last part of the model's name."""

OWN_FIELDS = ("text", "voice_id", "stream", "output_format")
VOICE: Mapping[str, Any] = {"speed": 1, "vol": 1, "pitch": 0}
AUDIO: Mapping[str, Any] = {
    "sample_rate": 32000,
    "bitrate": 128000,
    "format": "mp3",
    "channel": 1,
}
CHOICES: Mapping[str, tuple[Any, ...]] = {
    "sample_rate": (8000, 16000, 22050, 24000, 32000, 44100),
    "bitrate": (32000, 64000, 128000, 256000),
    "format": ("mp3", "flac", "wav", "pcmu_wav", "opus"),
    "channel": (1, 2),
}
"""Of `audio_setting`; the vendor's headerless formats, pcm and pcmu_raw, are left out."""

RANGES: Mapping[str, tuple[float, float]] = {"speed": (0.5, 2), "vol": (0, 10), "pitch": (-12, 12)}
"""Of `voice_setting`; `vol` is above 0 and `pitch` whole semitones."""


def limits(model: str, *, mainland: bool) -> Limits:
    """Return what holds for speaking; the mainland publishes no price."""
    kind = model.rpartition("-")[2]
    price = price_of(f"minimax-speech-{kind}") if kind in PRICED and not mainland else None
    return Limits(
        preview_characters=TEXT_CHARACTERS,
        requests_per_minute=MAINLAND_RATE if mainland else INTERNATIONAL_RATE,
        price=price,
    )


def body(trial: Trial, model: str) -> dict[str, Any]:
    """Return the request for `trial`; its options complete the two settings or stand beside."""
    options = dict(trial.options)
    voice = {"voice_id": trial.variant.voice_id, **VOICE, **options.pop("voice_setting", {})}
    audio = {**AUDIO, **options.pop("audio_setting", {})}
    return {
        "model": model,
        "text": trial.variant.preview_text,
        "stream": False,
        "output_format": "hex",
        "voice_setting": voice,
        "audio_setting": audio,
        **options,
    }


def read(reply: Reply, *, voice_id: str, fee: str) -> Voice:
    """Return the speech in a reply that said yes.

    Parameters
    ----------
    fee
        What the first use of a voice costs, in a sentence for the record.

    Raises
    ------
    Unreadable
        When there is none: `data` is null in some of the vendor's answers.
    """
    answer = reply.json()
    data, extra = answer.get("data"), answer.get("extra_info")
    if not isinstance(data, dict):
        raise unreadable(reply, f"sent no data but {type(data).__name__}")
    billed = extra.get("usage_characters") if isinstance(extra, dict) else None
    return Voice(
        voice_id=voice_id,
        audio=hex_audio(data.get("audio"), reply, name="audio"),
        evidence={
            "billed_characters": billed if isinstance(billed, int) else None,
            "fee": fee,
        },
    )


def check(variant: PromptVariant, options: Mapping[str, Any]) -> None:
    """Raise `UsageError` for what the vendor would refuse to say."""
    check_text(variant.preview_text, most=TEXT_CHARACTERS)
    check_options(options, own=OWN_FIELDS, vendor="minimax")
    voice = _setting(options, "voice_setting")
    if "voice_id" in voice:
        raise UsageError("options of minimax hold a 'voice_id'; that belongs in the row.")
    for name in RANGES.keys() & voice.keys():
        _check_range(name, voice[name])
    audio = _setting(options, "audio_setting")
    for name in CHOICES.keys() & audio.keys():
        if audio[name] not in CHOICES[name] or isinstance(audio[name], bool):
            known = ", ".join(map(str, CHOICES[name]))
            raise UsageError(f"{name} is {audio[name]!r}; of minimax voicelab takes {known}.")


def check_text(text: str, *, most: int) -> None:
    """Raise `UsageError` for a text that is too long, or has too much in it that cannot be seen."""
    check_length("preview_text", text, most=most, vendor="minimax")
    invisible = sum(unicodedata.category(c)[0] == "C" and c not in "\t\n\r" for c in text)
    if invisible > 0.1 * len(text):
        raise UsageError(
            f"preview_text has {invisible} invisible characters among {len(text)}; "
            "minimax takes one in ten. Remove them or drop minimax from the batch."
        )


def _setting(options: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    setting = options.get(name, {})
    if not isinstance(setting, Mapping):
        raise UsageError(f"{name} is {setting!r}; minimax takes an object with fields in it.")
    return setting


def _check_range(name: str, value: object) -> None:
    low, high = RANGES[name]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    whole = name != "pitch" or isinstance(value, int)
    above = name != "vol" or value != low
    if not (number and whole and above and low <= value <= high):  # type: ignore[operator]  # it is a number
        raise UsageError(f"{name} is {value!r}; minimax takes {low:g} to {high:g}.")
