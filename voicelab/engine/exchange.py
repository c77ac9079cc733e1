"""One request and its reply over HTTP: within a deadline, under a cap, with the keys taken out."""

import asyncio
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from voicelab.engine.links import follow, trusted
from voicelab.engine.received import MAX_REPLY_BYTES, PACKED, received
from voicelab.errors import Unreadable
from voicelab.providers.base import Reply, Request
from voicelab.providers.redaction import redacted

NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.InvalidURL,
    httpx.LocalProtocolError,
    UnicodeEncodeError,
)
"""What httpx raises when no byte of the request left this machine."""

NO_REPLY = (httpx.HTTPError, TimeoutError)
"""What it raises otherwise: something may have arrived."""


def make_client() -> httpx.AsyncClient:
    """Return the client of a run: it keeps no cookie, and needs no proxy on this machine."""
    here = httpx.AsyncHTTPTransport(verify=trusted())
    direct = {f"all://{host}": here for host in ("127.0.0.1", "localhost", "[::1]")}
    none = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx.AsyncClient(follow_redirects=False, mounts=direct, cookies=none, verify=trusted())


async def exchange(
    client: httpx.AsyncClient, request: Request, *, secrets: tuple[str, ...]
) -> Reply:
    """Send and read; a reply past the cap comes cut off there.

    Raises
    ------
    Refused, Unreadable
        As `follow` does, for a link that a vendor handed out.
    """
    async with asyncio.timeout(request.timeout_s):
        reply = await (_asked(client, request) if request.link_from is None else follow(request))
    return redacted(reply, secrets)


async def _asked(client: httpx.AsyncClient, request: Request) -> Reply:
    async with client.stream(
        request.method,
        request.url,
        json=request.body,
        headers={"Accept-Encoding": PACKED, **request.headers},
        auth=request.auth or httpx.USE_CLIENT_DEFAULT,
        timeout=request.timeout_s,
    ) as response:
        return await received(response)


def require_whole(reply: Reply, provider: str) -> None:
    """Raise `Unreadable` for a reply that was cut off at the cap."""
    if len(reply.content) > MAX_REPLY_BYTES:
        raise Unreadable(
            f"{provider} answered with more than {MAX_REPLY_BYTES >> 20} MiB; "
            "no trial audio is that large. The rest was not read."
        )


def words(error: Exception) -> str:
    """Return an exception of the network in a few words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
