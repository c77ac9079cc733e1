"""Tencent TRTC as seen from outside: cloning and speech, of the international site.

Sources: the vendor's pages of the calls under https://www.tencentcloud.com/document/api/647, and
the API model and examples of its command line tool. Where nobody says what the vendor does, a
comment does.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from starlette.responses import Response

from voicelab.audio.clip import Clip, Samples, decode, encode
from voicelab.emulators._tc3 import Action, Field, Tc3Emulator
from voicelab.emulators.base import Answer, Call, Fault, No
from voicelab.emulators.likeness import say_like
from voicelab.emulators.speech import at_volume, can_say
from voicelab.errors import Unreadable

PROMPT_RATE = 16000
SHORTEST_S, LONGEST_S = 10.0, 180.0
TEXT_CHARACTERS = 255
SILENT = 10 ** (-60 / 20)
# Nobody says how quiet is too quiet, or which code it gets.

CHUNK_S = 0.5
# How much sound is in one event of a stream is not published.

CLONE_PRICE = 1.0
CHARACTER_PRICE = 0.001
# In units of no currency: prices are not published per call; they only show what was charged.

MODEL = Field(values=("", "flow_01_turbo", "flow_01_ex"), code="InvalidParameter.Model")
LANGUAGE = Field(pattern=r"([a-z]{2,3}(-[a-z]{2})?)?", code="InvalidParameter.Language")
# Both codes are the mainland site's; the international page lists none for them.
SDK_APP_ID = Field(kind="integer", required=True, least=1, code="InvalidParameter.SdkAppId")

CLONE_FIELDS: Mapping[str, Field] = {
    "SdkAppId": SDK_APP_ID,
    "VoiceName": Field(
        required=True, pattern="[0-9A-Za-z_]{1,36}", code="InvalidParameter.VoiceName"
    ),
    "PromptAudio": Field(required=True),
    "PromptText": Field(),
    "Model": MODEL,
    "Language": LANGUAGE,
}
VOICE_FIELDS: Mapping[str, Field] = {
    "VoiceId": Field(required=True, least=1, code="InvalidParameter.VoiceId"),
    "Speed": Field(kind="float", least=0.5, most=2.0, code="InvalidParameter.Speed"),
    "Volume": Field(kind="float", least=0, most=10, code="InvalidParameter.Volume"),
    "Pitch": Field(kind="integer", least=-12, most=12, code="InvalidParameter.Pitch"),
}
FORMAT_FIELDS: Mapping[str, Field] = {
    "Format": Field(values=("pcm", "wav", "mp3")),
    "SampleRate": Field(kind="integer", values=(16000, 24000), code="InvalidParameter.SampleRate"),
    "Bitrate": Field(kind="integer", values=(64, 128, 192, 256)),
}
WORD_FIELDS: Mapping[str, Field] = {
    "Word": Field(required=True),
    "Pronunciation": Field(required=True),
}
SPEECH_FIELDS: Mapping[str, Field] = {
    "SdkAppId": SDK_APP_ID,
    "Text": Field(required=True),
    "Voice": Field(kind="object", required=True, fields=VOICE_FIELDS),
    "AudioFormat": Field(kind="object", fields=FORMAT_FIELDS),
    "Model": MODEL,
    "Language": LANGUAGE,
    "PronunciationDict": Field(kind="array", items=Field(kind="object", fields=WORD_FIELDS)),
    "AlignmentMode": Field(kind="integer", values=(0, 1, 2)),
}
STREAM_FIELDS: Mapping[str, Field] = {
    **SPEECH_FIELDS,
    "AudioFormat": Field(kind="object", fields={**FORMAT_FIELDS, "Format": Field(values=("pcm",))}),
}


@dataclass(frozen=True, kw_only=True)
class ClonedVoice:
    """A voice this account has."""

    voice_id: str
    name: str
    recording: bytes = field(repr=False)
    transcript: str


@dataclass(kw_only=True, eq=False)
class TencentTrtcEmulator(Tc3Emulator):
    """The vendor's service, with one account and one application on it."""

    name: ClassVar[str] = "tencent-trtc"
    service: ClassVar[str] = "trtc"
    version: ClassVar[str] = "2019-07-22"
    variable: ClassVar[str] = "TENCENTCLOUD_TRTC_ENDPOINT"
    regions: ClassVar[tuple[str, ...]] = ("ap-singapore",)
    named_faults: ClassVar[Mapping[str, Fault]] = {
        **Tc3Emulator.named_faults,
        "retired-model": Fault(code="InvalidParameter.Model", message="Invalid model."),
    }
    sdk_app_id: int = 1466000000
    """The one application of the account; that of the page's example."""
    per_second: int = 20
    """Requests to one call."""
    voices: dict[str, ClonedVoice] = field(default_factory=dict, init=False)

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        return {
            **super().environ(base_url),
            "TENCENTCLOUD_SDK_APP_ID": str(self.sdk_app_id),
            "TENCENTCLOUD_REGION": self.regions[0],
        }

    def actions(self) -> Mapping[str, Action]:
        """Return the calls; the vendor has none that lists or deletes clones."""
        return {
            "VoiceClone": Action(
                handle=self._clone, fields=CLONE_FIELDS, per_second=self.per_second
            ),
            "TextToSpeech": Action(
                handle=self._speak, fields=SPEECH_FIELDS, per_second=self.per_second
            ),
            "TextToSpeechSSE": Action(
                handle=self._stream, fields=STREAM_FIELDS, per_second=self.per_second
            ),
        }

    async def _clone(self, call: Call, wish: dict[str, Any]) -> Answer:
        self._check_application(wish)
        recording = _unwrapped(wish["PromptAudio"])
        await asyncio.to_thread(_check_recording, recording)
        call.voice_id = self._new_id(wish["VoiceName"])
        call.charged = CLONE_PRICE
        self.voices[call.voice_id] = ClonedVoice(
            voice_id=call.voice_id,
            name=wish["VoiceName"],
            recording=recording,
            transcript=wish.get("PromptText", ""),
        )
        return {"VoiceId": call.voice_id}

    async def _speak(self, call: Call, wish: dict[str, Any]) -> Answer:
        format = wish.get("AudioFormat") or {}
        y, sr = await self._spoken(call, wish), _rate(wish)
        audio = await asyncio.to_thread(_encoded, y, sr, format.get("Format") or "pcm")
        answer: dict[str, Any] = {"Audio": base64.b64encode(audio).decode()}
        if wish.get("AlignmentMode"):
            answer["Alignments"] = [_alignment(wish["Text"], len(y) / sr)]
        return answer

    async def _stream(self, call: Call, wish: dict[str, Any]) -> Response:
        """Answer with the events of a stream; a no before the first of them is an ordinary one."""
        y, request_id = await self._spoken(call, wish), str(uuid.uuid4())
        step = round(CHUNK_S * _rate(wish))
        pieces = [_encoded(y[at : at + step], 0, "pcm") for at in range(0, len(y), step)]
        events = (_event(pieces, number, request_id) for number in range(len(pieces)))
        label = {"Content-Type": "text/event-stream", "X-TC-RequestId": request_id}
        return Response("".join(events), headers=label)

    async def _spoken(self, call: Call, wish: Mapping[str, Any]) -> Samples:
        self._check_application(wish)
        text, style = wish["Text"], wish["Voice"]
        _check_text(text)
        call.voice_id = style["VoiceId"]
        voice = self.voices.get(style["VoiceId"])
        if voice is None:
            raise No(
                "InvalidParameter.VoiceId",
                f"Cloud API TTS parameter error: Voice ID '{style['VoiceId']}' not found.",
            )
        call.charged = CHARACTER_PRICE * _count(text)
        y = await say_like(
            voice.recording,
            text,
            key=f"{self.name}/{voice.voice_id}",
            sr=_rate(wish),
            speed=style.get("Speed") or 1.0,
            semitones=style.get("Pitch") or 0,
        )
        volume = style.get("Volume")
        return y if volume is None else at_volume(y, volume)

    def _check_application(self, wish: Mapping[str, Any]) -> None:
        if wish["SdkAppId"] != self.sdk_app_id:
            raise No("InvalidParameter.SdkAppId", "The SdkAppId does not belong to this account.")

    def _new_id(self, name: str) -> str:
        """Return the name and a suffix: the same for the same history of an account."""
        earlier = sum(voice.name == name for voice in self.voices.values())
        digest = hashlib.sha256(f"{name}/{earlier}".encode()).digest()
        return f"{name}_{''.join(chr(ord('a') + byte % 26) for byte in digest[:10])}"


