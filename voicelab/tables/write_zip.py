"""The trial audio as one `.zip`: files with readable names, a list of them, a note with each."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from voicelab.measures import MEASURES
from voicelab.tables.made_with import made_with
from voicelab.tables.summary import finite
from voicelab.tables.write_audio import MANIFEST, write_audio_folder

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

_PRESSED = {".mp3", ".flac", ".ogg", ".opus"}
"""What another compression makes no smaller."""


def write(comparison: "Comparison", path: Path) -> None:
    """Write every trial's audio as it came, `manifest.json`, and a `.json` beside each file."""
    with TemporaryDirectory(dir=path.parent, prefix=".audio-") as made:
        folder = write_audio_folder(comparison, made)
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            archive.write(folder / MANIFEST, MANIFEST)
            for entry in manifest["trials"]:
                if entry["file"] is not None:
                    _add(archive, folder / entry["file"], _sidecar(comparison, manifest, entry))


def _add(archive: ZipFile, file: Path, sidecar: dict[str, Any]) -> None:
    pressed = file.suffix in _PRESSED
    archive.write(file, file.name, compress_type=ZIP_STORED if pressed else ZIP_DEFLATED)
    text = json.dumps(finite(sidecar), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    archive.writestr(f"{file.name}.json", text.encode("utf-8", errors="replace"))


def _sidecar(
    comparison: "Comparison", manifest: dict[str, Any], entry: dict[str, Any]
) -> dict[str, Any]:
    """Return what one file is, complete by itself: files are passed on without their manifest."""
    numbers = comparison.numbers.get(entry["sha256"] or "", {})
    return {
        "AI-generated speech": True,
        "vendor": entry["provider"],
        "answered_by": "an emulator, not the vendor"
        if entry["emulated"]
        else "the provider itself",
        "model": made_with(entry["evidence"], entry["options"]),
        "description": entry["prompt"],
        **{name: value for name, value in entry.items() if name not in {"AI-generated", "error"}},
        "measures": {
            name: {"value": numbers.get(name), "unit": measure.unit}
            for name, measure in MEASURES.items()
        },
        "made_by": manifest["made_by"],
        "exported_at": manifest["exported_at"],
    }
