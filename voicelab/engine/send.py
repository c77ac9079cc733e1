"""The one place a request leaves: written down before, its reply kept before anyone reads it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from voicelab.engine.budget import Purse
from voicelab.engine.circuit import Circuit
from voicelab.engine.exchange import NEVER_LEFT, NO_REPLY, exchange, require_whole, words
from voicelab.engine.keep import first_use_fee
from voicelab.engine.pace import Away, Pace, Ticket
from voicelab.engine.reference import Recordings
from voicelab.engine.roster import Roster
from voicelab.errors import InDoubt, Refused, Throttled, Unreachable, UsageError
from voicelab.model import Trial, TrialRecord
from voicelab.providers.base import Provider, Reply, Request
from voicelab.providers.redaction import without_secrets
from voicelab.store.charges import Charge
from voicelab.store.store import Store

EMULATOR_HEADER = "x-voicelab-emulator"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What all trials of one provider share in a run."""

    provider: Provider
    pace: Pace
    circuit: Circuit
    preparing: asyncio.Semaphore
    """How many trials may hold the recording of their reference at once."""
    client: httpx.AsyncClient
    store: Store
    roster: Roster
    recordings: Recordings
    """What references refer to."""
    purses: Sequence[Purse]
    """The budgets a request may pass none of."""
    changed: Callable[[TrialRecord], None]

    @property
    def away(self) -> Away | None:
        """Why its trials are left for the next run, where they are."""
        circuit = self.circuit
        return Away(circuit.held, circuit.kind) if circuit.away else self.pace.away

    @property
    def rests(self) -> bool:
        """Whether its vendor is left alone for a while, or for longer."""
        return self.circuit.is_open or self.pace.rests

    @property
    def words(self) -> str:
        """What is the matter with its vendor, in words; empty while all is well."""
        return self.circuit.words if self.circuit.away else self.pace.words or self.circuit.words


