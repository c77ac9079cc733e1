"""A batch over every provider, killed at a hundred random points: nothing is paid twice or lost."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from fault_columns import COLUMNS, Recording, quick, recorded

from voicelab.emulators.base import Emulator
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference
from voicelab.providers.base import Provider

KILLS = 100
LONGEST_S = 0.3
"""A process lives so long at the most once it has begun, so that much is left for the next."""
ROWS = 38
"""Of eight providers: 304 trials."""
TIMES = {"latency_s", "created_at", "expires_at", "attempts"}
"""Columns in which a run that was killed may differ."""


def emulators() -> list[Emulator]:
    """Return every emulated vendor, with rates that hold nobody up."""
    return [
        MiniMaxEmulator(requests_per_minute=6000),
        DashScopeEmulator(requests_per_minute=6000, free_creates=0, review_s=0.0),
        TencentMpsEmulator(processing_s=0.1),
        TencentVodEmulator(waiting_s=0.05, processing_s=0.05),
        TencentTrtcEmulator(),
    ]


def providers(places: Mapping[str, str], recording: Recording) -> list[Provider]:
    """Return every provider, pointed at the emulators that are served at `places`."""
    made = {name: emulator for emulator in emulators() for name in emulator.registry_names()}
    return [
        column.provider(made[column.name], places[column.name], recording)
        for column in COLUMNS.values()
    ]


def batch(recording: Recording) -> Batch:
    reference = Reference(path=recording.path)
    rows = [
        PromptVariant(
            label=f"row {n}",
            prompt=f"A calm narrator, voice {n}.",
            preview_text="Good evening.",
            reference=reference,
        )
        for n in range(ROWS)
    ]
    names = ["local", *(column.name for column in COLUMNS.values())]
    return Batch(variants=rows, providers=names, experiment="kills")


@contextmanager
def opened(folder: Path, places: Mapping[str, str], recording: Recording) -> Iterator[Lab]:
    with quick(), Lab.open(folder, providers=providers(places, recording)) as lab:
        yield lab


def go_on(folder: Path, places: Mapping[str, str], recording: Recording) -> None:
    """Run the batch, or what is left of it: what the process does that is killed."""
    with opened(folder, places, recording) as lab:
        job = lab.run(batch(recording))
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        job.result()


NURSERY = """
import json, os, sys
from fault_columns import Recording
from pathlib import Path
import numpy as np
from test_hundred_kills import go_on
from voicelab.measures import measure

measure(np.zeros(8000), sr=16000)  # loads what it needs

folder, path, url, places = sys.argv[1:]
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        go_on(Path(folder), json.loads(places), Recording(path=Path(path), url=url))
        os._exit(0)
    print(pid, flush=True)
    print("killed" if os.WIFSIGNALED(os.waitpid(pid, 0)[1]) else "ended", flush=True)
"""
"""Has everything imported, and forks a process for every line it reads."""


def killed_a_hundred_times(
    folder: Path, places: Mapping[str, str], recording: Recording, chance: random.Random
) -> list[str]:
    """Kill the run at random points, over and over; return how each process came to its end."""
    arguments = [str(folder), str(recording.path), recording.url, json.dumps(places)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ends = []
    with subprocess.Popen(
        [sys.executable, "-c", NURSERY, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environ,
        text=True,
    ) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for _ in range(KILLS):
            print("fork", file=nursery.stdin, flush=True)
            said = {nursery.stdout.readline().strip(), nursery.stdout.readline().strip()}
            (pid,) = said - {"begun"}
            time.sleep(chance.uniform(0.0, LONGEST_S))
            os.kill(int(pid), signal.SIGKILL)
            ends.append(nursery.stdout.readline().strip())
        nursery.communicate()
    return ends


def paid(sandbox: Sandbox) -> Counter[tuple[str, bytes]]:
    """Count the calls that made something, by what was asked: every name is asked for once."""
    made: Counter[tuple[str, bytes]] = Counter()
    for emulator in {id(sandbox[c.name]): sandbox[c.name] for c in COLUMNS.values()}.values():
        for call in emulator.ledger.calls:
            design = call.endpoint == "design" and call.code is None and call.voice_id is not None
            if call.charged > 0 or design:
                made[call.endpoint, call.content] += 1
    return made


def in_ledger(lab: Lab) -> tuple[int, int]:
    """Count the paid requests that were carried out, and those that may have been; none of the
    latter is of a trial that is done."""
    done = {record.trial.id for record in lab.records() if record.state.value == "done"}
    asked = lab.ledger().query("spends")
    doubtful = asked[asked["state"] == "in doubt"]
    assert not doubtful["trial"].isin(done).any()
    return int(asked["state"].isin(["answered", "settled"]).sum()), len(doubtful)


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without times; a Qwen voice has the time of its making in its id."""
    kept = frame.drop(columns=[*TIMES, "evidence"])
    ids = kept["voice_id"].map(lambda text: re.sub(r"-voice-[0-9]{17}-", "-voice-", str(text)))
    return kept.assign(voice_id=ids).set_index("trial").sort_index()


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither SIGKILL nor fork")
@pytest.mark.timeout(900)
def test_a_batch_killed_a_hundred_times_ends_as_one_that_never_was(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    Lab.open(whole).close()
    shutil.copytree(whole, killed)  # the same lab, so that trials have the same names
    with recorded(tmp_path) as recording:
        with serve(emulators()) as sandbox, opened(whole, sandbox.base_url, recording) as lab:
            expected = lab.run(batch(recording)).result().frame
            assert expected["state"].eq("done").all()
        with serve(emulators()) as sandbox:
            places = sandbox.base_url
            ends = killed_a_hundred_times(killed, places, recording, random.Random(7))
            assert ends == ["killed"] * KILLS
            with opened(killed, places, recording) as lab:
                lab.resume().result()
                ended = Counter(record.state.value for record in lab.records())
                assert set(ended) == {"done", "in doubt"}, ended
                assert max(paid(sandbox).values()) == 1
                known, doubtful = in_ledger(lab)
                assert known <= sum(paid(sandbox).values()) <= known + doubtful
                for record in lab.records():
                    if record.state.value == "in doubt":
                        lab.resend(record.trial.id)
                frame = lab.resume().result().frame
                assert frame["state"].eq("done").all()
                assert max(paid(sandbox).values()) == 1
                once = [r.trial.id for r in lab.records() if not r.trial.resends]
                assert lab.check().left == ()
    same, other = (comparable(f).loc[sorted(once)] for f in (frame, expected))
    pd.testing.assert_frame_equal(same, other)
    for path in (killed / "audio").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
