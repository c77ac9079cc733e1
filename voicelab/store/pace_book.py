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

Done = TypeVar("Done")

BUSY_S = 10.0
SKEW_S = 1.0
"""How much later than it left here a start may reach the vendor, unless its answer is there sooner;
at the most half of a span."""
SPREAD = 0.9
"""Share of the even distance of starts that is kept between two of them within a second."""
FIRST_HOLD_S = 1.0
LONGEST_HOLD_S = 60.0
UNPUBLISHED_SPAN_S = 10.0
"""In which starts are counted where the vendor publishes no rate and still asks to slow down."""
UNPUBLISHED_MOST = 25
"""How many of them would be many."""
FEW = 0.2
"""Share of the published rate below which a no is not for the number of our starts."""
CLEAN_SPANS = 20
"""Spans without a no after which one more start is tried, and twice as many after each relapse."""
MOST_CLEAN_SPANS = 20 * 32
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
class Window:
    """At most `most` starts in any `span_s` seconds."""

    span_s: float
    most: int


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What asking for a turn came to."""

    start: int | None = None
    """The id of the start, which may leave now."""
    wait_s: float = 0.0
    """Else, when to ask again."""
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
            change = _learn(connection, account, windows, now)
            wait_s = _wait(connection, account, windows, parallel, now)
            if wait_s > 0:
                return Turn(wait_s=wait_s, change=change)
            start = connection.execute(
                "INSERT INTO starts (account, at, seen, until, pid) VALUES (?, ?, ?, ?, ?)",
                (account, now, now + _skew(windows), now + lasts_s, os.getpid()),
            ).lastrowid
            return Turn(start=start, change=change)

        return self._do(take)

    def left(self, start: int, *, windows: Sequence[Window]) -> None:
        """Say that the request leaves now, and not when its turn came."""
        now = self._clock()
        values = (now, now + _skew(windows), start)
        self._do(lambda c: c.execute("UPDATE starts SET at = ?, seen = ? WHERE id = ?", values))

    def now(self) -> float:
        """Return the time the book goes by, in seconds since 1970."""
        return self._clock()

    def over(self, start: int, *, seen: float | None = None) -> None:
        """Say that the request is over, and when its answer came, where one did."""
        sql = "UPDATE starts SET until = 0, seen = min(seen, ?) WHERE id = ?"
        values = (self._clock() if seen is None else seen, start)
        self._do(lambda c: c.execute(sql, values))

    def declined(self, account: str, start: int, *, retry_after: float | None) -> None:
        """Say that the vendor asked to slow down: one burst of that is one cut and one hold."""
        now = self._clock()
        self._do(lambda c: _decline(c, account, start, retry_after, now))

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


def _decline(
    connection: sqlite3.Connection,
    account: str,
    start: int,
    retry_after: float | None,
    now: float,
) -> None:
    connection.execute("UPDATE starts SET declined = 1 WHERE id = ?", (start,))
    row = _account(connection, account)
    found = connection.execute("SELECT at FROM starts WHERE id = ?", (start,)).fetchone()
    at = found[0] if found else now
    if now < row["held_until"] or at <= row["since"]:
        return  # of the burst that was heard already
    doubled = min(FIRST_HOLD_S * 2 ** row["holds"], LONGEST_HOLD_S)
    hold_s = doubled if retry_after is None else retry_after
    connection.execute(
        "UPDATE accounts SET held_at = ?, held_until = ?, holds = holds + 1,"
        " refused_at = ? WHERE account = ?",
        (now, now + hold_s, at, account),
    )


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


def _account(connection: sqlite3.Connection, account: str) -> sqlite3.Row:
    connection.execute("INSERT OR IGNORE INTO accounts (account) VALUES (?)", (account,))
    row: sqlite3.Row = connection.execute(
        "SELECT * FROM accounts WHERE account = ?", (account,)
    ).fetchone()
    return row


def _learn(
    connection: sqlite3.Connection, account: str, windows: Sequence[Window], now: float
) -> tuple[int, str] | None:
    """Cut to what the vendor took before a burst of noes; after a clean while try one more."""
    row = connection.execute("SELECT * FROM accounts WHERE account = ?", (account,)).fetchone()
    if row is None:
        return None
    if row["refused_at"] is not None and now >= row["held_until"]:
        return _cut(connection, row, windows, now)
    if row["allowed"] is None or now - row["since"] < row["clean_spans"] * _span(windows):
        return None
    return _grow(connection, row, windows, now)


def _cut(
    connection: sqlite3.Connection, row: sqlite3.Row, windows: Sequence[Window], now: float
) -> tuple[int, str] | None:
    (taken,) = connection.execute(
        "SELECT count(*) FROM starts WHERE account = ? AND declined = 0 AND at > ? AND at <= ?",
        (row["account"], row["refused_at"] - _span(windows), row["refused_at"]),
    ).fetchone()
    if taken < max(2, FEW * (windows[0].most if windows else UNPUBLISHED_MOST)):
        # somebody else had it all, or it is no rate at all: that tells nothing of what there is
        connection.execute(
            "UPDATE accounts SET refused_at = NULL WHERE account = ?", (row["account"],)
        )
        return None
    before = row["allowed"] or (windows[0].most if windows else taken + 1)
    allowed = max(1, min(taken, before - 1))
    relapse = row["allowed"] is not None
    clean = min(2 * row["clean_spans"], MOST_CLEAN_SPANS) if relapse else CLEAN_SPANS
    connection.execute(
        "UPDATE accounts SET allowed = ?, since = ?, clean_spans = ?, refused_at = NULL"
        " WHERE account = ?",
        (allowed, now, clean, row["account"]),
    )
    return allowed, "the vendor asked to slow down"


def _grow(
    connection: sqlite3.Connection, row: sqlite3.Row, windows: Sequence[Window], now: float
) -> tuple[int, str] | None:
    published = windows[0].most if windows else None
    more = row["allowed"] + max(1, round(0.05 * (published or row["allowed"])))
    full = published is not None and more >= published
    connection.execute(
        "UPDATE accounts SET allowed = ?, since = ? WHERE account = ?",
        (None if full else more, now, row["account"]),
    )
    return (published if full and published else more), "no more noes for a while"


def _wait(
    connection: sqlite3.Connection,
    account: str,
    windows: Sequence[Window],
    parallel: int,
    now: float,
) -> float:
    row = connection.execute(
        "SELECT allowed, held_until FROM accounts WHERE account = ?", (account,)
    ).fetchone()
    held = row["held_until"] - now if row else 0.0
    waits = [held, _parallel_wait(connection, account, parallel, now)]
    for window in _allowed(windows, row["allowed"] if row else None):
        waits.append(_window_wait(connection, account, window, now))
    return max(waits)


def _allowed(windows: Sequence[Window], allowed: int | None) -> Sequence[Window]:
    if allowed is None:
        return windows
    return [Window(span_s=_span(windows), most=allowed), *windows[1:]]


def _window_wait(connection: sqlite3.Connection, account: str, window: Window, now: float) -> float:
    """Return the seconds until a start is free, and until two are not closer than need be."""
    rows = connection.execute(
        "SELECT seen, at FROM starts WHERE account = ? AND seen > ? ORDER BY seen DESC LIMIT ?",
        (account, now - window.span_s, window.most),
    ).fetchall()
    wait_s = rows[-1]["seen"] + window.span_s - now if len(rows) >= window.most else 0.0
    if rows and window.span_s <= 1.0:
        last = max(row["at"] for row in rows)
        wait_s = max(wait_s, last + SPREAD * window.span_s / window.most - now)
    return float(wait_s)


def _parallel_wait(
    connection: sqlite3.Connection, account: str, parallel: int, now: float
) -> float:
    rows = connection.execute(
        "SELECT DISTINCT pid, count(*) AS busy FROM starts WHERE account = ? AND until > ?"
        " GROUP BY pid",
        (account, now),
    ).fetchall()
    busy = sum(row["busy"] for row in rows)
    if busy < parallel:
        return 0.0
    dead = [row["pid"] for row in rows if not _alive(row["pid"])]
    for pid in dead:
        connection.execute("UPDATE starts SET until = 0 WHERE pid = ?", (pid,))
    return 0.05


def _alive(pid: int) -> bool:
    if pid == os.getpid() or os.name == "nt":  # there the time limit of a request ends it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _span(windows: Sequence[Window]) -> float:
    return windows[0].span_s if windows else UNPUBLISHED_SPAN_S


def _skew(windows: Sequence[Window]) -> float:
    return min(SKEW_S, 0.5 * _span(windows))
