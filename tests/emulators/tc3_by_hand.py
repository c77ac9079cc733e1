"""Tencent's signature by hand, from the vendor's page alone: for tests that use no code of ours."""

import hashlib
import hmac
import time
from datetime import UTC, datetime


def headers(
    emulator, url, content, *, action, service, version, region=None, method="POST", query=""
):
    """Return every header of one signed call."""
    label = "application/x-www-form-urlencoded" if method == "GET" else "application/json"
    stamp = int(time.time())
    date = f"{datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    scope = f"{date}/{service}/tc3_request"
    canonical = (
        f"{method}\n/\n{query}\ncontent-type:{label}\nhost:{url.removeprefix('http://')}\n\n"
        f"content-type;host\n{hashlib.sha256(content).hexdigest()}"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    secret = f"TC3{emulator.secret_key}".encode()
    for part in (date, service, "tc3_request", f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return {
        "Content-Type": label,
        "X-TC-Action": action,
        "X-TC-Version": version,
        "X-TC-Timestamp": str(stamp),
        "Authorization": f"TC3-HMAC-SHA256 Credential={emulator.secret_id}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={secret.hex()}",
    } | ({} if region is None else {"X-TC-Region": region})
