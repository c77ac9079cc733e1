"""A look at a whole lab: every harm is found, told, and mended only from what is kept."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from make_fixture import batch

from voicelab.errors import LabWarning
from voicelab.lab import Lab
from voicelab.providers.minimax import MiniMax
from voicelab.store.check import CheckReport
from voicelab.store.lab_folder import DATABASE

NOBODY = MiniMax(api_key="sk-nobody-is-ever-called", base_url="http://127.0.0.1:9")
"""Reads kept replies; whoever called it would be refused a connection."""

VENDORS = "provider = 'minimax' AND state = 'done'"


def kinds(report: CheckReport) -> Counter[str]:
    return Counter(finding.what for finding in report.findings)


def harm(folder: Path, sql: str, *values: Any) -> None:
    connection = sqlite3.connect(folder / DATABASE)
    with connection:
        assert connection.execute(sql, values).rowcount > 0
    connection.close()


def check(folder: Path, *, repair: bool = False) -> CheckReport:
    with Lab.open(folder, providers=[NOBODY], create=False) as lab:
        return lab.check(repair=repair)


def trial_audio(folder: Path, experiment: str) -> Path:
    with Lab.open(folder) as lab:
        digest = lab.records(experiment)[0].clip_hash
    return next((folder / "audio").glob(f"{digest}.*"))


def test_a_whole_lab_has_no_findings(folder: Path) -> None:
    report = check(folder)
    assert report.findings == ()
    assert str(report) == "5 trials and 3 clips were looked at; all is well."


@pytest.mark.parametrize("experiment", ["tones", "vendor"])
@pytest.mark.parametrize("how", ["missing", "changed"])
def test_lost_audio_is_made_again_byte_for_byte_with_nothing_sent(
    folder: Path, experiment: str, how: str
) -> None:
    path = trial_audio(folder, experiment)
    whole = path.read_bytes()
    path.unlink() if how == "missing" else path.write_bytes(b"x" + whole[1:])
    found = check(folder)
    assert kinds(found) == {f"audio {how}": 1}
    assert found.left[0].repairable
    mended = check(folder, repair=True)
    assert not mended.left
    assert path.read_bytes() == whole
    aside = folder / "audio" / "damaged" / path.name
    assert aside.exists() == (how == "changed")
    assert check(folder).findings == ()


def test_lost_audio_of_a_reply_that_is_gone_too_is_told_and_left(folder: Path) -> None:
    path = trial_audio(folder, "vendor")
    path.unlink()
    harm(folder, "DELETE FROM exchanges WHERE attempt_id = 1")
    report = check(folder, repair=True)
    assert kinds(report) == {"audio missing": 1, "reply missing": 2}
    lost = next(f for f in report.left if f.what == "audio missing")
    assert "no reply to its step 'design' was kept" in lost.sentence
    assert "Restore the lab" in lost.sentence
    assert not path.exists()


def test_audio_that_would_come_out_other_is_never_put_in_its_place(folder: Path) -> None:
    path = trial_audio(folder, "tones")
    path.unlink()
    harm(folder, "UPDATE trials SET variant = replace(variant, 'deep', 'shrill')")
    report = check(folder, repair=True)
    lost = next(f for f in report.left if f.what == "audio missing")
    assert "not the same, byte for byte" in lost.sentence
    assert not path.exists()


def test_what_a_killed_process_left_is_told_and_tidied(folder: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from voicelab.store import audio_files\n"
        "audio_files.os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n"
        "audio_files.AudioFiles(Path(sys.argv[1])).put(b'sound', '.wav')\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(folder / "audio")])
    assert killed.returncode == -signal.SIGKILL
    report = check(folder)
    assert kinds(report) == {"unfinished files": 1}
    assert not report.left
    check(folder, repair=True)
    assert check(folder).findings == ()


def test_audio_nobody_names_is_told_and_stays(folder: Path) -> None:
    orphan = folder / "audio" / "mine.wav"
    orphan.write_bytes(b"sound")
    report = check(folder, repair=True)
    assert kinds(report) == {"audio nobody names": 1}
    assert not report.left
    assert orphan.exists()


def test_a_damaged_page_is_found_before_anything_else(folder: Path) -> None:
    database = folder / DATABASE
    data = bytearray(database.read_bytes())
    connection = sqlite3.connect(database)
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'notes_of_trial'"
    ).fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    data[(page - 1) * size : page * size] = os.urandom(size)
    database.write_bytes(data)
    report = check(folder)
    assert kinds(report) == {"database damaged": 1}
    assert "Restore the lab from an archive" in report.left[0].sentence


def test_a_row_that_names_no_row_is_found(folder: Path) -> None:
    harm(folder, "DELETE FROM clips WHERE format = 'mp3'")
    assert kinds(check(folder))["row missing"] == 2


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE trials SET evidence = '{' WHERE idx = 0", "value unreadable"),
        ("UPDATE batches SET created_at = 'soon'", "value unreadable"),
        ("UPDATE measurements SET numbers = x'00'", "value unreadable"),
        ("UPDATE measure_names SET names = '[\"one\"]'", "value unreadable"),
        ("UPDATE measure_names SET names = '['", "value unreadable"),
        ("UPDATE trials SET state = 'asleep' WHERE idx = 0", "trial unreadable"),
        ("UPDATE trials SET variant = '{}' WHERE idx = 0", "trial unreadable"),
        ("UPDATE exchanges SET body = x'00'", "reply damaged"),
        ("UPDATE trials SET id = 'x\"><img>' WHERE state = 'queued'", "name not ours"),
        ("UPDATE clips SET suffix = '/../x'", "name not ours"),
    ],
)
def test_what_cannot_be_read_is_found(folder: Path, sql: str, what: str) -> None:
    harm(folder, sql)
    report = check(folder, repair=True)
    assert what in {finding.what for finding in report.left}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE trials SET variant = replace(variant, 'deep', 'shrill')",
        "UPDATE trials SET variant = replace(variant, 'row', 'raw')",
        "UPDATE trials SET variant = replace(variant, 'tone', 'bone')",
        "UPDATE trials SET options = '{\"a\":1}'",
        "UPDATE trials SET seed = 7",
        "UPDATE trials SET take = 2",
        "UPDATE trials SET idx = idx + 40",
        "UPDATE trials SET provider = 'minimay' WHERE provider = 'minimax'",
        "UPDATE trials SET identity = 'x'",
        "UPDATE trials SET id = 'vl00000000000000' WHERE state = 'queued'",
        "UPDATE batches SET experiment = 'bones' WHERE experiment = 'tones'",
        "UPDATE batches SET spec = replace(spec, 'deep', 'shrill')",
    ],
)
def test_a_trial_that_is_not_what_its_batch_asked_for_is_found(folder: Path, change: str) -> None:
    harm(folder, change)
    assert "row contradicts batch" in {finding.what for finding in check(folder).left}


def test_a_voice_that_is_not_the_one_in_the_kept_reply_is_found_and_mended(folder: Path) -> None:
    with Lab.open(folder) as lab:
        before = lab.records("vendor")[0]
        other = lab.records("tones")[0].clip_hash
    harm(folder, f"UPDATE trials SET voice_id = 'another', clip_hash = ? WHERE {VENDORS}", other)
    assert kinds(check(folder)) == {"row contradicts reply": 2}
    assert not check(folder, repair=True).left
    with Lab.open(folder) as lab:
        assert lab.records("vendor")[0] == before
    assert check(folder).findings == ()


def test_without_the_key_that_replies_are_read_with_the_check_says_so(folder: Path) -> None:
    with Lab.open(folder, create=False) as lab:
        (note,) = lab.check().findings
    assert (note.what, note.harmless) == ("reply not compared", True)
    assert "MINIMAX_API_KEY is not set" in note.sentence


SEEN = {
    "batches": "id, experiment, spec",
    "trials": "id, batch_id, idx, variant, provider, take, seed, options, state,"
    " clip_hash, iif(provider = 'minimax', voice_id, '')",
    "clips": "hash, suffix",
    "exchanges": "body",
}
"""What a check sees changed: it stands in a lab twice, or has a checksum."""


def seen(database: Path) -> list[object]:
    """Return all that a check would see changed; what cannot be read is told as that."""
    connection = sqlite3.connect(f"{database.as_uri()}?immutable=1", uri=True)
    try:
        return [
            connection.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()
            for table, columns in SEEN.items()
        ]
    except sqlite3.Error as error:
        return [str(error)]
    finally:
        connection.close()


def test_a_changed_byte_of_what_was_asked_for_or_given_is_found(folder: Path) -> None:
    database = folder / DATABASE
    with Lab.open(folder) as lab:
        record = lab.records("vendor")[0]
    data, before, found = database.read_bytes(), seen(database), 0
    variant = record.trial.variant
    for text in (record.voice_id, record.trial.id, record.clip_hash, variant.prompt, "tones"):
        assert text is not None
        for at in [match.start() for match in re.finditer(re.escape(text.encode()), data)]:
            place = at + len(text) // 2
            database.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            if seen(database) != before:
                found += 1
                assert check(folder).left, f"{text} at byte {at}"
            database.write_bytes(data)
    assert found > 5


def test_a_paid_asking_without_an_answer_is_moved_to_in_doubt(folder: Path) -> None:
    harm(folder, "DELETE FROM exchanges WHERE attempt_id = 1")
    harm(folder, f"UPDATE trials SET state = 'queued' WHERE {VENDORS}")
    check(folder, repair=True)
    with Lab.open(folder) as lab:
        assert lab.records("vendor")[0].state.value == "in doubt"


def test_a_queued_trial_that_was_asked_is_moved_to_in_doubt(folder: Path) -> None:
    harm(folder, f"UPDATE trials SET state = 'queued' WHERE {VENDORS}")
    harm(folder, "UPDATE attempts SET state = 'asked' WHERE id = 1")
    assert kinds(check(folder)) == {"state contradicts journal": 1}
    assert not check(folder, repair=True).left
    with Lab.open(folder) as lab:
        assert lab.records("vendor")[0].state.value == "in doubt"
    assert check(folder).findings == ()


def test_a_finished_trial_with_an_open_request_is_mended(folder: Path) -> None:
    harm(folder, "UPDATE attempts SET state = 'asked' WHERE id = 1")
    assert kinds(check(folder)) == {"state contradicts journal": 1}
    assert not check(folder, repair=True).left
    assert check(folder).findings == ()


@pytest.mark.parametrize("kept", [True, False])
def test_a_trial_that_waits_for_no_task_reads_its_reply_again_or_is_in_doubt(
    folder: Path, kept: bool
) -> None:
    harm(folder, f"UPDATE trials SET state = 'waiting' WHERE {VENDORS}")
    if not kept:
        harm(folder, "DELETE FROM exchanges WHERE attempt_id = 1")
        harm(folder, "DELETE FROM attempts WHERE id = 1")
    assert kinds(check(folder)) == {"task missing": 1}
    check(folder, repair=True)
    with Lab.open(folder, providers=[NOBODY]) as lab:
        if not kept:
            assert lab.records("vendor")[0].state.value == "in doubt"
        else:
            assert lab.resume("vendor").result().frame["state"].tolist() == ["done"]


def test_a_stopped_trial_is_a_note_and_no_harm(folder: Path) -> None:
    harm(folder, "UPDATE trials SET state = 'sent' WHERE state = 'queued'")
    report = check(folder)
    assert kinds(report) == {"run stopped": 1}
    assert not report.left


def test_missing_numbers_are_measured(folder: Path) -> None:
    harm(folder, "DELETE FROM measurements")
    report = check(folder)
    assert kinds(report) == {"not measured": 1}
    assert not report.left
    check(folder, repair=True)
    assert check(folder).findings == ()


def test_a_lab_copied_without_its_wal_says_so(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with Lab.open(tmp_path / "lab") as lab:
        lab.run(batch("tones", "a deep male voice", ["local"])).result()
        shutil.copytree(lab.folder / "audio", copy / "audio")
        shutil.copy(lab.folder / DATABASE, copy / DATABASE)
    with pytest.warns(LabWarning, match="no trial in the database"):
        report = check(copy)
    assert kinds(report) == {"lab half copied": 1}
    assert "voicelab archive" in report.left[0].sentence


def test_an_audio_folder_that_is_a_file_is_found(folder: Path) -> None:
    shutil.rmtree(folder / "audio")
    (folder / "audio").write_text("oops")
    assert kinds(check(folder, repair=True)) == {"audio folder missing": 1}


def test_a_running_lab_is_looked_at_and_not_mended(lab: Lab) -> None:
    code = (
        "import sys; from voicelab.lab import Lab; from voicelab.errors import UsageError\n"
        "lab = Lab.open(sys.argv[1])\n"
        "print(len(lab.check().left))\n"
        "try: lab.check(repair=True)\n"
        "except UsageError as error: print(error)\n"
    )
    with lab._store.runner():
        (lab.folder / "audio" / ".writing-abc").write_bytes(b"")
        done = subprocess.run(
            [sys.executable, "-c", code, str(lab.folder)], capture_output=True, text=True
        )
    assert done.stdout.startswith("0\nanother process is running trials"), done.stderr


def test_the_command_tells_with_its_exit_code_whether_anything_is_left(folder: Path) -> None:
    def command(*options: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "voicelab", "check", "--lab", str(folder), *options]
        return subprocess.run(line, capture_output=True, text=True)

    path = trial_audio(folder, "tones")
    assert command().returncode == 0
    path.unlink()
    found = command()
    assert (found.returncode, "Can be mended" in found.stdout) == (1, True)
    assert command("--repair").returncode == 0
    assert path.exists()
