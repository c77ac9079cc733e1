"""Tencent's envelope and common codes: the only place that tells its yes from its no.

Sources: the vendor's pages "Responses" and "Common Error Codes" under
https://www.tencentcloud.com/document/api (international).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from voicelab.errors import InDoubt, Refused, Throttled, TrialError, Unreachable, Unreadable
from voicelab.providers.base import Reply
from voicelab.providers.wire import retry_after, told


class Code(NamedTuple):
    """What a no of the vendor's means here."""

    error: type[TrialError]
    """`InDoubt` says a fault of the server's: of a call that is free it is asked again."""
    advice: str = ""


KEY = "Check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY."
RIGHTS = "Let the owner of the account grant this key the action in Cloud Access Management."
FIELD = "Mend the field it names."
ENDPOINT = "Check the endpoint in the environment: it must be this product's own."
REPORT = "voicelab should never cause this; report it with the request id."
ACCOUNT = "Look at the account in the Tencent Cloud console."
SETTINGS = "Change the account's network settings, or call from elsewhere."

COMMON: Mapping[str, Code] = {
    "ActionOffline": Code(Refused, "The vendor has withdrawn the call."),
    "AuthFailure": Code(Refused, KEY),
    "AuthFailure.InvalidAuthorization": Code(Refused, REPORT),
    "AuthFailure.InvalidSecretId": Code(Refused, f"{KEY} It must be a key of the Cloud API."),
    "AuthFailure.MFAFailure": Code(Refused, "The account asks for a second factor; see to it."),
    "AuthFailure.SecretIdNotFound": Code(Refused, f"{KEY} The key is deleted or disabled."),
    "AuthFailure.SignatureExpire": Code(Refused, "Set this machine's clock."),
    "AuthFailure.SignatureFailure": Code(Refused, f"{KEY} They must belong together."),
    "AuthFailure.TokenFailure": Code(Refused, "Get a new TENCENTCLOUD_TOKEN."),
    "AuthFailure.UnauthorizedOperation": Code(Refused, RIGHTS),
    "DryRunOperation": Code(Refused, "The call was a trial run that would have gone through."),
    "FailedOperation": Code(Refused, "Look the message up at the vendor."),
    "InternalError": Code(InDoubt),
    "InvalidAction": Code(Refused, ENDPOINT),
    "InvalidParameter": Code(Refused, FIELD),
    "InvalidParameterValue": Code(Refused, FIELD),
    "InvalidRequest": Code(Refused, REPORT),
    "IpInBlacklist": Code(Refused, SETTINGS),
    "IpNotInWhitelist": Code(Refused, SETTINGS),
    "LimitExceeded": Code(Refused, "Delete voices that are not needed, or ask for a larger quota."),
    "MissingParameter": Code(Refused, FIELD),
    "NoSuchProduct": Code(Refused, ENDPOINT),
    "NoSuchVersion": Code(Refused, ENDPOINT),
    "RequestLimitExceeded": Code(Throttled),
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": Code(Throttled),
    "RequestLimitExceeded.IPLimitExceeded": Code(Throttled),
    "RequestLimitExceeded.UinLimitExceeded": Code(Throttled),
    "RequestSizeLimitExceeded": Code(Refused, "Send less: a request may have 10 MB."),
    "ResourceInUse": Code(Refused, "Wait until nothing uses it."),
    "ResourceInsufficient": Code(Throttled),
    "ResourceNotFound": Code(Refused, "It may have been deleted, or belong to another account."),
    "ResourceUnavailable": Code(Throttled),
    "ResponseSizeLimitExceeded": Code(Refused, "Ask for less at once."),
    "ServiceUnavailable": Code(InDoubt),
    "UnauthorizedOperation": Code(Refused, f"{RIGHTS} {ACCOUNT}"),
    "UnknownParameter": Code(Refused, "Take the field it names out of the options."),
    "UnsupportedOperation": Code(Refused, ACCOUNT),
    "UnsupportedProtocol": Code(Refused, REPORT),
    "UnsupportedRegion": Code(Refused, "Name a region this product is offered in."),
}
"""Every common code. One that is not listed goes by what stands before its first dot."""