def _unwrapped(text: str) -> bytes:
    try:
        recording = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        recording = b""
    if not recording:
        raise _bad_recording("it is not base64")
    return recording


def _check_recording(recording: bytes) -> None:
    try:
        clip = decode(recording)
    except Unreadable:
        raise _bad_recording("it cannot be decoded") from None
    _check_shape(clip)
    if np.abs(clip.y).max() < SILENT:
        raise No("UnsupportedOperation.VoiceCloneError", "voice clone failed: no speech found")


def _check_shape(clip: Clip) -> None:
    if clip.format != "wav":
        raise _bad_recording(f"wav is required, {clip.format} found")
    if clip.sr != PROMPT_RATE or clip.channels != 1:
        raise _bad_recording(
            f"{PROMPT_RATE} Hz mono is required, {clip.sr} Hz with {clip.channels} channels found"
        )
    if not SHORTEST_S <= clip.duration_s <= LONGEST_S:
        raise _bad_recording(
            f"{SHORTEST_S:g} to {LONGEST_S:g} seconds are required, {clip.duration_s:.2f} found"
        )


def _bad_recording(why: str) -> No:
    return No("InvalidParameter.AudioPrompt", f"Invalid reference audio: {why}.")


def _check_text(text: str) -> None:
    if not 1 <= _count(text) <= TEXT_CHARACTERS:
        raise No("InvalidParameter.TextLength", "Invalid text length.")
    if not can_say(text):  # the vendor speaks more languages than the engine here
        raise No("InvalidParameter.Text", "Invalid text: the language is not supported.")


