"""What all replies of MiniMax's have in common: codes, yes and no, and audio as hexadecimal.

Sources: the vendor's pages "Error Codes" and "Voice Design" under https://platform.minimax.io/docs;
2054 from public reports of live answers.
"""

from collections.abc import Mapping
from typing import NamedTuple

from voicelab.errors import InDoubt, Refused, Throttled, TrialError, Unreachable, Unreadable
from voicelab.providers.base import Reply
from voicelab.providers.wire import retry_after, told


class Code(NamedTuple):
    """What a no of the vendor's means here."""

    error: type[TrialError] | None
    words: str
    """The vendor's, shown where a reply brings none."""
    advice: str = ""


KEY = "Check the key, and that MINIMAX_API_HOST is the region it was made in."
ACCOUNT = "Look at the account in the MiniMax console."
WORDING = "Change the wording."
CLONE = "That is about cloning, which was not asked for; report it with the trace id."

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
    2054: Code(
        Refused,
        "voice id does not exist",
        "A voice not spoken with for 7 days lapses, and a deleted one is gone; design it anew.",
    ),
    2056: Code(Refused, "usage limit exceeded", "Wait for the plan's next 5-hour window."),
    2061: Code(Refused, "the plan does not support the model", ACCOUNT),
}
"""Every documented `base_resp.status_code`. A paid call that may have been carried out is in doubt.

The vendor's command line calls 1002 and 1039 content faults; its table of codes, followed here,
says they are rate limits.
"""

UNKNOWN = Code(Refused, "undocumented code", "Look the code up at the vendor.")
OPENING: Mapping[type[TrialError], str] = {
    Refused: "minimax refused",
    Throttled: "minimax asks to slow down",
    InDoubt: "minimax failed on its side",
    Unreachable: "minimax failed on its side",
    Unreadable: "minimax said neither yes nor no",
}
IN_DOUBT = (
    "It may have been carried out and charged all the same: "
    "look at the account's usage before you send it anew."
)


def judge(reply: Reply, *, spends: bool) -> None:
    """Raise what the vendor's no means; return after a yes.

    Parameters
    ----------
    spends
        Whether the call may have cost something: its failing on the vendor's side is a doubt
        then, and else a reason to ask again.

    Raises
    ------
    Refused, Throttled, InDoubt, Unreachable
        By `CODES`, or by the HTTP status where something before the vendor's service answered.
    Unreadable
        When it is neither yes nor no.
    """
    head = _base_resp(reply)
    if head is None:
        code, shown, message = _by_status(reply), f"HTTP {reply.status}", ""
    else:
        number, message = head
        code, shown = CODES.get(number, UNKNOWN), told(number)
    if code.error is InDoubt and not spends:
        code = code._replace(error=Unreachable)
    if code.error is not None:
        raise _error(code.error, code, shown, message, reply)


def unreadable(reply: Reply, found: str) -> Unreadable:
    """Return the error of a yes that holds something else than was due."""
    return Unreadable(
        f"minimax said yes and {found}. The reply is kept.",
        request_id=told(reply.headers.get("trace-id")) or None,
    )


def hex_audio(text: object, reply: Reply, *, name: str) -> bytes:
    """Return the bytes of the field called `name`; raise `Unreadable` where they are not whole."""
    if not isinstance(text, str):
        raise unreadable(reply, f"sent no {name} but {type(text).__name__}")
    try:
        audio = bytes.fromhex(text)
    except ValueError as error:
        raise unreadable(
            reply, f"sent {name} that is not hexadecimal ({len(text)} characters: {error})"
        ) from None
    if not audio:
        raise unreadable(reply, f"sent an empty {name}")
    return audio


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
        "request_id": told(reply.headers.get("trace-id")) or None,
    }
    error = kind(sentence, **details)
    if isinstance(error, Throttled | Unreachable):
        error.retry_after = retry_after(reply.headers)
    return error
