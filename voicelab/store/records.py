"""Rows of the trials table to and from the model's records."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from sys import intern
from typing import Any, TypeVar

from voicelab.errors import StoreError
from voicelab.model import PromptVariant, Reference, Trial, TrialRecord, TrialState
from voicelab.store.identity import identity_of
from voicelab.store.journal import now

_FIELDS = """
    t.id, t.batch_id, t.idx, t.variant, t.provider, t.take, t.seed, t.options, t.resends,
    t.emulated, t.state, t.characters, t.cost, t.fee, t.currency, t.created_at, t.sent_at,
    t.finished_at, t.latency_s, t.voice_id, t.expires_at, t.clip_hash, t.evidence, t.error_kind,
    t.error, t.error_code, t.request_id, b.experiment
"""
REPEATED = frozenset({"batch_id", "provider", "options", "state", "currency", "evidence"}) | {
    "error_kind",
    "error",
    "error_code",
    "experiment",
}
"""Columns of text that say the same in many rows."""
Kept = TypeVar("Kept", PromptVariant, Trial, TrialRecord)

SELECT_PLAIN = f"SELECT {_FIELDS} FROM trials t JOIN batches b ON b.id = t.batch_id"
SELECT = f"""
    SELECT {_FIELDS},
        (SELECT count(*) FROM attempts a WHERE a.trial_id = t.id) AS attempts,
        (SELECT rating FROM ratings r WHERE r.trial_id = t.id AND r.rater = 'me'
            ORDER BY r.id DESC LIMIT 1) AS rating,
        coalesce((SELECT note FROM notes n WHERE n.trial_id = t.id
            ORDER BY n.id DESC LIMIT 1), '') AS note,
        coalesce((SELECT starred FROM stars s WHERE s.trial_id = t.id
            ORDER BY s.id DESC LIMIT 1), 0) AS starred
    FROM trials t JOIN batches b ON b.id = t.batch_id
"""
ORDER = "ORDER BY b.rowid, t.idx"
"""Oldest first, whatever the clock said."""
LOOKED_UP: Mapping[str, tuple[str, Any]] = {
    "attempts": ("SELECT trial_id, count(*) FROM attempts GROUP BY trial_id", 0),
    "rating": ("SELECT trial_id, rating FROM ratings WHERE rater = 'me' ORDER BY id", None),
    "note": ("SELECT trial_id, note FROM notes ORDER BY id", ""),
    "starred": ("SELECT trial_id, starred FROM stars ORDER BY id", 0),
}
"""What `SELECT` has and `SELECT_PLAIN` has not, for all trials at once; the last row counts, and
this is what a trial without one has."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A trial as it is written down before anything is sent."""

    trial: Trial
    emulated: bool
    characters: int
    cost: float | None = None
    currency: str | None = None
    fee: float | None = None
    """Part of `cost`: what the vendor takes once, at the first use of a kept voice."""

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
        planned.fee,
        now(),
        planned.identity,
    )


INSERT_PLANNED = (
    "INSERT OR IGNORE INTO trials (id, batch_id, idx, variant, provider, take, seed, options,"
    " emulated, state, characters, cost, currency, fee, created_at, identity)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?)"
)


def record(row: Mapping[str, Any]) -> TrialRecord:
    """Return a row of `SELECT` as a record; every field by name, for there may be very many."""
    evidence = row["evidence"]
    return _as_kept(
        TrialRecord,
        trial=_trial(row),
        experiment=intern(row["experiment"]),
        state=_STATES[row["state"]],
        emulated=bool(row["emulated"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        sent_at=_time(row["sent_at"]),
        finished_at=_time(row["finished_at"]),
        latency_s=row["latency_s"],
        attempts=row["attempts"],
        voice_id=row["voice_id"],
        expires_at=_time(row["expires_at"]),
        clip_hash=row["clip_hash"],
        evidence=_NO_EVIDENCE if evidence == "{}" else Evidence(evidence),
        characters=row["characters"],
        cost=row["cost"],
        currency=row["currency"],
        fee=row["fee"],
        error_kind=row["error_kind"],
        error=row["error"],
        error_code=row["error_code"],
        request_id=row["request_id"],
        rating=row["rating"],
        note=row["note"],
        starred=bool(row["starred"]),
    )


class Evidence(Mapping[str, Any]):
    """JSON data that is read when it is first looked into: most of a large lab's never is.

    Parameters
    ----------
    text
        A JSON object.
    """

    __slots__ = ("_found", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._found: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        return repr(self._read())

    def _read(self) -> dict[str, Any]:
        if self._found is None:
            try:
                self._found = dict(json.loads(self.text))
            except (ValueError, TypeError) as error:
                raise StoreError(
                    f"the evidence {self.text[:40]!r} of a trial cannot be read ({error}). Look "
                    "with `voicelab check`, and restore the lab from an archive or a copy."
                ) from None
        return self._found


def evidence_text(evidence: Mapping[str, Any]) -> str:
    """Return evidence as compact JSON, without reading what is JSON already."""
    return evidence.text if isinstance(evidence, Evidence) else to_json(dict(evidence))


_NO_EVIDENCE = Evidence("{}")
_STATES: Mapping[str, TrialState] = {state.value: state for state in TrialState}


def _trial(row: Mapping[str, Any]) -> Trial:
    return _as_kept(
        Trial,
        id=row["id"],
        batch_id=intern(row["batch_id"]),
        index=row["idx"],
        variant=_variant(row["variant"]),
        provider=intern(row["provider"]),
        take=row["take"],
        seed=row["seed"],
        options={} if row["options"] == "{}" else json.loads(row["options"]),
        resends=row["resends"],
    )


@lru_cache(maxsize=256)
def _variant(text: str) -> PromptVariant:
    """Return the variant written as `text`; its trials follow each other, and share it."""
    found = json.loads(text)
    reference = found["reference"]
    if reference is not None:
        path = reference["path"]
        reference = Reference(**{**reference, "path": Path(path) if path else None})
    return _as_kept(PromptVariant, **{**found, "reference": reference})


def _as_kept(kind: type[Kept], **fields: Any) -> Kept:
    """Make a record of fields that were checked when they were written down.

    The constructor of a frozen record sets one field after the other, and a lab may have a hundred
    thousand of them.
    """
    made = object.__new__(kind)
    made.__dict__.update(fields)
    return made


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
