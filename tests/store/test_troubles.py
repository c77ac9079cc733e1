"""Real trouble with the disk, the folder, the lock and the clock: one sentence, and a safe stop.

Each runs in a process of its own, as a kernel would meet it.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from make_fixture import FOLDER, batch

from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.errors import StoreError, UsageError
from voicelab.lab import Lab
from voicelab.model import TrialState
from voicelab.providers.minimax import MiniMax
from voicelab.store import database
from voicelab.store.lab_folder import DATABASE
from voicelab.store.store import Store

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

RUN = """
import sys
from voicelab.errors import VoiceLabError
from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.template import grid

tones = grid("a {tone} voice", tone=["deep", "bright"], preview_text="Good evening, everybody.")
batch = Batch(variants=tones, providers=["local"], takes=20, experiment="tones")
try:
    with Lab.open(sys.argv[1]) as lab:
        done = lab.run(batch).result()
        print("done", len(done))
except VoiceLabError as error:
    print(type(error).__name__, error)
"""


LIMITED = "{limits}\nimport os, sys; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
"""What holds for this process holds for the program it becomes."""

SMALL_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))"
"""Bytes: the write-ahead log reaches it in the middle of the batch."""

DROP = "assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0"
AS_ANYONE = f"import ctypes\nfor capability in (1, 2): {DROP}\n" if IS_ROOT else "pass"
"""Root's rights to ignore the modes of files (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH) taken away."""


