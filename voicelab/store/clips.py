"""The trial audio of a lab: its files, what is known of each, and the numbers measured on it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.errors import StoreError, UsageError
from voicelab.store.audio_files import AudioFiles
from voicelab.store.database import Database
from voicelab.store.numbers import NumbersTable, packed
from voicelab.store.records import to_json

FEW = 5000
"""Up to so many clips are looked up one by one; for more the whole table is read."""
_MEASURE_NAMES = "SELECT names FROM measure_names WHERE version = ?"


@dataclass(frozen=True, kw_only=True)
class ClipRow:
    """What is known of one audio file without opening it."""

    hash: str
    suffix: str
    format: str
    pcm_rate: int | None
    bytes: int
    sr: int
    channels: int
    duration_s: float
    notes: tuple[str, ...] = ()


class Clips:
    """Every clip of a lab, by the hash of its bytes."""

    def __init__(self, database: Database, files: AudioFiles) -> None:
        self._database = database
        self._files = files

    def add(self, data: bytes, **fields: Any) -> ClipRow:
        """Write trial audio to disk, then the row that names it."""
        clip = ClipRow(hash=self._files.put(data, fields["suffix"]), bytes=len(data), **fields)
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO clips VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    clip.hash,
                    clip.suffix,
                    clip.format,
                    clip.pcm_rate,
                    clip.bytes,
                    clip.sr,
                    clip.channels,
                    clip.duration_s,
                    to_json(clip.notes),
                ),
            )
        return clip

    def row(self, digest: str) -> ClipRow:
        """Return what is known of a clip."""
        row = self._database.row("SELECT * FROM clips WHERE hash = ?", (digest,))
        if row is None:
            raise UsageError(f"this lab has no clip {digest[:12]}….")
        return ClipRow(**{**dict(row), "notes": tuple(json.loads(row["notes"]))})

    def audio(self, digest: str) -> bytes:
        """Return trial audio as it came; raise `Unreadable` when the file is gone or changed."""
        return self._files.get(digest, self.row(digest).suffix)

    def numbers(self, version: int, clips: Collection[str] | None = None) -> NumbersTable:
        """Return the numbers of one version of the measures, of these clips or all, by clip hash.

        Raises
        ------
        StoreError
            When they cannot be read.
        """
        few = [*clips] if clips is not None and len(clips) <= FEW else None
        wanted = "" if few is None else " AND clip_hash IN (SELECT value FROM json_each(:clips))"
        found = self._database.columns(
            f"SELECT clip_hash, numbers FROM measurements WHERE version = :version{wanted}",
            {"version": version, "clips": json.dumps(few)},
        )
        row = self._database.row(_MEASURE_NAMES, (version,))
        try:
            names = json.loads(row["names"]) if row else []
            return NumbersTable.unpacked(found["clip_hash"], names, found["numbers"])
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"measured numbers cannot be read ({error}). Look with `voicelab check`."
            ) from error

    def save_numbers(self, digest: str, version: int, numbers: Mapping[str, float | None]) -> None:
        """Keep the numbers measured on a clip."""
        with self._database.write(derived=True) as connection:
            row = connection.execute(_MEASURE_NAMES, (version,)).fetchone()
            known = json.loads(row["names"]) if row else []
            names = [*known, *(name for name in numbers if name not in known)]
            if names != known:
                connection.execute(
                    "INSERT OR REPLACE INTO measure_names VALUES (?, ?)", (version, to_json(names))
                )
            connection.execute(
                "INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)",
                (digest, version, packed(numbers, names)),
            )
