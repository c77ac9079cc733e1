"""What Tencent VOD takes in options and links, checked before anything is sent."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from voicelab.errors import UsageError
from voicelab.providers.base import is_loopback
from voicelab.providers.wire import check_length

SUB_APP_ID = "TENCENTCLOUD_VOD_SUB_APP_ID"
NAME_CHARACTERS = 20
CONTEXT_CHARACTERS = 1000

VOICE_SETTINGS: Mapping[str, str] = {
    "Gender": "male female unknown",
    "Age": "child teenager youth middle_aged senior unknown",
    "Languages": "zh en ja de fr ko ru uk pt it es id nl tr fil ms el fi hr sk pl sv hi bg ro ar "
    "cs da ta hun vi no yue th he ca nn af fa sl",
}
"""What the fields of `VoiceSettings` take that do not take any text."""


def read_app(text: str) -> int | None:
    """Read the number of an application as the environment has it; nothing where it is empty."""
    if text and not re.fullmatch(r"[0-9]{1,18}", text):
        raise UsageError(
            f"{SUB_APP_ID} is {text!r}; set it to the number of a VOD application, as the console "
            "shows it."
        )
    return int(text) if text else None


def check_app(number: int | None) -> None:
    """Raise `UsageError` for what cannot be the number of an application."""
    if number is not None and (type(number) is not int or not 0 < number < 2**63):
        raise UsageError(
            f"sub_app_id is {number!r}; give the number of a VOD application, as the console "
            "shows it."
        )


def check_link(link: str, *, vendor: str, emulated: bool) -> None:
    """Raise `UsageError` for a link the vendor cannot fetch a recording from."""
    try:
        parts = urlsplit(link)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        whole = False
    if not whole:
        raise UsageError(
            f"the reference is {link!r}; {vendor} takes a whole link, such as "
            "https://example.org/voice.wav."
        )
    if is_loopback(link) and not emulated:
        raise UsageError(
            f"the reference {link} leads to this machine, where {vendor} cannot fetch it. "
            "Put the recording where everyone can."
        )


def check_custom_options(options: Mapping[str, Any], *, vendor: str) -> None:
    """Raise `UsageError` for options `CreateAigcCustomVoice` would refuse."""
    name = _text("VoiceName", options, vendor=vendor)
    check_length("VoiceName", name, most=NAME_CHARACTERS, vendor=vendor)
    _text("VideoId", options, vendor=vendor)
    _check_choice("DisableModeration", options, "True False", vendor=vendor)
    _check_context(options, vendor=vendor)
    priority = options.get("TasksPriority", 0)
    if type(priority) is not int or not -10 <= priority <= 10:
        raise UsageError(
            f"TasksPriority is {priority!r}; {vendor} takes whole numbers from -10 to 10."
        )


def check_design_options(options: Mapping[str, Any], *, vendor: str) -> None:
    """Raise `UsageError` for options `DesignVoiceAsync` would refuse."""
    _text("ExtParam", options, vendor=vendor)
    _check_context(options, vendor=vendor)
    settings = options.get("VoiceSettings", {})
    if not isinstance(settings, Mapping):
        raise UsageError(f"VoiceSettings is {settings!r}; {vendor} takes a mapping of its fields.")
    for name, taken in VOICE_SETTINGS.items():
        _check_choice(name, settings, taken, vendor=vendor)


def _text(name: str, options: Mapping[str, Any], *, vendor: str) -> str:
    text = options.get(name, "")
    if not isinstance(text, str):
        raise UsageError(f"{name} is {text!r}; {vendor} takes a text.")
    return text


def _check_context(options: Mapping[str, Any], *, vendor: str) -> None:
    context = _text("SessionContext", options, vendor=vendor)
    check_length("SessionContext", context, most=CONTEXT_CHARACTERS, vendor=vendor)


def _check_choice(name: str, options: Mapping[str, Any], taken: str, *, vendor: str) -> None:
    for value in _many(options.get(name, [])):
        if value not in taken.split():
            raise UsageError(f"{name} is {value!r}; {vendor} takes {taken.replace(' ', ', ')}.")


def _many(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
