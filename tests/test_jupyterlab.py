"""The whole walk in a real JupyterLab: describe, submit, hear, see, rate, export."""

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from drive_lab import Server, jupyterlab
from playwright.sync_api import Page, expect

from voicelab.lab import Lab

HERE = Path(__file__).parents[1]
SCREENSHOTS = Path(os.environ.get("VOICELAB_SCREENSHOTS") or HERE / "screenshots")
DRAWN = ".voicelab-comparer .row[data-drawn='true']"
TRIALS = 4

pytestmark = pytest.mark.browser


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    shutil.copytree(HERE / "notebooks", folder, ignore=shutil.ignore_patterns("[!0-9]*"))
    return folder


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[Server]:
    with jupyterlab(root, tmp_path / "jupyter") as server:
        yield server


def test_the_tour_notebook_takes_a_description_to_an_exported_page(
    server: Server, root: Path, page: Page
) -> None:
    notebook = server.open(page, "1_explore.ipynb")
    notebook.run_all()
    describe(page)
    notebook.picture(SCREENSHOTS / "studio_described.png")
    page.get_by_role("button", name="Submit").click()
    page.locator(DRAWN).nth(TRIALS - 1).wait_for(timeout=60_000)
    expect(page.locator(".voicelab-overall")).to_contain_text(f"{TRIALS} of {TRIALS} done")
    notebook.picture(SCREENSHOTS / "studio_compared.png")
    trial = listen(page)
    rate(page, trial, root)
    export(page, root)
    notebook.picture(SCREENSHOTS / "studio_exported.png")
    notebook.theme("JupyterLab Dark")
    notebook.picture(SCREENSHOTS / "studio_dark.png")
    assert notebook.problems() == {}


def describe(page: Page) -> None:
    """Fill in the form as a person does."""
    page.get_by_label("Experiment", exact=True).fill("narrators in Lab")
    page.get_by_label("Template", exact=True).fill("")
    page.get_by_label("Template", exact=True).press_sequentially("a {mood} {gender} narrator")
    page.get_by_label("mood", exact=True).fill("calm, deep; bright")
    page.get_by_label("gender", exact=True).fill("male\nfemale")
    page.get_by_label("Takes", exact=True).fill("1")
    page.get_by_role("button", name="Table of prompts").click()
    page.get_by_label("Prompts", exact=True).fill("")
    page.locator(f".voicelab-quote[data-trials='{TRIALS}']").wait_for()


def listen(page: Page) -> str:
    """Press a play button; return the trial that is heard."""
    assert page.locator(".voicelab-comparer").get_attribute("data-playing") == ""
    row = page.locator(DRAWN).first
    trial = row.get_attribute("data-trial")
    row.get_by_role("button", name="Play").click()
    page.wait_for_selector(f".voicelab-comparer[data-playing='{trial}']")
    return trial or ""


def rate(page: Page, trial: str, root: Path) -> None:
    """Give four stars, and find them in the lab's own store."""
    row = page.locator(f".voicelab-comparer .row[data-trial='{trial}']")
    row.locator("[data-star='4']").click()
    expect(row.get_by_label("4 of 5 stars").first).to_be_visible()
    with Lab.open(root / "data" / "lab") as lab:
        page.wait_for_timeout(200)
        assert {r.trial.id: r.rating for r in lab.records()}[trial] == 4


def export(page: Page, root: Path) -> None:
    """Write the page that plays and the table."""
    for format, name in (("HTML page", "narrators-in-Lab.html"), ("CSV", "narrators-in-Lab.csv")):
        page.get_by_label("Format", exact=True).select_option(format)
        page.get_by_role("button", name="Write the report").click()
        expect(page.locator(".voicelab-said", has_text=f"Wrote exports/{name}")).to_be_visible(
            timeout=30_000
        )
    with (root / "exports" / "narrators-in-Lab.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["mood"] for row in rows] == ["calm, deep", "calm, deep", "bright", "bright"]
    assert max(row["rating"] for row in rows).startswith("4")
    page_text = (root / "exports" / "narrators-in-Lab.html").read_text(encoding="utf-8")
    assert "calm, deep" in page_text
