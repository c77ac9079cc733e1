"""Any lab ever written opens: one lab of every store version, as that version left it."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest
from make_fixture import FOLDER, main

from voicelab.lab import Lab
from voicelab.store.schema import MIGRATIONS

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


def test_the_helper_writes_the_lab_of_today(tmp_path: Path) -> None:
    path = main(tmp_path)
    assert path.name == f"v{len(MIGRATIONS)}.zip"
    assert path.stat().st_size < 300_000