def _count(text: str) -> int:
    """Count characters the way the vendor bills them: a Chinese one is two."""
    return sum(2 if "\u4e00" <= character <= "\u9fff" else 1 for character in text)


def _alignment(text: str, duration_s: float) -> dict[str, Any]:
    """Return when the text is heard, as one sentence: how the vendor cuts it is not published."""
    return {
        "Text": text,
        "TimeBeginMs": 0,
        "TimeEndMs": round(1000 * duration_s),
        "TextBegin": 0,
        "TextEnd": len(text),
    }


def _rate(wish: Mapping[str, Any]) -> int:
    return (wish.get("AudioFormat") or {}).get("SampleRate") or 24000


def _event(pieces: list[bytes], number: int, request_id: str) -> str:
    """Return one event of a stream, its sound encoded on its own."""
    event = {
        "Type": "chunk",
        "RequestId": request_id,
        "ChunkId": f"chunk_{number}",
        "Audio": base64.b64encode(pieces[number]).decode(),
        "Seq": number,
        "IsEnd": number == len(pieces) - 1,
    }
    return f"data: {json.dumps(event)}\n\n"


def _encoded(y: Samples, sr: int, format: str) -> bytes:
    """Return a file, or the bare 16-bit samples."""
    if format != "pcm":
        return encode(y, sr=sr, format=format)
    samples: bytes = np.clip(np.rint(y * 32768.0), -32768, 32767).astype("<i2").tobytes()
    return samples
