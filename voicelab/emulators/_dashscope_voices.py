"""What DashScope keeps for an account: designed voices, and recordings behind links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from starlette.responses import Response

from voicelab.emulators._dashscope_fields import COSYVOICE, QWEN, Family, Wish
from voicelab.emulators.calls import Call

YEAR_S = 365 * 86_400.0
BEIJING_TIME = timezone(timedelta(hours=8))
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "pcm": "application/octet-stream",
}


@dataclass(kw_only=True)
class DesignedVoice:
    """A voice this account has; times are in seconds since 1970, by the emulator's clock."""

    voice_id: str
    family: Family
    wish: Wish
    made_at: float
    used_at: float
    reviewed_at: float
    key: str
    """What makes its sound its own."""
    passes: bool
    """What the review of a CosyVoice voice comes to."""

    def status(self, now: float) -> str:
        """Return where its review stands; Qwen has none."""
        if self.family is COSYVOICE and now < self.reviewed_at:
            return "DEPLOYING"
        return "OK" if self.passes else "UNDEPLOYED"

    def lapsed(self, now: float) -> bool:
        """Tell whether no synthesis used it for a year."""
        return now >= self.used_at + YEAR_S

    def told(self, now: float) -> dict[str, Any]:
        """Return what the vendor says of it."""
        made = f"{datetime.fromtimestamp(self.made_at, BEIJING_TIME):%Y-%m-%d %H:%M:%S}"
        own = (
            {"language": self.wish.language}
            if self.family is QWEN
            else {"status": self.status(now)}
        )
        return {
            self.family.id_field: self.voice_id,
            "gmt_create": made,
            "gmt_modified": made,
            "target_model": self.wish.target_model,
            "voice_prompt": self.wish.prompt,
            "preview_text": self.wish.preview_text,
            **own,
        }


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What is behind a link, and how the storage gives it out."""

    content: bytes = field(repr=False)
    format: str
    signature: str
    expires_at: float

    def response(self, now: float, query: Mapping[str, str]) -> Response:
        """Return the recording to who has the signature and comes in time."""
        if query.get("Signature") != self.signature:
            return storage_no(403, "SignatureDoesNotMatch", "The request signature does not match.")
        if now >= self.expires_at:
            return storage_no(403, "AccessDenied", "Request has expired.")
        return Response(self.content, media_type=MEDIA_TYPES[self.format])


def storage_no(status: int, code: str, message: str) -> Response:
    """Return the refusal of the object storage, in words of its own."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{error}'
    return Response(xml, status, media_type="application/xml")


def new_id(family: Family, wish: Wish, call: Call) -> str:
    """Return the id of a new voice, in the shape its family has."""
    if family is COSYVOICE:
        return f"{wish.target_model}-vd-{wish.name}-{call.drawn(16).hex()}"
    stamp = f"{datetime.fromtimestamp(call.at, BEIJING_TIME):%Y%m%d%H%M%S%f}"[:17]
    return f"qwen-tts-vd-{wish.name}-voice-{stamp}-{call.drawn(2).hex()}"
