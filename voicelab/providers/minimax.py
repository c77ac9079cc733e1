"""MiniMax voice design: the only place with its words.

Sources: the vendor's pages "Voice Design", "Error Codes" and "Rate Limits" under
https://platform.minimax.io/docs (international) and https://platform.minimaxi.com/docs (mainland).
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple, Self
from urllib.parse import urlsplit

from voicelab.errors import InDoubt, Refused, Throttled, TrialError, Unreadable, UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers.base import (
    BearerAuth,
    Limits,
    Price,
    Provider,
    Reply,
    Request,
    Send,
)
from voicelab.providers.wire import check_key, check_length, check_options, host, retry_after

INTERNATIONAL = "https://api.minimax.io"
MAINLAND = "https://api.minimaxi.com"
MAINLAND_DOMAINS = ("minimaxi.com", "minimax.cn", "minimax.chat")
PREVIEW_CHARACTERS = 500
UNUSED_FOR = timedelta(hours=168)
"""A voice that was not spoken with through /v1/t2a_v2 for so long is dropped."""
OWN_FIELDS = ("prompt", "preview_text")
VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]")
# Stated for cloned voices; taken to hold for designed ones.


class Code(NamedTuple):
    """What a no of the vendor's means here."""

    error: type[TrialError] | None
    words: str
    """The vendor's, shown where a reply brings none."""
    advice: str = ""


KEY = "Check the key, and that MINIMAX_API_HOST is the region it was made in."
ACCOUNT = "Look at the account in the MiniMax console."
WORDING = "Change the wording."
CLONE = "A design should never get this; report it with the trace id."

CODES: Mapping[int, Code] = {
    0: Code(None, "success"),
    1000: Code(InDoubt, "unknown error"),
    1001: Code(InDoubt, "request timeout"),
    1002: Code(Throttled, "rate limit (requests a minute)"),
    1004: Code(Refused, "not authorized", KEY),
    1008: Code(Refused, "insufficient balance", "Top up the account, then send it anew."),
    1013: Code(InDoubt, "internal service error"),
    1024: Code(InDoubt, "internal error"),
    1026: Code(Refused, "input sensitive", f"{WORDING} Prompt and preview text are judged."),
    1027: Code(Refused, "output sensitive", f"{WORDING} What was made of it is judged."),
    1033: Code(InDoubt, "system error"),
    1039: Code(Throttled, "token limit (tokens a minute)"),
    1041: Code(Throttled, "connection limit"),
    1042: Code(Refused, "invisible character ratio limit", "Take invisible characters out."),
    1043: Code(Refused, "ASR similarity check failed", CLONE),
    1044: Code(Refused, "prompt similarity check failed", CLONE),
    2013: Code(Refused, "invalid params", "Mend the field it names."),
    20132: Code(Refused, "invalid samples or voice_id", "Mend the field it names."),
    2037: Code(Refused, "clone audio too short or too long", CLONE),
    2038: Code(Refused, "no cloning permission", f"{ACCOUNT} It may want verifying."),
    2039: Code(
        Refused,
        "voice id duplicate",
        "A voice of this id exists already, perhaps from an earlier sending of this trial; "
        "send it anew under another id.",
    ),
    2042: Code(Refused, "no access to this voice_id", "Use an id of your own account."),
    2045: Code(Throttled, "rate growth limit"),
    2048: Code(Refused, "prompt audio too long", CLONE),
    2049: Code(Refused, "invalid api key", f"{KEY} A key of one region fails in the other."),
    2054: Code(Refused, "voice id does not exist", "It may have lapsed; design it anew."),
    2056: Code(Refused, "usage limit exceeded", "Wait for the plan's next 5-hour window."),
    2061: Code(Refused, "the plan does not support the model", ACCOUNT),
}
"""Every documented `base_resp.status_code`. A paid call that may have been carried out is in doubt.

The vendor's command line calls 1002 and 1039 content faults; its table of codes, followed here,
says they are rate limits.
"""

