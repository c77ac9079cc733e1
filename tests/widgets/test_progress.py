"""The progress panel: true at every moment, complete at the end, and safe with hostile words."""

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from real_lab import batch, open_lab, until
from shown import record_of

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.model import TrialState
from voicelab.providers.base import Limits
from voicelab.widgets.progress import ProgressPanel, show_progress
from voicelab.widgets.progress_text import (
    MOST_LINES,
    bars_html,
    overall_text,
    seconds_left,
    table_html,
)
from voicelab.widgets.rates_text import rates_html
from voicelab.widgets.throttle import Throttle

HOSTILE = "<script>alert('x')</script> & \"more\""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", sandbox) as lab:
        yield lab


def test_the_panel_ends_with_everything_told(lab: Lab) -> None:
    job = lab.run(batch("local", tones=("deep", "bright", "soft", "fast")))
    panel = ProgressPanel(lab, lab.batches()[0].id)
    job.result()
    until(lambda: "4 of 4 done" in panel.overall.value)
    until(lambda: panel.table.value.count('data-state="done"') == 4)
    assert 'aria-valuenow="4"' in panel.bars.value


def test_only_the_io_thread_writes_a_running_jobs_widgets(lab: Lab) -> None:
    panel = ProgressPanel(lab)
    writers: set[str] = set()
    panel.overall.observe(lambda _: writers.add(threading.current_thread().name), "value")
    lab.run(batch("local")).result()
    panel.look_at(lab.batches()[0].id)
    until(lambda: "2 of 2 done" in panel.overall.value)
    assert writers == {"voicelab-io"}


def test_a_trial_in_doubt_waits_for_a_decision_and_each_can_be_made(
    lab: Lab, sandbox: Sandbox
) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1000), times=2)
    lab.run(batch("minimax")).result()
    panel = ProgressPanel(lab, lab.batches()[0].id)
    until(lambda: len(panel.doubts.children) == 2)
    assert "2 in doubt" in panel.overall.value
    first, second = panel.doubts.children
    first.children[1].click()
    until(lambda: len(panel.doubts.children) == 1)
    second.children[2].click()
    until(lambda: not panel.doubts.children)
    states = sorted(record.state.value for record in lab.records())
    assert states == ["failed", "queued"]
    assert not panel.guard.value


def test_a_decision_that_comes_too_late_is_a_sentence(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1000))
    lab.run(batch("minimax", tones=("deep",))).result()
    panel = ProgressPanel(lab, lab.batches()[0].id)
    until(lambda: panel.doubts.children)
    lab.resend(lab.records()[0].trial.id)
    panel.doubts.children[0].children[2].click()
    assert "is queued, not in doubt" in panel.guard.value


def test_a_run_that_breaks_is_a_sentence_in_the_panel(lab: Lab) -> None:
    panel = ProgressPanel(lab)
    with Lab.open(lab.folder) as other, other._store.runner():
        lab.run(batch("local"))
        panel.look_at(None)
        until(lambda: panel.guard.value)
    assert "another process is running trials" in panel.guard.value


def test_outside_of_a_cell_no_progress_is_shown(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    show_progress(lab)
    assert capsys.readouterr().out == ""


def test_every_word_of_a_person_or_a_vendor_is_escaped() -> None:
    record = record_of(
        0, label=HOSTILE, provider=HOSTILE, error=HOSTILE, state=TrialState.FAILED, clip_hash="x"
    )
    for text in (table_html([record]), bars_html([record])):
        assert "<script" not in text
        assert "&lt;script&gt;" in text


def test_the_counts_say_what_was_done_what_failed_and_what_is_left() -> None:
    states = [*["done"] * 12, "failed", "in doubt", "sent", *["queued"] * 9]
    records = [record_of(i, state=TrialState(state)) for i, state in enumerate(states)]
    running = overall_text(records, running=True, left_s=19.2)
    assert running == "12 of 24 done, 1 failed, 1 in doubt, 1 under way, about 20 s left"
    assert "Resume goes on" in overall_text(records, running=False)
    assert overall_text([], running=False) == "Nothing was submitted yet."


def test_the_time_left_is_that_of_the_slowest_provider() -> None:
    assert seconds_left({"a": 10, "b": 10}, {"a": 5, "b": 8}, 10.0) == 40.0
    assert seconds_left({"a": 10, "b": 10}, {"a": 5}, 10.0) == 10.0
    assert seconds_left({"a": 10}, {"a": 10}, 10.0) is None
    assert seconds_left({}, {}, 1.0) is None


def test_beyond_a_few_hundred_lines_the_open_trials_are_shown_first() -> None:
    records = [record_of(i) for i in range(MOST_LINES + 100)]
    records[-1] = record_of(MOST_LINES + 99, state=TrialState.SENT)
    text = table_html(records)
    assert 'data-state="sent"' in text
    assert "… and 100 more" in text
    assert len(re.findall(r"<tr data-trial", text)) == MOST_LINES


@pytest.mark.parametrize("in_pool", [False, True])
def test_a_throttle_calls_seldom_never_twice_at_once_and_once_more_after_the_last_poke(
    in_pool: bool,
) -> None:
    poked, seen, at_once, most = [0], [], [0], [0]

    def action() -> None:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        seen.append(poked[0])
        time.sleep(0.02)
        at_once[0] -= 1

    throttle = Throttle(action, every_s=0.05, in_pool=in_pool)
    for poked[0] in range(1, 501):
        throttle.poke()
        time.sleep(0.0005)
    until(lambda: seen and seen[-1] == 500)
    assert most[0] == 1
    assert len(seen) < 100


def test_the_history_of_a_rate_is_told_newest_first() -> None:
    record = replace(record_of(0), trial=replace(record_of(0).trial, provider="minimax"))
    paces = [
        {"provider": name, "at": f"2026-11-24T12:0{n}:00Z", "starts": n, "span_s": 60.0, "why": why}
        for n, (name, why) in enumerate(
            [("minimax", "<one>"), ("local", "not its own"), ("minimax", "two")], start=1
        )
    ]
    text = rates_html(
        [record],
        limits={"minimax": Limits(requests_per_second=2, requests_per_minute=20)},
        paces=paces,
        retries={record.trial.id: 3},
        conditions={"minimax": "resting"},
        now=datetime(2026, 11, 24, 12, 5, tzinfo=UTC),
    )
    assert "published: 2 in 1 s and 20 in 60 s; now resting" in text
    assert "<td>3</td>" in text
    assert text.index("3 in 60 s: two") < text.index("1 in 60 s: &lt;one&gt;")
    assert "not its own" not in text
