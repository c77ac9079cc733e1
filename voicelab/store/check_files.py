"""The audio folder of a lab looked at: every file by its content, and files nobody names."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from voicelab.errors import StoreError, VoiceLabError
from voicelab.store.audio_files import WRITING
from voicelab.store.check_rows import RESTORE
from voicelab.store.finding import Finding, Reread
from voicelab.store.half_copied import what_is_missing
from voicelab.store.shapes import AUDIO_FILE
from voicelab.store.store import Store

SET_ASIDE = "damaged"
"""Folder in the audio folder for files whose content is no longer what their name says."""


def audio_findings(store: Store, reread: Reread, *, running: bool) -> Iterator[Finding]:
    """Yield missing, changed, unfinished and unnamed audio files.

    Parameters
    ----------
    reread
        Gives the voice of a trial once more from what is kept.
    running
        Whether a process runs trials now, which may be writing a file this moment.
    """
    folder = store.audio_files.folder
    named = {
        f"{row['hash']}{row['suffix']}": row["hash"]
        for row in store.database.rows("SELECT hash, suffix FROM clips")
    }
    if folder.exists() and not folder.is_dir():
        yield Finding(
            what="audio folder missing",
            where=str(folder),
            sentence=f"it is a file and no folder. Move it away, then check again. {RESTORE}",
        )
        return
    for name, digest in named.items():
        yield from _file_findings(store, reread, folder / name, digest)
    if not running:
        yield from _other_files(store, folder, named)


def _file_findings(store: Store, reread: Reread, path: Path, digest: str) -> Iterator[Finding]:
    try:
        if hashed(path) == digest:
            return
        what, found = "audio changed", "its content does not match its name."
    except FileNotFoundError:
        what, found = "audio missing", "it is not there."
    except OSError as error:
        what, found = "audio unreadable", f"it cannot be read ({error.strerror})."
    trials = [
        row["id"]
        for row in store.database.rows("SELECT id FROM trials WHERE clip_hash = ?", (digest,))
    ]
    of = f" It is the trial audio of {trials[0]}." if trials else " No trial has it."
    yield Finding(
        what=what,
        where=f"audio/{path.name}",
        sentence=f"{found}{of}" + ("" if trials else f" {RESTORE}"),
        mend=(lambda: _made_again(store, reread, path, digest, trials)) if trials else None,
    )


def _made_again(store: Store, reread: Reread, path: Path, digest: str, trials: list[str]) -> str:
    """Write a file anew, only ever with the very bytes its name promises."""
    reasons: dict[str, None] = {}
    for trial_id in trials:
        try:
            data = reread(trial_id).audio
        except VoiceLabError as error:
            reasons[str(error)] = None
            continue
        if hashlib.sha256(data).hexdigest() == digest:
            kept = ""
            if path.exists():
                kept = f" What was there is in audio/{SET_ASIDE}."
                aside = path.parent / SET_ASIDE
                aside.mkdir(exist_ok=True)
                path.replace(aside / path.name)
            store.audio_files.put(data, path.suffix)
            return f"made again, byte for byte, from what was kept.{kept}"
        reasons["what is made today is not the same, byte for byte."] = None
    raise StoreError(f"{' '.join(reasons)} {RESTORE}")


def _other_files(store: Store, folder: Path, named: dict[str, str]) -> Iterator[Finding]:
    files = [path for path in folder.glob("*") if path.is_file() and path.name not in named]
    half = [path for path in files if path.name.startswith(WRITING)]
    if half:
        yield Finding(
            what="unfinished files",
            where=f"audio/{half[0].name}{_more(half)}",
            sentence="left by a process that was killed while writing; nothing is in them that "
            "is not made again.",
            harmless=True,
            mend=lambda: _removed(half),
        )
    if orphans := [path for path in files if path not in half]:
        yield _orphans(store, folder, orphans)


def _orphans(store: Store, folder: Path, orphans: list[Path]) -> Finding:
    where = f"audio/{orphans[0].name}{_more(orphans)}"
    ours = [path.name for path in orphans if AUDIO_FILE.fullmatch(path.name)]
    if told := what_is_missing(store, ours):
        return Finding(what="lab half copied", where=where, sentence=told)
    return Finding(
        what="audio nobody names",
        where=where,
        sentence="no trial names it: a process was killed before it could, or someone put it "
        "there. It is left as it is; where a trial makes it again, it is used.",
        harmless=True,
    )


def _removed(paths: list[Path]) -> str:
    for path in paths:
        path.unlink(missing_ok=True)
    return f"{len(paths)} removed."


def _more(paths: list[Path]) -> str:
    return f" and {len(paths) - 1} more" if len(paths) > 1 else ""


def measure_findings(store: Store, version: int, measure: Callable[[], int]) -> Iterator[Finding]:
    """Yield how many clips have no numbers of this version of the measures."""
    row = store.database.row(
        "SELECT count(DISTINCT t.clip_hash) AS n FROM trials t WHERE t.clip_hash IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM measurements m WHERE m.clip_hash = t.clip_hash"
        " AND m.version = ?)",
        (version,),
    )
    if row is not None and row["n"]:
        yield Finding(
            what="not measured",
            where=f"{row['n']} clips",
            sentence="they have no numbers of today's measures; they are measured when shown.",
            harmless=True,
            mend=lambda: f"{measure()} clips are measured.",
        )


def hashed(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
