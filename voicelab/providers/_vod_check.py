"""What Tencent VOD takes in options and links."""

import re
from functools import partial
from urllib.parse import urlsplit

from voicelab.errors import UsageError
from voicelab.providers._tencent_profile import profile
from voicelab.providers._voice_setting import voice_setting
from voicelab.providers.base import is_loopback
from voicelab.providers.options import Group, Kind, Option
from voicelab.providers.wire import shown_link

SUB_APP_ID = "TENCENTCLOUD_VOD_SUB_APP_ID"
NAME_CHARACTERS = 20
CONTEXT_CHARACTERS = 1000

CUSTOM_PAGE = "https://www.tencentcloud.com/document/product/266"
DESIGN_PAGE = "https://cloud.tencent.com/document/product/266"
_context = partial(
    Option,
    name="SessionContext",
    title="Session context",
    kind=Kind.TEXT,
    characters=CONTEXT_CHARACTERS,
    help="Comes back unchanged with the task, for your own books.",
    example="narrators",
)
CUSTOM_OPTIONS = (
    Option(
        name="VoiceName",
        title="Name",
        kind=Kind.TEXT,
        characters=NAME_CHARACTERS,
        help="What the vendor calls the voice.",
        source=CUSTOM_PAGE,
        usual="the trial's own name",
        example="Calm narrator",
    ),
    Option(
        name="VideoId",
        title="Earlier work",
        kind=Kind.TEXT,
        help="The id of an earlier work to take the voice from, in place of a reference.",
        source=CUSTOM_PAGE,
        example="387702307847129127",
    ),
    Option(
        name="DisableModeration",
        title="Overseas library",
        kind=Kind.CHOICE,
        choices=("False", "True"),
        rule="the word 'False' or 'True', as text",
        help="Whether the voice goes to the library of voices abroad, which is not moderated.",
        source=CUSTOM_PAGE,
    ),
    _context(source=CUSTOM_PAGE),
    Option(
        name="TasksPriority",
        title="Priority",
        kind=Kind.WHOLE,
        low=-10,
        high=10,
        usual="0",
        help="Which of the account's tasks goes first: the highest.",
        source=CUSTOM_PAGE,
    ),
)
"""Of `CreateAigcCustomVoice`."""
DESIGN_OPTIONS = (
    *profile(Group(name="VoiceSettings", title="Voice settings"), source=DESIGN_PAGE),
    Option(
        name="ExtParam",
        title="Extra parameters",
        kind=Kind.TEXT,
        help="JSON as text, of which the vendor shows no field.",
        source=DESIGN_PAGE,
        example="{}",
    ),
    _context(source=DESIGN_PAGE),
)
"""Of `DesignVoiceAsync`."""


EXTRA = Group(name="ExtParam", title="Extra parameters", packed=True)
VOICE = voice_setting(EXTRA, source=DESIGN_PAGE)
_sound = partial(
    Option, within=Group(name="audio_setting", title="Sound", within=EXTRA), source=DESIGN_PAGE
)
SPEECH_OPTIONS = (
    Option(
        name="LanguageBoost",
        title="Language",
        kind=Kind.TEXT,
        help="Of the text, by its English name.",
        source=DESIGN_PAGE,
        usual="auto",
        example="English",
    ),
    Option(
        name="model",
        title="Model",
        kind=Kind.CHOICE,
        within=EXTRA,
        choices=tuple(
            f"minimax-speech-{version}-{kind}"
            for version in ("2.8", "2.6", "02")
            for kind in ("hd", "turbo")
        ),
        others=True,
        pattern="minimax-speech-.+",
        rule="the name of a speech model, such as minimax-speech-2.8-hd",
        help="What the text is spoken with.",
        source=DESIGN_PAGE,
    ),
    *VOICE,
    Option(
        name="emotion",
        title="Emotion",
        kind=Kind.CHOICE,
        choices=(
            *("happy", "sad", "angry", "fearful", "disgusted"),
            *("surprised", "calm", "fluent", "whisper"),
        ),
        help="How it feels; not every model has every one.",
        within=VOICE[0].within,
        source=DESIGN_PAGE,
    ),
    _sound(
        name="sample_rate",
        title="Sample rate",
        kind=Kind.CHOICE,
        choices=(16000, 8000, 22050, 24000, 32000, 44100),
        unit="Hz",
        help="Of the speech.",
    ),
    _sound(
        name="format",
        title="Format",
        kind=Kind.CHOICE,
        choices=("wav", "mp3"),
        help="Of the speech.",
    ),
    _sound(
        name="duration",
        title="Duration",
        kind=Kind.NUMBER,
        low=0,
        above=True,
        unit="s",
        help="How long the speech should last.",
    ),
    _sound(
        name="cut_silence",
        title="Cut silence",
        kind=Kind.YES_NO,
        help="Whether silence is cut from the speech.",
    ),
)
"""Of `TextToSpeechSync`; an `ExtParam` of one's own takes the place of voicelab's, which asks for
WAV at 32 kHz and nothing else."""


def read_app(text: str) -> int | None:
    """Read the number of an application as the environment has it; nothing where it is empty."""
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise UsageError(
            f"{SUB_APP_ID} is {text!r}; set it to the number of a VOD application, as the console "
            "shows it."
        )
    return int(text) if text else None


def check_app(number: int | None) -> None:
    """Raise `UsageError` for what cannot be the number of an application."""
    if number is not None and (type(number) is not int or not 0 < number < 2**63):
        raise UsageError(
            f"sub_app_id is {number!r}; give the number of a VOD application, as the console "
            "shows it."
        )


def check_link(link: str, *, vendor: str, emulated: bool) -> None:
    """Raise `UsageError` for a link the vendor cannot fetch a recording from."""
    try:
        parts = urlsplit(link)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole:
        raise UsageError(
            f"the reference is {shown_link(link)!r}; {vendor} takes a whole link, such as "
            "https://example.org/voice.wav."
        )
    if is_loopback(link) and not emulated:
        raise UsageError(
            f"the reference {shown_link(link)} leads to this machine, where {vendor} cannot fetch "
            "it. Put the recording where everyone can."
        )
