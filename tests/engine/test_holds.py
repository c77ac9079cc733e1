"""A vendor that asks to wait says so and is waited for; one that fails is not asked more slowly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fault_columns import COLUMNS, Column, Recording
from vendor import Clockwork

from voicelab.emulators.base import Fault
from voicelab.emulators.control import KINDS
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine.circuit import FAILURES, PROBES
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, TrialState
from voicelab.providers.base import Provider

ALWAYS = 10_000
TASK_VENDORS = [COLUMNS["mps"], COLUMNS["vod-design"]]
NO_RECORDING = Recording(path=Path("none"), url="")


@pytest.fixture(autouse=True)
def _own_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep an hour's hold out of the other tests."""
    monkeypatch.setenv("VOICELAB_STATE", str(tmp_path / "state"))


def batch(*providers: str | Provider, rows: int = 3) -> Batch:
    variants = tuple(
        PromptVariant(label=f"row {n}", prompt="a deep voice", preview_text=f"Number {n}.")
        for n in range(rows)
    )
    return Batch(variants=variants, providers=list(providers))


def later(retry_after: str) -> Fault:
    return Fault(status=429, body=b"Too Many Requests", headers={"Retry-After": retry_after})


def of(lab: Lab, provider: str) -> list[tuple[str, str]]:
    records = [r for r in lab.records() if r.trial.provider == provider]
    return [(record.state.value, record.error or "") for record in records]


@pytest.mark.parametrize("column", TASK_VENDORS, ids=lambda column: column.name)
def test_server_faults_of_free_calls_shrink_no_limit(column: Column, tmp_path: Path) -> None:
    with serve([column.emulator()]) as sandbox:
        emulator: Any = sandbox[column.name]
        provider = column.provider(emulator, sandbox.base_url[column.name], NO_RECORDING)
        faults = FAILURES + PROBES - 1  # one more in a row, and it would be left for the next run
        emulator.faults.add(column.endpoints["poll"], KINDS["5xx"], times=faults)
        with Lab.open(tmp_path / "lab", providers=[provider]) as lab:
            lab.run(batch(column.name, rows=12)).result()
            assert {record.state for record in lab.records()} == {TrialState.DONE}
            assert lab.paces().empty
            assert "declined" not in set(lab.ledger()["state"])
            assert sum(lab.retries().values()) == faults


@pytest.mark.parametrize("column", TASK_VENDORS, ids=lambda column: column.name)
def test_a_vendor_whose_polls_all_fail_is_left_for_the_next_run(
    column: Column, tmp_path: Path
) -> None:
    with serve([column.emulator()]) as sandbox:
        emulator: Any = sandbox[column.name]
        provider = column.provider(emulator, sandbox.base_url[column.name], NO_RECORDING)
        emulator.faults.add(column.endpoints["poll"], KINDS["5xx"], times=ALWAYS)
        with Lab.open(tmp_path / "lab", providers=[provider]) as lab:
            lab.run(batch(column.name, "local", rows=6)).result()
            assert [state for state, _ in of(lab, "local")] == ["done"] * 6
            assert {state for state, _ in of(lab, column.name)} == {"waiting"}
            assert all("failed on its side" in why for _, why in of(lab, column.name))
            assert lab.conditions[column.name].startswith("left for the next run")
            assert lab.paces().empty
            emulator.faults.clear()
            lab.resume().result()
            assert [state for state, _ in of(lab, column.name)] == ["done"] * 6


def test_polls_that_time_out_shrink_no_limit(lab: Lab, sandbox: Sandbox) -> None:
    hasty = Clockwork(base_url=sandbox.base_url["clockwork"], timeout_s=0.5)
    sandbox["clockwork"].faults.add("poll", Fault(delay_s=30.0), times=3)
    lab.run(batch(hasty, rows=6)).result()
    assert [state for state, _ in of(lab, "clockwork")] == ["done"] * 6
    assert lab.paces().empty
    assert "declined" not in set(lab.ledger()["state"])


