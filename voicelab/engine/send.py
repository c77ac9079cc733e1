"""The one place a request leaves: written down before, its reply kept before anyone reads it."""

import asyncio

import httpx

from voicelab.engine.exchange import NEVER_LEFT, NO_REPLY, exchange, require_whole, words
from voicelab.engine.pace import Pace
from voicelab.engine.roster import Roster
from voicelab.errors import InDoubt, Refused, Unreachable, UsageError
from voicelab.model import Trial
from voicelab.providers.base import Provider, Reply, Request
from voicelab.store.store import Store

EMULATOR_HEADER = "x-voicelab-emulator"


class Sender:
    """What a provider is handed as `send`, for one trial."""

    def __init__(
        self,
        trial: Trial,
        provider: Provider,
        *,
        store: Store,
        client: httpx.AsyncClient,
        pace: Pace,
        roster: Roster,
    ) -> None:
        self._trial = trial
        self._secrets = provider.secrets
        self._store = store
        self._client = client
        self._pace = pace
        self._roster = roster
        self.last_attempt: int | None = None
        """The attempt whose reply the provider read last."""
        self._began = asyncio.get_running_loop().time()
        self._asked = False

    async def __call__(self, request: Request) -> Reply:
        """Ask and keep the reply; or return the kept reply of a step that spends.

        Raises
        ------
        Unreachable
            Nothing left this machine, or what left was free: asking again costs nothing.
        InDoubt
            A request that may cost something left, and no reply was kept.
        Refused
            The lab is offline and the request would have left this machine.
        Unreadable
            The reply is larger than any trial audio.
        """
        self._require_allowed(request)
        kept = request.spends and self._store.journal.kept(
            self._trial.id, step=request.step, resend=self._trial.resends
        )
        if kept:
            self.last_attempt = kept.attempt_id
            return Reply(status=kept.status, headers=kept.headers, content=kept.content)
        async with self._pace.slot():
            if not self._asked:
                self._asked, self._began = True, asyncio.get_running_loop().time()
            return await self._ask(request)

    def elapsed_s(self) -> float:
        """Return the seconds since the first request left, or since the start where none did."""
        return asyncio.get_running_loop().time() - self._began

    def mark_last(self, state: str) -> None:
        """Say what the last reply turned out to be: `declined` or `in doubt`."""
        if self.last_attempt is not None:
            self._store.journal.mark(self.last_attempt, state)

    def _require_allowed(self, request: Request) -> None:
        try:
            self._roster.require_allowed(request.url, self._trial.provider)
        except UsageError as error:
            raise Refused(str(error)) from None

    async def _ask(self, request: Request) -> Reply:
        journal = self._store.journal
        attempt = journal.ask(
            self._trial.id,
            step=request.step,
            resend=self._trial.resends,
            spends=request.spends,
            method=request.method,
            url=request.url,
            body=request.body,
        )
        self.last_attempt = attempt
        try:
            reply = await exchange(self._client, request, secrets=self._secrets)
        except NEVER_LEFT as error:
            journal.mark(attempt, "forgotten")
            raise Unreachable(
                f"{self._trial.provider} cannot be reached ({words(error)}); nothing was sent. "
                "Check the network and the address, then retry."
            ) from None
        except NO_REPLY as error:
            journal.mark(attempt, "in doubt" if request.spends else "forgotten")
            raise _no_reply(self._trial, request, error) from None
        journal.keep(attempt, status=reply.status, headers=reply.headers, content=reply.content)
        if EMULATOR_HEADER in reply.headers:
            self._store.update(self._trial.id, emulated=1)
        require_whole(reply, self._trial.provider)
        return reply


def _no_reply(trial: Trial, request: Request, error: Exception) -> Unreachable | InDoubt:
    if not request.spends:
        return Unreachable(
            f"{trial.provider} did not answer {request.step!r} ({words(error)}); "
            "asking again is free."
        )
    return InDoubt(
        f"{trial.provider} was asked and no answer came ({words(error)}): it may have made and "
        "charged the voice. It is not sent again by itself; resend it or give it up."
    )
