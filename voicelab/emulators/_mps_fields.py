"""What the calls of emulated Tencent MPS take, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.emulators._tc3 import Field, check_fields
from voicelab.emulators.base import No, json_object

LANGUAGES = (
    *("zh", "en", "ja", "de", "fr", "ko", "ru", "uk", "pt", "it", "es", "id", "nl", "tr", "fil"),
    *("ms", "el", "fi", "hr", "sk", "pl", "sv", "hi", "bg", "ro", "ar", "cs", "da", "ta", "hun"),
    *("vi", "no", "yue", "th", "he", "ca", "nn", "af", "fa", "sl"),
)
CATEGORIES = ("system", "clone", "design", "all")
TEXT = Field()
NEEDED = Field(required=True, least=1)
SAYING = r"(?s).*\S.*"
"""A text that is more than blanks."""
TEXTS = Field(kind="array", items=TEXT)
SPOKEN = Field(values=("", *LANGUAGES))
PAGE = Field(kind="integer", least=1)
OUTPUT = Field(kind="object", fields={"Type": Field(values=("data", "url"))})
PROFILE: Mapping[str, Field] = {
    "Name": TEXT,
    "Description": TEXT,
    "Gender": Field(values=("male", "female", "unknown")),
    "Age": Field(values=("child", "teenager", "youth", "middle_aged", "senior", "unknown")),
    "Languages": Field(kind="array", items=Field(values=LANGUAGES)),
    "Labels": TEXTS,
    "Scenes": TEXTS,
}
TTS_CHARACTERS = 2000
# Not stated here; the vendor's sibling product VOD takes 2000 bytes.

DESIGN_FIELDS = {
    "Prompt": Field(required=True, pattern=SAYING),
    "VoiceProfile": Field(kind="object", fields=PROFILE),
    "Text": Field(most=500),
    "ExtParam": TEXT,
}
TASK_FIELDS = {"TaskId": NEEDED}
LIST_FIELDS = {
    "VoiceId": TEXT,
    "VoiceType": Field(values=CATEGORIES),
    "VoiceName": TEXT,
    **{name: kind for name, kind in PROFILE.items() if name != "Name"},
    "PageNum": PAGE,
    "PageSize": PAGE,
    "ExtParam": TEXT,
}
DELETE_FIELDS = {"VoiceId": NEEDED, "ExtParam": TEXT}
UPDATE_FIELDS = {
    "VoiceId": NEEDED,
    "VoiceFields": Field(kind="object", required=True, fields={**PROFILE, "AudioUrl": TEXT}),
}
ASYNC_FIELDS = {
    "Text": Field(required=True, least=1, most=TTS_CHARACTERS),
    "VoiceId": NEEDED,
    "TextLang": SPOKEN,
    "ExtParam": TEXT,
}
SPEAK_FIELDS = {**ASYNC_FIELDS, "Output": OUTPUT}
CLONE_FIELDS = {
    "AudioData": TEXT,
    "AudioUrl": TEXT,
    "AudioLang": SPOKEN,
    "VoiceProfile": Field(kind="object", fields=PROFILE),
    "Text": Field(most=500),  # not stated; that of a design
    "TextLang": SPOKEN,
    "Output": OUTPUT,
    "ExtParam": TEXT,
}

SPEED = Field(kind="float", least=0.5, most=2.0)
# In the vendor's example only; nobody says how fast speech may be.
SYNTHESIS: Mapping[str, Field] = {
    "duration": Field(kind="float", above=0.0),
    "format": Field(values=("wav", "mp3")),
    "sampleRate": Field(kind="integer", values=(8000, 16000, 22050, 24000, 32000, 44100)),
    "speed": SPEED,
}
ASYNC_SYNTHESIS: Mapping[str, Field] = {
    "duration": Field(kind="float", above=0.0),
    "sampleRate": Field(kind="integer", values=(8000, 16000, 22050, 32000, 44100)),
    "pitch": Field(kind="integer", least=-12, most=12),
    "speed": SPEED,
}


@dataclass(frozen=True, kw_only=True)
class Style:
    """How something is to be spoken; a duration is not followed here."""

    format: str = "wav"
    sr: int = 16000
    speed: float = 1.0
    semitones: int = 0


def ext_param(wish: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is in `ExtParam`, which is JSON text."""
    found = json_object(wish.get("ExtParam", "{}").encode())
    if found is None:
        raise _bad_ext_param()
    return found


def style(wish: Mapping[str, Any], fields: Mapping[str, Field] = SYNTHESIS) -> Style:
    """Return the style asked for in `ExtParam.synExt`; fields nobody documents are passed by."""
    asked = ext_param(wish).get("synExt", {})
    if not isinstance(asked, dict):
        raise _bad_ext_param()
    known = {name: value for name, value in asked.items() if name in fields and value is not None}
    try:
        check_fields(known, fields)
    except No:
        raise _bad_ext_param() from None
    names = {"format": "format", "sampleRate": "sr", "speed": "speed", "pitch": "semitones"}
    return Style(**{names[name]: value for name, value in known.items() if name in names})


def _bad_ext_param() -> No:
    return No("InvalidParameterValue", "The value of the parameter `ExtParam` is not valid.")
