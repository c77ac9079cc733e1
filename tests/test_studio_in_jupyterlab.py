"""The studio in a real JupyterLab by keyboard alone, and over a reload and a cell run again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
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
TRIALS = 16
SIXTEEN = (
    f"{OPEN}tones = tuple(f'tone {{n}}' for n in range({TRIALS}))\n"
    "lab.studio(vl.Experiment(name='slow', providers=('minimax',), template='a {tone} voice',\n"
    "    variables={'tone': tones}, preview_text='Good evening.'))"
)
MOST_TABS = 250
FOCUSED = """() => {
  const at = document.activeElement;
  const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  return {
    name: name.trim(), in: !!at.closest(".voicelab-studio"), disabled: !!at.disabled,
    tag: at.tagName, region: at.getAttribute("role") === "region",
  };
}"""
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


def focused(page: Page) -> dict[str, object]:
    """Return what has the focus, which must be in the studio.

    It is nowhere for a blink where what had it went away.
    """
    for _ in range(20):
        found: dict[str, object] = page.evaluate(FOCUSED)
        if found["in"]:
            return found
        page.wait_for_timeout(25)
    raise AssertionError(f"the focus left the studio: {found['tag']} {str(found['name'])[:80]!r}")


def reach(page: Page, name: str, *, key: str = "Tab") -> None:
    """Press Tab until something of this name has the focus."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        passed.append(focused(page)["name"])
        if passed[-1] == name:
            return
    raise AssertionError(f"{name!r} was not reached by {key}; passed {passed}")


def fill(page: Page, name: str, text: str) -> None:
    reach(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def enter(page: Page) -> None:
    """Get into the studio by Tab from wherever the page begins."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED)["in"]:
            return
    raise AssertionError("the studio cannot be reached by Tab")


def test_the_studio_is_driven_by_keyboard_alone_from_an_empty_form_to_an_exported_page(
    server: Server, root: Path, page: Page
) -> None:
    notebook = opened(server, page, root, EMPTY)
    cells = page.evaluate(CELLS)
    enter(page)
    assert focused(page)["name"] == "Describe"
    page.keyboard.press("End")
    assert focused(page)["name"] == "Report"
    page.keyboard.press("ArrowRight")
    assert str(focused(page)["name"]).startswith("Describe")
    page.keyboard.press("Enter")
    assert focused(page) == {
        "name": "Describe", "in": True, "disabled": False, "tag": "DIV", "region": True
    }  # fmt: skip
    fill(page, "Experiment", "by keyboard")
    fill(page, "Template", "a {mood} voice")
    page.keyboard.press("Escape")
    assert focused(page)["name"] == "Template"
    page.get_by_label("mood", exact=True).wait_for()
    fill(page, "mood", "calm; bright")
    fill(page, "Preview text", "Good evening.")
    reach(page, "local")
    page.keyboard.press("Space")
    reach(page, "Options of the providers")
    page.keyboard.press("Enter")
    page.get_by_label("Other fields", exact=True).first.wait_for()
    page.keyboard.press("Tab")
    assert focused(page)["name"] == "Other fields"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.keyboard.type("dd")  # which would delete a cell of the notebook
    expect(page.get_by_role("button", name="Submit")).to_be_enabled()
    reach(page, "Submit")
    page.keyboard.press("Enter")
    expect(page.locator(".voicelab-overall")).to_contain_text("2 of 2 done", timeout=60_000)
    page.wait_for_timeout(300)
    assert focused(page)["name"] == "Run"  # and not nowhere, with the button disabled
    page.locator(".voicelab-comparer .row[data-drawn='true']").nth(1).wait_for(timeout=60_000)
    fill(page, "Title", "For Monday")
    reach(page, "Write the report")
    page.keyboard.press("Enter")
    page.locator("a.voicelab-file").wait_for(timeout=60_000)
    reach(page, "Open exports/For-Monday.html")
    page.keyboard.press("Tab")
    assert not page.evaluate(FOCUSED)["in"]  # the studio can be left again
    assert "For Monday" in (root / "exports" / "For-Monday.html").read_text(encoding="utf-8")
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
    with Lab.open(root / "data" / "lab") as lab:
        assert len(lab.batches()) == 1
        assert [record.attempts for record in lab.records()] == [1] * TRIALS
    page.evaluate("window.ran = 'well'")
    assert notebook.problems() == {}


def done(text: str) -> int:
    """Return how many trials a line says are done."""
    return int(text.partition(" of ")[0])