UNKNOWN = Code(Refused, "undocumented code", "Look the code up at the vendor.")
OPENING: Mapping[type[TrialError], str] = {
    Refused: "minimax refused the voice",
    Throttled: "minimax asks to slow down",
    InDoubt: "minimax failed on its side",
    Unreadable: "minimax said neither yes nor no",
}
IN_DOUBT = (
    "The voice may have been made and charged all the same: "
    "look at the account's usage before you send it anew."
)

INTERNATIONAL_PRICE = Price(
    per_character=30e-6,  # the API page; another page of the vendor's is said to have 60
    per_kept_voice=3.0,
    currency="USD",
    source="https://platform.minimax.io/docs (Voice Design), by a third party's digest",
    as_of="2026-09-18",
)
MAINLAND_PRICE = Price(
    per_character=2e-4,
    per_kept_voice=9.9,
    currency="CNY",
    source="https://platform.minimaxi.com/docs (音色设计)",
    as_of="2026-11-21",
)


@dataclass(frozen=True, kw_only=True)
class MiniMax(Provider):
    """MiniMax: a voice from a description, with its trial audio in the same reply."""

    name: ClassVar[str] = "minimax"
    published: ClassVar[Limits] = Limits(
        preview_characters=PREVIEW_CHARACTERS, requests_per_minute=20, price=INTERNATIONAL_PRICE
    )
    api_key: str = field(repr=False)
    base_url: str = INTERNATIONAL
    """`INTERNATIONAL`, `MAINLAND`, or an emulator; a key is good for one region only."""
    requests_per_minute: float = 20
    """The documented rate of a free account; paid plans allow from 10 to 800."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for a key or a host that cannot be used."""
        known = (INTERNATIONAL, MAINLAND)
        found = host(self.base_url, variable="MINIMAX_API_HOST", known=known)
        object.__setattr__(self, "base_url", found)
        check_key(self.api_key, variable="MINIMAX_API_KEY", console="MiniMax console")
        if not self.requests_per_minute > 0:
            raise UsageError(
                f"requests_per_minute is {self.requests_per_minute!r}; "
                "give the number your MiniMax plan allows."
            )

    @property
    def limits(self) -> Limits:
        """Published, but for the plan's rate and the mainland's price."""
        domain = urlsplit(self.base_url).hostname or ""
        price = MAINLAND_PRICE if domain.endswith(MAINLAND_DOMAINS) else INTERNATIONAL_PRICE
        return replace(self.published, requests_per_minute=self.requests_per_minute, price=price)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self.api_key,)

    @classmethod
    def from_env(cls) -> Self:
        """Read `MINIMAX_API_KEY`, and `MINIMAX_API_HOST` where it is not the international one."""
        key = os.environ.get("MINIMAX_API_KEY", "").strip()
        if not key:
            raise UsageError(
                "MINIMAX_API_KEY is not set; set it to a key of your MiniMax account, "
                "or drop minimax from the batch."
            )
        host = os.environ.get("MINIMAX_API_HOST", "").strip()
        return cls(api_key=key, base_url=host or INTERNATIONAL)

    @property
    def account(self) -> str:
        """The host, and enough of a digest of the key to tell two keys apart."""
        return f"{self.base_url} {hashlib.sha256(self.api_key.encode()).hexdigest()[:8]}"

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        if not variant.prompt.strip():
            raise UsageError(
                "minimax makes voices from a description and the prompt is empty. "
                "Describe the voice or drop minimax from the batch."
            )
        _check_preview(variant.preview_text)
        _check_options(options)

    async def submit(self, trial: Trial, send: Send) -> Voice:
        """Ask for the voice of `trial`, under the trial's own name."""
        reply = await send(
            Request(
                step="design",
                method="POST",
                url=f"{self.base_url}/v1/voice_design",
                spends=True,
                body={
                    "prompt": trial.variant.prompt,
                    "preview_text": trial.variant.preview_text,
                    "voice_id": trial.name,
                    **trial.options,
                },
                auth=BearerAuth(self.api_key),
            )
        )
        judge(reply)
        return read(reply)


