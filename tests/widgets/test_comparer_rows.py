"""What the rows of the comparer show, take and keep, in a real Chromium."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from shown import comparison_of, record_of, voice, wav

from voicelab.model import TrialState

pytestmark = pytest.mark.browser

HOSTILE = '</script><img src=x onerror=alert(1)> "onmouseover="alert(2) \u202eevil\u202c 🎙️'

SCROLL = """async (place) => {
  const [list, row] = [document.querySelector(".list"), document.querySelector(".row")];
  list.scrollTop = (place - 3) * row.offsetHeight;
  for (let n = 0; n < 3; n++) await new Promise(requestAnimationFrame);
  return document.querySelector(`.row[aria-posinset="${place}"]`).dataset.trial;
}"""
SCROLL_ON = """() => {
  const list = document.querySelector(".list");
  window.scrolledTo = 0;
  const step = () => {
    list.scrollTop = window.scrolledTo += 100;
    if (window.scrolledTo < 11_000) requestAnimationFrame(step);
  };
  step();
}"""


def test_sorting_follows_a_measure_and_puts_the_unknown_last(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(6)
    rows = comparison_of(6).rows()
    page.select_option(".sorts", "measure:loudness_lufs")
    known = [row for row in rows if row["measures"]["loudness_lufs"] is not None]
    known.sort(key=lambda row: row["measures"]["loudness_lufs"])
    expected = [row["label"] for row in known] + ["elderly storyteller 1"]
    assert shown.order() == expected
    page.click(".way")
    assert shown.order() == [*expected[-2::-1], "elderly storyteller 1"]


def test_sorting_follows_a_variable(live: Callable[..., Any], page: Page) -> None:
    shown = live(5)
    page.select_option(".sorts", "variable:age")
    assert shown.order()[:2] == ["lively child 1", "deep narrator 1"]  # eight, fifty


def test_the_filter_finds_words_of_prompt_state_and_variables(
    live: Callable[..., Any], page: Page
) -> None:
    live([*(record_of(i) for i in range(5)), record_of(5, state=TrialState.QUEUED)])
    expect(page.locator(".count")).to_have_text("6 of 6 trials")
    page.fill(".filter", "女主播")
    expect(page.locator(".row .label")).to_have_text(["calm anchor 1"])
    page.fill(".filter", "queued NARRATOR")
    expect(page.locator(".count")).to_have_text("1 of 6 trials")
    page.fill(".filter", "age=seventy")
    expect(page.locator(".row .label")).to_have_text(["elderly storyteller 1"])
    page.fill(".filter", "nobody")
    expect(page.locator(".empty")).to_contain_text("Nothing matches “nobody”")


def test_no_trials_are_said_in_words(live: Callable[..., Any], page: Page) -> None:
    live([])
    expect(page.locator(".empty")).to_contain_text("No trials yet")


def test_what_did_not_work_is_said_in_words(live: Callable[..., Any], page: Page) -> None:
    records = [
        record_of(0, state=TrialState.FAILED, error="the vendor refused the prompt."),
        record_of(1, state=TrialState.IN_DOUBT, error="the line broke."),
        record_of(2, state=TrialState.WAITING),
        record_of(3, clip_hash="0" * 64),
    ]
    live(records)
    words = page.locator(".row .words")
    expect(words.nth(0)).to_have_text("Failed: the vendor refused the prompt.")
    expect(words.nth(1)).to_have_text("In doubt: the line broke.")
    expect(words.nth(2)).to_contain_text("working on the voice")
    expect(words.nth(3)).not_to_be_empty()
    for play_button in page.locator(".row .play").all():
        expect(play_button).to_be_disabled()


def test_a_rating_is_kept_and_survives_a_reload(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    trial = page.locator(".row").first.get_attribute("data-trial")
    page.locator(".row").first.get_by_role("radio", name="4 of 5 stars").click()
    expect(page.locator(".row").first.locator(".star.on")).to_have_count(4)
    assert shown.saved == [(trial, 4)]
    page.evaluate("window.leave(); document.getElementById('host').replaceChildren()")
    page.evaluate("window.enter()")
    expect(page.locator(".row").first.locator(".star.on")).to_have_count(4)


def test_the_same_star_again_takes_the_rating_back(live: Callable[..., Any], page: Page) -> None:
    shown = live([record_of(0, rating=3)])
    page.get_by_role("radio", name="3 of 5 stars").click()
    expect(page.locator(".star.on")).to_have_count(0)
    assert [value for _, value in shown.saved] == [None]


def test_a_note_is_kept_when_it_is_left(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    page.locator(".note").first.fill(HOSTILE)
    page.keyboard.press("Enter")
    shown.wait_saved()
    assert shown.saved[0][1] == HOSTILE
    assert page.evaluate("document.activeElement.className") == "rail"


def test_a_note_that_cannot_be_kept_is_said(live: Callable[..., Any], page: Page) -> None:
    live(2)
    page.locator(".note").first.fill("refuse me")
    page.keyboard.press("Enter")
    expect(page.locator(".status")).to_contain_text("the disk is full")


def test_hostile_words_are_only_words(live: Callable[..., Any], page: Page) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    records = [
        record_of(0, label=HOSTILE, prompt=HOSTILE, note=HOSTILE, variables={HOSTILE: HOSTILE}),
        record_of(
            1,
            label="b" + HOSTILE,
            state=TrialState.FAILED,
            error=HOSTILE,
            evidence={HOSTILE: [HOSTILE]},
        ),
    ]
    live(records)
    page.locator(".row[data-drawn='true']").first.wait_for()
    page.locator(".row").nth(1).locator(".label").click()
    page.click(".more")
    assert page.locator(".row .label").first.inner_text() == HOSTILE
    assert page.locator(".row .words").nth(1).inner_text() == f"Failed: {HOSTILE}"
    page.locator(".details dt", has_text="onerror").wait_for()
    assert page.locator(".details").inner_text().count("onerror") >= 4
    assert page.locator("img, script[src]").count() == 0
    assert (alerts, page.watched.errors) == ([], [])


def test_two_hundred_rows_stay_virtual(live: Callable[..., Any], page: Page) -> None:
    shown = live(200)
    page.locator(".row[data-drawn='true']").first.wait_for()
    assert shown.state("count") == "200"
    assert page.locator(".row").count() < 20
    page.locator(".list").evaluate("list => { list.scrollTop = 98 * 150 }")
    page.locator(".row[aria-posinset='151'][data-drawn='true']").wait_for()
    assert page.locator(".row").count() < 20
    asked = [m["ids"] for m in shown.asked if m.get("type") == "get"]
    assert sum(len(ids) for ids in asked) < 90  # peaks and pixels of the rows in view


def test_a_note_being_typed_survives_scrolling_and_news(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(60)
    page.locator(".note").first.press_sequentially("half a tho")
    page.locator(".list").evaluate("list => { list.scrollTop = 4000 }")
    page.locator(".row[aria-posinset='45']").wait_for()
    shown.comparer.update(comparison_of([record_of(i, rating=2) for i in range(60)]))
    expect(page.locator(".row[aria-posinset='45'] .star.on")).to_have_count(2)
    page.keyboard.type("ught")
    page.keyboard.press("Enter")
    shown.wait_saved()
    assert shown.saved[0][1] == "half a thought"


def test_results_appear_as_they_arrive(live: Callable[..., Any], page: Page) -> None:
    shown = live([record_of(0), record_of(1, state=TrialState.SENT)])
    expect(page.locator(".row .words").nth(1)).to_contain_text("Sent")
    shown.comparer.update(comparison_of([record_of(0), record_of(1), record_of(2)]))
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    expect(page.locator(".row .words").nth(1)).to_be_empty()
    expect(page.locator(".count")).to_have_text("3 of 3 trials")


def test_only_what_changed_travels(live: Callable[..., Any], page: Page) -> None:
    shown = live(4)
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    told = shown.told()
    shown.comparer.update(
        comparison_of([record_of(i, note="new" if i == 2 else "") for i in range(4)])
    )
    expect(page.locator(".note").nth(2)).to_have_value("new")
    (news,) = shown.told()[len(told) :]
    assert news["content"]["type"] == "upsert"
    assert [row["note"] for row in news["content"]["rows"]] == ["new"]
    assert news["buffers"] == []


def test_a_new_scale_redraws_everything(live: Callable[..., Any], page: Page) -> None:
    shown = live(2)
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    tick = page.locator(".ticks span").last.inner_text()
    long = wav(np.tile(np.sin(np.arange(16000) / 8) / 2, 12), sr=16000)
    sounds = [voice(0), voice(1), long]
    shown.comparer.update(comparison_of(3, sound=sounds.__getitem__))
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    assert float(page.locator(".ticks span").last.inner_text()) > float(tick)
    assert len(shown.told()[-1]["buffers"]) in {1, 3}  # pixels, or the peaks of all rows


def test_the_first_pictures_come_with_the_rows_and_are_not_asked_for(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(4)
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    page.wait_for_timeout(200)  # a page asks when it has come to rest
    assert [told["content"]["type"] for told in shown.told()] == ["state"]
    assert not [asked for asked in shown.asked if asked.get("type") == "get"]


def test_a_view_takes_what_came_before_it_and_a_second_one_asks(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(4, early=True)
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    page.wait_for_timeout(200)
    assert [told["content"]["type"] for told in shown.told()] == ["state"]
    assert shown.asked == []
    page.evaluate("leave(), document.getElementById('host').replaceChildren(), enter()")
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    assert shown.asked == [{"type": "hello"}]


def test_a_view_waits_for_what_is_coming_and_asks_where_it_did_not_come(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(2, coming=True)
    expect(page.locator(".status")).to_have_text("waiting for the kernel…")
    assert shown.asked == []
    shown.comparer.coming = False
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    assert shown.asked == [{"type": "hello"}]


def test_rows_beyond_those_in_view_come_once_these_are_drawn(
    live: Callable[..., Any], page: Page
) -> None:
    live(40)
    rows = page.locator(".row[data-drawn='true']")
    rows.nth(6).wait_for()
    expect(page.locator(".row")).to_have_count(9)


def test_a_press_right_after_scrolling_is_a_click(live: Callable[..., Any], page: Page) -> None:
    """Rows scrolled into view stand in no order yet, and keep their place while pressed."""
    live(60)
    page.locator(".row[data-drawn='true']").nth(6).wait_for()
    play = page.locator(".row[aria-posinset='3'] .play").bounding_box()
    assert play is not None
    page.mouse.move(play["x"] + play["width"] / 2, play["y"] + play["height"] / 2)
    for place in (43, 13, 33):
        trial = page.evaluate(SCROLL, place)
        page.mouse.down()
        page.mouse.up()
        page.wait_for_selector(f".voicelab-comparer[data-playing='{trial}']", timeout=5_000)
        page.keyboard.press("Space")
        page.wait_for_selector(".voicelab-comparer[data-playing='']")


def test_pictures_past_the_first_are_asked_for_when_they_are_scrolled_to(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(40)
    page.locator(".row[data-drawn='true']").nth(4).wait_for()
    page.locator(".list").evaluate("list => { list.scrollTop = list.scrollHeight; }")
    page.locator(".row[aria-posinset='40'][data-drawn='true']").wait_for()
    asked = {id_ for asked in shown.asked if asked.get("type") == "get" for id_ in asked["ids"]}
    assert 0 < len(asked) < 28


def test_nothing_is_asked_for_over_and_over_while_rows_are_scrolled(
    live: Callable[..., Any], page: Page
) -> None:
    """News that comes meanwhile is drawn at rest, and brings no news of its own."""
    shown = live(200)
    page.locator(".row[data-drawn='true']").nth(4).wait_for()
    page.evaluate(SCROLL_ON)
    shown.comparer.update(comparison_of([record_of(i, rating=i % 5 + 1) for i in range(200)]))
    page.wait_for_function("window.scrolledTo > 10000")
    asked = {id_ for asked in shown.asked if asked.get("type") == "get" for id_ in asked["ids"]}
    page.wait_for_function("document.querySelector('.list').scrollTop === window.scrolledTo")
    assert len(asked) < 40  # of about 130 that were passed
    page.wait_for_function("document.querySelectorAll('.row[data-drawn=\"true\"]').length > 6")


def test_a_cursor_that_moves_sets_no_variable_that_all_rows_inherit(
    live: Callable[..., Any], page: Page
) -> None:
    live(3)
    page.locator(".row .play").first.click()
    cursor = page.locator(".row .cursor").first
    before = cursor.evaluate("cursor => cursor.style.left")
    page.wait_for_function(
        "before => document.querySelector('.row .cursor').style.left !== before", arg=before
    )
    rail = page.locator(".rail").evaluate("rail => [...rail.style]")
    assert not [name for name in rail if name.startswith("--")], rail
