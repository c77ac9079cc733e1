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
    "neutral",
    "calm",
    "fluent",
    "whisper",
)
SAMPLE_RATES = (8000, 16000, 22050, 24000, 32000, 44100)
BITRATES = (32000, 64000, 128000, 256000)
FORMATS = ("mp3", "pcm", "flac", "wav", "pcmu_raw", "pcmu_wav", "opus")
SUBTITLES = ("sentence", "word", "word_streaming")
CLONE_CHARACTERS = 1000


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
    channel: int
    as_link: bool
    streamed: bool
    whole_at_end: bool
    """Whether the last event of a stream repeats the sound."""
    subtitles: str | None
    """What subtitles tell the times of, where they are asked for."""


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
    streamed, as_link = flag(wish, "stream"), _as_link(wish)
    if streamed and as_link:
        raise No(2013, "invalid params, output_format: url is for answers in one piece")
    subtitles = one_of(wish, "subtitle_type", SUBTITLES, default="sentence")
    voice, audio = part(wish, "voice_setting"), part(wish, "audio_setting", required=False)
    one_of(voice, "emotion", EMOTIONS, default="calm")
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
        channel=one_of(audio, "channel", (1, 2), default=1),
        as_link=as_link,
        streamed=streamed,
        whole_at_end=not flag(
            part(wish, "stream_options", required=False), "exclude_aggregated_audio"
        ),
        subtitles=subtitles if flag(wish, "subtitle_enable") else None,
    )


def clone(wish: Mapping[str, Any]) -> Speech | None:
    """Return what a clone is asked to say at once, in the usual form; nothing where no text is."""
    for name in ("need_noise_reduction", "need_volume_normalization", "aigc_watermark"):
        flag(wish, name)
    spoken = text(wish, "text", required=False)
    if spoken is None:
        return None
    if len(spoken) > CLONE_CHARACTERS:
        raise No(2013, f"invalid params, text: at most {CLONE_CHARACTERS} characters")
    voice = {"voice_id": text(wish, "voice_id")}
    return speech({"model": wish.get("model"), "text": spoken, "voice_setting": voice})


def _as_link(wish: Mapping[str, Any]) -> bool:
    return bool(one_of(wish, "output_format", ("hex", "url"), default="hex") == "url")


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
