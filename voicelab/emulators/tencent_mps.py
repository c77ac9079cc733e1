"""Tencent MPS as seen from outside: voice design and the calls around it, as the vendor answers.

Sources: the vendor's page "DesignVoiceAsync", the fields and examples of its published SDK and
command line. Where nobody says what the vendor does, a comment does.
"""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from voicelab.audio.clip import encode
from voicelab.emulators._tc3 import Action, Field, Tc3Emulator
from voicelab.emulators.base import Answer, Call, No, json_object
from voicelab.emulators.speech import can_say, say

PREVIEW_RATE = 24000
# Not stated; the links of the vendor's examples end in .mp3.
RATES = (8000, 16000, 22050, 24000, 32000, 44100)
WORKING = 100
FAILED, NOT_THERE = 1, 2
# The vendor publishes no other number than 0 and 100.

GENDERS = ("male", "female", "unknown")
AGES = ("child", "teenager", "youth", "middle_aged", "senior", "unknown")
LANGUAGES = (
    *("zh", "en", "ja", "de", "fr", "ko", "ru", "uk", "pt", "it", "es", "id", "nl", "tr", "fil"),
    *("ms", "el", "fi", "hr", "sk", "pl", "sv", "hi", "bg", "ro", "ar", "cs", "da", "ta", "hun"),
    *("vi", "no", "yue", "th", "he", "ca", "nn", "af", "fa", "sl"),
)
TEXT = Field()
NEEDED = Field(required=True, least=1)
TEXTS = Field(kind="array", items=TEXT)
PROFILE: Mapping[str, Field] = {
    "Name": TEXT,
    "Description": TEXT,
    "Gender": Field(values=GENDERS),
    "Age": Field(values=AGES),
    "Languages": Field(kind="array", items=Field(values=LANGUAGES)),
    "Labels": TEXTS,
    "Scenes": TEXTS,
}
OUTPUT: Mapping[str, Field] = {"Type": Field(values=("data", "url"))}
TTS_CHARACTERS = 2000
# Not stated here; the vendor's sibling product VOD takes 2000 bytes.


@dataclass(frozen=True, kw_only=True)
class KeptVoice:
    """A voice this account has, or anyone has."""

    voice_id: str
    category: str
    profile: Mapping[str, Any]
    prompt: str
    ready_at: float = 0.0
    """By the emulator's clock, in seconds."""
    preview: str | None = None
    """Name of its audition in the storage."""


@dataclass(frozen=True, kw_only=True)
class DesignTask:
    """A design under way or over."""

    voice: KeptVoice | None
    """Nothing where it comes to nothing; told of even when the voice was deleted since."""
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


