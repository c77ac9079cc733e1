"""A lab of which only half was copied knows not what it was given: it never buys that again."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from make_fixture import batch

from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.errors import LabWarning, UsageError
from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.providers.minimax import MiniMax
from voicelab.store.lab_folder import DATABASE
from voicelab.template import grid

TONES = Batch(
    variants=grid("a {tone} male voice", tone=["deep", "bright", "thin"], preview_text="Good day."),
    providers=["minimax"],
    experiment="tones",
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve([MiniMaxEmulator()]) as sandbox:
        yield sandbox


def opened(folder: Path, sandbox: Sandbox) -> Lab:
    vendor = MiniMax(api_key=sandbox["minimax"].api_key, base_url=sandbox.base_url["minimax"])
    return Lab.open(folder, providers=[vendor])


def copied(lab: Lab, to: Path, *, database: bool) -> Path:
    """Copy an open lab as somebody does who knows nothing of its `lab.db-wal`."""
    shutil.copytree(lab.folder / "audio", to / "audio")
    if database:
        shutil.copy(lab.folder / DATABASE, to / DATABASE)
    return to


@pytest.mark.parametrize("database", [True, False], ids=["without its log", "audio alone"])
def test_a_lab_copied_while_it_was_open_is_looked_at_and_buys_nothing_again(
    sandbox: Sandbox, tmp_path: Path, database: bool
) -> None:
    with opened(tmp_path / "lab", sandbox) as lab:
        lab.run(TONES).result()
        copy = copied(lab, tmp_path / "copy", database=database)
    paid = len(sandbox["minimax"].ledger.calls)
    with pytest.warns(LabWarning, match=r"no trial in the database.*voicelab archive"):
        half = opened(copy, sandbox)
    with half:
        for start in (lambda: half.run(TONES), half.resume, half.settle):
            with pytest.raises(UsageError, match=r"nothing was sent: there is audio in .*-wal"):
                start()
        assert half.batches() == []
        (finding,) = half.check(repair=True).left
        assert finding.what == "lab half copied"
    assert len(sandbox["minimax"].ledger.calls) == paid


def test_a_database_older_than_the_audio_beside_it_buys_nothing_again(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with opened(tmp_path / "lab", sandbox) as lab:
        lab.run(batch("first", "an old woman", ["minimax"])).result()
    older = (tmp_path / "lab" / DATABASE).read_bytes()
    with opened(tmp_path / "lab", sandbox) as lab:
        lab.run(TONES).result()
    (tmp_path / "lab" / DATABASE).write_bytes(older)
    paid = len(sandbox["minimax"].ledger.calls)
    with opened(tmp_path / "lab", sandbox) as lab:
        with pytest.raises(UsageError, match=r"3 audio files in .* lab\.db is older than they are"):
            lab.run(TONES)
        assert [finding.what for finding in lab.check(repair=True).left] == ["lab half copied"]
        assert len(sandbox["minimax"].ledger.calls) == paid
        for path in (lab.folder / "audio").glob("*"):
            if path.stem != lab.records("first")[0].clip_hash:
                path.unlink()
        lab.run(TONES).result()  # whoever moved them away has decided to


def test_audio_that_a_killed_run_left_holds_no_run_up(folder: Path) -> None:
    with Lab.open(folder) as lab:
        digest = lab.records("tones")[0].clip_hash
        with lab._store.database.write() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            connection.execute(
                "UPDATE trials SET state = 'sent', clip_hash = NULL WHERE clip_hash = ?", (digest,)
            )
            connection.execute("DELETE FROM measurements WHERE clip_hash = ?", (digest,))
            connection.execute("DELETE FROM clips WHERE hash = ?", (digest,))
        assert not lab.check().left
        assert set(lab.resume("tones").result().frame["state"]) == {"done"}
        assert not lab.check().left


def test_a_file_of_ones_own_in_the_audio_folder_holds_no_run_up(folder: Path) -> None:
    (folder / "audio" / "mine.wav").write_bytes(b"sound")
    with Lab.open(folder) as lab:
        assert lab.resume("queued").result().frame["state"].tolist() == ["done"]


def test_the_commands_say_it_in_a_line_and_send_nothing(lab: Lab, tmp_path: Path) -> None:
    copy = copied(lab, tmp_path / "copy", database=False)
    (copy / "small.toml").write_text(
        'name = "small"\nproviders = ["local"]\npreview_text = "Good evening."\n'
        'template = "a deep voice"\n'
    )
    command = [sys.executable, "-m", "voicelab", "run", str(copy / "small.toml"), "--yes"]
    done = subprocess.run([*command, "--lab", str(copy)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    assert "nothing was sent: there is audio in" in done.stderr
