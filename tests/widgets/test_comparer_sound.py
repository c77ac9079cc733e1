"""What leaves the page's loudspeakers while voices are switched, looped, slowed and matched."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyloudnorm
import pytest
import soundfile
from captured import Recorder, Recording, ramp
from playwright.sync_api import Page, expect
from shown import comparison_of, voice, wav

from voicelab.measures.loudness import integrated_lufs, true_peak_dbtp
from voicelab.tables.fair_levels import TARGET_LUFS

pytestmark = pytest.mark.browser

SECONDS = 12.0
TOP = 0.9
PAUSED, PLAYING = (
    f".voicelab-comparer{which}" for which in ("[data-playing='']", ":not([data-playing=''])")
)
A_S, B_S = (0.0, 2.0, 5.0, 12.0), (0.0, 1.0, 6.0, 9.0)
WORDS = (["stormy", 2.0, 2.4], ["night", 5.0, 5.5])


def two_ramps() -> Any:
    """Return two clips that say where they are: the second, shorter one below zero."""
    sounds = (wav(ramp(SECONDS, top=TOP), sr=16000), wav(-ramp(B_S[-1], top=TOP), sr=16000))
    return comparison_of(2, sound=lambda place: sounds[place])


def same_text(comparison: Any) -> dict[str, Any]:
    a, b = (record.trial.id for record in comparison.records)
    shared = {"group": "one text", "method": "word times"}
    return {
        a: {**shared, "times": A_S, "words": WORDS},
        b: {**shared, "times": B_S, "words": []},
    }


def place_in_b(time: float) -> float:
    return float(np.interp(time, A_S, B_S))


def listen(shown: Any, recorder: Recorder) -> None:
    """Start the first voice at its raw level, its sound recorded."""
    shown.root.focus()
    for key in ("0", " "):
        shown.page.keyboard.press(key)
    shown.page.wait_for_selector(PLAYING)
    recorder.wait()


def place_at(live: Any, seconds: float) -> None:
    """Move to a place of the active voice by clicking into its picture."""
    picture = live.page.locator(".row[aria-current='true'] .picture")
    width = picture.bounding_box()["width"]
    picture.click(position={"x": width * seconds / SECONDS, "y": 20})


def wait_past(live: Any, seconds: float) -> None:
    live.page.wait_for_function(
        "past => Number(document.querySelector('.voicelab-comparer').dataset.pos) > past",
        arg=seconds,
    )


def heard_part(recording: Recording) -> npt.NDArray[np.float32]:
    """Return what was heard from the first to the last sample that is not silent."""
    loud = np.flatnonzero(np.abs(recording.y) > 1e-4)
    return recording.y[loud[0] : loud[-1] + 1]


def test_a_hundred_switches_do_not_drift_and_have_no_gap(
    live: Callable[..., Any], page: Page
) -> None:
    sound = wav(ramp(24.0, top=TOP), sr=16000)
    recorder = Recorder(page)
    listen(live(comparison_of(3, sound=lambda _: sound)), recorder)
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
    place = heard.y / TOP * 24.0
    error = place - np.arange(len(place)) / heard.sr
    error -= np.median(error)
    assert np.percentile(np.abs(error), 99) < 0.005
    assert abs(error[-1]) < 0.002
    assert np.count_nonzero(np.abs(np.diff(heard.y)) > 0.001) <= 4  # a busy machine misses one
    assert page.watched.errors == []


def test_the_sound_goes_on_at_the_same_word(live: Callable[..., Any], page: Page) -> None:
    comparison = two_ramps()
    recorder = Recorder(page)
    shown = live(comparison)
    shown.anchors = same_text(comparison)
    listen(shown, recorder)
    page.wait_for_selector(".row[aria-posinset='2'][data-carried='word']")
    page.wait_for_timeout(400)
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".voicelab-comparer[data-carried='word']")
    page.wait_for_timeout(300)
    heard = recorder.take()
    turn = int(np.flatnonzero(np.diff(heard.y) < -1e-4)[0])
    after = turn + round(0.05 * heard.sr)
    expected = place_in_b(heard.y[turn] / TOP * SECONDS) + 0.05
    assert -heard.y[after] / TOP * B_S[-1] == pytest.approx(expected, abs=0.005)
    expect(page.locator(".carried")).to_have_text("")


def test_other_ways_to_switch_and_why_a_switch_falls_short(
    live: Callable[..., Any], page: Page
) -> None:
    sounds = [wav(ramp(60.0, top=top), sr=16000) for top in (TOP, -TOP)]  # outlast a busy machine
    comparison = comparison_of(2, sound=lambda place: sounds[place])
    shown = live(comparison)
    a, b = (record.trial.id for record in comparison.records)
    shown.anchors = same_text(comparison)
    shown.anchors[b] |= {"group": "another text"}
    shown.root.focus()
    page.keyboard.press(" ")
    page.wait_for_selector(f".voicelab-comparer[data-playing='{a}']")
    play = shown.row(b).locator(".play")
    expect(play).to_have_attribute("title", "Play, at the same time: it speaks another text")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".carried")).to_have_text("at the same time: it speaks another text")
    expect(page.locator(".live")).to_contain_text("playing, at the same time: it speaks another")
    page.keyboard.press("Shift+S")
    assert page.locator(".switching").input_value() == "time"
    expect(page.locator(".carried")).to_have_text("")
    page.keyboard.press("Shift+S")
    expect(page.locator(".live")).to_have_text("switches go on from the start")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    wait_past(shown, 4.0)
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(f".voicelab-comparer[data-playing='{a}'][data-carried='start']")
    assert float(shown.state("pos")) < 4.0


def test_a_loop_has_no_seam_and_stands_in_every_voice(live: Callable[..., Any], page: Page) -> None:
    comparison = two_ramps()
    recorder = Recorder(page)
    shown = live(comparison)
    a, b = (record.trial.id for record in comparison.records)
    shown.anchors = same_text(comparison)
    shown.root.focus()
    page.keyboard.press("0")
    place_at(shown, 5.0)
    page.wait_for_selector(f".row[data-trial='{b}'][data-carried='word']")
    page.keyboard.press("]")
    place_at(shown, 4.4)
    page.keyboard.press("[")
    start, end = map(float, (shown.row(a).get_attribute("data-loop") or "").split())
    assert (start, end) == pytest.approx((4.4, 5.0), abs=0.02)
    other = [float(time) for time in (shown.row(b).get_attribute("data-loop") or "").split()]
    assert other == pytest.approx([place_in_b(start), place_in_b(end)], abs=0.002)
    page.keyboard.press(" ")
    page.wait_for_selector(PLAYING)
    recorder.wait()
    page.wait_for_timeout(1600)
    heard = recorder.take()
    place = heard.y / TOP * SECONDS
    assert place.min() > start - 0.01
    assert place.max() < end + 0.01
    ends = np.flatnonzero((place[:-1] < end - 0.02) & (place[1:] >= end - 0.02))
    assert np.diff(ends) / heard.sr == pytest.approx([end - start] * (len(ends) - 1), abs=1e-3)
    assert len(ends) >= 2
    assert np.abs(np.diff(heard.y)).max() < 0.001
    page.keyboard.press("\\")
    assert shown.row(b).get_attribute("data-loop") == ""


def test_a_drag_with_shift_loops_a_stretch_and_leaves_the_place(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(two_ramps())
    box = page.locator(".picture").nth(1).bounding_box()
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    loop = page.locator(".row").nth(1).get_attribute("data-loop") or ""
    assert [float(time) for time in loop.split()] == pytest.approx([3.0, 6.0], abs=0.03)
    assert (shown.state("pos"), shown.state("playing")) == ("0.000", "")
    page.locator(".loop-off").click()
    expect(page.locator(".loop-off")).to_be_hidden()


def test_half_the_pace_takes_twice_as_long_at_the_same_pitch(
    live: Callable[..., Any], page: Page
) -> None:
    t = np.arange(16000) / 16000
    tones = [0.4 * np.sin(2 * np.pi * hertz * t) for hertz in (220, 330)]
    sound = wav(np.concatenate(tones), sr=16000)
    recorder = Recorder(page)
    shown = live(comparison_of(1, sound=lambda _: sound))
    listen(shown, recorder)
    page.keyboard.press(" ")
    page.wait_for_selector(PAUSED)
    page.locator(".pace").select_option("0.5")
    shown.root.focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(100)
    recorder.take()
    page.keyboard.press(" ")
    page.wait_for_selector(PLAYING)
    page.wait_for_selector(PAUSED)
    page.wait_for_timeout(200)
    recording = recorder.take()
    heard = heard_part(recording)
    assert len(heard) / recording.sr == pytest.approx(4.0, abs=0.05)
    for middle, hertz in ((1.0, 220), (3.0, 330)):
        first = round((middle - 0.5) * recording.sr)
        assert pitch_of(heard[first : first + recording.sr], recording.sr) == pytest.approx(
            hertz, abs=1.5
        )
    assert shown.state("pace") == "0.5"


def pitch_of(y: npt.NDArray[np.float32], sr: int) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(y * np.hanning(len(y))))) * sr / len(y))


def test_shift_and_arrows_go_from_word_to_word(live: Callable[..., Any], page: Page) -> None:
    comparison = two_ramps()
    shown = live(comparison)
    shown.anchors = same_text(comparison)
    shown.root.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".live")).to_have_text("The places of the words are not known.")
    page.keyboard.press("ArrowRight")  # listening begins
    page.wait_for_selector(".row[aria-posinset='2'][data-carried='word']")
    page.keyboard.press("Shift+ArrowRight")
    assert (shown.state("pos"), page.locator(".live").inner_text()) == ("2.000", "stormy")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")  # a voice whose own words nobody knows
    assert (shown.state("pos"), page.locator(".live").inner_text()) == ("6.000", "night")
    page.keyboard.press("Shift+ArrowLeft")
    assert shown.state("pos") == "1.000"
    page.keyboard.press("End")
    assert float(shown.state("pos")) == pytest.approx(B_S[-1], abs=0.05)


def peaky() -> npt.NDArray[Any]:
    """Return a voice with one click near full scale: its peaks leave no room."""
    y, _ = soundfile.read(io.BytesIO(voice(1)))
    y[len(y) // 2] = 0.95
    return y


def test_all_voices_leave_the_loudspeakers_equally_loud(
    live: Callable[..., Any], page: Page
) -> None:
    sounds = [wav(peaky(), sr=16000)]
    for place, gain in enumerate((0.1, 0.5, 1.0)):
        y, _ = soundfile.read(io.BytesIO(voice(2 + place)))
        sounds.append(wav(gain * y, sr=16000))

    def numbers(place: int) -> dict[str, float | None]:
        y, sr = soundfile.read(io.BytesIO(sounds[place]), dtype="float32")
        return {"loudness_lufs": integrated_lufs(y, sr=sr), "true_peak_dbtp": true_peak_dbtp(y)}

    comparison = comparison_of(4, sound=lambda place: sounds[place], numbers=numbers)
    recorder = Recorder(page)
    shown = live(comparison)
    listen(shown, recorder)
    for key in (" ", "0"):
        page.keyboard.press(key)
    loudness = []
    for place in range(1, 5):
        page.wait_for_selector(PAUSED)
        page.keyboard.press(str(place))
        page.keyboard.press("Home")
        page.wait_for_timeout(100)
        recorder.take()
        page.keyboard.press(" ")
        page.wait_for_selector(PLAYING)
        page.wait_for_selector(PAUSED)
        page.wait_for_timeout(200)
        recording = recorder.take()
        heard = heard_part(recording)
        assert np.abs(heard).max() < 10 ** (-0.9 / 20)
        loudness.append(pyloudnorm.Meter(recording.sr).integrated_loudness(heard.astype(float)))
    note = page.locator(".row .gain").first.inner_text()
    target = float(note.split("played at ")[1].removesuffix(" LUFS").replace("−", "-"))
    assert target < TARGET_LUFS - 1
    assert loudness == pytest.approx([target] * 4, abs=0.5)


def test_sound_that_the_browser_takes_away_is_said_on_the_row_and_can_go_on(
    live: Callable[..., Any], page: Page
) -> None:
    recorder = Recorder(page)
    shown = live(two_ramps())
    listen(shown, recorder)
    page.evaluate("window.context.suspend()")
    page.wait_for_selector(PAUSED)
    expect(page.locator(".row .words").first).to_contain_text("has stopped the sound")
    place = float(shown.state("pos"))
    page.keyboard.press(" ")
    page.wait_for_selector(PLAYING)
    expect(page.locator(".row .words").first).to_have_text("")
    assert float(shown.state("pos")) >= place - 0.02
    page.evaluate("window.leave()")
    page.wait_for_function("window.context.state === 'closed'")
    page.wait_for_timeout(100)
    assert shown.comparer.playing == ""
    assert page.watched.errors == []


def test_a_trial_that_goes_away_while_it_sounds_falls_silent(
    live: Callable[..., Any], page: Page
) -> None:
    recorder = Recorder(page)
    shown = live(comparison_of(3))
    listen(shown, recorder)
    shown.comparer.update(comparison_of(comparison_of(3).records[1:]))
    page.wait_for_selector(PAUSED)
    expect(page.locator(".row")).to_have_count(2)
    page.wait_for_timeout(100)
    recorder.take()
    page.wait_for_timeout(100)
    assert np.abs(recorder.take().y).max() == 0
    assert page.watched.errors == []


def test_a_clip_that_the_browser_cannot_decode_says_so(
    live: Callable[..., Any], page: Page
) -> None:
    comparison = two_ramps()
    comparison.audio = lambda *_, **__: b"this is no sound"
    shown = live(comparison)
    page.locator(".row .play").first.click()
    expect(page.locator(".row .words").first).to_contain_text("cannot decode the clip")
    assert shown.state("playing") == ""


def test_a_pointer_on_a_row_fetches_its_clip_and_plays_nothing(
    live: Callable[..., Any], page: Page
) -> None:
    shown = live(3)
    page.locator(".row[aria-posinset='3'] .label").hover()
    trial = page.locator(".row[aria-posinset='3']").get_attribute("data-trial")
    wanted = {"type": "get", "what": "audio", "ids": [trial]}
    for _ in range(100):
        if wanted in shown.asked:
            break
        page.wait_for_timeout(20)
    assert wanted in shown.asked
    assert shown.state("playing") == ""
