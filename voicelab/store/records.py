"""Rows of the trials table to and from the model's records."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from voicelab.model import PromptVariant, Reference, Trial, TrialRecord, TrialState
from voicelab.store.identity import identity_of
from voicelab.store.journal import now

SELECT = """
    SELECT t.*, b.experiment,
        (SELECT count(*) FROM attempts a WHERE a.trial_id = t.id) AS attempts,
        (SELECT rating FROM ratings r WHERE r.trial_id = t.id AND r.rater = 'me'
            ORDER BY r.id DESC LIMIT 1) AS rating,
        (SELECT note FROM notes n WHERE n.trial_id = t.id ORDER BY n.id DESC LIMIT 1) AS note
    FROM trials t JOIN batches b ON b.id = t.batch_id
"""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A trial as it is written down before anything is sent."""

    trial: Trial
    emulated: bool
    characters: int
    cost: float | None = None
    currency: str | None = None

    @cached_property
    def identity(self) -> str:
        """The digest of all that is asked for."""
        trial = self.trial
        return identity_of(
            to_json(asdict(trial.variant)),
            trial.provider,
            trial.take,
            trial.seed,
            to_json(trial.options),
            self.emulated,
        )


def to_json(value: Any) -> str:
    """Return `value` as compact JSON; paths become text."""
    return clean(json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":")))


def clean(text: str) -> str:
    """Return text a database can hold: half of a surrogate pair, as replies may bring, is none."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def planned_row(planned: Planned) -> tuple[Any, ...]:
    """Return the values of a new trials row, in the order of `INSERT_PLANNED`."""
    trial = planned.trial
    variant, options = to_json(asdict(trial.variant)), to_json(trial.options)
    return (
        trial.id,
        trial.batch_id,
        trial.index,
        variant,
        trial.provider,
        trial.take,
        trial.seed,
        options,
        planned.emulated,
        planned.characters,
        planned.cost,
        planned.currency,
        now(),
        planned.identity,
    )


INSERT_PLANNED = (
    "INSERT OR IGNORE INTO trials (id, batch_id, idx, variant, provider, take, seed, options,"
    " emulated, state, characters, cost, currency, created_at, identity)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?)"
)


def record(row: sqlite3.Row) -> TrialRecord:
    """Return a row of `SELECT` as a record."""
    return TrialRecord(
        trial=_trial(row),
        experiment=row["experiment"],
        state=TrialState(row["state"]),
        emulated=bool(row["emulated"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        sent_at=_time(row["sent_at"]),
        finished_at=_time(row["finished_at"]),
        expires_at=_time(row["expires_at"]),
        evidence=json.loads(row["evidence"]),
        note=row["note"] or "",
        **{name: row[name] for name in _SAME},
    )


_SAME = (
    "latency_s",
    "attempts",
    "voice_id",
    "clip_hash",
    "characters",
    "cost",
    "currency",
    "error_kind",
    "error",
    "error_code",
    "request_id",
    "rating",
)


def _trial(row: sqlite3.Row) -> Trial:
    return Trial(
        id=row["id"],
        batch_id=row["batch_id"],
        index=row["idx"],
        variant=_variant(json.loads(row["variant"])),
        provider=row["provider"],
        take=row["take"],
        seed=row["seed"],
        options=json.loads(row["options"]),
        resends=row["resends"],
    )


def _variant(found: Mapping[str, Any]) -> PromptVariant:
    reference = found["reference"]
    if reference is not None:
        path = reference["path"]
        reference = Reference(**{**reference, "path": Path(path) if path else None})
    return PromptVariant(**{**found, "reference": reference})


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
