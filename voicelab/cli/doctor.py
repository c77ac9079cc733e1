"""What is installed, what is missing, and the line that mends it."""

import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from voicelab.audio.description import read_description
from voicelab.audio.espeak import find_engine, speak
from voicelab.errors import VoiceLabError
from voicelab.providers import PROVIDERS


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    found: str
    needed: bool = True
    """Whether voicelab's main job fails without it."""


def examine() -> list[Finding]:
    """Look at everything; the slow part is speaking one sentence for real."""
    return [
        Finding(what="Python", ok=sys.version_info >= (3, 11), found=sys.version.split()[0]),
        *(_package(name, "core", needed=True) for name in _CORE),
        _tried("local engine", _engine, needed=False),
        *(_package(name, extra, needed=False) for name, extra in _EXTRAS),
        _tried("writable folder for temporary files", _temporary_folder),
        *(_credentials(name) for name in PROVIDERS if name != "local"),
    ]


_CORE = ("ipywidgets", "anywidget", "httpx", "pandas", "librosa", "matplotlib", "soundfile")
_EXTRAS = (
    ("jupyterlab", "lab"),
    ("pyarrow", "parquet"),
    ("starlette", "sandbox"),
    ("uvicorn", "sandbox"),
)


def _package(name: str, extra: str, *, needed: bool) -> Finding:
    try:
        return Finding(what=name, ok=True, found=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        target = "voicelab" if extra == "core" else f"voicelab[{extra}]"
        fix = f'missing; install it with: pip install "{target}"'
        return Finding(what=name, ok=False, found=fix, needed=needed)


def _tried(what: str, attempt: Callable[[], str], *, needed: bool = True) -> Finding:
    try:
        return Finding(what=what, ok=True, found=attempt())
    except (VoiceLabError, OSError) as error:
        return Finding(what=what, ok=False, found=str(error), needed=needed)


def _engine() -> str:
    engine = find_engine()
    reading = read_description("a calm voice", preview_text="All is well.")
    speech = speak("All is well.", reading.parameters)
    return f"espeak-ng {engine.version} from {engine.source}, spoke {len(speech.wav)} bytes"


def _temporary_folder() -> str:
    with tempfile.TemporaryDirectory(prefix="voicelab-") as folder:
        return f"{os.path.dirname(folder)}"  # noqa: PTH120 - shown as the system spells it


def _credentials(name: str) -> Finding:
    try:
        provider = PROVIDERS[name].from_env()
    except VoiceLabError as error:
        return Finding(what=f"provider {name}", ok=False, found=str(error), needed=False)
    where = "an emulator on this machine" if provider.emulated else provider.base_url
    return Finding(what=f"provider {name}", ok=True, found=f"credentials set, at {where}")
