"""Choosing, starring, filtering, grouping and comparing to a reference, in a real Chromium."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from shown import PROMPTS, comparison_of, record_of

from voicelab.errors import Unreadable, UsageError
from voicelab.model import TrialState

pytestmark = pytest.mark.browser


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait until Python knows what the page did."""
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came to hold")


def press(page: Page, *keys: str) -> None:
    page.locator(".rail").focus()
    for key in keys:
        page.keyboard.press(key)


def labels(shown: Any) -> list[str]:
    return list(shown.comparer.selected["label"])


def test_rows_are_selected_by_keyboard_and_python_reads_the_frame(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(5)
    press(page, "2", "Shift+Space")
    until(page, lambda: labels(shown) == ["bright guide 1"])
    press(page, "Shift+ArrowDown", "Shift+ArrowDown")
    until(page, lambda: len(labels(shown)) == 3)
    assert shown.comparer.selected["f0_median_hz"].notna().all()
    expect(page.locator(".row[aria-selected='true']")).to_have_count(3)
    press(page, "Shift+ArrowUp")
    until(page, lambda: labels(shown) == ["bright guide 1", "elderly storyteller 1"])
    expect(page.locator(".live")).to_contain_text("2 of 5 selected")
    press(page, "Shift+A")
    until(page, lambda: len(labels(shown)) == 5)
    press(page, "Shift+A")
    until(page, lambda: labels(shown) == [])


def test_rows_are_selected_by_pointer_and_a_range_with_shift(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(5)
    page.locator(".row .chosen").nth(1).click()
    page.locator(".row .chosen").nth(3).click(modifiers=["Shift"])
    until(page, lambda: len(labels(shown)) == 3)


def test_the_selection_comes_in_the_order_of_the_view(live: Callable[..., Any], page: Page) -> None:
    shown = live(5)
    press(page, "Shift+A")
    page.select_option(".sorts", "label")
    until(page, lambda: labels(shown) == sorted(labels(shown)))
    assert shown.comparer.sort == "label"
    page.click(".way")
    until(page, lambda: shown.comparer.sort == "-label")
    until(page, lambda: labels(shown) == sorted(labels(shown), reverse=True))


def test_python_selects_by_ids_frames_and_marks(live: Callable[..., Any], page: Page) -> None:
    shown = live(6)
    frame = shown.comparer._comparison.frame
    shown.comparer.selected = frame["provider"] == "minimax"
    expect(page.locator(".row[aria-selected='true'] .provider")).to_have_text(["minimax"] * 2)
    shown.comparer.selected = frame.head(3)
    expect(page.locator(".row[aria-selected='true']")).to_have_count(3)
    shown.comparer.selected = [frame["trial"][4]]
    expect(page.locator(".row[aria-selected='true'] .label")).to_have_text([frame["label"][4]])
    with pytest.raises(UsageError, match="has no trial 'nobody'"):
        shown.comparer.selected = ["nobody"]


def test_a_selection_survives_a_reload_of_the_page(live: Callable[..., Any], page: Page) -> None:
    shown = live(4)
    press(page, "3", "Shift+Space")
    until(page, lambda: len(labels(shown)) == 1)
    page.evaluate("window.leave(); document.getElementById('host').replaceChildren()")
    page.evaluate("window.enter()")
    expect(page.locator(".row[aria-selected='true'] .label")).to_have_text("elderly storyteller 1")


def test_python_sets_order_groups_filters_and_reference(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(6)
    view = shown.comparer
    view.sort = "-label"
    expect(page.locator(".row .label").first).to_have_text("lively child 1")
    view.filters = {"age": ["fifty", "twenty"], "text": "gravel"}
    expect(page.locator(".count")).to_have_text("2 of 6 trials")
    expect(page.locator(".filter")).to_have_value("gravel")
    view.filters = {"duration_s": [None, 0.1]}
    expect(page.locator(".empty")).to_contain_text("Nothing matches duration s …, 0.1")
    view.filters = {}
    view.group = "provider"
    expect(page.locator(".heading")).to_have_count(2)
    view.pinned = view._comparison.frame["trial"][0]
    expect(page.locator(".shelf .label")).to_have_text("deep narrator 1")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("sort", "pitch", "has no column 'pitch'"),
        ("group", "nobody", "has no column 'nobody'"),
        ("group", "f0_median_hz", "is a measure"),
        ("pinned", "nobody", "has no trial 'nobody'"),
        ("filters", {"only": ["best"]}, "'only' takes rated"),
        ("filters", {"f0_median_hz": [100]}, "a lowest and a highest"),
        ("filters", {"nobody": ["x"]}, "has no column 'nobody'"),
    ],
)
def test_what_a_view_does_not_have_is_one_sentence(
    live: Callable[..., Any], name: str, value: object, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        setattr(live(2).comparer, name, value)


def test_stars_ratings_and_notes_are_kept_and_taken_back(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(3)
    press(page, "2", "Shift+X")
    expect(page.locator(".row .starred[aria-pressed='true']")).to_have_count(1)
    press(page, "Shift+Digit4")
    expect(page.locator(".star.on")).to_have_count(4)
    press(page, "Shift+N")
    page.keyboard.type("warm")
    page.keyboard.press("Enter")
    until(page, lambda: len(shown.saved) == 3)
    expect(page.locator(".live")).to_contain_text("note kept")
    assert page.evaluate("document.activeElement.className") == "rail"
    press(page, "Shift+U", "Shift+U", "Shift+U")
    until(page, lambda: len(shown.saved) == 6)
    assert [value for _, value in shown.saved] == [True, 4, "warm", "", None, False]
    expect(page.locator(".row .starred[aria-pressed='true']")).to_have_count(0)


def test_the_frame_of_the_selection_has_the_stars_given_since(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(2)
    press(page, "1", "Shift+Space", "Shift+X", "Shift+Digit5")
    until(page, lambda: len(shown.saved) == 2)
    row = shown.comparer.selected.iloc[0]
    assert (row["starred"], row["rating"]) == (True, 5)


def test_chips_filter_and_python_reads_them(live: Callable[..., Any], page: Page) -> None:
    shown = live([*(record_of(i) for i in range(5)), record_of(5, state=TrialState.QUEUED)])
    press(page, "Shift+F")
    page.get_by_role("group", name="state").get_by_role("button", name="done").click()
    expect(page.locator(".count")).to_have_text("5 of 6 trials")
    page.get_by_role("group", name="{age}").get_by_role("button", name="fifty").press("Enter")
    expect(page.locator(".count")).to_have_text("1 of 6 trials")
    assert page.evaluate("document.activeElement.textContent") == "fifty"
    until(page, lambda: shown.comparer.filters == {"state": ["done"], "age": ["fifty"]})
    page.select_option("[data-name='add']", "duration_s")
    page.get_by_label("duration, from").fill("100")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing matches state done")
    page.locator(".empty button").click()
    expect(page.locator(".count")).to_have_text("6 of 6 trials")
    until(page, lambda: shown.comparer.filters == {})


def test_any_column_of_words_is_filtered_and_python_s_filters_show(
    live: Callable[..., Any], page: Page
) -> None:
    records = [
        record_of(
            i,
            language="zh" if i == 3 else "en",
            prompt=f"{PROMPTS[i % 5]} Number {i}.",
            rating=(None, 2, 4)[i % 3],
            starred=i == 1,
        )
        for i in range(30)
    ]
    shown = live(records)
    press(page, "Shift+F")
    groups = page.locator(".drawer.filters [role='group']")
    names = [group.get_attribute("aria-label") for group in groups.all()]
    assert names == [
        *("only", "provider", "{age}", "label", "prompt", "rating", "starred", "emulated"),
        *("language", "Ranges of measures"),
    ]
    chips = page.locator(".drawer.filters")
    chips.get_by_role("group", name="rating").get_by_role("button", name="4").click()
    expect(page.locator(".count")).to_have_text("10 of 30 trials")
    until(page, lambda: shown.comparer.filters == {"rating": [4]})
    chips.get_by_role("group", name="starred").get_by_role("button", name="yes").click()
    until(page, lambda: shown.comparer.filters == {"rating": [4], "starred": [True]})
    shown.comparer.filters = {"prompt": [records[7].trial.variant.prompt], "take": [1]}
    expect(page.locator(".filtering")).to_have_text("Filters: 2")
    expect(page.locator(".chip[aria-pressed='true']")).to_have_text(
        [records[7].trial.variant.prompt, "1"]
    )
    page.get_by_label("Add a prompt").select_option(label=records[8].trial.variant.prompt)
    expect(page.locator(".count")).to_have_text("2 of 30 trials")
    page.locator(".chip[data-name='take 1']").click()
    until(page, lambda: list(shown.comparer.filters) == ["prompt"])


def test_only_the_selected_and_the_starred(live: Callable[..., Any], page: Page) -> None:
    shown = live([record_of(i, starred=i == 1) for i in range(4)])
    shown.comparer.filters = {"only": ["starred"]}
    expect(page.locator(".row .label")).to_have_text(["bright guide 1"])
    shown.comparer.filters = {"only": ["selected"]}
    expect(page.locator(".count")).to_have_text("0 of 4 trials")
    shown.comparer.selected = [shown.comparer._comparison.records[2].trial.id]
    expect(page.locator(".row .label")).to_have_text(["elderly storyteller 1"])


def test_groups_count_and_fold_and_the_keys_pass_them(live: Callable[..., Any], page: Page) -> None:
    shown = live(200)
    page.select_option(".groups", "variable:age")
    until(page, lambda: shown.comparer.group == "age")
    page.locator(".list").evaluate("list => { list.scrollTop = 0 }")
    expect(page.locator(".heading").first).to_have_text("{age}: eight40 trials")
    press(page, "1", "Shift+G")
    expect(page.locator(".heading").first).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".heading").first).to_have_attribute("aria-current", "true")
    expect(page.locator(".heading").nth(1)).to_have_text("{age}: fifty40 trials")
    heading = page.locator(".heading").first.get_attribute("id")
    assert page.locator(".rail").get_attribute("aria-activedescendant") == heading
    press(page, "ArrowDown")
    expect(page.locator(".row[aria-current='true'] .label")).to_have_text("deep narrator 1")
    press(page, "ArrowUp")
    expect(page.locator(".live")).to_contain_text("{age}: eight, 40 trials, folded")
    assert page.locator(".row").count() < 20
    rail = page.locator(".rail").evaluate("rail => rail.getBoundingClientRect().height")
    assert rail == 160 * 98 + 5 * 34


def test_the_reference_stays_on_top_and_measures_become_differences(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(60)
    columns = shown.comparer._comparison.columns()
    numbers = shown.comparer._comparison.frame["f0_median_hz"]
    press(page, "2", "Shift+R")
    until(page, lambda: shown.comparer.pinned == shown.comparer._comparison.records[1].trial.id)
    page.locator(".list").evaluate("list => { list.scrollTop = 3000 }")
    page.locator(".row[aria-posinset='31']").wait_for()
    expect(page.locator(".shelf .label")).to_be_in_viewport()
    press(page, "1", "Shift+V")
    pitch = next(column["title"] for column in columns if column["name"] == "f0_median_hz")
    cell = page.locator(".rail .row[aria-posinset='1'] .measures div", has=page.get_by_text(pitch))
    difference = numbers[0] - numbers[1]
    sign = "+" if difference > 0 else "−"
    expect(cell.first.locator("dd")).to_have_text(f"{sign}{abs(difference):.0f} Hz")
    press(page, ".")
    expect(page.locator(".live")).to_contain_text("voice 2 of 60")
    press(page, ".")
    expect(page.locator(".live")).to_contain_text("voice 1 of 60")
    press(page, ".", "Shift+R")
    expect(page.locator(".shelf")).to_be_hidden()


def test_a_row_in_words_tells_what_differs_from_the_reference(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    first, second = (shown.comparer._comparison.frame.iloc[i] for i in (0, 1))
    press(page, "1", "Shift+R")
    row = page.locator(".rail .row[aria-posinset='2']")
    words = row.evaluate(
        "row => document.getElementById(row.getAttribute('aria-describedby')).textContent"
    )
    higher = "higher" if second["f0_median_hz"] > first["f0_median_hz"] else "lower"
    pitch = abs(second["f0_median_hz"] - first["f0_median_hz"])
    assert words.startswith("Against deep narrator 1, local, take 1: starts ")
    assert f"median pitch {pitch:.0f} Hz {higher}" in words
    assert "pauses longer than 0.4 s" in words
    press(page, "2", "Shift+D")
    expect(page.locator(".details")).to_contain_text(f"median pitch {pitch:.0f} Hz {higher}")


def test_help_lists_all_keys_and_gives_the_focus_back(live: Callable[..., Any], page: Page) -> None:
    live(2)
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("make it the reference")
    page.keyboard.press("2")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.className") == "rail"
    expect(page.locator(".row[aria-current='true'] .label")).to_have_text("deep narrator 1")
    page.keyboard.press("2")
    expect(page.locator(".row[aria-current='true'] .label")).to_have_text("bright guide 1")
    expect(page.locator(".status")).to_be_hidden()  # nothing stumbled


def test_ten_thousand_rows_would_be_one_tab_stop_and_its_controls(
    live: Callable[..., Any], page: Page
) -> None:
    live(40)
    page.locator(".rail").focus()
    passed = []
    for _ in range(8):
        page.keyboard.press("Tab")
        passed.append(
            page.evaluate("document.activeElement.className || document.activeElement.id")
        )
    assert passed[:5] == ["play", "chosen", "star", "starred", "note"]
    assert passed[5] == "elsewhere"


def test_the_tree_has_the_roles_it_needs(live: Callable[..., Any], page: Page) -> None:
    live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    grid = page.get_by_role("treegrid", name="Voices")
    expect(grid.get_by_role("row", name="bright guide 1, minimax, take 1")).to_have_count(1)
    expect(grid.get_by_role("gridcell")).to_have_count(12)
    orphans = page.evaluate(
        "[...document.querySelectorAll('[role=gridcell], [role=rowheader]')]"
        ".filter(cell => cell.parentElement.getAttribute('role') !== 'row').length"
    )
    assert orphans == 0


def test_a_clip_deleted_while_the_view_is_open_is_said_on_its_row(
    live: Callable[..., Any], page: Page
) -> None:
    comparison = comparison_of(40)
    kept, deleted = comparison._audio_of, comparison.records[30].clip_hash

    def audio_of(digest: str) -> bytes:
        if digest == deleted:
            raise Unreadable("the audio file is gone from the disk.")
        return kept(digest)

    comparison._audio_of = audio_of
    live(comparison)
    page.locator(".list").evaluate("list => { list.scrollTop = 98 * 30 }")
    row = page.locator(".row[aria-posinset='31']")
    expect(row.locator(".words")).to_contain_text("gone from the disk")
    described = row.evaluate(
        "row => document.getElementById(row.getAttribute('aria-describedby')).textContent"
    )
    assert "gone from the disk" in described


def test_rows_that_wait_for_a_kernel_say_so_each(live: Callable[..., Any], page: Page) -> None:
    page.clock.install()
    shown = live(3)
    page.locator(".row[data-drawn='true']").nth(2).wait_for()
    page.evaluate("window.silent = true")
    page.locator(".row .play").first.click()
    page.clock.fast_forward(9000)
    expect(page.locator(".row .words").first).to_contain_text("No kernel answers")
    expect(page.locator(".row .words").nth(1)).to_be_empty()
    assert shown.state("playing") == ""


def test_an_exception_on_either_side_shows_in_the_widget(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(2)
    shown.comparer.send({"type": "upsert", "rows": [None], "scale": {}, "peaks": []})
    expect(page.locator(".status")).to_contain_text("The comparer stumbled")
    shown.comparer._on_star = lambda trial, starred: 1 / 0
    press(page, "1", "Shift+X")
    expect(page.locator(".status")).to_contain_text("ZeroDivisionError")


def test_ten_thousand_rows_arrive_without_a_clip_decoded(
    live: Callable[..., Any], page: Page
) -> None:
    comparison = comparison_of(10_000)
    decoded: list[str] = []
    kept = comparison._audio_of
    comparison._audio_of = lambda digest: (decoded.append(digest), kept(digest))[1]
    shown = live(comparison)
    expect(page.locator(".count")).to_have_text("10000 of 10000 trials")
    page.locator(".row[data-drawn='true']").first.wait_for()
    assert len(decoded) <= 24
    state = shown.told()[0]
    assert len(str(state["content"])) + len("".join(state["buffers"])) < 600 * 10_000
    press(page, "Shift+End")
    expect(page.locator(".row[aria-current='true']")).to_have_attribute("aria-posinset", "10000")


def test_every_key_does_one_thing(live: Callable[..., Any], page: Page) -> None:
    live(3)
    press(page, "?")
    names = page.locator("dialog.keys kbd").all_inner_texts()
    split = (re.fullmatch(r"((?:shift|page) )?(.*)", name) for name in names)
    keys = [f"{found[1] or ''}{key}" for found in split if found for key in found[2].split()]
    assert len(keys) > 30
    assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
