"""The comparer and the studio in Notebook 7 and in Voila, by keyboard."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from by_keyboard import from_form_to_page
from drive_lab import Server, console_errors, foreign, jupyterlab
from playwright.sync_api import Page, expect

from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.template import grid

CELLS = {"audition": 'lab.audition("tones")', "studio": "lab.studio()"}
EMPTY = "lab.studio(vl.Experiment(providers=()))"
COMPARER = ".voicelab-comparer"
DRAWN = f"{COMPARER} .row[data-drawn='true']"
VOICES = 3
TEXT = "Good evening, listeners. " * 12
"""Half a minute: on a slow machine, too, a voice still plays when the next key comes."""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("work")
    variants = grid("a {tone} voice", tone=["deep", "bright", "calm"], preview_text=TEXT)
    with Lab.open(root / "lab") as lab:
        lab.run(Batch(variants=variants, providers=("local",), experiment="tones")).result()
    lines = {name: (line, "lab") for name, line in CELLS.items()}
    for name, (line, lab) in {**lines, "notebook": (EMPTY, "one"), "voila": (EMPTY, "two")}.items():
        source = f'import voicelab as vl\nlab = vl.Lab.open("{lab}")\n{line}'
        (root / f"{name}.ipynb").write_text(json.dumps(notebook_of(source)))
    return root


def notebook_of(source: str) -> dict[str, object]:
    cell = {"cell_type": "code", "id": "only", "source": source, "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": [{**cell, "execution_count": None}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with jupyterlab(root, tmp_path_factory.mktemp("server") / "jupyter") as server:
        yield server


def in_notebook(server: Server, page: Page, name: str) -> Callable[[], object]:
    notebook = server.open(page, f"{name}.ipynb", place="notebooks")
    notebook.run_all()
    return notebook.problems


def in_voila(server: Server, page: Page, name: str) -> Callable[[], object]:
    server.serve(page, f"{name}.ipynb")
    return lambda: {"browser": console_errors(page), "foreign": foreign(page)}


@pytest.mark.parametrize("name", CELLS)
def test_voices_are_heard_and_rated_by_keyboard_in_notebook_7(
    server: Server, root: Path, page: Page, name: str
) -> None:
    problems = in_notebook(server, page, name)
    hear_and_rate(page, root)
    assert problems() == {}


@pytest.mark.parametrize("name", CELLS)
def test_voices_are_heard_and_rated_by_keyboard_in_voila(
    server: Server, root: Path, page: Page, name: str
) -> None:
    problems = in_voila(server, page, name)
    hear_and_rate(page, root)
    assert problems() == {"browser": [], "foreign": []}


def test_the_studio_goes_from_an_empty_form_to_a_page_by_keyboard_alone_in_notebook_7(
    server: Server, root: Path, page: Page
) -> None:
    problems = in_notebook(server, page, "notebook")
    page.wait_for_selector(".voicelab-studio[data-framed]", timeout=60_000)
    from_form_to_page(page, root)
    assert problems() == {}


def test_the_studio_goes_from_an_empty_form_to_a_page_by_keyboard_alone_in_voila(
    server: Server, root: Path, page: Page
) -> None:
    problems = in_voila(server, page, "voila")
    page.wait_for_selector(".voicelab-studio[data-framed]", timeout=90_000)
    from_form_to_page(page, root)
    assert problems() == {"browser": [], "foreign": []}


def hear_and_rate(page: Page, root: Path) -> None:
    """Play the first voice, switch to the second, rate it, and find that in the lab's store."""
    page.locator(DRAWN).nth(VOICES - 1).wait_for(timeout=90_000)
    comparer = page.locator(COMPARER)
    assert comparer.get_attribute("data-playing") == ""
    first, second = (row.get_attribute("data-trial") for row in page.locator(DRAWN).all()[:2])
    comparer.focus()
    page.keyboard.press("1")
    page.keyboard.press("Space")
    page.wait_for_selector(f"{COMPARER}[data-playing='{first}']")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f"{COMPARER}[data-playing='{second}']")
    with Lab.open(root / "lab") as lab:
        before = {record.trial.id: record.rating for record in lab.records()}[second]
        stars = 4 if before == 3 else 3
        page.keyboard.press(f"Shift+Digit{stars}")
        row = page.locator(f"{COMPARER} .row[data-trial='{second}']")
        expect(row.get_by_label(f"{stars} of 5 stars").first).to_be_visible()
        expect(row.locator(".star.on")).to_have_count(stars)
        assert {record.trial.id: record.rating for record in lab.records()}[second] == stars
