"""MiniMax's text-to-speech call, `/v1/t2a_v2`: a kept voice says a new text.

Source: the vendor's page "T2A (Text to Audio)" under https://platform.minimax.io/docs.
"""

import unicodedata
from collections.abc import Mapping
from functools import partial
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers._voice_setting import voice_setting
from voicelab.providers.base import Limits, Reply
from voicelab.providers.minimax_replies import hex_audio, unreadable
from voicelab.providers.options import Group, Kind, Option, check_declared
from voicelab.providers.prices import price_of
from voicelab.providers.wire import TEXT, VOICE_ID, check_length, check_options

DEFAULT_MODEL = "speech-2.8-hd"
TEXT_CHARACTERS = 9_999
INTERNATIONAL_RATE = 60.0
MAINLAND_RATE = 10.0  # of a free account; a paid one has 20
PRICED = ("hd", "turbo")
"""The kinds of models the vendor publishes a price of, by the end of their names."""
"""By the last part of the model's name."""

OWN_FIELDS = {
    "text": TEXT,
    "voice_id": VOICE_ID,
    "stream": "voicelab reads whole answers, so it is never on; leave it out",
    "output_format": "voicelab reads the sound out of the answer itself, as hex; leave it out",
}
VOICE: Mapping[str, Any] = {"speed": 1, "vol": 1, "pitch": 0}
AUDIO: Mapping[str, Any] = {
    "sample_rate": 32000,
    "bitrate": 128000,
    "format": "mp3",
    "channel": 1,
}
_PAGE = "https://platform.minimax.io/docs/api-reference/speech-t2a-http"
_audio = partial(
    Option, within=Group(name="audio_setting", title="Sound"), source=_PAGE, kind=Kind.CHOICE
)
OPTIONS = (
    Option(
        name="model",
        title="Model",
        kind=Kind.CHOICE,
        others=True,
        choices=tuple(
            f"speech-{version}-{kind}"
            for version in ("2.8", "2.6", "02", "01")
            for kind in ("hd", "turbo")
        ),
        rule="the name of a speech model, such as speech-2.8-hd",
        help="What the text is spoken with.",
        source=_PAGE,
    ),
    *voice_setting(None, source=_PAGE),
    _audio(
        name="sample_rate",
        title="Sample rate",
        choices=(32000, 8000, 16000, 22050, 24000, 44100),
        unit="Hz",
        help="Of the speech.",
    ),
    _audio(
        name="bitrate",
        title="Bit rate",
        choices=(128000, 32000, 64000, 256000),
        unit="bit/s",
        help="Of MP3.",
    ),
    _audio(
        name="format",
        title="Format",
        choices=("mp3", "flac", "wav", "pcmu_wav", "opus"),
        help="Of the file; the vendor's headerless formats, pcm and pcmu_raw, are left out.",
    ),
    _audio(name="channel", title="Channels", choices=(1, 2), help="Mono or stereo."),
    Option(
        name="subtitle_type",
        title="Subtitles",
        kind=Kind.CHOICE,
        choices=("sentence", "word", "word_streaming"),
        help="What the times of subtitles are told of, where subtitle_enable asks for them.",
        source=_PAGE,
    ),
)


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
    check_declared(options, OPTIONS, vendor="minimax")
    if "voice_id" in options.get("voice_setting", {}):
        raise UsageError(f"options of minimax hold 'voice_id': {VOICE_ID}.")


def check_text(text: str, *, most: int) -> None:
    """Raise `UsageError` for a text that is too long, or has too much in it that cannot be seen."""
    check_length("preview_text", text, most=most, vendor="minimax")
    invisible = sum(unicodedata.category(c)[0] == "C" and c not in "\t\n\r" for c in text)
    if invisible > 0.1 * len(text):
        raise UsageError(
            f"preview_text has {invisible} invisible characters among {len(text)}; "
            "minimax takes one in ten. Remove them or drop minimax from the batch."
        )
