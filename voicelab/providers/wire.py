"""What every vendor's wire has in common: hosts a key may go to, and what can be sent at all."""

import json
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from voicelab.errors import UsageError
from voicelab.providers.base import is_loopback

LONGEST_WAIT_S = 3600.0
"""No answer of a vendor's holds a run back for days."""

_HOST = re.compile(r"https?://([A-Za-z0-9.-]+|\[::1\])(:[0-9]{1,5})?")


def host(url: str, *, variable: str, known: tuple[str, ...]) -> str:
    """Return `url` if a key may go there: a host alone, and over https or to this machine.

    Raises
    ------
    UsageError
        Naming the variable it came from and the hosts that are known.
    """
    found = url.strip().rstrip("/")
    if _HOST.fullmatch(found) and (found.startswith("https:") or is_loopback(found)):
        return found
    shown = "an address with a password in it" if "@" in url else repr(url)
    raise UsageError(
        f"{variable} is {shown}; give a host alone and over https, such as {' or '.join(known)}."
    )


def check_key(key: str, *, variable: str, console: str) -> None:
    """Raise `UsageError` for a key that cannot be one; the key is never shown."""
    if not re.fullmatch(r"[!-~]{8,}", key):
        raise UsageError(
            f"{variable} is no key: it is too short or has a space or a line break in it. "
            f"Copy it anew from the {console}."
        )


def check_length(name: str, text: str, *, most: int, vendor: str) -> None:
    """Raise `UsageError` for a text longer than the vendor takes."""
    if len(text) > most:
        raise UsageError(
            f"{name} has {len(text)} characters; {vendor} takes {most}. "
            f"Shorten it or drop {vendor} from the batch."
        )


PROMPT = "that is the prompt of the row; write it there"
TEXT = "that is the preview text of the row; write it there"
VOICE_ID = "that is the voice of a trial; let it speak with lab.speak"
RECORDING = "that is the reference of the row; give it there, as a file, a link or a trial"


def check_options(options: Mapping[str, Any], *, own: Mapping[str, str], vendor: str) -> None:
    """Raise `UsageError` for options that hold what is not theirs, or that are not JSON.

    Parameters
    ----------
    own
        Fields that come from elsewhere: what each is, and what to do instead.
    """
    for name, instead in own.items():
        if name in options:
            raise UsageError(f"options of {vendor} hold {name!r}: {instead}.")
    try:
        json.dumps(dict(options), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"options of {vendor} cannot be sent as JSON: {error}.") from None


def shown_link(link: str) -> str:
    """Return a link without what opens it: a password, a signature.

    Examples
    --------
    >>> shown_link("https://me:secret@example.org/a.wav?Signature=abc")
    'https://…@example.org/a.wav?…'
    """
    return re.sub(r"\?.*", "?…", re.sub(r"//[^/@]*@", "//…@", link))


def told(value: object, *, most: int = 100) -> str:
    """Return a code, an id or a word of a vendor's as text of some length; nothing as none."""
    text = "" if value is None else str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds `Retry-After` asks for, an hour at the most.

    Its other form, a date, is read by the vendor's own clock: the `Date` of the same reply.
    """
    wait = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", wait):
        return min(float(wait), LONGEST_WAIT_S)
    until, now = (_timestamp(text) for text in (wait, headers.get("date", "")))
    return None if until is None or now is None else min(max(until - now, 0.0), LONGEST_WAIT_S)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