def judge(reply: Reply) -> None:
    """Raise what the vendor's no means; return after a yes.

    Raises
    ------
    Refused, Throttled, InDoubt
        By `CODES`, or by the HTTP status where something before the vendor's service answered.
    Unreadable
        When it is neither yes nor no.
    """
    head = _base_resp(reply)
    if head is None:
        code, shown, message = _by_status(reply), f"HTTP {reply.status}", ""
    else:
        number, message = head
        code, shown = CODES.get(number, UNKNOWN), str(number)
    if code.error is not None:
        raise _error(code.error, code, shown, message, reply)


def read(reply: Reply) -> Voice:
    """Return the voice in a reply that said yes.

    Raises
    ------
    Unreadable
        When the id is missing, or the audio is not whole hexadecimal.
    """
    answer = reply.json()
    voice_id = answer.get("voice_id")
    if not isinstance(voice_id, str) or not voice_id:
        raise _unreadable(reply, f"sent no voice_id but {type(voice_id).__name__}")
    return Voice(
        voice_id=voice_id,
        audio=_audio(answer.get("trial_audio"), reply),
        kept_for=UNUSED_FOR,
        evidence={"kept_by": "first use in /v1/t2a_v2 within 168 hours"},
    )


def _audio(text: object, reply: Reply) -> bytes:
    if not isinstance(text, str):
        raise _unreadable(reply, f"sent no trial_audio but {type(text).__name__}")
    try:
        audio = bytes.fromhex(text)
    except ValueError as error:
        raise _unreadable(
            reply, f"sent trial_audio that is not hexadecimal ({len(text)} characters: {error})"
        ) from None
    if not audio:
        raise _unreadable(reply, "sent an empty trial_audio")
    return audio


def _unreadable(reply: Reply, found: str) -> Unreadable:
    return Unreadable(
        f"minimax said yes and {found}. The reply is kept.",
        request_id=reply.headers.get("trace-id"),
    )


def _base_resp(reply: Reply) -> tuple[int, str] | None:
    try:
        head = reply.json().get("base_resp")
    except Unreadable:
        return None
    if not isinstance(head, dict) or type(head.get("status_code")) is not int:
        return None
    return head["status_code"], str(head.get("status_msg") or "")


def _by_status(reply: Reply) -> Code:
    if reply.status in (401, 403):
        return Code(Refused, "not authorized", KEY)
    if reply.status == 429:
        return Code(Throttled, "too many requests")
    if reply.status == 408 or reply.status >= 500:
        return Code(InDoubt, "server error")
    if reply.status >= 300:
        return Code(Refused, "the request was turned away", "Check MINIMAX_API_HOST.")
    return Code(
        Unreadable, f"no base_resp.status_code in {reply.content[:60]!r}", "The reply is kept."
    )


def _error(
    kind: type[TrialError], code: Code, shown: str, message: str, reply: Reply
) -> TrialError:
    said = " ".join((message or code.words).split()).rstrip(".")[:300]
    advice = IN_DOUBT if kind is InDoubt else code.advice
    sentence = f"{OPENING[kind]}: {said} ({shown}). {advice}".rstrip()
    details = {
        "code": shown,
        "vendor_message": message or None,
        "request_id": reply.headers.get("trace-id"),
    }
    if kind is Throttled:
        return Throttled(sentence, retry_after=retry_after(reply.headers), **details)
    return kind(sentence, **details)


def _check_preview(text: str) -> None:
    check_length("preview_text", text, most=PREVIEW_CHARACTERS, vendor="minimax")
    invisible = sum(unicodedata.category(c)[0] == "C" and c not in "\t\n\r" for c in text)
    if invisible > 0.1 * len(text):
        raise UsageError(
            f"preview_text has {invisible} invisible characters among {len(text)}; "
            "minimax takes one in ten. Remove them or drop minimax from the batch."
        )


def _check_options(options: Mapping[str, Any]) -> None:
    check_options(options, own=OWN_FIELDS, vendor="minimax")
    if "voice_id" in options and not VOICE_ID.fullmatch(str(options["voice_id"])):
        raise UsageError(
            f"voice_id is {options['voice_id']!r}; minimax takes 8 to 256 letters, digits, "
            "'-' and '_', a letter first and no '-' or '_' last."
        )
    if not isinstance(options.get("aigc_watermark", False), bool):
        raise UsageError(
            f"aigc_watermark is {options['aigc_watermark']!r}; it must be True or False."
        )
