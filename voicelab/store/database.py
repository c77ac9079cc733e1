"""The SQLite connection of a lab: one per process, shared by its threads behind one lock."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from voicelab.errors import UsageError
from voicelab.store.identity import identity_of
from voicelab.store.schema import migrate

BUSY_S = 30.0


class Database:
    """A WAL database whose every write is on the disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = _connect(path)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: all of the block lands, or none of it."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def rows(self, sql: str, values: Any = ()) -> list[sqlite3.Row]:
        """Return all rows of a question."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Any = ()) -> sqlite3.Row | None:
        """Return the first row of a question, or nothing."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        with self._lock:
            self._connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    with ExitStack() as stack:
        try:
            connection = sqlite3.connect(
                path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            stack.callback(connection.close)
            _prepare(connection)
        except sqlite3.Error as error:
            raise UsageError(
                f"the lab database {path} cannot be opened: {error}. "
                "Check that the folder is writable and that the file is a voicelab lab."
            ) from None
        stack.pop_all()
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("identity_of", 6, identity_of, deterministic=True)
    migrate(connection)
