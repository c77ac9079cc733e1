"""A lab as one file: whole, checked, and going on where it stood."""

import hashlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from make_fixture import batch

from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.store.lab_folder import DATABASE
from voicelab.store.manifest import MANIFEST
from voicelab.store.schema import MIGRATIONS

Files = dict[str, bytes]
EVIL = 'x"><img src=x onerror=alert(1)>'


@pytest.fixture
def archive(lab: Lab, tmp_path: Path) -> Path:
    return lab.archive(tmp_path / "out" / "lab.zip")


def contents(path: Path) -> Files:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def rewritten(path: Path, change: Callable[[Files], None]) -> Path:
    files = contents(path)
    change(files)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def manifest_changed(files: Files, /, **changes: Any) -> None:
    files[MANIFEST] = json.dumps({**json.loads(files[MANIFEST]), **changes}).encode()


def put(files: Files, name: str, data: bytes) -> None:
    """Put a file into an archive so that its manifest agrees."""
    files[name] = data
    listed = json.loads(files[MANIFEST])["files"]
    listed[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest_changed(files, files=listed)


def assert_refused(path: Path, folder: Path, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        Lab.restore(path, folder)
    assert not folder.exists() or not list(folder.iterdir())
    assert not list(folder.parent.glob(".writing-*"))


def test_a_restored_lab_is_the_lab_and_goes_on(lab: Lab, archive: Path, tmp_path: Path) -> None:
    with Lab.restore(archive, tmp_path / "new" / "lab") as again:
        assert again.records() == lab.records()
        assert not again.check().left
        assert [row.id for row in again.batches()] == [row.id for row in lab.batches()]
        queued = batch("queued", "an old woman", ["local"])
        assert again.quote(queued).batch_id == lab.records("queued")[0].trial.batch_id
        assert again.resume("queued").result().frame["state"].tolist() == ["done"]
    assert {path.name for path in archive.parent.iterdir()} == {"lab.zip"}


def test_an_archive_says_what_it_is(lab: Lab, archive: Path) -> None:
    about = json.loads(contents(archive)[MANIFEST])
    assert about["made_by"].startswith("voicelab ")
    assert about["store_version"] == len(MIGRATIONS)
    assert len(about["files"]) == 4
    assert about["left_out"] == []


def test_a_lab_is_archived_while_another_process_runs_it(tmp_path: Path) -> None:
    code = (
        "import sys; from voicelab.lab import Lab; from voicelab.model import Batch\n"
        "from voicelab.template import grid\n"
        "lab = Lab.open(sys.argv[1])\n"
        "lab.on_change(lambda record: print(record.state.value, flush=True))\n"
        "tones = grid('a {tone} voice', tone=['deep', 'bright'], preview_text='Hello there.')\n"
        "lab.run(Batch(variants=tones, providers=['local'], takes=60)).result()\n"
    )
    run = [sys.executable, "-c", code, str(tmp_path / "lab")]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "done\n":
            assert process.poll() is None
        with Lab.open(tmp_path / "lab") as lab:
            path = lab.archive(tmp_path / "lab.zip")
        process.send_signal(signal.SIGKILL)
    with Lab.restore(path, tmp_path / "again") as again:
        assert not again.check().left
        states = [record.state.value for record in again.records()]
        assert len(states) == 120
        assert "done" in states
        assert "queued" in states
        assert set(again.resume().result().frame["state"]) == {"done"}


def test_a_lab_with_damage_is_archived_only_when_told_so(
    lab: Lab, folder: Path, tmp_path: Path
) -> None:
    lost = next((folder / "audio").glob("*.mp3"))
    lost.unlink()
    with pytest.raises(UsageError, match="1 audio files of the lab are missing or changed"):
        lab.archive(tmp_path / "a.zip")
    assert not list(tmp_path.glob("*.zip"))
    path = lab.archive(tmp_path / "a.zip", anyway=True)
    assert json.loads(contents(path)[MANIFEST])["left_out"] == [f"audio/{lost.name}"]
    with Lab.restore(path, tmp_path / "again") as again:
        assert [finding.what for finding in again.check().left] == ["audio missing"]


def test_an_archive_is_called_zip_and_needs_a_place(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"an archive is a \.zip"):
        lab.archive(tmp_path / "lab.tar")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be written"):
        lab.archive(tmp_path / "file" / "lab.zip")


def test_a_folder_with_something_in_it_is_never_restored_into(
    archive: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    for place in (folder, folder / "mine.txt"):
        with pytest.raises(UsageError, match="is not empty"):
            Lab.restore(archive, place)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    empty = tmp_path / "empty"
    empty.mkdir()
    Lab.restore(archive, empty).close()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_an_archive_that_was_cut_off_restores_nothing(
    archive: Path, tmp_path: Path, share: float
) -> None:
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    assert_refused(archive, tmp_path / "new", "damaged, cut off, or no zip")


def test_any_changed_byte_of_an_archive_is_noticed(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    refused = 0
    for place in range(50, len(data), len(data) // 40):
        archive.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        try:
            Lab.restore(archive, tmp_path / f"new{place}").close()
        except UsageError:
            refused += 1
            assert not (tmp_path / f"new{place}").exists()
        else:  # a byte that says nothing, such as a file's date
            with Lab.open(tmp_path / f"new{place}", create=False) as lab:
                assert not lab.check().left
    assert refused > 30


def test_an_archive_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none.zip", tmp_path / "new", "there is no archive")


NAMES = [
    "../evil.wav",
    "/tmp/evil.wav",
    "audio/../../evil.wav",
    "audio\\..\\evil.wav",
    "C:evil.wav",
    "notes.txt",
    f"audio/{'0' * 64}.wav",
    f"audio/{'0' * 64}.wav/",
    f"audio/{'é' * 64}.wav",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_file_of_a_lab_is_refused(
    archive: Path, tmp_path: Path, name: str
) -> None:
    rewritten(archive, lambda files: put(files, name, b"evil"))
    assert_refused(archive, tmp_path / "deep" / "new", "is no archive of a lab")
    assert not list(tmp_path.rglob("evil*"))


def test_files_the_manifest_does_not_name_are_refused(archive: Path, tmp_path: Path) -> None:
    rewritten(archive, lambda files: files.update({"more": b""}))
    assert_refused(archive, tmp_path / "new", "not those its manifest names")
    rewritten(archive, lambda files: [files.pop(name) for name in ("more", DATABASE)])
    assert_refused(archive, tmp_path / "new", "not those its manifest names")


def test_the_same_name_twice_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr(DATABASE, b"other")
    assert_refused(archive, tmp_path / "new", "not those its manifest names")


def test_bombs_are_refused_before_they_are_unpacked(archive: Path, tmp_path: Path) -> None:
    zeros = bytes(65 * 2**20)
    name = f"audio/{hashlib.sha256(zeros).hexdigest()}.wav"
    copy = Path(shutil.copy(archive, tmp_path / "copy.zip"))
    rewritten(copy, lambda files: put(files, DATABASE, zeros))
    assert_refused(copy, tmp_path / "new", "times smaller")
    rewritten(archive, lambda files: put(files, name, zeros))
    assert_refused(archive, tmp_path / "new", "no trial audio is that large")
    rewritten(archive, lambda files: files.update({MANIFEST: b" " * (65 * 2**20)}))
    assert_refused(archive, tmp_path / "new", "absurdly large")


def test_a_size_that_lies_is_refused(archive: Path, tmp_path: Path) -> None:
    def lie(files: Files) -> None:
        listed = json.loads(files[MANIFEST])["files"]
        listed[DATABASE]["bytes"] = 2**60
        manifest_changed(files, files=listed)

    rewritten(archive, lie)
    assert_refused(archive, tmp_path / "new", "not as large as its manifest says")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"files": 3}', b"[" * 100_000, b'{"lab":1}', b"\xff"]
)
def test_a_manifest_that_cannot_be_read_is_refused(
    archive: Path, tmp_path: Path, data: bytes
) -> None:
    rewritten(archive, lambda files: files.update({MANIFEST: data}))
    assert_refused(archive, tmp_path / "new", "cannot be read")


def test_a_zip_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "hello")
    assert_refused(path, tmp_path / "new", f"it has no {MANIFEST}")


def test_an_archive_of_a_newer_voicelab_is_refused(archive: Path, tmp_path: Path) -> None:
    newer = len(MIGRATIONS) + 1
    rewritten(archive, lambda files: manifest_changed(files, store_version=newer))
    assert_refused(archive, tmp_path / "new", "Update voicelab")


@pytest.mark.parametrize(
    "sql",
    [
        "PRAGMA user_version = 99",
        "UPDATE lab SET id = 'other'",
        "CREATE TRIGGER evil AFTER INSERT ON ratings BEGIN DELETE FROM trials; END",
        "CREATE VIEW evil AS SELECT * FROM trials",
        "DROP TABLE lab",
        "DROP TABLE notes",
        "ALTER TABLE clips ADD COLUMN evil TEXT",
        "ALTER TABLE trials RENAME TO other; CREATE TABLE trials AS SELECT * FROM other",
        f"UPDATE trials SET id = '{EVIL}' WHERE state = 'queued'",
        f"UPDATE clips SET suffix = '/../{EVIL}'",
        f"UPDATE batches SET id = '{EVIL}' WHERE experiment = 'tones'",
    ],
)
def test_a_database_that_is_not_the_manifests_or_made_up_is_refused(
    archive: Path, tmp_path: Path, sql: str
) -> None:
    rewritten(archive, lambda files: database_changed(files, tmp_path, sql))
    assert_refused(archive, tmp_path / "new", "is no lab|is not the one its manifest describes")


def test_a_lab_with_a_table_of_ones_own_is_restored(archive: Path, tmp_path: Path) -> None:
    sql = "CREATE TABLE mine (a); CREATE INDEX of_mine ON trials (take); ANALYZE"
    rewritten(archive, lambda files: database_changed(files, tmp_path, sql))
    with Lab.restore(archive, tmp_path / "new") as again:
        assert not again.check().left


def database_changed(files: Files, tmp_path: Path, sql: str) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(files[DATABASE])
    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.close()
    put(files, DATABASE, path.read_bytes())


def test_a_disk_without_room_is_said_before_anything_is_unpacked(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    assert_refused(archive, tmp_path / "new", "free some space")


def test_two_may_archive_at_once(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lab.zip"
    threads = [threading.Thread(target=lab.archive, args=(path,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Lab.restore(path, tmp_path / "new").close()


def test_the_commands_archive_and_restore(folder: Path, tmp_path: Path) -> None:
    def voicelab(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "voicelab", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    done = voicelab("archive", "lab.zip", "--lab", str(folder))
    assert done.returncode == 0, done.stderr
    done = voicelab("restore", "lab.zip", "--lab", "again")
    assert (done.returncode, "5 trials" in done.stdout) == (0, True), done.stderr
    done = voicelab("restore", "lab.zip", "--lab", "again")
    assert (done.returncode, "is not empty" in done.stderr) == (2, True)
