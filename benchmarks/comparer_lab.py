"""What the comparer is measured on: a lab of clips, made once, and the notebooks that show them."""

import hashlib
import io
import json
import shutil
import sqlite3
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

CLIPS = 200
CLIP_S = 6.0
SR = 24_000
RAMPS = 8
RAMP_END = 0.9
MANY = {"two_thousand": 2_000, "ten_thousand": 10_000}
"""Experiments of so many trials; they share the clips."""

PLAIN = """
import librosa, librosa.display, matplotlib.pyplot as plt, numpy as np, soundfile
from IPython.display import Audio, display
from pathlib import Path
def show(path):
    y, sr = soundfile.read(path, dtype="float32")
    display(Audio(y, rate=sr))
    power = librosa.feature.melspectrogram(y=y, sr=sr)
    level = librosa.power_to_db(power, ref=np.max)
    librosa.display.specshow(level, sr=sr, x_axis="time", y_axis="mel")
    plt.show()
paths = sorted(Path("clips").glob("*.wav"))
show(paths[0])
"""
OURS = """
import voicelab as vl
lab = vl.Lab.open("lab")
lab.audition("warm")
"""


def speech(seed: int) -> bytes:
    """Return 6 s of syllables with a gliding pitch and some breath: no two seeds alike."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(CLIP_S * SR)) / SR
    f0 = (90 + 13 * (seed % 11)) * (1 + 0.15 * np.sin(2 * np.pi * 0.7 * t + seed))
    phase = 2 * np.pi * np.cumsum(f0) / SR
    tone = sum(np.sin(k * phase) / k**1.2 for k in range(1, 18))
    syllables = np.clip(np.sin(2 * np.pi * (2 + seed % 3) * t + rng.random()), 0, None) ** 0.7
    breath = 0.1 * rng.standard_normal(t.size)
    return wav(0.08 * syllables * (tone + breath) + 0.001 * rng.standard_normal(t.size))


def ramp(seed: int) -> bytes:
    """Return 6 s that rise in a line: each sample says where in the clip it is."""
    y = np.linspace(0, RAMP_END, int(CLIP_S * SR), endpoint=False)
    y[-1 - seed] -= 1 / 32767  # so that no two are one clip
    return wav(y)


def wav(y: Any) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SR)
        file.writeframes(np.rint(np.clip(y, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def prepare(root: Path) -> None:
    """Make the lab, the clips and the notebooks in `root`, or copy those of an earlier run."""
    from voicelab.measures import VERSION
    from voicelab.store.schema import MIGRATIONS

    made_by = f"{VERSION} {MIGRATIONS} {Path(__file__).read_text()}"
    digest = hashlib.sha256(made_by.encode()).hexdigest()[:12]
    kept = Path(tempfile.gettempdir()) / f"voicelab-benchmark-{digest}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            make(Path(folder) / "made")
            (Path(folder) / "made").rename(kept)
    shutil.copytree(kept, root)


def make(root: Path) -> None:
    """Make all of it."""
    import voicelab as vl
    from voicelab.model import Batch, PromptVariant

    (root / "clips").mkdir(parents=True)
    sounds = {"clips": [speech(n) for n in range(CLIPS)], "warm": [speech(CLIPS)]}
    sounds["ramps"] = [ramp(n) for n in range(RAMPS)]
    for n, data in enumerate(sounds["clips"]):
        (root / "clips" / f"{n:03}.wav").write_bytes(data)
    with vl.Lab.open(root / "lab", providers=[(recorded := recorded_provider(sounds))]) as lab:
        for name, made in sounds.items():
            rows = [
                PromptVariant(
                    label=f"{name} {n}",
                    prompt=f"a calm, deep narrator number {n}",
                    # ramps have no words in common that they could be aligned by
                    preview_text=f"Number {n}." if name == "ramps" else "The old bell struck.",
                )
                for n in range(len(made))
            ]
            batch = Batch(variants=tuple(rows), providers=(recorded,), experiment=name)
            lab.run(batch).result()
        assert all(record.state == "done" for record in lab.records())
    for name, trials in MANY.items():
        multiply(root / "lab" / "lab.db", name, trials)
    notebook(root / "plain.ipynb", PLAIN, "for path in paths: show(path)")
    notebook(root / "ours.ipynb", OURS, 'lab.audition("clips")')
    for name in ("ramps", *MANY):
        notebook(root / f"{name}.ipynb", OURS, f'lab.audition("{name}")')


def recorded_provider(sounds: dict[str, list[bytes]]) -> Any:
    from voicelab.model import Trial, Voice
    from voicelab.providers.base import Limits, Provider, Send

    @dataclass(frozen=True, kw_only=True)
    class Recorded(Provider):
        """Answers at once, with a clip that is there already."""

        name: ClassVar[str] = "recorded"
        published: ClassVar[Limits] = Limits(parallel=4, typical_s=0.1, free=True)

        @classmethod
        def from_env(cls) -> "Recorded":
            raise NotImplementedError

        async def submit(self, trial: Trial, send: Send) -> Voice:
            name, n = trial.variant.label.split()
            return Voice(voice_id=trial.name, audio=sounds[name][int(n)])

    return Recorded()


def multiply(path: Path, name: str, trials: int) -> None:
    """Add an experiment of so many trials, done, over the clips that are there."""
    with sqlite3.connect(path) as db:
        copy(db, "batches", "batches WHERE experiment = 'clips'", id=":name", experiment=":name",
             values={"name": name})  # fmt: skip
        copy(
            db,
            "trials",
            "numbers JOIN trials ON idx = n % :clips AND batch_id ="
            " (SELECT id FROM batches WHERE experiment = 'clips')",
            id="printf('vl%07x%07x', :trials, n)",
            batch_id=":name",
            idx="n",
            variant="json_set(variant, '$.label', 'row ' || n)",
            values={"name": name, "trials": trials, "clips": CLIPS},
        )
    db.close()


def copy(
    db: sqlite3.Connection, table: str, source: str, *, values: dict[str, Any], **given: str
) -> None:
    """Insert rows of `source` into a table again, with other values in some columns."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    chosen = ", ".join(given.get(column, column) for column in columns)
    numbers = (
        "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
        " WHERE n < :trials - 1) "
        if "numbers" in source
        else ""
    )
    db.execute(f"INSERT INTO {table} {numbers}SELECT {chosen} FROM {source}", values)


def notebook(path: Path, *cells: str) -> None:
    """Write a notebook of code cells."""
    code = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps(
            {
                "cells": [
                    {**code, "id": f"c{n}", "source": s.strip()} for n, s in enumerate(cells)
                ],
                "metadata": {"kernelspec": kernel},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
