"""The comparer in a real Chromium, with its own Python side answering."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from shown import comparison_of, record_of, wav

pytestmark = pytest.mark.browser

NOT_BLANK = """canvas => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def play(live: Any, place: int) -> str:
    """Click Play on a row; return its trial id once it sounds."""
    row = live.page.locator(f".row[aria-posinset='{place}']")
    trial = row.get_attribute("data-trial")
    row.locator(".play").click()
    live.page.wait_for_selector(f".voicelab-comparer[data-playing='{trial}']")
    return str(trial)


def lasting(trials: int) -> Any:
    """Return trials that sound on however slow the machine is."""
    t = np.arange(20 * 8000) / 8000
    tones = [wav(0.3 * np.sin(2 * np.pi * (200 + 20 * i) * t), sr=8000) for i in range(trials)]
    return comparison_of(trials, sound=lambda place: tones[place])


def position(live: Any) -> float:
    return float(live.state("pos"))


def wait_past(live: Any, seconds: float) -> None:
    live.page.wait_for_function(
        "past => Number(document.querySelector('.voicelab-comparer').dataset.pos) > past",
        arg=seconds,
    )


def test_every_row_shows_a_waveform_and_a_spectrogram(live: Callable[..., Any], page: Page) -> None:
    live(6)
    page.locator(".row[data-drawn='true']").nth(5).wait_for()
    for row in page.locator(".row").all():
        assert row.locator(".wave").evaluate(NOT_BLANK) > 1
        assert row.locator(".spec").evaluate(NOT_BLANK) > 50
    assert page.watched.errors == []


def test_low_tones_are_low_in_the_picture(live: Callable[..., Any], page: Page) -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(16000) / 16000) / 2
    live(comparison_of(1, sound=lambda _: wav(tone, sr=16000)))
    page.locator(".row[data-drawn='true']").wait_for()
    brightest = page.locator(".spec").evaluate(
        """canvas => {
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(width / 2, 0, 1, height);
          const light = Array.from({ length: height }, (_, y) => data[4 * y] + data[4 * y + 1]);
          return light.indexOf(Math.max(...light)) / height;
        }"""
    )
    assert brightest > 0.85


def test_all_pictures_share_one_time_axis(live: Callable[..., Any], page: Page) -> None:
    comparison = comparison_of(4)
    shown = live(comparison)
    whole = comparison.scale()["duration_s"]
    for row in comparison.rows():
        box = shown.row(row["id"]).locator(".spec").bounding_box()
        picture = shown.row(row["id"]).locator(".picture").bounding_box()
        share = row["clip"]["duration_s"] / whole
        assert box["width"] == pytest.approx(picture["width"] * share, abs=1)


def test_nothing_plays_by_itself(live: Callable[..., Any], page: Page) -> None:
    page.add_init_script(
        "window.contexts = 0; window.AudioContext = class extends AudioContext {"
        "constructor() { super(); window.contexts++; } }"
    )
    page.goto("about:blank")
    shown = live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    shown.root.focus()
    page.keyboard.press("ArrowDown")
    assert (shown.state("playing"), page.evaluate("window.contexts")) == ("", 0)


def test_play_sounds_and_its_position_advances(live: Callable[..., Any]) -> None:
    shown = live(3)
    trial = play(shown, 1)
    wait_past(shown, 0.2)
    assert shown.row(trial).get_attribute("data-playing") == "true"
    assert shown.comparer.playing == trial


def test_starting_a_voice_stops_the_one_before_at_the_same_place(live: Callable[..., Any]) -> None:
    shown = live(lasting(3))
    play(shown, 1)
    wait_past(shown, 0.5)
    second = play(shown, 2)
    assert position(shown) >= 0.5
    assert shown.page.locator(".row[data-playing='true']").count() == 1
    assert shown.state("playing") == second


def test_a_click_on_play_again_pauses_and_keeps_the_place(live: Callable[..., Any]) -> None:
    shown = live(2)
    play(shown, 1)
    wait_past(shown, 0.3)
    shown.page.locator(".row[aria-posinset='1'] .play").click()
    shown.page.wait_for_selector(".voicelab-comparer[data-playing='']")
    paused = position(shown)
    shown.page.wait_for_timeout(120)
    assert position(shown) == paused >= 0.3


def test_the_end_of_a_clip_is_silence_and_the_start(live: Callable[..., Any]) -> None:
    shown = live(2)
    play(shown, 1)
    shown.page.wait_for_selector(".voicelab-comparer[data-playing='']", timeout=10_000)
    assert position(shown) == 0


