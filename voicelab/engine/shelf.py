"""The voices that vendors keep, asked for with free calls that no trial stands behind."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx

from voicelab.engine.exchange import NO_REPLY, exchange, make_client, require_whole, words
from voicelab.engine.roster import Roster
from voicelab.engine.sheet import duration_text
from voicelab.errors import Refused, Throttled, TrialError, Unreachable, UsageError
from voicelab.providers.base import Keeper, Provider, Reply, Request, Shelf, VoiceShelf
from voicelab.providers.redaction import without_secrets, without_secrets_of

Answer = TypeVar("Answer")

TRIES = 4
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 10.0
"""In all, for one answer that a person is waiting for."""


@dataclass(frozen=True, kw_only=True)
class FreeSender:
    """A `send` for what costs nothing: it writes nothing down, and refuses what may cost."""

    provider: Provider
    client: httpx.AsyncClient
    roster: Roster

    async def __call__(self, request: Request) -> Reply:
        """Ask once.

        Raises
        ------
        Unreachable
            When no reply came; asking again is free.
        """
        if request.spends:
            raise Refused(f"{self.provider.name}: {request.step!r} may cost something.")
        self.roster.require_allowed(request.url, self.provider.name)
        try:
            reply = await exchange(self.client, request, secrets=self.provider.secrets)
        except (*NO_REPLY, httpx.InvalidURL) as error:
            raise Unreachable(
                f"{self.provider.name} did not answer "
                f"({without_secrets(words(error), self.provider.secrets)}); try again later."
            ) from None
        require_whole(reply, self.provider.name)
        return reply


async def ask_shelf(provider: Provider, roster: Roster) -> Shelf:
    """Return the voices a vendor keeps.

    Raises
    ------
    UsageError
        When the vendor lets nobody list its voices.
    TrialError
        What the vendor, or the network, said no with.
    """
    return await _asked(provider, roster, lambda shelf, send: shelf.shelf(send))


async def drop_voice(provider: Provider, voice_id: str, roster: Roster) -> None:
    """Delete one voice at the vendor; raise as `ask_shelf` does."""
    await _asked(provider, roster, lambda shelf, send: shelf.drop(voice_id, send))


async def keep_voice(keeper: Keeper, voice_id: str, name: str, roster: Roster) -> str:
    """Keep one voice at a vendor that has a free call for it; return a sentence on it."""
    assert isinstance(keeper, Provider)
    return await _free(keeper, roster, lambda send: keeper.keep(voice_id, name, send))


async def _asked(
    provider: Provider,
    roster: Roster,
    ask: Callable[[VoiceShelf, FreeSender], Awaitable[Answer]],
) -> Answer:
    if not isinstance(provider, VoiceShelf):
        raise UsageError(f"{provider.name} has no call to list or delete voices.")
    return await _free(provider, roster, partial(ask, provider))


async def _free(
    provider: Provider, roster: Roster, ask: Callable[[FreeSender], Awaitable[Answer]]
) -> Answer:
    async with make_client() as client:
        send = FreeSender(provider=provider, client=client, roster=roster)
        try:
            return await _patiently(lambda: ask(send))
        except TrialError as error:
            without_secrets_of(error, provider.secrets)
            raise


async def _patiently(
    ask: Callable[[], Awaitable[Answer]], *, tries: int = TRIES, left_s: float = MOST_WAIT_S
) -> Answer:
    """Ask, and again while the vendor says later or fails, as long as a person waits for it."""
    try:
        return await ask()
    except (Throttled, Unreachable) as error:
        asked_s = error.retry_after
        wait_s = FIRST_WAIT_S * 2 ** (TRIES - tries) if asked_s is None else asked_s
        unanswered = isinstance(error, Unreachable) and error.code is None
        if unanswered or tries == 1 or wait_s > left_s:
            raise error if asked_s is None else _with_wait(error, asked_s) from None
    await asyncio.sleep(wait_s)
    return await _patiently(ask, tries=tries - 1, left_s=left_s - wait_s)


def _with_wait(error: Throttled | Unreachable, asked_s: float) -> Throttled | Unreachable:
    told = type(error)(
        f"{error} It asked to wait {duration_text(asked_s)}; try again then.",
        code=error.code,
        vendor_message=error.vendor_message,
        request_id=error.request_id,
    )
    told.retry_after = asked_s
    return told
