"""Where the same words are in all clips of a text, on real sound of the local engine."""

import dataclasses
import json
import re

import numpy as np
import pytest
from shown import comparison_of, record_of, voice, wav
from spoken import TEXTS, VOICES, compared, onsets, sentences, sound, spoken, told

from voicelab.audio.espeak import Speech
from voicelab.errors import Unreadable, UsageError
from voicelab.tables.anchors import Anchors, carry
from voicelab.tables.comparison import Comparison
from voicelab.tables.write_html import page_of

SILENCE = np.zeros(16_000, np.float32)


def local(language: str = "en", *, words: bool = True) -> Comparison:
    """Compare one sentence in all voices, with their words told or hidden."""
    fields = {"language": language, "preview_text": TEXTS[language]}
    hidden = {} if words else {"evidence": {}}
    return compared(
        [(told(i, s, **fields, **hidden), s.wav) for i, s in enumerate(sentences(language))]
    )


def all_of(comparison: Comparison) -> list[Anchors]:
    return [comparison.anchors(record.trial.id) for record in comparison.records]


def errors_ms(comparison: Comparison, speeches: list[Speech]) -> np.ndarray:
    """Return how far word onsets are off when they are carried from each clip to each other."""
    found = list(zip(all_of(comparison), speeches, strict=True))
    return np.concatenate(
        [
            [abs(carry(t, one.times_s, other.times_s) - u) for t, u in onsets(a, b)]
            for one, a in found
            for other, b in found
            if other is not one
        ]
    ) * np.float64(1000)


@pytest.mark.parametrize("language", TEXTS)
def test_known_word_times_are_met_exactly(language: str) -> None:
    comparison = local(language)
    assert {anchors.method for anchors in all_of(comparison)} == {"word times"}
    errors = errors_ms(comparison, sentences(language))
    assert np.median(errors) < 1
    assert np.percentile(errors, 90) < 10


@pytest.mark.parametrize("language", TEXTS)
def test_words_nobody_told_are_met_by_warping(language: str) -> None:
    comparison = local(language, words=False)
    methods = [anchors.method for anchors in all_of(comparison)]
    assert methods.count("warped") >= len(methods) - 1  # a whisper may be too strange
    assert np.median(errors_ms(comparison, sentences(language))) < 50


def test_one_clip_with_words_gives_them_to_the_others() -> None:
    speeches = sentences("en")[:4]
    hidden = [(record_of(i, language="en", preview_text=TEXTS["en"], evidence={}), s.wav)
              for i, s in enumerate(speeches)]  # fmt: skip
    hidden[2] = (told(2, speeches[2]), speeches[2].wav)
    found = all_of(compared(hidden))
    assert [anchors.method for anchors in found] == ["warped", "warped", "word times", "warped"]
    for anchors, speech in zip(found, speeches, strict=True):
        assert [word for word, _, _ in anchors.words] == [word.text for word in speech.words]
        late = np.subtract(
            [start for _, start, _ in anchors.words], [w.start_s for w in speech.words]
        )
        assert np.median(np.abs(late)) < 0.03
        assert all(start <= end for _, start, end in anchors.words)


def test_all_of_a_group_share_its_places_and_each_has_its_own_rising_times() -> None:
    for comparison in (local(), local(words=False)):
        found = all_of(comparison)
        assert len({anchors.group for anchors in found}) == 1
        assert len({len(anchors.times_s) for anchors in found}) == 1
        for record, anchors in zip(comparison.records, found, strict=True):
            duration_s = comparison.clip(record.trial.id).duration_s
            assert (anchors.times_s[0], anchors.times_s[-1]) == (0.0, duration_s)
            assert (np.diff(anchors.times_s) > 0).all()
            assert (np.diff(np.rint(np.multiply(anchors.times_s, 1000))) > 0).all()


def test_other_texts_and_languages_are_other_groups() -> None:
    speech = sentences("en")[0]
    trials = [told(0, speech), told(1, speech, language="en-GB"), told(2, speech)]
    other = spoken(*VOICES[0], text="Good evening.")
    trials.append(told(3, other, preview_text="Good evening."))
    found = all_of(compared([(trial, speech.wav) for trial in trials[:3]]
                            + [(trials[3], other.wav)]))  # fmt: skip
    assert [found[0].group == anchors.group for anchors in found] == [True, False, True, False]


def test_a_clip_that_says_something_else_is_stretched() -> None:
    other = spoken(*VOICES[0], text="Welcome! Three ways to keep your garden green in summer.")
    trials = [(told(i, speech), speech.wav) for i, speech in enumerate(sentences("en")[:3])]
    trials.append((told(3, other, evidence={}), other.wav))
    stretched = all_of(compared(trials))[3]
    assert stretched.method == "stretched"
    assert stretched.words == ()


