"""MiniMax as seen from outside: voice design, text to speech and the account's voices.

Sources: the vendor's voice design page (https://platform.minimaxi.com/docs), its list of error
codes, and public reports of live answers. Where nobody says what the vendor does, a comment does.
"""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.clip import Samples, encode
from voicelab.emulators import minimax_checks as checks
from voicelab.emulators.base import (
    Answer,
    Call,
    Emulator,
    Fault,
    No,
    Window,
    invisible_share,
    say,
)
from voicelab.emulators.minimax_voices import LISTS, SYSTEM, DesignedVoice, Voices

PREVIEW_CHARACTERS = 500
USD_PER_CHARACTER = 30e-6
USD_PER_SPOKEN_CHARACTER = {"hd": 100e-6, "turbo": 60e-6}
"""By the last part of the model's name."""
USD_PER_DESIGN = 3.0
"""Charged when a designed voice is first spoken with."""
SAMPLE_RATE = 32000
# Not stated for design; these are the defaults of the vendor's text-to-speech call.

LINK_S = 24 * 3600.0
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "pcm": "application/octet-stream",
}
PAUSE = re.compile(r"<#[0-9]+(\.[0-9]+)?#>")


class Link(NamedTuple):
    """Audio that is handed out by address, for a while."""

    audio: bytes
    media_type: str
    expires_at: float


@dataclass(kw_only=True, eq=False)
class MiniMaxEmulator(Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "minimax"
    named_faults: ClassVar = {
        "throttle": Fault(code=1002, message="rate limit exceeded(RPM)"),
        "retired-model": Fault(code=2013, message="invalid params, model is not supported"),
    }
    api_key: str = "emulated-minimax-key"
    """The one key it takes."""
    requests_per_minute: int = 20
    """Of voice design."""
    speeches_per_minute: int = 60
    balance: float = 100.0
    """USD left on the account."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words its inspection stops at."""
    voices: Voices = field(default_factory=Voices, init=False)

    def __post_init__(self) -> None:
        """Start with an empty account."""
        super().__post_init__()
        self._designs = Window(self.requests_per_minute)
        self._speeches = Window(self.speeches_per_minute)
        self._links: dict[str, Link] = {}

    def routes(self) -> list[Route]:
        """Return the vendor's addresses, and that of the links it hands out."""
        handlers = {
            "design": ("voice_design", self._design),
            "speak": ("t2a_v2", self._speak),
            "list": ("get_voice", self._list),
            "delete": ("delete_voice", self._delete),
        }
        return [
            *(
                Route(f"/v1/{path}", self.entry(endpoint, handle), methods=["POST"])
                for endpoint, (path, handle) in handlers.items()
            ),
            Route("/audio/{name}", self.entry("fetch", self._fetch), methods=["GET"]),
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
        self.voices.add(DesignedVoice(voice_id=call.voice_id, prompt=prompt, made_at=call.at))
        return {"voice_id": call.voice_id, "trial_audio": audio.hex()}

    async def _speak(self, call: Call) -> Answer:
        self._admit(call, self._speeches)
        wish = checks.speech(checks.body(call))
        call.voice_id = wish.voice_id
        self._inspect(wish.text)
        price = USD_PER_SPOKEN_CHARACTER[wish.model.rpartition("-")[2]] * len(wish.text)
        prompt = self._use(call, wish.voice_id, price)
        y = await say(
            prompt,
            PAUSE.sub(", ", wish.text),
            key=f"minimax/{wish.voice_id}",
            sr=wish.sample_rate,
            speed=wish.speed,
            semitones=wish.pitch,
        )
        audio = _encoded(wish.vol * y, wish)
        sent = self._link(call, audio, wish.format) if wish.as_link else audio.hex()
        return {
            "data": {"audio": sent, "status": 2, "ced": ""},
            "extra_info": _extra_info(wish, audio, duration_s=len(y) / wish.sample_rate),
            "trace_id": secrets.token_hex(16),
        }

    async def _list(self, call: Call) -> Answer:
        self._admit(call)
        kind = checks.one_of(checks.body(call), "voice_type", tuple(LISTS))
        return self.voices.listed(kind, call.at)

    async def _delete(self, call: Call) -> Answer:
        self._admit(call)
        wish = checks.body(call)
        kind = checks.one_of(wish, "voice_type", ("voice_cloning", "voice_generation"))
        call.voice_id = checks.text(wish, "voice_id")
        if kind == "voice_cloning":  # cloning is not emulated: the account has no such voice
            raise No(2054, "voice id not exist")
        voice = self.voices.delete(call.voice_id, call.at)
        return {"voice_id": voice.voice_id, "created_time": str(int(voice.made_at))}

    async def _fetch(self, call: Call) -> Response:
        link = self._links.get(call.path.rpartition("/")[2])
        if link is None:
            return Response("NoSuchKey", 404, media_type="text/plain")
        if call.at >= link.expires_at:
            return Response("AccessDenied: Request has expired.", 403, media_type="text/plain")
        return Response(link.audio, media_type=link.media_type)

    def _use(self, call: Call, voice_id: str, price: float) -> str:
        """Charge for speaking with a voice, and return the prompt it was made from."""
        if voice_id in SYSTEM:
            self._require_balance(price)
            self._charge(call, price)
            return SYSTEM[voice_id].prompt
        voice = self.voices.find(voice_id, call.at)
        fee = 0.0 if voice.used else USD_PER_DESIGN
        self._require_balance(price + fee)
        self._charge(call, price + fee)
        self.voices.use(voice)
        return voice.prompt

    def _link(self, call: Call, audio: bytes, format: str) -> str:
        name = f"{secrets.token_hex(16)}.{format}"
        self._links[name] = Link(audio, MEDIA_TYPES[format], call.at + LINK_S)
        return f"http://{call.headers['host']}/audio/{name}"

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

    def _charge(self, call: Call, price: float) -> None:
        call.charged = price
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


def _encoded(y: Samples, wish: checks.Speech) -> bytes:
    if wish.format == "pcm":
        whole: bytes = np.clip(np.rint(y * 32768), -32768, 32767).astype("<i2").tobytes()
        return whole
    return encode(y, sr=wish.sample_rate, format=wish.format)  # its rate varies about `bitrate`


def _extra_info(wish: checks.Speech, audio: bytes, *, duration_s: float) -> dict[str, Any]:
    return {
        "audio_length": round(1000 * duration_s),
        "audio_sample_rate": wish.sample_rate,
        "audio_size": len(audio),
        "bitrate": wish.bitrate,
        "word_count": sum(character.isalnum() for character in wish.text),
        "invisible_character_ratio": round(invisible_share(wish.text), 4),
        "usage_characters": len(wish.text),
        "audio_format": wish.format,
        "audio_channel": 1,
    }
