"""What a page may take, what is in it of a voice's id, and how exact its small pictures are."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page
from shown import comparison_of, record_of

from voicelab.errors import UsageError
from voicelab.model import TrialState
from voicelab.tables.comparison import Comparison
from voicelab.tables.page_options import PageOptions
from voicelab.tables.write_html import page_of

VOICE = "ttv-voice-2025030112345678-Xy"
AGAIN = "qwen-tts-vd-announcer-voice-20250301"


def test_a_page_past_its_budget_is_refused_with_every_choice() -> None:
    comparison = comparison_of(24)
    whole = {
        audio: len(page_of(comparison, PageOptions(audio=audio))) / 1e6
        for audio in ("flac", "mp3", "mp3-small")
    }
    with pytest.raises(UsageError) as refused:
        page_of(comparison, PageOptions(audio="flac", max_mb=1.2 * whole["mp3"]))
    said = str(refused.value)
    found = re.fullmatch(
        r"with all 24 trials the page would take about ([\d.]+) MB, and [\d.]+ MB are allowed\. "
        r"Choose fewer trials \(about \d+ fit\), audio 'mp3' \(about ([\d.]+) MB\), "
        r"audio 'mp3-small' \(about ([\d.]+) MB\) or a larger max_mb \(at least ([\d.]+)\)\.",
        said,
    )
    assert found, said
    about, *enough = map(float, found.groups())
    assert about == pytest.approx(whole["flac"], rel=0.1)
    for audio, most in zip(("mp3", "mp3-small", "flac"), enough, strict=True):
        assert whole[audio] <= most <= 1.25 * whole[audio] + 0.1
        page_of(comparison, PageOptions(audio=audio, max_mb=most))


def test_a_choice_that_would_not_fit_either_is_not_offered() -> None:
    comparison = comparison_of(24)
    small = len(page_of(comparison, PageOptions(audio="mp3-small"))) / 1e6
    with pytest.raises(UsageError, match="a larger max_mb") as refused:
        page_of(comparison, PageOptions(max_mb=0.9 * small))
    assert "mp3-small" not in str(refused.value)


def test_the_budget_holds_for_the_page_and_not_only_for_its_sound() -> None:
    records = [record_of(0, prompt="a deep voice " * 100_000)]
    with pytest.raises(UsageError, match="1 MB are allowed"):
        page_of(comparison_of(records), PageOptions(max_mb=1))


def test_a_page_within_its_budget_is_written() -> None:
    page = page_of(comparison_of(3), PageOptions(max_mb=1))
    assert len(page.encode()) <= 1_000_000


def test_the_small_sound_is_smaller_and_the_lossless_one_larger() -> None:
    small, usual, lossless = (
        len(page_of(comparison_of(6), PageOptions(audio=audio)))
        for audio in ("mp3-small", "mp3", "flac")
    )
    assert small < usual < lossless


@pytest.mark.parametrize(
    "choices",
    [{"audio": "ogg"}, {"max_mb": 0}, {"blind": True, "voice_ids": True}, {"seed": 3}],
)
def test_choices_that_are_none_are_refused(choices: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        PageOptions(**choices)  # type: ignore[arg-type]


def with_voice_ids() -> Comparison:
    """A voice that was made, and one that was to speak again: its id stands in its variant."""
    named = {"list": [{"id": VOICE}], VOICE: f"kept as {VOICE}"}
    made = replace(record_of(0, evidence=named, note=f"call {VOICE}"), voice_id=VOICE)
    error = f"no sound of {AGAIN} came."
    spoken = record_of(1, voice_id=AGAIN, state=TrialState.FAILED, error=error)
    return comparison_of([made, replace(spoken, voice_id=None)])


def test_no_voice_id_is_in_a_page_unless_it_is_wanted() -> None:
    comparison = with_voice_ids()
    without = page_of(comparison)
    assert [id_ for id_ in (VOICE, AGAIN) if id_ in without] == []
    assert VOICE in page_of(comparison, PageOptions(voice_ids=True))


def test_no_trial_id_is_in_a_page_as_one_vendor_names_its_voices_so() -> None:
    comparison = comparison_of(3)
    page = page_of(comparison)
    assert not [record for record in comparison.records if record.trial.id in page]


def test_ratings_notes_prompts_and_measures_stay_in_the_page() -> None:
    comparison = comparison_of([record_of(0, rating=4, note="a keeper")])
    data = re.search(r'id="data">(.*?)</script>', page_of(comparison))
    assert data
    (row,) = json.loads(data[1])["state"]["rows"]
    (own,) = comparison.rows()
    for field in ("rating", "note", "prompt", "preview_text", "measures", "label"):
        assert row[field] == own[field]


@pytest.mark.browser
def test_the_small_pictures_show_what_the_comparison_measured(page: Page) -> None:
    comparison = comparison_of(2)
    page.set_content(page_of(comparison))
    page.locator(".row[data-drawn='true']").nth(1).wait_for()
    for place, record in enumerate(comparison.records):
        shown = (
            page.locator(".row .spec")
            .nth(place)
            .evaluate(
                "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
            )
        )
        lightness = np.array(shown).reshape(64, 300, 4)[::-1, :, :3].mean(axis=2)
        levels = np.frombuffer(comparison.pixels(record.trial.id), np.uint8).reshape(64, 300)
        assert np.corrcoef(lightness.ravel(), levels.ravel())[0, 1] > 0.97


def test_the_pictures_take_a_third_of_what_bare_levels_would() -> None:
    page = page_of(comparison_of(12))
    pictures = re.findall(r"data:image/webp;base64,([^\"]+)", page)
    assert len(pictures) == 12
    bare = 64 * 300 * 4 / 3
    assert sum(map(len, pictures)) < 12 * bare / 3
