"""What DashScope's replies mean: its noes, and the sound and the times in its yeses."""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from voicelab.errors import InDoubt, Refused, Throttled, TrialError, Unreachable, Unreadable
from voicelab.providers._dashscope import CODES, KEY, Code
from voicelab.providers.base import Reply
from voicelab.providers.wire import retry_after, told

BEIJING_TIME = timezone(timedelta(hours=8))
# The vendor's times have no zone; nobody says it is this one.

OPENING: Mapping[type[TrialError], str] = {
    Refused: "refused",
    Throttled: "asks to slow down",
    InDoubt: "failed on its side",
    Unreachable: "failed on its side",
}
IN_DOUBT = (
    "The voice may have been made and charged all the same: "
    "look at the account's voices before you send it anew."
)


def judge(reply: Reply, *, name: str, spends: bool, retirement: str = "") -> None:
    """Raise what the vendor's no means; return after a yes.

    Parameters
    ----------
    name
        The provider's.
    spends
        Whether what was asked may have cost something.

    Raises
    ------
    Refused, Throttled, InDoubt, Unreachable
        By `CODES`, or by the HTTP status where no code that is known came.
    Unreadable
        When it is neither yes nor no.
    """
    shown, message = _said(reply)
    code = _code(shown) or _by_status(reply, shown)
    if code is None:
        _require_answer(reply, name=name)
        return
    kind = Unreachable if code.error is InDoubt and not spends else code.error
    said = " ".join((message or code.words).split()).rstrip(".")[:300]
    advice = IN_DOUBT if kind is InDoubt else code.advice if kind is Refused else ""
    if reply.status in (403, 404) and retirement:
        advice = f"{retirement} {advice}"
    shown = shown or f"HTTP {reply.status}"
    sentence = f"{name} {OPENING[kind]}: {said} ({shown}). {advice}".rstrip()
    details = {"code": shown, "vendor_message": message or None, "request_id": request_id(reply)}
    error = kind(sentence, **details)
    if isinstance(error, Throttled | Unreachable):
        error.retry_after = retry_after(reply.headers)
    raise error


def _require_answer(reply: Reply, *, name: str) -> None:
    try:
        reply.json()
    except Unreadable as error:
        raise Unreadable(
            f"{name} said neither yes nor no: {error} The reply is kept.",
            request_id=request_id(reply),
        ) from None


def _said(reply: Reply) -> tuple[str, str]:
    """Return code and message; a good answer may carry both, empty."""
    try:
        answer = reply.json()
    except Unreadable:
        return "", ""
    return told(answer.get("code") or None), str(answer.get("message") or "")


def _code(shown: str) -> Code | None:
    while shown and shown not in CODES:
        shown = shown.rpartition(".")[0]
    return CODES.get(shown)


def _by_status(reply: Reply, shown: str) -> Code | None:
    if reply.status == 429:
        return Code(Throttled, "too many requests")
    if reply.status == 408 or reply.status >= 500:
        return Code(InDoubt, "server error")
    if shown:
        return Code(Refused, "undocumented code", "Look the code up at the vendor.")
    if reply.status in (401, 403):
        return Code(Refused, "not authorised", KEY)
    if reply.status >= 300:
        return Code(Refused, "the request was turned away", "Check DASHSCOPE_HTTP_BASE_URL.")
    return None


def request_id(reply: Reply) -> str | None:
    """Return the vendor's id of what was asked, from the body or else from its header."""
    try:
        found = reply.json().get("request_id")
    except Unreadable:
        found = None
    return told(found or reply.headers.get("x-request-id")) or None


def unreadable(reply: Reply, found: str, *, name: str) -> Unreadable:
    """Return the error of a yes in which something is not as it should be."""
    return Unreadable(
        f"{name} said yes and sent {found}. The reply is kept.", request_id=request_id(reply)
    )


def preview_audio(reply: Reply, text: object, *, name: str) -> bytes:
    """Return the trial audio that `text` is the base64 of, all of it or none."""
    if not isinstance(text, str) or not text:
        found = "an empty" if text == "" else f"as {type(text).__name__} the"
        raise unreadable(reply, f"{found} preview_audio.data", name=name)
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        found = f"a preview_audio.data that is not base64 ({len(text)} characters: {error})"
        raise unreadable(reply, found, name=name) from None


def pcm_rate(form: object, rate: object) -> int | None:
    """Return the rate in Hz where samples come without a header."""
    return rate if form == "pcm" and type(rate) is int else None


def fetched(reply: Reply, *, name: str) -> bytes:
    """Return what was behind a link; storage answers in words of its own."""
    if reply.status == 200 and reply.content:
        return reply.content
    shown = f"HTTP {reply.status}"
    if reply.status == 429:
        said = f"{name}: the storage of the speech asks to slow down ({shown})."
        raise Throttled(said, retry_after=retry_after(reply.headers), code=shown)
    if reply.status == 408 or reply.status >= 500:
        raise Unreachable(
            f"{name}: the storage of the speech is out of order ({shown}).", code=shown
        )
    raise Refused(
        f"{name}: the link to the speech gives nothing ({shown}); links last a day. "
        "Say the text anew.",
        code=shown,
    )


def time_of(text: object) -> datetime | None:
    """Return a time of the vendor's, where it is one."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING_TIME)
    except ValueError:
        return None
