"""The trial audio as a folder of files with names people can read, and a list of what they are."""

import json
import re
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from voicelab.audio.clip import SUFFIXES, sniff
from voicelab.errors import TrialError, UsageError
from voicelab.model import TrialRecord, source_text
from voicelab.tables.summary import finite, provenance
from voicelab.tables.text import one_line

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

MANIFEST = "manifest.json"

_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\ufffd]+')
_LONGEST_LABEL = 100
"""Bytes; the whole name then fits every file system."""


def write_audio_folder(comparison: "Comparison", folder: str | Path) -> Path:
    """Write every trial's audio as it came, and `manifest.json`, into `folder`.

    Headerless samples become WAV, sample for sample. What an earlier export left in the folder is
    replaced; other files stay.

    Raises
    ------
    UsageError
        When the folder cannot be written, or holds the manifest of another program.
    """
    folder = Path(folder).expanduser()
    earlier = _earlier(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".writing-") as made:
            _write(comparison, Path(made))
            for file in earlier:
                file.unlink()
            for file in sorted(Path(made).iterdir()):
                file.replace(folder / file.name)
    except OSError as error:
        raise UsageError(
            f"the audio folder {folder} cannot be written ({error.strerror or error}); "
            "choose another place."
        ) from error
    return folder


def _earlier(folder: Path) -> list[Path]:
    """Return the files of the folder that the manifest of an earlier export names."""
    manifest = folder / MANIFEST
    try:
        found = json.loads(manifest.read_text("utf-8"))
        names = {str(trial["file"]) for trial in found["trials"]}
        ours = str(found["made_by"]).startswith("voicelab ")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise UsageError(
            f"{manifest} is not a manifest of voicelab; choose another folder for the audio."
        )
    return [file for file in folder.iterdir() if file.name in names and file.is_file()]


def _write(comparison: "Comparison", folder: Path) -> None:
    digits = max(2, len(str(len(comparison))))
    trials = [
        _entry(comparison, record, folder, f"{nth:0{digits}}")
        for nth, record in enumerate(comparison.records, start=1)
    ]
    origin = provenance(comparison)
    manifest = {
        "AI-generated": True,
        **{key: origin[key] for key in ("title", "notice", "made_by", "exported_at")},
        "trials": trials,
    }
    text = json.dumps(finite(manifest), ensure_ascii=False, indent=2, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="replace")


def _entry(
    comparison: "Comparison", record: TrialRecord, folder: Path, number: str
) -> dict[str, Any]:
    name, error = None, record.error
    if record.clip_hash is not None:
        try:
            suffix, data = _file(comparison, record.trial.id)
            name = f"{number} {file_stem(record)}{suffix}"
            (folder / name).write_bytes(data)
        except TrialError as unreadable:
            error = str(unreadable)
    return {"file": name, "AI-generated": True, **_about(record), "error": error}


def _file(comparison: "Comparison", trial_id: str) -> tuple[str, bytes]:
    data = comparison.original(trial_id)
    format = sniff(data)
    if format is None:
        return ".wav", comparison.audio(trial_id, format="wav")
    return SUFFIXES[format], data


def file_stem(record: TrialRecord) -> str:
    """Return what a trial is called as a file, on any system."""
    trial = record.trial
    label = _safe(trial.variant.label)
    source = source_text(_safe(trial.provider), emulated=record.emulated)
    return f"{label} - {source} - take {trial.take}"


def _safe(text: str) -> str:
    """Return `text` as part of a file name on any system."""
    named = unicodedata.normalize("NFC", _NOT_IN_NAMES.sub("_", one_line(text)))
    return named.encode()[:_LONGEST_LABEL].decode("utf-8", errors="ignore").strip()


def _about(record: TrialRecord) -> dict[str, Any]:
    trial, variant = record.trial, record.trial.variant
    return {
        "trial": trial.id,
        "label": variant.label,
        "provider": trial.provider,
        "emulated": record.emulated,
        "take": trial.take,
        "state": record.state.value,
        "experiment": record.experiment,
        "prompt": variant.prompt,
        "variables": dict(variant.variables),
        "preview_text": variant.preview_text,
        "language": variant.language,
        "options": dict(trial.options),
        "evidence": dict(record.evidence),
        "voice_id": record.voice_id,
        "expires_at": record.expires_at.isoformat() if record.expires_at else None,
        "date": (record.finished_at or record.created_at).isoformat(),
        "sha256": record.clip_hash,
    }
