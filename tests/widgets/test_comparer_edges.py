"""Where things end: a kernel that is gone, opinions nobody keeps, exceptions in the page."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from drive_lab import IDLE, Server, jupyterlab
from playwright.sync_api import Locator, Page, expect

import voicelab as vl

pytestmark = pytest.mark.browser
GONE = "No kernel answers: run the cell again."
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
SHUT_DOWN = "() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"


def row(page: Page, place: int) -> Locator:
    return page.locator(f".row[aria-posinset='{place}']")


def test_what_reaches_no_kernel_is_said_and_stays_unsaved(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(4)
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    page.evaluate("window.cut = true")
    row(page, 3).locator(".play").click()
    expect(row(page, 3).locator(".words")).to_have_text(GONE)
    expect(page.locator(".status")).to_have_text(GONE)
    row(page, 1).locator("[data-star='4']").click()
    expect(row(page, 1).locator(".star.on")).to_have_count(4)
    expect(row(page, 1).locator(".unsaved")).to_have_text("rating not saved")
    expect(page.locator(".live")).to_contain_text("rating not saved")
    row(page, 2).locator(".starred").click()
    row(page, 2).locator(".note").fill("warm")
    page.keyboard.press("Enter")
    expect(row(page, 2).locator(".unsaved")).to_have_text("star and note not saved")
    expect(row(page, 2).locator(".note")).to_have_value("warm")
    page.keyboard.press("Shift+Space")
    page.keyboard.press("Shift+C")
    page.select_option(".sorts", "label")
    page.select_option(".groups", "provider")
    assert shown.saved == []
    assert page.watched.errors == []


def test_an_opinion_that_could_not_be_kept_can_be_taken_back_or_given_again(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(2)
    page.evaluate("window.cut = true")
    row(page, 1).locator("[data-star='4']").click()
    expect(row(page, 1).locator(".star.on")).to_have_count(4)
    page.locator(".rail").focus()
    page.keyboard.press("Shift+U")
    expect(row(page, 1).locator(".star.on")).to_have_count(0)
    expect(row(page, 1).locator(".unsaved")).to_be_hidden()
    row(page, 1).locator("[data-star='3']").click()
    page.evaluate("window.cut = false")
    row(page, 1).locator("[data-star='3']").click()
    shown.wait_saved()
    expect(row(page, 1).locator(".star.on")).to_have_count(3)
    expect(row(page, 1).locator(".unsaved")).to_be_hidden()
    expect(page.locator(".status")).to_be_hidden()


def test_a_note_that_python_refuses_stays_in_its_field(
    live: Callable[..., Any], page: Page
) -> None:
    live(2)
    row(page, 1).locator(".note").fill("refuse me")
    page.keyboard.press("Enter")
    expect(row(page, 1).locator(".unsaved")).to_have_text("note not saved")
    expect(row(page, 1).locator(".note")).to_have_value("refuse me")
    expect(row(page, 1).locator(".unsaved")).to_have_attribute(
        "title", re.compile("the disk is full")
    )


def test_a_rating_waits_visibly_for_a_busy_kernel(live: Callable[..., Any], page: Page) -> None:
    page.clock.install()
    live(2)
    page.evaluate("window.silent = true")
    row(page, 1).locator("[data-star='5']").click()
    page.clock.fast_forward(1500)
    expect(row(page, 1).locator(".unsaved")).to_have_text("rating not saved yet")
    expect(row(page, 1).locator(".star.on")).to_have_count(5)


BROKEN = {
    "click": ("HTMLDialogElement.prototype.showModal", lambda page: page.click(".asking")),
    "change": ("Array.prototype.flatMap", lambda page: page.select_option(".groups", "provider")),
    "input": ("String.prototype.normalize", lambda page: page.fill(".filter", "deep")),
    "pointerdown": (
        "Element.prototype.setPointerCapture",
        lambda page: (page.hover(".ticks"), page.mouse.down()),
    ),
    "pointermove": ("Number.prototype.toFixed", lambda page: page.hover(".picture >> nth=1")),
    "a timer": ("structuredClone", lambda page: page.fill(".filter", "deep")),
    "keydown": ("Object.assign", lambda page: page.press(".rail", "ArrowDown")),
}


@pytest.mark.parametrize("listener", BROKEN)
def test_an_exception_in_any_listener_shows_in_the_widget(
    live: Callable[..., Any], page: Page, listener: str
) -> None:
    uncaught: list[object] = []
    page.on("pageerror", lambda error: uncaught.append(error))
    live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    what, provoke = BROKEN[listener]
    page.evaluate(f"() => {{ {what} = () => {{ throw new Error('a planted bug'); }}; }}")
    provoke(page)
    expect(page.locator(".status")).to_have_text("The comparer stumbled: a planted bug")
    assert uncaught == []


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "work"
    with vl.Lab.open(folder / "lab") as lab:
        variants = vl.grid("a {tone} voice", tone=["deep", "bright"], preview_text="Good evening.")
        lab.run(vl.Batch(variants=variants, providers=["local"], experiment="tones")).result()
    cell = 'import voicelab as vl\nlab = vl.Lab.open("lab")\nlab.audition("tones")'
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell)], metadata={"kernelspec": kernel}
    )
    nbformat.write(notebook, folder / "hear.ipynb")
    with jupyterlab(folder, tmp_path / "jupyter") as server:
        yield server


def test_a_kernel_that_was_restarted_or_shut_down_is_said_on_the_row(
    server: Server, page: Page
) -> None:
    uncaught: list[object] = []
    notebook = server.open(page, "hear.ipynb")
    notebook.run_all()
    page.locator(".voicelab-comparer .row[data-drawn='true']").nth(1).wait_for(timeout=60_000)
    page.on("pageerror", lambda error: uncaught.append(error))
    page.evaluate(RESTART)
    page.wait_for_function(IDLE, timeout=60_000)
    row(page, 2).locator(".play").click()
    expect(row(page, 2).locator(".words")).to_have_text(GONE)
    row(page, 1).locator("[data-star='4']").click()
    expect(row(page, 1).locator(".unsaved")).to_have_text("rating not saved")
    expect(row(page, 1).locator(".star.on")).to_have_count(4)
    notebook.run_all()
    page.locator(".voicelab-comparer .row[data-drawn='true']").nth(1).wait_for(timeout=60_000)
    row(page, 1).locator("[data-star='4']").click()
    expect(row(page, 1).locator(".star.on")).to_have_count(4)
    expect(row(page, 1).locator(".unsaved")).to_have_count(0)
    page.evaluate(SHUT_DOWN)
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.sessionContext.session")
    row(page, 2).locator(".play").click()
    expect(row(page, 2).locator(".words")).to_have_text(GONE)
    row(page, 1).locator(".note").fill("warm")
    page.keyboard.press("Enter")
    expect(row(page, 1).locator(".unsaved")).to_have_text("note not saved")
    expect(page.locator(".voicelab-comparer .status")).to_have_text(GONE)
    assert uncaught == []
