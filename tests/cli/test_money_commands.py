"""Budgets, doubts and bills on the command line."""

from pathlib import Path

from typed import SMALL, voicelab

from voicelab.emulators.base import Fault
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.lab import Lab
from voicelab.model import TrialState

EACH = len("Good evening.") * 30e-6
"""USD a trial."""


def test_a_budget_stops_a_doubt_is_settled_by_a_person_and_the_bill_says_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'), encoding="utf-8")
    (tmp_path / "again.toml").write_text(
        SMALL.replace('"local"', '"minimax"').replace('"tones"', '"again"'), encoding="utf-8"
    )
    with serve([MiniMaxEmulator(requests_per_minute=6000)]) as sandbox:

        def run(*arguments: str) -> tuple[int, str, str]:
            done = voicelab(*arguments, cwd=tmp_path, env=sandbox.environ)
            return done.returncode, done.stdout, done.stderr

        code, _, told = run("run", "two.toml", "--budget", f"USD {1.5 * EACH:.6f}")
        assert (code, "budget of the batch" in told) == (2, True)
        assert not sandbox["minimax"].ledger.calls

        sandbox["minimax"].faults.add("design", Fault(hang_up=True))
        code, shown, _ = run("run", "two.toml", "--budget", "USD 1")
        assert (code, "in doubt" in shown) == (1, True)
        doubtful = next(w for w in shown.replace(":", " ").split() if w.startswith("vl"))
        code, shown, _ = run("settle")
        assert (code, "1 trials are in doubt" in shown) == (1, True)
        assert run("resend", doubtful)[0] != 0  # nobody said yes
        assert run("resend", doubtful, "--yes")[0] == 0
        assert run("resume")[0] == 0
        assert run("give-up", doubtful)[0] == 2  # it is done by now

        code, shown, _ = run("quote", "again.toml", "--reuse")
        assert (code, "taken over, free" in shown) == (0, True)
        assert run("run", "again.toml", "--reuse")[0] == 0
        code, shown, _ = run("bill")
        assert (code, "minimax (emulated)" in shown, "USD" in shown) == (0, True, True)
        assert len(sandbox["minimax"].ledger.calls) == 3


def test_a_vendor_that_is_away_is_told_while_the_others_finish(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(
        SMALL.replace('["local"]', '["local", "minimax"]'), encoding="utf-8"
    )
    nobody = {"MINIMAX_API_KEY": "no-such-key", "MINIMAX_API_HOST": "http://127.0.0.1:9"}
    done = voicelab("run", "two.toml", cwd=tmp_path, env=nobody)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "minimax cannot be reached" in done.stdout
    assert "2 of 4 trials are not done." in done.stdout


def test_the_budget_of_a_lab_is_shown_set_held_and_taken_away(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'), encoding="utf-8")
    with serve([MiniMaxEmulator(requests_per_minute=6000)]) as sandbox:

        def run(*arguments: str) -> tuple[int, str, str]:
            done = voicelab(*arguments, cwd=tmp_path, env=sandbox.environ)
            return done.returncode, done.stdout, done.stderr

        code, _, told = run("budget", "usd 5")
        assert (code, "Did you mean 'USD'?" in told) == (2, True)
        assert "The lab has no budget." in run("budget")[1]
        assert run("budget", f"USD {1.5 * EACH:.6f}")[0] == 0
        code, _, told = run("run", "two.toml")
        assert (code, "budget of the lab" in told) == (2, True)
        assert not sandbox["minimax"].ledger.calls
        assert "0 of USD 0.000585 spent" in run("budget")[1]
        assert run("budget", "none")[0] == 0
        assert run("run", "two.toml")[0] == 0
        assert len(sandbox["minimax"].ledger.calls) == 2


def test_what_was_given_up_in_doubt_is_not_retried_without_asking(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'), encoding="utf-8")
    with serve([MiniMaxEmulator(requests_per_minute=6000)]) as sandbox:

        def run(*arguments: str) -> tuple[int, str]:
            done = voicelab(*arguments, cwd=tmp_path, env=sandbox.environ)
            return done.returncode, done.stdout

        sandbox["minimax"].faults.add("design", Fault(hang_up=True, carried_out=True))
        sandbox["minimax"].faults.add("design", Fault(code=1008, message="insufficient balance"))
        _, shown = run("run", "two.toml")
        trials = {w for w in shown.replace(":", " ").split() if w.startswith("vl")}
        (doubtful,) = (trial for trial in trials if run("give-up", trial)[0] == 0)
        code, shown = run("retry")
        assert (code, "1 trials are queued" in shown) == (0, True)
        assert f"voicelab resend {doubtful}" in shown
        assert run("resume")[0] == 1  # one is done, the other stays given up
        assert len(sandbox["minimax"].ledger.calls) == 3
        assert run("resend", doubtful)[0] != 0  # nobody said yes
        assert run("resend", doubtful, "--yes")[0] == 0
        assert run("resume")[0] == 0
        assert len(sandbox["minimax"].ledger.calls) == 4


def test_resume_looks_for_what_is_in_doubt_beside_what_is_queued(tmp_path: Path) -> None:
    two = SMALL.replace('"deep", "bright"', '"deep"')
    (tmp_path / "two.toml").write_text(
        two.replace('["local"]', '["minimax", "dashscope-qwen"]'), encoding="utf-8"
    )
    vendors = [MiniMaxEmulator(requests_per_minute=6000), DashScopeEmulator()]
    with serve(vendors) as sandbox:
        for name in ("minimax", "dashscope"):
            lost = Fault(hang_up=True, carried_out=True)
            sandbox[name].faults.add("design", lost)
        ran = voicelab("run", "two.toml", "--anew", "--yes", cwd=tmp_path, env=sandbox.environ)
        assert (ran.returncode, "in doubt" in ran.stdout) == (1, True), ran.stderr
        looked = voicelab("resume", cwd=tmp_path, env=sandbox.environ)
        assert "2 trials are unfinished, 2 of them in doubt." in looked.stdout, looked.stderr
        assert sandbox["dashscope"].ledger.of("list")
        with Lab.open(tmp_path / "data" / "lab") as lab:
            (queued,) = [r for r in lab.records() if r.trial.provider == "minimax"]
            lab.resend(queued.trial.id)
        gone_on = voicelab("resume", cwd=tmp_path, env=sandbox.environ)
    assert (gone_on.returncode, "Traceback" in gone_on.stderr) == (1, False), gone_on.stderr
    assert "2 trials are unfinished, 1 of them in doubt." in gone_on.stdout
    with Lab.open(tmp_path / "data" / "lab") as lab:
        assert {r.trial.provider: r.state for r in lab.records()} == {
            "minimax": TrialState.DONE,
            "dashscope-qwen": TrialState.IN_DOUBT,
        }


def test_resume_of_a_lab_that_another_process_runs_draws_no_bars(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'), encoding="utf-8")
    with serve([MiniMaxEmulator(requests_per_minute=6000)]) as sandbox:
        sandbox["minimax"].faults.add("design", Fault(hang_up=True), times=2)
        voicelab("run", "two.toml", "--yes", cwd=tmp_path, env=sandbox.environ)
        with Lab.open(tmp_path / "data" / "lab") as lab, lab._store.runner():
            busy = voicelab("resume", cwd=tmp_path, env=sandbox.environ)
    said = " ".join(busy.stdout.split())
    assert (busy.returncode, said) == (2, "2 trials are unfinished, 2 of them in doubt.")
    assert "another process is running trials" in busy.stderr
