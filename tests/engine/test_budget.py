"""No budget is passed: not by a quote, not in flight, not by a resend; and what was billed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from vendor import Clockwork, ClockworkEmulator

from voicelab.emulators.base import Fault
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine.budget import read_budget
from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant
from voicelab.providers.minimax import MiniMax

FAST = 100_000
TEXT = "Good evening, dear listeners."
EACH = len(TEXT) * 30e-6
"""USD a trial, by the published price."""
FIRST_USE = 3.0
"""USD for the first text that a designed voice says."""


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


def opened(folder: Path, sandbox: Sandbox, **budget: float) -> Lab:
    return Lab.open(folder, providers=[minimax(sandbox)], budget=budget or None)


def batch(number: int, providers: tuple[object, ...] = ("minimax",), name: str = "b") -> Batch:
    rows = tuple(
        PromptVariant(label=f"v{n}", prompt=f"a deep voice {n}", preview_text=TEXT)
        for n in range(number)
    )
    return Batch(variants=rows, providers=providers, experiment=name)  # type: ignore[arg-type]


def states(lab: Lab) -> Counter[str]:
    return Counter(record.state.value for record in lab.records())


def test_a_batch_that_would_pass_its_budget_is_not_sent_at_all(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    with opened(tmp_path, sandbox) as lab:
        with pytest.raises(UsageError, match=r"budget of the batch: USD 0\.0035 wanted"):
            lab.run(batch(4), budget={"USD": 3.5 * EACH})
        assert lab.records() == ()
        lab.run(batch(4), budget={"USD": 4 * EACH}).result()
        assert states(lab) == {"done": 4}


def test_the_labs_budget_counts_every_batch(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox, USD=5.5 * EACH) as lab:
        lab.run(batch(3)).result()
        with pytest.raises(UsageError, match="budget of the lab"):
            lab.run(batch(3, name="another"), reuse=False)
        lab.run(batch(2, name="another"), reuse=False).result()
        assert states(lab) == {"done": 5}


def test_what_is_done_is_not_wanted_twice(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox, USD=3 * EACH) as lab:
        lab.run(batch(3)).result()
        lab.run(batch(3)).result()
        assert lab.quote(batch(3)).budgets == ()


def test_in_flight_the_stop_is_hard_and_what_is_in_doubt_counts(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    with opened(tmp_path, sandbox, USD=2.5 * EACH) as lab:
        sandbox["minimax"].faults.add("design", Fault(hang_up=True))
        lab.run(batch(2)).result()
        assert states(lab) == {"done": 1, "in doubt": 1}
        doubtful = next(r for r in lab.records() if r.state.value == "in doubt")
        lab.resend(doubtful.trial.id)
        lab.resume().result()
        record = next(r for r in lab.records() if r.trial.id == doubtful.trial.id)
        assert record.state.value == "queued"
        assert record.error_kind == "OverBudget"
        assert "Raise the budget, then resume." in (record.error or "")
        assert len(sandbox["minimax"].ledger.calls) == 2
    with opened(tmp_path, sandbox, USD=3 * EACH) as lab:
        lab.resume().result()
        assert states(lab) == {"done": 2}


def test_many_at_once_do_not_slip_past_a_budget(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox) as lab:
        lab.run(batch(12), budget={"USD": 12 * EACH}, leave_out_refused=True)
        lab.stop()
        assert lab.job is not None
        lab.job.wait()
    with opened(tmp_path, sandbox, USD=5 * EACH) as lab:
        lab.resume().result()
        assert sandbox["minimax"].ledger.charged <= 5 * EACH + 1e-9
        assert states(lab)["done"] == len(sandbox["minimax"].ledger.calls)


def test_what_was_declined_or_refused_is_given_back(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1002, message="rate limit"), times=2)
    sandbox["minimax"].faults.add("design", Fault(code=1008, message="insufficient balance"))
    with opened(tmp_path, sandbox, USD=3 * EACH) as lab:
        lab.run(batch(3)).result()
        assert states(lab) == {"done": 2, "failed": 1}
        lab.retry()
        lab.resume().result()
        assert states(lab) == {"done": 3}


def test_a_vendor_without_a_price_needs_a_number_of_trials(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    vendor = Clockwork(base_url=sandbox.base_url["clockwork"])
    with Lab.open(tmp_path, providers=[vendor]) as lab:
        with pytest.raises(UsageError, match="clockwork publishes no price"):
            lab.run(batch(2, (vendor,)), budget={"USD": 5})
        with pytest.raises(UsageError, match="2 clockwork trials wanted, 1 left of 1"):
            lab.run(batch(2, (vendor,)), budget={"clockwork": 1})
        lab.run(batch(2, (vendor,)), budget="USD 5, clockwork 2").result()
        assert states(lab) == {"done": 2}


def test_the_free_engine_needs_no_budget(tmp_path: Path) -> None:
    with Lab.open(tmp_path, budget={"USD": 0}) as lab:
        lab.run(batch(2, ("local",))).result()
        assert states(lab) == {"done": 2}


def test_a_budget_is_part_of_the_experiment_file_and_holds_for_resume(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    text = f"""
    name = "b"
    providers = ["minimax"]
    preview_text = "{TEXT}"
    rows = [{{prompt = "a deep voice"}}, {{prompt = "a bright voice"}}]
    [budget]
    USD = {1.5 * EACH}
    """
    experiment = Experiment.from_toml(text)
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    with opened(tmp_path, sandbox) as lab, pytest.raises(UsageError, match="budget of the batch"):
        lab.run(experiment)


def test_quoted_stands_beside_billed(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox) as lab:
        sandbox["minimax"].faults.add("design", Fault(hang_up=True))
        lab.run(batch(3)).result()
        done = next(r for r in lab.records() if r.state.value == "done")
        lab.speak(done.trial.id, "Another text.").result()
        (design,) = lab.bill("b").to_dict("records")
        assert (design["trials"], design["in_doubt"]) == (4, 1)
        spoken = FIRST_USE + len("Another text.") * 100e-6
        assert design["quoted"] == pytest.approx(3 * EACH + spoken)
        assert design["billed"] == pytest.approx(design["quoted"])
        ledger = lab.ledger("b")
        assert ledger["state"].tolist().count("in doubt") == 1
        assert ledger[ledger["state"] == "answered"]["status"].eq(200).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("five dollars", "the budget has 'five dollars'"),
        ({"USD": -1}, "'USD': -1"),
        ({"USD": True}, "'USD': True"),
        ({"usd!": 1}, "names 'usd!'"),
        ({"Dollar": 1}, "names 'Dollar'"),
    ],
)
def test_a_budget_that_cannot_be_read_is_told(given: object, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_budget(given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({"usd": 0.0001}, "neither a currency, such as USD, nor a provider. Did you mean 'USD'"),
        ({"minimaxx": 0}, "Did you mean 'minimax'"),
    ],
)
def test_a_budget_that_names_nothing_is_refused_wherever_it_is_given(
    tmp_path: Path, sandbox: Sandbox, budget: dict[str, float], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        opened(tmp_path / "unmade", sandbox, **budget)
    assert not (tmp_path / "unmade").exists()
    with opened(tmp_path, sandbox) as lab:
        experiment = Experiment(
            providers=("minimax",), template="a voice", preview_text=TEXT, budget=budget
        )
        for refused in (
            lambda: lab.quote(batch(1), budget=budget),
            lambda: lab.run(batch(1), budget=budget),
            lambda: lab.quote(experiment),
            lambda: setattr(lab, "budget", budget),
        ):
            with pytest.raises(UsageError, match=words):
                refused()
        assert (lab.budget, lab.records()) == ({}, ())


@pytest.mark.parametrize("budget", [{"CNY": 0.0}, {"EUR": 0.0001}, {"tencent-mps": 1.0}])
def test_a_vendor_that_a_budget_does_not_name_is_refused_and_not_let_through(
    tmp_path: Path, sandbox: Sandbox, budget: dict[str, float]
) -> None:
    with opened(tmp_path, sandbox) as lab:
        lab.run(batch(1, name="before")).result()
    with opened(tmp_path, sandbox, **budget) as lab:
        told = "minimax charges USD, and the budget of the lab names neither that nor minimax"
        with pytest.raises(UsageError, match=told):
            lab.run(batch(2), reuse=False)
        with pytest.raises(UsageError, match="the budget of the batch names neither"):
            lab.run(batch(2), budget=budget, reuse=False)
        assert lab.run(batch(1, name="before")).result().frame["state"].tolist() == ["done"]
        assert len(sandbox["minimax"].ledger.calls) == 1


def test_a_budget_set_afterwards_holds_what_is_queued(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox) as lab:
        job = lab.run(batch(9))
        lab.stop()
        job.wait()
        asked = len(sandbox["minimax"].ledger.calls)
        lab.budget = {"EUR": 1}
        lab.resume().result()
        held = [record for record in lab.records() if record.state.value == "queued"]
        assert len(held) == 9 - asked
        assert {record.error_kind for record in held} == {"OverBudget"}
        assert len(sandbox["minimax"].ledger.calls) == asked
        lab.budget = None
        lab.resume().result()
        assert states(lab) == {"done": 9}


def test_the_budget_of_a_lab_holds_whoever_opens_it(tmp_path: Path, sandbox: Sandbox) -> None:
    with opened(tmp_path, sandbox, USD=2.5 * EACH) as lab:
        lab.run(batch(2)).result()
    with opened(tmp_path, sandbox) as another:
        assert another.budget == {"USD": 2.5 * EACH}
        with pytest.raises(UsageError, match="budget of the lab"):
            another.run(batch(1, name="more"), reuse=False)
        with pytest.raises(UsageError, match="budget of the lab"):
            another.speak(another.records()[0].trial.id, "Another text.")
        assert another.budget_texts == [
            "0 of USD 0.002175 spent",
            "0.00174 of USD 0.002175 spent by emulated trials",
        ]
    with opened(tmp_path, sandbox, minimax=9) as replaced:
        assert replaced.budget == {"minimax": 9}
    with Lab.open(tmp_path, providers=[minimax(sandbox)], budget={}) as without:
        assert without.budget == {}
        without.run(batch(1, name="more"), reuse=False).result()
    with opened(tmp_path, sandbox) as lab:
        assert (lab.budget, states(lab)) == ({}, {"done": 3})


def test_what_a_person_gave_up_in_doubt_is_bought_again_only_when_asked_for(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    with opened(tmp_path, sandbox) as lab:
        sandbox["minimax"].faults.add("design", Fault(hang_up=True, carried_out=True))
        sandbox["minimax"].faults.add("design", Fault(code=1008, message="insufficient balance"))
        lab.run(batch(2)).result()
        doubtful = next(r.trial.id for r in lab.records() if r.state.value == "in doubt")
        refused = next(r.trial.id for r in lab.records() if r.state.value == "failed")
        lab.give_up(doubtful)
        assert lab.retry() == [refused]
        lab.resume().result()
        assert states(lab) == {"done": 1, "failed": 1}
        assert len(sandbox["minimax"].ledger.calls) == 3
        lab.resend(doubtful)
        lab.resume().result()
        assert states(lab) == {"done": 2}
