"""MiniMax as seen from outside: `POST /v1/voice_design`, checked and answered as the vendor does.

Sources: the vendor's voice design page (https://platform.minimaxi.com/docs), its list of error
codes, and public reports of live answers. Where nobody says what the vendor does, a comment does.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import numpy as np
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.clip import Samples, encode
from voicelab.emulators.base import (
    Answer,
    Call,
    Emulator,
    No,
    Window,
    can_say,
    invisible_share,
    json_object,
    say,
)

PREVIEW_CHARACTERS = 500
USD_PER_CHARACTER = 30e-6
SAMPLE_RATE = 32000
# Not stated for design; these are the defaults of the vendor's text-to-speech call.

VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]")
# Not stated for design; this is the vendor's rule for the ids of cloned voices.


@dataclass(frozen=True, kw_only=True)
class DesignedVoice:
    """A voice this account has."""

    voice_id: str
    prompt: str
    made_at: datetime


@dataclass(kw_only=True, eq=False)
class MiniMaxEmulator(Emulator):
    """The vendor's service, with one account on it."""

    name: ClassVar[str] = "minimax"
    api_key: str = "emulated-minimax-key"
    """The one key it takes."""
    requests_per_minute: int = 20
    balance: float = 100.0
    """USD left on the account."""
    sensitive: tuple[str, ...] = ("nerve gas recipe", "毒气配方")
    """Words its inspection stops at."""
    voices: dict[str, DesignedVoice] = field(default_factory=dict, init=False)
    taken: set[str] = field(default_factory=set, init=False)
    """Every id ever used: none can be used again."""

    def __post_init__(self) -> None:
        """Start with an empty account."""
        super().__post_init__()
        self._window = Window(self.requests_per_minute)

    def routes(self) -> list[Route]:
        """Return the vendor's addresses."""
        return [Route("/v1/voice_design", self.entry("design", self._design), methods=["POST"])]

    def environ(self, base_url: str) -> dict[str, str]:
        """Return the vendor's own variables."""
        return {"MINIMAX_API_KEY": self.api_key, "MINIMAX_API_HOST": base_url}

    def reply(self, answer: Answer | No) -> Response:
        """Say yes and no alike inside `base_resp`, under a trace id."""
        code, message = (answer.code, answer.message) if isinstance(answer, No) else (0, "success")
        status = answer.status if isinstance(answer, No) else 200
        content = {} if isinstance(answer, No) else dict(answer)
        content.setdefault("base_resp", {"status_code": code, "status_msg": message})
        return JSONResponse(content, status, headers={"Trace-Id": secrets.token_hex(16)})

    async def _design(self, call: Call) -> Answer:
        self._admit(call, self._window)
        wish = _body(call)
        call.voice_id = _text(wish, "voice_id", required=False)
        prompt, preview_text = _text(wish, "prompt"), _text(wish, "preview_text")
        _check_preview(preview_text)
        watermark = _flag(wish, "aigc_watermark")
        self._inspect(prompt, preview_text)
        price = USD_PER_CHARACTER * len(preview_text)
        if price > self.balance:
            raise No(1008, "insufficient balance")
        call.voice_id = self._claim(call.voice_id)
        call.charged = price
        self.balance -= price
        audio = await _trial_audio(prompt, preview_text, call.voice_id, watermark=watermark)
        self.voices[call.voice_id] = DesignedVoice(
            voice_id=call.voice_id, prompt=prompt, made_at=datetime.now(UTC)
        )
        return {"voice_id": call.voice_id, "trial_audio": audio.hex()}

    def _admit(self, call: Call, window: Window) -> None:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise No(
                1004,
                "login fail: Please carry the API secret key in the 'Authorization' field "
                "of the request header",
            )
        if not secrets.compare_digest(key.strip().encode(), self.api_key.encode()):
            raise No(2049, "invalid api key")
        if not window.admits(call.at):
            raise No(1002, "rate limit exceeded(RPM)")

    def _inspect(self, *texts: str) -> None:
        if any(word in text.lower() for word in self.sensitive for text in texts):
            raise No(1026, "input new_sensitive")

    def _claim(self, voice_id: str | None) -> str:
        if voice_id is None:
            hundredths = f"{datetime.now(UTC):%Y%m%d%H%M%S%f}"[:16]
            voice_id = f"ttv-voice-{hundredths}-{secrets.token_hex(4)}"
        elif not VOICE_ID.fullmatch(voice_id):
            raise No(2013, "invalid params, voice_id: 8 to 256 letters, digits, '-' and '_'")
        if voice_id in self.taken:
            raise No(2039, "voice clone voice id duplicate")
        self.taken.add(voice_id)
        return voice_id


def _body(call: Call) -> dict[str, Any]:
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise No(2013, "invalid params, Content-Type must be application/json")
    body = json_object(call.content)
    if body is None:
        raise No(2013, "invalid params, the body is not a JSON object")
    return body


def _text(wish: Mapping[str, Any], name: str, *, required: bool = True) -> Any:
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


def _flag(wish: Mapping[str, Any], name: str) -> bool:
    value = wish.get(name, False)
    if not isinstance(value, bool):
        raise No(2013, f"invalid params, {name}: a boolean is required")
    return value


def _check_preview(text: str) -> None:
    if len(text) > PREVIEW_CHARACTERS:
        raise No(2013, f"invalid params, preview_text: at most {PREVIEW_CHARACTERS} characters")
    if invisible_share(text) > 0.1:
        raise No(1042, "invisible character ratio limit")
    if not can_say(text):  # the vendor speaks more languages than the engine here
        raise No(2013, "invalid params, preview_text: language not supported")


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