def test_two_comparers_on_one_page_never_sound_together(live: Callable[..., Any]) -> None:
    shown = live(2)
    play(shown, 1)
    shown.page.evaluate("document.dispatchEvent(new CustomEvent('voicelab:playing', {}))")
    shown.page.wait_for_selector(".voicelab-comparer[data-playing='']")


def test_the_keyboard_does_everything(live: Callable[..., Any], page: Page) -> None:
    shown = live(lasting(5))
    ids = [row["id"] for row in comparison_of(5).rows()]
    shown.root.focus()
    page.keyboard.press("3")
    assert shown.state("active") == ids[2]
    page.keyboard.press(" ")
    page.wait_for_selector(f".voicelab-comparer[data-playing='{ids[2]}']")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f".voicelab-comparer[data-playing='{ids[3]}']")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(f".voicelab-comparer[data-playing='{ids[2]}']")
    page.keyboard.press(" ")
    page.wait_for_selector(".voicelab-comparer[data-playing='']")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert position(shown) == pytest.approx(1)
    page.keyboard.press("0")
    expect(page.locator(".match")).not_to_be_checked()
    page.keyboard.press("Shift+Digit4")
    shown.wait_saved()
    assert shown.saved == [(ids[2], 4)]


def test_typing_is_typing(live: Callable[..., Any], page: Page) -> None:
    shown = live(3)
    page.fill(".filter", "")
    page.type(".filter", "m 2 d")
    expect(page.locator(".match")).to_be_checked()
    expect(page.locator(".details")).to_be_hidden()
    assert (shown.state("playing"), page.input_value(".filter")) == ("", "m 2 d")


def test_a_click_in_the_picture_moves_the_place(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    page.locator(".picture").first.click(position={"x": 120, "y": 20})
    width = page.locator(".picture").first.bounding_box()["width"]
    whole = comparison_of(2).scale()["duration_s"]
    assert position(shown) == pytest.approx(120 / width * whole, abs=0.01)
    assert shown.state("playing") == ""


def test_loudness_matching_is_shown_and_its_failure_too(
    live: Callable[..., Any], page: Page
) -> None:
    live(3)
    gains = page.locator(".row .gain")
    expect(gains.nth(0)).to_have_text("+3.0 dB")
    expect(gains.nth(2)).to_contain_text("level not matched")
    page.locator(".match").uncheck()
    expect(gains.nth(0)).to_have_text("level as it came")


def test_a_silent_kernel_is_named(live: Callable[..., Any], page: Page) -> None:
    page.clock.install()
    live(2, silent=True)
    page.clock.fast_forward(1500)
    expect(page.locator(".status")).to_have_text("waiting for the kernel…")
    page.clock.fast_forward(7500)
    expect(page.locator(".status")).to_contain_text("No kernel answers: run the cell again.")


def test_a_clip_that_cannot_be_had_says_so_on_its_row(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    shown.comparer._comparison = comparison_of([record_of(0, clip_hash="1" * 64), record_of(1)])
    page.locator(".row").first.locator(".play").click()
    expect(page.locator(".row .words").first).to_contain_text("cannot be played")
    assert shown.state("playing") == ""


def test_screen_readers_hear_which_voice_it_is(live: Callable[..., Any], page: Page) -> None:
    shown = live(3)
    shown.root.focus()
    page.keyboard.press("2")
    expect(page.locator(".live")).to_have_text(
        "voice 2 of 3, bright guide 1, minimax, take 1, paused"
    )
    unnamed = page.locator("button:not([aria-label]), input:not([aria-label])")
    names = [
        node.evaluate("n => n.textContent || n.labels?.[0]?.textContent") for node in unnamed.all()
    ]
    assert all(names)


def test_leaving_closes_the_sound(live: Callable[..., Any], page: Page) -> None:
    page.add_init_script(
        "window.AudioContext = class extends AudioContext {"
        "constructor() { super(); window.context = this; } }"
    )
    page.goto("about:blank")
    shown = live(2)
    play(shown, 1)
    page.evaluate("window.leave()")
    page.wait_for_function("window.context.state === 'closed'")
    assert page.watched.errors == []


def test_a_browser_test_leaves_asyncio_usable() -> None:
    async def answer() -> int:
        return 42

    assert asyncio.run(answer()) == 42
