"""A vendor that is down, slow, throttled or answers nonsense holds up its own trials alone."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from vendor import Clockwork, ClockworkEmulator

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine.circuit import FAILURES, PAID_PROBES
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant

ALWAYS = 10_000


def batch(sandbox: Sandbox, rows: int = 12) -> Batch:
    clockwork = Clockwork(base_url=sandbox.base_url["clockwork"])
    variants = tuple(
        PromptVariant(label=f"row {n}", prompt="a deep voice", preview_text=f"Number {n}.")
        for n in range(rows)
    )
    return Batch(variants=variants, providers=["local", "minimax", clockwork])


def states(lab: Lab, provider: str) -> Counter[str]:
    return Counter(r.state.value for r in lab.records() if r.trial.provider == provider)


@pytest.mark.parametrize(
    ("fault", "ends"),
    [
        (Fault(status=503, body=b"<html>"), "in doubt"),
        (Fault(hang_up=True), "in doubt"),
        (Fault(body=b"\x00garbage"), "failed"),
        (Fault(code=1002, message="rate limit"), None),
    ],
    ids=["down", "hangs up", "garbage", "throttled to zero"],
)
def test_a_vendor_in_trouble_is_left_alone_soon_and_the_others_finish(
    lab: Lab, sandbox: Sandbox, fault: Fault, ends: str | None
) -> None:
    sandbox["minimax"].faults.add("design", fault, times=ALWAYS)
    lab.run(batch(sandbox)).result()
    assert states(lab, "local") == states(lab, "clockwork") == {"done": 12}
    mine = states(lab, "minimax")
    assert mine["queued"] == 12 - (mine[ends] if ends else 0)
    if ends:  # each of these may have been paid: there are few, and no more by waiting
        assert FAILURES <= mine[ends] <= FAILURES + PAID_PROBES + 4
    assert "left for the next run" in lab.conditions["minimax"]
    held = [r for r in lab.records() if r.state.value == "queued"]
    assert {r.error_kind for r in held} <= {"Unreachable", "Throttled"}
    assert all((r.error or "").startswith("minimax is left for the next run") for r in held)
    with pytest.raises(UsageError, match="is queued, not in doubt"):
        lab.resend(held[0].trial.id)
    sandbox["minimax"].faults.clear()
    lab.resume().result()
    assert states(lab, "minimax")["queued"] == 0


def test_two_vendors_that_are_away_do_not_wait_for_each_other(lab: Lab, sandbox: Sandbox) -> None:
    for name, endpoint in (("minimax", "design"), ("clockwork", "submit")):
        throttled = Fault(status=429, body=b"later")
        sandbox[name].faults.add(endpoint, throttled, times=ALWAYS)
    lab.run(batch(sandbox)).result(timeout_s=120)
    assert states(lab, "local") == {"done": 12}
    assert states(lab, "minimax") == states(lab, "clockwork") == {"queued": 12}
    assert set(lab.conditions) >= {"minimax", "clockwork"}


def test_a_trial_in_doubt_keeps_its_own_words_while_its_vendor_is_away(
    lab: Lab, sandbox: Sandbox
) -> None:
    clockwork = sandbox["clockwork"]
    clockwork.faults.add("submit", Fault(hang_up=True), times=2)
    clockwork.faults.add("voices", Fault(hang_up=True), times=ALWAYS)
    lab.run(batch(sandbox, 2)).result()
    before = {r.trial.id: r.error for r in lab.records() if r.state.value == "in doubt"}
    assert len(before) == 2
    lab.resume().result()
    after = {r.trial.id: r.error for r in lab.records() if r.state.value == "in doubt"}
    assert before == after
    assert all("no answer came" in (error or "") for error in after.values())


def test_a_slow_vendor_holds_up_its_own_trials_alone(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=1.0), times=4)
    lab.run(batch(sandbox, 4)).result()
    assert all(states(lab, name) == {"done": 4} for name in ("local", "minimax", "clockwork"))
    ended = sorted((r.finished_at, r.trial.provider) for r in lab.records() if r.finished_at)
    assert [name for _, name in ended[-4:]] == ["minimax"] * 4


ASLEEP = """
import sys
from pathlib import Path
from fault_columns import quick
from vendor import Clockwork
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant

folder, url = sys.argv[1:]
rows = [PromptVariant(label=str(n), prompt="a voice", preview_text=f"{n}.") for n in range(4)]
with quick(), Lab.open(folder) as lab:
    lab.run(Batch(variants=rows, providers=[Clockwork(base_url=url)])).result()
    print(sum(record.state == "done" for record in lab.records()))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process and let it go on")
def test_a_machine_that_slept_for_an_hour_with_tasks_pending_goes_on(tmp_path: Path) -> None:
    emulator = ClockworkEmulator(polls=30)
    with serve([emulator]) as sandbox:
        url = sandbox.base_url["clockwork"]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        child = subprocess.Popen(
            [sys.executable, "-c", ASLEEP, str(tmp_path), url],
            env=environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        while len(emulator.ledger.of("poll")) < 8:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGSTOP)
        emulator.advance(3600)
        emulator.faults.add("poll", Fault(hang_up=True), times=2)  # the lines are dead after it
        time.sleep(0.5)
        child.send_signal(signal.SIGCONT)
        said, _ = child.communicate(timeout=120)
    assert said.strip() == "4"
    assert len(emulator.ledger.of("submit")) == 4
