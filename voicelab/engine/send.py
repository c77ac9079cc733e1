"""The one place a request leaves: written down before, its reply kept before anyone reads it."""

import asyncio

import httpx

from voicelab.engine.pace import Pace
from voicelab.engine.roster import Roster
from voicelab.errors import InDoubt, Refused, Unreachable, Unreadable, UsageError
from voicelab.model import Trial
from voicelab.providers.base import Provider, Reply, Request, redacted
from voicelab.store.store import Store

MAX_REPLY_BYTES = 64 * 2**20
EMULATOR_HEADER = "x-voicelab-emulator"

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.ProxyError,
    httpx.InvalidURL,
    UnicodeEncodeError,
)


def make_client() -> httpx.AsyncClient:
    """Return the client of a run; what stays on this machine never goes through a proxy."""
    direct = {
        f"all://{host}": httpx.AsyncHTTPTransport() for host in ("127.0.0.1", "localhost", "[::1]")
    }
    return httpx.AsyncClient(follow_redirects=False, mounts=direct)


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
            reply = await self._exchange(request)
        except _NEVER_LEFT as error:
            journal.mark(attempt, "forgotten")
            raise Unreachable(
                f"{self._trial.provider} cannot be reached ({_words(error)}); nothing was sent. "
                "Check the network and the address, then retry."
            ) from None
        except (httpx.HTTPError, TimeoutError) as error:
            journal.mark(attempt, "in doubt" if request.spends else "forgotten")
            raise _no_reply(self._trial, request, error) from None
        journal.keep(attempt, status=reply.status, headers=reply.headers, content=reply.content)
        if EMULATOR_HEADER in reply.headers:
            self._store.update(self._trial.id, emulated=1)
        if len(reply.content) > MAX_REPLY_BYTES:
            raise Unreadable(
                f"{self._trial.provider} answered with more than {MAX_REPLY_BYTES >> 20} MiB; "
                "no trial audio is that large. The rest was not read."
            )
        return reply

    async def _exchange(self, request: Request) -> Reply:
        """Send and read, within one deadline for the whole and one cap on the size."""
        async with (
            asyncio.timeout(request.timeout_s),
            self._client.stream(
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
            return redacted(reply, self._secrets)


def _no_reply(trial: Trial, request: Request, error: Exception) -> Unreachable | InDoubt:
    if not request.spends:
        return Unreachable(
            f"{trial.provider} did not answer {request.step!r} ({_words(error)}); "
            "asking again is free."
        )
    return InDoubt(
        f"{trial.provider} was asked and no answer came ({_words(error)}): it may have made and "
        "charged the voice. It is not sent again by itself; resend it or give it up."
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
