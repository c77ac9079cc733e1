"""A lab as one file: written whole while others run, and read back only where every byte is right.

An archive may come from anyone: nothing in it is believed before it is checked, and nothing of it
is left where a check fails.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from voicelab.errors import UsageError
from voicelab.store.audio_files import WRITING, sync_folder
from voicelab.store.check_files import hashed
from voicelab.store.journal import now
from voicelab.store.lab_folder import DATABASE
from voicelab.store.manifest import MANIFEST, Manifest, checked
from voicelab.store.schema import is_as_made
from voicelab.store.shapes import foreign_names
from voicelab.store.store import Store

_SMALL_ALREADY = {".mp3", ".flac", ".ogg", ".opus"}
_PIECE = 1 << 20


def archive(store: Store, path: Path, *, made_by: str, anyway: bool = False) -> Path:
    """Write a lab into one zip file, as it stands at this moment; it may run meanwhile.

    Raises
    ------
    UsageError
        When the place cannot be written or is no `.zip`; or audio of the lab is missing or
        changed: `anyway` leaves that out.
    """
    path = path.absolute()
    if path.suffix.lower() != ".zip":
        raise UsageError(f"an archive is a .zip file; {path.name!r} is not called so.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=WRITING) as folder:
            whole = Path(folder) / "lab.zip"
            _write(store, whole, made_by=made_by, anyway=anyway)
            whole.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise UsageError(
            f"the archive {path} cannot be written ({error.strerror or error}); free some space "
            "or choose another place."
        ) from error
    return path


def _write(store: Store, path: Path, *, made_by: str, anyway: bool) -> None:
    copy = path.with_name(DATABASE)
    store.database.copy_to(copy)
    good, bad = _audio(store, copy)
    if bad and not anyway:
        raise UsageError(
            f"{len(bad)} audio files of the lab are missing or changed, such as {bad[0]}. Mend "
            "them with `voicelab check --repair`, or archive anyway (--anyway) without them."
        )
    files = {DATABASE: {"sha256": hashed(copy), "bytes": copy.stat().st_size}}
    files |= {
        f"audio/{file.name}": {"sha256": file.stem, "bytes": file.stat().st_size} for file in good
    }
    about = {
        "made_by": made_by,
        "made_at": now(),
        "lab": store.id,
        "store_version": _facts(copy)[0],
        "files": files,
        "left_out": bad,
    }
    with path.open("wb") as file:
        with ZipFile(file, "w", ZIP_DEFLATED) as zipped:
            zipped.writestr(MANIFEST, json.dumps(about, ensure_ascii=False, indent=1))
            zipped.write(copy, DATABASE)
            for found in good:
                how = ZIP_STORED if found.suffix in _SMALL_ALREADY else ZIP_DEFLATED
                zipped.write(found, f"audio/{found.name}", how, compresslevel=1)
        file.flush()
        os.fsync(file.fileno())


def _audio(store: Store, copy: Path) -> tuple[list[Path], list[str]]:
    """Return the audio files the copied database names, and the names of those not as they were."""
    with closing(sqlite3.connect(copy)) as connection:
        rows = connection.execute("SELECT hash, suffix FROM clips ORDER BY rowid").fetchall()
    good: list[Path] = []
    bad: list[str] = []
    for digest, suffix in rows:
        path = store.audio_files.path(digest, suffix)
        try:
            whole = hashed(path) == digest
        except OSError:
            whole = False
        if whole:
            good.append(path)
        else:
            bad.append(f"audio/{path.name}")
    return good, bad


def restore(path: Path, folder: Path) -> Path:
    """Unpack an archive into a new lab folder, whole or not at all.

    Raises
    ------
    UsageError
        When the folder is not empty or cannot be written; or the archive is damaged, cut off,
        from a newer voicelab, or not one of voicelab.
    """
    folder = folder.expanduser().absolute()
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; restore the archive into a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with (
            TemporaryDirectory(dir=folder.parent, prefix=WRITING) as made,
            _opened(path) as zipped,
        ):
            lab = Path(made) / "lab"
            _unpack(path, zipped, lab)
            if folder.exists():
                folder.rmdir()
            lab.replace(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise UsageError(
            f"the archive {path} cannot be restored into {folder} "
            f"({error.strerror or error}): {error.filename or ''}; nothing was left there."
        ) from error
    return folder


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """Give an archive; whatever shows while it is read that it is damaged is one sentence."""
    try:
        with ZipFile(path) as zipped:
            yield zipped
    except FileNotFoundError:
        raise UsageError(f"there is no archive {path}.") from None
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UsageError(
            f"the archive {path} is damaged, cut off, or no zip file ({error}); take another "
            "copy of it. Nothing was restored."
        ) from None


def _unpack(path: Path, zipped: ZipFile, lab: Path) -> None:
    manifest = checked(path, zipped)
    free = shutil.disk_usage(lab.parent).free
    if manifest.bytes > free:
        raise UsageError(
            f"the archive {path} unpacks to {manifest.bytes >> 20} MiB and {free >> 20} MiB are "
            "free; free some space or choose another place."
        )
    (lab / "audio").mkdir(parents=True)
    for name in manifest.files:
        _unpack_one(path, zipped, manifest, name, lab / name)
    sync_folder(lab / "audio")
    sync_folder(lab)
    _require_ours(path, manifest, lab / DATABASE)


def _unpack_one(path: Path, zipped: ZipFile, manifest: Manifest, name: str, to: Path) -> None:
    digest, size = manifest.files[name]
    found, written = hashlib.sha256(), 0
    with zipped.open(name) as source, to.open("xb") as target:
        while piece := source.read(_PIECE):
            written += len(piece)
            if written > size:
                break
            found.update(piece)
            target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    if written != size or found.hexdigest() != digest:
        raise UsageError(
            f"{name} in the archive {path} is not what its manifest says; the archive is damaged. "
            "Take another copy of it. Nothing was restored."
        )


def _require_ours(path: Path, manifest: Manifest, database: Path) -> None:
    """Refuse a database that is another lab's, that would run code of its own, or is made up."""
    try:
        version, lab = _facts(database)
        foreign = _foreign(database, version)
    except sqlite3.Error as error:
        raise UsageError(f"the database in the archive {path} is no lab ({error}).") from None
    if (version, lab) != (manifest.store_version, manifest.lab) or foreign:
        raise UsageError(
            f"the database in the archive {path} is not the one its manifest describes{foreign}; "
            "nothing was restored."
        )


def _facts(database: Path) -> tuple[int, str]:
    """Return a database's store version and its lab id."""
    with _looked_at(database) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        found: Any = connection.execute("SELECT id FROM lab").fetchone()
    return version, str(found and found[0])


def _foreign(database: Path, version: int) -> str:
    """Return in words what voicelab never put into a database; nothing where all of it is its."""
    with _looked_at(database) as connection:
        if not is_as_made(connection, version):
            return ": its tables are not those of a lab"
        for where, value in foreign_names(connection.execute):
            return f": {value[:60]!r} in {where} is no name that voicelab gives"
    return ""


@contextmanager
def _looked_at(database: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{database.as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection
