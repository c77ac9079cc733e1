"""The panel of kept voices: nothing is asked by itself, nothing is deleted without asking."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_lab import batch, open_lab, until

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.widgets.voices import NONE_KEPT, NOT_ASKED, VoicesPanel


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", sandbox) as lab:
        lab.run(batch("minimax", tones=("deep",))).result()
        lab.speak(lab.records()[0].trial.id, "And good night.").result()
        yield lab


def test_a_kept_voice_is_listed_and_deleted_after_asking_once(lab: Lab) -> None:
    panel = VoicesPanel(lab)
    assert NOT_ASKED in panel.words.value
    panel.ask.click()
    until(lambda: panel.lines.children)
    (line,) = panel.lines.children
    words = line.children[0].children[0].value
    assert "from deep" in words
    assert "minimax (emulated)" in words
    assert line.confirm.layout.display == "none"
    line.delete.click()
    assert line.confirm.layout.display == ""
    voice_id = lab.records()[0].voice_id
    question = (
        f"Delete the voice from 'deep', {voice_id}, at minimax (emulated)? It is gone for good."
    )
    assert html.unescape(line.question.value) == f'<span role="alert">{question}</span>'
    assert line.yes.description == "Delete deep at minimax for good"
    assert (line.yes.tooltip, question.startswith(line.delete.tooltip)) == (question, True)
    line.no.click()
    assert line.confirm.layout.display == "none"
    assert len(lab.voices()) == 1
    line.delete.click()
    line.yes.click()
    until(lambda: not panel.lines.children)
    until(lambda: "Deleted" in panel.guard.value)
    until(lambda: NONE_KEPT in panel.words.value)


def test_a_voice_that_no_trial_made_is_asked_about_by_its_id(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    voice_id = str(lab.records()[0].voice_id)
    with open_lab(tmp_path / "another", sandbox) as another:
        panel = VoicesPanel(another)
        panel.ask.click()
        until(lambda: panel.lines.children)
        (line,) = panel.lines.children
        line.delete.click()
        assert f"Delete the voice, {voice_id}, at minimax (emulated)?" in line.question.value
        assert line.yes.description == f"Delete {voice_id} at minimax for good"


def test_a_vendor_that_does_not_answer_is_a_sentence(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("list", Fault(hang_up=True), times=5)
    panel = VoicesPanel(lab)
    panel.ask.click()
    until(lambda: "did not answer" in panel.words.value)


def test_a_voice_that_lapses_is_kept_after_its_price_was_read(lab: Lab, sandbox: Sandbox) -> None:
    lab.run(batch("minimax", tones=("bright",))).result()
    panel = VoicesPanel(lab)
    panel.ask.click()
    until(lambda: len(panel.lines.children) == 2)
    line = panel.lines.children[1]
    assert "from bright · not listed" in line.children[0].children[0].value
    assert "expires" in line.children[0].children[0].value
    line.keep.click()
    until(lambda: line.confirm.layout.display == "")
    assert "USD 3.00 for keeping it" in line.question.value
    assert "emulated, and nothing is spent" in line.question.value
    said = len(sandbox["minimax"].ledger.of("speak"))
    line.yes.click()
    until(lambda: "keeps the voice" in panel.guard.value)
    assert len(sandbox["minimax"].ledger.of("speak")) == said + 1
    shown = [line.children[0].children[0].value for line in panel.lines.children]
    assert not any("not listed" in words or "expires" in words for words in shown)


def test_a_voice_that_is_kept_already_says_so_and_costs_nothing(lab: Lab, sandbox: Sandbox) -> None:
    panel = VoicesPanel(lab)
    panel.ask.click()
    until(lambda: panel.lines.children)
    said = len(sandbox["minimax"].ledger.of("speak"))
    panel.lines.children[0].keep.click()
    until(lambda: "kept already" in panel.guard.value)
    assert len(sandbox["minimax"].ledger.of("speak")) == said
