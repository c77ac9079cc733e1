"""How fast each account is being asked, shared by every process of this user on this machine."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import platformdirs

from voicelab.store.pace_rules import Window, decline, hold, learn, skew, wait

Done = TypeVar("Done")

BUSY_S = 10.0
FORGET_S = 130.0
SWEEP_EVERY = 200

_TABLES = """
CREATE TABLE IF NOT EXISTS starts (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    at REAL NOT NULL,               -- seconds since 1970, as everywhere here
    seen REAL NOT NULL,             -- by when the vendor has seen it
    until REAL NOT NULL,            -- it is under way no longer than this
    pid INTEGER NOT NULL,
    declined INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS starts_of_account ON starts (account, seen);
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY,
    allowed INTEGER,                -- starts in a span; nothing while the published rate holds
    since REAL NOT NULL DEFAULT 0,  -- when that was set
    clean_spans REAL NOT NULL DEFAULT 0,
    held_at REAL NOT NULL DEFAULT 0,
    held_until REAL NOT NULL DEFAULT 0,
    holds INTEGER NOT NULL DEFAULT 0,
    refused_at REAL                 -- when the start left that began a burst of noes
);
"""


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What asking for a turn came to."""

    start: int | None = None
    """The id of the start, which may leave now."""
    wait_s: float = 0.0
    """Else, when to ask again."""
    held_s: float = 0.0
    """As long of that because the vendor asked to slow down or to wait."""
    change: tuple[int, str] | None = None
    """The starts allowed in a span from now on, and why, where that has just changed."""


class PaceBook:
    """The starts of all accounts, in one small file; in memory where none can be written.

    It is a hint and no record: losing it costs a throttle and nothing else, so no write waits for
    the disk.
    """

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._takes = 0
        self._connection = _connect(path)

    @classmethod
    def open(cls) -> "PaceBook":
        """Open the file of this user: in `VOICELAB_STATE`, else where the system keeps state."""
        folder = os.environ.get("VOICELAB_STATE") or platformdirs.user_state_dir("voicelab", False)
        return cls(Path(folder) / "pace.db")

    def take(
        self, account: str, *, windows: Sequence[Window], parallel: int, lasts_s: float
    ) -> Turn:
        """Take a turn for one request of `account`, or say how long to wait for one.

        Parameters
        ----------
        windows
            The published rates, the one that learns first; none where none is published.
        parallel
            Requests under way at once.
        lasts_s
            Seconds after which the request is over, whatever became of it.
        """

        def take(connection: sqlite3.Connection) -> Turn:
            now = self._clock()
            self._sweep(connection, account, now)
            change = learn(connection, account, windows, now)
            wait_s, held_s = wait(connection, account, windows, parallel, now)
            if wait_s > 0:
                return Turn(wait_s=wait_s, held_s=held_s, change=change)
            start = connection.execute(
                "INSERT INTO starts (account, at, seen, until, pid) VALUES (?, ?, ?, ?, ?)",
                (account, now, now + skew(windows), now + lasts_s, os.getpid()),
            ).lastrowid
            return Turn(start=start, change=change)

        return self._do(take)

    def left(self, start: int, *, windows: Sequence[Window]) -> None:
        """Say that the request leaves now, and not when its turn came."""
        now = self._clock()
        values = (now, now + skew(windows), start)
        self._do(lambda c: c.execute("UPDATE starts SET at = ?, seen = ? WHERE id = ?", values))

    def now(self) -> float:
        """Return the time the book goes by, in seconds since 1970."""
        return self._clock()

    def over(self, start: int, *, seen: float | None = None) -> None:
        """Say that the request is over, and when its answer came, where one did."""
        sql = "UPDATE starts SET until = 0, seen = min(seen, ?) WHERE id = ?"
        values = (self._clock() if seen is None else seen, start)
        self._do(lambda c: c.execute(sql, values))

    def declined(self, account: str, start: int, *, retry_after: float | None) -> float:
        """Say that the vendor asked to slow down: one burst of that is one cut and one hold.

        Returns until when it holds, in seconds since 1970.
        """
        now = self._clock()
        return self._do(lambda c: decline(c, account, start, retry_after, now))

    def hold(self, account: str, hold_s: float) -> float:
        """Say that the vendor asked to wait, though not for the number of our starts."""
        now = self._clock()
        return self._do(lambda c: hold(c, account, hold_s, now))

    def answered(self, account: str) -> None:
        """Say that the vendor answers again: the next hold is a short one."""
        sql = "UPDATE accounts SET holds = 0 WHERE account = ? AND holds > 0"
        self._do(lambda c: c.execute(sql, (account,)))

    def allowed(self, account: str) -> int | None:
        """Return the starts allowed in a span, where fewer than published."""
        sql = "SELECT allowed FROM accounts WHERE account = ?"
        row = self._do(lambda c: c.execute(sql, (account,)).fetchone())
        return None if row is None else row["allowed"]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _do(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do something whole or not at all; in memory from now on where the file is no good."""
        with self._lock:
            try:
                return _at_once(self._connection, work)
            except sqlite3.Error:  # locked for long, damaged or gone: it was a hint and no record
                self._connection.close()
                self._connection = _connect(None)
                return _at_once(self._connection, work)

    def _sweep(self, connection: sqlite3.Connection, account: str, now: float) -> None:
        """Forget what is long over; and what lies ahead, where the clock was set back."""
        self._takes += 1
        if self._takes % SWEEP_EVERY == 1:
            connection.execute(
                "DELETE FROM starts WHERE until < ? AND at < ?", (now, now - FORGET_S)
            )
        connection.execute("DELETE FROM starts WHERE account = ? AND at > ?", (account, now + 1))
        connection.execute(
            "UPDATE accounts SET held_until = 0, since = min(since, ?)"
            " WHERE account = ? AND (held_at > ? OR since > ?)",
            (now, account, now + 1, now + 1),
        )


def _at_once(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Done]) -> Done:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        return work(connection)


def _connect(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _prepared(str(path))
        except (OSError, sqlite3.Error):
            return _connect(None)
    return _prepared(":memory:")


def _prepared(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        place, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_TABLES)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
