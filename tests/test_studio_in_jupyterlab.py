"""The studio in a real JupyterLab by keyboard alone, and over a reload and a cell run again."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from by_keyboard import from_form_to_page
from drive_lab import Notebook, Server, jupyterlab
from playwright.sync_api import Page, expect

from voicelab.lab import Lab

pytestmark = pytest.mark.browser

OPEN = "import voicelab as vl\nlab = vl.Lab.open('data/lab')\n"
EMPTY = f"{OPEN}lab.studio(vl.Experiment(providers=()))"
SLOW = (
    "import os\nfrom voicelab.emulators.base import Fault\n"
    "from voicelab.emulators.serve import serve\nsandbox = serve(['minimax'])\n"
    "os.environ.update(sandbox.environ)\n"
    "sandbox['minimax'].faults.add('design', Fault(delay_s=8.0), times=16)"
)
AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
TRIALS = 16
SIXTEEN = (
    f"{OPEN}tones = tuple(f'tone {{n}}' for n in range({TRIALS}))\n"
    "lab.studio(vl.Experiment(name='slow', providers=('minimax',), template='a {tone} voice',\n"
    "    variables={'tone': tones}, preview_text='Good evening.'))"
)
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
AGAIN = """() => {
  const notebook = window.jupyterapp.shell.currentWidget;
  notebook.content.activeCellIndex = notebook.content.widgets.length - 1;
  window.jupyterapp.commands.execute("notebook:run-cell");
}"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[Server]:
    with jupyterlab(root, tmp_path / "jupyter") as server:
        yield server


def opened(server: Server, page: Page, root: Path, *cells: str) -> Notebook:
    """Run a notebook of these cells."""
    made = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "source": cell}
        | {"execution_count": None}
        for n, cell in enumerate(cells)
    ]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": made, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    (root / "studio.ipynb").write_text(json.dumps(book))
    notebook = server.open(page, "studio.ipynb")
    notebook.run_all()
    page.wait_for_selector(".voicelab-studio[data-framed]", timeout=60_000)
    return notebook


def test_the_studio_is_driven_by_keyboard_alone_from_an_empty_form_to_an_exported_page(
    server: Server, root: Path, page: Page
) -> None:
    notebook = opened(server, page, root, EMPTY)
    cells = page.evaluate(CELLS)
    from_form_to_page(page, root)
    assert page.evaluate(CELLS) == cells
    assert notebook.problems() == {}


def test_a_run_is_found_again_after_a_reload_and_when_its_cell_is_run_again(
    server: Server, root: Path, page: Page
) -> None:
    opened(server, page, root, SLOW, SIXTEEN)
    overall = page.locator(".voicelab-overall")
    page.get_by_role("button", name="Submit").click()
    expect(overall).to_contain_text("under way", timeout=30_000)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    notebook = server.open(page, "studio.ipynb")
    expect(overall).to_contain_text("under way", timeout=30_000)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled()
    before = done(overall.inner_text())
    page.evaluate(AGAIN)
    page.wait_for_function(
        "() => document.querySelectorAll('.voicelab-studio[data-framed]').length === 1"
    )
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_enabled(timeout=30_000)
    expect(overall).to_contain_text(f"{TRIALS} of {TRIALS} done", timeout=120_000)
    assert before < TRIALS
    lines = page.get_by_role("region", name="Trials", exact=True)
    lines.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.voicelab-scrolled').scrollTop > 0")
    page.evaluate(AXE)
    found = page.evaluate("() => axe.run('.voicelab-studio')")["violations"]
    assert [one for one in found if one["impact"] in ("serious", "critical")] == []
    with Lab.open(root / "data" / "lab") as lab:
        assert len(lab.batches()) == 1
        assert [record.attempts for record in lab.records()] == [1] * TRIALS
    page.evaluate("window.ran = 'well'")
    assert notebook.problems() == {}


def done(text: str) -> int:
    """Return how many trials a line says are done."""
    return int(text.partition(" of ")[0])
