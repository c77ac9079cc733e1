"""A lab's folder: the only place that knows its tables and its files."""

import gc
import json
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from voicelab.errors import StoreError, TrialError, UsageError
from voicelab.model import Task, TrialRecord, TrialState, move
from voicelab.store import charges as costs
from voicelab.store import records as rows_of
from voicelab.store.audio_files import AudioFiles
from voicelab.store.database import Database
from voicelab.store.journal import Journal, now
from voicelab.store.numbers import NumbersTable
from voicelab.store.records import Planned, clean, to_json

DATABASE = "lab.db"
ERROR_FIELDS = ("error_kind", "error", "error_code", "request_id")
FEW = 5000
"""Up to so many clips are looked up one by one; for more the whole table is read."""
ME = "me"
"""The rater of whoever sits at the notebook; the records show this rater's stars."""


@dataclass(frozen=True, kw_only=True)
class ClipRow:
    """What is known of one audio file without opening it."""

    hash: str
    suffix: str
    format: str
    pcm_rate: int | None
    bytes: int
    sr: int
    channels: int
    duration_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """A submitted batch, in a line."""

    id: str
    experiment: str
    created_at: datetime
    trials: int
    done: int


class Store:
    """All that a lab knows; every method is safe from any thread.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Store.open(folder) as store:
    ...     store.batches()
    []
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = Database(folder / DATABASE)
        self.journal = Journal(self._database)
        self.audio_files = AudioFiles(folder / "audio")
        try:
            self.id = self._identity()
        except BaseException:
            self.close()
            raise
        """Drawn when the lab was made: what tells its trials from another lab's at a vendor."""

    @classmethod
    def open(cls, folder: str | Path, *, create: bool = True) -> "Store":
        """Open a lab's folder, and make it where there is none.

        Raises
        ------
        UsageError
            When the folder cannot be made or written, or holds something else; without `create`
            also when there is none.
        """
        folder = Path(folder).expanduser().absolute()
        if not create and not (folder / DATABASE).is_file():
            raise UsageError(f"there is no lab in {folder}; run an experiment there first.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the lab folder {folder} cannot be made: {error.strerror}.") from None
        return cls(folder)

    def _identity(self) -> str:
        known = self._database.row("SELECT id FROM lab")
        if known is not None:
            return str(known["id"])
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO lab SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM lab)",
                (uuid.uuid4().hex, now()),
            )
            (found,) = connection.execute("SELECT id FROM lab").fetchone()
        return str(found)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; closing twice is fine."""
        self._database.close()

    @property
    def database(self) -> Database:
        """The connection, for what looks at the whole lab: its check and its archive."""
        return self._database

    def is_running(self) -> bool:
        """Tell whether a process holds the right to run trials now."""
        try:
            with self.runner():
                return False
        except UsageError:
            return True

    @contextmanager
    def runner(self) -> Iterator[None]:
        """Hold the right to run trials: one runner per lab, in whatever process.

        Raises
        ------
        UsageError
            When another kernel or command is running trials of this lab now.
        """
        lock = FileLock(self.folder / "runner.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"another process is running trials of the lab {self.folder}; "
                "wait for it or stop it. Looking, rating and exporting work meanwhile."
            ) from None
        except OSError as error:
            raise UsageError(
                f"the lab folder {self.folder} cannot be written ({error.strerror}); "
                "trials run only where their answers can be kept."
            ) from None
        try:
            yield
        finally:
            lock.release()

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

    def charges(self, batch_id: str | None = None) -> tuple[costs.Charge, ...]:
        """Return what is spent, in flight and in doubt, of a batch or of the whole lab."""
        return costs.charges(self._database, batch_id)

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
        whole = batch_id is None and experiment is None and len(states) == len(TrialState)
        if whole:
            rows = self._whole_lab()
        else:
            rows = self._database.each(
                f"{rows_of.SELECT} WHERE (:batch IS NULL OR b.id = :batch)"
                " AND (:experiment IS NULL OR b.experiment = :experiment)"
                f" AND t.state IN (SELECT value FROM json_each(:states)) {rows_of.ORDER}",
                {"batch": batch_id, "experiment": experiment, "states": json.dumps([*states])},
            )
        with without_collecting():
            return tuple(_read(row) for row in rows)

    def _whole_lab(self) -> Iterator[dict[str, Any]]:
        """Give every row of `SELECT`, with what it looks up for each trial looked up once."""
        attempts, ratings, notes, stars = (
            {row[0]: row[1] for row in self._database.rows(sql)} for sql in rows_of.LOOKED_UP
        )
        for row in self._database.each(f"{rows_of.SELECT_PLAIN} {rows_of.ORDER}"):
            trial_id = row["id"]
            row["attempts"] = attempts.get(trial_id, 0)
            row["rating"] = ratings.get(trial_id)
            row["note"] = notes.get(trial_id)
            row["starred"] = stars.get(trial_id)
            yield row

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
        return _read(dict(row))

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
        that was cloned is not cloned again because it could not be heard.
        """
        record = self.record(trial_id)
        fields: dict[str, Any] = dict.fromkeys((*ERROR_FIELDS, "finished_at", "latency_s"))
        if resend and not self.journal.undo_last_step(trial_id, resend=record.trial.resends):
            fields |= {"resends": record.trial.resends + 1, "task": None}
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

    def add_clip(self, data: bytes, **fields: Any) -> ClipRow:
        """Write trial audio to disk, then the row that names it."""
        clip = ClipRow(hash=self.audio_files.put(data, fields["suffix"]), bytes=len(data), **fields)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    clip.hash,
                    clip.suffix,
                    clip.format,
                    clip.pcm_rate,
                    clip.bytes,
                    clip.sr,
                    clip.channels,
                    clip.duration_s,
                    to_json(clip.notes),
                ),
            )
        return clip

    def clip(self, digest: str) -> ClipRow:
        """Return what is known of a clip."""
        row = self._database.row("SELECT * FROM clips WHERE hash = ?", (digest,))
        if row is None:
            raise UsageError(f"this lab has no clip {digest[:12]}….")
        return ClipRow(**{**dict(row), "notes": tuple(json.loads(row["notes"]))})

    def audio(self, digest: str) -> bytes:
        """Return trial audio as it came; raise `Unreadable` when the file is gone or changed."""
        return self.audio_files.get(digest, self.clip(digest).suffix)

    def measurements(self, version: int, clips: Collection[str] | None = None) -> NumbersTable:
        """Return the numbers of one version of the measures, of these clips or all, by clip hash.

        Raises
        ------
        StoreError
            When they cannot be read.
        """
        few = [] if clips is None or len(clips) > FEW else list(clips)
        wanted = " AND clip_hash IN (SELECT value FROM json_each(:clips))" if few else ""
        rows = self._database.each(
            f"SELECT clip_hash, numbers FROM measurements WHERE version = :version{wanted}",
            {"version": version, "clips": json.dumps(few)},
        )
        try:
            with without_collecting():
                return NumbersTable.parsed((row["clip_hash"], row["numbers"]) for row in rows)
        except (ValueError, TypeError, AttributeError) as error:
            raise StoreError(
                f"measured numbers cannot be read ({error}). Look with `voicelab check`."
            ) from error

    def save_measurements(
        self, digest: str, version: int, numbers: Mapping[str, float | None]
    ) -> None:
        """Keep the numbers measured on a clip."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)",
                (digest, version, json.dumps(numbers, allow_nan=False)),
            )

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


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage while very many records are made: a third of the time.

    Nothing that is made here is garbage.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(row: Mapping[str, Any]) -> TrialRecord:
    try:
        return rows_of.record(row)
    except (ValueError, TypeError, KeyError, UsageError) as error:
        raise StoreError(
            f"the row of trial {row['id']} cannot be read ({error}). Look with `voicelab check`, "
            "and restore the lab from an archive or a copy."
        ) from error


def _update(connection: sqlite3.Connection, trial_id: str, values: Mapping[str, Any]) -> None:
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        f"UPDATE trials SET {assignments} WHERE id = :trial_id",
        {
            "trial_id": trial_id,
            **{name: clean(v) if isinstance(v, str) else v for name, v in values.items()},
        },
    )
