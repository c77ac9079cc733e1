"""Whether a lab's database is less than its audio: a copy taken while it was open, or an older one.

Such a lab knows nothing of what it was given, and would ask and pay for it again.
"""

import os
from collections.abc import Iterator

from voicelab.errors import UsageError
from voicelab.store.shapes import AUDIO_FILE
from voicelab.store.store import Store

COPY_AGAIN = (
    "Copy it again with `voicelab archive`, which may run at any time, or all of its folder once "
    "it is closed; or restore an archive."
)


def require_whole(store: Store) -> None:
    """Refuse to run a lab whose database is less than its audio.

    Raises
    ------
    UsageError
        Saying how to go on.
    """
    told = what_is_missing(store, [*unnamed(store)])
    if told and not store.is_running():  # else the run is refused for that reason
        raise UsageError(f"nothing was sent: {told}")


def empty_but_for_audio(store: Store) -> str:
    """Return a sentence where there is audio and not a single trial, else nothing; it is quick."""
    if store.database.row("SELECT 1 FROM trials LIMIT 1") is not None:
        return ""
    first = next(_audio_files(store), None)
    return what_is_missing(store, [first]) if first is not None else ""


def what_is_missing(store: Store, names: list[str]) -> str:
    """Return what unnamed audio tells of the database, in sentences; nothing where it is in order.

    A process that is killed leaves audio that no row names yet, of trials that were sent and are
    not done. What is more than those was made by trials that the database does not know.

    Parameters
    ----------
    names
        Of the audio files that no clip of the database names.
    """
    folder = store.audio_files.folder
    if not names:
        return ""
    if store.database.row("SELECT 1 FROM trials LIMIT 1") is None:
        return (
            f"there is audio in {folder} and no trial in the database: the lab was copied while "
            "it was open, without its lab.db-wal, or without its lab.db. What was bought would be "
            f"paid for again. {COPY_AGAIN} Where nothing else is left of it, move {folder} away "
            "to begin anew."
        )
    if len(names) <= _left_by_a_kill(store):
        return ""
    return (
        f"{len(names)} audio files in {folder} are of no trial in the database, such as "
        f"{names[0]}: its lab.db is older than they are, or was copied while the lab was open, "
        f"without its lab.db-wal. What made them would be paid for again. {COPY_AGAIN} Where "
        "nothing else is left of it, move those files away (`voicelab check` names them)."
    )


def unnamed(store: Store) -> Iterator[str]:
    """Yield the audio files, named as voicelab names them, that no clip of the database names."""
    found = list(_audio_files(store))  # before the rows: what lands meanwhile is named by then
    rows = store.database.columns("SELECT hash || suffix AS name FROM clips")
    named = set(rows["name"])
    yield from (name for name in found if name not in named)


def _audio_files(store: Store) -> Iterator[str]:
    try:
        with os.scandir(store.audio_files.folder) as entries:
            yield from (one.name for one in entries if AUDIO_FILE.fullmatch(one.name))
    except OSError:
        return  # there is none, or it cannot be read: writing into it says so


def _left_by_a_kill(store: Store) -> int:
    row = store.database.row(
        "SELECT count(*) AS n FROM trials WHERE state != 'done' AND sent_at IS NOT NULL"
    )
    return 0 if row is None else int(row["n"])