@pytest.mark.parametrize(
    "clip",
    [SILENCE, SILENCE[:800], sound(sentences("en")[0])[4000:4800], SILENCE[:10]],
    ids=["silent", "50 ms of silence", "50 ms of speech", "10 samples"],
)
def test_a_clip_with_nothing_to_hear_is_stretched(clip: np.ndarray) -> None:
    speech = sentences("en")[1]
    trials = [(told(0, speech), speech.wav), (told(1, speech, evidence={}), wav(clip, sr=16_000))]
    spoken_one, silent_one = all_of(compared(trials))
    assert silent_one.method == "stretched"
    assert len(silent_one.times_s) == len(spoken_one.times_s)
    assert (np.diff(silent_one.times_s) > 0).all()
    assert silent_one.times_s[-1] == len(clip) / 16_000


def test_a_silent_clip_alone_has_anchors_too() -> None:
    trial = record_of(0, evidence={})
    anchors = all_of(compared([(trial, wav(SILENCE, sr=16_000))]))[0]
    assert (anchors.times_s[0], anchors.times_s[-1]) == (0.0, 1.0)


def test_the_reference_is_the_same_whatever_is_asked_first() -> None:
    forward, backward = local(words=False), local(words=False)
    there = {r.trial.id: forward.anchors(r.trial.id) for r in forward.records}
    back = {r.trial.id: backward.anchors(r.trial.id) for r in reversed(backward.records)}
    assert there == back


def test_a_newer_comparison_keeps_the_places_already_told() -> None:
    trials = [(told(i, s, evidence={}), s.wav) for i, s in enumerate(sentences("en")[:4])]
    older, newer = compared(trials[:2]), compared(trials)
    before = all_of(older)
    newer.keep_anchors(older)
    after = all_of(newer)
    assert after[:2] == before
    assert len({anchors.group for anchors in after}) == 1


def test_words_that_come_later_make_a_new_group() -> None:
    speeches = sentences("en")[:3]
    trials = [(told(i, s, evidence={}), s.wav) for i, s in enumerate(speeches)]
    older = compared(trials[:2])
    before = all_of(older)
    newer = compared([*trials[:2], (told(2, speeches[2]), speeches[2].wav)])
    newer.keep_anchors(older)
    after = all_of(newer)
    assert len({anchors.group for anchors in after}) == 1
    assert after[0].group != before[0].group
    assert after[0].words


@pytest.mark.parametrize(
    "words",
    [
        "no list",
        [1, 2],
        [{"word": "On", "at": 3}],
        [{"text": "On", "start_s": "soon", "end_s": None, "offset": 0}],
        [{"text": "On", "start_s": 2.0, "end_s": 1.0, "offset": 0}],
        [{"text": "On", "start_s": 0.0, "end_s": 1e9, "offset": 0}],
        [{"text": "On", "start_s": float("nan"), "end_s": 1.0, "offset": 0}],
        [],
    ],
)
def test_words_of_another_shape_are_passed_over(words: object) -> None:
    first, second = sentences("en")[:2]
    trials = [(told(0, first, evidence={"words": words}), first.wav), (told(1, second), second.wav)]
    found = all_of(compared(trials))
    assert [anchors.method for anchors in found] == ["warped", "word times"]


def test_a_trial_without_sound_says_so() -> None:
    comparison = comparison_of([record_of(0), dataclasses.replace(record_of(1), clip_hash="gone")])
    with pytest.raises(Unreadable):
        comparison.anchors(comparison.records[1].trial.id)
    with pytest.raises(UsageError):
        comparison.anchors("nobody")
    assert comparison.anchors(comparison.records[0].trial.id).times_s[0] == 0


def test_clips_of_different_rates_are_aligned() -> None:
    trials = [(record_of(i, evidence={}), voice(3, sr=sr)) for i, sr in enumerate((8_000, 48_000))]
    one, other = all_of(compared(trials))
    assert {one.method, other.method} == {"warped"}
    assert carry(0.7, one.times_s, other.times_s) == pytest.approx(0.7, abs=0.02)


@pytest.mark.parametrize(
    ("t", "there"),
    [(-1.0, 0.0), (0.0, 0.0), (0.5, 1.0), (1.0, 2.0), (2.0, 2.5), (3.0, 3.0), (9, 3)],
)
def test_a_time_is_carried_by_its_place_between_two_anchors(t: float, there: float) -> None:
    assert carry(t, (0.0, 1.0, 3.0), (0.0, 2.0, 3.0)) == pytest.approx(there)


def test_what_is_carried_there_comes_back() -> None:
    one, other, *_ = all_of(local(words=False))
    for t in np.linspace(0, one.times_s[-1], 50):
        there = carry(t, one.times_s, other.times_s)
        assert carry(there, other.times_s, one.times_s) == pytest.approx(t, abs=1e-6)


def test_the_page_holds_the_anchors_of_every_clip() -> None:
    comparison = local()
    found = re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page_of(comparison), re.DOTALL)
    assert found
    data = json.loads(found[1])
    for record, row in zip(comparison.records, data["state"]["rows"], strict=True):
        told_there = data["anchors"][row["id"]]
        anchors = comparison.anchors(record.trial.id)
        assert told_there == json.loads(json.dumps(anchors.message()))
        assert told_there["times"] == pytest.approx(anchors.times_s, abs=0.001)
        assert len(json.dumps(told_there)) < 4000
