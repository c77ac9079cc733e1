"""The fee for the first use of a kept voice: quoted, held by every budget, billed once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from test_budget import EACH, FIRST_USE, batch, opened, states

from voicelab.emulators.base import Fault
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch

FAST = 100_000


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve([MiniMaxEmulator(requests_per_minute=FAST)]) as sandbox:
        yield sandbox


def test_the_first_use_of_a_kept_voice_is_in_the_quote_the_budgets_and_the_bill(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    said = "A new text to say."
    with opened(tmp_path, sandbox, USD=0.05) as lab:
        lab.run(batch(1)).result()
        trial = lab.records()[0].trial.id
        with pytest.raises(UsageError, match=r"budget of the lab: USD 3\.0018 wanted"):
            lab.speak(trial, said)
        with pytest.raises(UsageError, match="budget of the lab"):
            lab.keep(trial, spend=True)
        assert len(sandbox["minimax"].ledger.calls) == 1
        lab.budget = {"USD": FIRST_USE + 0.05}
        with pytest.raises(UsageError, match="budget of the batch"):
            lab.speak(trial, said, budget="USD 1")
        lab.speak(trial, said).result()
        lab.speak(trial, "And once more.").result()  # the fee is taken once
        (bill,) = lab.bill().to_dict("records")
        charged = sandbox["minimax"].ledger.charged
        assert charged == pytest.approx(EACH + FIRST_USE + 32 * 100e-6)
        assert bill["billed"] == pytest.approx(charged)
        assert bill["quoted"] == pytest.approx(charged)
        assert lab.compare().frame["cost"].sum() == pytest.approx(charged)


def spoken(lab: Lab, number: int) -> Batch:
    """Return so many texts for the voice of the lab's first trial."""
    first = lab.records()[0]
    rows = tuple(
        replace(
            first.trial.variant,
            label=f"text {n}",
            preview_text=f"This is text {n}.",
            voice_id=first.voice_id,
        )
        for n in range(number)
    )
    return Batch(variants=rows, providers=("minimax",), experiment="spoken")


def test_a_voice_that_speaks_many_texts_is_paid_for_the_first_time_once(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    with opened(tmp_path, sandbox) as lab:
        lab.run(batch(1)).result()
        sheet = lab.quote(spoken(lab, 4))
        (line,) = sheet.lines
        each = len("This is text 0.") * 100e-6
        assert (line.first_uses, line.fees) == (1, FIRST_USE)
        assert line.cost == pytest.approx(FIRST_USE + 4 * each)
        told = "minimax (emulated): USD 3.0000 of that is for the first use of 1 kept voice"
        assert any(line.startswith(told) for line in str(sheet).splitlines())
        sandbox["minimax"].faults.add("speak", Fault(hang_up=True, carried_out=True))
        lab.run(spoken(lab, 4), budget={"USD": FIRST_USE + 4 * each}).result()
        assert states(lab) == {"done": 4, "in doubt": 1}
        (bill,) = lab.bill().to_dict("records")
        assert bill["billed"] == pytest.approx(sandbox["minimax"].ledger.charged)
        assert lab.quote(spoken(lab, 5)).lines[0].first_uses == 0


def test_a_refused_first_use_leaves_the_fee_to_the_next_text(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    with opened(tmp_path, sandbox) as lab:
        lab.run(batch(1)).result()
        trial = lab.records()[0].trial.id
        sandbox["minimax"].faults.add("speak", Fault(code=1008, message="insufficient balance"))
        lab.speak(trial, "The first text.").result()
        lab.budget = {"USD": FIRST_USE}
        with pytest.raises(UsageError, match="budget of the lab"):
            lab.speak(trial, "The second text.")
        lab.budget = {"USD": FIRST_USE + 0.01}
        lab.speak(trial, "The second text.").result()
        assert lab.bill()["billed"].sum() == pytest.approx(sandbox["minimax"].ledger.charged)


@pytest.mark.parametrize(
    ("code", "ends"),
    [(1008, {"done": 4, "failed": 1}), (1002, {"done": 5})],
    ids=["refused", "put off"],
)
def test_the_fee_goes_over_to_the_text_that_was_said_first(
    tmp_path: Path, sandbox: Sandbox, code: int, ends: dict[str, int]
) -> None:
    with opened(tmp_path, sandbox) as lab:
        lab.run(batch(1)).result()
        sandbox["minimax"].faults.add("speak", Fault(delay_s=0.3, code=code))
        lab.run(spoken(lab, 4), budget={"USD": FIRST_USE + 0.01}).result()
        assert states(lab) == ends
        charged = sandbox["minimax"].ledger.charged
        assert lab.bill()["billed"].sum() == pytest.approx(charged)
        assert lab.bill()["quoted"].sum() == pytest.approx(charged)
        assert lab.ledger()["cost"].max() > FIRST_USE
