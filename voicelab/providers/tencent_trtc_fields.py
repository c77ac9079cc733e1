"""What Tencent TRTC takes on each of its two sites, checked before anything is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant
from voicelab.providers.wire import check_options as check_common_options

VENDOR = "tencent-trtc"
VOICE_NAME = re.compile(r"[0-9A-Za-z_]{1,36}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2})?")
OWN_FIELDS = ("SdkAppId", "PromptAudio", "PromptText", "Text", "AudioFormat")
VOICE_RANGES: Mapping[str, tuple[type, float, float]] = {
    "Speed": (float, 0.5, 2),
    "Volume": (float, 0.01, 10),  # the page says from 0, the vendor's examples above 0
    "Pitch": (int, -12, 12),
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """One of the vendor's two sites: the same calls with other bounds."""

    regions: tuple[str, ...]
    """The usual one first."""
    models: tuple[str, ...]
    shortest_s: float
    """Of a recording; the longest is the same on both."""
    text_characters: int
    requests_per_second: float


INTERNATIONAL = Site(
    regions=("ap-singapore",),
    models=("flow_01_turbo", "flow_01_ex"),
    shortest_s=10.0,
    text_characters=255,
    requests_per_second=20,
)
MAINLAND = Site(
    regions=("ap-beijing", "ap-guangzhou", "ap-shanghai"),
    models=("flow_02_turbo", "flow_01_ex"),
    shortest_s=6.0,
    text_characters=2000,
    requests_per_second=5,
)


def language(variant: PromptVariant) -> str:
    """Return the language as the vendor names it (ISO 639-1), or nothing for its own guess."""
    primary = (variant.language or "").replace("_", "-").split("-")[0].lower()
    return "zh" if primary == "cmn" else primary


def check_reference(variant: PromptVariant) -> None:
    """Raise `UsageError` unless the row has a recording that can be sent."""
    if variant.reference is None:
        raise UsageError(
            f"{VENDOR} clones a voice and row {variant.label!r} has no reference. "
            f"Give a recording or drop {VENDOR} from the batch."
        )
    if variant.reference.url is not None:
        raise UsageError(
            f"the reference of row {variant.label!r} is a link; {VENDOR} takes the recording "
            "itself. Download it and give the file."
        )


def check_text(variant: PromptVariant, site: Site) -> None:
    """Raise `UsageError` for a preview text the vendor would not say."""
    text = variant.preview_text
    # Counted as the vendor counts for its bills: a Chinese character is two.
    count = len(text) + sum("\u4e00" <= character <= "\u9fff" for character in text)
    if count > site.text_characters:
        raise UsageError(
            f"preview_text has {count} characters, a Chinese one counted as two; {VENDOR} takes "
            f"{site.text_characters}. Shorten it or drop {VENDOR} from the batch."
        )
    _check_language("language", language(variant))


def check_options(options: Mapping[str, Any], site: Site, *, speaking: bool) -> None:
    """Raise `UsageError` for the first option that is not as the vendor documents it.

    Parameters
    ----------
    speaking
        Whether a kept voice speaks, and none is cloned and named.
    """
    own = (*OWN_FIELDS, "VoiceName") if speaking else OWN_FIELDS
    check_common_options(options, own=own, vendor=VENDOR)
    _check_choice(options, "Model", ("", *site.models))
    _check_choice(options, "AlignmentMode", (0, 1, 2))
    _check_language("Language", options.get("Language", ""))
    name = options.get("VoiceName", "voice")
    if not (isinstance(name, str) and VOICE_NAME.fullmatch(name)):
        raise UsageError(f"VoiceName is {name!r}; {VENDOR} takes 1 to 36 letters, digits and '_'.")
    voice = options.get("Voice", {})
    if not isinstance(voice, Mapping) or "VoiceId" in voice:
        raise UsageError(
            f"Voice is {voice!r}; give an object with Speed, Volume or Pitch and no VoiceId, "
            "which belongs in the row."
        )
    for name, bounds in VOICE_RANGES.items():
        if name in voice:
            _check_number(name, voice[name], *bounds)


def _check_choice(options: Mapping[str, Any], name: str, choices: tuple[object, ...]) -> None:
    value = options.get(name, choices[0])
    if isinstance(value, bool) or value not in choices:
        raise UsageError(f"{name} is {value!r}; {VENDOR} takes {' or '.join(map(repr, choices))}.")


def _check_language(name: str, value: object) -> None:
    if value != "" and not (isinstance(value, str) and LANGUAGE.fullmatch(value)):
        raise UsageError(
            f"{name} is {value!r}; {VENDOR} takes a language by two letters, such as en or zh."
        )


def _check_number(name: str, value: object, kind: type, low: float, high: float) -> None:
    good = isinstance(value, int) or (kind is float and isinstance(value, float))
    if isinstance(value, bool) or not good or not low <= value <= high:  # type: ignore[operator]  # a number by now
        whole = "whole numbers from " if kind is int else ""
        raise UsageError(f"{name} is {value!r}; {VENDOR} takes {whole}{low:g} to {high:g}.")
