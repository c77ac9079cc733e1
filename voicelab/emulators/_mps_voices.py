"""The voices of an account of emulated Tencent MPS, and the tasks that make and use them."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicelab.audio.clip import Samples, encode
from voicelab.emulators._mps_fields import Style
from voicelab.emulators.base import Call
from voicelab.emulators.likeness import said_like
from voicelab.emulators.once import Once
from voicelab.emulators.speech import said


@dataclass(frozen=True, kw_only=True)
class KeptVoice:
    """A voice this account has, or anyone has."""

    voice_id: str
    category: str
    profile: Mapping[str, Any]
    prompt: str = ""
    """What it was designed from."""
    recording: bytes = field(default=b"", repr=False)
    """What it was cloned from."""
    ready_at: float = 0.0
    """By the emulator's clock, in seconds."""
    preview: Once[str] | None = None
    """Name of its audition in the storage."""

    def said(self, text: str, *, style: Style) -> Samples:
        """Speak `text` [shape=(n,)]; blocking."""
        how: Any = {
            "key": f"tencent-mps/{self.voice_id}",
            "sr": style.sr,
            "speed": style.speed,
            "semitones": style.semitones,
        }
        return (
            said_like(self.recording, text, **how)
            if self.recording
            else said(self.prompt, text, **how)
        )

    def shown(self, audio_url: str) -> dict[str, Any]:
        """Return it as it is listed: keys without a value are left out."""
        shown = {
            "VoiceId": self.voice_id,
            "Category": self.category,
            "AudioUrl": audio_url,
            "Engine": "tts-l1",
            **self.profile,
        }
        return {name: value for name, value in shown.items() if value}


@dataclass(frozen=True, kw_only=True)
class DesignTask:
    """A design under way or over."""

    voice: KeptVoice | None
    """Nothing where it comes to nothing; told of even when the voice was deleted since."""
    due: float
    """By the emulator's clock, in seconds."""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What was said, and for how long."""

    kept: str
    """Its name in the storage."""
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class SpeechTask:
    """A synthesis under way or over."""

    voice_id: str
    spoken: Once[Spoken]
    due: float
    """By the emulator's clock, in seconds."""


SYSTEM = (
    KeptVoice(
        voice_id="s1_Calm/Emulated+Male0=",
        category="system",
        profile={"Name": "Calm", "Gender": "male", "Age": "middle_aged", "Languages": ["en"]},
        prompt="A calm, middle-aged male narrator.",
    ),
    KeptVoice(
        voice_id="s1_Lively/Emulated+Female0=",
        category="system",
        profile={"Name": "Lively", "Gender": "female", "Age": "youth", "Languages": ["en", "zh"]},
        prompt="A lively young woman.",
    ),
)


def new_id(call: Call) -> str:
    """Return an id that no file name takes, as the vendor's are."""
    text = base64.b64encode(call.drawn(47)).decode()
    return f"v1_{text[:8]}/{text[9:20]}+{text[21:]}"


def matches(voice: KeptVoice, wish: Mapping[str, Any], fuzzy: Mapping[str, Any]) -> bool:
    """Tell whether a voice is one of those asked for; `fuzzy` asks for parts of a name."""
    profile = voice.profile
    exact = {"VoiceId": voice.voice_id, "VoiceName": profile.get("Name")}
    exact |= {name: profile.get(name) for name in ("Description", "Gender", "Age")}
    lists = [(wish.get(name, []), profile.get(name, [])) for name in ("Languages", "Scenes")]
    lists.append(([*wish.get("Labels", []), *fuzzy.get("labels", [])], profile.get("Labels", [])))
    return (
        wish.get("VoiceType", "all") in ("all", voice.category)
        and all(wish.get(name) in (None, value) for name, value in exact.items())
        and all(set(wanted) <= set(there) for wanted, there in lists)
        and str(fuzzy.get("voiceName", "")).lower() in str(profile.get("Name", "")).lower()
    )


def encoded(y: Samples, style: Style) -> bytes:
    """Return a file as the vendor sends it."""
    content = encode(y, sr=style.sr, format=style.format)
    return _with_info(content) if style.format == "wav" else content


def _with_info(wav: bytes) -> bytes:
    """Put a LIST chunk before the samples, as in the vendor's own example."""
    info = b"INFOISFT" + (14).to_bytes(4, "little") + b"emulated tts\0\0"
    chunk = b"LIST" + len(info).to_bytes(4, "little") + info
    size = (len(wav) + len(chunk) - 8).to_bytes(4, "little")
    return b"RIFF" + size + wav[8:36] + chunk + wav[36:]
