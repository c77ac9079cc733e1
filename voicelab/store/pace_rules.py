"""When the next start of an account may leave, and what its rate learns from a no."""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

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
UNPUBLISHED_FULL = 1000
"""How many of them are as good as no limit."""
CLEAN_SPANS, CLEAN_S = 20, 60.0
"""Spans and seconds without a no, whichever is less, after which more starts are tried; twice as
long after each relapse."""
MOST_CLEAN_S = 640.0
GROWS, GROWS_AFTER_RELAPSE = 0.25, 0.05
"""By which share: of what is allowed, and of what is published once that was too much."""
MOST_STEPS = 32
"""Of an account that was left alone for long."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """At most `most` starts in any `span_s` seconds."""

    span_s: float
    most: int


def decline(
    connection: sqlite3.Connection,
    account: str,
    start: int,
    retry_after: float | None,
    now: float,
) -> float:
    """Note a no: the first of a burst starts a hold and is learnt from when that is over.

    Returns when that is.
    """
    connection.execute("UPDATE starts SET declined = 1 WHERE id = ?", (start,))
    row = _account(connection, account)
    found = connection.execute("SELECT at FROM starts WHERE id = ?", (start,)).fetchone()
    at = found[0] if found else now
    if now < row["held_until"] or at <= row["since"]:
        return float(row["held_until"])  # of the burst that was heard already
    doubled = min(FIRST_HOLD_S * 2 ** row["holds"], LONGEST_HOLD_S)
    hold_s = doubled if retry_after is None else retry_after
    connection.execute(
        "UPDATE accounts SET held_at = ?, held_until = ?, holds = holds + 1,"
        " refused_at = ? WHERE account = ?",
        (now, now + hold_s, at, account),
    )
    return now + hold_s


def hold(connection: sqlite3.Connection, account: str, hold_s: float, now: float) -> float:
    """Hold all starts back and learn nothing from it; return until when."""
    held_until = max(float(_account(connection, account)["held_until"]), now + hold_s)
    connection.execute(
        "UPDATE accounts SET held_at = ?, held_until = ? WHERE account = ?",
        (now, held_until, account),
    )
    return held_until


def _account(connection: sqlite3.Connection, account: str) -> sqlite3.Row:
    connection.execute("INSERT OR IGNORE INTO accounts (account) VALUES (?)", (account,))
    row: sqlite3.Row = connection.execute(
        "SELECT * FROM accounts WHERE account = ?", (account,)
    ).fetchone()
    return row


def learn(
    connection: sqlite3.Connection, account: str, windows: Sequence[Window], now: float
) -> tuple[int, str] | None:
    """Cut to what the vendor took before a burst of noes; after a clean while try one more."""
    row = connection.execute("SELECT * FROM accounts WHERE account = ?", (account,)).fetchone()
    if row is None:
        return None
    if row["refused_at"] is not None and now >= row["held_until"]:
        return _cut(connection, row, windows, now)
    if row["allowed"] is None or now - row["since"] < _clean_s(row, windows):
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
    clean_s = 2 * _clean_s(row, windows) if relapse else _first_clean_s(windows)
    connection.execute(
        "UPDATE accounts SET allowed = ?, since = ?, clean_spans = ?, refused_at = NULL"
        " WHERE account = ?",
        (allowed, now, clean_s / _span(windows), row["account"]),
    )
    return allowed, "the vendor asked to slow down"


def _grow(
    connection: sqlite3.Connection, row: sqlite3.Row, windows: Sequence[Window], now: float
) -> tuple[int, str] | None:
    published = windows[0].most if windows else UNPUBLISHED_FULL
    clean_s, allowed = _clean_s(row, windows), row["allowed"]
    relapsed = clean_s > _first_clean_s(windows)
    for _ in range(min(int((now - row["since"]) / clean_s), MOST_STEPS)):
        step = GROWS_AFTER_RELAPSE * published if relapsed else GROWS * allowed
        allowed = min(allowed + max(1, round(step)), published)
    connection.execute(
        "UPDATE accounts SET allowed = ?, since = ? WHERE account = ?",
        (None if allowed == published else allowed, now, row["account"]),
    )
    return allowed, "no more noes for a while"


def _clean_s(row: sqlite3.Row, windows: Sequence[Window]) -> float:
    return min(float(row["clean_spans"]) * _span(windows), MOST_CLEAN_S)


def _first_clean_s(windows: Sequence[Window]) -> float:
    return min(CLEAN_SPANS * _span(windows), CLEAN_S)


def wait(
    connection: sqlite3.Connection,
    account: str,
    windows: Sequence[Window],
    parallel: int,
    now: float,
) -> tuple[float, float]:
    """Return the seconds until the next start may leave, and how many of them are a hold."""
    row = connection.execute(
        "SELECT allowed, held_until FROM accounts WHERE account = ?", (account,)
    ).fetchone()
    held = row["held_until"] - now if row else 0.0
    waits = [held, _parallel_wait(connection, account, parallel, now)]
    for window in _allowed(windows, row["allowed"] if row else None):
        waits.append(_window_wait(connection, account, window, now))
    return max(waits), max(held, 0.0)


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


def skew(windows: Sequence[Window]) -> float:
    """Return how much later than it left here a start may be counted by the vendor."""
    return min(SKEW_S, 0.5 * _span(windows))
