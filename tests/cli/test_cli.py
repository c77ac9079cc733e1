"""The command line as a person uses it: its output, its exit code, and a few real processes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typed import SMALL, process, voicelab

from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tones.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve([MiniMaxEmulator(requests_per_minute=6000)]) as sandbox:
        yield sandbox


def test_the_demo_goes_from_nothing_to_a_page_that_plays(tmp_path: Path) -> None:
    done = process("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "说书人" in done.stdout
    assert "16/16" in done.stdout
    assert "voicelab lab --lab voicelab-demo" in done.stdout
    made = tmp_path / "voicelab-demo"
    assert (made / "narrators.html").stat().st_size > 100_000
    assert len(list((made / "voices").glob("*.wav"))) == 16
    with (made / "narrators.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["done"] * 16
    again = voicelab("demo", cwd=tmp_path)
    assert again.returncode == 0


def test_an_experiment_is_quoted_run_shown_and_exported(folder: Path) -> None:
    quoted = voicelab("quote", "tones.toml", cwd=folder)
    assert (quoted.returncode, "free" in quoted.stdout) == (0, True)
    assert not (folder / "data").exists()
    ran = voicelab("run", "tones.toml", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "2/2" in ran.stdout
    table = voicelab("table", "--sort", "-f0_median_hz", "--columns", "label,take", cwd=folder)
    assert table.stdout.index("bright") < table.stdout.index("deep")
    exported = voicelab("export", "out/a.csv", "b.html", "--what", "tones", cwd=folder)
    assert exported.returncode == 0, exported.stderr
    assert (folder / "out/a.csv").is_file()
    assert (folder / "b.html").is_file()
    hidden = voicelab("export", "h.html", "h.csv", "a.zip", "--blind", "--seed", "3", cwd=folder)
    assert hidden.returncode == 0, hidden.stderr
    assert json.loads((folder / "h.key.json").read_text("utf-8"))["seed"] == 3
    assert (folder / "a.zip").is_file()
    published = voicelab("publish", "site", "--what", "tones", "--audio", "mp3-small", cwd=folder)
    assert published.returncode == 0, published.stderr
    assert {"index.html", "table.csv", "audio"} <= {one.name for one in (folder / "site").iterdir()}
    assert voicelab("resume", cwd=folder).stdout.startswith("0 trials are unfinished")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "none.toml"], "none.toml cannot be read"),
        (["table"], "there is no lab in"),
        (["resume"], "there is no lab in"),
        (["table", "nothing", "--lab", "made"], "no batch or experiment 'nothing'"),
        (["export", "x.docx", "--lab", "made"], "'.docx'"),
        (["export", "x.csv", "--blind", "--lab", "made"], "are for a page (.html)"),
        (["export", "x.html", "--audio", "ogg", "--lab", "made"], "choose one of mp3, mp3-small"),
        (["import-ratings", "tones.toml", "--lab", "made"], "holds no answers"),
        (["table", "--columns", "nope", "--lab", "made"], "there is no column 'nope'"),
        (["demo", "tones.toml"], "cannot be made"),
        (["lab", "--notebook", "nope"], "there is no notebook 'nope'; there are 1_explore"),
        (["run", "bad.toml"], "unknown key 'tempalte'"),
        (["run", "who.toml"], "there is no provider 'minimx'"),
    ],
)
def test_a_call_that_is_wrong_is_one_sentence_and_exit_code_2(
    folder: Path, arguments: list[str], sentence: str
) -> None:
    Lab.open(folder / "made").close()
    (folder / "bad.toml").write_text('tempalte = "x"')
    (folder / "who.toml").write_text(SMALL.replace('"local"', '"minimx"'))
    done = voicelab(*arguments, cwd=folder)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_quote_with_refusals_says_why_and_exits_with_1(folder: Path) -> None:
    (folder / "two.toml").write_text(SMALL.replace('"local"', '"local", "minimax"'))
    quoted = voicelab("quote", "two.toml", cwd=folder)
    assert quoted.returncode == 1
    assert "MINIMAX_API_KEY is not set" in quoted.stdout
    ran = voicelab("run", "two.toml", cwd=folder)
    assert ran.returncode == 2
    assert "nothing was sent" in ran.stderr
    assert voicelab("run", "two.toml", "--leave-out-refused", cwd=folder).returncode == 0


def test_what_an_emulator_answered_is_marked_everywhere(folder: Path, sandbox: Sandbox) -> None:
    (folder / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'))
    ran = voicelab("run", "two.toml", cwd=folder, env=sandbox.environ)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "minimax (emulated)" in ran.stdout
    assert "if it were live" in ran.stdout


def test_kept_voices_are_listed_and_dropped(folder: Path) -> None:
    (folder / "qwen.toml").write_text(SMALL.replace('"local"', '"dashscope-qwen"'))
    with serve(["dashscope-qwen"]) as sandbox:
        ran = voicelab("run", "qwen.toml", cwd=folder, env=sandbox.environ)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        with Lab.open(folder / "data/lab") as lab:
            voice_id = lab.records()[0].voice_id or ""
        listed = voicelab("voices", cwd=folder, env=sandbox.environ)
        assert "dashscope-qwen (emulated)" in listed.stdout
        assert "2 of 1000 voices used" in listed.stdout
        dropping = ["drop", "dashscope-qwen", voice_id, "--yes"]
        assert voicelab(*dropping, cwd=folder, env=sandbox.environ).returncode == 0
        again = voicelab(*dropping, cwd=folder, env=sandbox.environ)
    assert again.returncode == 2
    assert "Traceback" not in again.stderr


def test_a_voice_is_kept_after_its_price_was_shown(folder: Path, sandbox: Sandbox) -> None:
    (folder / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'))
    voicelab("run", "two.toml", cwd=folder, env=sandbox.environ)
    with Lab.open(folder / "data/lab") as lab:
        trial = lab.records()[0].trial.id
    listed = voicelab("voices", cwd=folder, env=sandbox.environ)
    assert listed.stdout.count("not listed") == 2
    unasked = voicelab("keep", trial, cwd=folder, env=sandbox.environ)
    assert "USD 3.00 for keeping it" in unasked.stdout
    assert unasked.returncode != 0
    assert not sandbox["minimax"].ledger.of("speak")
    kept = voicelab("keep", trial, "--yes", cwd=folder, env=sandbox.environ)
    assert kept.returncode == 0, kept.stderr
    assert "keeps the voice" in kept.stdout
    assert voicelab("voices", cwd=folder, env=sandbox.environ).stdout.count("not listed") == 1


def test_a_key_is_asked_for_nowhere_but_at_its_own_host(folder: Path) -> None:
    key = "sk-planted-secret-key"
    (folder / "two.toml").write_text(SMALL.replace('"local"', '"minimax"'))
    ran = voicelab("run", "two.toml", cwd=folder, env={"MINIMAX_API_KEY": key})
    assert ran.returncode == 2
    assert "offline" in ran.stderr
    assert key not in ran.stderr + ran.stdout


def test_hostile_text_cannot_steer_the_terminal(folder: Path) -> None:
    (folder / "evil.toml").write_text(
        'preview_text = "Hi."\n'
        '[[rows]]\nlabel = "[red]x[/red]\\u001b[31m\\u202e"\nprompt = "deep"\n'
    )
    ran = voicelab("run", "evil.toml", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "[red]x[/red]" in ran.stdout
    assert "\x1b[31m" not in ran.stdout
    assert "\u202e" not in ran.stdout


@pytest.mark.skipif(os.name == "nt", reason="names are always text on Windows")
def test_a_name_that_is_no_text_is_told_all_the_same(folder: Path) -> None:
    ran = process("run", "\udcff\x1b[31m\u2028.toml", cwd=folder)
    assert ran.returncode == 2
    assert ".toml" in ran.stderr
    assert not [bad for bad in ("Traceback", "\x1b[31m", "\u2028") if bad in ran.stderr]


def test_a_terminal_of_few_letters_still_shows_the_rest(folder: Path) -> None:
    (folder / "zh.toml").write_text(SMALL.replace("deep", "低沉"), encoding="utf-8")
    few = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    ran = process("run", "zh.toml", cwd=folder, env=few)
    assert ran.returncode == 0, ran.stderr
    assert "??" in ran.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_an_interrupted_run_is_resumed(folder: Path) -> None:
    rows = "\n".join(f'[[rows]]\nlabel = "r{n}"\nprompt = "deep {n}"' for n in range(60))
    (folder / "long.toml").write_text(f'name = "long"\npreview_text = "One, two."\n{rows}\n')
    child = subprocess.Popen(
        [sys.executable, "-m", "voicelab", "run", "long.toml"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not list((folder / "data/lab/audio").glob("*.wav")):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate()
    assert child.returncode == 130
    assert "voicelab resume" in errors
    with Lab.open(folder / "data/lab") as lab:
        assert {record.state.value for record in lab.records()} == {"done", "queued"}
    assert voicelab("resume", cwd=folder).returncode == 0


def test_the_doctor_finds_this_machine_well(tmp_path: Path) -> None:
    done = process("doctor", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "espeak-ng 1." in done.stdout


def test_the_doctor_says_how_to_mend_a_missing_engine(tmp_path: Path) -> None:
    broken = {"VOICELAB_ESPEAK_LIBRARY": str(tmp_path / "none.so"), "VOICELAB_ESPEAK_DATA": "."}
    done = process("doctor", cwd=tmp_path, env=broken)
    assert "local engine" in done.stdout
    assert "Traceback" not in done.stderr


def test_every_command_has_a_help_text(tmp_path: Path) -> None:
    commands = ["demo", "lab", "run", "resume", "quote", "table", "export", "providers", "doctor"]
    commands += ["publish", "import-ratings"]
    overview = voicelab("--help", cwd=tmp_path).stdout
    for command in commands:
        assert command in overview
        assert "Usage" in voicelab(command, "--help", cwd=tmp_path).stdout
