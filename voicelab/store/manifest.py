"""What an archive says of itself, read from a file that may come from anyone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from voicelab.errors import UsageError
from voicelab.store.lab_folder import DATABASE
from voicelab.store.schema import MIGRATIONS
from voicelab.store.shapes import AUDIO_FILE, DIGEST

MANIFEST = "voicelab.json"
AUDIO = "audio/"
MAX_MANIFEST_BYTES = 64 * 2**20
MAX_AUDIO_BYTES = 64 * 2**20
"""No trial audio is that large."""
MAX_RATIO = 250
"""How much smaller than itself a lab's database may be packed; a bomb is a thousandth."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an archive holds."""

    lab: str
    """The id of the lab."""
    store_version: int
    files: Mapping[str, tuple[str, int]]
    """SHA-256 and size in bytes of every file, by name."""

    @property
    def bytes(self) -> int:
        """The size of everything, unpacked."""
        return sum(size for _, size in self.files.values())


def checked(path: Path, zipped: ZipFile) -> Manifest:
    """Return the manifest of an archive whose list of files agrees with it.

    Raises
    ------
    UsageError
        When it is no archive of this voicelab, or holds anything a lab does not.
    """
    manifest = _read(path, zipped)
    if manifest.store_version > len(MIGRATIONS):
        raise UsageError(
            f"the archive {path} has store version {manifest.store_version}; this voicelab reads "
            f"up to {len(MIGRATIONS)}. Update voicelab: pip install -U voicelab"
        )
    names = sorted(info.filename for info in zipped.infolist())
    if names != sorted([MANIFEST, *manifest.files]):
        raise _wrong(path, "its files are not those its manifest names")
    for info in zipped.infolist():
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED} or info.flag_bits & 1:
            raise _wrong(path, f"{info.filename!r} is packed in a way voicelab never packs")
        if info.filename != MANIFEST:
            _require_sane(path, info.filename, manifest, info.file_size, info.compress_size)
    return manifest


def _require_sane(path: Path, name: str, manifest: Manifest, size: int, packed: int) -> None:
    digest, promised = manifest.files[name]
    if name != DATABASE:
        named = AUDIO_FILE.fullmatch(name.removeprefix(AUDIO)) if name.startswith(AUDIO) else None
        if named is None or named[1] != digest:
            raise _wrong(path, f"{name[:100]!r} is no name of a lab's file")
        if promised > MAX_AUDIO_BYTES:
            raise _wrong(
                path, f"{name} would be {promised >> 20} MiB; no trial audio is that large"
            )
    elif size > max(packed, 1) * MAX_RATIO:
        raise _wrong(path, f"{name} is packed {size // max(packed, 1)} times smaller than it is")
    if size != promised:
        raise _wrong(path, f"{name} is not as large as its manifest says")


def _read(path: Path, zipped: ZipFile) -> Manifest:
    if MANIFEST not in zipped.namelist():
        raise _wrong(path, f"it has no {MANIFEST}")
    if zipped.getinfo(MANIFEST).file_size > MAX_MANIFEST_BYTES:
        raise _wrong(path, f"its {MANIFEST} is absurdly large")
    try:
        found = json.loads(zipped.read(MANIFEST))
        return Manifest(
            lab=_is(str, found["lab"]),
            store_version=_is(int, found["store_version"]),
            files={name: _file(about) for name, about in _is(dict, found["files"]).items()},
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _wrong(path, f"its {MANIFEST} cannot be read") from None


def _file(about: Any) -> tuple[str, int]:
    digest, size = _is(str, about["sha256"]), _is(int, about["bytes"])
    if DIGEST.fullmatch(digest) is None or size < 0:
        raise ValueError(digest)
    return digest, size


def _is(kind: type, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind)
    return value


def _wrong(path: Path, what: str) -> UsageError:
    return UsageError(f"{path} is no archive of a lab: {what}. Nothing was restored.")
