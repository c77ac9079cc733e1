"""axe-core on the live comparer, as a notebook shows it."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shown import record_of

from voicelab.model import TrialState

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_comparer_is_accessible(live: Callable[..., Any], theme: str) -> None:
    error = "the vendor refused, at length: " + "it had its reasons. " * 40
    records = [record_of(i) for i in range(5)]
    shown = live([*records, record_of(5, state=TrialState.FAILED, error=error)], theme=theme)
    shown.page.emulate_media(color_scheme=theme)
    shown.page.set_viewport_size({"width": 900, "height": 700})
    shown.page.locator(".row[data-drawn='true']").nth(3).wait_for()
    shown.page.locator(".row").first.locator(".who").click()
    for button in shown.page.locator("header > button:is(.more, .press, .filtering)").all():
        button.click()
        assert button.get_attribute("aria-expanded") == "true"
    expect(shown.page.locator(".details")).to_contain_text("matched")
    shown.page.evaluate(AXE)
    report = shown.page.evaluate("() => axe.run('.voicelab-comparer')")
    assert [found for found in report["violations"] if found["impact"] in GRAVE] == []
    assert len(report["passes"]) > 12
    assert "scrollable-region-focusable" in {found["id"] for found in report["passes"]}


@pytest.mark.browser
def test_the_details_come_into_view_and_scroll_with_the_keyboard(
    live: Callable[..., Any], page: Page
) -> None:
    page.set_viewport_size({"width": 1000, "height": 420})
    live(12)
    page.locator(".row[data-drawn='true']").first.wait_for()
    page.locator(".rail").focus()
    page.keyboard.press("Shift+D")
    details = page.get_by_role("region", name="Details of the active voice")
    expect(details).to_contain_text("matched")
    expect(details).to_be_in_viewport(ratio=0.9)
    active = page.locator(".row[aria-current='true']").get_attribute("data-trial")
    details.focus()
    page.keyboard.press("End")
    page.wait_for_function("document.querySelector('.details').scrollTop > 0")
    assert page.locator(".row[aria-current='true']").get_attribute("data-trial") == active
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "rail"
