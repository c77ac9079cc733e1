"""The exported page in a real Chromium, opened from a file, without a network."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from shown import comparison_of, record_of, voice

from voicelab.figures.contour import F0_MAX_HZ, F0_MIN_HZ
from voicelab.model import TrialState
from voicelab.tables.comparison import Comparison
from voicelab.tables.front_end import front_end
from voicelab.tables.page_contour import pitch_bytes
from voicelab.tables.page_rows import page_rows
from voicelab.tables.write_html import page_of, write

HOSTILE = (
    '</script><img src=x onerror=alert(1)> "onmouseover="alert(2) \u202eevil\u202c 🎙️ {{ 7 * 7 }}'
)


def opened(page: Page, folder: Path, comparison: Comparison) -> Locator:
    """Write the page, open it, and return its comparer once it shows rows."""
    path = folder / "voices 100%.html"
    write(comparison, path)
    page.goto(path.as_uri())
    root = page.locator(".voicelab-comparer[data-ready='1']")
    root.wait_for()
    return root


def position(root: Locator) -> float:
    return float(root.get_attribute("data-pos") or 0)


def wait_past(root: Locator, seconds: float) -> None:
    for _ in range(300):
        if position(root) > seconds:
            return
        root.page.wait_for_timeout(20)
    raise AssertionError(f"the sound stands at {position(root)} s")


@pytest.mark.browser
def test_the_page_opens_from_a_file_and_asks_for_nothing_else(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, comparison_of(6))
    page.locator(".row[data-drawn='true']").nth(5).wait_for()
    assert page.watched.errors == []
    assert page.watched.requests == [(tmp_path / "voices 100%.html").as_uri()]


@pytest.mark.browser
def test_every_trial_has_a_waveform_and_a_spectrogram(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, comparison_of(24))
    for place in range(1, 25):
        page.locator(".list").evaluate("(list, top) => { list.scrollTop = top }", 98 * (place - 1))
        row = page.locator(f".row[aria-posinset='{place}'][data-drawn='true']")
        for canvas in (row.locator(".wave"), row.locator(".spec")):
            colours = canvas.evaluate(
                "c => new Set(new Uint32Array(c.getContext('2d')"
                ".getImageData(0, 0, c.width, c.height).data.buffer)).size"
            )
            assert colours > 1


@pytest.mark.browser
def test_it_plays_one_voice_at_a_time(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, comparison_of(3))
    assert root.get_attribute("data-playing") == ""
    plays = page.locator(".row .play")
    plays.nth(0).click()
    wait_past(root, 0.3)
    plays.nth(1).click()
    expect(page.locator(".row[data-playing='true']")).to_have_count(1)
    expect(plays.nth(1)).to_have_attribute("aria-pressed", "true")
    assert position(root) >= 0.3
    page.keyboard.press("ArrowDown")
    expect(plays.nth(2)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press(" ")
    expect(root).to_have_attribute("data-playing", "")
    assert page.watched.errors == []


@pytest.mark.browser
def test_ratings_and_notes_are_shown_and_cannot_be_changed(page: Page, tmp_path: Path) -> None:
    records = [record_of(0, rating=4, note="a keeper"), record_of(1)]
    root = opened(page, tmp_path, comparison_of(records))
    expect(page.locator(".row .given").first).to_have_text("★★★★☆")
    expect(page.locator(".row .read").first).to_have_text("a keeper")
    expect(page.locator(".row .note").first).to_be_hidden()
    expect(page.locator(".row .stars").first).to_be_hidden()
    root.focus()
    page.keyboard.press("Shift+Digit2")
    expect(page.locator(".row .given").first).to_have_text("★★★★☆")


@pytest.mark.browser
def test_the_table_sorts_by_click_and_by_key(page: Page, tmp_path: Path) -> None:
    comparison = comparison_of(8)
    opened(page, tmp_path, comparison)
    rows = page_rows(comparison)
    known = [row for row in rows if row["measures"]["loudness_lufs"] is not None]
    known.sort(key=lambda row: row["measures"]["loudness_lufs"])
    ids = [row["id"] for row in known]
    unknown = [row["id"] for row in rows if row["id"] not in ids]
    heading = page.locator(".sortable th", has_text="loudness")
    heading.locator("button").click()
    assert shown_order(page) == ids + unknown
    heading.locator("button").press("Enter")
    values = {row["id"]: row["measures"]["loudness_lufs"] for row in known}
    turned = [values[trial] for trial in shown_order(page)[: len(ids)]]
    assert turned == sorted(values.values(), reverse=True)
    assert shown_order(page)[-len(unknown) :] == unknown
    expect(heading).to_have_attribute("aria-sort", "descending")


def shown_order(page: Page) -> list[str]:
    rows = page.locator(".sortable tbody tr").all()
    return [str(row.get_attribute("data-trial")) for row in rows]


@pytest.mark.browser
def test_the_comparer_in_the_page_filters_and_sorts(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, comparison_of(6))
    page.fill(".filter", "deep")
    expect(page.locator(".count")).to_have_text("2 of 6 trials")
    page.select_option(".sorts", "label")
    page.click(".way")
    expect(page.locator(".row .label")).to_have_text(["deep narrator 2", "deep narrator 1"])


@pytest.mark.browser
def test_hostile_words_are_only_words(page: Page, tmp_path: Path) -> None:
    alerts: list[str] = []
    page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    hostile = {"prompt": HOSTILE, "note": HOSTILE, "variables": {HOSTILE: HOSTILE}}
    records = [
        record_of(0, label=HOSTILE, preview_text=HOSTILE, voice_id=HOSTILE, **hostile),
        record_of(1, label="b" + HOSTILE, state=TrialState.FAILED, error=HOSTILE, language=HOSTILE),
    ]
    opened(page, tmp_path, comparison_of(records, title=HOSTILE))
    page.locator(".row[data-drawn='true']").wait_for()
    page.click(".more")
    assert page.title().split() == HOSTILE.split()
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator(".row .label").first.inner_text() == HOSTILE
    assert page.locator(".prompts td").first.inner_text() == HOSTILE
    assert HOSTILE in page.locator(".sortable").inner_text()
    assert page.locator("img:not(.pictures img), [onmouseover], [onerror]").count() == 0
    assert (alerts, page.watched.errors) == ([], [])


@pytest.mark.browser
def test_no_other_script_can_run_in_the_page(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, comparison_of(1))
    page.evaluate(
        "() => { const s = document.createElement('script');"
        "s.textContent = 'window.intruder = 1'; document.body.append(s); }"
    )
    assert page.evaluate("() => window.intruder") is None
    assert page.evaluate("() => fetch('data:,x').then(() => 'sent', () => 'refused')") == "refused"


@pytest.mark.browser
def test_without_scripts_the_tables_still_tell_everything(
    chromium: Browser, tmp_path: Path
) -> None:
    write(comparison_of([record_of(0, note="mine"), record_of(1)]), tmp_path / "p.html")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "p.html").as_uri())
    expect(page.locator(".sortable tbody tr")).to_have_count(2)
    expect(page.locator(".sortable")).to_contain_text("mine")
    expect(page.get_by_text("Scripts are switched off")).to_be_visible()
    context.close()


@pytest.mark.browser
def test_nothing_to_show_is_said_in_words(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, comparison_of([]))
    expect(page.locator(".empty")).to_contain_text("No trials yet")


@pytest.mark.browser
def test_trials_without_sound_are_in_the_page(page: Page, tmp_path: Path) -> None:
    records = [
        record_of(0, state=TrialState.FAILED, error="the vendor refused."),
        record_of(1, clip_hash="0" * 64),
        record_of(2),
    ]
    opened(page, tmp_path, comparison_of(records))
    expect(page.locator(".row .words").first).to_have_text("Failed: the vendor refused.")
    expect(page.locator(".sortable")).to_contain_text("failed: the vendor refused.")
    page.locator(".row[data-drawn='true']").wait_for()
    assert page.watched.errors == []


def test_a_clip_heard_in_two_rows_is_stored_once() -> None:
    one = page_of(comparison_of(1, sound=lambda _: voice(0)))
    three = page_of(comparison_of(3, sound=lambda _: voice(0)))
    assert len(re.findall(r'id="audio-', three)) == 1
    assert len(three) - len(one) < 10_000


def test_a_page_of_24_clips_can_be_mailed() -> None:
    assert len(page_of(comparison_of(24))) < 24 * 100_000


@pytest.mark.parametrize(
    ("providers", "words"),
    [
        (["minimax", "minimax"], "All of these voices come from an emulator, not from the vendor."),
        (["minimax", "local"], "Some of these voices come from an emulator, not from the vendor."),
        (["local", "local"], None),
    ],
)
def test_emulated_voices_are_named_on_top(providers: list[str], words: str | None) -> None:
    text = page_of(comparison_of([record_of(i, provider=p) for i, p in enumerate(providers)]))
    text = " ".join(text.split())
    assert ("from an emulator, not from the vendor.</strong>" in text) == bool(words)
    assert words is None or words in text
    assert ("built-in test engine, a speech" in text) == ("local" in providers)


def test_the_page_says_where_it_comes_from() -> None:
    local = record_of(0, provider="local", evidence={"engine_version": "1.52.0"})
    design = record_of(
        1, provider="dashscope-qwen", emulated=True, evidence={"target_model": "qwen3-tts-vd"}
    )
    clone = replace(design, trial=replace(design.trial, provider="tencent-trtc"), evidence={})
    text = page_of(comparison_of([local, design, clone]))
    assert "3 trials, 2 prompts · AI-generated voices · written by voicelab" in text
    lines = re.findall(r"<tr><th scope=.row. dir=.auto.>(.*?)</td></tr>", text.split("origins")[-1])
    cells = [re.sub("(<[^>]+>)+", "|", line) for line in lines]
    assert cells == [
        "local|the built-in test engine|espeak-ng 1.52.0|1|2025-03-01",
        "dashscope-qwen|an emulator, not the vendor|qwen3-tts-vd|1|2025-03-01",
        "tencent-trtc|an emulator, not the vendor|not named|1|2025-03-01",
    ]


def test_the_page_runs_the_very_code_of_the_notebook() -> None:
    assert front_end("js") in page_of(comparison_of(1))


def test_the_page_names_no_address_outside() -> None:
    assert not re.search(r"https?://", page_of(comparison_of(1)))


@pytest.mark.browser
def test_it_prints_every_voice_with_its_pictures_and_without_the_controls(
    page: Page, tmp_path: Path
) -> None:
    records = [record_of(nth, rating=4 if nth == 0 else None) for nth in range(23)]
    records.append(record_of(23, state=TrialState.FAILED, error="the vendor refused."))
    opened(page, tmp_path, comparison_of(records))
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Subtype\s*/Image", printed)) >= 23
    page.emulate_media(media="print")
    expect(page.locator("#comparer")).to_be_hidden()
    expect(page.locator("#answers")).to_be_hidden()
    rows = page.locator(".pictures tbody tr")
    expect(rows).to_have_count(24)
    expect(rows.first).to_contain_text("★★★★☆")
    expect(rows.last).to_contain_text("failed: the vendor refused.")
    for picture in (page.locator(".pictures img"), page.locator(".pictures svg")):
        expect(picture).to_have_count(23)
        expect(picture.last).to_be_visible()
    assert page.locator(".pictures img").evaluate_all(
        "images => images.every(({ complete, naturalWidth }) => complete && naturalWidth === 300)"
    )
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
def test_without_scripts_the_pictures_are_on_the_screen(chromium: Browser, tmp_path: Path) -> None:
    write(comparison_of(2), tmp_path / "p.html")
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "p.html").as_uri())
    expect(page.locator(".pictures img").last).to_be_visible()
    context.close()


@pytest.mark.browser
def test_a_page_zooms_and_says_that_it_holds_no_finer_pictures(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, comparison_of(2))
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    root.focus()
    page.keyboard.press("+")
    expect(page.locator(".caption").first).to_contain_text("no finer pictures")
    page.keyboard.press("Shift+KeyL")
    drawer = page.locator(".drawer.view")
    expect(drawer.get_by_label("colours")).to_be_visible()
    expect(drawer.get_by_label("frequency axis")).to_be_hidden()
    expect(drawer.get_by_label("pitch contour")).to_be_visible()
    expect(drawer.get_by_label("words")).to_be_visible()
    assert page.watched.errors == []


PITCH = """() => {
  const over = document.querySelector(".over"), context = over.getContext("2d");
  const { data } = context.getImageData(0, 0, over.width, over.height);
  const places = [];
  for (let x = 0; x < over.width; x++) {
    const ys = [];
    for (let y = 36; y < over.height; y++) {
      const i = 4 * (y * over.width + x);
      if (data[i] > 250 && data[i + 1] > 250 && data[i + 3] > 250) ys.push(y);
    }
    if (ys.length) places.push(1 - (ys.reduce((a, b) => a + b) / ys.length - 35) / 50);
  }
  return places;
}"""


@pytest.mark.browser
def test_a_page_draws_the_pitch_where_the_notebook_does(page: Page, tmp_path: Path) -> None:
    comparison = comparison_of(2)
    root = opened(page, tmp_path, comparison)
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    root.locator(".rail").focus()
    page.keyboard.press("Shift+P")
    expect(root.locator(".live")).to_have_text("pitch contour shown")
    for _ in range(100):
        if len(page.evaluate(PITCH)) > 20:
            break
        page.wait_for_timeout(50)
    f0 = comparison.contour(comparison.records[0].trial.id).f0_hz
    heights = np.log(f0[~np.isnan(f0)] / F0_MIN_HZ) / np.log(F0_MAX_HZ / F0_MIN_HZ)
    drawn = page.evaluate(PITCH)
    assert np.median(drawn) == pytest.approx(float(np.median(heights)), abs=0.02)
    assert (min(drawn), max(drawn)) == pytest.approx((heights.min(), heights.max()), abs=0.04)
    assert page.watched.errors == []


def test_the_pitch_in_a_page_is_near_the_measured_one_and_small() -> None:
    comparison = comparison_of(2)
    contour = comparison.contour(comparison.records[0].trial.id)
    places = np.frombuffer(pitch_bytes(contour), np.uint8).astype(float)
    assert (places == 0).tolist() == np.isnan(contour.f0_hz).tolist()
    heard = ~np.isnan(contour.f0_hz)
    again = F0_MIN_HZ * (F0_MAX_HZ / F0_MIN_HZ) ** ((places[heard] - 1) / 254)
    semitones = 12 * np.log2(again / contour.f0_hz[heard])
    assert np.abs(semitones).max() < 0.1
    text = page_of(comparison)
    data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
    assert len(json.dumps(data["pitch"])) < 2 * 700


@pytest.mark.browser
def test_help_lists_only_what_the_page_can_do_and_hints_go_away(page: Page, tmp_path: Path) -> None:
    page.clock.install()
    root = opened(page, tmp_path, comparison_of(2))
    root.locator(".rail").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("pitch contour")
    expect(keys).to_contain_text("pauses")
    expect(keys).not_to_contain_text("frequency axis")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Y")
    hint = "This page holds the mel axis only."
    expect(root.locator(".status")).to_have_text(hint)
    expect(root.locator(".live")).to_have_text(hint)
    page.clock.fast_forward(7000)
    expect(root.locator(".status")).to_be_hidden()


@pytest.mark.browser
def test_a_heart_in_a_page_that_asks_is_kept_in_the_page(page: Page, tmp_path: Path) -> None:
    root = opened(page, tmp_path, comparison_of(2))
    page.click("#begin")
    heart = root.locator(".row .starred").first
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(root.locator(".unsaved")).to_have_count(0)
