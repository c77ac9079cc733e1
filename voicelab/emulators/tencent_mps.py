"""Tencent MPS as seen from outside: voice design and the calls around it, as the vendor answers.

Sources: the vendor's page "DesignVoiceAsync", the fields and examples of its published SDK and
command line. Where nobody says what the vendor does, a comment does.
"""

import asyncio
import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

from voicelab.audio.clip import Samples, decode
from voicelab.emulators._mps_fields import (
    ASYNC_FIELDS,
    ASYNC_SYNTHESIS,
    CLONE_FIELDS,
    DELETE_FIELDS,
    DESIGN_FIELDS,
    LIST_FIELDS,
    SPEAK_FIELDS,
    TASK_FIELDS,
    UPDATE_FIELDS,
    Style,
    ext_param,
    style,
)
from voicelab.emulators._mps_voices import (
    SYSTEM,
    DesignTask,
    KeptVoice,
    SpeechTask,
    Spoken,
    encoded,
    matches,
    new_id,
)
from voicelab.emulators._tc3 import Action, Tc3Emulator
from voicelab.emulators.base import Answer, Call, No
from voicelab.emulators.once import Once
from voicelab.emulators.recordings import fetched
from voicelab.emulators.speech import can_say
from voicelab.errors import Unreadable

PREVIEW = Style(format="mp3", sr=24000)
# Not stated; the links of the vendor's examples end in .mp3.
WORKING = 100
FAILED, NOT_THERE = 1, 2
# The vendor publishes no other number than 0 and 100.
SUCCESS: Mapping[str, Any] = {"ErrorCode": 0, "Msg": "success"}


