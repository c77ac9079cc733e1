"""The write-ahead journal of requests: asked is written before, the raw reply after."""

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from voicelab.errors import Unreadable
from voicelab.store.charges import PAID, Charge
from voicelab.store.database import Database

ROOM_BYTES = 64 * 2**20
"""Free space without which nothing that is paid is asked: a reply must find room."""

_SECRET_HEADERS = frozenset({"set-cookie", "authorization", "proxy-authenticate"})


LONGEST_TEXT = 4000
"""Characters of one text of a request that are written down."""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request that was answered, and the answer as it came."""

    attempt_id: int
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A request that was written down and has no kept reply."""

    attempt_id: int
    trial_id: str
    step: str
    spends: bool


class Journal:
    """Every request of a lab, with its state and its reply."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self,
        trial_id: str,
        *,
        step: str,
        resend: int,
        spends: bool,
        method: str,
        url: str,
        body: Mapping[str, Any] | None,
        charge: Charge | None = None,
    ) -> int:
        """Write down that a request is about to leave; return the attempt's id.

        A trial that was queued is sent from this moment on.

        Parameters
        ----------
        charge
            What the attempt is charged, where it is the one of its sending that counts.

        Raises
        ------
        StoreError
            When that cannot be written, or the answer to a paid request might not be: then the
            request must not leave.
        """
        if spends:
            self._database.require_room(ROOM_BYTES)
        asked_at = now()
        with self._database.write() as connection:
            cursor = connection.execute(
                "INSERT INTO attempts (trial_id, step, resend, spends, state, method, url, body,"
                " asked_at, counts, cost, currency, fee)"
                " VALUES (?, ?, ?, ?, 'asked', ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    trial_id,
                    step,
                    resend,
                    spends,
                    method,
                    _without_query(url),
                    None if body is None else json.dumps(_shortened(body)),
                    asked_at,
                    charge is not None,
                    charge.cost if charge else None,
                    charge.currency if charge else None,
                    charge.fee if charge else None,
                ),
            )
            connection.execute(
                "UPDATE trials SET state = 'sent', sent_at = ? WHERE id = ? AND state = 'queued'",
                (asked_at, trial_id),
            )
            assert cursor.lastrowid is not None
            return cursor.lastrowid

    def has_paid(self, trial_id: str, *, resend: int) -> bool:
        """Tell whether something of this sending may be paid already."""
        row = self._database.row(
            "SELECT 1 FROM attempts WHERE trial_id = ? AND resend = ? AND counts = 1"
            f" AND state IN {PAID}",
            (trial_id, resend),
        )
        return row is not None

    def is_charged(self, trial_id: str, *, step: str, resend: int) -> bool:
        """Tell whether an attempt counts already that a step of this sending is paid with.

        A step that a person let be asked anew is paid by itself.
        """
        row = self._database.row(
            "SELECT 1 FROM attempts WHERE trial_id = :trial AND resend = :resend AND counts = 1"
            f" AND state IN {PAID} AND set_aside = 0 AND (step = :step OR NOT EXISTS"
            " (SELECT 1 FROM attempts WHERE trial_id = :trial AND resend = :resend"
            " AND step = :step AND set_aside = 1))",
            {"trial": trial_id, "resend": resend, "step": step},
        )
        return row is not None

    def bill(self, trial_id: str, *, resend: int, cost: float) -> None:
        """Write down what the vendor counted for a sending of a trial."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE attempts SET cost = ? + coalesce(fee, 0) WHERE id = (SELECT max(id)"
                " FROM attempts WHERE trial_id = ? AND resend = ? AND counts = 1)",
                (cost, trial_id, resend),
            )

    def uncount(self, attempt_id: int) -> bool:
        """Say that the vendor refused an attempt and charges nothing; tell whether it counted."""
        with self._database.write() as connection:
            return bool(
                connection.execute(
                    "UPDATE attempts SET counts = 0 WHERE id = ? AND counts = 1", (attempt_id,)
                ).rowcount
            )

    def pass_fee_on(self, attempt_id: int) -> bool:
        """Let the next text that a voice said be its first use, after all; tell whether one was.

        An attempt that came to nothing was not it.
        """
        with self._database.write() as connection:
            return bool(
                connection.execute(
                    "UPDATE attempts SET (cost, fee) = (SELECT attempts.cost + mine.fee, mine.fee"
                    " FROM attempts mine WHERE mine.id = :mine) WHERE id = (SELECT min(a.id)"
                    " FROM attempts a JOIN trials t ON t.id = a.trial_id"
                    " JOIN attempts mine ON mine.id = :mine JOIN trials m ON m.id = mine.trial_id"
                    f" WHERE a.id != mine.id AND a.counts = 1 AND a.state IN {PAID}"
                    " AND a.fee IS NULL AND t.provider = m.provider AND t.emulated = m.emulated"
                    " AND json_extract(t.variant, '$.voice_id')"
                    " = json_extract(m.variant, '$.voice_id'))",
                    {"mine": attempt_id},
                ).rowcount
            )

    def forget_free(self) -> None:
        """Forget the askings that cost nothing and whose asker is gone; needs the runner's lock."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE attempts SET state = 'forgotten' WHERE state = 'asked' AND spends = 0"
            )

    def in_doubt_since(self, trial_id: str, *, resend: int) -> str | None:
        """Return when the paid request left that a trial is in doubt of (ISO 8601, UTC)."""
        row = self._database.row(
            "SELECT max(asked_at) AS at FROM attempts"
            " WHERE trial_id = ? AND resend = ? AND spends = 1 AND state = 'in doubt'"
            " AND set_aside = 0",
            (trial_id, resend),
        )
        return row["at"] if row else None

    def settle(self, trial_id: str, *, resend: int) -> None:
        """Say that looking found what a paid request in doubt has made.

        The vendor makes nothing twice under one name, so others in doubt came to nothing.
        """
        doubtful = (
            "trial_id = :trial AND resend = :resend AND spends = 1 AND state = 'in doubt'"
            " AND set_aside = 0"
        )
        with self._database.write() as connection:
            connection.execute(
                "UPDATE attempts SET state = iif(id = (SELECT id FROM attempts"
                f" WHERE {doubtful} ORDER BY counts DESC, id DESC LIMIT 1), 'settled', 'declined')"
                f" WHERE {doubtful}",
                {"trial": trial_id, "resend": resend},
            )

    def is_settled(self, trial_id: str, *, resend: int) -> bool:
        """Tell whether looking found what a sending has made, whose own answer never came."""
        row = self._database.row(
            "SELECT 1 FROM attempts WHERE trial_id = ? AND resend = ? AND state = 'settled'"
            " AND set_aside = 0",
            (trial_id, resend),
        )
        return row is not None

    def settle_doubts(self, trial_id: str, *, resend: int) -> None:
        """Say that the newest attempt was answered, and is the one that counts.

        The vendor makes nothing twice under one name, so the ones in doubt came to nothing.
        """
        of = "trial_id = :trial AND resend = :resend AND spends = 1 AND set_aside = 0"
        named = {"trial": trial_id, "resend": resend}
        with self._database.write() as connection:
            connection.execute(
                "UPDATE attempts SET (counts, cost, currency, fee) = (SELECT counts, cost,"
                f" currency, fee FROM attempts WHERE {of} AND state = 'in doubt' AND counts = 1)"
                f" WHERE id = (SELECT max(id) FROM attempts WHERE {of}) AND EXISTS"
                f" (SELECT 1 FROM attempts WHERE {of} AND state = 'in doubt' AND counts = 1)",
                named,
            )
            connection.execute(
                f"UPDATE attempts SET state = 'declined', counts = 0 WHERE {of}"
                " AND state = 'in doubt'",
                named,
            )

    def undo_last_step(self, trial_id: str, *, resend: int, refused: bool) -> bool:
        """Let the last paid step of a trial be asked anew, where a step before it was answered.

        What that earlier step bought is used; where there was none, nothing is done.

        Parameters
        ----------
        refused
            Whether the vendor said no to it, and so charged nothing: else what was asked, and its
            doubt, stay as they are in the ledger and on the bill.
        """
        paid = self._database.rows(
            "SELECT step, state FROM attempts WHERE trial_id = ? AND resend = ? AND spends = 1"
            " ORDER BY id",
            (trial_id, resend),
        )
        steps = {row["step"]: row["state"] for row in paid}
        if len(steps) < 2 or "answered" not in list(steps.values())[:-1]:
            return False
        change = "state = 'declined'" if refused else "set_aside = 1"
        with self._database.write() as connection:
            connection.execute(
                f"UPDATE attempts SET {change}"
                " WHERE trial_id = ? AND resend = ? AND step = ? AND spends = 1 AND set_aside = 0"
                f" AND state IN {PAID}",
                (trial_id, resend, list(steps)[-1]),
            )
        return True

    def rows(self, trial_id: str) -> list[dict[str, Any]]:
        """Return every attempt of a trial, in order, for people to read."""
        found = self._database.rows(
            "SELECT a.step, a.resend, a.state, a.spends, a.counts, a.cost, a.currency, a.method,"
            " a.url, a.asked_at, e.answered_at, e.status FROM attempts a"
            " LEFT JOIN exchanges e ON e.attempt_id = a.id WHERE a.trial_id = ? ORDER BY a.id",
            (trial_id,),
        )
        return [{**dict(row), "spends": bool(row["spends"])} for row in found]

    def retries(self) -> dict[str, int]:
        """Return for each trial how many requests a vendor put off or that never left, if any."""
        found = self._database.rows(
            "SELECT trial_id, COUNT(*) AS many FROM attempts"
            " WHERE state IN ('declined', 'forgotten') GROUP BY trial_id"
        )
        return {str(row["trial_id"]): int(row["many"]) for row in found}

    def keep(
        self, attempt_id: int, *, status: int, headers: Mapping[str, str], content: bytes
    ) -> Exchange:
        """Keep a reply as it came, before anyone reads it."""
        public = {k: v for k, v in headers.items() if k not in _SECRET_HEADERS}
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO exchanges VALUES (?, ?, ?, ?, ?)",
                (attempt_id, status, json.dumps(public), zlib.compress(content, 1), now()),
            )
            connection.execute("UPDATE attempts SET state = 'answered' WHERE id = ?", (attempt_id,))
        return Exchange(attempt_id=attempt_id, status=status, headers=public, content=content)

    def kept(self, trial_id: str, *, step: str, resend: int) -> Exchange | None:
        """Return the kept reply of a step, so that it is never asked for again.

        Raises
        ------
        Unreadable
            When it was damaged on the disk: the step is not asked for again by itself.
        """
        row = self._database.row(
            "SELECT e.* FROM attempts a JOIN exchanges e ON e.attempt_id = a.id"
            " WHERE a.trial_id = ? AND a.step = ? AND a.resend = ? AND a.spends = 1"
            " AND a.state = 'answered' AND a.set_aside = 0 ORDER BY a.id DESC",
            (trial_id, step, resend),
        )
        return None if row is None else _exchange(row)

    def replies(self, trial_id: str, *, resend: int) -> dict[str, Exchange]:
        """Return the newest answer of every step of a trial, free ones too, by step."""
        rows = self._database.rows(
            "SELECT a.step, e.* FROM attempts a JOIN exchanges e ON e.attempt_id = a.id"
            " WHERE a.id IN (SELECT max(id) FROM attempts WHERE trial_id = ? AND resend = ?"
            " AND state = 'answered' AND set_aside = 0 GROUP BY step)",
            (trial_id, resend),
        )
        return {row["step"]: _exchange(row) for row in rows}

    def mark(self, attempt_id: int, state: str) -> None:
        """Say what became of an attempt: `declined`, `forgotten` or `in doubt`."""
        with self._database.write() as connection:
            connection.execute("UPDATE attempts SET state = ? WHERE id = ?", (state, attempt_id))

    def open_askings(self, trial_id: str, *, resend: int) -> list[Asking]:
        """Return what was asked for a trial by a process that died before an answer was kept."""
        rows = self._database.rows(
            "SELECT id, trial_id, step, spends FROM attempts"
            " WHERE state IN ('asked', 'in doubt') AND set_aside = 0 AND trial_id = ?"
            " AND resend = ?",
            (trial_id, resend),
        )
        return [
            Asking(
                attempt_id=row["id"],
                trial_id=row["trial_id"],
                step=row["step"],
                spends=bool(row["spends"]),
            )
            for row in rows
        ]


def _exchange(row: sqlite3.Row) -> Exchange:
    try:
        content = zlib.decompress(row["body"])
        headers = json.loads(row["headers"])
    except (zlib.error, ValueError) as error:
        raise Unreadable(
            f"the kept reply {row['attempt_id']} was damaged on the disk ({error}); restore the "
            "lab from an archive or a copy. It is not asked for again by itself."
        ) from None
    return Exchange(
        attempt_id=row["attempt_id"], status=row["status"], headers=headers, content=content
    )


def now() -> str:
    """Return the time in the form every table keeps it: ISO 8601, UTC, microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _without_query(url: str) -> str:
    return urlunsplit(urlsplit(url)._replace(query="", fragment=""))


def _shortened(value: Any) -> Any:
    """Return a request body with long texts, such as a recording, named and not repeated."""
    if isinstance(value, Mapping):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return f"<{len(value)} characters, SHA-256 {digest}>"
    return value
