"""One request and its reply over HTTP: within a deadline, under a cap, with the keys taken out."""

import asyncio

import httpx

from voicelab.errors import Unreadable
from voicelab.providers.base import Reply, Request, redacted

MAX_REPLY_BYTES = 64 * 2**20

NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.InvalidURL,
    UnicodeEncodeError,
)
"""What httpx raises when no byte of the request left this machine."""

NO_REPLY = (httpx.HTTPError, TimeoutError)
"""What it raises otherwise: something may have arrived."""


def make_client() -> httpx.AsyncClient:
    """Return the client of a run; what stays on this machine never goes through a proxy."""
    direct = {
        f"all://{host}": httpx.AsyncHTTPTransport() for host in ("127.0.0.1", "localhost", "[::1]")
    }
    return httpx.AsyncClient(follow_redirects=False, mounts=direct)


async def exchange(
    client: httpx.AsyncClient, request: Request, *, secrets: tuple[str, ...]
) -> Reply:
    """Send and read; a reply past the cap comes cut off there."""
    async with (
        asyncio.timeout(request.timeout_s),
        client.stream(
            request.method,
            request.url,
            json=request.body,
            headers=dict(request.headers),
            auth=request.auth or httpx.USE_CLIENT_DEFAULT,
            timeout=request.timeout_s,
        ) as response,
    ):
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_REPLY_BYTES:
                break
        headers = {name.lower(): value for name, value in response.headers.items()}
        reply = Reply(status=response.status_code, headers=headers, content=bytes(content))
        return redacted(reply, secrets)


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
