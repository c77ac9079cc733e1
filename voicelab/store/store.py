"""What a lab knows of its batches and trials: the only place that writes them."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from voicelab.errors import InDoubt, Refused, TrialError, UsageError
from voicelab.model import Task, TrialRecord, TrialState, move
from voicelab.store import charges as costs
from voicelab.store import records as rows_of
from voicelab.store.audio_files import AudioFiles
from voicelab.store.clips import Clips
from voicelab.store.database import without_collecting
from voicelab.store.journal import Journal, now
from voicelab.store.lab_folder import LabFolder
from voicelab.store.records import Planned, clean, to_json
from voicelab.store.trial_rows import TrialRows, read_row

ERROR_FIELDS = ("error_kind", "error", "error_code", "request_id")
ME = "me"
"""The rater of whoever sits at the notebook; the records show this rater's stars."""


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """A submitted batch, in a line."""

    id: str
    experiment: str
    created_at: datetime
    trials: int
    done: int


_EXPERIMENTS = "SELECT id, experiment FROM batches ORDER BY rowid DESC"


class Store(LabFolder):
    """All that a lab knows; every method is safe from any thread.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(folder) as store:
    ...     store.batches()
    []
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.journal = Journal(self._database)
        self.audio_files = AudioFiles(folder / "audio")
        self.clips = Clips(self._database, self.audio_files)

    @classmethod
    def open(
        cls, folder: str | Path, *, create: bool = True, budget: Mapping[str, float] | None = None
    ) -> "Store":
        """Open a lab as `LabFolder.open` does; a `budget` takes the place of the one it had."""
        store = super().open(folder, create=create)
        try:
            if budget is not None:
                store.set_lab_budget(budget)
        except BaseException:
            store.close()
            raise
        return store

    def add_batch(
        self,
        batch_id: str,
        *,
        experiment: str,
        spec: Mapping[str, Any],
        trials: Iterable[Planned],
        budget: Mapping[str, float] | None = None,
    ) -> None:
        """Write a batch and its trials down as queued; those that are there stay.

        A `budget` takes the place of the one the batch had; an empty one takes it away.
        """
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO batches (id, experiment, spec, created_at)"
                " VALUES (?, ?, ?, ?)",
                (batch_id, experiment, to_json(spec), now()),
            )
            if budget is not None:
                connection.execute(
                    "UPDATE batches SET budget = ? WHERE id = ?",
                    (to_json(budget) if budget else None, batch_id),
                )
            connection.executemany(
                rows_of.INSERT_PLANNED, [rows_of.planned_row(trial) for trial in trials]
            )

    def budget(self, batch_id: str) -> dict[str, float]:
        """Return what a batch may cost; empty where nothing was set."""
        row = self._database.row("SELECT budget FROM batches WHERE id = ?", (batch_id,))
        return json.loads(row["budget"]) if row and row["budget"] else {}

    def lab_budget(self) -> dict[str, float]:
        """Return what the whole lab may spend; empty where nothing was set."""
        row = self._database.row("SELECT budget FROM lab")
        return json.loads(row["budget"]) if row and row["budget"] else {}

    def set_lab_budget(self, budget: Mapping[str, float]) -> None:
        """Write down what the whole lab may spend; an empty one takes it away."""
        if budget != self.lab_budget():
            with self._database.write() as connection:
                connection.execute(
                    "UPDATE lab SET budget = ?", (to_json(budget) if budget else None,)
                )

    def charges(self, batch_id: str | None = None) -> tuple[costs.Charge, ...]:
        """Return what is spent, in flight and in doubt, of a batch or of the whole lab."""
        return costs.charges(self._database, batch_id)

    def used_voices(self, provider: str, *, emulated: bool) -> set[str]:
        """Return the ids of the voices whose first use was, or may have been, charged already."""
        return costs.used_voices(self._database, provider, emulated=emulated)

    def bills(
        self, *, batch_id: str | None = None, experiment: str | None = None
    ) -> tuple[costs.Bill, ...]:
        """Return quoted against billed, by provider and currency."""
        return costs.bills(self._database, batch_id=batch_id, experiment=experiment)

    def done_like(self, identities: Iterable[str]) -> dict[str, str]:
        """Return the newest trial that is done for each wish that has one, by its identity."""
        wanted = list(identities)
        found: dict[str, str] = {}
        for first in range(0, len(wanted), 500):
            some = wanted[first : first + 500]
            marks = ", ".join("?" * len(some))
            rows = self._database.rows(
                "SELECT identity, id FROM trials WHERE state = 'done' AND clip_hash IS NOT NULL"
                f" AND identity IN ({marks}) ORDER BY created_at, rowid",
                some,
            )
            found |= {row["identity"]: row["id"] for row in rows}
        return found

    def reuse(self, trial_id: str, source_id: str) -> TrialRecord:
        """Let a queued trial be what an earlier one of the same wish came to; that is free."""
        source = self.record(source_id)
        return self.move(
            trial_id,
            TrialState.DONE,
            voice_id=source.voice_id,
            clip_hash=source.clip_hash,
            expires_at=source.expires_at.isoformat() if source.expires_at else None,
            evidence=to_json({**source.evidence, "reused_from": source_id}),
            cost=0.0 if source.cost is not None else None,
            fee=None,
        )

    def hold(self, trial_id: str, kind: str, why: str) -> TrialRecord:
        """Write on a trial's row why it waits for the next run; its state stays."""
        self.update(trial_id, error_kind=kind, error=why)
        return self.record(trial_id)

    def hold_all(self, trial_ids: Collection[str], kind: str, why: str) -> list[TrialRecord]:
        """Write on many rows at once why they wait for the next run."""
        with self._database.write() as connection:
            for trial_id in trial_ids:
                _update(connection, trial_id, {"error_kind": kind, "error": why})
        return [self.record(trial_id) for trial_id in trial_ids]

    def add_pace(self, provider: str, *, starts: float, span_s: float, why: str) -> None:
        """Write down that another rate holds for a provider."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO paces (provider, at, starts, span_s, why) VALUES (?, ?, ?, ?, ?)",
                (provider, now(), starts, span_s, why),
            )

    def paces(self, provider: str | None = None) -> list[dict[str, Any]]:
        """Return the rates that held, the oldest first."""
        rows = self._database.rows(
            "SELECT provider, at, starts, span_s, why FROM paces"
            " WHERE :provider IS NULL OR provider = :provider ORDER BY id",
            {"provider": provider},
        )
        return [dict(row) for row in rows]

    def batch_with_spec(self, spec: str) -> str | None:
        """Return the id of the newest batch that asks for exactly this, whoever answered it."""
        row = self._database.row(
            "SELECT id FROM batches WHERE spec = ? ORDER BY rowid DESC", (spec,)
        )
        return None if row is None else str(row["id"])

    def batches(self) -> list[BatchRow]:
        """Return every batch, the newest first."""
        rows = self._database.rows(
            "SELECT b.id, b.experiment, b.created_at, count(t.id) AS trials,"
            " coalesce(sum(t.state = 'done'), 0) AS done"
            " FROM batches b LEFT JOIN trials t ON t.batch_id = b.id"
            " GROUP BY b.id ORDER BY b.rowid DESC"
        )
        return [
            BatchRow(**{**dict(row), "created_at": datetime.fromisoformat(row["created_at"])})
            for row in rows
        ]

    def experiments(self) -> dict[str, str]:
        """Return the experiment of every batch by its id; unlike `batches`, no trial is counted."""
        return {row["id"]: row["experiment"] for row in self._database.rows(_EXPERIMENTS)}

    def trials(self, *, batch_id: str | None = None, experiment: str | None = None) -> TrialRows:
        """Return the same trials as `records`, each record made when somebody asks for it."""
        return TrialRows.read(self._database, batch_id=batch_id, experiment=experiment)

    def records(
        self,
        *,
        batch_id: str | None = None,
        experiment: str | None = None,
        states: Collection[TrialState] = tuple(TrialState),
    ) -> tuple[TrialRecord, ...]:
        """Return the trials of a batch, of an experiment, or of the whole lab, oldest first.

        Parameters
        ----------
        states
            Only trials that stand so; all where not given.

        Raises
        ------
        StoreError
            When the lab, or one of its rows, cannot be read.
        """
        found = TrialRows.read(
            self._database, batch_id=batch_id, experiment=experiment, states=states
        )
        with without_collecting():
            return tuple(found)

    def record(self, trial_id: str) -> TrialRecord:
        """Return one trial.

        Raises
        ------
        UsageError
            When this lab has no such trial.
        """
        row = self._database.row(f"{rows_of.SELECT} WHERE t.id = ?", (trial_id,))
        if row is None:
            raise UsageError(f"this lab has no trial {trial_id!r}.")
        return read_row(dict(row))

    def move(self, trial_id: str, to: TrialState, **fields: Any) -> TrialRecord:
        """Move a trial to another state and write the fields that go with it, at once."""
        with self._database.write() as connection:
            (state,) = connection.execute(
                "SELECT state FROM trials WHERE id = ?", (trial_id,)
            ).fetchone()
            move(TrialState(state), to)
            values = {"state": to.value, **fields}
            if to.is_final:
                values.setdefault("finished_at", now())
            if to is TrialState.DONE:
                values |= dict.fromkeys(ERROR_FIELDS)
            _update(connection, trial_id, values)
        return self.record(trial_id)

    def update(self, trial_id: str, **fields: Any) -> None:
        """Write fields of a trial whose state stays."""
        with self._database.write() as connection:
            _update(connection, trial_id, fields)

    def fail(
        self, trial_id: str, error: TrialError, to: TrialState = TrialState.FAILED, **fields: Any
    ) -> TrialRecord:
        """Write on a trial's row what happened to it."""
        return self.move(
            trial_id,
            to,
            error_kind=type(error).__name__,
            error=str(error),
            error_code=error.code,
            request_id=error.request_id,
            **fields,
        )

    def requeue(self, trial_id: str, *, resend: bool = False) -> TrialRecord:
        """Queue a trial again; `resend` forgets the replies and the asking of the time before.

        Where a step before the last one was answered, only the last one is asked anew: a voice
        that was cloned is not cloned again because it could not be heard. What looking has found
        is looked for again, and so in doubt.
        """
        record = self.record(trial_id)
        sending = record.trial.resends
        fields: dict[str, Any] = dict.fromkeys((*ERROR_FIELDS, "finished_at", "latency_s"))
        goes_on = not resend and self.task(trial_id) is None
        if goes_on and self.journal.is_settled(trial_id, resend=sending):
            return self.move(trial_id, TrialState.IN_DOUBT, error_kind=InDoubt.__name__)
        refused = record.error_kind == Refused.__name__
        if resend and not self.journal.undo_last_step(trial_id, resend=sending, refused=refused):
            fields |= {"resends": sending + 1, "task": None}
        return self.move(trial_id, TrialState.QUEUED, **fields)

    def task(self, trial_id: str) -> Task | None:
        """Return the task a vendor handed out for a trial, if it did."""
        row = self._database.row("SELECT task FROM trials WHERE id = ?", (trial_id,))
        if row is None or row["task"] is None:
            return None
        return Task(**json.loads(row["task"]))

    def task_fields(self, task: Task) -> dict[str, Any]:
        """Return the column a task is kept in."""
        return {"task": to_json({"id": task.id, "detail": dict(task.detail)})}

    def rate(self, trial_id: str, rating: int | None, *, rater: str = ME) -> None:
        """Rate a trial from 1 to 5, or take the rating back with nothing; history is kept.

        Raises
        ------
        UsageError
            For any other rating, or a trial this lab does not have.
        """
        if rating is not None and (isinstance(rating, bool) or rating not in {1, 2, 3, 4, 5}):
            raise UsageError(f"a rating is a whole number from 1 to 5; found {rating!r}.")
        self.record(trial_id)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO ratings (trial_id, rater, rating, rated_at) VALUES (?, ?, ?, ?)",
                (trial_id, rater, rating, now()),
            )

    def ratings(self) -> list[tuple[str, str, int]]:
        """Return the rating of each trial by each rater who has one now."""
        rows = self._database.rows("""
            SELECT trial_id, rater, rating FROM ratings r
            WHERE rating IS NOT NULL AND id = (
                SELECT max(id) FROM ratings WHERE trial_id = r.trial_id AND rater = r.rater)
            ORDER BY id
        """)
        return [(row["trial_id"], row["rater"], row["rating"]) for row in rows]

    def note(self, trial_id: str, text: str) -> None:
        """Write a note on a trial; an empty one takes it back; history is kept."""
        self.record(trial_id)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO notes (trial_id, note, noted_at) VALUES (?, ?, ?)",
                (trial_id, clean(text), now()),
            )

    def star(self, trial_id: str, starred: bool) -> None:
        """Star a trial as one to come back to, or take the star back; history is kept."""
        self.record(trial_id)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO stars (trial_id, starred, starred_at) VALUES (?, ?, ?)",
                (trial_id, bool(starred), now()),
            )


def _update(connection: sqlite3.Connection, trial_id: str, values: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        f"UPDATE trials SET {assignments} WHERE id = :trial_id",
        {
            "trial_id": trial_id,
            **{name: clean(v) if isinstance(v, str) else v for name, v in values.items()},
        },
    )