@dataclass(kw_only=True, eq=False)
class TencentMpsEmulator(Tc3Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "tencent-mps"
    service: ClassVar[str] = "mps"
    version: ClassVar[str] = "2019-06-12"
    variable: ClassVar[str] = "TENCENTCLOUD_MPS_ENDPOINT"
    processing_s: float = 1.0
    """Seconds a design takes; the vendor does not say."""
    slots: int = 100
    """Designed and cloned voices the account may have."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words a design fails at."""
    voices: dict[str, KeptVoice] = field(default_factory=dict, init=False)
    tasks: dict[str, DesignTask] = field(default_factory=dict, init=False)

    def actions(self) -> Mapping[str, Action]:
        """Return the calls that are emulated."""
        task = {"TaskId": NEEDED}
        wish = {"Prompt": NEEDED, "Text": Field(most=500), "ExtParam": TEXT}
        profile = Field(kind="object", fields=PROFILE)
        changes = Field(kind="object", required=True, fields={**PROFILE, "AudioUrl": TEXT})
        page = Field(kind="integer", least=1)
        filters = {
            "VoiceId": TEXT,
            "VoiceType": Field(values=("system", "clone", "design", "all")),
            "VoiceName": TEXT,
            **{name: kind for name, kind in PROFILE.items() if name != "Name"},
            "PageNum": page,
            "PageSize": page,
            "ExtParam": TEXT,
        }
        speech = {
            "Text": Field(required=True, least=1, most=TTS_CHARACTERS),
            "VoiceId": NEEDED,
            "TextLang": TEXT,
            "Output": Field(kind="object", fields=OUTPUT),
            "ExtParam": TEXT,
        }
        update = {"VoiceId": NEEDED, "VoiceFields": changes}
        return {
            "DesignVoiceAsync": Action(
                handle=self._design, fields={**wish, "VoiceProfile": profile}
            ),
            "DescribeDesignTask": Action(handle=self._task, fields=task),
            "DescribeVoices": Action(handle=self._list, fields=filters),
            "DeleteVoice": Action(
                handle=self._delete, fields={"VoiceId": NEEDED, "ExtParam": TEXT}
            ),
            "UpdateVoice": Action(handle=self._update, fields=update),
            "TextToSpeech": Action(handle=self._speak, fields=speech),
        }

    async def _design(self, call: Call, wish: dict[str, Any]) -> Answer:
        prompt, text = wish["Prompt"], wish.get("Text")
        _ext(wish)
        if not prompt.strip():
            raise No("InvalidParameterValue", "The value of the parameter `Prompt` is not valid.")
        if text:
            _check_text(text)
        if len(self.voices) >= self.slots:  # nobody says how the vendor words this
            raise No("LimitExceeded", f"The number of voices exceeds the limit `{self.slots}`.")
        voice = KeptVoice(
            voice_id=_voice_id(call),
            category="design",
            profile=wish.get("VoiceProfile", {}),
            prompt=prompt,
            ready_at=call.at + self.processing_s,
        )
        call.charged = 1.0  # a design; what it costs is not published
        request_id = str(uuid.uuid4())
        task_id = f"{self.app_id}-DesignVoiceAsync-{request_id}"
        failed = any(word in f"{prompt} {text or ''}".lower() for word in self.sensitive)
        if not failed:
            call.voice_id = voice.voice_id
            self.voices[voice.voice_id] = voice
            await self._preview(voice, text, call.at)
        made = self.voices.get(voice.voice_id)
        self.tasks[task_id] = DesignTask(voice=made, due=voice.ready_at)
        return {"ErrorCode": 0, "Msg": "success", "TaskId": task_id, "RequestId": request_id}

    async def _preview(self, voice: KeptVoice, text: str | None, now: float) -> None:
        """Say the audition text, where there is one: without it the vendor sends no link."""
        if not text:
            return
        y = await say(voice.prompt, text, key=f"tencent-mps/{voice.voice_id}", sr=PREVIEW_RATE)
        content = encode(y, sr=PREVIEW_RATE, format="mp3")
        name = self.keep(content, suffix="-preview.mp3", now=now + self.processing_s)
        self.voices[voice.voice_id] = replace(voice, preview=name)

    async def _task(self, call: Call, wish: dict[str, Any]) -> Answer:
        task = self.tasks.get(wish["TaskId"])
        if task is None:  # nobody says how the vendor words this
            raise No("InvalidParameterValue", "The value of the parameter `TaskId` is not valid.")
        voice = task.voice
        call.voice_id = None if voice is None else voice.voice_id
        if call.at < task.due:  # nor what else is in this body
            return {
                "ErrorCode": WORKING,
                "Msg": "processing",
                "Status": "processing",
                "VoiceId": None,
            }
        if voice is None:
            return {
                "ErrorCode": FAILED,
                "Msg": "voice design failed",
                "Status": "fail",
                "VoiceId": None,
            }
        answer = {"ErrorCode": 0, "Msg": "success", "Status": "success", "VoiceId": voice.voice_id}
        return answer | ({"AudioUrl": self.link(call, voice.preview)} if voice.preview else {})

    async def _list(self, call: Call, wish: dict[str, Any]) -> Answer:
        ready = [voice for voice in self.voices.values() if voice.ready_at <= call.at]
        found = [voice for voice in (*SYSTEM, *ready) if _matches(voice, wish, _ext(wish))]
        size = wish.get("PageSize", len(found))
        start = (wish.get("PageNum", 1) - 1) * size
        page = [self._shown(call, voice) for voice in found[start : start + size]]
        return {"ErrorCode": 0, "Msg": "success", "TotalCount": len(found), "Voices": page}

    async def _delete(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        if self._own(call) is None:
            return _not_there()
        del self.voices[wish["VoiceId"]]
        return {"ErrorCode": 0, "Msg": "success"}

    async def _update(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        voice = self._own(call)
        if voice is None:
            return _not_there()
        voice = replace(voice, profile={**voice.profile, **wish["VoiceFields"]})
        self.voices[voice.voice_id] = voice
        return {"ErrorCode": 0, "Msg": "success", "Voice": self._shown(call, voice)}

    async def _speak(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        system = {voice.voice_id: voice for voice in SYSTEM}
        voice = self._own(call) or system.get(wish["VoiceId"])
        if voice is None:
            return _not_there()
        _check_text(wish["Text"])
        format, sr, speed = _synthesis(_ext(wish))
        key = f"tencent-mps/{voice.voice_id}"
        y = await say(voice.prompt, wish["Text"], key=key, sr=sr, speed=speed)
        content = encode(y, sr=sr, format=format)
        content = _with_info(content) if format == "wav" else content
        call.charged = 1.0  # a synthesis; what it costs depends on the plan
        told = {"duration": round(len(y) / sr, 6), "chars": len(wish["Text"])}
        answer = {"ErrorCode": 0, "Msg": "success", "ExtInfo": json.dumps(told)}
        if wish.get("Output", {}).get("Type") == "url":
            name = self.keep(content, suffix=f".{format}", now=call.at)
            return answer | {"AudioUrl": self.link(call, name)}
        return answer | {"AudioData": base64.b64encode(content).decode()}

    def _own(self, call: Call) -> KeptVoice | None:
        voice = self.voices.get(call.voice_id or "")
        return voice if voice is not None and voice.ready_at <= call.at else None

    def _shown(self, call: Call, voice: KeptVoice) -> dict[str, Any]:
        """Return a voice as it is listed: keys without a value are left out."""
        link = self.link(call, voice.preview) if voice.preview else None
        shown = {
            "VoiceId": voice.voice_id,
            "Category": voice.category,
            "AudioUrl": link,
            "Engine": "tts-l1",
            **voice.profile,
        }
        return {name: value for name, value in shown.items() if value}


def _voice_id(call: Call) -> str:
    text = base64.b64encode(call.drawn(47)).decode()
    return f"v1_{text[:8]}/{text[9:20]}+{text[21:]}"


def _ext(wish: Mapping[str, Any]) -> dict[str, Any]:
    found = json_object(wish.get("ExtParam", "{}").encode())
    if found is None:
        raise No("InvalidParameterValue", "The value of the parameter `ExtParam` is not valid.")
    return found


def _check_text(text: str) -> None:
    if not can_say(text):  # the vendor speaks more languages than the engine here
        raise No("InvalidParameterValue", "The value of the parameter `Text` is not valid.")


def _not_there() -> Answer:
    return {"ErrorCode": NOT_THERE, "Msg": "voice not found"}


def _matches(voice: KeptVoice, wish: Mapping[str, Any], fuzzy: Mapping[str, Any]) -> bool:
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


def _synthesis(ext: Mapping[str, Any]) -> tuple[str, int, float]:
    """Return the format, the rate and the speed asked for; a duration is not followed."""
    asked = ext.get("synExt", {})
    asked = asked if isinstance(asked, dict) else {"format": None}
    format, sr, speed = (
        asked.get(name, default)
        for name, default in (("format", "wav"), ("sampleRate", 16000), ("speed", 1.0))
    )
    known = format in ("wav", "mp3") and sr in RATES and type(speed) in (int, float)
    if not known or not 0.5 <= speed <= 2.0:  # nobody says how fast speech may be
        raise No("InvalidParameterValue", "The value of the parameter `ExtParam` is not valid.")
    return format, sr, speed


def _with_info(wav: bytes) -> bytes:
    """Put a LIST chunk before the samples, as in the vendor's own example."""
    info = b"INFOISFT" + (14).to_bytes(4, "little") + b"emulated tts\0\0"
    chunk = b"LIST" + len(info).to_bytes(4, "little") + info
    size = (len(wav) + len(chunk) - 8).to_bytes(4, "little")
    return b"RIFF" + size + wav[8:36] + chunk + wav[36:]
