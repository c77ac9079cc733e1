"""A batch carried out: trials to their providers, answers to the store, one change at a time up."""

import asyncio
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import httpx

from voicelab.engine.exchange import make_client
from voicelab.engine.land import land
from voicelab.engine.pace import Pace, Stopped
from voicelab.engine.reference import with_reference
from voicelab.engine.roster import Roster
from voicelab.engine.send import Sender
from voicelab.errors import (
    InDoubt,
    Refused,
    StoreError,
    Throttled,
    TrialError,
    Unreachable,
    Unreadable,
    UsageError,
)
from voicelab.model import Task, Trial, TrialRecord, TrialState, Voice
from voicelab.providers.base import Provider, Send, Speaker
from voicelab.store.journal import now
from voicelab.store.store import Store

Outcome = TypeVar("Outcome")
OnChange = Callable[[TrialRecord], None]

MAX_THROTTLES = 12
MAX_UNREACHABLE = 3
POLL_EVERY_S = 2.0
UNREACHABLE_WAIT_S = 2.0
"""Doubled with every try."""

_log = logging.getLogger("voicelab")


class Runner:
    """Runs the unfinished trials of a lab; make one per run, on the loop that runs it."""

    def __init__(self, store: Store, roster: Roster, on_change: OnChange) -> None:
        self._store = store
        self._roster = roster
        self._on_change = on_change
        self._stop = asyncio.Event()
        self._paces: dict[tuple[str, str, str | None], Pace] = {}
        self._store_error: StoreError | None = None

    def stop(self) -> None:
        """Let nothing new start; what is under way at a vendor is waited for and kept."""
        self._stop.set()

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
            records = [self._recovered(self._store.record(id_)) for id_ in trial_ids]
            queues: dict[str, deque[TrialRecord]] = defaultdict(deque)
            for record in records:
                if record.state is TrialState.IN_DOUBT or not record.state.is_final:
                    queues[record.trial.provider].append(record)
            providers = {name: self._roster.get(name) for name in queues}
            async with make_client() as client, asyncio.TaskGroup() as group:
                for name, queue in queues.items():
                    for _ in range(min(providers[name].limits.parallel, len(queue))):
                        group.create_task(self._worker(providers[name], queue, client))
        if self._store_error is not None:
            raise self._store_error

    async def _worker(
        self, provider: Provider, queue: deque[TrialRecord], client: httpx.AsyncClient
    ) -> None:
        while queue and not self._stop.is_set():
            try:
                await self._one(provider, queue.popleft(), client)
            except StoreError as error:  # what the others have under way may still be kept
                self._store_error = self._store_error or error
                self.stop()

    async def _one(
        self, provider: Provider, record: TrialRecord, client: httpx.AsyncClient
    ) -> None:
        trial = record.trial
        send = Sender(
            trial,
            provider,
            store=self._store,
            client=client,
            pace=self._pace(provider),
            roster=self._roster,
        )
        try:
            if record.state is TrialState.IN_DOUBT:
                await self._settle(provider, trial, send)
            else:
                await self._carry_out(provider, trial, self._store.task(trial.id), send)
        except Stopped:
            self._changed(self._put_back(trial.id))
        except InDoubt as error:
            send.mark_last("in doubt")
            self._changed(self._store.fail(trial.id, error, TrialState.IN_DOUBT))
            await self._settle(provider, trial, send)
        except TrialError as error:
            self._changed(self._store.fail(trial.id, error))

    async def _carry_out(
        self, provider: Provider, trial: Trial, first: Task | Voice | None, send: Sender
    ) -> None:
        """Bring a trial from where it stands to its voice, and keep that."""
        if self._store.record(trial.id).state is TrialState.QUEUED:
            self._changed(self._store.move(trial.id, TrialState.SENT, sent_at=now()))
        outcome = await self._first(provider, trial, send) if first is None else first
        while isinstance(outcome, Task):
            pending = self._keep_task(trial, outcome)
            await self._pace(provider).wait(POLL_EVERY_S)
            outcome = await self._asked(provider, send, lambda p=pending: provider.poll(p, send))  # type: ignore[misc]  # the default binds this round's task
        self._changed(await land(self._store, trial.id, outcome, send.elapsed_s()))

    async def _first(self, provider: Provider, trial: Trial, send: Sender) -> Task | Voice:
        ready = with_reference(trial, self._store)
        return await self._asked(provider, send, lambda: first_step(provider, ready, send))

    async def _settle(self, provider: Provider, trial: Trial, send: Sender) -> None:
        """Look for what became of a trial in doubt; where nobody can tell, it stays in doubt."""
        try:
            found = await self._asked(provider, send, lambda: provider.settle(trial, send))
            if found is not None:
                await self._carry_out(provider, trial, found, send)
        except InDoubt as error:  # something was found, and a person must decide what of it
            self._store.update(trial.id, error=str(error))
            self._changed(self._store.record(trial.id))
        except (TrialError, Stopped) as error:
            _log.info("trial %s stays in doubt: %s", trial.id, error)

    def _keep_task(self, trial: Trial, task: Task) -> Task:
        fields = self._store.task_fields(task)
        if self._store.record(trial.id).state is not TrialState.WAITING:
            self._changed(self._store.move(trial.id, TrialState.WAITING, **fields))
        elif self._store.task(trial.id) != task:
            self._store.update(trial.id, **fields)
        return task

    async def _asked(
        self, provider: Provider, send: Sender, ask: Callable[[], Awaitable[Outcome]]
    ) -> Outcome:
        """Ask; on `Throttled` and `Unreachable` wait and ask this step again, a bounded while."""
        throttles = unreachables = 0
        pace = self._pace(provider)
        while True:
            try:
                outcome = await ask()
            except Throttled as error:
                send.mark_last("declined")
                pace.slow(error.retry_after)
                throttles += 1
                if throttles >= MAX_THROTTLES:
                    raise
            except Unreachable:
                unreachables += 1
                if unreachables >= MAX_UNREACHABLE:
                    raise
                await pace.wait(UNREACHABLE_WAIT_S * 2 ** (unreachables - 1))
            except (TrialError, Stopped):
                raise
            except UsageError as error:
                raise Unreadable(str(error)) from None
            except StoreError:
                raise  # the store is not the provider: without it nothing may go on
            except Exception as error:  # a provider may be the user's own code
                raise Unreadable(
                    f"the provider {provider.name} broke on this trial "
                    f"({type(error).__name__}: {error}). Its kept replies are read again, free, "
                    "when it is mended and the trial is retried."
                ) from error
            else:
                pace.recovered()
                return outcome

    def _recovered(self, record: TrialRecord) -> TrialRecord:
        """Say honestly where a trial stands that a dead process left as sent or waiting."""
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

    def _put_back(self, trial_id: str) -> TrialRecord:
        record = self._store.record(trial_id)
        if record.state is TrialState.SENT:
            return self._store.move(trial_id, TrialState.QUEUED)
        return record

    def _pace(self, provider: Provider) -> Pace:
        key = (provider.name, provider.account, provider.base_url)
        if key not in self._paces:
            self._paces[key] = Pace(provider.limits, self._stop)
        return self._paces[key]

    def _changed(self, record: TrialRecord) -> None:
        try:
            self._on_change(record)
        except Exception:  # noqa: BLE001 - a broken display must not lose a voice that was paid for
            _log.exception("showing a change of trial %s failed; the run goes on", record.trial.id)


async def first_step(provider: Provider, trial: Trial, send: Send) -> Task | Voice:
    """Ask for a new voice; or let a kept one speak, where the trial names it."""
    if trial.variant.voice_id is None:
        return await provider.submit(trial, send)
    if not isinstance(provider, Speaker):
        raise Refused(f"{provider.name} cannot speak with a kept voice.")
    return await provider.speak(trial, send)
