"""What was asked for word for word before is offered, never silently taken or bought again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
from vendor import Clockwork, ClockworkEmulator

from voicelab.audio.description import read_description
from voicelab.audio.espeak import speak
from voicelab.emulators.serve import Sandbox, serve
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Trial, Voice
from voicelab.providers.base import Limits, Provider, Send


@dataclass(frozen=True, kw_only=True)
class Paid(Provider):
    """A vendor's provider that asks for money and, so that tests spend none, sends nothing."""

    name: ClassVar[str] = "paid"
    published: ClassVar[Limits] = Limits()

    @classmethod
    def from_env(cls) -> "Paid":
        return cls()

    async def submit(self, trial: Trial, send: Send) -> Voice:
        text = trial.variant.preview_text
        wav = speak(text, read_description(trial.variant.prompt, preview_text=text).parameters).wav
        return Voice(voice_id=trial.name, audio=wav)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab.open(tmp_path, providers=[Paid()]) as lab:
        yield lab


def batch(
    name: str = "first", *, takes: int = 1, rows: int = 2, provider: object = "paid"
) -> Batch:
    variants = tuple(
        PromptVariant(label=f"{name} {n}", prompt=f"a voice {n}", preview_text="Good evening.")
        for n in range(rows)
    )
    return Batch(variants=variants, providers=[provider], takes=takes, experiment=name)  # type: ignore[list-item]


def test_nothing_is_bought_again_before_somebody_said_so(lab: Lab) -> None:
    lab.run(batch()).result()
    with pytest.raises(UsageError, match="2 of these trials are done already"):
        lab.run(batch("second"))
    assert len(lab.records()) == 2
    assert "reuse=True takes them over" in str(lab.quote(batch("second")))


def test_what_is_taken_over_is_the_same_voice_and_costs_nothing(lab: Lab) -> None:
    lab.run(batch()).result()
    sheet = lab.quote(batch("second", rows=3), reuse=True)
    assert (sheet.trials, sheet.lines[0].alike, sheet.characters) == (3, 2, len("Good evening."))
    lab.run(batch("second", rows=3), reuse=True).result()
    old, new = lab.records("first"), lab.records("second")
    assert [r.state.value for r in new] == ["done"] * 3
    assert [r.voice_id for r in new[:2]] == [r.voice_id for r in old]
    assert [r.evidence["reused_from"] for r in new[:2]] == [r.trial.id for r in old]
    assert "reused_from" not in new[2].evidence


def test_what_is_made_anew_is_another_voice(lab: Lab) -> None:
    lab.run(batch()).result()
    lab.run(batch("second"), reuse=False).result()
    voices = {record.voice_id for record in lab.records()}
    assert len(voices) == 4


def test_a_take_another_text_and_another_option_are_other_wishes(lab: Lab) -> None:
    lab.run(batch()).result()
    assert len(lab.quote(batch("takes", takes=2)).alike) == 2
    first = batch("text")
    said = tuple(replace(v, preview_text="Good morning.") for v in first.variants)
    assert lab.quote(replace(first, variants=said)).alike == {}
    assert lab.quote(replace(first, options={"paid": {"warm": 1}})).alike == {}


def test_what_is_free_or_emulated_asks_nobody(tmp_path: Path) -> None:
    with serve([ClockworkEmulator()]) as sandbox, Lab.open(tmp_path) as lab:
        vendor = _clockwork(sandbox)
        for name in ("first", "second"):
            lab.run(batch(name, provider="local")).result()
            lab.run(batch(name + "+", provider=vendor)).result()
        assert len(sandbox["clockwork"].ledger.of("submit")) == 4
        assert len(lab.quote(batch("third", provider=vendor)).alike) == 2


def _clockwork(sandbox: Sandbox) -> Clockwork:
    return Clockwork(base_url=sandbox.base_url["clockwork"])
