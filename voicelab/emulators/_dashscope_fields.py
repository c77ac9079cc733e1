"""What DashScope checks of the fields it is sent, and how it says no; nothing of its state.

The vendor's texts for a bad length, name or format are not published: `InvalidParameter` and a
text that names the field stand for them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.emulators.base import Call, No, can_say, json_object

LATIN = ("en", "de", "it", "pt", "es", "fr")
SCRIPTS = {
    "zh": ("CJK",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "ru": ("CYRILLIC",),
}


@dataclass(frozen=True, kw_only=True)
class Family:
    """What one family takes; the vendor's table of its voice design page."""

    model: str
    actions: Mapping[str, str]
    """The vendor's word -> the emulator's name of the call."""
    id_field: str
    name_field: str
    name_rule: re.Pattern[str]
    languages: tuple[str, ...]
    rates: tuple[int, ...]
    formats: tuple[str, ...]
    targets: tuple[str, ...]
    prompt_characters: int
    preview_characters: int
    lost: tuple[str, str]
    """Code and words for a voice that is not there."""
    full: tuple[int, str]
    """HTTP status and words for an account without a free slot."""


COSYVOICE = Family(
    model="voice-enrollment",
    actions={
        "create_voice": "design",
        "list_voice": "list",
        "query_voice": "query",
        "delete_voice": "delete",
    },
    id_field="voice_id",
    name_field="prefix",
    name_rule=re.compile(r"[A-Za-z0-9]{1,10}"),
    languages=("zh", "en"),
    rates=(16000, 24000, 48000),
    formats=("wav", "mp3", "pcm"),
    targets=(
        "cosyvoice-v3.5-plus",
        "cosyvoice-v3.5-flash",
        "cosyvoice-v3-plus",
        "cosyvoice-v3-flash",
        "qwen-audio-3.0-tts-plus",
        "qwen-audio-3.0-tts-flash",
        "qwen-audio-3.1-tts-flash",
    ),
    prompt_characters=500,
    preview_characters=200,
    lost=("BadRequest.ResourceNotExist", "The Required resource not exist."),
    full=(400, "Your current quota is {slots}."),
)
QWEN = Family(
    model="qwen-voice-design",
    actions={"create": "design", "list": "list", "query": "query", "delete": "delete"},
    id_field="voice",
    name_field="preferred_name",
    name_rule=re.compile(r"[A-Za-z0-9_]{1,16}"),
    languages=("zh", *LATIN, "ja", "ko", "ru"),
    rates=(8000, 16000, 24000, 48000),
    formats=("wav", "mp3", "pcm", "opus"),
    targets=(
        "qwen3-tts-vd-2026-01-26",
        "qwen3-tts-vd-realtime-2026-01-15",
        "qwen3-tts-vd-realtime-2025-12-16",
    ),
    prompt_characters=2048,
    preview_characters=1024,
    lost=("VoiceNotFound", "Voice not found: {voice_id}"),
    full=(429, "Maximum voice storage limit exceeded, please delete existing voices."),
)
FAMILIES = {family.model: family for family in (COSYVOICE, QWEN)}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A good request for a new voice."""

    target_model: str
    name: str
    prompt: str
    preview_text: str
    language: str
    sample_rate: int
    format: str


def invalid(text: str) -> No:
    """Return the refusal of a field."""
    return No("InvalidParameter", text, status=400)


def body_of(call: Call) -> dict[str, Any]:
    """Return the JSON object of a call, with `input` an object too."""
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise invalid("Content-Type must be application/json")
    body = json_object(call.content)
    if body is None:
        raise invalid("Required body invalid, please check the request body format.")
    if not isinstance(body.get("input"), dict):
        raise invalid("input: an object is required")
    return body


def text_of(fields: Mapping[str, Any], name: str, *, most: int) -> str:
    """Return a text that is there, has something in it and is not too long."""
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{name}: a text is required")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise invalid(f"{name}: not valid text")
    if len(value) > most:
        raise invalid(f"{name}: at most {most} characters, current: {len(value)}")
    return value


def choice_of(fields: Mapping[str, Any], name: str, known: Collection[Any], *, default: Any) -> Any:
    """Return a value that is one of those known; `default` where it is not there."""
    value = fields.get(name)
    if value is None:
        value = default
    if type(value) is not type(default) or value not in known:
        raise invalid(f"{name}: must be one of {', '.join(map(str, known))}")
    return value


def number_of(
    fields: Mapping[str, Any], name: str, low: float, high: float, *, default: float
) -> float:
    """Return a number within its range; `default` where it is not there."""
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise invalid(f"{name}: must be from {low:g} to {high:g}")
    return value


def wish_of(body: Mapping[str, Any], family: Family) -> Wish:
    """Return what a request for a new voice asks for."""
    fields, parameters = body["input"], body.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise invalid("parameters: an object is required")
    if fields.get("url") is not None:  # the official client sends `"url": null` with a design
        raise invalid("url: cloning is not emulated")
    target = fields.get("target_model")
    if target not in family.targets:
        raise invalid(f"target_model: must be one of {', '.join(family.targets)}")
    name = fields.get(family.name_field)
    if not isinstance(name, str) or not family.name_rule.fullmatch(name):
        raise invalid(f"{family.name_field}: must match {family.name_rule.pattern}")
    prompt = text_of(fields, "voice_prompt", most=family.prompt_characters)
    if _scripts(prompt).keys() - {"LATIN", "CJK"}:
        raise invalid("voice_prompt: only Chinese and English are supported")
    preview_text = text_of(fields, "preview_text", most=family.preview_characters)
    language = _language(fields, family, preview_text)
    if not can_say(preview_text):
        raise invalid("preview_text: language not supported")
    return Wish(
        target_model=target,
        name=name,
        prompt=prompt,
        preview_text=preview_text,
        language=language,
        sample_rate=choice_of(parameters, "sample_rate", family.rates, default=24000),
        format=choice_of(parameters, "response_format", family.formats, default="wav"),
    )


def page_of(fields: Mapping[str, Any]) -> slice:
    """Return which part of a list is asked for."""
    index = number_of(fields, "page_index", 0, 200, default=0)
    size = number_of(fields, "page_size", 1, 1000, default=10)
    if not isinstance(index, int) or not isinstance(size, int):
        raise invalid("page_index and page_size: must be whole numbers")
    return slice(index * size, (index + 1) * size)


def _language(fields: Mapping[str, Any], family: Family, preview_text: str) -> str:
    """Return the language said; sent or not, the text must be in one the family speaks."""
    if family is QWEN:
        sent = fields.get("language")
        name = "language"
    else:
        hints = fields.get("language_hints")
        name = "language_hints"
        if hints is not None and (not isinstance(hints, list) or not hints):
            raise invalid("language_hints: an array is required")
        sent = hints[0] if hints else None
    if sent is None:
        if not any(_fits(language, preview_text) for language in family.languages):
            raise invalid("preview_text: language not supported")
        return "zh"
    if sent not in family.languages:
        raise invalid(f"{name}: must be one of {', '.join(family.languages)}")
    if not _fits(sent, preview_text):
        raise invalid(f"preview_text: does not match {name} {sent}")
    return str(sent)


def _fits(language: str, text: str) -> bool:
    """Tell whether a text can be in a language, by its script; foreign words are in any text."""
    scripts = _scripts(text)
    if language in LATIN:
        return scripts["LATIN"] >= scripts.total() / 2
    return not scripts or any(scripts[script] for script in SCRIPTS[language])


def _scripts(text: str) -> Counter[str]:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", text))
    return Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters)
