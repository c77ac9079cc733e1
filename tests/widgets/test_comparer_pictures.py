"""What the pictures of the comparer show, and where, in a real Chromium."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from shown import comparison_of, wav
from spoken import compared, sentences, told

from voicelab.figures.pixels import palette_rgb
from voicelab.tables.comparison import Comparison

pytestmark = pytest.mark.browser

SR = 16_000
BRIGHTEST_ROW = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(width / 2, 0, 1, height);
  const light = Array.from({ length: height }, (_, y) => data[4 * y] + data[4 * y + 1]);
  return 1 - (light.indexOf(Math.max(...light)) + 0.5) / height;
}"""
LIT_COLUMNS = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const { left, width: shown } = canvas.getBoundingClientRect();
  const lit = [];
  for (let x = 0; x < width; x++) {
    let most = 0;
    for (let y = 0; y < height; y++) most = Math.max(most, data[4 * (y * width + x)]);
    if (most > 200) lit.push(left + (x + 0.5) / width * shown);
  }
  return [Math.min(...lit), Math.max(...lit)];
}"""
LABEL_HEIGHT = """() => {
  const [label, spec] = [".axis span:nth-child(2)", ".spec"].map((name) =>
    document.querySelector(name).getBoundingClientRect());
  return 1 - (label.top + label.height / 2 - spec.top) / spec.height;
}"""
WHITE_HEIGHT = """(canvas, share) => {
  const { width, height } = canvas;
  const x = Math.round(share * width);
  const { data } = canvas.getContext("2d").getImageData(x, 0, 1, height);
  const rows = [];
  for (let y = 0; y < height; y++) if (data[4 * y] > 200 && data[4 * y + 3] > 200) rows.push(y);
  return rows.reduce((sum, y) => sum + y + 0.5, 0) / rows.length / height;
}"""
INK = """(canvas, share) => {
  const { width, height } = canvas;
  const x = Math.round(share * width);
  const { data } = canvas.getContext("2d").getImageData(x, 0, 1, height);
  return data.filter((_, i) => i % 4 === 3).reduce((sum, alpha) => sum + alpha, 0);
}"""


def tone(hz: float, seconds: float = 2.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * SR)) / SR)


def buzz(hz: float, seconds: float = 2.0) -> np.ndarray:
    """Return a tone with overtones: something with a pitch."""
    return sum(tone(k * hz, seconds) / k for k in range(1, 12)) / 3


def one(y: np.ndarray) -> Comparison:
    return comparison_of(1, sound=lambda _: wav(y, sr=SR))


def beep() -> np.ndarray:
    """Return three seconds of silence with a tone from 1 s to 1.5 s."""
    y = np.zeros(3 * SR)
    y[SR : SR + SR // 2] = tone(1000, 0.5)
    return y


def wait_drawn(page: Page, rows: int = 1) -> None:
    page.locator(".row[data-drawn='true']").nth(rows - 1).wait_for()


def mel(hz: float) -> float:
    return hz * 3 / 200 if hz < 1000 else 15 + math.log(hz / 1000) / (math.log(6.4) / 27)


PLACES = {
    "mel": lambda hz: mel(hz) / mel(8000),
    "linear": lambda hz: hz / 8000,
    "log": lambda hz: math.log(hz / 50) / math.log(160),
}


@pytest.mark.parametrize("hz", [200, 1000, 4000])
def test_a_tone_is_where_each_axis_has_it(live: Callable[..., Any], page: Page, hz: float) -> None:
    shown = live(one(tone(hz)))
    for kind, place in PLACES.items():
        shown.comparer.spectrogram = kind
        page.locator(f".caption:has-text('({kind})')").wait_for()
        wait_drawn(page)
        found = page.locator(".spec").evaluate(BRIGHTEST_ROW)
        assert found == pytest.approx(place(hz), abs=0.02)


def test_a_key_goes_through_the_axes_and_labels_stand_where_their_frequency_is(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(2)
    wait_drawn(page, 2)
    shown.root.focus()
    for kind, place in (
        ("linear", 0.5),
        ("log", PLACES["log"](1000)),
        ("mel", mel(2000) / mel(8000)),
    ):
        page.keyboard.press("Shift+KeyY")
        expect(page.locator(".caption")).to_contain_text(f"({kind})")
        assert page.evaluate(LABEL_HEIGHT) == pytest.approx(place, abs=0.03)
    assert shown.comparer.spectrogram == "mel"


def window(page: Page) -> list[float]:
    words = str(page.locator(".overview").get_attribute("aria-valuetext"))
    return [float(word) for word in words.split() if word[0].isdigit()]


def drag_ruler(page: Page, start: float, end: float) -> None:
    """Drag over the ruler between shares of its width."""
    box = page.locator(".ticks").bounding_box()
    at = [box["x"] + share * box["width"] for share in (start, end)]
    page.mouse.move(at[0], box["y"] + 5)
    page.mouse.down()
    page.mouse.move((at[0] + at[1]) / 2, box["y"] + 5)
    page.mouse.move(at[1], box["y"] + 5)
    page.mouse.up()


def test_a_zoomed_picture_is_sharp_and_shows_the_right_seconds(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(one(beep()))
    wait_drawn(page)
    drag_ruler(page, 0.3, 0.6)
    page.locator(".row[data-sharp='true']").wait_for()
    low, high = window(page)
    assert (low, high) == (pytest.approx(0.9, abs=0.02), pytest.approx(1.8, abs=0.02))
    picture = page.locator(".picture").bounding_box()
    lit = page.locator(".finespec").evaluate(LIT_COLUMNS)
    seconds = [low + (x - picture["x"]) / picture["width"] * (high - low) for x in lit]
    assert seconds == [pytest.approx(1.0, abs=0.02), pytest.approx(1.5, abs=0.02)]
    page.mouse.click(lit[0], picture["y"] + 10)
    assert float(shown.state("pos")) == pytest.approx(1.0, abs=0.02)
    cursor = page.locator(".cursor").bounding_box()
    assert cursor["x"] + cursor["width"] / 2 == pytest.approx(lit[0], abs=1.5)


def test_keys_zoom_around_the_cursor_and_back(live: Callable[..., Any], page: Page) -> None:
    shown = live(3)
    wait_drawn(page, 3)
    shown.root.focus()
    while shown.state("switching") != "time":
        page.keyboard.press("Shift+KeyS")
    whole = window(page)
    box = page.locator(".picture").first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + 10)
    before = page.locator(".cursor").first.bounding_box()["x"]
    for _ in range(4):
        page.keyboard.press("+")
    low, high = window(page)
    assert high - low == pytest.approx((whole[1] - whole[0]) / 1.5**4, abs=0.02)
    assert page.locator(".cursor").first.bounding_box()["x"] == pytest.approx(before, abs=1.5)
    for node in page.locator(".row .cursor").all():
        assert node.bounding_box()["x"] == pytest.approx(before, abs=2)
    page.keyboard.press("-")
    assert np.diff(window(page))[0] == pytest.approx((high - low) * 1.5, abs=0.02)
    page.keyboard.press("Shift+KeyZ")
    assert window(page) == whole
    assert shown.page.watched.errors == []


def test_the_wheel_zooms_where_the_pointer_is_and_scrolls_when_zoomed(
    live: Callable[..., Any], page: Page
) -> None:
    live(one(beep()))
    wait_drawn(page)
    box = page.locator(".picture").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 3, box["y"] + 10)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -40)
    page.keyboard.up("Control")
    page.locator(".zoomed").wait_for()
    low, high = window(page)
    assert low + (high - low) / 3 == pytest.approx(1.0, abs=0.03)
    page.mouse.wheel(120, 0)
    page.wait_for_function("old => !document.querySelector('.overview').ariaValueText"
                           ".startsWith(old)", arg=f"{low:.2f} ")  # fmt: skip
    assert window(page)[0] > low
    page.locator(".overview").press("Home")
    assert window(page)[0] == 0
    page.locator(".overview").press("End")
    assert window(page)[1] == pytest.approx(3.0, abs=0.01)


def test_the_time_axis_is_in_step_with_the_pictures(live: Callable[..., Any], page: Page) -> None:
    live(one(beep()))
    wait_drawn(page)
    drag_ruler(page, 0.25, 0.75)
    page.locator(".row[data-sharp='true']").wait_for()
    left = page.locator(".finespec").evaluate(LIT_COLUMNS)[0]
    tick = page.locator(".ticks span", has_text="1.0").first.bounding_box()
    assert tick["x"] == pytest.approx(left, abs=12)  # 20 ms: half a frame of the spectrogram


@pytest.mark.parametrize("hz", [110, 220])
def test_the_pitch_contour_is_drawn_where_its_axis_has_it(
    live: Callable[..., Any], page: Page, hz: float
) -> None:
    shown = live(one(buzz(hz)))
    wait_drawn(page)
    shown.root.focus()
    page.keyboard.press("Shift+KeyP")
    page.wait_for_function(f"!isNaN(({WHITE_HEIGHT})(document.querySelector('.over'), 0.5))")
    down = page.locator(".over").evaluate(WHITE_HEIGHT, 0.5) * 85
    expected = 35 + 50 * (1 - math.log(hz / 50) / math.log(600 / 50))
    assert down == pytest.approx(expected, abs=1)
    assert shown.comparer.overlays == ["pitch"]


def test_a_whisper_has_no_contour(live: Callable[..., Any], page: Page) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 2 * SR)
    shown = live(one(noise))
    wait_drawn(page)
    shown.comparer.overlays = ["pitch"]
    page.locator(".over:not([hidden])").wait_for()
    for _ in range(200):
        contours = [m for m in shown.told() if m["content"]["type"] == "contour"]
        if contours:
            break
        page.wait_for_timeout(30)
    assert len(contours) == 1
    page.wait_for_timeout(100)
    assert page.locator(".over").evaluate(INK, 0.5) == 0


def test_pauses_are_shaded_where_they_are(live: Callable[..., Any], page: Page) -> None:
    y = buzz(150, 3.0)
    y[SR : SR + SR // 2] = 0
    shown = live(one(y))
    wait_drawn(page)
    shown.root.focus()
    page.keyboard.press("Shift+KeyQ")
    page.wait_for_function(f"({INK})(document.querySelector('.over'), {1.25 / 3}) > 0")
    ink = {at: page.locator(".over").evaluate(INK, at / 3) for at in (0.9, 1.1, 1.4, 1.6)}
    assert [ink[0.9], ink[1.6]] == [0, 0]
    assert ink[1.1] > 1000 < ink[1.4]


def test_words_begin_where_the_engine_says(live: Callable[..., Any], page: Page) -> None:
    speech = sentences("en")[0]
    comparison = compared([(told(0, speech), speech.wav)])
    shown = live(comparison)
    wait_drawn(page)
    shown.root.focus()
    page.keyboard.press("Shift+KeyW")
    words = comparison.anchors(comparison.records[0].trial.id).words
    whole = comparison.scale()["duration_s"]
    page.wait_for_function(f"({INK})(document.querySelector('.over'), {words[3][1] / whole}) > 0")
    width = page.locator(".over").evaluate("canvas => canvas.width")
    for _, start, _ in words[1:6]:
        near = [(start / whole * width + step) / width for step in (-1, 0, 1)]
        assert max(page.locator(".over").evaluate(INK, share) for share in near) > 5000


def test_palettes_colour_the_pictures_and_the_legend(live: Callable[..., Any], page: Page) -> None:
    shown = live(one(tone(1000)))
    wait_drawn(page)
    for palette in ("magma", "viridis", "cividis", "grey", "paper"):
        shown.comparer.palette = palette
        colours = {tuple(map(int, colour)) for colour in palette_rgb(palette)}
        chosen = page.get_by_role("combobox", name="colours", include_hidden=True)
        expect(chosen).to_have_value(palette)
        for canvas in (".spec", ".colours canvas"):
            found = page.locator(canvas).evaluate(
                """canvas => {
                  const { width, height } = canvas;
                  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
                  return [...new Set(new Uint32Array(data.buffer))]
                    .map((one) => [one & 255, (one >> 8) & 255, (one >> 16) & 255]);
                }"""
            )
            off = [min(np.abs(np.subtract(c, k)).max() for k in colours) for c in map(tuple, found)]
            assert max(off) <= 1
    shown.root.focus()
    page.keyboard.press("Shift+KeyC")
    page.wait_for_timeout(50)
    assert shown.comparer.palette == "magma"


def test_rows_are_twice_as_high_all_together(live: Callable[..., Any], page: Page) -> None:
    shown = live(30)
    wait_drawn(page, 4)
    shown.root.focus()
    page.keyboard.press("5")
    page.keyboard.press("Shift+KeyH")
    assert {row.bounding_box()["height"] for row in page.locator(".row").all()} == {186}
    rail = page.locator(".rail").bounding_box()
    assert rail["height"] == 30 * 186
    page.keyboard.press("ArrowDown")
    row = page.locator(".row[aria-current='true']").bounding_box()
    view = page.locator(".list").bounding_box()
    assert view["y"] <= row["y"]
    assert row["y"] + row["height"] <= view["y"] + view["height"] + 1
    assert shown.comparer.tall


def test_only_what_is_in_view_is_asked_for_and_only_when_wanted(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(60)
    wait_drawn(page, 5)
    assert not [m for m in shown.asked if m.get("what") in {"contour", "anchors"} or "from_s" in m]
    assert json.dumps(shown.asked).count('"kind"') == 0
    shown.root.focus()
    page.keyboard.press("Shift+KeyP")
    page.keyboard.press("+")
    page.locator(".row[data-sharp='true']").nth(4).wait_for()
    asked = [m for m in shown.asked if m.get("what") == "contour" or "from_s" in m]
    assert 0 < max(len(m["ids"]) for m in asked) < 20


def test_forced_colours_leave_the_pictures(live: Callable[..., Any], page: Page) -> None:
    page.emulate_media(forced_colors="active")
    live(1)
    wait_drawn(page)
    style = "node => getComputedStyle(node).forcedColorAdjust"
    assert page.locator(".picture").evaluate(style) == "none"
    assert page.locator(".row").evaluate(style) == "auto"
