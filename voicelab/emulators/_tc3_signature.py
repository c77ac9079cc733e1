"""Tencent's signature as its service verifies it: over what really came, in the order of checks.

Source: the vendor's page "Signature v3" under https://www.tencentcloud.com/document/api; the
order of the checks and the code of a missing header are nobody's word.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from voicelab.emulators.base import Call, No

TOLERANCE_S = 300
AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/, ]+)/(?P<date>[0-9-]{10})/(?P<service>[a-z0-9]+)"
    r"/tc3_request, ?SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def verify(call: Call, *, keys: Mapping[str, str], token: str, now: float) -> str:
    """Return the service a call is signed for, or refuse it for the first thing that is wrong.

    Parameters
    ----------
    keys
        Secret keys by secret id.
    token
        Of temporary credentials; empty for lasting ones.
    now
        Seconds since 1970.
    """
    for name in ("Action", "Timestamp", "Version"):
        if not call.headers.get(f"x-tc-{name.lower()}"):
            raise No("MissingParameter", missing(name))
    found = AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    names = found["names"].split(";") if found else []
    if found is None or not {"content-type", "host"} <= set(names) or names != sorted(names):
        raise No("AuthFailure.InvalidAuthorization", "The Authorization header is not valid.")
    if found["id"] not in keys:
        raise No(
            "AuthFailure.SecretIdNotFound",
            "The SecretId is not found, please ensure that your SecretId is correct.",
        )
    if not hmac.compare_digest(call.headers.get("x-tc-token", "").encode(), token.encode()):
        raise No("AuthFailure.TokenFailure", "The token is incorrect or has expired.")
    _check_time(call.headers["x-tc-timestamp"], int(now))
    signature = _signature(found, names, call, keys[found["id"]])
    if not hmac.compare_digest(signature, found["signature"]):
        raise No(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. "
            "Please check your signature is correct.",
        )
    return found["service"]


def missing(name: str) -> str:
    """Return the vendor's words for a parameter that is not there."""
    return f"The request is missing a required parameter `{name}`."


def _check_time(stamp: str, server: int) -> None:
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise No("InvalidParameterValue", "The value of the parameter `Timestamp` is not valid.")
    if abs(server - int(stamp)) > TOLERANCE_S:
        raise No(
            "AuthFailure.SignatureExpire",
            "Signature expired. Please use local time and enable NTP service to synchronize it: "
            f"more than 5 minutes lie between `Timestamp` and the server time {server}.",
        )


def _signature(found: re.Match[str], names: list[str], call: Call, secret_key: str) -> str:
    """Return the signature of what really came; empty where another day was signed."""
    stamp = call.headers["x-tc-timestamp"]
    date = f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}"
    if found["date"] != date or not set(names) <= set(call.headers):
        return ""
    lines = [f"{name}:{call.headers[name].strip().lower()}" for name in names]
    payload = hashlib.sha256(call.content).hexdigest()
    query = call.query if call.method == "GET" else ""
    canonical = "\n".join([call.method, "/", query, *lines, "", found["names"], payload])
    scope = f"{date}/{found['service']}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = _mac(f"TC3{secret_key}".encode(), date)
    return _mac(_mac(_mac(key, found["service"]), "tc3_request"), text).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
