"""Any lab ever written opens: one lab of every store version, as that version left it."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest
from make_fixture import FOLDER, main

from voicelab.lab import Lab
from voicelab.measures import VERSION
from voicelab.store.lab_folder import DATABASE
from voicelab.store.schema import MIGRATIONS
from voicelab.store.store import Store

FIXTURES = sorted(FOLDER.glob("v*.zip"))


def unpacked(fixture: Path, folder: Path) -> Path:
    with ZipFile(fixture) as file:
        file.extractall(folder)
    return folder


def test_every_store_version_has_a_lab_that_it_wrote() -> None:
    assert [path.stem for path in FIXTURES] == [f"v{n}" for n in range(1, len(MIGRATIONS) + 1)]


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_a_lab_of_any_version_opens_plays_and_goes_on(fixture: Path, tmp_path: Path) -> None:
    with Lab.open(unpacked(fixture, tmp_path), create=False) as lab:
        before = lab.compare().frame.set_index("experiment")
        assert before["state"].tolist() == ["done", "done", "done", "failed", "queued"]
        assert before["provider"].tolist() == ["local", "local", "minimax", "minimax", "local"]
        assert before.loc["vendor", "emulated"]
        assert before.loc["refused", "error_code"] == "1026"
        first = before.loc["tones"].iloc[0]
        assert (first["rating"], first["note"]) == (4, "warm — 很好听")
        for trial in before["trial"][before["state"] == "done"]:
            comparison = lab.compare()
            data = comparison.original(trial)
            assert hashlib.sha256(data).hexdigest() == comparison.record(trial).clip_hash
            assert comparison.clip(trial).duration_s > 0.3
        after = lab.resume("queued").result().frame
        assert after["state"].tolist() == ["done"]
        assert after["f0_median_hz"].notna().all()


def test_numbers_that_were_kept_as_text_are_the_same_afterwards(tmp_path: Path) -> None:
    folder = unpacked(FOLDER / "v2.zip", tmp_path)
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        before = dict(connection.execute("SELECT clip_hash, numbers FROM measurements"))
        connection.execute(
            "INSERT INTO clips SELECT 'x', suffix, format, pcm_rate, bytes, sr, "
            "channels, duration_s, notes FROM clips LIMIT 1"
        )
        connection.execute(
            "INSERT INTO measurements SELECT 'x', version, 'nan,' FROM measurements LIMIT 1"
        )
        connection.commit()
    with Store.open(folder) as store:
        kept = store.clips.numbers(VERSION)
    assert len(before) == 3
    assert kept == {digest: json.loads(numbers) for digest, numbers in before.items()}


def test_the_helper_writes_the_lab_of_today(tmp_path: Path) -> None:
    path = main(tmp_path)
    assert path.name == f"v{len(MIGRATIONS)}.zip"
    assert path.stat().st_size < 300_000