UNKNOWN = Code(Refused, "The code is undocumented; look it up at the vendor.")
OPENING: Mapping[type[TrialError], str] = {
    Refused: "refused",
    Throttled: "asks to slow down",
    InDoubt: "failed on its side",
    Unreachable: "failed on its side",
    Unreadable: "said neither yes nor no",
}
IN_DOUBT = (
    "It may have been carried out and charged all the same: "
    "look at the account's usage before you send it anew."
)


def judge(reply: Reply, codes: Mapping[str, Code], *, vendor: str, spends: bool) -> dict[str, Any]:
    """Return what is inside `Response` after a yes; raise what a no means.

    Parameters
    ----------
    codes
        The product's own, beside `COMMON`.
    spends
        Whether the call may have cost something: only then can it be in doubt.

    Raises
    ------
    Refused, Throttled, InDoubt, Unreachable
        By the codes, or by the HTTP status where something before the vendor's service answered.
    Unreadable
        When it is neither yes nor no.
    """
    response = _response(reply)
    if response is None:
        shown, said, code = f"HTTP {reply.status}", "", _by_status(reply)
    elif "Error" in response:
        shown, said = _error(response["Error"])
        code = find(shown, codes)
    elif reply.status != 200:
        shown, said, code = f"HTTP {reply.status}", "", _by_status(reply)
    else:
        return response
    request_id = told((response or {}).get("RequestId")) or None
    error = error_of(
        code,
        shown=shown,
        said=said,
        vendor=vendor,
        spends=spends,
        request_id=request_id,
        wait_s=retry_after(reply.headers),
    )
    if isinstance(error, Refused):
        error.ended = spends
    raise error


def find(code: str, codes: Mapping[str, Code]) -> Code:
    """Return what `code` means: by its own row, or by what stands before its first dot."""
    for table in (codes, COMMON):
        if code in table:
            return table[code]
    family = code.partition(".")[0]
    return codes.get(family) or COMMON.get(family, UNKNOWN)


def error_of(
    code: Code,
    *,
    shown: str,
    said: str,
    vendor: str,
    spends: bool,
    request_id: str | None = None,
    wait_s: float | None = None,
) -> TrialError:
    """Return the error for a no of the vendor's: what it said, its code, what to do.

    Parameters
    ----------
    shown
        The vendor's code as it came.
    said
        The vendor's message.
    spends
        Whether the call may have cost something; a server's fault on a free one is `Unreachable`.
    wait_s
        Seconds the vendor asked to wait.
    """
    kind = Unreachable if code.error is InDoubt and not spends else code.error
    words = " ".join(said.split()).rstrip(".")[:300]
    advice = IN_DOUBT if kind is InDoubt else code.advice
    told = f"{words} ({shown})" if words else shown
    sentence = f"{vendor} {OPENING[kind]}: {told}. {advice}".rstrip()
    error = kind(sentence, code=shown, vendor_message=said or None, request_id=request_id)
    if isinstance(error, Throttled | Unreachable):
        error.retry_after = wait_s
    return error


def _response(reply: Reply) -> dict[str, Any] | None:
    try:
        response = reply.json().get("Response")
    except Unreadable:
        return None
    return response if isinstance(response, dict) else None


def _error(error: object) -> tuple[str, str]:
    if not isinstance(error, dict):
        return "no code", ""
    return told(error.get("Code") or "no code"), str(error.get("Message") or "")


def _by_status(reply: Reply) -> Code:
    if reply.status in (401, 403):
        return Code(Refused, KEY)
    if reply.status == 429:
        return Code(Throttled)
    if reply.status == 408 or reply.status >= 500:
        return Code(InDoubt)
    if reply.status >= 300:
        return Code(Refused, ENDPOINT)
    return Code(Unreadable, f"There is no Response in {reply.content[:60]!r}; the reply is kept.")
