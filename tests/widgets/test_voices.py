"""The panel of kept voices: nothing is asked by itself, nothing is deleted without asking."""

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
    words, delete, confirm, _ = line.children
    assert "from deep" in words.value
    assert "minimax (emulated)" in words.value
    assert confirm.layout.display == "none"
    delete.click()
    assert confirm.layout.display == ""
    _, yes, keep = confirm.children
    keep.click()
    assert confirm.layout.display == "none"
    assert len(lab.voices()) == 1
    yes.click()
    until(lambda: not panel.lines.children)
    until(lambda: NONE_KEPT in panel.words.value)


def test_a_vendor_that_does_not_answer_is_a_sentence(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("list", Fault(hang_up=True), times=5)
    panel = VoicesPanel(lab)
    panel.ask.click()
    until(lambda: "did not answer" in panel.words.value)
