"""MiniMax as seen from outside: voice design, text to speech and the account's voices.

Sources: the vendor's voice design page (https://platform.minimaxi.com/docs), its list of error
codes, and public reports of live answers. Where nobody says what the vendor does, a comment does.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.clip import Samples, encode
from voicelab.emulators import minimax_audio
from voicelab.emulators import minimax_checks as checks
from voicelab.emulators.base import Answer, Call, Emulator, Fault, No, Window, say
from voicelab.emulators.minimax_files import Files
from voicelab.emulators.minimax_voices import LISTS, SYSTEM, OwnVoice, SystemVoice, Voices, speak

PREVIEW_CHARACTERS = 500
USD_PER_CHARACTER = 30e-6
USD_PER_SPOKEN_CHARACTER = {"hd": 100e-6, "turbo": 60e-6}
"""By the last part of the model's name."""
SAMPLE_RATE = 32000
# Not stated for design; these are the defaults of the vendor's text-to-speech call.


@dataclass(kw_only=True, eq=False)
class MiniMaxEmulator(Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "minimax"
    currency: ClassVar[str | None] = "USD"
    named_faults: ClassVar = {
        "throttle": Fault(code=1002, message="rate limit exceeded(RPM)"),
        "retired-model": Fault(code=2013, message="invalid params, model is not supported"),
    }
    api_key: str = "emulated-minimax-key"
    """The one key it takes."""
    requests_per_minute: int = 20
    """Of voice design."""
    speeches_per_minute: int = 60
    clones_per_minute: int = 60
    verified: bool = True
    """Whether the account may clone: the vendor wants to know who it is."""
    balance: float = 100.0
    """USD left on the account."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words its inspection stops at."""
    voices: Voices = field(default_factory=Voices, init=False)

    def __post_init__(self) -> None:
        """Start with an empty account."""
        self._links = minimax_audio.Links()
        super().__post_init__()
        self._designs = Window(self.requests_per_minute)
        self._speeches = Window(self.speeches_per_minute)
        self._clones = Window(self.clones_per_minute)
        self._files = Files()

    def routes(self) -> list[Route]:
        """Return the vendor's addresses, and that of the links it hands out."""
        handlers = {
            "design": ("voice_design", self._design),
            "speak": ("t2a_v2", self._speak),
            "list": ("get_voice", self._list),
            "delete": ("delete_voice", self._delete),
            "upload": ("files/upload", self._upload),
            "clone": ("voice_clone", self._clone),
        }
        return [
            *(
                Route(f"/v1/{path}", self.entry(endpoint, handle), methods=["POST"])
                for endpoint, (path, handle) in handlers.items()
            ),
            Route("/audio/{name}", self.entry("fetch", self._links.fetch), methods=["GET"]),
        ]

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        return {"MINIMAX_API_KEY": self.api_key, "MINIMAX_API_HOST": base_url}

    def reply(self, answer: Answer | No) -> Response:
        """Say yes and no alike inside `base_resp`, under a trace id."""
        code, message = (answer.code, answer.message) if isinstance(answer, No) else (0, "success")
        status = answer.status if isinstance(answer, No) else 200
        content = {} if isinstance(answer, No) else dict(answer)
        content.setdefault("base_resp", {"status_code": code, "status_msg": message})
        trace = str(content.get("trace_id") or secrets.token_hex(16))
        return JSONResponse(content, status, headers={"Trace-Id": trace})

    def astray(self, status: int, method: str) -> No:
        """Say in `base_resp` too what is wrong; the vendor's own words are not published."""
        if status == 500:
            return No(1013, "internal service error", status=500)
        what = "request path not found" if status == 404 else f"method {method} is not allowed"
        return No(2013, f"invalid params, {what}", status=status)

    async def _design(self, call: Call) -> Answer:
        self._admit(call, self._designs)
        wish = checks.body(call)
        call.voice_id = checks.text(wish, "voice_id", required=False)
        prompt, preview_text = checks.text(wish, "prompt"), checks.text(wish, "preview_text")
        _check_preview(preview_text)
        watermark = checks.flag(wish, "aigc_watermark")
        self._inspect(prompt, preview_text)
        price = USD_PER_CHARACTER * len(preview_text)
        self._require_balance(price)
        call.voice_id = self.voices.claim(call.voice_id, call.at)
        self._charge(call, price)
        audio = await _trial_audio(prompt, preview_text, call.voice_id, watermark=watermark)
        self.voices.add(OwnVoice(voice_id=call.voice_id, prompt=prompt, made_at=call.at))
        return {"voice_id": call.voice_id, "trial_audio": audio.hex()}

    async def _speak(self, call: Call) -> Answer | Response:
        self._admit(call, self._speeches)
        wish = checks.speech(checks.body(call))
        call.voice_id = wish.voice_id
        self._inspect(wish.text)
        y = await _spoken(self._use(call, wish), wish)
        audio = minimax_audio.encoded(y, wish)
        data: dict[str, Any] = {"audio": audio.hex(), "status": 2}
        if wish.as_link:
            data["audio"] = self._links.add(call, audio, wish.format)
        if wish.subtitles is not None:
            data["subtitle_file"] = self._links.add(call, minimax_audio.subtitles(y, wish), "json")
        answer = {
            "data": data | {"ced": ""},
            "extra_info": _extra_info(y, audio, wish),
            "trace_id": secrets.token_hex(16),
        }
        if wish.streamed:
            return minimax_audio.stream(answer, audio, whole_at_end=wish.whole_at_end)
        return answer

    async def _upload(self, call: Call) -> Answer:
        self._admit(call)
        return {"file": self._files.add(call).told()}

    async def _clone(self, call: Call) -> Answer:
        self._admit(call, self._clones)
        wish = checks.body(call)
        call.voice_id = checks.text(wish, "voice_id")
        demo = checks.clone(wish)
        if not self.verified:
            raise No(2038, "no cloning permission, please verify your account")
        recording = self._files.find(wish.get("file_id"), "voice_clone")
        self._check_prompt(checks.part(wish, "clone_prompt", required=False))
        price = _price_of(demo) if demo else 0.0
        self._inspect(demo.text if demo else "")
        self._require_balance(price)
        made = OwnVoice(
            voice_id=self.voices.claim(call.voice_id, call.at), made_at=call.at, recording=recording
        )
        self._charge(call, price)
        self.voices.add(made)
        answer = {"input_sensitive": False, "input_sensitive_type": 0, "demo_audio": ""}
        return answer | (await self._demo(call, made, demo) if demo else {})

    async def _demo(self, call: Call, voice: OwnVoice, wish: checks.Speech) -> dict[str, Any]:
        y = await _spoken(voice, wish)
        audio = minimax_audio.encoded(y, wish)
        link = self._links.add(call, audio, wish.format)
        return {"demo_audio": link, "extra_info": _extra_info(y, audio, wish)}

    def _check_prompt(self, prompt: Mapping[str, Any]) -> None:
        if prompt:
            self._files.find(prompt.get("prompt_audio"), "prompt_audio")
            checks.text(prompt, "prompt_text")

    async def _list(self, call: Call) -> Answer:
        self._admit(call)
        kind = checks.one_of(checks.body(call), "voice_type", tuple(LISTS))
        return self.voices.listed(kind, call.at)

    async def _delete(self, call: Call) -> Answer:
        self._admit(call)
        wish = checks.body(call)
        kind = checks.one_of(wish, "voice_type", ("voice_cloning", "voice_generation"))
        call.voice_id = checks.text(wish, "voice_id")
        voice = self.voices.delete(call.voice_id, kind, call.at)
        return {"voice_id": voice.voice_id, "created_time": str(int(voice.made_at))}

    def _use(self, call: Call, wish: checks.Speech) -> OwnVoice | SystemVoice:
        """Charge for speaking with a voice, and return it."""
        price = _price_of(wish)
        if wish.voice_id in SYSTEM:
            self._require_balance(price)
            self._charge(call, price)
            return SYSTEM[wish.voice_id]
        voice = self.voices.find(wish.voice_id, call.at)
        self._require_balance(price + voice.fee)
        self._charge(call, price + voice.fee, unit="character, voice" if voice.fee else "character")
        self.voices.use(voice)
        return voice

    def _admit(self, call: Call, window: Window | None = None) -> None:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise No(
                1004,
                "login fail: Please carry the API secret key in the 'Authorization' field "
                "of the request header",
            )
        if not secrets.compare_digest(key.strip().encode(), self.api_key.encode()):
            raise No(2049, "invalid api key")
        if window is not None and not window.admits(call.at):
            raise No(1002, "rate limit exceeded(RPM)")

    def _inspect(self, *texts: str) -> None:
        if any(word in text.lower() for word in self.sensitive for text in texts):
            raise No(1026, "input new_sensitive")

    def _require_balance(self, price: float) -> None:
        if price > self.balance:
            raise No(1008, "insufficient balance")

    def _charge(self, call: Call, price: float, *, unit: str = "character") -> None:
        call.charged, call.unit = price, unit if price else None
        self.balance -= price


def _check_preview(text: str) -> None:
    if len(text) > PREVIEW_CHARACTERS:
        raise No(2013, f"invalid params, preview_text: at most {PREVIEW_CHARACTERS} characters")
    checks.check_spoken(text, "preview_text")


async def _trial_audio(prompt: str, text: str, voice_id: str, *, watermark: bool) -> bytes:
    y = await say(prompt, text, key=f"minimax/{voice_id}", sr=SAMPLE_RATE)
    if watermark:
        y = np.concatenate([y, _beeps()])
    return encode(y, sr=SAMPLE_RATE, format="mp3")


def _beeps() -> Samples:
    """Return three short beeps, the watermark [shape=(n,)]; the vendor's own is not published."""
    t = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    gate = (t % 0.16 < 0.08) & (t < 0.48)
    return (0.2 * gate * np.sin(2 * np.pi * 1000 * t)).astype(np.float32)


async def _spoken(voice: OwnVoice | SystemVoice, wish: checks.Speech) -> Samples:
    text = minimax_audio.PAUSE.sub(", ", wish.text)
    how = {"speed": wish.speed, "semitones": float(wish.pitch)}
    return wish.vol * await speak(voice, text, key=wish.voice_id, sr=wish.sample_rate, **how)


def _extra_info(y: Samples, audio: bytes, wish: checks.Speech) -> dict[str, Any]:
    return minimax_audio.extra_info(wish, audio, duration_s=len(y) / wish.sample_rate)


def _price_of(wish: checks.Speech) -> float:
    return USD_PER_SPOKEN_CHARACTER[wish.model.rpartition("-")[2]] * len(wish.text)
