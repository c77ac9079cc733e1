"""The audio as one file, and a folder for a web server that a real browser plays."""

import functools
import hashlib
import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from shown import comparison_of, record_of, voice

from voicelab.audio.clip import decode
from voicelab.errors import UsageError
from voicelab.measures import MEASURES
from voicelab.model import TrialState
from voicelab.tables import export
from voicelab.tables.page_options import PageOptions
from voicelab.tables.publish import publish_folder


def test_the_zip_holds_every_recording_as_it_came_and_a_note_of_what_it_is(tmp_path: Path) -> None:
    records = [record_of(0), record_of(1), record_of(2, state=TrialState.FAILED, error="no.")]
    comparison = comparison_of(records)
    path = export(comparison, tmp_path / "voices.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        files = [trial["file"] for trial in manifest["trials"] if trial["file"]]
        notes = [f"{file}.json" for file in files]
        assert sorted(archive.namelist()) == sorted(["manifest.json", *files, *notes])
        assert files[1] == "02 bright guide 1 - minimax (emulated) - take 1.wav"
        for file, record in zip(files, comparison.records[:2], strict=True):
            assert hashlib.sha256(archive.read(file)).hexdigest() == record.clip_hash
            note = json.loads(archive.read(f"{file}.json"))
            assert note["AI-generated speech"] is True
            assert note["vendor"] == record.trial.provider
            assert note["description"] == record.trial.variant.prompt
            assert note["date"] == record.created_at.isoformat()
            assert ("emulator" in note["answered_by"]) == record.emulated
            assert set(note["measures"]) == set(MEASURES)
    assert [file.name for file in tmp_path.iterdir()] == ["voices.zip"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps silent."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Serve the folder `site`; return its address."""
    (tmp_path / "site").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.browser
def test_a_published_folder_plays_from_a_web_server_under_its_policy(
    page: Page, tmp_path: Path, site: str
) -> None:
    labels = ["100 % deep?", "bright & fast #2", "说书人"]
    records = [record_of(nth, label=label) for nth, label in enumerate(labels)]
    publish_folder(comparison_of(records), tmp_path / "site")
    page.goto(site)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    root = page.locator(".voicelab-comparer")
    for place in range(3):
        page.locator(".row .play").nth(place).click()
        expect(page.locator(".row").nth(place)).to_have_attribute("data-playing", "true")
        page.wait_for_function(
            "before => Number(document.querySelector('.voicelab-comparer').dataset.pos) > 0.1"
        )
    page.keyboard.press(" ")
    expect(root).to_have_attribute("data-playing", "")
    assert page.watched.errors == []
    assert {address.split("/")[3].split("%")[0] for address in page.watched.requests} <= {
        "",
        "audio",
    }


@pytest.mark.browser
def test_a_published_folder_opened_from_the_disk_says_how_to_hear_it(
    page: Page, tmp_path: Path
) -> None:
    publish_folder(comparison_of(2), tmp_path / "site")
    page.goto((tmp_path / "site" / "index.html").as_uri())
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    page.locator(".row .play").first.click()
    expect(page.locator(".row .words").first).to_contain_text("python -m http.server")
    assert page.watched.errors == []


def test_a_published_folder_has_the_sounds_the_table_and_the_page(tmp_path: Path) -> None:
    sound = functools.partial(lambda _: voice(0))
    folder = publish_folder(comparison_of(3, sound=sound), tmp_path / "s")
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    assert names == [
        "audio/01 deep narrator 1 - local - take 1.mp3",
        "index.html",
        "published.json",
        "table.csv",
    ]
    (file,) = (folder / "audio").iterdir()
    assert decode(file.read_bytes()).format == "mp3"


def test_what_was_published_before_goes_and_what_is_foreign_stays(tmp_path: Path) -> None:
    folder = publish_folder(comparison_of(3), tmp_path / "s")
    (folder / "mine.txt").write_text("mine")
    publish_folder(comparison_of(1), folder)
    assert len(list((folder / "audio").iterdir())) == 1
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["index.html", "audio", "table.csv"])
def test_a_folder_of_another_site_is_never_written_to(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UsageError, match="did not publish"):
        publish_folder(comparison_of(1), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_blind_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names its voices"):
        publish_folder(comparison_of(1), tmp_path / "s", PageOptions(blind=True))
