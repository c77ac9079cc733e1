"""The body of a reply as it comes in: the only place that reads and unpacks one, under a cap."""

import zlib

import httpx

from voicelab.providers.base import Reply

MAX_REPLY_BYTES = 64 * 2**20
"""Of what travels and of what it unpacks to; a reply past it comes cut off there."""
PACKED = "gzip"
"""The one packing that is asked for, and so the only one that is undone."""

_GZIP = 16 + zlib.MAX_WBITS


async def received(response: httpx.Response) -> Reply:
    """Read a streamed response, no further than one piece past the cap."""
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > MAX_REPLY_BYTES:
            break
    headers = {name.lower(): value for name, value in response.headers.items()}
    whole = bytes(content)
    if headers.get("content-encoding", "").strip().lower() == PACKED:
        whole = _unpacked(whole)
    return Reply(status=response.status_code, headers=headers, content=whole)


def _unpacked(data: bytes) -> bytes:
    """Return what gzip holds, as far as it is whole; a small one may claim to hold gigabytes.

    What is no gzip at all stays as it came, so that nothing is lost that was paid for.
    """
    reader = zlib.decompressobj(_GZIP)
    try:
        return reader.decompress(data, MAX_REPLY_BYTES + 1)
    except zlib.error:
        return data
