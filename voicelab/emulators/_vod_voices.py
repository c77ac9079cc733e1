"""The voices of an account of emulated Tencent VOD: how they are shown, and found again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True)
class VodVoice:
    """A voice of the account."""

    voice_id: str
    prompt: str
    app: int
    looks: Mapping[str, Any]
    """Its VoiceSettings."""
    ready_at: float
    """By the emulator's clock, in seconds."""
    used: bool = False
    """Whether it ever spoke: before that it is neither listed nor changed nor deleted."""

    def shown(self) -> dict[str, Any]:
        """Return it as it is listed."""
        looks = self.looks
        return {
            "VoiceId": self.voice_id,
            "Name": looks.get("Name", ""),
            "Description": looks.get("Description", ""),
            "Category": "design",
            "Gender": looks.get("Gender", "unknown"),
            "Age": looks.get("Age", "unknown"),
            "Languages": looks.get("Languages", []),
            "AudioUrl": looks.get("AudioUrl", ""),
            "Labels": looks.get("Labels", []),
            "Scenes": looks.get("Scenes", []),
        }


def matches(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether a voice, as it is shown, is one of those asked for."""
    kind = wanted.get("VoiceType", "all")
    named = (wanted.get("VoiceName") or "") in row["Name"]
    exact = ("VoiceId", "Description", "Gender", "Age")
    lists = ("Languages", "Labels", "Scenes")
    return (
        kind in ("all", row["Category"])
        and named
        and all(wanted.get(name, row[name]) == row[name] for name in exact)
        and all(set(wanted.get(name) or []) <= set(row[name]) for name in lists)
    )
