"""Chains of trials: a recording cloned, a kept voice that speaks, a shelf that is asked."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vendor import Clockwork, ClockworkEmulator, CloneClockwork

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine.follow_up import clones_of
from voicelab.errors import Refused, UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve([ClockworkEmulator(polls=0)]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    vendors = [kind(base_url=sandbox.base_url["clockwork"]) for kind in (Clockwork, CloneClockwork)]
    with Lab.open(tmp_path / "lab", providers=vendors) as lab:
        yield lab


def done_trial(lab: Lab, provider: str = "local") -> str:
    variant = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
    lab.run(Batch(variants=[variant], providers=[provider], experiment="chain")).result()
    return lab.records()[-1].trial.id


def clone_batch(lab: Lab, variants: Any) -> Batch:
    return Batch(variants=variants, providers=["clockwork-clone"], experiment="chain")


def test_the_trial_audio_of_an_earlier_trial_is_what_the_vendor_clones(
    lab: Lab, sandbox: Sandbox
) -> None:
    original = done_trial(lab)
    lab.run(clone_batch(lab, lab.references([original]))).result()
    call = sandbox["clockwork"].ledger.of("submit")[0]
    assert str(len(lab.compare().original(original))) in call.content.decode()
    together = lab.compare("chain").frame
    assert together["provider"].tolist() == ["local", "clockwork-clone"]
    assert together["label"].tolist() == ["deep", "deep — local, take 1"]


def test_a_file_is_what_the_vendor_clones(lab: Lab, sandbox: Sandbox, tmp_path: Path) -> None:
    recording = tmp_path / "me.wav"
    recording.write_bytes(b"x" * 1234)
    variant = PromptVariant(
        label="me", prompt="", preview_text="Hello.", reference=Reference(path=recording)
    )
    lab.run(clone_batch(lab, [variant])).result()
    assert b"1234" in sandbox["clockwork"].ledger.of("submit")[0].content
    assert lab.records()[0].trial.reference_audio is None


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        (Reference(path=Path("none.wav")), "none.wav cannot be read"),
        (Reference(trial_id="vl0"), "no trial 'vl0'"),
    ],
)
def test_a_reference_that_is_not_there_is_refused_before_money(
    lab: Lab, reference: Reference, sentence: str
) -> None:
    variant = PromptVariant(label="x", prompt="", preview_text="Hello.", reference=reference)
    sheet = lab.quote(clone_batch(lab, [variant]))
    assert sentence in sheet.refusals[0].reason


def test_a_kept_voice_says_another_text(lab: Lab, sandbox: Sandbox) -> None:
    trial = done_trial(lab, "clockwork")
    spoken = lab.speak(trial, "And good night.").result().frame
    assert spoken["voice_id"].nunique() == 1
    assert spoken["preview_text"].tolist() == ["And good night."]
    assert len(sandbox["clockwork"].ledger.of("submit")) == 1
    assert len(sandbox["clockwork"].ledger.of("speak")) == 1


def test_a_voice_that_cannot_speak_is_refused_before_money(lab: Lab) -> None:
    with pytest.raises(UsageError, match="local cannot speak with a kept voice"):
        lab.speak(done_trial(lab), "Another text.")


def test_the_voices_of_a_shelf_are_joined_to_their_trials(lab: Lab) -> None:
    trial = done_trial(lab, "clockwork")
    frame = lab.voices().query("provider == 'clockwork'")
    assert frame["trial"].tolist() == [trial]
    assert frame["label"].tolist() == ["deep"]
    assert frame[["slots_used", "slots"]].to_numpy().tolist() == [[1, 10]]
    notes = lab.voices().attrs["notes"]
    assert "local has no call" in notes["local"]
    assert "MINIMAX_API_KEY" in notes["minimax"]


def test_a_voice_is_dropped_at_its_vendor_once(lab: Lab) -> None:
    done_trial(lab, "clockwork")
    voice_id = lab.voices()["voice_id"][0]
    lab.drop("clockwork", voice_id)
    assert len(lab.voices()) == 0
    with pytest.raises(Refused, match="no such voice"):
        lab.drop("clockwork", voice_id)


def test_a_throttled_shelf_is_asked_again(lab: Lab, sandbox: Sandbox) -> None:
    done_trial(lab, "clockwork")
    sandbox["clockwork"].faults.add("voices", Fault(code="busy", status=429))
    assert "clockwork" not in lab.voices().attrs["notes"]


def test_a_shelf_that_does_not_answer_is_a_note(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["clockwork"].faults.add("voices", Fault(hang_up=True))
    assert "did not answer" in lab.voices().attrs["notes"]["clockwork"]


def test_a_long_recording_is_named_and_not_repeated_in_the_journal(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    recording = tmp_path / "long.wav"
    recording.write_bytes(b"y" * 20_000)
    variant = PromptVariant(
        label="me", prompt="", preview_text="Hello.", reference=Reference(path=recording)
    )
    lab.run(clone_batch(lab, [variant])).result()
    lab.close()
    everything = b"".join(path.read_bytes() for path in lab.folder.glob("lab.db*"))
    assert b"40000 characters, SHA-256" in everything


def mixed(lab: Lab, *providers: str, rows: tuple[PromptVariant, ...]) -> Any:
    return lab.quote(Batch(variants=rows, providers=providers, experiment="mixed"))


def rows_of(trial: str) -> tuple[PromptVariant, ...]:
    reference = Reference(trial_id=trial)
    return (
        PromptVariant(label="prompt", prompt="a deep voice", preview_text="Hello."),
        PromptVariant(label="clone", prompt="", preview_text="Hello.", reference=reference),
        PromptVariant(label="both", prompt="deep", preview_text="Hello.", reference=reference),
    )


def test_each_row_goes_to_the_providers_that_can_use_it(lab: Lab) -> None:
    sheet = mixed(lab, "local", "clockwork-clone", rows=rows_of(done_trial(lab)))
    sent = [(p.trial.variant.label, p.trial.provider) for p in sheet.sendable]
    assert sent == [
        ("prompt", "local"),
        ("clone", "clockwork-clone"),
        ("both", "local"),
        ("both", "clockwork-clone"),
    ]
    assert sheet.refusals == ()
    assert [line.unfit for line in sheet.lines] == [1, 1]


def test_a_provider_that_no_row_is_for_and_a_row_no_provider_is_for_are_refused(lab: Lab) -> None:
    prompt, clone, _ = rows_of(done_trial(lab))
    nothing_to_clone = mixed(lab, "local", "clockwork-clone", rows=(prompt,))
    assert [(r.provider, r.label) for r in nothing_to_clone.refusals] == [
        ("clockwork-clone", "prompt")
    ]
    nobody_clones = mixed(lab, "local", rows=(prompt, clone))
    assert [(r.provider, r.label) for r in nobody_clones.refusals] == [("local", "clone")]


def test_the_transcript_of_a_clone_is_what_the_recording_says(lab: Lab) -> None:
    done_trial(lab)
    (record,) = lab.records()
    own_text = replace(record, trial=replace(record.trial, provider="tencent-vod"))
    said = [variant.reference.transcript for variant in clones_of([record, own_text])]
    assert said == ["Good evening.", None]
