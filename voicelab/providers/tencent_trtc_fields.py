"""What Tencent TRTC takes on each of its two sites, checked before anything is sent."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant
from voicelab.providers.options import Group, Kind, Option, check_declared
from voicelab.providers.wire import RECORDING, TEXT, VOICE_ID
from voicelab.providers.wire import check_options as check_common_options

VENDOR = "tencent-trtc"
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2})?")
LANGUAGE_RULE = "a language by two letters, such as en or zh"
OWN_FIELDS = {
    "SdkAppId": "it is the account's application; set TENCENTCLOUD_SDK_APP_ID",
    "PromptAudio": RECORDING,
    "PromptText": "that is the transcript of the row's reference; write it there",
    "Text": TEXT,
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of the vendor's two sites: the same calls with other bounds."""

    regions: tuple[str, ...]
    """The usual one first."""
    models: tuple[str, ...]
    shortest_s: float
    """Of a recording; the longest is the same on both."""
    text_characters: int
    formats: tuple[str, ...]
    """Of the speech; the usual one first."""
    rates: tuple[int, ...]
    """Hz the speech can be asked for in."""
    requests_per_second: float


INTERNATIONAL = Site(
    regions=("ap-singapore",),
    models=("flow_01_turbo", "flow_01_ex"),
    shortest_s=10.0,
    text_characters=255,
    formats=("wav", "mp3", "pcm"),
    rates=(24000, 16000),
    requests_per_second=20,
)
MAINLAND = Site(
    regions=("ap-beijing", "ap-guangzhou", "ap-shanghai"),
    models=("flow_02_turbo", "flow_01_ex"),
    shortest_s=6.0,
    text_characters=2000,
    formats=("wav", "mp3", "pcm", "opus"),
    rates=(24000, 16000, 8000),
    requests_per_second=5,
)


PAGE = "https://www.tencentcloud.com/document/api/647"
VOICE = Group(name="Voice", title="Speaking")
SOUND = Group(name="AudioFormat", title="Sound")
NAME = Option(
    name="VoiceName",
    title="Name",
    kind=Kind.TEXT,
    pattern=r"[0-9A-Za-z_]{1,36}",
    rule="1 to 36 letters, digits and '_'",
    help="What the clone's id begins with.",
    source=PAGE,
    usual="the trial's own name",
    example="narrator_1",
)


def spoken_options(site: Site) -> tuple[Option, ...]:
    """Return what the call that speaks takes."""
    voice = partial(Option, within=VOICE, source=PAGE, kind=Kind.NUMBER)
    sound = partial(Option, within=SOUND, source=PAGE, kind=Kind.CHOICE)
    return (
        Option(
            name="Model",
            title="Model",
            kind=Kind.CHOICE,
            choices=site.models,
            help="What clones the voice, and what it is spoken with.",
            source=PAGE,
            usual="the vendor's own choice",
        ),
        Option(
            name="Language",
            title="Language",
            kind=Kind.TEXT,
            pattern=f"({LANGUAGE.pattern})?",
            rule=LANGUAGE_RULE,
            help="Of the recording, where it is not that of the row.",
            source=PAGE,
            example="en",
        ),
        voice(name="Speed", title="Speed", low=0.5, high=2, usual="1", help="How fast it speaks."),
        # the page says from 0, the vendor's examples above 0
        voice(name="Volume", title="Volume", low=0.01, high=10, usual="1", help="How loud it is."),
        voice(
            name="Pitch",
            title="Pitch",
            kind=Kind.WHOLE,
            low=-12,
            high=12,
            usual="0",
            help="How much higher it speaks.",
        ),
        sound(name="Format", title="Format", choices=site.formats, help="Of the speech."),
        sound(
            name="SampleRate",
            title="Sample rate",
            choices=site.rates,
            unit="Hz",
            help="Of the speech.",
        ),
        sound(
            name="Bitrate",
            title="Bit rate",
            choices=(128, 64, 192, 256),
            unit="kbit/s",
            help="Of MP3.",
        ),
        Option(
            name="PronunciationDict",
            title="Pronunciations",
            kind=Kind.TABLE,
            columns=("Word", "Pronunciation"),
            help="How words are said.",
            source=PAGE,
        ),
        Option(
            name="AlignmentMode",
            title="Times",
            kind=Kind.CHOICE,
            choices=(0, 1, 2),
            help="Whether the answer tells when what is said: 0 not, 1 by sentence, 2 by word.",
            source=PAGE,
            usual="0",
        ),
    )


def language(variant: PromptVariant) -> str:
    """Return the language as the vendor names it (ISO 639-1), or nothing for its own guess."""
    primary = (variant.language or "").replace("_", "-").split("-")[0].lower()
    return "zh" if primary == "cmn" else primary


def check_reference(variant: PromptVariant) -> None:
    """Raise `UsageError` unless the row has a recording that can be sent."""
    if variant.reference is None:
        raise UsageError(
            f"{VENDOR} clones a voice and row {variant.label!r} has no reference. "
            f"Give a recording or drop {VENDOR} from the batch."
        )


def characters(text: str) -> int:
    """Return how many characters a text has as the vendor counts for its bills: Chinese is two."""
    return len(text) + sum("\u4e00" <= character <= "\u9fff" for character in text)


def check_text(variant: PromptVariant, site: Site) -> None:
    """Raise `UsageError` for a preview text the vendor would not say."""
    text = variant.preview_text
    count = characters(text)
    if count > site.text_characters:
        raise UsageError(
            f"preview_text has {count} characters, a Chinese one counted as two; {VENDOR} takes "
            f"{site.text_characters}. Shorten it or drop {VENDOR} from the batch."
        )
    tag = language(variant)
    if tag and not LANGUAGE.fullmatch(tag):
        raise UsageError(f"language is {tag!r}; {VENDOR} takes {LANGUAGE_RULE}.")


def check_options(
    options: Mapping[str, Any], declared: Sequence[Option], *, speaking: bool
) -> None:
    """Raise `UsageError` for the first option that is not as the vendor documents it.

    Parameters
    ----------
    speaking
        Whether a kept voice speaks, and none is cloned and named.
    """
    own = {**OWN_FIELDS, NAME.name: "no voice is made and named here"} if speaking else OWN_FIELDS
    check_common_options(options, own=own, vendor=VENDOR)
    check_declared(options, declared, vendor=VENDOR)
    if "VoiceId" in options.get(VOICE.name, {}):
        raise UsageError(
            f"options of {VENDOR} hold Voice.VoiceId: {VOICE_ID}. "
            "Voice takes Speed, Volume and Pitch."
        )
