"""DashScope as seen from outside: voice design in both dialects, and speech with the voices.

Sources: the vendor's pages "Voice Design API reference", "Voice Design", "Error codes", "Rate
limits", "CosyVoice HTTP API" and "Qwen-Audio-TTS HTTP API"; its official Python client; public
reports of live answers. Where nobody says what the vendor does, a comment does.
"""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.clip import Samples
from voicelab.audio.vendor_formats import encode_as
from voicelab.emulators import _dashscope_speech, _dashscope_stream
from voicelab.emulators._dashscope_fields import (
    COSYVOICE,
    FAMILIES,
    QWEN,
    Family,
    Wish,
    body_of,
    invalid,
    page_of,
    wish_of,
)
from voicelab.emulators._dashscope_rates import Rates
from voicelab.emulators._dashscope_speech import Speech
from voicelab.emulators._dashscope_voices import DesignedVoice, Recording, new_id, storage_no
from voicelab.emulators.base import (
    Answer,
    Call,
    Emulator,
    Fault,
    No,
    can_say,
    json_object,
    say,
)

DAY_S = 86_400.0
USD_PER_QWEN_VOICE = 0.2  # by the model's page; a copy of the guide says CNY
USD_PER_CHARACTER = {
    "cosyvoice-v3.5-plus": 0.215e-4,  # published in CNY; at the rate the others have in both
    "cosyvoice-v3.5-flash": 0.116e-4,
    "cosyvoice-v3-plus": 0.287e-4,  # as the first
    "cosyvoice-v3-flash": 0.14335e-4,
    "qwen3-tts-vd-2026-01-26": 0.115e-4,
}
ROOT = "/api/v1/services"


