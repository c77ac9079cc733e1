"""A batch carried out: every provider's trials side by side, one change at a time up."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable
from contextlib import AsyncExitStack

import httpx

from voicelab.engine.budget import Purse
from voicelab.engine.circuit import Circuit
from voicelab.engine.exchange import make_client
from voicelab.engine.land import get_ready
from voicelab.engine.pace import MINUTE_S, SECOND_S, Pace
from voicelab.engine.reference import Recordings
from voicelab.engine.roster import Roster
from voicelab.engine.send import Desk
from voicelab.engine.trial_run import TrialRun
from voicelab.errors import InDoubt, StoreError
from voicelab.model import TrialRecord, TrialState
from voicelab.providers.base import Limits, Provider
from voicelab.store.pace_book import PaceBook
from voicelab.store.store import Store

OnChange = Callable[[TrialRecord], None]

OPEN = (TrialState.QUEUED, TrialState.SENT, TrialState.WAITING, TrialState.IN_DOUBT)
"""Where a trial may still come to something by itself."""
SPANS = {SECOND_S: "a second", MINUTE_S: "a minute"}
UNDER_WAY = 64
"""Trials of one provider that are begun and not at their end, waiting tasks included."""

_log = logging.getLogger("voicelab")


class Runner:
    """Runs the unfinished trials of a lab; make one per run, on the loop that runs it.

    Parameters
    ----------
    book
        The pace of every account, shared with other processes.
    recordings
        What references refer to.
    """

    def __init__(
        self,
        store: Store,
        roster: Roster,
        on_change: OnChange,
        *,
        book: PaceBook,
        recordings: Recordings,
    ) -> None:
        self._store = store
        self._roster = roster
        self._on_change = on_change
        self._book = book
        self._recordings = recordings
        self._stop = asyncio.Event()
        self._desks: list[Desk] = []
        self._left: Counter[Pace] = Counter()
        self._circuits: dict[str, Circuit] = {}
        self._rates: dict[str, str] = {}
        self._store_error: StoreError | None = None

    def stop(self) -> None:
        """Let nothing new start; what is under way at a vendor is waited for and kept."""
        self._stop.set()

    @property
    def conditions(self) -> dict[str, str]:
        """What is the matter with a provider, in words; those are left out that are well."""
        desks = [(desk.provider.name, desk.words) for desk in self._desks]
        return self._rates | {name: words for name, words in desks if words}

    async def run(self, trial_ids: Iterable[str]) -> None:
        """Bring the given trials to an end, every provider at its own pace.

        Raises
        ------
        UsageError
            When another process is running trials of this lab, or a provider cannot be called.
        StoreError
            When the lab could not be read or written: nothing new was started from then on.
        """
        with self._store.runner():
            records = self._ready(set(trial_ids))
            if records:
                await get_ready()
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(make_client())
                async with asyncio.TaskGroup() as group:
                    for desk, queue in self._shared_out(records, client):
                        self._begin(group, desk, queue)
        if self._store_error is not None:
            raise self._store_error

    def _ready(self, wanted: Collection[str]) -> list[TrialRecord]:
        """Return the unfinished trials, each honestly where a dead process left it."""
        self._store.journal.forget_free()
        found = self._store.records(states=OPEN)
        return [self._recovered(record) for record in found if record.trial.id in wanted]

    def _shared_out(
        self, records: Collection[TrialRecord], client: httpx.AsyncClient
    ) -> list[tuple[Desk, deque[TrialRecord]]]:
        """Return each provider's trials, and what they share; speech has a pace of its own."""
        purses = self._purses(records)
        queues: dict[tuple[str, Limits], deque[TrialRecord]] = {}
        for record in records:
            limits = self._roster.get(record.trial.provider).limits_of(record.trial.variant)
            queues.setdefault((record.trial.provider, limits), deque()).append(record)
        self._desks = [
            self._desk(self._roster.get(name), limits, client, purses) for name, limits in queues
        ]
        shared_out = list(zip(self._desks, queues.values(), strict=True))
        self._left.update({desk.pace: len(queue) for desk, queue in shared_out})
        return shared_out

    def _purses(self, records: Collection[TrialRecord]) -> list[Purse]:
        charges = self._store.charges
        purses = [Purse.of("the lab", self._store.lab_budget(), charges)]
        for batch_id in {record.trial.batch_id for record in records}:
            budget = self._store.budget(batch_id)
            purses.append(Purse.of("the batch", budget, charges, batch_id))
        return [purse for purse in purses if purse.budget]

    def _desk(
        self, provider: Provider, limits: Limits, client: httpx.AsyncClient, purses: list[Purse]
    ) -> Desk:
        pace = self._pace(provider, limits)
        if provider.name not in self._circuits:
            self._circuits[provider.name] = Circuit(
                provider.name,
                others_busy=lambda: self._busy(lambda desk: desk.provider.name != provider.name),
                wait=pace.wait,
            )
        return Desk(
            provider=provider,
            pace=pace,
            circuit=self._circuits[provider.name],
            preparing=asyncio.Semaphore(2 * limits.parallel),
            client=client,
            store=self._store,
            roster=self._roster,
            recordings=self._recordings,
            purses=purses,
            changed=self._changed,
        )

    def _busy(self, among: Callable[[Desk], bool]) -> bool:
        """Tell whether any of some desks has work and does not rest."""
        return any(self._left[d.pace] and not d.rests for d in self._desks if among(d))

    def _pace(self, provider: Provider, limits: Limits) -> Pace:
        def told(starts: int, span_s: float, why: str) -> None:
            self._store.add_pace(provider.name, starts=starts, span_s=span_s, why=why)
            span = SPANS.get(span_s, f"in {span_s:g} s")
            self._rates[provider.name] = f"asked {starts} times {span} from now on: {why}"

        kind = "design" if limits == provider.limits else "speech"
        account = f"{provider.name} {kind} {provider.account or provider.base_url}"
        pace = Pace(
            account,
            limits,
            self._stop,
            book=self._book,
            name=provider.name,
            on_pace=told,
            others_busy=lambda: self._busy(lambda desk: desk.pace is not pace),
        )
        return pace

    def _begin(self, group: asyncio.TaskGroup, desk: Desk, queue: deque[TrialRecord]) -> None:
        here = desk.provider.base_url is None
        workers = desk.pace.limits.parallel if here else UNDER_WAY
        for _ in range(min(workers, len(queue))):
            group.create_task(self._worker(desk, queue))

    async def _worker(self, desk: Desk, queue: deque[TrialRecord]) -> None:
        while queue and not self._stop.is_set() and desk.away is None:
            try:
                await TrialRun(queue.popleft(), desk).run()
            except StoreError as error:  # what the others have under way may still be kept
                self._store_error = self._store_error or error
                self.stop()
            self._left[desk.pace] -= 1
        if queue and (away := desk.away) is not None:
            self._left[desk.pace] -= len(queue)
            left = [r for r in (queue.popleft() for _ in range(len(queue))) if not r.state.is_final]
            for held in self._store.hold_all([r.trial.id for r in left], away.kind, str(away)):
                self._changed(held)

    def _recovered(self, record: TrialRecord) -> TrialRecord:
        """Say honestly where a trial stands that a dead process left as sent."""
        if record.state is not TrialState.SENT:
            return record
        trial = record.trial
        askings = self._store.journal.open_askings(trial.id, resend=trial.resends)
        for asking in askings:
            state = "in doubt" if asking.spends else "forgotten"
            self._store.journal.mark(asking.attempt_id, state)
        if any(asking.spends for asking in askings):
            doubt = InDoubt(
                f"{trial.provider} was asked and voicelab was stopped before the answer was "
                "kept: the voice may have been made and charged. It is not sent again by "
                "itself; resend it or give it up."
            )
            record = self._store.fail(trial.id, doubt, TrialState.IN_DOUBT)
        else:
            record = self._store.move(trial.id, TrialState.QUEUED)
        self._changed(record)
        return record

    def _changed(self, record: TrialRecord) -> None:
        try:
            self._on_change(record)
        except Exception:  # noqa: BLE001 - a broken display must not lose a voice that was paid for
            _log.exception("showing a change of trial %s failed; the run goes on", record.trial.id)
