"""Recordings behind links that a user gave: the only place that fetches them, each once a while.

The rules are those of the links that vendors hand out, and for the same reasons: nothing of ours
goes along, only the open internet is asked, and only over https; for a provider that is emulated,
or where the lab is offline, only this machine is.
"""

import asyncio
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from voicelab.engine.exchange import NO_REPLY, words
from voicelab.engine.job import Job
from voicelab.engine.links import PLAIN_STORAGE, follow, is_public, resolved
from voicelab.engine.received import MAX_REPLY_BYTES
from voicelab.errors import Refused, TrialError, Unreachable, Unreadable
from voicelab.providers.base import Provider, Reply, Request, is_loopback
from voicelab.providers.wire import shown_link

TIMEOUT_S = 30.0
"""Until the last byte of a recording."""
KEPT_S = 600.0
"""How long a recording counts as what is behind its link: a quote and the run after it."""
FAILED_S = 20.0
"""How long a link that cannot be fetched is left alone; a form quotes at every letter."""
AT_ONCE = 8
MOST_BYTES = 256 * 2**20
"""Of all recordings that are held at once; the longest unused goes first."""
HERE, AWAY = "http://127.0.0.1", "https://vendor.invalid"
"""Whose links these are taken for: an emulator's, or a vendor's."""
NOTHING_THERE = (404, 410)
Key = tuple[str, bool]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What fetching a link came to."""

    until: float
    """On the monotonic clock."""
    audio: bytes = field(default=b"", repr=False)
    error: TrialError | None = None


class Linked:
    """The recordings behind links, as one lab may fetch them.

    Parameters
    ----------
    live
        Whether anything beyond this machine may be asked.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._found: OrderedDict[Key, _Found] = OrderedDict()
        self._locks: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)

    def now(self, url: str, provider: Provider) -> bytes:
        """Return the recording as `get` does, from any thread but the one that runs trials."""
        return Job(self.get(url, provider), lambda: None).result()

    def fetch_all(self, wanted: Iterable[tuple[str, Provider]]) -> None:
        """Fetch many at once, so that `now` has them, or what is the matter with them."""
        many = list(wanted)
        if many:
            Job(self._all(many), lambda: None).result()

    async def get(self, url: str, provider: Provider) -> bytes:
        """Return the recording behind `url`, for `provider` to clone.

        Raises
        ------
        Refused
            When the link leads where none may, or to no recording.
        Unreachable
            When nothing can be fetched from here now; somebody else might.
        """
        key = (url, provider.emulated or not self._live)
        async with self._locks[key]:
            found = self._found.get(key)
            if found is None or found.until < time.monotonic():
                found = await _tried(url, here=key[1])
            self._keep(key, found)
        if found.error is not None:
            raise found.error.with_traceback(None)
        return found.audio

    async def _all(self, wanted: list[tuple[str, Provider]]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(url: str, provider: Provider) -> None:
            async with gate:
                with suppress(TrialError):
                    await self.get(url, provider)

        await asyncio.gather(*(one(url, provider) for url, provider in wanted))

    def _keep(self, key: Key, found: _Found) -> None:
        self._found[key] = found
        self._found.move_to_end(key)
        while sum(len(kept.audio) for kept in self._found.values()) > MOST_BYTES:
            self._found.popitem(last=False)


async def _tried(url: str, *, here: bool) -> _Found:
    try:
        audio = await _fetched(url, here=here)
    except TrialError as error:
        return _Found(error=error, until=time.monotonic() + FAILED_S)
    return _Found(audio=audio, until=time.monotonic() + KEPT_S)


async def _fetched(url: str, *, here: bool) -> bytes:
    shown = shown_link(url)
    try:
        await _require_way(url, here=here)
        async with asyncio.timeout(TIMEOUT_S):
            return _recording(await _followed(url, here=here), shown)
    except ValueError as error:
        raise Refused(f"the reference {shown} is no link ({error}).") from None
    except (*NO_REPLY, httpx.InvalidURL) as error:
        raise Unreachable(f"the reference {shown} cannot be fetched ({words(error)}).") from None


async def _followed(url: str, *, here: bool) -> Reply:
    request = Request(
        step="reference",
        method="GET",
        url=url,
        spends=False,
        timeout_s=TIMEOUT_S,
        link_from=HERE if here else AWAY,
    )
    try:
        return await follow(request)
    except (Refused, Unreadable) as error:
        raise Refused(f"the reference {shown_link(url)} cannot be used. {error}") from None


def _recording(reply: Reply, shown: str) -> bytes:
    if len(reply.content) > MAX_REPLY_BYTES:
        raise Refused(
            f"the reference {shown} has more than {MAX_REPLY_BYTES >> 20} MiB. "
            "Cut it to its best part."
        )
    if reply.status == 200 and reply.content:
        return reply.content
    told = f"the reference {shown} cannot be fetched: it answered HTTP {reply.status}"
    if reply.status in (200, *NOTHING_THERE):
        raise Refused(f"{told} and no recording. Check the link.")
    raise Unreachable(f"{told}.")


async def _require_way(url: str, *, here: bool) -> None:
    """Raise for a link that is not even asked.

    Raises
    ------
    Refused
        When it leads where nobody may be asked, or where no vendor gets either.
    Unreachable
        For one over http, which a vendor may follow and voicelab does not.
    """
    if here and not is_loopback(url):
        raise Refused(
            f"the reference {shown_link(url)} leads off this machine, and nothing beyond it is "
            "asked for an emulated vendor or offline. Give a file, or a link on this machine."
        )
    parts = urlsplit(url)
    host = parts.hostname or ""
    if here or parts.scheme != "http" or host.endswith(PLAIN_STORAGE):
        return
    if not all(map(is_public, await resolved(host, parts.port or 80))):
        raise Refused(
            f"the reference {shown_link(url)} is not on the open internet: no vendor gets there."
        )
    raise Unreachable(
        f"the reference {shown_link(url)} is fetched over https alone, and it is not https."
    )
