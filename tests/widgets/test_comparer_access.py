"""axe-core on the live comparer, as a notebook shows it."""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_comparer_is_accessible(live: Callable[..., Any], theme: str) -> None:
    shown = live(6, theme=theme)
    shown.page.emulate_media(color_scheme=theme)
    shown.page.locator(".row[data-drawn='true']").nth(3).wait_for()
    for button in shown.page.locator("header > button:is(.more, .press)").all():
        button.click()
    shown.page.evaluate(AXE)
    report = shown.page.evaluate("() => axe.run('.voicelab-comparer')")
    assert len(report["passes"]) > 12
    assert [found for found in report["violations"] if found["impact"] in GRAVE] == []
