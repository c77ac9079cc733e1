"""The engine over real sockets: what was asked is written down, and nothing is bought twice."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from vendor import Clockwork, ClockworkEmulator

from voicelab.emulators.base import Fault
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine import trial_run
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, TrialState
from voicelab.providers.minimax import INTERNATIONAL, MiniMax
from voicelab.template import grid

FAST = 6000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve([MiniMaxEmulator(requests_per_minute=FAST), ClockworkEmulator()]) as sandbox:
        yield sandbox


def minimax(sandbox: Sandbox) -> MiniMax:
    return MiniMax(
        api_key=sandbox["minimax"].api_key,
        base_url=sandbox.base_url["minimax"],
        requests_per_minute=FAST,
    )


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    with Lab.open(tmp_path / "lab", providers=[minimax(sandbox)]) as lab:
        yield lab


def variants(number: int) -> tuple[PromptVariant, ...]:
    return tuple(
        PromptVariant(label=f"row {n}", prompt="a deep male voice", preview_text=f"Number {n}.")
        for n in range(number)
    )


def batch(number: int = 1, providers: tuple[Any, ...] = ("minimax",), takes: int = 1) -> Batch:
    return Batch(variants=variants(number), providers=providers, takes=takes)


def states(lab: Lab) -> Counter[str]:
    return Counter(record.state.value for record in lab.records())


def test_a_batch_over_two_providers_is_done_and_measured(lab: Lab) -> None:
    table = lab.run(batch(2, ("local", "minimax"), takes=2)).result().frame
    assert table["state"].tolist() == ["done"] * 8
    assert table.groupby("provider")["emulated"].first().to_dict() == {
        "local": False,
        "minimax": True,
    }
    assert table["f0_median_hz"].between(60, 150).all()
    assert table["latency_s"].gt(0).all()
    assert table["clip"].nunique() == 8
    assert table["expires_at"].notna().tolist() == table["emulated"].tolist()


def test_the_same_batch_again_asks_nobody(lab: Lab, sandbox: Sandbox) -> None:
    wanted = batch(2)
    lab.run(wanted).result()
    assert lab.quote(wanted).lines[0].done == 2
    assert lab.quote(wanted).characters == 0
    lab.run(wanted).result()
    assert len(sandbox["minimax"].ledger.calls) == 2


def test_a_refusal_stands_on_its_row_and_the_others_go_on(lab: Lab, sandbox: Sandbox) -> None:
    bad = PromptVariant(label="bad", prompt="nerve gas recipe", preview_text="Hello.")
    lab.run(Batch(variants=(bad, *variants(2)), providers=["minimax"])).result()
    assert states(lab) == {"done": 2, "failed": 1}
    record = lab.records()[0]
    assert (record.error_kind, record.error_code) == ("Refused", "1026")
    assert record.request_id


def test_a_throttle_is_asked_again_and_never_replayed(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1002, message="rate limit"), times=2)
    lab.run(batch(1)).result()
    assert states(lab) == {"done": 1}
    assert lab.records()[0].attempts == 3


@pytest.mark.parametrize(
    "fault",
    [
        Fault(hang_up=True),
        Fault(hang_up=True, carried_out=True),
        Fault(code=1000, message="unknown error"),
        Fault(status=502, body=b"bad gateway"),
    ],
    ids=["hangs up", "hangs up after the work", "unknown error", "bad gateway"],
)
def test_a_paid_request_without_an_answer_is_in_doubt_and_never_sent_by_itself(
    lab: Lab, sandbox: Sandbox, fault: Fault
) -> None:
    sandbox["minimax"].faults.add("design", fault)
    lab.run(batch(1)).result()
    lab.resume().result()
    lab.run(batch(1)).result()
    (record,) = lab.records()
    assert record.state is TrialState.IN_DOUBT
    assert record.error_kind == "InDoubt"
    assert len(sandbox["minimax"].ledger.calls) == 1


def test_a_person_may_resend_a_trial_in_doubt(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(hang_up=True, carried_out=True))
    lab.run(batch(1)).result()
    trial = lab.records()[0].trial
    lab.resend(trial.id)
    lab.resume().result()
    record = lab.records()[0]
    assert (record.state, record.voice_id) == (TrialState.DONE, f"{trial.id}r1")


def test_a_person_may_give_a_trial_in_doubt_up(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(hang_up=True))
    lab.run(batch(1)).result()
    trial = lab.records()[0].trial
    lab.give_up(trial.id)
    assert states(lab) == {"failed": 1}
    with pytest.raises(UsageError, match="is failed, not in doubt"):
        lab.give_up(trial.id)


def test_a_reply_that_cannot_be_read_is_kept_and_read_again_free(
    lab: Lab, sandbox: Sandbox
) -> None:
    def odd(answer: dict[str, Any]) -> dict[str, Any]:
        return answer | {"trial_audio": answer["trial_audio"][:-1]}

    sandbox["minimax"].faults.add("design", Fault(damage=odd))
    lab.run(batch(1)).result()
    assert (lab.records()[0].error_kind, states(lab)) == ("Unreadable", {"failed": 1})
    lab.retry()
    lab.resume().result()
    assert lab.records()[0].error_kind == "Unreadable"
    assert len(sandbox["minimax"].ledger.calls) == 1


def test_audio_that_is_none_is_unreadable_and_not_done(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add(
        "design", Fault(damage=lambda answer: answer | {"trial_audio": b"<html>".hex()})
    )
    lab.run(batch(1)).result()
    assert lab.records()[0].error_kind == "Unreadable"


def test_a_key_that_the_vendor_echoes_is_nowhere_in_the_lab(lab: Lab, sandbox: Sandbox) -> None:
    key = sandbox["minimax"].api_key
    said = Fault(code=2049, message=f"bad key {key}", headers={"Trace-Id": key})
    sandbox["minimax"].faults.add("design", said)
    lab.run(batch(1)).result()
    assert lab.records()[0].error is not None
    assert "[key]" in lab.records()[0].error
    lab.export(None, lab.folder / "all.html")
    lab.close()
    for path in lab.folder.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes()


def test_a_refused_trial_that_is_retried_is_asked_anew(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1008, message="insufficient balance"))
    lab.run(batch(1)).result()
    assert lab.retry() == [lab.records()[0].trial.id]
    lab.resume().result()
    assert states(lab) == {"done": 1}


def test_a_vendor_that_cannot_be_reached_was_asked_nothing_and_holds_up_nobody_else(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    nobody = MiniMax(api_key="no-such-key", base_url="http://127.0.0.1:9")
    with Lab.open(tmp_path, providers=[nobody]) as lab:
        lab.run(batch(12, ("local", "minimax"))).result()
        assert states(lab) == {"done": 12, "queued": 12}
        held = [r for r in lab.records() if r.state is TrialState.QUEUED]
        assert {r.error_kind for r in held} == {"Unreachable"}
        assert all("nothing was sent" in (r.error or "") for r in held)
        assert "left for the next run" in lab.conditions["minimax"]
    with Lab.open(tmp_path, providers=[minimax(sandbox)]) as lab:
        lab.resume().result()
        assert states(lab) == {"done": 24}
        assert lab.conditions == {}


def test_an_offline_lab_refuses_whatever_leaves_this_machine(tmp_path: Path) -> None:
    outside = MiniMax(api_key="some-secret-key", base_url=INTERNATIONAL)
    with Lab.open(tmp_path, providers=[outside]) as lab:
        sheet = lab.quote(batch(2, ("local", "minimax")))
        assert [(r.provider, r.trials) for r in sheet.refusals] == [("minimax", 2)]
        assert "live=True" in sheet.refusals[0].reason
        with pytest.raises(UsageError, match="nothing was sent"):
            lab.run(batch(2, ("local", "minimax")))
        assert lab.records() == ()
        lab.run(batch(2, ("local", "minimax")), leave_out_refused=True).result()
        assert states(lab) == {"done": 2}


def test_a_lab_refuses_to_resume_at_the_vendor_what_was_planned_for_an_emulator(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1008))
    with Lab.open(tmp_path, providers=[minimax(sandbox)]) as lab:
        lab.run(batch(1)).result()
        lab.retry()
    outside = MiniMax(api_key="some-secret-key", base_url=INTERNATIONAL)
    with (
        Lab.open(tmp_path, live=True, providers=[outside]) as lab,
        pytest.raises(UsageError, match="was planned for an emulator"),
    ):
        lab.resume()


def test_a_stopped_run_goes_on_where_it_stood(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.2), times=20)
    job = lab.run(batch(20))
    while not states(lab)["done"]:
        time.sleep(0.01)
    lab.stop()
    job.result()
    left = states(lab)
    assert left["queued"] > 0
    assert set(left) == {"done", "queued"}
    lab.resume().result()
    assert states(lab) == {"done": 20}
    assert len(sandbox["minimax"].ledger.calls) == 20


def test_a_second_run_waits_for_the_first(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.3))
    job = lab.run(batch(1))
    with pytest.raises(UsageError, match="under way"):
        lab.run(batch(2))
    job.result()


def test_every_change_is_told_in_order_and_a_broken_listener_loses_nothing(lab: Lab) -> None:
    heard: list[str] = []

    def broken(record: Any) -> None:
        heard.append(record.state.value)
        raise RuntimeError("a display that broke")

    unsubscribe = lab.on_change(broken)
    lab.run(batch(1, ("local",))).result()
    unsubscribe()
    lab.run(batch(2, ("local",))).result()
    assert heard == ["sent", "done"]
    assert states(lab) == {"done": 3}


def test_a_task_is_asked_after_until_it_is_done(lab: Lab, sandbox: Sandbox) -> None:
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    heard: list[str] = []
    lab.on_change(lambda record: heard.append(record.state.value))
    lab.run(batch(1, (vendor,))).result()
    assert heard == ["sent", "waiting", "done"]
    ledger = sandbox["clockwork"].ledger
    assert (len(ledger.of("submit")), len(ledger.of("poll"))) == (1, 3)


def test_a_task_that_was_left_waiting_is_never_submitted_again(
    lab: Lab, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_run, "POLL_FIRST_S", 60.0)
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    job = lab.run(batch(1, (vendor,)))
    while not states(lab)["waiting"]:
        time.sleep(0.01)
    lab.stop()
    job.result()
    assert states(lab) == {"waiting": 1}
    monkeypatch.setattr(trial_run, "POLL_FIRST_S", 0.01)
    lab.resume().result()
    assert states(lab) == {"done": 1}
    assert len(sandbox["clockwork"].ledger.of("submit")) == 1


def test_a_provider_with_a_bug_costs_nothing_more_once_it_is_mended(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    url = sandbox.base_url["clockwork"]
    with Lab.open(tmp_path) as lab:
        lab.run(batch(1, (Clockwork(base_url=url, broken=True),))).result()
        (record,) = lab.records()
        assert record.error is not None
        assert "broke on this trial (KeyError" in record.error
        lab.retry()
    with Lab.open(tmp_path, providers=[Clockwork(base_url=url)]) as lab:
        lab.resume().result()
        assert states(lab) == {"done": 1}
    assert len(sandbox["clockwork"].ledger.of("submit")) == 1


def test_an_interrupted_cell_stops_the_run_and_keeps_what_is_under_way(
    lab: Lab, sandbox: Sandbox
) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.3), times=20)
    job = lab.run(batch(20))
    while not states(lab)["sent"]:
        time.sleep(0.01)

    async def cell() -> None:
        await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(_awaited(job))), 0.1)

    with pytest.raises(TimeoutError):
        asyncio.run(cell())
    job.wait()
    assert set(states(lab)) == {"done", "queued"}


async def _awaited(job: Any) -> None:
    await job


KILLED = """
import sys
from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.providers.minimax import MiniMax
from voicelab.template import grid

