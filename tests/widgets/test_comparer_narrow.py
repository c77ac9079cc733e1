"""The comparer where there is little room: everything in reach, and the pictures first."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page
from shown import comparison_of, record_of

from voicelab.model import TrialState

pytestmark = pytest.mark.browser
BOXES = """() => {
  const box = (node) => node.getBoundingClientRect();
  const row = document.querySelector(".row"), list = box(document.querySelector(".list"));
  const inside = (node) => box(node).left >= list.left && box(node).right <= list.right
    && box(node).top >= box(row).top && box(node).bottom <= box(row).bottom;
  const controls = row.querySelectorAll(".play, .chosen, .star, .starred, .note");
  return {
    lost: [...controls].filter((node) => !inside(node)).map((node) => node.className),
    covered: [...controls].filter((node) => {
      const { left, top, width, height } = box(node);
      return document.elementFromPoint(left + width / 2, top + height / 2) !== node;
    }).map((node) => node.className),
    picture: box(row.querySelector(".picture")).width, row: box(row).width,
    numbers: box(row.querySelector(".measures")).width,
    sideways: document.documentElement.scrollWidth > innerWidth,
  };
}"""


@pytest.mark.parametrize("width", [340, 390, 480, 600, 720, 900, 1280])
def test_everything_is_in_reach_and_the_pictures_have_the_room(
    live: Callable[..., Any], page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    unlucky = record_of(3, state=TrialState.FAILED, error="refused")
    records = [record_of(i, provider="dashscope-cosyvoice", emulated=True) for i in range(3)]
    live(comparison_of([*records, unlucky]))
    page.locator(".row[data-drawn='true']").first.wait_for()
    boxes = page.evaluate(BOXES)
    assert (boxes["lost"], boxes["covered"], boxes["sideways"]) == ([], [], False)
    assert boxes["picture"] > (0.3 if width < 460 else 0.36) * boxes["row"] - 20
    assert boxes["picture"] > boxes["numbers"]


def test_what_is_sorted_by_is_the_number_that_stays(live: Callable[..., Any], page: Page) -> None:
    page.set_viewport_size({"width": 860, "height": 900})
    live(3)
    page.select_option(".sorts", "measure:loudness_lufs")
    cell = page.locator(".row").first.locator(".measures > div.sorted")
    row, number = page.locator(".row").first.bounding_box(), cell.bounding_box()
    assert row["y"] <= number["y"] < row["y"] + 20
