"""The only place that fetches a recording somebody sent a link to, and only from this machine."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

HERE = ("127.0.0.1", "::1", "localhost")
"""The only hosts recordings are fetched from: an emulator asks nobody beyond this machine."""
REFERENCE_BYTES = 100 * 2**20


def fetched(url: str) -> bytes | None:
    """Return what is behind a link, or nothing where it cannot be had; blocking."""
    try:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in HERE:
            return None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        with closing(connection):
            connection.request("GET", f"{parts.path or '/'}{parts.query and '?'}{parts.query}")
            answer = connection.getresponse()
            return answer.read(REFERENCE_BYTES) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