@dataclass(kw_only=True, eq=False)
class DashScopeEmulator(Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "dashscope"
    currency: ClassVar[str | None] = "USD"
    providers: ClassVar[tuple[str, ...]] = ("dashscope-cosyvoice", "dashscope-qwen")
    named_faults: ClassVar[Mapping[str, Fault]] = {
        "throttle": Fault(
            code="Throttling.RateQuota",
            message="Requests rate limit exceeded, please try again later.",
            status=429,
        ),
        "retired-model": Fault(code="ModelNotFound", message="Model can not be found.", status=404),
    }
    api_key: str = "sk-emulated-dashscope-key"
    """The one key it takes."""
    requests_per_minute: int | None = None
    """For each model, by sixtieths also in each second; the vendor's own rates where not given."""
    balance: float = 100.0
    """USD left on the account."""
    slots: int = 1000
    """Voices of each family."""
    free_creates: int = 10
    """Qwen voices not charged for; deleting gives none back."""
    review_s: float = 2.0
    """Seconds a new CosyVoice voice is under review."""
    link_s: float = DAY_S
    """Seconds a link to speech holds."""
    qwen_retired: bool = False
    """Whether the announced end of the Qwen family has come; nobody says how it will be told."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words its inspection stops at."""
    rejected: tuple[str, ...] = ("impersonating a president", "冒充总统")
    """Words in a prompt for which the review rejects a CosyVoice voice."""
    voices: dict[str, DesignedVoice] = field(default_factory=dict, init=False)
    recordings: dict[str, Recording] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Start with an empty account."""
        super().__post_init__()
        self._rates = Rates(self.requests_per_minute)

    def routes(self) -> list[Route]:
        """Return the vendor's addresses, and that of its storage."""
        self.endpoints |= {*COSYVOICE.actions.values(), "customization", "fetch"}
        speak = f"{ROOT}/audio/tts/SpeechSynthesizer"
        generate = f"{ROOT}/aigc/multimodal-generation/generation"
        return [
            Route(f"{ROOT}/audio/tts/customization", self._customization, methods=["POST"]),
            Route(speak, self.entry("speak", self._speak), methods=["POST"]),
            Route(generate, self.entry("speak", self._generate), methods=["POST"]),
            Route("/dashscope-result/{key}.{format}", self._result, methods=["GET"]),
        ]

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        return {
            "DASHSCOPE_API_KEY": self.api_key,
            "DASHSCOPE_HTTP_BASE_URL": f"{base_url}/api/v1",
        }

    def credentials(self, base_url: str) -> dict[str, str]:
        """Return the address as the vendor's SDK takes it, and the key."""
        return {"base_url": f"{base_url}/api/v1", "api_key": self.api_key}

    def reply(self, answer: Answer | No) -> Response:
        """Say yes with `output` and `usage`, no with `code` and `message`."""
        request_id = {"request_id": secrets.token_hex(16)}
        if isinstance(answer, No):
            told = {"code": answer.code, "message": answer.message}
            return JSONResponse(told | request_id, answer.status)
        return JSONResponse(dict(answer) | request_id)

    def astray(self, status: int, method: str) -> No:
        """Say no as the vendor's page of error codes has it."""
        if status == 404:
            return No("NotFound", "Request path not found.", status=404)
        if status == 405:
            words = f"Request method '{method}' is not supported."
            return No("InvalidParameter", words, status=400)
        words = "An internal error has occured, please try again later or contact service support."
        return No("InternalError", words, status=500)

    async def _customization(self, request: Request) -> Response:
        """Answer under the name of the action: all of them share one address."""
        fields = (json_object(await request.body()) or {}).get("input")
        action = fields.get("action") if isinstance(fields, dict) else None
        known = {word: name for f in FAMILIES.values() for word, name in f.actions.items()}
        endpoint = known.get(str(action), "customization")
        return await self.entry(endpoint, self._customize)(request)

    async def _result(self, request: Request) -> Response:
        async def fetch(call: Call) -> Response:
            recording = self.recordings.get(request.path_params["key"])
            if "authorization" in call.headers:  # as S3 has it, whose ways this storage follows
                return storage_no(400, "InvalidArgument", "Only one auth mechanism is allowed.")
            if recording is None:
                return storage_no(404, "NoSuchKey", "The specified key does not exist.")
            return recording.response(call.at, request.query_params)

        return await self.entry("fetch", fetch)(request)

    async def _customize(self, call: Call) -> Answer:
        body = self._admit(call)
        model = body.get("model")
        family = FAMILIES.get(model) if isinstance(model, str) else None
        if family is None or (family is QWEN and self.qwen_retired):
            raise No(
                "ModelNotFound",
                f"Model can not be found. The model {model} does not exist.",
                status=404,
            )
        action = body["input"].get("action")
        if action in ("create", "create_voice"):
            await self._rates.count_speaking(family.model, call.at)
        else:
            self._rates.count(family.model, call.at)
        if not isinstance(action, str) or action not in family.actions:
            raise invalid(f"action: must be one of {', '.join(family.actions)}")
        act = {
            "design": self._design,
            "list": self._list,
            "query": self._query,
            "delete": self._delete,
        }[family.actions[action]]
        return await act(call, family, body)

    async def _design(self, call: Call, family: Family, body: Mapping[str, Any]) -> Answer:
        wish = wish_of(body, family)
        self._inspect(wish.prompt, wish.preview_text)
        if sum(voice.family is family for voice in self.voices.values()) >= self.slots:
            status, words = family.full
            words = words.format(slots=self.slots)
            raise No("Throttling.AllocationQuota", words, status=status)
        free = family is COSYVOICE or self.free_creates > 0
        self._charge(call, 0.0 if free else USD_PER_QWEN_VOICE, unit="voice")
        self.free_creates -= family is QWEN and free
        voice = self._keep(call, family, wish)
        y = await say(wish.prompt, wish.preview_text, key=voice.key, sr=wish.sample_rate)
        audio = encode_as(y, sr=wish.sample_rate, format=wish.format)
        output = {
            "preview_audio": {
                "data": base64.b64encode(audio).decode(),
                "sample_rate": wish.sample_rate,
                "response_format": wish.format,
            },
            "target_model": wish.target_model,
            family.id_field: voice.voice_id,
        }
        if wish.target_model.startswith("qwen-audio"):  # as a live answer was
            del output["target_model"]
        return {"output": output, "usage": {"count": 1}}

    async def _list(self, call: Call, family: Family, body: Mapping[str, Any]) -> Answer:
        fields = body["input"]
        prefix = str(fields.get("prefix") or "") if family is COSYVOICE else ""
        found = [
            voice
            for voice in reversed(self.voices.values())  # the vendor's order is not stated
            if voice.family is family and voice.wish.name.startswith(prefix)
        ]
        part = page_of(fields)
        entries = [voice.told(call.at) for voice in found[part]]
        if family is COSYVOICE:
            for entry in entries:
                del entry["target_model"]
            return {"output": {"voice_list": entries}, "usage": {"count": 1}}
        size = part.stop - part.start
        pages = {"page_index": part.start // size, "page_size": size, "total_count": len(found)}
        return {"output": {**pages, "voice_list": entries}, "usage": {"count": 0}}

    async def _query(self, call: Call, family: Family, body: Mapping[str, Any]) -> Answer:
        told = self._found(call, family, body).told(call.at)
        return {"output": told, "usage": {} if family is COSYVOICE else {"count": 0}}

    async def _delete(self, call: Call, family: Family, body: Mapping[str, Any]) -> Answer:
        voice = self._found(call, family, body)
        del self.voices[voice.voice_id]
        if family is COSYVOICE:
            return {"output": {}, "usage": {"count": 1}}
        return {"output": {"voice": voice.voice_id}, "usage": {"count": 0}}

    async def _speak(self, call: Call) -> Answer | Response:
        body = self._admit(call)
        model, fields = await self._spoken_model(call, body, COSYVOICE), body["input"]
        voice, wish = self._voice(call, fields, model), _dashscope_speech.cosyvoice(fields)
        y, audio, answer = await self._said(call, voice, wish)
        if not _dashscope_stream.wanted(call.headers):
            return answer
        parts = _dashscope_stream.cut(audio, duration_s=len(y) / wish.sample_rate)
        outputs = _dashscope_stream.cosyvoice(answer, parts, wish.text)
        return _dashscope_stream.response(outputs, answer, secrets.token_hex(16))

    async def _generate(self, call: Call) -> Answer | Response:
        body = self._admit(call)
        model, fields = await self._spoken_model(call, body, QWEN), body["input"]
        voice, wish = self._voice(call, fields, model), _dashscope_speech.qwen(fields)
        y, _, answer = await self._said(call, voice, wish)
        if not _dashscope_stream.wanted(call.headers):
            return {**answer, "status_code": 200, "code": "", "message": ""}  # as live ones have
        bare = encode_as(y, sr=wish.sample_rate, format="pcm")
        parts = _dashscope_stream.cut(bare, duration_s=len(y) / wish.sample_rate)
        outputs = _dashscope_stream.qwen(answer, parts)
        return _dashscope_stream.response(outputs, answer, secrets.token_hex(16))

    async def _said(
        self, call: Call, voice: DesignedVoice, wish: Speech
    ) -> tuple[Samples, bytes, Answer]:
        self._charge_speech(call, voice, wish.text)
        sr, how = wish.sample_rate, {"speed": wish.speed, "semitones": wish.semitones}
        y = wish.gain * await say(voice.wish.prompt, wish.text, key=voice.key, sr=sr, **how)
        audio = encode_as(y, sr=sr, format=wish.format)
        return y, audio, self._linked(call, audio, format=wish.format, said=wish.text)

    async def _spoken_model(self, call: Call, body: Mapping[str, Any], family: Family) -> str:
        model = body.get("model")
        if model not in family.targets or "-realtime-" in str(model):
            raise No("ModelNotFound", f"Model can not be found. {model}", status=404)
        await self._rates.count_speaking(str(model), call.at)
        return str(model)

    def _voice(self, call: Call, fields: Mapping[str, Any], model: str) -> DesignedVoice:
        call.voice_id = str(fields.get("voice") or "")
        voice = self.voices.get(call.voice_id)
        if voice is None or voice.wish.target_model != model:
            words = f"The requested voice '{call.voice_id}' is not supported."
            raise No("invalid_value", words, status=400)
        if voice.status(call.at) != "OK":  # the vendor's answer to this is not published
            raise invalid(f"voice: its status is {voice.status(call.at)}")
        return voice

    def _charge_speech(self, call: Call, voice: DesignedVoice, text: str) -> None:
        self._inspect(text)
        if not can_say(text):
            raise invalid("text: language not supported")
        price = len(text) * USD_PER_CHARACTER.get(voice.wish.target_model, 0.0)
        self._charge(call, price, unit="character")
        voice.used_at = call.at

    def _linked(self, call: Call, content: bytes, *, format: str, said: str) -> Answer:
        key, signature = secrets.token_hex(16), secrets.token_hex(14)
        expires_at = call.at + self.link_s
        self.recordings[key] = Recording(
            content=content, format=format, signature=signature, expires_at=expires_at
        )
        where = f"http://{call.headers['host']}/dashscope-result/{key}.{format}"
        url = f"{where}?Expires={expires_at:.0f}&Signature={signature}"
        audio = {"data": "", "url": url, "id": f"audio_{key}", "expires_at": round(expires_at)}
        return {
            "output": {"finish_reason": "stop", "audio": audio},
            "usage": {"characters": len(said)},
        }

    def _admit(self, call: Call) -> dict[str, Any]:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        good = secrets.compare_digest(key.strip().encode(), self.api_key.encode())
        if scheme.lower() != "bearer" or not good:
            raise No("InvalidApiKey", "Invalid API-key provided.", status=401)
        if call.headers.get("x-dashscope-async", "").lower() == "enable":
            words = "current user api does not support asynchronous calls."
            raise No("AccessDenied", words, status=403)
        for voice in list(self.voices.values()):
            if voice.lapsed(call.at):
                del self.voices[voice.voice_id]
        return body_of(call)

    def _inspect(self, *texts: str) -> None:
        if any(word in text.lower() for word in self.sensitive for text in texts):
            words = "Input or output data may contain inappropriate content."
            raise No("DataInspectionFailed", words, status=400)

    def _charge(self, call: Call, price: float, *, unit: str) -> None:
        if price > self.balance:
            words = "Access denied, please make sure your account is in good standing."
            raise No("Arrearage", words, status=400)
        self.balance -= price
        call.charged, call.unit = price, unit if price else None

    def _keep(self, call: Call, family: Family, wish: Wish) -> DesignedVoice:
        call.voice_id = new_id(family, wish, call)
        bad = any(word in wish.prompt.lower() for word in self.rejected)
        self.voices[call.voice_id] = DesignedVoice(
            voice_id=call.voice_id,
            family=family,
            wish=wish,
            made_at=call.at,
            used_at=call.at,
            reviewed_at=call.at + self.review_s,
            key=f"{family.model}/{call.drawn(16).hex()}",
            passes=family is QWEN or not bad,
        )
        return self.voices[call.voice_id]

    def _found(self, call: Call, family: Family, body: Mapping[str, Any]) -> DesignedVoice:
        call.voice_id = str(body["input"].get(family.id_field) or "")
        if not call.voice_id:
            raise invalid(f"{family.id_field}: a text is required")
        voice = self.voices.get(call.voice_id)
        if voice is None or voice.family is not family:
            code, words = family.lost
            raise No(code, words.format(voice_id=call.voice_id), status=400)
        return voice
