"""A process killed while every provider is asked: what the next one makes of it, and pays."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fault_cells import told
from fault_columns import COLUMNS, Column, quick, recorded, sold

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab

TABLE = """
at      minimax   cosyvoice qwen      mps       vod       vod-design trtc
make    doubt:1   found:1   found:1   done:1    done:1    done:1     doubt:1
then    -         -         -         -         -         -          doubt:2
poll    -         -         -         done:1    done:1    done:1     -
fetch   -         -         -         done:1    done:1    done:1     -
"""
"""The step under way when the process died; how the trial stands after `resume`, and what was paid.

Of a lost paid request MPS and VOD show the voice or the task, so the trial is done; DashScope
shows the voice without its trial audio, so a person is told; MiniMax and TRTC show nothing.
"""
CHILD = """
import sys
from pathlib import Path
from fault_columns import COLUMNS, Recording, one_trial_each, quick
from voicelab.lab import Lab

folder, path, url, *served = sys.argv[1:]
recording = Recording(path=Path(path), url=url)
places = dict(place.split("=", 1) for place in served)
columns = {name: COLUMNS[name] for name in places}
providers = [c.provider(c.emulator(), places[name], recording) for name, c in columns.items()]
with quick(), Lab.open(folder, providers=providers) as lab:
    lab.run(one_trial_each(columns, recording)).result()
"""
HELD_S = 300.0
"""Longer than a test lasts."""

HEADER, *ROWS = (line.split() for line in TABLE.strip().splitlines())


def _killed_at(
    step: str, columns: Mapping[str, Column], served: Mapping[str, Sandbox], arguments: list[str]
) -> None:
    """Run one trial for each provider in a process of its own, and kill it in the middle."""
    held: set[str] = set()
    for name, column in columns.items():
        fault = Fault(delay_s=HELD_S, damage=partial(_answered, held, name))
        served[name][column.name].faults.add(column.endpoints[step], fault)
    places = [f"{name}={served[name].base_url[column.name]}" for name, column in columns.items()]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen([sys.executable, "-c", CHILD, *arguments, *places], env=environ)
    try:
        while not all(
            name in held or (step == "fetch" and served[name][column.name].ledger.of("fetch"))
            for name, column in columns.items()
        ):
            assert child.poll() is None
            time.sleep(0.02)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def _answered(held: set[str], name: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Note that the work is done, and the answer only held back."""
    held.add(name)
    return answer


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(
    ("step", "cells"), [(row[0], row[1:]) for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_was_under_way_when_the_process_was_killed_is_looked_for_and_never_paid_again(
    step: str, cells: list[str], tmp_path: Path
) -> None:
    expected = {name: cell for name, cell in zip(HEADER[1:], cells, strict=True) if cell != "-"}
    columns = {name: COLUMNS[name] for name in expected}
    with ExitStack() as stack:
        recording = stack.enter_context(recorded(tmp_path))
        served = {n: stack.enter_context(serve([c.emulator()])) for n, c in columns.items()}
        folder = str(tmp_path / "lab")
        _killed_at(step, columns, served, [folder, str(recording.path), recording.url])

        stack.enter_context(quick())
        providers = [
            column.provider(served[n][column.name], served[n].base_url[column.name], recording)
            for n, column in columns.items()
        ]
        lab = stack.enter_context(Lab.open(folder, providers=providers))
        for _ in ("once", "and again, which changes nothing"):
            lab.resume().result()
            states = {record.trial.provider: told(record) for record in lab.records()}
            paid = {
                n: sum(sold(c, served[n][c.name], endpoint) for endpoint in c.paid)
                for n, c in columns.items()
            }
            assert {n: f"{states[c.name]}:{paid[n]}" for n, c in columns.items()} == expected
