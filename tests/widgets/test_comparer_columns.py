"""The measures on the rows of the comparer: chosen, marked, set against takes and all trials."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import traitlets
from playwright.sync_api import Page, expect
from shown import comparison_of, record_of

pytestmark = pytest.mark.browser

TITLES = ".measures dt span"


def titles(shown: Any, place: int = 0) -> list[str]:
    return shown.page.locator(".row").nth(place).locator(TITLES).all_inner_texts()


def values(comparison: Any, name: str) -> dict[str, float]:
    return {row["id"]: row["measures"][name] for row in comparison.rows()}


def cell(shown: Any, trial: str, title: str) -> Any:
    cells = shown.row(trial).locator(".measures > div")
    return cells.filter(has=shown.page.locator(f"dt span:text-is('{title}')"))


def test_measures_are_chosen_and_ordered_by_keyboard(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    shown.root.focus()
    page.keyboard.press("Shift+KeyM")
    expect(page.locator(".drawer li input").first).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator(".row").first.locator(TITLES).first).to_have_text("pitch")
    page.get_by_role("checkbox", name="clipped").check()
    expect(page.locator(".row").first.locator(TITLES).last).to_have_text("clipped")
    up = page.get_by_role("button", name="Move clipped up")
    for _ in range(8):
        up.press("Enter")
    expect(page.locator(".row").first.locator(TITLES).first).to_have_text("clipped")
    page.wait_for_timeout(60)
    assert shown.comparer.measures[:2] == ["clipped_share", "f0_median_hz"]
    page.keyboard.press("Escape")
    expect(page.locator(".drawer").last).to_be_hidden()


def test_python_chooses_measures_too(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    shown.comparer.measures = ["hnr_db", "duration_s"]
    expect(page.locator(".row").first.locator(TITLES)).to_have_text(["HNR", "duration"])
    shown.comparer.measures = []
    expect(page.locator(".row").first.locator(TITLES)).to_have_count(9)


def test_a_measure_nobody_has_is_refused(live: Callable[..., Any], page: Page) -> None:
    with pytest.raises(traitlets.TraitError, match="charm"):
        live(1).comparer.measures = ["charm"]


def test_the_best_and_the_worst_are_marked(live: Callable[..., Any], page: Page) -> None:
    comparison = comparison_of(5)
    shown = live(comparison)
    shown.comparer.measures = ["hnr_db", "clipped_share", "dc_offset", "duration_s"]
    ways = {
        "hnr_db": ("HNR", "worst", "best"),
        "clipped_share": ("clipped", "best", "worst"),
        "dc_offset": ("DC offset", "best", "worst"),
        "duration_s": ("duration", "min", "max"),
    }
    for name, (title, low, high) in ways.items():
        found = values(comparison, name)
        marks = dict.fromkeys(found, "")
        marks[min(found, key=found.__getitem__)] = low
        marks[max(found, key=found.__getitem__)] = high
        for trial, mark in marks.items():
            expect(cell(shown, trial, title).locator("em")).to_have_text(mark)


def takes(*groups: tuple[str, str, int]) -> list[Any]:
    """Return records of (label, provider, takes)."""
    named = [(label, provider) for label, provider, count in groups for _ in range(count)]
    return [
        record_of(i, label=label, prompt=label, provider=provider)
        for i, (label, provider) in enumerate(named)
    ]


def test_takes_are_drawn_within_the_range_of_all(live: Callable[..., Any], page: Page) -> None:
    comparison = comparison_of(takes(("a", "local", 3), ("b", "local", 1), ("a", "minimax", 2)))
    shown = live(comparison)
    found = values(comparison, "f0_median_hz")
    trials, numbers = list(found), np.array(list(found.values()))
    place = (numbers - numbers.min()) / np.ptp(numbers)
    for group in ([0, 1, 2], [4, 5]):
        for one in group:
            bar = cell(shown, trials[one], "pitch").locator("i")
            whole = bar.bounding_box()
            span = bar.locator(".takes").bounding_box()
            left, right = place[group].min(), place[group].max()
            assert (span["x"] - whole["x"]) / whole["width"] == pytest.approx(left, abs=0.02)
            assert span["width"] / whole["width"] == pytest.approx(right - left, abs=0.02)
            assert bar.locator(".take-at").count() == len(group)
    alone = cell(shown, trials[3], "pitch").locator("i")
    assert alone.locator(".takes, .take-at").count() == 0
    assert alone.locator(".here").count() == 1


def test_the_noise_of_takes_is_pooled_and_told(live: Callable[..., Any], page: Page) -> None:
    comparison = comparison_of(takes(("a", "local", 3), ("b", "local", 1), ("a", "minimax", 2)))
    shown = live(comparison)
    found = values(comparison, "f0_median_hz")
    trials, numbers = list(found), np.array(list(found.values()))
    groups = [numbers[:3], numbers[4:]]
    pooled = np.sqrt(sum(((g - g.mean()) ** 2).sum() for g in groups) / (2 + 1))
    expect(cell(shown, trials[0], "pitch").locator("dd")).not_to_be_empty()
    words = str(cell(shown, trials[0], "pitch").get_attribute("title"))
    assert f"(standard deviation): {pooled:.1f} Hz" in words
    assert "3 takes of this prompt by local: " in words
    assert "takes of this prompt" not in str(cell(shown, trials[3], "pitch").get_attribute("title"))


def test_what_is_sorted_by_is_always_on_the_row(live: Callable[..., Any], page: Page) -> None:
    shown = live(3)
    page.select_option(".sorts", "measure:bandwidth_hz")
    expect(page.locator(".row").first.locator(".measures .sorted dt span")).to_have_text(
        "bandwidth"
    )
    assert len(titles(shown)) == 9
