"""The only place that runs espeak-ng: one child process for each utterance."""

import functools
import io
import os
import subprocess
import sys
import tempfile
import unicodedata
import wave
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicelab.audio import effects, voice_file
from voicelab.audio.melody import UNKNOWN, Melody, measure
from voicelab.audio.parameters import VoiceParameters
from voicelab.audio.word_times import Marked, align, mark_pace
from voicelab.audio.word_times import Word as Word
from voicelab.errors import Unreachable, Unreadable, UsageError

CHILD = Path(__file__).with_name("espeak_child.py")
LIBRARY_VARIABLE = "VOICELAB_ESPEAK_LIBRARY"
DATA_VARIABLE = "VOICELAB_ESPEAK_DATA"
LONGEST_DATA_PATH = 150  # bytes; the engine cuts a longer one
SECONDS_PER_CHARACTER = 0.005  # ten times what was measured for the slowest voice
PROBE_SECONDS = 30.0
MELODY_CHARACTERS = 400  # enough of a text to know its melody
CLEAN_VOICE = (100, 50)  # base and width of its pitch range, Hz


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An espeak-ng that answered."""

    library: Path
    data: Path
    version: str
    source: str
    """"environment", "espeakng-loader" or "system"."""


@dataclass(frozen=True, kw_only=True)
class Speech:
    """What the engine said."""

    wav: bytes
    """A whole WAV file, 16-bit mono."""
    sr: int
    words: tuple[Word, ...]
    engine_version: str
    voice: str
    """The engine's language that spoke, as its data names it."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The child's answer, taken apart."""

    version: str
    data: Path
    sr: int
    pcm: bytes
    heard: tuple[tuple[int, ...], ...]
    """Words and pauses in order of time, as `word_times.align` takes them."""


def speak(text: str, parameters: VoiceParameters, *, timeout_s: float = 30.0) -> Speech:
    """Say a text with a voice of the local engine; blocking, and safe from many threads at once.

    The same text, parameters and engine version give the same bytes.

    Parameters
    ----------
    timeout_s
        Seconds after which the engine is killed; a long text has more, in proportion.

    Raises
    ------
    UsageError
        Nothing to say, an unknown language, or no engine.
    Unreadable
        The engine crashed, hung or gave no sound.
    """
    engine, language = check(text, parameters)
    marked = mark_pace(clean(text), parameters.sway_percent, seed=parameters.seed)
    timeout_s += SECONDS_PER_CHARACTER * len(text)
    melody = find_melody(engine, language, clean(text)[:MELODY_CHARACTERS], timeout_s)
    voice = voice_file.compose(language, parameters, melody)
    reply = render(engine, voice, marked, parameters, timeout_s)
    samples = np.frombuffer(reply.pcm, dtype="<i2")
    if not samples.any():
        raise Unreadable(f"The local engine gave no sound for {shortened(text)!r}.")
    return Speech(
        wav=to_wav(effects.apply(samples, parameters, sr=reply.sr), reply.sr),
        sr=reply.sr,
        words=tuple(align(text, marked, reply.heard, end_s=len(samples) / reply.sr)),
        engine_version=reply.version,
        voice=language.name,
    )


def check(text: str, parameters: VoiceParameters) -> tuple[Engine, Path]:
    """Find the engine and its language file for a text, or raise UsageError; nothing is spoken."""
    if not any(character.isalnum() for character in text):
        raise UsageError(
            f"The preview text {shortened(text)!r} has no letter and no digit to say. "
            "Write a sentence."
        )
    engine = find_engine()
    return engine, voice_file.find_language(parameters.voice, engine.data)


def find_engine() -> Engine:
    """Find an espeak-ng: the one named in the environment, else the package, else the system's.

    Raises
    ------
    UsageError
        There is none, or the one named does not work.
    """
    failures = []
    for source, library, data in candidates():
        try:
            reply = ask(library, data)
        except Unreadable as failure:
            failures.append(f"{source}: {failure}")
            continue
        folder = Path(data) if data else reply.data
        return Engine(library=Path(library), data=folder, version=reply.version, source=source)
    raise UsageError(
        'The local voice needs espeak-ng: pip install "voicelab[local]", '
        f"or apt-get install espeak-ng. {' '.join(failures)}".strip()
    )


def candidates() -> Iterator[tuple[str, str, str]]:
    """List where an engine may be, best first: source, library, data folder or "" for its own."""
    if library := os.environ.get(LIBRARY_VARIABLE):
        data = os.environ.get(DATA_VARIABLE, "")
        yield "environment", absolute(library), absolute(data)
        return
    if os.environ.get(DATA_VARIABLE):
        raise UsageError(f"{DATA_VARIABLE} is set; set {LIBRARY_VARIABLE} as well, or neither.")
    try:
        import espeakng_loader
    except ImportError:
        pass
    else:
        yield (
            "espeakng-loader",
            espeakng_loader.get_library_path(),
            str(Path(espeakng_loader.__file__).with_name("espeak-ng-data")),
        )
    if library := system_library():
        yield "system", library, ""


def absolute(path: str) -> str:
    """Make a path independent of the working folder; a bare name is left to the linker."""
    return str(Path(path).absolute()) if Path(path).name != path else path


@functools.cache
def system_library() -> str:
    """Look for an installed espeak-ng; slow on Linux, where it asks the linker."""
    return find_library("espeak-ng") or find_library("libespeak-ng") or ""


@functools.cache
def ask(library: str, data: str) -> Reply:
    """Ask a library for its version and data folder, in a child: a bad one may crash."""
    with tempfile.TemporaryDirectory(prefix="voicelab-") as folder:
        near = bring_near(data, folder) if data else ""
        return run_child([library, near, "", "0", "0", "0"], b"", PROBE_SECONDS, folder=folder)


def bring_near(data: str, folder: str) -> str:
    """Give the data folder by a name the engine does not cut: its own, or that of a link to it."""
    if len(os.fsencode(data)) <= LONGEST_DATA_PATH:
        return data
    try:
        Path(folder, "data").symlink_to(data, target_is_directory=True)
    except OSError as error:
        raise UsageError(
            f"The engine's data folder {data} has a longer name than the engine takes. Copy it to "
            f"a shorter one and name that in {DATA_VARIABLE}."
        ) from error
    return "data"


@functools.lru_cache(maxsize=1024)
def find_melody(engine: Engine, language: Path, text: str, timeout_s: float) -> Melody:
    """Say a text once with a clean voice, to find where in its range the engine speaks it."""
    base, width = CLEAN_VOICE
    clean_voice = VoiceParameters(f0_hz=base, range_st=0, tract_percent=100)
    voice = voice_file.compose(language, clean_voice, UNKNOWN)
    pitch = f"pitch {base + voice_file.BASE_OFFSET_HZ} {base + voice_file.BASE_OFFSET_HZ + width}\n"
    marked = mark_pace(text, 0, seed=0)
    reply = render(engine, voice + pitch.encode(), marked, clean_voice, timeout_s)
    samples = np.frombuffer(reply.pcm, dtype="<i2")
    return measure(samples, sr=reply.sr, base_hz=base, width_hz=width)


def render(
    engine: Engine, voice: bytes, marked: Marked, parameters: VoiceParameters, timeout_s: float
) -> Reply:
    """Say one text in a child, in a folder that exists as long as the child."""
    with tempfile.TemporaryDirectory(prefix="voicelab-") as folder:
        Path(folder, "voice").write_bytes(voice)
        near = bring_near(str(engine.data), folder)
        numbers = [str(parameters.rate_wpm), str(parameters.seed), str(int(marked.ssml))]
        arguments = [str(engine.library), near, "voice", *numbers]
        return run_child(arguments, marked.content.encode(), timeout_s, folder=folder)


def run_child(arguments: list[str], text: bytes, timeout_s: float, *, folder: str) -> Reply:
    """Run the child once, and kill it when its time is over."""
    command = [sys.executable, "-I", "-S", str(CHILD), *arguments, str(timeout_s + 5)]
    try:
        done = subprocess.run(
            command,
            input=text,
            cwd=folder,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,  # Ctrl-C is for the notebook, not for the engine
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise Unreadable(
            f"The local engine was stopped: no sound after {timeout_s:g} s for "
            f"{len(text)} bytes of text. Shorten the text or raise timeout_s."
        ) from None
    except OSError as error:
        raise Unreachable(f"The local engine could not be started: {error}.") from error
    if done.returncode != 0:
        raise Unreadable(f"The local engine failed: {reason(done)}.")
    return read_reply(done.stdout)


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Say why a child failed: its last line, or the signal that ended it."""
    lines = done.stderr.decode(errors="replace").split("\n")
    said = [line.strip().rstrip(".") for line in lines if line.strip()]
    return said[-1] if said else f"it ended with code {done.returncode}"


def read_reply(answer: bytes) -> Reply:
    """Take the child's answer apart, refusing one that was cut short."""
    head, found, rest = answer.partition(b"\npcm ")
    size, _, pcm = rest.partition(b"\n")
    if not found or int(size) != len(pcm):
        raise Unreadable(f"The local engine's answer was cut short after {len(answer)} bytes.")
    version, data, rate, *events = head.decode("utf-8", "surrogateescape").split("\n")
    return Reply(
        version=version,
        data=Path(data),
        sr=int(rate),
        pcm=pcm,
        heard=tuple(tuple(map(int, event.split())) for event in events),
    )


def clean(text: str) -> str:
    """Blank out what the engine would take for an end or a command, character for character."""
    return "".join(
        " " if unicodedata.category(c) in {"Cc", "Cs", "Co"} and c not in "\n\t" else c
        for c in text
    )


def to_wav(samples: NDArray[np.int16], sr: int) -> bytes:
    """Put 16-bit mono samples into a WAV file. [shape=(n,)]"""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sr)
        file.writeframes(samples.astype("<i2").tobytes())
    return buffer.getvalue()


def shortened(text: str) -> str:
    """Cut a text to what fits into a sentence."""
    return text if len(text) <= 40 else f"{text[:39]}…"
