"""What the emulated MiniMax checks in a request, field by field, and how it names what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.emulators.base import Call, No, can_say, invisible_share, json_object

MODELS = tuple(
    f"speech-{version}-{grade}"
    for version in ("2.8", "2.6", "02", "01")
    for grade in ("hd", "turbo")
)
EMOTIONS = (
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgusted",
    "surprised",
    "calm",
    "fluent",
    "whisper",
)
SAMPLE_RATES = (8000, 16000, 22050, 24000, 32000, 44100)
BITRATES = (32000, 64000, 128000, 256000)
FORMATS = ("mp3", "wav", "flac", "pcm")
# The vendor has pcmu_raw, pcmu_wav and opus as well, and two channels; neither is emulated.


@dataclass(frozen=True, kw_only=True)
class Speech:
    """A text to be said, once it was found to be in order."""

    model: str
    text: str
    voice_id: str
    speed: float
    vol: float
    pitch: int
    sample_rate: int
    bitrate: int
    format: str
    as_link: bool


def body(call: Call) -> dict[str, Any]:
    """Return the JSON object a call brings."""
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise No(2013, "invalid params, Content-Type must be application/json")
    found = json_object(call.content)
    if found is None:
        raise No(2013, "invalid params, the body is not a JSON object")
    return found


def speech(wish: Mapping[str, Any]) -> Speech:
    """Return what `/v1/t2a_v2` was asked for."""
    model = one_of(wish, "model", MODELS)
    spoken = text(wish, "text")
    if len(spoken) >= 10_000:
        raise No(2013, "invalid params, text: fewer than 10000 characters")
    check_spoken(spoken, "text")
    if flag(wish, "stream"):
        raise No(2013, "invalid params, stream: the emulator answers in one piece only")
    voice, audio = part(wish, "voice_setting"), part(wish, "audio_setting", required=False)
    one_of(voice, "emotion", EMOTIONS, default="calm")
    one_of(audio, "channel", (1,), default=1)
    return Speech(
        model=model,
        text=spoken,
        voice_id=text(voice, "voice_id"),
        speed=number(voice, "speed", 0.5, 2, default=1),
        vol=number(voice, "vol", 0.01, 10, default=1),
        pitch=_whole(number(voice, "pitch", -12, 12, default=0)),
        sample_rate=one_of(audio, "sample_rate", SAMPLE_RATES, default=32000),
        bitrate=one_of(audio, "bitrate", BITRATES, default=128000),
        format=one_of(audio, "format", FORMATS, default="mp3"),
        as_link=one_of(wish, "output_format", ("hex", "url"), default="hex") == "url",
    )


def text(wish: Mapping[str, Any], name: str, *, required: bool = True) -> Any:
    """Return a string field that has something in it."""
    value = wish.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str):
        raise No(2013, f"invalid params, {name}: a string is required")
    if not value.strip():
        raise No(2013, f"invalid params, {name} is empty")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise No(2013, f"invalid params, {name} is not valid text")
    return value


def flag(wish: Mapping[str, Any], name: str) -> bool:
    """Return a field that is true or false, and false where it is not sent."""
    value = wish.get(name, False)
    if not isinstance(value, bool):
        raise No(2013, f"invalid params, {name}: a boolean is required")
    return value


def part(wish: Mapping[str, Any], name: str, *, required: bool = True) -> Mapping[str, Any]:
    """Return a field that is an object."""
    value = wish.get(name)
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise No(2013, f"invalid params, {name}: an object is required")
    return value


def one_of(wish: Mapping[str, Any], name: str, known: Sequence[Any], *, default: Any = None) -> Any:
    """Return a field that has one of a few values."""
    value = wish.get(name, default)
    if isinstance(value, bool) or value not in known:
        raise No(2013, f"invalid params, {name}: one of {', '.join(map(str, known))} is required")
    return value


def number(wish: Mapping[str, Any], name: str, low: float, high: float, *, default: float) -> float:
    """Return a field that is a number within bounds."""
    value = wish.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise No(2013, f"invalid params, {name}: a number from {low:g} to {high:g} is required")
    return value


def _whole(pitch: float) -> int:
    if not isinstance(pitch, int):
        raise No(2013, "invalid params, pitch: whole semitones are required")
    return pitch


def check_spoken(spoken: str, name: str) -> None:
    """Refuse what nobody could say."""
    if invisible_share(spoken) > 0.1:
        raise No(1042, "invisible character ratio limit")
    if not can_say(spoken):  # the vendor speaks more languages than the engine here
        raise No(2013, f"invalid params, {name}: language not supported")
