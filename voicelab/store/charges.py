"""What a lab's requests cost: sums over the attempts that count."""

from dataclasses import dataclass, replace

from voicelab.store.database import Database

PAID = "('asked', 'answered', 'in doubt', 'settled')"
"""States of an attempt that was, or may have been, carried out."""
_CHARGED = f"""
    FROM attempts a JOIN trials t ON t.id = a.trial_id
    WHERE a.counts = 1 AND a.state IN {PAID}
"""
_UNKNOWN = """
    (a.state = 'in doubt' OR EXISTS (SELECT 1 FROM attempts d
        WHERE d.trial_id = a.trial_id AND d.resend = a.resend AND d.spends = 1
        AND d.state = 'in doubt' AND a.id = (SELECT max(c.id) FROM attempts c
            WHERE c.trial_id = d.trial_id AND c.resend = d.resend AND c.counts = 1
            AND c.id < d.id)))
"""
"""Whether what an attempt stands for is in doubt: itself, or a step that is paid with it."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What some sendings of one provider's trials cost, or will."""

    provider: str
    emulated: bool
    trials: int = 1
    cost: float | None = None
    """By the published price; nothing where none is published."""
    currency: str | None = None
    fee: float | None = None
    """Part of `cost`: what the vendor takes once, at the first use of a kept voice."""

    def with_fee(self, fee: float) -> "Charge":
        """Return the charge with another fee for a first use."""
        if self.cost is None or fee == (self.fee or 0.0):
            return self
        return replace(self, cost=self.cost - (self.fee or 0.0) + fee, fee=fee or None)


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
        "SELECT t.provider, t.emulated, a.currency, count(*) AS trials, sum(a.cost) AS cost,"
        " sum(a.fee) AS fee"
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
        "SELECT t.provider, t.emulated, a.currency, sum(a.cost) AS billed, count(*) AS trials,"
        " sum(t.cost - coalesce(t.fee, 0) + coalesce(a.fee, 0)) AS quoted,"
        f" sum({_UNKNOWN}) AS in_doubt"
        f" {_CHARGED} AND (:batch IS NULL OR t.batch_id = :batch) AND (:experiment IS NULL OR"
        " t.batch_id IN (SELECT id FROM batches WHERE experiment = :experiment))"
        " GROUP BY t.provider, t.emulated, a.currency ORDER BY t.provider",
        {"batch": batch_id, "experiment": experiment},
    )
    return tuple(Bill(**{**dict(row), "emulated": bool(row["emulated"])}) for row in rows)


def used_voices(database: Database, provider: str, *, emulated: bool) -> set[str]:
    """Return the ids of the voices whose first use was, or may have been, charged already."""
    rows = database.rows(
        f"SELECT json_extract(t.variant, '$.voice_id') AS voice_id {_CHARGED}"
        " AND a.fee IS NOT NULL AND t.provider = ? AND t.emulated = ?",
        (provider, emulated),
    )
    return {row["voice_id"] for row in rows}
