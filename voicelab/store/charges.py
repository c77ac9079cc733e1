"""What a lab's requests cost: sums over the attempts that count."""

from dataclasses import dataclass

from voicelab.store.database import Database

_CHARGED = """
    FROM attempts a JOIN trials t ON t.id = a.trial_id
    WHERE a.counts = 1 AND a.state IN ('asked', 'answered', 'in doubt')
"""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What some sendings of one provider's trials cost, or will."""

    provider: str
    emulated: bool
    trials: int = 1
    cost: float | None = None
    """By the published price; nothing where none is published."""
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Quoted against billed, for one provider and currency."""

    provider: str
    emulated: bool
    currency: str | None
    quoted: float | None
    """By the published price, as it was quoted, of all that was sent."""
    billed: float | None
    """By what the vendor counted, where it says so; in flight and in doubt included."""
    trials: int
    """Sendings that were, or may have been, paid for."""
    in_doubt: int
    """Of those, the ones nobody knows of."""


def charges(database: Database, batch_id: str | None = None) -> tuple[Charge, ...]:
    """Return what is spent, in flight and in doubt, by provider and currency."""
    rows = database.rows(
        "SELECT t.provider, t.emulated, a.currency, count(*) AS trials, sum(a.cost) AS cost"
        f" {_CHARGED} AND (:batch IS NULL OR t.batch_id = :batch)"
        " GROUP BY t.provider, t.emulated, a.currency",
        {"batch": batch_id},
    )
    return tuple(Charge(**{**dict(row), "emulated": bool(row["emulated"])}) for row in rows)


def bills(
    database: Database, *, batch_id: str | None = None, experiment: str | None = None
) -> tuple[Bill, ...]:
    """Return quoted against billed, by provider and currency."""
    rows = database.rows(
        "SELECT t.provider, t.emulated, a.currency, sum(t.cost) AS quoted, sum(a.cost) AS billed,"
        " count(*) AS trials, sum(a.state = 'in doubt') AS in_doubt"
        f" {_CHARGED} AND (:batch IS NULL OR t.batch_id = :batch) AND (:experiment IS NULL OR"
        " t.batch_id IN (SELECT id FROM batches WHERE experiment = :experiment))"
        " GROUP BY t.provider, t.emulated, a.currency ORDER BY t.provider",
        {"batch": batch_id, "experiment": experiment},
    )
    return tuple(Bill(**{**dict(row), "emulated": bool(row["emulated"])}) for row in rows)
