"""TC3-HMAC-SHA256: the only place that dates and signs a request to Tencent.

Source: the vendor's page "Signature v3" under https://www.tencentcloud.com/document/api.
"""

import hashlib
import hmac
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

import httpx

from voicelab.errors import UsageError
from voicelab.providers.secret import Secret, secret_from_env
from voicelab.providers.wire import check_key

ALGORITHM = "TC3-HMAC-SHA256"
CONSOLE = "Tencent Cloud console"
SIGNED = ("content-type", "host", "x-tc-action")


@dataclass(kw_only=True)
class Clock:
    """This machine's clock, put right by what the vendor says its own shows."""

    offset_s: float = 0.0
    """Seconds to add to this machine's time."""
    corrected: bool = False

    def now(self) -> int:
        """Return the vendor's time in seconds since 1970, as far as it is known."""
        return int(time.time() + self.offset_s)

    def set(self, server_s: float) -> None:
        """Go by the vendor's time from now on."""
        self.offset_s = server_s - time.time()
        self.corrected = True


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A key of the Cloud API: its two halves, and the token of a temporary one."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    clock: Clock = field(default_factory=Clock, repr=False, compare=False)
    """What requests signed with it are dated by."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for a key that cannot be one."""
        for name in ("secret_id", "secret_key", "token"):
            object.__setattr__(self, name, Secret(getattr(self, name)))
        check_key(self.secret_id, variable="TENCENTCLOUD_SECRET_ID", console=CONSOLE)
        check_key(self.secret_key, variable="TENCENTCLOUD_SECRET_KEY", console=CONSOLE)
        if self.token:
            check_key(self.token, variable="TENCENTCLOUD_TOKEN", console=CONSOLE)

    @classmethod
    def from_env(cls, vendor: str) -> Self:
        """Read `TENCENTCLOUD_SECRET_ID`, `…_SECRET_KEY` and, if set, `…_TOKEN`.

        Raises
        ------
        UsageError
            Naming the first one that is not set, and `vendor`, the provider that needs it.
        """
        found = {
            name: secret_from_env(f"TENCENTCLOUD_{name}")
            for name in ("SECRET_ID", "SECRET_KEY", "TOKEN")
        }
        for name in ("SECRET_ID", "SECRET_KEY"):
            if not found[name]:
                raise UsageError(
                    f"TENCENTCLOUD_{name} is not set; set it to that of a key of your Tencent "
                    f"Cloud account, or drop {vendor} from the batch."
                )
        return cls(
            secret_id=found["SECRET_ID"],
            secret_key=found["SECRET_KEY"],
            token=found["TOKEN"],
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """All that may not be kept or shown."""
        return tuple(filter(None, (self.secret_key, self.token, self.secret_id)))

    @property
    def digest(self) -> str:
        """Enough of a digest to tell two keys apart."""
        return hashlib.sha256(f"{self.secret_id} {self.secret_key}".encode()).hexdigest()[:8]


def sign(
    credentials: Credentials,
    *,
    service: str,
    timestamp: int,
    headers: Mapping[str, str],
    payload: bytes,
    method: str = "POST",
) -> str:
    """Return the `Authorization` header of a request to the path `/`.

    Parameters
    ----------
    timestamp
        Seconds since 1970, UTC.
    headers
        Those to sign, names in lower case; `content-type` and `host` must be among them.
    payload
        The very bytes that leave.
    """
    date = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    scope = f"{date}/{service}/tc3_request"
    names = sorted(headers)
    block = "".join(f"{name}:{headers[name].strip().lower()}\n" for name in names)
    digest = hashlib.sha256(payload).hexdigest()
    canonical = "\n".join([method, "/", "", block, ";".join(names), digest])
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{credentials.secret_key}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashed}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return (
        f"{ALGORITHM} Credential={credentials.secret_id}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )


class Tc3Auth(httpx.Auth):
    """Dates and signs a request when it leaves, over the bytes it leaves with."""

    requires_request_body = True

    def __init__(self, credentials: Credentials, service: str) -> None:
        self._credentials = credentials
        self._service = service

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the timestamp, the token of a temporary key, and the signature."""
        timestamp = self._credentials.clock.now()
        request.headers["X-TC-Timestamp"] = str(timestamp)
        if self._credentials.token:
            request.headers["X-TC-Token"] = self._credentials.token
        request.headers["Authorization"] = sign(
            self._credentials,
            service=self._service,
            timestamp=timestamp,
            headers={name: request.headers[name] for name in SIGNED},
            payload=request.content,
            method=request.method,
        )
        yield request
