"""What is announced, and what words explain: for those who do not see it change."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shown import record_of

pytestmark = pytest.mark.browser


def test_what_a_key_changes_is_announced(live: Callable[..., Any], page: Page) -> None:
    live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    page.locator(".rail").focus()
    for key, words in [
        ("0", "each voice as loud as it came"),
        ("0", "all voices equally loud"),
        ("Shift+P", "pitch contour shown"),
        ("Shift+Q", "pauses shown"),
        ("Shift+W", "words shown"),
        ("Shift+W", "no words"),
        ("+", re.compile(r"^0\.00 to \d\.\d\d seconds shown$")),
        ("-", "all of the time shown"),
        ("+", re.compile(r"^0\.00 to \d\.\d\d seconds shown$")),
        ("Shift+Z", "all of the time shown"),
        ("Shift+Y", "frequency axis: linear"),
        ("Shift+C", "colours: viridis"),
        ("Shift+H", "tall rows"),
        ("Shift+H", "low rows"),
        ("Shift+D", "details below the rows"),
        ("Shift+D", "no details"),
    ]:
        page.keyboard.press(key)
        expect(page.locator(".live")).to_have_text(words)


def test_the_end_of_a_voice_is_announced(live: Callable[..., Any], page: Page) -> None:
    shown = live([record_of(0)])
    page.locator(".rail").focus()
    page.keyboard.press("Space")
    page.wait_for_selector(".voicelab-comparer:not([data-playing=''])")
    expect(page.locator(".live")).to_contain_text("playing")
    page.wait_for_selector(".voicelab-comparer[data-playing='']")
    expect(page.locator(".live")).to_have_text("deep narrator 1, local, take 1: ended")
    assert shown.state("pos") == "0.000"


def test_the_gain_says_what_it_is_for(live: Callable[..., Any], page: Page) -> None:
    live(5)
    gain = page.locator(".row .gain").nth(4)
    expect(gain).to_have_text("−1.0 dB")
    words = "played 1.0 dB quieter, so that all voices are equally loud"
    expect(gain).to_have_attribute("title", words)
    expect(gain).to_have_attribute("aria-label", words)
    page.locator(".match").uncheck()
    expect(gain).to_have_attribute("title", "played as loud as it came")


def test_escape_leaves_a_note_as_it_was(live: Callable[..., Any], page: Page) -> None:
    shown = live([record_of(0, note="warm"), record_of(1)])
    note = page.locator(".note").first
    note.click()
    note.press("End")
    note.press_sequentially(" and thin")
    note.press("Escape")
    expect(note).to_have_value("warm")
    assert page.evaluate("document.activeElement.className") == "rail"
    note.click()
    note.press("End")
    note.press_sequentially(", yes")
    note.press("Enter")
    shown.wait_saved()
    assert [value for _, value in shown.saved] == ["warm, yes"]
    assert "Escape leaves it" in (note.get_attribute("title") or "")


def test_a_loop_that_lies_ahead_is_where_playing_begins(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live([record_of(0)])
    page.locator(".row[data-drawn='true']").first.wait_for()
    box = page.locator(".picture").bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 20, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    start, end = map(float, (page.locator(".row").get_attribute("data-loop") or "").split())
    places = page.evaluate(
        """async () => {
          const root = document.querySelector(".voicelab-comparer"), places = [];
          const watch = new MutationObserver(() => {
            if (root.dataset.playing) places.push(root.dataset.pos);
          });
          watch.observe(root, { attributes: true, attributeFilter: ["data-pos"] });
          root.querySelector(".play").click();
          await new Promise((resolve) => setTimeout(resolve, 1500));
          return places.map(Number);
        }"""
    )
    assert shown.state("playing")
    assert len(places) > 3
    assert start > 1.0
    assert all(start - 0.1 < place < end + 0.01 for place in places)


GAPS = """() => {
  const box = (node) => node.getBoundingClientRect();
  const cells = document.querySelectorAll(".measures > div");
  return [...cells].filter((cell) => cell.offsetParent).map((cell) => {
    const number = cell.querySelector("dd"), style = getComputedStyle(number);
    const context = document.createElement("canvas").getContext("2d");
    context.font = style.font;
    const ink = context.measureText("g/y");
    const [up, down] = [ink.fontBoundingBoxAscent, ink.fontBoundingBoxDescent];
    const base = box(number).top + (parseFloat(style.lineHeight) - up - down) / 2 + up;
    const marks = [...cell.querySelectorAll("i b")].map(box);
    return [
      Math.min(...marks.map((mark) => mark.top)) - base - ink.actualBoundingBoxDescent,
      box(cell).bottom - Math.max(...marks.map((mark) => mark.bottom)),
    ];
  });
}"""


def test_no_bar_of_a_measure_touches_its_number(live: Callable[..., Any], page: Page) -> None:
    records = [record_of(i, label="one", prompt="one", provider="local") for i in range(3)]
    live(records)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    gaps = page.evaluate(GAPS)
    assert len(gaps) >= 9
    assert min(above for above, _ in gaps) >= 0
    assert min(below for _, below in gaps) >= 0