def run_it(folder: Path, limits: str = "pass") -> str:
    """Run a batch of 40 trials in another process; return the one line it prints."""
    command = [sys.executable, "-c", LIMITED.format(limits=limits), "-c", RUN, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.strip()


def states(folder: Path) -> Counter[str]:
    with Lab.open(folder, create=False) as lab:
        return Counter(record.state.value for record in lab.records())


def assert_stopped_safely_and_goes_on(folder: Path) -> None:
    """Check that what was done stayed, nothing is wrong, and the rest is brought to its end."""
    before = states(folder)
    assert before["done"]
    assert set(before) <= {"done", "queued", "sent"}
    with Lab.open(folder) as lab:
        hashes = {r.clip_hash for r in lab.records() if r.state is TrialState.DONE}
        assert not lab.check().left
        assert set(lab.resume().result().frame["state"]) == {"done"}
        assert hashes <= {record.clip_hash for record in lab.records()}
        assert len(lab.records()) == 40
        assert not lab.check().left


def test_a_file_that_may_not_grow_stops_the_run_and_resume_finishes_it(tmp_path: Path) -> None:
    said = run_it(tmp_path / "lab", SMALL_FILES)
    assert said.startswith("StoreError the lab database")
    assert "Mend that, then resume; what was kept before is there." in said
    assert_stopped_safely_and_goes_on(tmp_path / "lab")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB of its own; only root may make one, others have the file limit above."""
    if not IS_ROOT:
        pytest.skip("mounting a small disk needs root; the file limit is tried all the same")
    place = tmp_path / "disk"
    place.mkdir()
    options = ["-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    mounted = subprocess.run(["mount", *options], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"this container may not mount: {mounted.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_the_run_and_resume_finishes_it_once_there_is_room(
    small_disk: Path,
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_600_000))
    said = run_it(small_disk / "lab")
    assert said.startswith("StoreError ")
    assert "Free some space" in said
    assert "resume" in said
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert_stopped_safely_and_goes_on(small_disk / "lab")


def test_nothing_paid_is_asked_where_its_answer_has_no_room(small_disk: Path) -> None:
    with serve([MiniMaxEmulator()]) as sandbox:
        vendor = MiniMax(api_key=sandbox["minimax"].api_key, base_url=sandbox.base_url["minimax"])
        with Lab.open(small_disk / "lab", providers=[vendor]) as lab:
            with pytest.raises(StoreError, match="MiB free, and 64 MiB must be there"):
                lab.run(batch("vendor", "a deep male voice", ["minimax"])).result()
            assert not sandbox["minimax"].ledger.calls
            subprocess.run(["mount", "-o", "remount,size=128m", str(small_disk)], check=True)
            assert lab.resume().result().frame["state"].tolist() == ["done"]
            assert len(sandbox["minimax"].ledger.calls) == 1


def test_an_archive_on_a_full_disk_leaves_nothing(small_disk: Path, lab: Lab) -> None:
    (small_disk / "ballast").write_bytes(bytes(3_100_000))
    with pytest.raises((UsageError, StoreError), match="ree some space"):
        lab.archive(small_disk / "lab.zip")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


@pytest.fixture
def locked(folder: Path) -> Iterator[Path]:
    """A lab whose modes are put back after the test."""
    yield folder
    for path in (folder, folder / "audio"):
        path.chmod(0o755)


LOOK = """
import json, os, sys
from pathlib import Path
from voicelab.errors import VoiceLabError
from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.template import grid

folder, out = sys.argv[1], Path(sys.argv[2])
assert not os.access(folder, os.W_OK)
tones = grid("a {tone} voice", tone=["thin"], preview_text="Good evening.")
batch = Batch(variants=tones, providers=["local"], experiment="new")
with Lab.open(folder) as lab:
    comparison = lab.compare()
    first = comparison.records[0].trial.id
    found = {
        "states": [record.state.value for record in comparison.records],
        "measured": int(comparison.frame["f0_median_hz"].notna().sum()),
        "heard": comparison.clip(first).duration_s > 0.3,
        "shown": repr(lab.audition("tones")),
        "page": lab.export("tones", out / "tones.html").stat().st_size > 10_000,
        "refused": [],
    }
    lab.archive(out / "lab.zip")
    for write in (
        lambda: lab.run(batch).result(),
        lambda: lab.rate(first, 5),
        lambda: lab.note(first, "x"),
        lambda: lab.resume("queued").result(),
    ):
        try:
            write()
        except VoiceLabError as error:
            found["refused"].append(f"{type(error).__name__} {error}")
    found["rating"] = lab.compare().record(first).rating
print(json.dumps(found))
"""


def look_at(folder: Path, out: Path) -> dict[str, Any]:
    """Look at a lab that may only be read, in another process; return what it found."""
    out.mkdir()
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in files:
        path.chmod(0o444)
    folder.chmod(0o555)
    command = [sys.executable, "-c", LIMITED.format(limits=AS_ANYONE), "-c", LOOK]
    done = subprocess.run([*command, str(folder), str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert files == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def assert_seen_and_not_written(found: dict[str, Any]) -> None:
    *written, resumed = found.pop("refused")
    assert found == {
        "states": ["done", "done", "done", "failed", "queued"],
        "measured": 3,
        "heard": True,
        "shown": "Comparer('tones': 2 trials, 2 done)",
        "page": True,
        "rating": 4,
    }
    assert len(written) == 3
    for sentence in written:
        assert sentence.startswith("StoreError the lab database")
        assert "its folder or file is read-only. Allow writing, or copy the lab" in sentence
    assert "cannot be written" in resumed


def test_a_lab_in_a_read_only_folder_is_looked_at_and_not_written(
    locked: Path, tmp_path: Path
) -> None:
    assert_seen_and_not_written(look_at(locked, tmp_path / "out"))
    with Lab.restore(tmp_path / "out" / "lab.zip", tmp_path / "copy") as lab:
        assert not lab.check().left


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_lab_in_a_read_only_folder_is_looked_at_too(locked: Path, version: int) -> None:
    shutil.rmtree(locked)
    with ZipFile(FOLDER / f"v{version}.zip") as file:
        file.extractall(locked)
    assert_seen_and_not_written(look_at(locked, locked.parent / "out"))


def test_a_read_only_lab_that_was_not_measured_is_measured_to_be_looked_at(locked: Path) -> None:
    with Store.open(locked) as store, store.database.write() as connection:
        connection.execute("DELETE FROM measurements")
    assert_seen_and_not_written(look_at(locked, locked.parent / "out"))


def test_what_a_killed_process_left_in_the_log_is_seen_in_a_read_only_folder(locked: Path) -> None:
    code = (
        "import os, signal, sys; from voicelab.lab import Lab\n"
        "lab = Lab.open(sys.argv[1]); lab.rate(lab.records('vendor')[0].trial.id, 3)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(locked)])
    assert killed.returncode == -signal.SIGKILL
    assert (locked / f"{DATABASE}-wal").stat().st_size
    assert_seen_and_not_written(look_at(locked, locked.parent / "out"))
    with Lab.restore(locked.parent / "out" / "lab.zip", locked.parent / "copy") as lab:
        assert lab.records("vendor")[0].rating == 3


def test_a_read_only_audio_folder_stops_the_run_and_resume_finishes_it(locked: Path) -> None:
    (locked / "audio").chmod(0o555)
    said = run_it(locked, AS_ANYONE)
    assert said.startswith("StoreError the audio file")
    assert "make the folder writable, then resume" in said
    (locked / "audio").chmod(0o755)
    assert run_it(locked, AS_ANYONE) == "done 40"


def test_a_lock_file_that_may_not_be_written_is_one_sentence(locked: Path) -> None:
    (locked / "runner.lock").write_text("")
    (locked / "runner.lock").chmod(0o444)
    assert run_it(locked, AS_ANYONE).startswith("UsageError the lab folder")


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_database_that_another_program_holds_is_told_and_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_S", 0.3)
    command = [sys.executable, "-c", HOLD, str(folder / DATABASE)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as holder, Lab.open(folder, create=False) as lab:  # type: ignore[call-overload]
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert len(lab.records()) == 5
        for call in (
            lambda: lab.resume().result(),
            lambda: lab.note(lab.records()[0].trial.id, "x"),
        ):
            with pytest.raises(StoreError, match="locked by another program"):
                call()
        with Lab.open(folder, create=False) as second:
            assert len(second.records()) == 5
        holder.communicate()
        assert lab.resume("queued").result().frame["state"].tolist() == ["done"]


def test_an_audio_folder_that_is_a_file_stops_the_run_and_resume_finishes_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "audio").write_text("oops")
    said = run_it(tmp_path / "lab")
    assert said.startswith("StoreError the audio file")
    assert set(states(tmp_path / "lab")) <= {"queued", "sent"}
    (tmp_path / "lab" / "audio").unlink()
    assert run_it(tmp_path / "lab") == "done 40"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_half_copied_database_is_sentences_only(folder: Path, share: float) -> None:
    path = folder / DATABASE
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    command = [sys.executable, "-m", "voicelab", "check", "--lab", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert "estore the lab from an archive or a copy" in done.stdout + done.stderr


@pytest.mark.parametrize("data", [b"garbage " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_database_of_garbage_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(data)
    assert run_it(tmp_path).startswith("UsageError the lab cannot be opened: the lab database")
    assert (tmp_path / DATABASE).read_bytes() == data


def test_a_damaged_page_stops_a_run_with_a_sentence(folder: Path) -> None:
    connection = sqlite3.connect(folder / DATABASE)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'attempts_of_trial'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data = bytearray((folder / DATABASE).read_bytes())
    data[(page - 1) * size : page * size] = b"\xee" * size
    (folder / DATABASE).write_bytes(data)
    said = run_it(folder)
    assert said.startswith("StoreError ")
    assert "is damaged" in said


def test_a_folder_that_is_moved_while_it_is_open_is_never_written_past(folder: Path) -> None:
    with Lab.open(folder, create=False) as lab:
        moved = folder.rename(folder.with_name("moved"))
        for _ in range(2):
            with pytest.raises(StoreError, match="was moved, replaced or deleted"):
                lab.resume().result()
        assert [path.name for path in folder.glob("*.*")] in ([], ["runner.lock"])
        shutil.rmtree(folder, ignore_errors=True)
        moved.rename(folder)
        assert lab.resume("queued").result().frame["state"].tolist() == ["done"]


def test_a_clock_that_jumps_changes_no_order_and_loses_nothing(tmp_path: Path) -> None:
    code = """
import datetime, itertools, sys
import voicelab.store.journal as journal
import voicelab.store.records as records
import voicelab.store.store as store
import voicelab.engine.run as run
from make_fixture import batch
from voicelab.lab import Lab

days = itertools.cycle([400, -4000, 0, 9000, -1])
def now():
    day = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=next(days))
    return day.isoformat(timespec="microseconds")
for module in (journal, records, store, run):
    module.now = now
with Lab.open(sys.argv[1]) as lab:
    for name in "abcdef":
        lab.run(batch(name, f"a deep voice {name}", ["local"])).result()
    print([record.experiment for record in lab.records()])
    print([row.experiment for row in lab.batches()])
    lab.note(lab.records()[0].trial.id, "first")
    lab.note(lab.records()[0].trial.id, "second")
    print(lab.records()[0].note, set(lab.compare().frame["state"]), lab.check().findings)
    print(all(record.latency_s >= 0 for record in lab.records()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "lab")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.splitlines() == [
        "['a', 'b', 'c', 'd', 'e', 'f']",
        "['f', 'e', 'd', 'c', 'b', 'a']",
        "second {'done'} ()",
        "True",
    ], done.stderr


def test_a_write_that_fails_leaves_the_connection_fit_for_the_next(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with pytest.raises(StoreError, match="cannot be used"), store.database.write() as it:
            it.execute("INSERT INTO nowhere VALUES (1)")
        with pytest.raises(RuntimeError), store.database.write():
            raise RuntimeError
        with store.database.write() as connection:
            connection.execute("UPDATE lab SET created_at = created_at")
