"""The voices of the emulated MiniMax: whose they are, when they are listed, and when they lapse."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from voicelab.audio.clip import Samples
from voicelab.emulators.base import No, say
from voicelab.emulators.likeness import say_like

UNUSED_S = 168 * 3600.0
FEES = {"voice_generation": 3.0, "voice_cloning": 1.5}
"""USD by kind, charged when a voice is first spoken with."""
VOICE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{6,254}[A-Za-z0-9]")
# Not stated for design; this is the vendor's rule for the ids of cloned voices.

LISTS: Mapping[str, tuple[str, ...]] = {
    "system": ("system_voice",),
    "voice_cloning": ("voice_cloning",),
    "voice_generation": ("voice_generation",),
    "all": ("system_voice", "voice_cloning", "voice_generation"),
}


@dataclass(frozen=True, kw_only=True)
class SystemVoice:
    """A voice every account can speak with; the vendor has some hundred more."""

    name: str
    description: str
    prompt: str


SYSTEM: Mapping[str, SystemVoice] = {
    "English_expressive_narrator": SystemVoice(
        name="Expressive Narrator",
        description="An expressive adult man with a British accent, for audiobooks.",
        prompt="An expressive male narrator with a British accent.",
    ),
    "English_Graceful_Lady": SystemVoice(
        name="Graceful Lady",
        description="A graceful middle-aged woman with a British accent.",
        prompt="A calm, gentle middle-aged woman with a British accent.",
    ),
    "male-qn-qingse": SystemVoice(
        name="青涩青年音色", description="青涩的年轻男声。", prompt="青涩的年轻男声"
    ),
    "female-shaonv": SystemVoice(
        name="少女音色", description="明亮的少女声音。", prompt="明亮的少女声音"
    ),
    "Chinese (Mandarin)_Reliable_Executive": SystemVoice(
        name="沉稳高管", description="沉稳可靠的中年男声。", prompt="沉稳低沉的中年男声"
    ),
}


@dataclass(frozen=True, kw_only=True)
class OwnVoice:
    """A voice this account has: made from a prompt, or cloned from a recording."""

    voice_id: str
    made_at: float
    """By the emulator's clock, in seconds since 1970."""
    prompt: str = ""
    recording: bytes = field(default=b"", repr=False)
    used: bool = False
    """Whether it was spoken with: before that it lapses, and a designed one is not listed."""

    @property
    def kind(self) -> str:
        """The vendor's word for what it is."""
        return "voice_cloning" if self.recording else "voice_generation"

    @property
    def listed(self) -> bool:
        """Whether the account's lists have it; of clones nobody says that they wait."""
        return self.used or self.kind == "voice_cloning"

    @property
    def fee(self) -> float:
        """USD its next use costs beside the characters."""
        return 0.0 if self.used else FEES[self.kind]


async def speak(
    voice: OwnVoice | SystemVoice, text: str, *, key: str, sr: int, **how: float
) -> Samples:
    """Say a text with a voice, faster or higher where asked [shape=(n,)]."""
    if isinstance(voice, OwnVoice) and voice.recording:
        return await say_like(voice.recording, text, key=f"minimax/{key}", sr=sr, **how)
    return await say(voice.prompt, text, key=f"minimax/{key}", sr=sr, **how)


class Voices:
    """The voices of one account."""

    def __init__(self) -> None:
        self._kept: dict[str, OwnVoice] = {}
        self._taken: set[str] = set(SYSTEM)

    def __contains__(self, voice_id: object) -> bool:
        return voice_id in self._kept

    def claim(self, voice_id: str | None, now: float) -> str:
        """Return the id a new voice gets; none that was ever used can be used again."""
        if voice_id is None:
            hundredths = f"{_date(now):%Y%m%d%H%M%S%f}"[:16]
            voice_id = f"ttv-voice-{hundredths}-{secrets.token_hex(4)}"
        elif not VOICE_ID.fullmatch(voice_id):
            raise No(2013, "invalid params, voice_id: 8 to 256 letters, digits, '-' and '_'")
        if voice_id in self._taken:
            raise No(2039, "voice clone voice id duplicate")
        self._taken.add(voice_id)
        return voice_id

    def add(self, voice: OwnVoice) -> None:
        """Keep a voice that was made."""
        self._kept[voice.voice_id] = voice

    def find(self, voice_id: str, now: float) -> OwnVoice:
        """Return a voice of the account, or say that there is none."""
        self._lapse(now)
        if voice_id not in self._kept:
            raise No(2054, "voice id not exist")
        return self._kept[voice_id]

    def use(self, voice: OwnVoice) -> None:
        """Speak with a voice, which keeps it for good."""
        self._kept[voice.voice_id] = replace(voice, used=True)

    def delete(self, voice_id: str, kind: str, now: float) -> OwnVoice:
        """Take a voice away; its id stays taken."""
        if self.find(voice_id, now).kind != kind:
            raise No(2054, "voice id not exist")
        return self._kept.pop(voice_id)

    def listed(self, kind: str, now: float) -> dict[str, Any]:
        """Return the lists one kind of listing has; an empty one is null."""
        self._lapse(now)
        own = [voice for voice in self._kept.values() if voice.listed]
        every = {
            "system_voice": [_system_item(id_, voice) for id_, voice in SYSTEM.items()],
            **{kind: [_item(voice) for voice in own if voice.kind == kind] for kind in FEES},
        }
        return {
            name: items if name in LISTS[kind] and items else None for name, items in every.items()
        }

    def _lapse(self, now: float) -> None:
        for voice in list(self._kept.values()):
            if not voice.used and now - voice.made_at >= UNUSED_S:
                del self._kept[voice.voice_id]


def _system_item(voice_id: str, voice: SystemVoice) -> dict[str, Any]:
    return {
        "voice_id": voice_id,
        "voice_name": voice.name,
        "description": [voice.description],
        "created_time": "1970-01-01",
    }


def _item(voice: OwnVoice) -> dict[str, Any]:
    return {
        "voice_id": voice.voice_id,
        "description": [],
        "created_time": f"{_date(voice.made_at):%Y-%m-%d}",
    }


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