folder, url, key = sys.argv[1:]
vendor = MiniMax(api_key=key, base_url=url, requests_per_minute=6000)
lab = Lab.open(folder, providers=[vendor])
variants = grid("a {tone} voice", tone=[f"deep {n}" for n in range(30)], preview_text="One, two.")
lab.run(Batch(variants=variants, providers=["local", "minimax"])).result()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_batch_killed_in_the_middle_ends_with_nothing_lost_and_nothing_bought_twice(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    vendor = minimax(sandbox)
    arguments = [str(tmp_path), sandbox.base_url["minimax"], sandbox["minimax"].api_key]
    child = subprocess.Popen([sys.executable, "-c", KILLED, *arguments])
    with Lab.open(tmp_path, providers=[vendor]) as lab:
        while states(lab)["done"] < 20:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        killed = states(lab)
        assert sum(killed.values()) == 60
        assert killed["done"] < 60

        lab.resume().result()
        doubtful = [r for r in lab.records() if r.state is TrialState.IN_DOUBT]
        assert states(lab)["done"] + len(doubtful) == 60
        assert len(doubtful) <= vendor.limits.parallel
        for record in doubtful:
            lab.resend(record.trial.id)
        table = lab.resume().result().frame
        assert table["state"].eq("done").sum() == 60

    asked = Counter(call.voice_id for call in sandbox["minimax"].ledger.calls)
    assert max(asked.values()) == 1  # a resend has a name of its own
    assert len(asked) <= 30 + len(doubtful)
    whole = Lab.open(tmp_path)
    assert len(whole.compare().clips()) == 60
    whole.close()


def test_a_grid_larger_than_its_provider_takes_at_once_is_all_done(lab: Lab) -> None:
    wanted = grid("a {tone} voice", tone=["deep", "bright", "warm"], preview_text="Hello there.")
    lab.run(Batch(variants=wanted, providers=["local"], takes=3)).result()
    assert states(lab) == {"done": 9}


def test_a_trial_in_doubt_is_settled_by_looking_and_never_by_sending_again(
    lab: Lab, sandbox: Sandbox
) -> None:
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    lost = Fault(hang_up=True, carried_out=True)
    sandbox["clockwork"].faults.add("submit", lost)
    sandbox["clockwork"].faults.add("submit", Fault(hang_up=True))
    lab.run(batch(2, (vendor,))).result()
    assert states(lab) == {"done": 1, "in doubt": 1}
    assert len(sandbox["clockwork"].ledger.of("submit")) == 2
    done = next(record for record in lab.records() if record.state is TrialState.DONE)
    assert done.error is None


def test_a_trial_in_doubt_is_looked_for_again_when_the_run_is_resumed(
    lab: Lab, sandbox: Sandbox
) -> None:
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    sandbox["clockwork"].faults.add("submit", Fault(hang_up=True, carried_out=True))
    sandbox["clockwork"].faults.add("voices", Fault(hang_up=True), times=100)
    lab.run(batch(1, (vendor,))).result()
    assert states(lab) == {"in doubt": 1}
    sandbox["clockwork"].faults.clear()
    lab.settle().result()
    assert states(lab) == {"done": 1}
    assert len(sandbox["clockwork"].ledger.of("submit")) == 1


def test_a_task_whose_vendor_is_away_waits_and_goes_on(lab: Lab, sandbox: Sandbox) -> None:
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    sandbox["clockwork"].faults.add("poll", Fault(hang_up=True), times=2)
    lab.run(batch(1, (vendor,))).result()
    assert states(lab) == {"done": 1}
    sandbox["clockwork"].faults.add("poll", Fault(hang_up=True), times=100)
    lab.run(batch(2, (vendor,))).result()
    assert states(lab) == {"done": 1, "waiting": 2}
    sandbox["clockwork"].faults.clear()
    lab.resume().result()
    assert states(lab) == {"done": 3}
    assert len(sandbox["clockwork"].ledger.of("submit")) == 3


def test_the_same_batch_in_another_lab_has_names_of_its_own(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    lab.run(batch(1)).result()
    with Lab.open(tmp_path / "other", providers=[minimax(sandbox)]) as other:
        other.run(batch(1)).result()
        assert states(other) == {"done": 1}
    with Lab.open(tmp_path / "lab", providers=[minimax(sandbox)]) as again:
        assert again.quote(batch(1)).lines[0].done == 1
