"""Tencent VOD as seen from outside: its voice calls and the tasks behind them, on one account.

Sources: the vendor's pages "CreateAigcCustomVoice", "DesignVoiceAsync", "DescribeTaskDetail",
"DescribeTasks", "DescribeVoices", "UpdateVoice", "DeleteVoice" and "TextToSpeechSync" of Video on
Demand, and the examples in its command line tool. Where nobody says what the vendor does, a
comment does.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from voicelab.audio.clip import Samples, encode
from voicelab.emulators._tc3 import Action, Field, Tc3Emulator, check_fields
from voicelab.emulators._vod_fields import (
    CUSTOM_FIELDS,
    DELETE_FIELDS,
    DESIGN_FIELDS,
    DETAIL_FIELDS,
    EXT_FIELDS,
    FILTER_FIELDS,
    SESSION,
    SPEAK_FIELDS,
    SPOKEN_BYTES,
    TASK_ID,
    TASKS_FIELDS,
    UPDATE_FIELDS,
    VOICES_FIELDS,
)
from voicelab.emulators._vod_reference import checked
from voicelab.emulators._vod_tasks import WELL, Failed, Outcome, Output, VodTask, page
from voicelab.emulators._vod_voices import VodVoice, matches
from voicelab.emulators.base import Answer, Call, No, can_say, json_object, say
from voicelab.emulators.likeness import said_like
from voicelab.emulators.once import Once
from voicelab.emulators.recordings import fetched
from voicelab.emulators.speech import at_volume, said

REMEMBERED_S = 3 * 24 * 3600.0
"""How long a task can be asked after, and its SessionId is taken."""
SAMPLE_RATE = 32000
TRIAL_TEXT = "This is how the voice that was made from your recording sounds."
# What the vendor lets a custom voice say is not published.

Make = Callable[[], Output]
"""Does the work of a task, blocking."""


@dataclass(kw_only=True, eq=False)
class TencentVodEmulator(Tc3Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "tencent-vod"
    providers: ClassVar[tuple[str, ...]] = ("tencent-vod", "tencent-vod-design")
    service: ClassVar[str] = "vod"
    version: ClassVar[str] = "2018-07-17"
    variable: ClassVar[str] = "TENCENTCLOUD_VOD_ENDPOINT"
    sub_app_id: int = 221073
    """The application meant where none is named."""
    sub_app_ids: tuple[int, ...] = (221157,)
    """Further applications of the account; that of the vendor's examples of a design."""
    needs_sub_app_id: bool = False
    """Whether the account was opened since 25 December 2023 and must name an application."""
    waiting_s: float = 0.5
    processing_s: float = 1.0
    price: float = 1.0
    """Charged for a call that makes or uses a voice; the vendor's own prices are not public."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words its inspection stops at."""
    works: dict[str, bytes] = field(default_factory=dict, init=False, repr=False)
    """The account's earlier works by VideoId."""
    voices: dict[str, VodVoice] = field(default_factory=dict, init=False)
    tasks: dict[str, VodTask] = field(default_factory=dict, init=False)
    sessions: dict[tuple[int, str], float] = field(default_factory=dict, init=False)
    """When each SessionId was last taken, per application."""

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        app = {"TENCENTCLOUD_VOD_SUB_APP_ID": str(self.sub_app_id)}
        return super().environ(base_url) | app

    def actions(self) -> Mapping[str, Action]:
        """Return the product's voice calls, and those that look after tasks."""
        return {
            "CreateAigcCustomVoice": Action(handle=self._create_custom, fields=CUSTOM_FIELDS),
            "DesignVoiceAsync": Action(handle=self._design, fields=DESIGN_FIELDS),
            "DescribeTaskDetail": Action(handle=self._detail, fields=DETAIL_FIELDS),
            "DescribeTasks": Action(handle=self._list_tasks, fields=TASKS_FIELDS),
            "DescribeVoices": Action(handle=self._list_voices, fields=VOICES_FIELDS),
            "UpdateVoice": Action(handle=self._update, fields=UPDATE_FIELDS),
            "DeleteVoice": Action(handle=self._delete, fields=DELETE_FIELDS),
            "TextToSpeechSync": Action(handle=self._speak, fields=SPEAK_FIELDS),
        }

    async def _create_custom(self, call: Call, wish: dict[str, Any]) -> Answer:
        names = ("VoiceName", "VoiceUrl", "VideoId")
        asked = {name: wish.get(name, "") for name in names}
        audio = await self._recording(asked["VoiceUrl"], asked["VideoId"])
        make = partial(self._make_custom, asked, audio, call)
        return await self._begin("CreateAigcCustomVoice", call, wish, asked, make)

    async def _design(self, call: Call, wish: dict[str, Any]) -> Answer:
        _json_text(wish, "ExtParam")
        names = ("Prompt", "VoiceSettings", "PreviewText", "ExtParam")
        asked = {name: wish[name] for name in names if name in wish}
        voice = VodVoice(
            voice_id=f"v1_{base64.b64encode(call.drawn(48)).decode()}=",
            prompt=wish["Prompt"],
            app=self._application(wish),
            looks=wish.get("VoiceSettings", {}),
            ready_at=call.at + self.waiting_s + self.processing_s,
        )
        make = partial(self._make_design, voice, asked.get("PreviewText", ""))
        return await self._begin("DesignVoiceAsync", call, wish, asked, make)

    async def _begin(
        self, action: str, call: Call, wish: Mapping[str, Any], asked: Mapping[str, Any], make: Make
    ) -> Answer:
        app = self._application(wish)
        session = {name: wish.get(name, "") for name in SESSION}
        task_id = f"{app}-{action}-{call.drawn(16).hex()}t"
        call.voice_id = session["SessionId"] or task_id
        self._claim(app, session["SessionId"], call.at)
        call.charged = self.price
        self.tasks[task_id] = VodTask(
            task_id=task_id,
            action=action,
            app=app,
            at=call.at,
            wall=self.wall(),
            session=session,
            asked=asked,
            waiting_s=self.waiting_s,
            processing_s=self.processing_s,
            outcome=Once(partial(_outcome, make)).begin(),
        )
        return {"TaskId": task_id}

    def _application(self, wish: Mapping[str, Any]) -> int:
        if "SubAppId" not in wish and self.needs_sub_app_id:
            raise _no_app()
        app = int(wish.get("SubAppId", self.sub_app_id))
        if app not in (self.sub_app_id, *self.sub_app_ids):
            raise _no_app()
        return app

    def _claim(self, app: int, session: str, now: float) -> None:
        taken_at = self.sessions.get((app, session))
        if session and taken_at is not None and now - taken_at < REMEMBERED_S:
            raise No(
                "InvalidParameterValue.SessionId",
                "The deduplication ID already exists. The request is removed due to duplication.",
            )
        self.sessions[app, session] = now

    async def _recording(self, url: str, video_id: str) -> bytes | None:
        """Fetch the recording while its link is sure to be good; when the vendor does is open."""
        if url and not video_id:
            return await asyncio.to_thread(fetched, url)
        return self.works.get(video_id)

    def _make_custom(self, asked: Mapping[str, Any], audio: bytes | None, call: Call) -> Output:
        audio = checked(asked["VoiceUrl"], asked["VideoId"], audio)
        voice_id = str(10**17 + int.from_bytes(call.drawn(16)) % (9 * 10**17))
        key = f"{self.name}/{voice_id}"
        y = said_like(audio, TRIAL_TEXT, key=key, sr=SAMPLE_RATE)
        kept = self._keep(y, call.at + self.waiting_s + self.processing_s)

        def output(asking: Call) -> Answer:
            info = {
                "voice_id": voice_id,
                "voice_name": asked["VoiceName"],
                "trial_url": self.link(asking, kept),
                "owned_by": str(self.app_id),
                "status": "succeed",
            }
            return {"InfoList": [{"VoiceId": voice_id, "VoiceInfo": json.dumps(info)}]}

        return output

    def _make_design(self, voice: VodVoice, text: str) -> Output:
        if any(word in f"{voice.prompt} {text}".lower() for word in self.sensitive):
            message = "the prompt violates the content policy"
            raise Failed(40000, "InvalidParameter.VoilationContent", message)
        if text and not can_say(text):  # the vendor speaks more languages than the engine here
            raise Failed(40000, "InvalidParameterValue", "the language of the text is unsupported")
        kept = None
        if text:
            key = f"{self.name}/{voice.voice_id}"
            y = said(voice.prompt, text, key=key, sr=SAMPLE_RATE)
            kept = self._keep(y, voice.ready_at, "-preview.mp3")
        self.voices[voice.voice_id] = voice

        def output(asking: Call) -> Answer:
            audio = self.link(asking, kept) if kept else ""
            return {"VoiceId": voice.voice_id, "TrialAudio": audio}

        return output

    def _keep(self, y: Samples, now: float, suffix: str = ".mp3") -> str:
        return self.keep(encode(y, sr=SAMPLE_RATE, format="mp3"), suffix=suffix, now=now)

    async def _detail(self, call: Call, wish: dict[str, Any]) -> Answer:
        app, task_id = self._application(wish), wish["TaskId"]
        if not TASK_ID.fullmatch(task_id):
            raise No("InvalidParameterValue.TaskId", "The task id is not valid.")
        task = self.tasks.get(task_id)
        if task is None or task.app != app or call.at - task.at >= REMEMBERED_S:
            raise No("ResourceNotFound", "The task does not exist, or is older than 3 days.")
        return await task.detail(call)

    async def _list_tasks(self, call: Call, wish: dict[str, Any]) -> Answer:
        app = self._application(wish)
        tasks = [task for task in self.tasks.values() if task.app == app]
        known = [task.summary(call.at) for task in tasks if call.at - task.at < REMEMBERED_S]
        return page(known, wish)

    async def _list_voices(self, call: Call, wish: dict[str, Any]) -> Answer:
        app, further = self._application(wish), _json_text(wish, "ExtParam", FILTER_FIELDS)
        wanted = {"VoiceName": further.get("voiceName"), "Labels": further.get("labels"), **wish}
        voices = sorted(self.voices.values(), key=lambda voice: voice.ready_at)
        listed = [voice.shown() for voice in voices if voice.used and voice.app == app]
        found = [row for row in listed if matches(row, wanted)]
        return {"Voices": found, "TotalCount": len(found)}

    async def _update(self, call: Call, wish: dict[str, Any]) -> Answer:
        _json_text(wish, "ExtParam")
        voice = self._used_voice(call, wish)
        voice.looks = {**voice.looks, **wish["VoiceFields"]}
        return {"Voice": voice.shown()}

    async def _delete(self, call: Call, wish: dict[str, Any]) -> Answer:
        del self.voices[self._used_voice(call, wish).voice_id]
        return {}

    async def _speak(self, call: Call, wish: dict[str, Any]) -> Answer:
        call.voice_id = wish["VoiceId"]
        further = _json_text(wish, "ExtParam", EXT_FIELDS)
        sound, style = further.get("audio_setting") or {}, further.get("voice_setting") or {}
        if len(wish["Text"].encode()) > SPOKEN_BYTES or not can_say(wish["Text"]):
            raise No("InvalidParameterValue", "The value of the parameter `Text` is not valid.")
        voice = self._voice(call, wish)
        sr, format = sound.get("sample_rate", 16000), sound.get("format", "wav")
        y = await say(
            voice.prompt,
            wish["Text"],
            key=f"{self.name}/{voice.voice_id}",
            sr=sr,
            speed=style.get("speed", 1.0),
            semitones=style.get("pitch", 0),
        )
        audio = encode(at_volume(y, style.get("vol", 1.0)), sr=sr, format=format)
        voice.used, call.charged = True, self.price
        info = {
            "audio_format": format,
            "audio_length": round(1000 * len(y) / sr),
            "audio_sample_rate": sr,
            "audio_size": len(audio),
            "word_count": len(wish["Text"]),
        }
        if wish.get("Output", {}).get("Type", "url") == "hex":
            where = {"AudioData": base64.b64encode(audio).decode(), "AudioUrl": ""}
        else:
            kept = self.keep(audio, suffix=f".{format}", now=call.at)
            where = {"AudioData": "", "AudioUrl": self.link(call, kept)}
        return {**where, "ExtInfo": json.dumps(info)}

    def _voice(self, call: Call, wish: Mapping[str, Any]) -> VodVoice:
        app, voice = self._application(wish), self.voices.get(wish["VoiceId"])
        if voice is None or voice.app != app or call.at < voice.ready_at:
            raise _no_voice()
        return voice

    def _used_voice(self, call: Call, wish: Mapping[str, Any]) -> VodVoice:
        call.voice_id = wish["VoiceId"]
        voice = self._voice(call, wish)
        if not voice.used:
            raise _no_voice()
        return voice


def _outcome(make: Make) -> Outcome:
    try:
        return Outcome(told=WELL, output=make())
    except Failed as failed:
        return Outcome(told=failed.told, output=None)


def _no_app() -> No:
    return No("InvalidParameterValue.SubAppId", "Incorrect parameter value: application id.")


def _no_voice() -> No:
    # The code is not published for voices; this is the family's.
    return No("ResourceNotFound", "The voice does not exist or has not been activated.")


def _json_text(
    wish: Mapping[str, Any], name: str, fields: Mapping[str, Field] | None = None
) -> dict[str, Any]:
    """Return the object in a parameter that is JSON text, checked where its fields are known."""
    found = json_object(wish.get(name, "{}").encode())
    if found is None:
        raise No("InvalidParameter", f"The parameter `{name}` is not a JSON object.")
    if fields is not None:
        check_fields(found, fields, f"{name}.")
    return found