@dataclass(kw_only=True, eq=False)
class TencentMpsEmulator(Tc3Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "tencent-mps"
    service: ClassVar[str] = "mps"
    version: ClassVar[str] = "2019-06-12"
    variable: ClassVar[str] = "TENCENTCLOUD_MPS_ENDPOINT"
    processing_s: float = 1.0
    """Seconds a design or a synthesis takes as a task; the vendor does not say."""
    slots: int = 100
    """Designed and cloned voices the account may have."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words a design fails at."""
    voices: dict[str, KeptVoice] = field(default_factory=dict, init=False)
    tasks: dict[str, DesignTask] = field(default_factory=dict, init=False)
    speeches: dict[str, SpeechTask] = field(default_factory=dict, init=False)

    def actions(self) -> Mapping[str, Action]:
        """Return the calls that are emulated."""
        return {
            "DesignVoiceAsync": Action(handle=self._design, fields=DESIGN_FIELDS),
            "DescribeDesignTask": Action(handle=self._design_task, fields=TASK_FIELDS),
            "CloneVoice": Action(handle=self._clone, fields=CLONE_FIELDS),
            "DescribeVoices": Action(handle=self._list, fields=LIST_FIELDS),
            "DeleteVoice": Action(handle=self._delete, fields=DELETE_FIELDS),
            "UpdateVoice": Action(handle=self._update, fields=UPDATE_FIELDS),
            "TextToSpeech": Action(handle=self._speak, fields=SPEAK_FIELDS),
            "TextToSpeechAsync": Action(handle=self._speak_later, fields=ASYNC_FIELDS),
            "DescribeTextToSpeechAsyncTask": Action(handle=self._speech_task, fields=TASK_FIELDS),
        }

    async def _design(self, call: Call, wish: dict[str, Any]) -> Answer:
        prompt, text = wish["Prompt"], wish.get("Text")
        ext_param(wish)
        _check_text(text)
        self._require_slot()
        call.charged = 1.0  # a design; what it costs is not published
        request_id = str(uuid.uuid4())
        task_id = f"{self.app_id}-DesignVoiceAsync-{request_id}"
        due = call.at + self.processing_s
        made = None
        if not any(word in f"{prompt} {text or ''}".lower() for word in self.sensitive):
            made = KeptVoice(
                voice_id=new_id(call),
                category="design",
                profile=wish.get("VoiceProfile", {}),
                prompt=prompt,
                ready_at=due,
            )
            made = replace(made, preview=self._preview(made, text))
            self.voices[made.voice_id] = made
            call.voice_id = made.voice_id
        self.tasks[task_id] = DesignTask(voice=made, due=due)
        return {**SUCCESS, "TaskId": task_id, "RequestId": request_id}

    def _preview(self, voice: KeptVoice, text: str | None) -> Once[str] | None:
        """Begin to say the audition text: without one the vendor sends no link."""
        if not text:
            return None

        def kept() -> str:
            content = encoded(voice.said(text, style=PREVIEW), PREVIEW)
            return self.keep(content, suffix="-preview.mp3", now=voice.ready_at)

        return Once(kept).begin()

    async def _design_task(self, call: Call, wish: dict[str, Any]) -> Answer:
        task = self.tasks.get(wish["TaskId"])
        if task is None:
            raise _no_task()
        voice = task.voice
        call.voice_id = None if voice is None else voice.voice_id
        if call.at < task.due:
            return _status(WORKING, "processing", "processing")
        if voice is None:
            return _status(FAILED, "voice design failed", "fail")
        link = await self._audition(call, voice)
        answer = {**SUCCESS, "Status": "success", "VoiceId": voice.voice_id}
        return answer | ({"AudioUrl": link} if link else {})

    async def _clone(self, call: Call, wish: dict[str, Any]) -> Answer:
        text = wish.get("Text")
        how = style(wish)
        recording = await _recording(wish)
        _check_text(text)
        self._require_slot()
        try:
            await asyncio.to_thread(decode, recording)
        except Unreadable:  # nobody says how the vendor words this, or how long a recording may be
            return {"ErrorCode": FAILED, "Msg": "voice clone failed: the audio cannot be decoded"}
        voice = KeptVoice(
            voice_id=new_id(call),
            category="clone",
            profile=wish.get("VoiceProfile", {}),
            recording=recording,
            ready_at=call.at,
        )
        call.charged, call.voice_id = 1.0, voice.voice_id  # what a clone costs is not published
        self.voices[voice.voice_id] = voice
        answer = {**SUCCESS, "VoiceId": voice.voice_id}
        return answer | (await self._heard(call, wish, voice, text, how) if text else {})

    async def _list(self, call: Call, wish: dict[str, Any]) -> Answer:
        fuzzy = ext_param(wish)
        ready = [voice for voice in self.voices.values() if voice.ready_at <= call.at]
        found = [voice for voice in (*SYSTEM, *ready) if matches(voice, wish, fuzzy)]
        size = wish.get("PageSize", len(found))
        start = (wish.get("PageNum", 1) - 1) * size
        page = [await self._shown(call, voice) for voice in found[start : start + size]]
        return {**SUCCESS, "TotalCount": len(found), "Voices": page}

    async def _delete(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        if self._own(call) is None:
            return _not_there()
        del self.voices[wish["VoiceId"]]
        return SUCCESS

    async def _update(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        voice = self._own(call)
        if voice is None:
            return _not_there()
        voice = replace(voice, profile={**voice.profile, **wish["VoiceFields"]})
        self.voices[voice.voice_id] = voice
        return {**SUCCESS, "Voice": await self._shown(call, voice)}

    async def _speak(self, call: Call, wish: dict[str, Any]) -> Answer:
        voice = self._any(call, wish)
        if voice is None:
            return _not_there()
        _check_text(wish["Text"])
        how = style(wish)
        call.charged = 1.0  # a synthesis; what it costs depends on the plan
        return {**SUCCESS, **await self._heard(call, wish, voice, wish["Text"], how)}

    async def _speak_later(self, call: Call, wish: dict[str, Any]) -> Answer:
        voice, text = self._any(call, wish), wish["Text"]
        if voice is None:  # at once or in the task: nobody says
            return _not_there()
        _check_text(text)
        how = style(wish, ASYNC_SYNTHESIS)
        call.charged = 1.0
        task_id = f"{self.app_id}-DubbingAsync-{uuid.uuid4()}"
        due = call.at + self.processing_s

        def spoken() -> Spoken:
            y = voice.said(text, style=how)
            kept = self.keep(encoded(y, how), suffix=".wav", now=due)
            return Spoken(kept=kept, duration_s=len(y) / how.sr)

        begun = Once(spoken).begin()
        self.speeches[task_id] = SpeechTask(voice_id=voice.voice_id, spoken=begun, due=due)
        return {**SUCCESS, "TaskId": task_id}

    async def _speech_task(self, call: Call, wish: dict[str, Any]) -> Answer:
        task = self.speeches.get(wish["TaskId"])
        if task is None:
            raise _no_task()
        call.voice_id = task.voice_id
        if call.at < task.due:
            return _status(WORKING, "processing", "processing")
        spoken = await task.spoken.result()
        return {
            **SUCCESS,
            "Status": "success",
            "AudioUrl": self.link(call, spoken.kept),
            "VoiceId": task.voice_id,
            "ExtInfo": json.dumps({"duration": round(spoken.duration_s, 6)}),
        }

    async def _heard(
        self, call: Call, wish: Mapping[str, Any], voice: KeptVoice, text: str, how: Style
    ) -> dict[str, Any]:
        """Return speech as it was asked for, as data or behind a link."""
        y: Samples = await asyncio.to_thread(partial(voice.said, text, style=how))
        content = encoded(y, how)
        told = {"duration": round(len(y) / how.sr, 6), "chars": len(text)}
        answer = {"ExtInfo": json.dumps(told)}
        if wish.get("Output", {}).get("Type") == "url":
            kept = self.keep(content, suffix=f".{how.format}", now=call.at)
            return {"AudioUrl": self.link(call, kept), **answer}
        return {"AudioData": base64.b64encode(content).decode(), **answer}

    def _require_slot(self) -> None:
        if len(self.voices) >= self.slots:  # nobody says how the vendor words this
            raise No("LimitExceeded", f"The number of voices exceeds the limit `{self.slots}`.")

    def _own(self, call: Call) -> KeptVoice | None:
        voice = self.voices.get(call.voice_id or "")
        return voice if voice is not None and voice.ready_at <= call.at else None

    def _any(self, call: Call, wish: Mapping[str, Any]) -> KeptVoice | None:
        call.voice_id = wish["VoiceId"]
        return self._own(call) or {voice.voice_id: voice for voice in SYSTEM}.get(wish["VoiceId"])

    async def _shown(self, call: Call, voice: KeptVoice) -> dict[str, Any]:
        return voice.shown(await self._audition(call, voice))

    async def _audition(self, call: Call, voice: KeptVoice) -> str:
        return self.link(call, await voice.preview.result()) if voice.preview else ""


async def _recording(wish: Mapping[str, Any]) -> bytes:
    """Return the recording sent; a link is looked at where there are no data."""
    data, url = wish.get("AudioData", ""), wish.get("AudioUrl", "")
    if data:
        try:
            return base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise _bad("AudioData") from None
    found = await asyncio.to_thread(fetched, url) if url else None
    if found is None:
        raise _bad("AudioUrl" if url else "AudioData")
    return found


def _check_text(text: str | None) -> None:
    if text and not can_say(text):  # the vendor speaks more languages than the engine here
        raise _bad("Text")


def _status(code: int, message: str, status: str) -> Answer:
    # No body of a task under way or failed is published.
    return {"ErrorCode": code, "Msg": message, "Status": status, "VoiceId": None}


def _bad(name: str) -> No:
    return No("InvalidParameterValue", f"The value of the parameter `{name}` is not valid.")


def _no_task() -> No:
    return _bad("TaskId")  # nobody says how the vendor words this


def _not_there() -> Answer:
    return {"ErrorCode": NOT_THERE, "Msg": "voice not found"}