@pytest.mark.parametrize("asked", ["3600", "99999999", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_a_vendor_that_asks_to_wait_for_an_hour_is_left_for_the_next_run(
    lab: Lab, sandbox: Sandbox, asked: str
) -> None:
    sandbox["minimax"].faults.add("design", later(asked))
    lab.run(batch("minimax", "local")).result()
    assert [state for state, _ in of(lab, "local")] == ["done"] * 3
    words = lab.conditions["minimax"]
    assert words.startswith("left for the next run: asked to wait until ")
    assert words.endswith("too many requests (HTTP 429).")
    held = [why for state, why in of(lab, "minimax") if state == "queued"]
    assert held
    assert all("it asked to wait until" in why and why.endswith(".") for why in held)
    calls = len(sandbox["minimax"].ledger.calls)
    lab.resume().result()  # the hour is kept by whoever comes next
    assert len(sandbox["minimax"].ledger.calls) == calls
    assert lab.conditions["minimax"].startswith("left for the next run: asked to wait until ")


def test_while_others_work_a_held_vendor_says_until_when(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", later("3600"))
    sandbox["clockwork"].polls = 40
    said: set[str] = set()
    lab.on_change(lambda record: said.add(lab.conditions.get("minimax", "")))
    rows: list[str] = []
    lab.on_change(lambda r: rows.append(r.error or "") if r.trial.provider == "minimax" else None)
    lab.run(batch("minimax", Clockwork(base_url=sandbox.base_url["clockwork"]))).result()
    assert [state for state, _ in of(lab, "clockwork")] == ["done"] * 3
    assert any(words.startswith("asked to wait until ") for words in said)
    assert any(row.startswith("minimax asked to wait until ") for row in rows)


def test_a_hold_that_ends_soon_is_sat_through(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", later("3"))
    rows: list[str] = []
    lab.on_change(lambda record: rows.append(record.error or ""))
    lab.run(batch("minimax")).result()
    assert of(lab, "minimax") == [("done", "")] * 3
    assert any(row.startswith("minimax asked to wait until ") for row in rows)


def test_a_server_fault_that_asks_to_wait_is_waited_for(lab: Lab, sandbox: Sandbox) -> None:
    busy = replace(later("3600"), status=503)
    with serve([COLUMNS["mps"].emulator()]) as tencent:
        emulator: Any = tencent["tencent-mps"]
        provider = COLUMNS["mps"].provider(emulator, tencent.base_url["tencent-mps"], NO_RECORDING)
        emulator.faults.add("DescribeDesignTask", busy)
        lab.run(batch(provider, rows=1)).result()
    ((state, why),) = of(lab, "tencent-mps")
    assert (state, "it asked to wait until" in why) == ("waiting", True)
    assert lab.paces().empty


def test_a_shelf_is_not_waited_for_longer_than_a_person_does(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("list", later("20"), times=ALWAYS)
    note = lab.voices().attrs["notes"]["minimax"]
    assert len(sandbox["minimax"].ledger.of("list")) == 1
    assert note.endswith("(HTTP 429). It asked to wait 20 s; try again then.")


def test_a_vendor_throttled_to_zero_is_left_once_all_others_ended(
    lab: Lab, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicelab.store.pace_rules.FIRST_HOLD_S", 1.5)
    monkeypatch.setattr("voicelab.store.pace_rules.LONGEST_HOLD_S", 1.5)
    monkeypatch.setattr("voicelab.engine.pace.PATIENCE_S", 2.0)
    sandbox["minimax"].faults.add("design", Fault(status=429, body=b"later"), times=ALWAYS)
    rows: list[str] = []
    lab.on_change(lambda record: rows.append(record.error or ""))
    lab.run(batch("minimax", "local", rows=2)).result()
    assert any(row.startswith("minimax asked to slow down and is tried again at ") for row in rows)
    assert {state for state, _ in of(lab, "minimax")} == {"queued"}
    assert lab.conditions["minimax"].startswith("left for the next run: asked to slow down")
    assert len(sandbox["minimax"].ledger.of("design")) < 8
