"""A lab that may only be read: its database is copied, and the copy is what is looked at.

SQLite reads a write-ahead log only where it may write beside it, and an older lab has to be brought
up to this version; a private copy, which SQLite keeps in a temporary file, allows both.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def may_only_be_read(database: Path) -> bool:
    """Tell whether there is a database whose file or folder may not be written."""
    return database.is_file() and not (
        os.access(database, os.W_OK) and os.access(database.parent, os.W_OK)
    )


def copy_into(connection: sqlite3.Connection, database: Path) -> None:
    """Copy a database as it stands now; raise `sqlite3.Error` when it cannot be read."""
    log = database.with_name(f"{database.name}-wal")
    left_open = log.is_file() and log.stat().st_size > 0
    how = "mode=ro" if left_open else "immutable=1"
    with closing(sqlite3.connect(f"{database.as_uri()}?{how}", uri=True)) as source:
        source.backup(connection)
