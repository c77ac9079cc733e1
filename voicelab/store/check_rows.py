"""The database of a lab looked at: its pages, its references, and every row read once."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from voicelab.errors import StoreError, VoiceLabError
from voicelab.store import records as rows_of
from voicelab.store.finding import Finding
from voicelab.store.shapes import foreign_names
from voicelab.store.store import Store

JSON_COLUMNS = {
    "batches": ("spec",),
    "trials": ("task", "evidence"),
    "attempts": ("body",),
    "exchanges": ("headers",),
    "clips": ("notes",),
    "measure_names": ("names",),
}
RESTORE = "Restore the lab from an archive or a copy."


def database_findings(store: Store) -> Iterator[Finding]:
    """Yield what SQLite itself finds: damaged pages, and rows that name rows that are not there."""
    try:
        damage = [row[0] for row in store.database.rows("PRAGMA integrity_check") if row[0] != "ok"]
        loose = store.database.rows("PRAGMA foreign_key_check")
    except StoreError as error:
        damage, loose = [str(error)], []
    if damage:
        yield Finding(
            what="database damaged",
            where="lab.db",
            sentence=f"{damage[0].strip()} {RESTORE}"
            + (f" {len(damage) - 1} more like it." if damage[1:] else ""),
            fatal=True,
        )
    for table, rowid, parent, _ in loose:
        yield Finding(
            what="row missing",
            where=f"table {table}, row {rowid}",
            sentence=f"it names a row of {parent} that is not there. {RESTORE}",
        )


def row_findings(store: Store) -> Iterator[Finding]:
    """Yield every row that cannot be read: JSON, times, trials."""
    for table in _tables(store):
        columns = [row["name"] for row in store.database.rows(f"PRAGMA table_info({table})")]
        for column in JSON_COLUMNS.get(table, ()):
            if column in columns:
                yield from _unreadable(store, table, column, json.loads)
        for column in columns:
            if column.endswith("_at"):
                yield from _unreadable(store, table, column, datetime.fromisoformat)
    yield from _foreign_names(store)
    yield from _broken_numbers(store)
    yield from _broken_trials(store)


def _tables(store: Store) -> list[str]:
    rows = store.database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row["name"] for row in rows]


def _unreadable(store: Store, table: str, column: str, read: Any) -> Iterator[Finding]:
    suspect = f"NOT json_valid({column})" if read is json.loads else "1"
    rows = store.database.rows(
        f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL AND {suspect}"
    )
    for rowid, text in rows:
        try:
            read(text)
        except (ValueError, TypeError) as error:
            yield Finding(
                what="value unreadable",
                where=f"table {table}, row {rowid}, {column}",
                sentence=f"{str(text)[:60]!r} cannot be read ({error}). {RESTORE}",
            )


def _foreign_names(store: Store) -> Iterator[Finding]:
    for where, value in foreign_names(store.database.rows):
        yield Finding(
            what="name not ours",
            where=where,
            sentence=f"{value[:60]!r} is no name that voicelab gives. {RESTORE}",
        )


def _broken_numbers(store: Store) -> Iterator[Finding]:
    rows = store.database.rows(
        "SELECT clip_hash, length(numbers) AS found FROM measurements"
        " LEFT JOIN measure_names USING (version) WHERE length(numbers) % 8"
        " OR length(numbers) > 8 * iif(json_valid(names), json_array_length(names), 0)"
    )
    for row in rows:
        yield Finding(
            what="value unreadable",
            where=f"table measurements, clip {row['clip_hash'][:12]}…, numbers",
            sentence=f"its {row['found']} bytes are not the numbers of its version. {RESTORE}",
        )


def _broken_trials(store: Store) -> Iterator[Finding]:
    for row in store.database.rows(rows_of.SELECT):
        try:
            rows_of.record(dict(row))
        except (ValueError, TypeError, KeyError, VoiceLabError) as error:
            yield Finding(
                what="trial unreadable",
                where=f"trial {row['id']}",
                sentence=f"its row cannot be read ({error}). {RESTORE}",
            )
