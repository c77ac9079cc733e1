"""What a vendor really did is in the ledger once and billed once, however its answer was lost."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fault_columns import COLUMNS, Column, Recording, one_trial_each, recorded, sold

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.lab import Lab
from voicelab.model import TrialRecord, TrialState

LOST = Fault(hang_up=True, carried_out=True)
DONE = ("answered", "settled")
"""States of a request that the vendor is known to have carried out."""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    with recorded(tmp_path_factory.mktemp("recording")) as recording:
        yield recording


@contextmanager
def bench(folder: Path, column: Column, recording: Recording, **opening: Any) -> Iterator[Any]:
    """Give a lab of one vendor, and its emulator."""
    with serve([column.emulator()]) as sandbox:
        emulator, url = sandbox[column.name], sandbox.base_url[column.name]
        provider = column.provider(emulator, url, recording)
        with Lab.open(folder, providers=[provider], **opening) as lab:
            yield lab, emulator


def paid(lab: Lab) -> Counter[tuple[str, str]]:
    """Count the requests that may cost something, by step and state."""
    ledger = lab.ledger()
    asked = ledger[ledger["spends"]]
    return Counter(zip(asked["step"], asked["state"], strict=True))


def billed(lab: Lab) -> tuple[int, int]:
    (bill,) = lab.bill().to_dict("records")
    return bill["trials"], bill["in_doubt"]


def only(lab: Lab) -> TrialRecord:
    (record,) = lab.records()
    return record


@pytest.mark.parametrize("name", ["mps", "vod", "vod-design", "cosyvoice", "qwen"])
def test_what_looking_finds_is_settled_in_the_ledger_and_no_longer_in_doubt(
    tmp_path: Path, recording: Recording, name: str
) -> None:
    column = COLUMNS[name]
    with bench(tmp_path, column, recording) as (lab, emulator):
        emulator.faults.add(column.endpoints["make"], LOST)
        lab.run(one_trial_each({name: column}, recording)).result()
        found = only(lab)
        assert found.voice_id is not None
        gives_sound_once = name in ("cosyvoice", "qwen")
        assert found.state is (TrialState.IN_DOUBT if gives_sound_once else TrialState.DONE)
        for _ in range(2):
            assert sum(paid(lab).values()) == sold(column, emulator, column.endpoints["make"]) == 1
            assert {state for _, state in paid(lab)} == {"settled"}
            assert billed(lab) == (1, 0)
            assert lab.check().left == ()
            lab.resume().result()


@pytest.mark.parametrize("name", ["mps", "vod-design"])
def test_what_never_arrived_is_not_called_settled(
    tmp_path: Path, recording: Recording, name: str
) -> None:
    column = COLUMNS[name]
    with bench(tmp_path, column, recording) as (lab, emulator):
        emulator.faults.add(column.endpoints["make"], Fault(hang_up=True))
        lab.run(one_trial_each({name: column}, recording)).result()
        carried_out = sum(count for (_, state), count in paid(lab).items() if state in DONE)
        assert carried_out == sold(column, emulator, column.endpoints["make"])
        assert billed(lab) == ((1, 1) if name == "mps" else (1, 0))


def test_what_was_found_and_cannot_be_read_is_looked_for_again_and_never_bought_again(
    tmp_path: Path, recording: Recording
) -> None:
    column = COLUMNS["mps"]
    with bench(tmp_path, column, recording) as (lab, emulator):
        emulator.faults.add("DesignVoiceAsync", LOST)
        emulator.faults.add("fetch", Fault(body=b"RIFF\x24\0\0\0WAVEfmt "), times=99)
        lab.run(one_trial_each({"mps": column}, recording)).result()
        assert only(lab).state is TrialState.FAILED, only(lab)
        lab.retry()
        emulator.faults.clear()
        lab.resume().result()
        assert only(lab).state is TrialState.DONE
        assert sold(column, emulator, "DesignVoiceAsync") == 1
        assert billed(lab) == (1, 0)


def test_a_second_step_sent_anew_is_counted_billed_and_held_by_the_budget(
    tmp_path: Path, recording: Recording
) -> None:
    column = COLUMNS["trtc"]
    with bench(tmp_path, column, recording, budget={"tencent-trtc": 3}) as (lab, emulator):
        emulator.faults.add("TextToSpeech", LOST, times=3)
        lab.run(one_trial_each({"trtc": column}, recording)).result()
        assert billed(lab) == (1, 1)  # the voice is cloned, and whether it spoke nobody knows
        for sent in (2, 3):
            lab.resend(only(lab).trial.id)
            lab.resume().result()
            assert only(lab).state is TrialState.IN_DOUBT
            assert billed(lab) == (sent, sent)
        lab.resend(only(lab).trial.id)
        lab.resume().result()
        assert (only(lab).state, only(lab).error_kind) == (TrialState.QUEUED, "OverBudget")
        assert sold(column, emulator, "TextToSpeech") == 3
        lab.budget = {"tencent-trtc": 4}
        lab.resume().result()
        assert only(lab).state is TrialState.DONE
        assert sold(column, emulator, "VoiceClone") == 1
        assert sold(column, emulator, "TextToSpeech") == 4
        assert sorted(paid(lab).items()) == [
            (("clone", "answered"), 1),
            (("speak", "answered"), 1),
            (("speak", "in doubt"), 3),
        ]
        assert billed(lab) == (4, 3)
        assert lab.check().left == ()


def test_a_second_step_that_was_refused_is_asked_anew_at_no_further_charge(
    tmp_path: Path, recording: Recording
) -> None:
    column = COLUMNS["trtc"]
    with bench(tmp_path, column, recording, budget={"tencent-trtc": 1}) as (lab, emulator):
        no = Fault(code="UnsupportedOperation.NotAllowed", message="no")
        emulator.faults.add("TextToSpeech", no)
        lab.run(one_trial_each({"trtc": column}, recording)).result()
        assert only(lab).error_kind == "Refused"
        lab.retry()
        lab.resume().result()
        assert only(lab).state is TrialState.DONE
        assert billed(lab) == (1, 0)
        assert sold(column, emulator, "VoiceClone") == 1
