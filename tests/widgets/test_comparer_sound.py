"""What leaves the page's loudspeakers while voices are switched, looped, slowed and matched."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from captured import Recorder, ramp
from playwright.sync_api import Page
from shown import comparison_of, wav

pytestmark = pytest.mark.browser

SECONDS = 12.0
TOP = 0.9


def listen(
    live: Callable[..., Any], page: Page, comparison: Any, **more: Any
) -> tuple[Any, Recorder]:
    """Show a comparison at raw levels, its sound running and recorded."""
    recorder = Recorder(page)
    shown = live(comparison, **more)
    shown.root.focus()
    for key in ("0", " "):
        page.keyboard.press(key)
    page.wait_for_selector(".voicelab-comparer:not([data-playing=''])")
    recorder.wait()
    return shown, recorder


def test_a_hundred_switches_do_not_drift_and_have_no_gap(
    live: Callable[..., Any], page: Page
) -> None:
    sound = wav(ramp(SECONDS, top=TOP), sr=16000)
    shown, recorder = listen(live, page, comparison_of(3, sound=lambda _: sound))
    for _ in range(3):  # all are decoded
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(200)
    page.evaluate(
        """async () => {
          const root = document.querySelector(".voicelab-comparer");
          for (let i = 0; i < 100; i++) {
            const key = i % 2 ? "ArrowUp" : "ArrowDown";
            root.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            await new Promise((go) => setTimeout(go, 40 + 3 * (i % 7)));
          }
        }"""
    )
    heard = recorder.take()
    place = heard.y / TOP * SECONDS
    error = place - (place[0] + np.arange(len(place)) / heard.sr)
    assert np.abs(error).max() < 0.005
    assert np.abs(np.diff(heard.y)).max() < 0.001
    assert page.watched.errors == []
