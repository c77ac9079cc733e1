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
EIGHT = (
    f"import time\n{OPEN}lab.studio(vl.Experiment(name='eight', providers=('local',), takes=4,\n"
    "    template='a {mood} voice', variables={'mood': ('calm', 'bright')},\n"
    "    preview_text='Good evening.'))"
)
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
AGAIN = """() => {
  const notebook = window.jupyterapp.shell.currentWidget;
  notebook.content.activeCellIndex = notebook.content.widgets.length - 1;
  window.jupyterapp.commands.execute("notebook:run-cell");
}"""

IDLE = """() =>
  window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === "idle"
"""


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


def test_no_press_overtakes_what_was_typed_before_it(
    server: Server, root: Path, page: Page
) -> None:
    """A kernel that is busy takes what was typed late, and a press may come to it before that."""
    notebook = opened(server, page, root, EIGHT, "naps = [2, 8, 2, 0]", "time.sleep(naps.pop())")
    said = page.locator(".voicelab-section-run")
    submit = page.get_by_role("button", name="Submit")
    expect(submit).to_be_enabled()

    def type_while_busy(field: str, text: str) -> None:
        page.evaluate(AGAIN)
        page.get_by_label(field, exact=True).click()
        page.keyboard.press("End")
        page.keyboard.type(text)

    type_while_busy("Preview text", " And a good night.")
    submit.click()
    expect(said).to_contain_text("not pressed: what was typed or chosen", timeout=10_000)
    type_while_busy("Experiment", "een")
    submit.click()
    expect(said).to_contain_text("not pressed: the kernel is busy", timeout=12_000)
    page.wait_for_function(IDLE)
    expect(submit).to_be_enabled()
    submit.click()
    expect(page.locator(".voicelab-overall")).to_contain_text("8 of 8 done", timeout=60_000)
    type_while_busy("Title", "For Monday")
    page.get_by_role("button", name="Write the report").click()
    page.locator(".voicelab-file").wait_for(timeout=60_000)
    assert [path.name for path in (root / "exports").iterdir()] == ["For-Monday.html"]
    with Lab.open(root / "data" / "lab") as lab:
        assert [batch.experiment for batch in lab.batches()] == ["eighteen"]
        assert {r.trial.variant.preview_text for r in lab.records()} == {
            "Good evening. And a good night."
        }
    assert notebook.problems() == {}


def test_what_is_typed_while_a_cell_awaits_arrives_when_it_has_ended(
    server: Server, root: Path, page: Page
) -> None:
    """A kernel does not say what it takes meanwhile, and ipywidgets wait for that for ever."""
    awaits = "await asyncio.sleep(naps.pop())"
    notebook = opened(server, page, root, EIGHT, "import asyncio\nnaps = [3, 0]", awaits)
    said = page.locator(".voicelab-section-run")
    expect(said).to_contain_text("8 trials · 104 characters")
    page.evaluate(AGAIN)
    page.wait_for_function(f"() => !({IDLE})()")
    page.get_by_label("Preview text", exact=True).click()
    page.keyboard.press("End")
    page.keyboard.type(" And a good night.")
    expect(said).to_contain_text("8 trials · 248 characters", timeout=20_000)
    page.get_by_role("button", name="Submit").click()
    expect(said).to_contain_text("8 of 8 done", timeout=60_000)
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
