"""The audio of a lab on disk: files named by the SHA-256 of their bytes, written whole."""

import hashlib
import os
import tempfile
from pathlib import Path

from voicelab.errors import StoreError, Unreadable

WRITING = ".writing-"
"""How the name of a file begins while it is being written; left by a process that was killed."""


class AudioFiles:
    """A folder of content-addressed audio files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, suffix: str) -> str:
        """Write `data` whole and durably; return its hash.

        The file appears under its name only when every byte is on the disk, so a file that is
        there is complete.

        Raises
        ------
        StoreError
            When it cannot be written: a full disk, a read-only folder.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest, suffix)
        try:
            if not path.exists():
                self.folder.mkdir(parents=True, exist_ok=True)
                _write_whole(path, data)
        except OSError as error:
            raise StoreError(
                f"the audio file {path} cannot be written ({error.strerror}). "
                "Free some space, or make the folder writable, then resume; what was kept "
                "before is there."
            ) from error
        return digest

    def path(self, digest: str, suffix: str) -> Path:
        """Return where the file of `digest` is."""
        return self.folder / f"{digest}{suffix}"

    def get(self, digest: str, suffix: str) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        Unreadable
            When the file is gone, or is no longer what its name says.
        """
        path = self.path(digest, suffix)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Unreadable(
                f"the audio file {path.name} cannot be read ({error.strerror}); "
                "restore it from a copy of the lab, or run the trial again."
            ) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise Unreadable(
                f"the audio file {path.name} was changed on disk: its content does not match "
                "its name. Restore it from a copy of the lab."
            )
        return data


def _write_whole(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=WRITING)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder are on the disk."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals the rename
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
