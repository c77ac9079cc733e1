"""One trial brought from where it stands to its end, or to where a person must decide."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from voicelab.engine.budget import charge_of
from voicelab.engine.land import land
from voicelab.engine.pace import Away, Stopped
from voicelab.engine.send import Desk, Sender
from voicelab.errors import (
    InDoubt,
    Refused,
    Throttled,
    TrialError,
    Unreachable,
    Unreadable,
    UsageError,
    VoiceLabError,
)
from voicelab.model import Task, Trial, TrialRecord, TrialState, Voice
from voicelab.providers.base import Provider, Send, Speaker
from voicelab.providers.redaction import without_secrets, without_secrets_in, without_secrets_of
from voicelab.store.journal import now

Outcome = TypeVar("Outcome")

MAX_THROTTLES = 12
"""Of one trial, after which it fails; asking it again is free."""
UNREACHABLE_WAIT_S = 1.0
POLL_FIRST_S, POLL_GROWS, POLL_MOST_S = 0.5, 1.5, 5.0
"""How long a task is left alone: longer every time it is not done."""
LOOK_AGAIN_S = (2.0, 4.0)
"""Waits between looks for a trial in doubt: what was just made may not be listed yet."""
DEDUPLICATION_MARGIN_S = 3600.0

_log = logging.getLogger("voicelab")


class TrialRun:
    """One trial's way through a run."""

    def __init__(self, record: TrialRecord, desk: Desk) -> None:
        self._record = record
        self._trial = record.trial
        self._desk = desk
        self._provider = desk.provider
        self._store = desk.store
        self._send = Sender(record.trial, desk, charge_of(record))
        self._asked_anew = False

    async def run(self) -> None:
        """Bring the trial to its end; what went wrong stands on its row."""
        start: Task | Voice | None = self._store.task(self._trial.id)
        in_doubt = self._record.state is TrialState.IN_DOUBT
        try:
            while not in_doubt or (start := await self._settled()) is not None:
                in_doubt = await self._ends_in_doubt(start)
                if not in_doubt:
                    return
        finally:
            self._desk.circuit.leave(self._send)

    async def _ends_in_doubt(self, start: Task | Voice | None) -> bool:
        try:
            await self._carry_out(start)
        except Stopped as held:
            self._hold(held)
        except InDoubt as error:
            self._send.in_doubt()
            self._desk.circuit.bad(error, paid=True)
            self._changed(self._store.fail(self._trial.id, error, TrialState.IN_DOUBT))
            return True
        except TrialError as error:
            self._fail(error)
        return False

    async def _carry_out(self, start: Task | Voice | None) -> None:
        """Go from a task, a voice, or nothing yet to a voice that is kept."""
        outcome = start or await self._first()
        wait_s = POLL_FIRST_S
        while isinstance(outcome, Task):
            pending = self._keep(outcome)
            await self._desk.pace.wait(wait_s)
            wait_s = min(wait_s * POLL_GROWS, POLL_MOST_S)
            outcome = await self._asked(lambda p=pending: self._provider.poll(p, self._send))  # type: ignore[misc]  # the default binds this round's task
        record = await land(self._store, self._trial.id, outcome, self._send.elapsed_s())
        self._desk.circuit.good()
        self._bill(outcome)
        self._changed(record)

    async def _first(self) -> Task | Voice:
        if self._provider.base_url is None:  # it sends nothing, so that nothing else would say so
            self._sent_here()
        async with self._desk.preparing:
            ready = await self._desk.recordings.brought(self._trial, self._provider)
            return await self._asked(lambda: first_step(self._provider, ready, self._send))

    def _sent_here(self) -> None:
        if self._store.record(self._trial.id).state is TrialState.QUEUED:
            self._changed(self._store.move(self._trial.id, TrialState.SENT, sent_at=now()))

    async def _settled(self) -> Task | Voice | None:
        """Find what became of the trial in doubt; nothing where nobody can tell."""
        try:
            return await self._look() or await self._ask_anew()
        except InDoubt as error:  # something was found, and a person must decide what of it
            fields = {"voice_id": error.voice_id} if error.voice_id else {}
            if error.voice_id:
                self._store.journal.settle(self._trial.id, resend=self._trial.resends)
            self._store.update(self._trial.id, error=str(error), **fields)
            self._changed(self._store.record(self._trial.id))
        except (TrialError, Stopped) as error:
            _log.info("trial %s stays in doubt: %s", self._trial.id, error)
        return None

    async def _look(self) -> Task | Voice | None:
        if type(self._provider).settle is Provider.settle:
            return None
        for wait_s in (*LOOK_AGAIN_S, None):
            found = await self._asked(lambda: self._provider.settle(self._trial, self._send))
            if found is not None or wait_s is None:
                break
            await self._desk.pace.wait(wait_s)
        if found is not None:
            self._store.journal.settle(self._trial.id, resend=self._trial.resends)
        return found

    async def _ask_anew(self) -> Task | Voice | None:
        """Send the request in doubt once more, where the vendor refuses to make a thing twice.

        The trial stays in doubt until that is answered with a yes.
        """
        journal, trial = self._store.journal, self._trial
        makes = trial.variant.voice_id is None  # speech has no name by which it could be refused
        window_s = self._provider.deduplicates_for_s if makes else None
        asked_at = journal.in_doubt_since(trial.id, resend=trial.resends)
        if self._asked_anew or window_s is None or asked_at is None:
            return None
        age_s = (datetime.now(UTC) - datetime.fromisoformat(asked_at)).total_seconds()
        if not 0 <= age_s < window_s - DEDUPLICATION_MARGIN_S:
            return None
        self._asked_anew = True
        outcome = await self._first()
        journal.settle_doubts(trial.id, resend=trial.resends)
        return outcome

    async def _asked(self, ask: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Ask; on `Throttled` and `Unreachable` wait and ask this step again, a bounded while."""
        circuit, throttles = self._desk.circuit, 0
        while True:
            await circuit.enter(self._send)
            try:
                outcome = await self._readable(ask)
            except Throttled as error:
                self._send.declined(error)
                circuit.throttled(error)
                self._say_held()
                throttles += 1
                if throttles >= MAX_THROTTLES:
                    raise
            except Unreachable as error:
                self._send.failed(error)
                circuit.bad(error, paid=False)
                self._say_held()
                await self._desk.pace.wait(UNREACHABLE_WAIT_S)
            else:
                self._desk.pace.recovered()
                if isinstance(outcome, Task):
                    circuit.good()
                return outcome

    async def _readable(self, ask: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Ask; what comes of it is free of keys, which vendors echo in more ways than one."""
        secrets = self._provider.secrets
        try:
            return _without_keys(await ask(), secrets)
        except UsageError as error:
            raise Unreadable(without_secrets(str(error), secrets)) from None
        except TrialError as error:
            without_secrets_of(error, secrets)
            raise
        except (VoiceLabError, Stopped):
            raise  # the store is not the provider: without it nothing may go on
        except Exception as error:  # a provider may be the user's own code
            said = without_secrets(str(error), secrets)
            raise Unreadable(
                f"the provider {self._provider.name} broke on this trial "
                f"({type(error).__name__}: {said}). Its kept replies are read again, free, "
                "when it is mended and the trial is retried."
            ) from error

    def _keep(self, task: Task) -> Task:
        fields = self._store.task_fields(task)
        if self._store.record(self._trial.id).state is not TrialState.WAITING:
            self._changed(self._store.move(self._trial.id, TrialState.WAITING, **fields))
        elif self._store.task(self._trial.id) != task:
            self._store.update(self._trial.id, **fields)
        return task

    def _bill(self, voice: Voice | Task) -> None:
        counted = voice.evidence.get("billed_characters") if isinstance(voice, Voice) else None
        price = self._provider.limits_of(self._trial.variant).price
        if isinstance(counted, int) and price is not None:
            self._send.billed(price.of_trial(counted))

    def _fail(self, error: TrialError) -> None:
        over: dict[str, Any] = {}
        if isinstance(error, Refused):
            self._send.refused()
            self._desk.circuit.good()
            over = {"task": None} if error.ended else {}
        elif isinstance(error, Unreadable):
            self._desk.circuit.bad(error, paid=self._send.last_spends)
        self._changed(self._store.fail(self._trial.id, error, **over))

    def _hold(self, held: Stopped) -> None:
        """Put the trial back, with the reason on its row where there is one."""
        record = self._store.record(self._trial.id)
        if record.state is TrialState.SENT:
            record = self._store.move(self._trial.id, TrialState.QUEUED)
        if str(held):
            kind = held.kind if isinstance(held, Away) else type(held).__name__
            record = self._store.hold(self._trial.id, kind, str(held))
        self._changed(record)

    def _say_held(self) -> None:
        """Write on the row what it waits for, where that takes a while and it is not in doubt."""
        words = self._desk.pace.words
        if words and not self._store.record(self._trial.id).state.is_final:
            self._hold(Away(f"{self._provider.name} {words}", Throttled.__name__))

    def _changed(self, record: TrialRecord) -> None:
        self._desk.changed(record)


def _without_keys(outcome: Outcome, secrets: tuple[str, ...]) -> Outcome:
    if isinstance(outcome, Voice):
        return replace(outcome, evidence=without_secrets_in(outcome.evidence, secrets))
    if isinstance(outcome, Task):
        return replace(outcome, detail=without_secrets_in(outcome.detail, secrets))
    return outcome


async def first_step(provider: Provider, trial: Trial, send: Send) -> Task | Voice:
    """Ask for a new voice; or let a kept one speak, where the trial names it."""
    if trial.variant.voice_id is None:
        return await provider.submit(trial, send)
    if not isinstance(provider, Speaker):
        raise Refused(f"{provider.name} cannot speak with a kept voice.")
    return await provider.speak(trial, send)
