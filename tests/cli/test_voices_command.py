"""`voicelab voices`: what `keep` and `drop` ask for can be copied, in a terminal and piped."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typed import SMALL, voicelab
from waits import quick

from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.model import TrialRecord

VENDORS = ("minimax", "dashscope-cosyvoice", "dashscope-qwen", "tencent-mps", "tencent-vod-design")
NARROW = 80
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}"
Made = tuple[Path, Sandbox]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A lab with voices of every vendor, under a label that is too long for a narrow line."""
    folder = tmp_path_factory.mktemp("voices")
    tones = SMALL.replace('"deep"', '"deep, calm and slow as an old river in a very wide plain"')
    everyone = ", ".join(f'"{name}"' for name in VENDORS)
    (folder / "tones.toml").write_text(tones.replace('"local"', everyone), encoding="utf-8")
    with quick(), serve(VENDORS) as sandbox:
        ran = voicelab("run", "tones.toml", cwd=folder, env=sandbox.environ)
        assert ran.returncode == 0, ran.stderr + ran.stdout
        yield folder, sandbox


def records_of(folder: Path) -> dict[str, TrialRecord]:
    """Return what made each voice, by the id of the voice."""
    with Lab.open(folder / "data/lab") as lab:
        return {str(record.voice_id): record for record in lab.records()}


def test_piped_a_voice_is_one_line_with_all_that_is_known_of_it(made: Made) -> None:
    folder, sandbox = made
    listed = voicelab("voices", cwd=folder, env=sandbox.environ, columns=NARROW)
    lines = {id_: line for line in listed.stdout.splitlines() for id_ in line.split()}
    records = records_of(folder)
    assert len(records) == 2 * len(VENDORS)
    for voice_id, record in records.items():
        line = lines[voice_id]
        assert line.split()[0] == record.trial.provider
        assert f" {record.trial.variant.label} " in line
        assert record.trial.id in line.split()
        days = [f"{day:%Y-%m-%d}" for day in (record.finished_at, record.expires_at) if day]
        assert [found[:10] for found in re.findall(DAY, line)] == days
    assert all(" not listed " in lines[i] for i, r in records.items() if i == r.trial.id)


def test_in_a_narrow_terminal_every_id_has_a_line_to_itself(made: Made) -> None:
    folder, sandbox = made
    listed = voicelab("voices", cwd=folder, env=sandbox.environ, columns=NARROW, terminal=True)
    lines = [line.strip() for line in listed.stdout.splitlines()]
    for voice_id, record in records_of(folder).items():
        at = lines.index(voice_id)
        assert lines[at + 1].startswith(f"{record.source} · design · ")
        about = lines[at : lines.index(f"trial {record.trial.id}")]
        assert record.trial.variant.label in " ".join(about)
        assert re.fullmatch(rf"made {DAY} UTC( · expires {DAY} UTC)?", about[-1])
        assert ("expires" in about[-1]) == (record.expires_at is not None)


def test_a_copied_id_is_the_one_that_drop_takes(made: Made) -> None:
    folder, sandbox = made
    listed = voicelab("voices", cwd=folder, env=sandbox.environ, columns=NARROW)
    copied = next(line for line in listed.stdout.splitlines() if "tencent-mps" in line).split()[2]
    dropped = voicelab("drop", "tencent-mps", copied, "--yes", cwd=folder, env=sandbox.environ)
    assert dropped.returncode == 0, dropped.stderr
    left = voicelab("voices", cwd=folder, env=sandbox.environ).stdout
    assert copied not in left


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    ("command", "asked"),
    [
        (["table", "--columns", "all"], ("trial.id", "voice_id", "clip_hash", "trial.provider")),
        (["table"], ("trial.provider",)),
        (["quote", "tones.toml"], ("trial.provider",)),
        (["bill"], ("trial.provider",)),
        (["providers"], ("trial.provider",)),
    ],
)
def test_no_other_command_cuts_a_name_or_an_id(
    made: Made, command: list[str], asked: tuple[str, ...], terminal: bool
) -> None:
    folder, sandbox = made
    done = voicelab(*command, cwd=folder, env=sandbox.environ, columns=NARROW, terminal=terminal)
    words = set(done.stdout.split())
    for record in records_of(folder).values():
        named = {
            "trial.id": record.trial.id,
            "voice_id": record.voice_id,
            "clip_hash": record.clip_hash,
            "trial.provider": record.trial.provider,
        }
        assert {named[name] for name in asked} <= words
