"""Tencent Cloud's API version 3: the only place that builds its calls and reads its links.

Sources: the vendor's pages "Request Structure" and "Common Parameters" under
https://www.tencentcloud.com/document/api (international).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from voicelab.errors import Refused, Throttled, TrialError, Unreachable, Unreadable
from voicelab.providers._tc3_codes import COMMON as COMMON
from voicelab.providers._tc3_codes import FIELD as FIELD
from voicelab.providers._tc3_codes import UNKNOWN as UNKNOWN
from voicelab.providers._tc3_codes import Code as Code
from voicelab.providers._tc3_codes import error_of as error_of
from voicelab.providers._tc3_codes import find as find
from voicelab.providers._tc3_codes import judge as judge
from voicelab.providers._tc3_sign import Clock as Clock
from voicelab.providers._tc3_sign import Credentials as Credentials
from voicelab.providers._tc3_sign import Tc3Auth as Tc3Auth
from voicelab.providers._tc3_sign import sign as sign
from voicelab.providers.base import Reply, Request, Send, is_loopback
from voicelab.providers.wire import host, retry_after

EXPIRED = "AuthFailure.SignatureExpire"
AGREED_S = 60.0
"""Two clocks so near are one: the vendor takes five minutes."""


def endpoint(text: str, *, variable: str, known: tuple[str, ...]) -> str:
    """Return the address of an endpoint, given as the vendor does (a host) or as a whole URL.

    Raises
    ------
    UsageError
        Where a key may not go there: neither https nor this machine.
    """
    found = text.strip()
    if "://" not in found:
        found = f"{'http' if is_loopback(f'http://{found}') else 'https'}://{found}"
    return host(found, variable=variable, known=known)


@dataclass(frozen=True, kw_only=True)
class Api:
    """One product's calls, as one provider makes them."""

    vendor: str
    """The provider's registry name: it opens every sentence."""
    service: str
    """The product's short name, which is signed, such as `mps`."""
    version: str
    base_url: str
    credentials: Credentials
    codes: Mapping[str, Code] = field(default_factory=dict)
    """The product's own, beside `COMMON`."""
    region: str = ""
    """Not sent at all where empty: the vendor refuses an empty one."""

    def request(self, step: str, action: str, body: Mapping[str, Any], *, spends: bool) -> Request:
        """Build the request of one call."""
        headers = {
            "X-TC-Action": action,
            "X-TC-Version": self.version,
            "X-TC-Language": "en-US",
        }
        if self.region:
            headers["X-TC-Region"] = self.region
        return Request(
            step=step,
            method="POST",
            url=f"{self.base_url}/",
            spends=spends,
            body=body,
            headers=headers,
            auth=Tc3Auth(self.credentials, self.service),
        )

    async def ask(
        self, step: str, action: str, body: Mapping[str, Any], *, spends: bool, send: Send
    ) -> dict[str, Any]:
        """Make one call and return what is inside `Response`.

        Raises
        ------
        Refused, Throttled, InDoubt, Unreachable, Unreadable
            As `judge` does. A request the vendor finds too old puts the clock right and is asked
            again; dated by the vendor's own clock it is refused.
        """
        clock = self.credentials.clock
        signed_with = clock.offset_s
        reply = await send(self.request(step, action, body, spends=spends))
        try:
            return judge(reply, self.codes, vendor=self.vendor, spends=spends)
        except Refused as error:
            if error.code != EXPIRED:
                raise
            raise _expired(error, reply, clock, signed_with, self.vendor) from None


async def fetch(url: object, *, base_url: str, vendor: str, what: str, send: Send) -> bytes:
    """Return what a link the vendor handed out leads to; it is asked without a key.

    Parameters
    ----------
    base_url
        The endpoint that handed it out.
    what
        What the link is of, for the sentence: such as `voice 'v1_a'`.

    Raises
    ------
    Refused
        When the link has lapsed or leads nowhere.
    Throttled
        When the storage asks to slow down.
    Unreachable
        When it is out of order.
    Unreadable
        When it is no link, or nothing is behind it.
    """
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        raise Unreadable(f"{vendor} made {what} and sent no link to its sound but {url!r:.80}.")
    link = Request(step="fetch", method="GET", url=url, spends=False, link_from=base_url)
    reply = await send(link)
    if reply.status == 200 and reply.content:
        return reply.content
    told = f"the link to the sound of {what} answered HTTP {reply.status}"
    if reply.status == 200:
        raise Unreadable(f"{vendor}: {told} and nothing else.")
    shown = f"HTTP {reply.status}"
    if reply.status == 429:
        raise Throttled(f"{vendor}: {told}.", retry_after=retry_after(reply.headers), code=shown)
    if reply.status == 408 or reply.status >= 500:
        raise Unreachable(f"{vendor}: {told}.", code=shown)
    lapsed = Refused(
        f"{vendor}: {told}. The voice is made; retry the trial to ask for a new link, free.",
        code=shown,
    )
    lapsed.ended = False
    raise lapsed


def _expired(
    error: Refused, reply: Reply, clock: Clock, signed_with: float, vendor: str
) -> TrialError:
    """Return "later" where the clock is now another than the one it was dated by, else the no."""
    server_s = _server_time(reply, error.vendor_message or "")
    details = {
        "code": EXPIRED,
        "vendor_message": error.vendor_message,
        "request_id": error.request_id,
    }
    if clock.offset_s == signed_with:
        if server_s is None:
            return error
        if clock.corrected and abs(server_s - clock.now()) < AGREED_S:
            return Refused(
                f"{vendor} refused: it finds the request too old ({EXPIRED}), dated by the "
                f"vendor's own clock as well; the clock of this machine is {_off(clock)}. "
                f"{_advice(clock)}",
                **details,
            )
        clock.set(server_s)
    return Throttled(
        f"{vendor} finds the request too old: the clock of this machine is {_off(clock)}; "
        "requests are dated by the vendor's clock from now on.",
        retry_after=0.0,
        **details,
    )


def _off(clock: Clock) -> str:
    """Return in words what is between this machine's clock and the vendor's."""
    off_s = abs(clock.offset_s)
    if off_s < 3:  # their dates have no fractions, and the way takes a while
        return "right to a few seconds"
    return f"off by {off_s:.0f} s" if off_s < 120 else f"off by {off_s / 60:.0f} min"


def _advice(clock: Clock) -> str:
    if abs(clock.offset_s) < AGREED_S:
        return "Look whether a proxy holds requests back, then retry."
    return "Set the clock, then retry."


def _server_time(reply: Reply, message: str) -> float | None:
    told = re.search(r"server time\D{0,3}(\d{10})\b", message)
    if told:
        return float(told[1])
    try:
        return parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except ValueError:
        return None
