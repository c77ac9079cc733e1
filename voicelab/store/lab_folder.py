"""A lab's folder: the only place that opens it, knows whose it is, and lets one process run it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from voicelab.errors import UsageError
from voicelab.store.database import Database
from voicelab.store.journal import now

DATABASE = "lab.db"


class LabFolder:
    """A lab's folder, open; what it knows of its trials is in `Store`."""

    id: str
    """Drawn when the lab was made: what tells its trials from another lab's at a vendor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._database = Database(folder / DATABASE)
        try:
            self.id = self._identity()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(cls, folder: str | Path, *, create: bool = True) -> Self:
        """Open a lab's folder, and make it where there is none.

        One that may only be read is opened to look, as it stands now; what would write into it
        raises `StoreError`.

        Raises
        ------
        UsageError
            When the folder cannot be made, or holds something else; without `create`
            also when there is none.
        """
        folder = Path(folder).expanduser().absolute()
        if not create and not (folder / DATABASE).is_file():
            raise UsageError(f"there is no lab in {folder}; run an experiment there first.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the lab folder {folder} cannot be made: {error.strerror}.") from None
        return cls(folder)

    def _identity(self) -> str:
        known = self._database.row("SELECT id FROM lab")
        if known is not None:
            return str(known["id"])
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO lab (id, created_at) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM lab)",
                (uuid.uuid4().hex, now()),
            )
            (found,) = connection.execute("SELECT id FROM lab").fetchone()
        return str(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; closing twice is fine."""
        self._database.close()

    @property
    def database(self) -> Database:
        """The connection, for what looks at the whole lab: its check and its archive."""
        return self._database

    def is_running(self) -> bool:
        """Tell whether a process holds the right to run trials now."""
        try:
            with self.runner():
                return False
        except UsageError:
            return True

    @contextmanager
    def runner(self) -> Iterator[None]:
        """Hold the right to run trials: one runner per lab, in whatever process.

        Raises
        ------
        UsageError
            When another kernel or command is running trials of this lab now.
        """
        lock = FileLock(self.folder / "runner.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UsageError(
                f"another process is running trials of the lab {self.folder}; "
                "wait for it or stop it. Looking, rating and exporting work meanwhile."
            ) from None
        except OSError as error:
            raise UsageError(
                f"the lab folder {self.folder} cannot be written ({error.strerror}); "
                "trials run only where their answers can be kept."
            ) from None
        try:
            yield
        finally:
            lock.release()
