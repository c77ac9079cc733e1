"""axe-core on the exported page: no serious violation, and every landmark has a name of its own."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from shown import comparison_of, record_of

from voicelab.model import TrialState
from voicelab.tables import export
from voicelab.tables.comparison import Comparison
from voicelab.tables.page_options import PageOptions

pytestmark = pytest.mark.browser
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """Return what axe finds that is serious, or landmarks of one name, with where it is."""
    page.evaluate(AXE)  # the debugger may: the page's own policy keeps it out
    report = page.evaluate("() => axe.run(document)")
    assert len(report["passes"]) > 15
    found = report["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]} – {node['failureSummary'][:300]}"
        for violation in found
        if violation["impact"] in ("serious", "critical") or violation["id"] == "landmark-unique"
        for node in violation["nodes"][:3]
    ]


def telling() -> Comparison:
    records = [
        record_of(i, rating=4 if i == 1 else None, note="a note" * (i == 2)) for i in (0, 1, 2)
    ]
    failed = record_of(3, state=TrialState.FAILED, error="the vendor refused.")
    waiting = record_of(4, state=TrialState.WAITING)
    return comparison_of([*records, failed, waiting])


def ready(page: Page) -> None:
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    for button in page.locator("header > button:is(.more, .press, .filtering):visible").all():
        button.click()
        assert button.get_attribute("aria-expanded") == "true"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(page: Page, tmp_path: Path, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(export(telling(), tmp_path / "page.html").as_uri())
    ready(page)
    assert violations(page) == []
    page.click("#begin")
    ready(page)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_blind_page_is_accessible(page: Page, tmp_path: Path, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    path = export(telling(), tmp_path / "page.html", PageOptions(blind=True))
    page.goto(path.as_uri())
    ready(page)
    assert violations(page) == []


def test_the_printed_page_is_accessible(page: Page, tmp_path: Path) -> None:
    page.goto(export(telling(), tmp_path / "page.html").as_uri())
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    page.emulate_media(media="print")
    assert violations(page) == []