class Sender:
    """What a provider is handed as `send`, for one trial."""

    def __init__(self, trial: Trial, desk: Desk, charge: Charge) -> None:
        self._trial = trial
        self._desk = desk
        self._charge = charge
        self._purses = [p for p in desk.purses if p.batch_id in (None, trial.batch_id)]
        self.last_attempt: int | None = None
        """The attempt whose reply the provider read last."""
        self.last_spends = False
        self._last_start: int | None = None
        self._charged_by: tuple[int, Charge] | None = None
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
        OverBudget
            It would pass a budget; nothing left.
        """
        self._require_allowed(request)
        trial = self._trial
        kept = request.spends and self._desk.store.journal.kept(
            trial.id, step=request.step, resend=trial.resends
        )
        if kept:
            self.last_attempt, self.last_spends = kept.attempt_id, True
            return Reply(status=kept.status, headers=kept.headers, content=kept.content)
        while True:
            async with self._desk.pace.slot(lasts_s=request.timeout_s + 5.0) as ticket:
                if self._desk.circuit.admits(self):
                    if not self._asked:
                        self._asked, self._began = True, asyncio.get_running_loop().time()
                    return await self._ask(request, ticket)
            await self._desk.circuit.enter(self)  # it opened while this one waited for its turn

    def elapsed_s(self) -> float:
        """Return the seconds since the first request left, or since the start where none did."""
        return asyncio.get_running_loop().time() - self._began

    def declined(self, error: Throttled) -> None:
        """Say that the last reply meant later: it is no answer, and the pace slows down."""
        self._mark("declined")
        if self._last_start is not None:
            self._desk.pace.slow(self._last_start, error.retry_after, str(error))

    def failed(self, error: Unreachable) -> None:
        """Say that a free request came to nothing: it is no answer, and the pace stays."""
        if not self.last_spends:
            self._mark("forgotten")
        if error.retry_after is not None:
            self._desk.pace.hold(error.retry_after, str(error))

    def in_doubt(self) -> None:
        """Say that the last reply told nothing of what became of the request."""
        if self.last_attempt is not None:
            self._desk.store.journal.mark(self.last_attempt, "in doubt")

    def refused(self) -> None:
        """Say that the last reply was a no, which vendors do not charge."""
        if self.last_attempt is not None and self._desk.store.journal.uncount(self.last_attempt):
            self._give_back()

    def billed(self, cost: float) -> None:
        """Say what the vendor counted for the trial, where it is not what was quoted."""
        trial = self._trial
        self._desk.store.journal.bill(trial.id, resend=trial.resends, cost=cost)

    def _mark(self, state: str) -> None:
        if self.last_attempt is not None:
            self._desk.store.journal.mark(self.last_attempt, state)
        self._give_back()

    def _give_back(self) -> None:
        if self._charged_by is None or self._charged_by[0] != self.last_attempt:
            return
        attempt, charge = self._charged_by
        self._charged_by = None
        if charge.fee and self._desk.store.journal.pass_fee_on(attempt):
            charge = charge.with_fee(0.0)
        for purse in self._purses:
            purse.take(charge, times=-1)

    def _require_allowed(self, request: Request) -> None:
        try:
            self._desk.roster.require_allowed(request.url, self._trial.provider)
        except UsageError as error:
            raise Refused(str(error)) from None

    async def _ask(self, request: Request, ticket: Ticket) -> Reply:
        desk, journal = self._desk, self._desk.store.journal
        attempt = self._written(request)
        self._last_start = ticket.start
        ticket.leave()
        try:
            reply = await exchange(desk.client, request, secrets=desk.provider.secrets)
            ticket.answered()
        except NEVER_LEFT as error:
            self._mark("forgotten")
            raise Unreachable(
                f"{self._trial.provider} cannot be reached ({self._words(error)}); nothing was "
                "sent. Check the network and the address, then resume."
            ) from None
        except NO_REPLY as error:
            journal.mark(attempt, "in doubt" if request.spends else "forgotten")
            raise _no_reply(self._trial, request, self._words(error)) from None
        journal.keep(attempt, status=reply.status, headers=reply.headers, content=reply.content)
        if EMULATOR_HEADER in reply.headers and not self._charge.emulated:
            desk.store.update(self._trial.id, emulated=1)
        require_whole(reply, self._trial.provider)
        return reply

    def _words(self, error: Exception) -> str:
        return without_secrets(words(error), self._desk.provider.secrets)

    def _written(self, request: Request) -> int:
        """Write down that the request leaves, and what it is charged; the trial is sent now."""
        trial, store = self._trial, self._desk.store
        charge = self._new_charge(request)
        attempt = store.journal.ask(
            trial.id,
            step=request.step,
            resend=trial.resends,
            spends=request.spends,
            method=request.method,
            url=without_secrets(request.url, self._desk.provider.secrets),
            body=request.body,
            charge=charge,
        )
        self.last_attempt, self.last_spends = attempt, request.spends
        if charge is not None:
            self._charged_by = attempt, charge
            for purse in self._purses:
                purse.take(charge)
        if request.spends:
            self._desk.changed(store.record(trial.id))
        return attempt

    def _new_charge(self, request: Request) -> Charge | None:
        """Return what the request is charged, where nothing of this sending was charged yet.

        Raises
        ------
        OverBudget
            When it would pass a budget.
        """
        trial, store = self._trial, self._desk.store
        if not request.spends or store.journal.is_charged(
            trial.id, step=request.step, resend=trial.resends
        ):
            return None
        charge = self._charge.with_fee(self._fee_due())
        for purse in self._purses:
            purse.require(charge)
        return charge

    def _fee_due(self) -> float:
        """Return what the vendor takes beside the text, for the first use of a kept voice."""
        provider, variant = self._desk.provider, self._trial.variant
        fee = first_use_fee(provider, variant)
        if not fee:
            return 0.0
        used = self._desk.store.used_voices(provider.name, emulated=self._charge.emulated)
        return 0.0 if variant.voice_id in used else fee


def _no_reply(trial: Trial, request: Request, why: str) -> Unreachable | InDoubt:
    if not request.spends:
        return Unreachable(
            f"{trial.provider} did not answer {request.step!r} ({why}); asking again is free."
        )
    return InDoubt(
        f"{trial.provider} was asked and no answer came ({why}): it may have made and "
        "charged the voice. It is not sent again by itself; resend it or give it up."
    )
