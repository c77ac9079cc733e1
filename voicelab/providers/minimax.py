"""MiniMax: voices from descriptions, the account's voices, and new texts said with them.

Sources: the vendor's pages "Voice Design", "Voice Management" and "Rate Limits" under
https://platform.minimax.io/docs (international) and https://platform.minimaxi.com/docs (mainland).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers import minimax_speech
from voicelab.providers.base import (
    BearerAuth,
    Limits,
    Price,
    Provider,
    Reply,
    Request,
    Send,
    Shelf,
    ShelvedVoice,
)
from voicelab.providers.minimax_replies import hex_audio, judge, unreadable
from voicelab.providers.options import Kind, Option, check_declared
from voicelab.providers.prices import price_of
from voicelab.providers.secret import Secret, address_from_env, secret_from_env
from voicelab.providers.wire import PROMPT, TEXT, check_key, check_options, host

INTERNATIONAL = "https://api.minimax.io"
MAINLAND = "https://api.minimaxi.com"
MAINLAND_DOMAINS = ("minimaxi.com", "minimax.cn", "minimax.chat")
PREVIEW_CHARACTERS = 500
UNUSED_FOR = timedelta(hours=168)
"""A voice that was not spoken with through /v1/t2a_v2 for so long is dropped."""
OWN_FIELDS = {"prompt": PROMPT, "preview_text": TEXT}
PAGE = "https://platform.minimax.io/docs/api-reference/voice-design-design"
OPTIONS = (
    Option(
        name="aigc_watermark",
        title="Watermark",
        kind=Kind.YES_NO,
        help="Whether a sound at the end of the trial audio tells that it was made by a machine.",
        source=PAGE,
        usual="no",
    ),
    Option(
        name="voice_id",
        title="Voice id",
        kind=Kind.TEXT,
        # Stated for cloned voices; taken to hold for designed ones.
        pattern=r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]",
        rule="8 to 256 letters, digits, '-' and '_', a letter first and no '-' or '_' last",
        help="An id of your own, which no other voice of the account may have; good for one trial.",
        source=PAGE,
        usual="the trial's own name",
        example="narrator-1",
    ),
)

KINDS: Mapping[str, str] = {
    "voice_generation": "design",
    "voice_cloning": "clone",
    "system_voice": "system",
}
"""The lists of `/v1/get_voice`; the first two are also what `/v1/delete_voice` calls them."""
LASTING = (
    "A voice is dropped 7 days after its design unless it is spoken with; the first time costs the "
    "fee for a kept voice beside its characters, and keeps it for good."
)
UNLISTED = (
    "minimax lists a designed voice only once it was spoken with; "
    "one that never was is dropped 7 days after its design."
)


@dataclass(frozen=True, kw_only=True)
class MiniMax(Provider):
    """MiniMax: a voice from a description, with its trial audio in the same reply."""

    name: ClassVar[str] = "minimax"
    published: ClassVar[Limits] = Limits(
        preview_characters=PREVIEW_CHARACTERS,
        requests_per_minute=20,
        price=price_of("minimax-design-international"),
        names="ids of 8 to 256 letters, digits, '-' and '_'",
        speech_characters=minimax_speech.TEXT_CHARACTERS,
    )
    declared: ClassVar[tuple[Option, ...]] = OPTIONS
    declared_for_speech: ClassVar[tuple[Option, ...]] = minimax_speech.OPTIONS
    lasting: ClassVar[str] = LASTING
    kept_by_speaking: ClassVar[bool] = True
    api_key: str = field(repr=False)
    base_url: str = INTERNATIONAL
    """`INTERNATIONAL`, `MAINLAND`, or an emulator; a key is good for one region only."""
    requests_per_minute: float = 20
    """The documented rate of a free account; paid plans allow from 10 to 800."""
    model: str = minimax_speech.DEFAULT_MODEL
    """What new texts are spoken with."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for a key or a host that cannot be used."""
        object.__setattr__(self, "api_key", Secret(self.api_key))
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
        return replace(
            self.published, requests_per_minute=self.requests_per_minute, price=self._price
        )

    @property
    def speech_limits(self) -> Limits:
        """What holds for `speak`."""
        return minimax_speech.limits(self.model, mainland=self._mainland)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self.api_key,)

    @classmethod
    def from_env(cls) -> Self:
        """Read `MINIMAX_API_KEY`, and `MINIMAX_API_HOST` where it is not the international one."""
        key = secret_from_env("MINIMAX_API_KEY")
        if not key:
            raise UsageError(
                "MINIMAX_API_KEY is not set; set it to a key of your MiniMax account, "
                "or drop minimax from the batch."
            )
        host = address_from_env("MINIMAX_API_HOST")
        return cls(api_key=key, base_url=host or INTERNATIONAL)

    @property
    def account(self) -> str:
        """The host, and enough of a digest of the key to tell two keys apart."""
        return f"{self.base_url} {hashlib.sha256(self.api_key.encode()).hexdigest()[:8]}"

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        if variant.voice_id is not None:
            minimax_speech.check(variant, options)
            return
        if not variant.prompt.strip():
            raise UsageError(
                "minimax makes voices from a description and the prompt is empty. "
                "Describe the voice or drop minimax from the batch."
            )
        minimax_speech.check_text(variant.preview_text, most=PREVIEW_CHARACTERS)
        check_options(options, own=OWN_FIELDS, vendor=self.name)
        check_declared(options, self.declared, vendor=self.name)

    async def submit(self, trial: Trial, send: Send) -> Voice:
        """Ask for the voice of `trial`, under the trial's own name."""
        wish = {
            "prompt": trial.variant.prompt,
            "preview_text": trial.variant.preview_text,
            "voice_id": trial.name,
            **trial.options,
        }
        return read(await self._ask(send, "design", "voice_design", wish, spends=True))

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with its kept voice, which keeps a designed one for good.

        Raises
        ------
        UsageError
            When the row names no voice.
        """
        voice_id = trial.variant.voice_id
        if not voice_id:
            raise UsageError(f"row {trial.variant.label!r} names no voice to speak with.")
        wish = minimax_speech.body(trial, self.model)
        reply = await self._ask(send, "speak", "t2a_v2", wish, spends=True)
        return minimax_speech.read(reply, voice_id=voice_id, fee=self._fee)

    async def shelf(self, send: Send) -> Shelf:
        """List the account's voices, and after them the vendor's own."""
        reply = await self._voices(send)
        listed = ((kind, item) for name, kind in KINDS.items() for item in _items(reply, name))
        return Shelf(
            voices=tuple(_shelved(item, kind, reply) for kind, item in listed),
            notes=(UNLISTED,),
            lists_unused=False,
        )

    async def drop(self, voice_id: str, send: Send) -> None:
        """Delete a voice for good: its id can never be used again."""
        clones = _items(await self._voices(send), "voice_cloning")
        cloned = any(clone.get("voice_id") == voice_id for clone in clones)
        wish = {
            "voice_type": "voice_cloning" if cloned else "voice_generation",
            "voice_id": voice_id,
        }
        await self._ask(send, "drop", "delete_voice", wish, spends=False)

    async def _voices(self, send: Send) -> Reply:
        return await self._ask(send, "shelf", "get_voice", {"voice_type": "all"}, spends=False)

    async def _ask(
        self, send: Send, step: str, path: str, wish: Mapping[str, Any], *, spends: bool
    ) -> Reply:
        reply = await send(
            Request(
                step=step,
                method="POST",
                url=f"{self.base_url}/v1/{path}",
                spends=spends,
                body=wish,
                auth=BearerAuth(self.api_key),
            )
        )
        judge(reply, spends=spends)
        return reply

    @property
    def _mainland(self) -> bool:
        return (urlsplit(self.base_url).hostname or "").endswith(MAINLAND_DOMAINS)

    @property
    def _price(self) -> Price:
        region = "mainland" if self._mainland else "international"
        return price_of(f"minimax-design-{region}")

    @property
    def _fee(self) -> str:
        return (
            f"The first text said with a designed voice costs {self._price.currency} "
            f"{self._price.per_kept_voice:.2f} beside its characters, and keeps the voice for good."
        )


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
        raise unreadable(reply, f"sent no voice_id but {type(voice_id).__name__}")
    return Voice(
        voice_id=voice_id,
        audio=hex_audio(answer.get("trial_audio"), reply, name="trial_audio"),
        kept_for=UNUSED_FOR,
        evidence={"kept_by": "first use in /v1/t2a_v2 within 168 hours"},
    )


def _items(reply: Reply, name: str) -> list[dict[str, Any]]:
    """Return one list of voices; the vendor sends null for none."""
    items = reply.json().get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unreadable(reply, f"sent {name} that is no list of voices")
    return items


def _shelved(item: Mapping[str, Any], kind: str, reply: Reply) -> ShelvedVoice:
    voice_id = item.get("voice_id")
    if not isinstance(voice_id, str) or not voice_id:
        raise unreadable(reply, f"listed a {kind} voice without a voice_id")
    created = None if kind == "system" else _moment(str(item.get("created_time") or ""))
    name = str(item.get("voice_name") or "")
    return ShelvedVoice(voice_id=voice_id, kind=kind, name=name, created_at=created)


def _moment(text: str) -> datetime | None:
    """Read a date, or the seconds since 1970 that some replies have in its place."""
    try:
        if re.fullmatch(r"[0-9]{9,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
