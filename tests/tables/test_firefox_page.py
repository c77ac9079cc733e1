"""The exported page in a real Firefox, opened from a file, without a network."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from firefox import Firefox, firefox
from shown import comparison_of

from voicelab.tables import export
from voicelab.tables.page_options import PageOptions

pytestmark = pytest.mark.firefox
CLIPS = 24
ROOT = "document.querySelector('.voicelab-comparer')"
DOWN, SPACE = "\ue015", " "


@pytest.fixture(scope="module")
def fox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    with firefox(tmp_path_factory.mktemp("firefox") / "profile") as fox:
        yield fox


@pytest.fixture
def page(fox: Firefox, tmp_path: Path) -> Firefox:
    path = export(comparison_of(CLIPS), tmp_path / "voices 100%.html")
    fox.open(path.as_uri())
    fox.wait(f"{ROOT}?.dataset.ready === '1'")
    fox.wait("document.querySelectorAll(`.row[data-drawn='true']`).length >= 5")
    return fox


def test_it_plays_and_switches_voice_in_firefox(page: Firefox) -> None:
    page.click(".row .play")
    page.wait(f"Number({ROOT}.dataset.pos) > 0.3")
    first = page.run(f"return {ROOT}.dataset.playing")
    page.type(DOWN)
    page.wait(f"![``, `{first}`].includes({ROOT}.dataset.playing)")
    before = float(page.run(f"return {ROOT}.dataset.pos"))
    assert before >= 0.25, "the second voice goes on where the first one was"
    page.wait(f"Number({ROOT}.dataset.pos) > {before}")
    assert page.run("return document.querySelectorAll(`.row[data-playing='true']`).length") == 1
    page.type(SPACE)
    page.wait(f"{ROOT}.dataset.playing === ``")
    assert page.console() == []


def test_it_filters_and_sorts_in_firefox(page: Firefox) -> None:
    page.click(".filter")
    page.type("deep")
    page.wait("document.querySelector('.count').textContent === '5 of 24 trials'")
    page.click(".sortable thead button")
    labels = page.run(
        "return [...document.querySelectorAll('.sortable tbody th')].map((th) => th.textContent)"
    )
    assert labels == sorted(labels, key=str.casefold)
    assert len(labels) == CLIPS
    assert page.console() == []


def test_it_prints_every_voice_with_its_pictures_in_firefox(page: Firefox) -> None:
    shown = base64.b64decode(page.print(background=True))
    assert shown.startswith(b"%PDF")
    assert len(re.findall(rb"/Subtype\s*/Image", shown)) >= CLIPS
    assert page.console() == []


def test_a_blind_page_takes_a_rating_in_firefox(fox: Firefox, tmp_path: Path) -> None:
    path = export(comparison_of(3), tmp_path / "blind.html", PageOptions(blind=True))
    fox.open(path.as_uri())
    fox.wait("document.querySelectorAll(`.row[data-drawn='true']`).length === 3")
    fox.click(".row .star[data-star='4']")
    fox.wait("document.querySelector('#answered').textContent === '1 of 3 voices rated.'")
    fox.click("#rater")
    fox.type("Ann")
    fox.click("#save")
    fox.wait("document.querySelector('#kept').textContent.startsWith('Saved')")
    assert fox.console() == []


def test_the_policy_holds_in_firefox_and_the_watch_would_see_it(page: Firefox) -> None:
    page.run(
        "const s = document.createElement('script'); s.textContent = 'window.intruder = 1';"
        "document.body.append(s);"
    )
    assert page.run("return window.wrappedJSObject?.intruder ?? window.intruder ?? null") is None
    assert any("Content-Security-Policy" in line for line in page.console())
