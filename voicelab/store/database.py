"""The SQLite connection of a lab: one per process, shared by its threads behind one lock.

What SQLite says when it cannot go on becomes a `StoreError` here, a sentence for each cause.
"""

import gc
import shutil
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from voicelab.errors import StoreError, UsageError
from voicelab.store.identity import identity_of
from voicelab.store.looking import copy_into, may_only_be_read
from voicelab.store.numbers import packed_json
from voicelab.store.schema import migrate

BUSY_S = 30.0
AT_ONCE = 2000
"""Rows that are turned into columns together: few enough to stay in the processor's cache."""


class Database:
    """A WAL database whose every write is on the disk before the call returns.

    One that may only be read is looked at as it stood when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self.read_only = may_only_be_read(path)
        self._connection = _connect(path, to_look=self.read_only)
        self._file = _file_at(path)

    @contextmanager
    def write(self, *, derived: bool = False) -> Iterator[sqlite3.Connection]:
        """Give the connection inside one transaction: all of the block lands, or none of it.

        Parameters
        ----------
        derived
            Whether all of it can be made again from what is kept: where the database may only be
            read, that is kept until it is closed.

        Raises
        ------
        StoreError
            When it cannot land: a full disk, a lock that is not let go, a damaged file, a folder
            that was moved, or may only be read.
        """
        if self.read_only and not derived:
            raise StoreError(f"the lab database {self._path} {_CAUSES['SQLITE_READONLY']}")
        with self._lock, self._telling():
            self._require_in_place()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite may have rolled back by itself
                    self._connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, values: Any = ()) -> list[sqlite3.Row]:
        """Return all rows of a question; raise `StoreError` when they cannot be read."""
        with self._lock, self._telling():
            return self._connection.execute(sql, values).fetchall()

    def columns(
        self, sql: str, values: Any = (), *, repeated: Collection[str] = ()
    ) -> dict[str, list[Any]]:
        """Return the answer to a question as one list a column: what very many rows take least as.

        Parameters
        ----------
        repeated
            Columns of text where few values stand in many rows: each is kept once.
        """
        with self._lock, self._telling(), without_collecting():
            cursor = self._connection.execute(sql, values)
            cursor.row_factory = None  # plain tuples
            columns: dict[str, list[Any]] = {name: [] for name, *_ in cursor.description}
            kept: dict[Any, Any] = {}
            while some := cursor.fetchmany(AT_ONCE):
                for name, found in zip(columns, zip(*some, strict=True), strict=True):
                    once = map(kept.setdefault, found, found) if name in repeated else found
                    columns[name].extend(once)
        return columns

    def row(self, sql: str, values: Any = ()) -> sqlite3.Row | None:
        """Return the first row of a question, or nothing."""
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def copy_to(self, path: Path) -> None:
        """Write all of it, as it stands at this moment, into one new file.

        It reads through a connection of its own: nobody who writes meanwhile has to wait.
        """
        try:
            with (
                self._reading() as mine,
                closing(sqlite3.connect(path)) as copy,
            ):
                mine.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise StoreError(_sentence(path, error)) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if self.read_only:
            with self._lock:
                yield self._connection
        else:
            with closing(sqlite3.connect(self._path)) as mine:
                yield mine

    def require_room(self, needed: int) -> None:
        """Raise `StoreError` when the disk has fewer than `needed` bytes free."""
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError as error:
            raise StoreError(
                f"the lab folder {self._path.parent} cannot be looked at ({error.strerror}). "
                "Bring it back, then resume."
            ) from error
        if free < needed:
            raise StoreError(
                f"the disk of the lab {self._path.parent} has {free >> 20} MiB free, and "
                f"{needed >> 20} MiB must be there before anything paid is asked: its answer has "
                "to be kept. Free some space, then resume."
            )

    def _require_in_place(self) -> None:
        """Refuse to write into a file that nobody can find any more."""
        if _file_at(self._path) != self._file:
            raise StoreError(
                f"the lab database {self._path} was moved, replaced or deleted while it was open. "
                "Bring the folder back, or open the lab where it is now."
            )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(_sentence(self._path, error)) from error

    def close(self) -> None:
        """Close the connection; closing twice is fine."""
        with self._lock:
            self._connection.close()


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage while very many objects are made: a third of the time.

    Nothing that is made meanwhile is garbage.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _sentence(path: Path, error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", None) or ""
    what = next((text for code, text in _CAUSES.items() if name.startswith(code)), _ANY_CAUSE)
    return f"the lab database {path} {what.format(error)}"


_CAUSES = {
    "SQLITE_FULL": "cannot be written: the disk is full. Free some space, then resume; what was "
    "kept before is there.",
    "SQLITE_IOERR": "cannot be read or written ({}): the disk may be full, over its quota, or "
    "gone. Mend that, then resume; what was kept before is there.",
    "SQLITE_READONLY": "cannot be written: its folder or file is read-only. Allow writing, or "
    "copy the lab to a place you may write to.",
    "SQLITE_CANTOPEN": "cannot be opened ({}): its folder is gone, or may not be written. Bring "
    "it back or allow writing, then resume.",
    "SQLITE_BUSY": "is locked by another program for longer than voicelab waits. End that "
    "program, such as a database browser, then resume.",
    "SQLITE_CORRUPT": "is damaged ({}). Restore the lab from an archive or a copy; where it still "
    "opens, `voicelab check` says more.",
    "SQLITE_NOTADB": "is not a database ({}). Restore the lab from an archive or a copy.",
}
_ANY_CAUSE = "cannot be used ({}). Look with `voicelab check`; where it finds nothing, resume."


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _connect(path: Path, *, to_look: bool) -> sqlite3.Connection:
    with ExitStack() as stack:
        try:
            connection = sqlite3.connect(
                "" if to_look else path,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
            )
            stack.callback(connection.close)
            if to_look:
                copy_into(connection, path)
            _prepare(connection)
        except sqlite3.Error as error:
            raise UsageError(f"the lab cannot be opened: {_sentence(path, error)}") from None
        stack.pop_all()
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.create_function("identity_of", 6, identity_of, deterministic=True)
    connection.create_function("packed_json", 2, packed_json, deterministic=True)
    migrate(connection)
