"""Words found again by sound alone, in clips of the local engine whose word times are known."""

import numpy as np
import pytest
from known_signals import noise, sine, with_noise
from spoken import TEXTS, VOICES, onsets, pairs, sentences, sound, spoken

from voicelab.measures.alignment import STRANGE, Alignment, align

SR = 16_000


def carried(found: Alignment, times_s: np.ndarray) -> np.ndarray:
    return np.interp(times_s, found.a_s, found.b_s)


def errors_ms(a_times: np.ndarray, b_times: np.ndarray, found: Alignment) -> np.ndarray:
    return 1000 * np.abs(carried(found, a_times) - b_times)


@pytest.mark.parametrize("language", TEXTS)
def test_word_onsets_are_carried_between_voices_and_rates(language: str) -> None:
    errors = []
    strange = 0
    for a, b in pairs(language):
        found = align(sound(a), sound(b), sr=SR)
        errors.append(errors_ms(*onsets(a, b).T, found))
        strange += found.strangeness > STRANGE
    assert strange <= 0.1 * len(errors)  # the whispering voice is, to some
    together = np.concatenate(errors)
    assert np.median(together) < 15
    assert np.percentile(together, 90) < 50
    assert max(np.median(of_pair) for of_pair in errors) < 50


def test_a_clip_is_aligned_with_itself_moment_for_moment() -> None:
    y = sound(sentences("en")[0])
    found = align(y, y, sr=SR)
    assert found.b_s == pytest.approx(found.a_s)
    assert found.strangeness == pytest.approx(0, abs=1e-3)


def test_times_rise_from_the_start_to_the_end_of_both() -> None:
    a, b = sound(sentences("en")[0]), sound(sentences("en")[1])
    found = align(a, b, sr=SR)
    assert (np.diff(found.a_s) > 0).all()
    assert (np.diff(found.b_s) >= 0).all()
    assert (found.a_s[0], found.b_s[0]) == (0, 0)
    assert (found.a_s[-1], found.b_s[-1]) == (len(a) / SR, len(b) / SR)


@pytest.mark.parametrize("semitones", [-4, 5])
def test_a_copy_at_another_pitch_and_speed_is_followed(semitones: int) -> None:
    speech = sentences("en")[1]
    y = sound(speech)
    factor = 2 ** (semitones / 12)
    turned = np.interp(np.arange(0, len(y) - 1, factor), np.arange(len(y)), y).astype(np.float32)
    times = np.array([word.start_s for word in speech.words])
    errors = errors_ms(times, times / factor, align(y, turned, sr=SR))
    assert np.median(errors) < 20


@pytest.mark.parametrize("sr", [8_000, 11_025, 22_050])
def test_any_rate_will_do(sr: int) -> None:
    a, b = sentences("en")[:2]
    found = align(sound(a, sr=sr), sound(b, sr=sr), sr=sr)
    assert np.median(errors_ms(*onsets(a, b).T, found)) < 20


def test_silence_before_the_speech_is_stepped_over() -> None:
    a, b = sentences("en")[:2]
    late = np.concatenate([np.zeros(SR, np.float32), sound(b)])
    before, after = onsets(a, b).T
    errors = errors_ms(before, after + 1, align(sound(a), late, sr=SR))
    assert np.median(errors) < 20


def test_a_pause_that_only_one_makes_is_stepped_over() -> None:
    speech = sentences("en")[2]
    y = sound(speech)
    times = np.array([word.start_s for word in speech.words])
    cut = times[6]
    paused = np.insert(y, round(cut * SR), np.zeros(int(0.8 * SR), np.float32))
    found = align(y, paused, sr=SR)
    later = times + 0.8 * (times > cut)
    assert np.median(np.delete(errors_ms(times, later, found), 6)) < 10


def test_noise_does_not_lead_it_astray() -> None:
    a, b = sentences("en")[:2]
    found = align(sound(a), with_noise(sound(b), snr_db=20), sr=SR)
    assert np.median(errors_ms(*onsets(a, b).T, found)) < 40


def test_another_text_is_strange() -> None:
    text = "Welcome back! Today we look at three ways to keep your garden green."
    other = [spoken(prompt, rate, text=text) for prompt, rate in VOICES]
    found = [align(sound(a), sound(b), sr=SR) for a in sentences("en") for b in other]
    assert sum(one.strangeness > STRANGE for one in found) >= 0.8 * len(found)


def test_a_text_that_says_the_same_twice_is_not_strange() -> None:
    a, b = (np.tile(sound(speech), 2) for speech in sentences("en")[1:3])
    assert align(a, b, sr=SR).strangeness < STRANGE


@pytest.mark.parametrize(
    "y",
    [
        np.zeros(SR, np.float32),
        np.zeros(0, np.float32),
        np.zeros(1, np.float32),
        noise(0.05, sr=SR),
        noise(3, sr=SR),
        sine(200, sr=SR, seconds=0.05),
        np.full(SR, 0.5, np.float32),
    ],
    ids=["silent", "empty", "one sample", "50 ms of noise", "noise", "50 ms", "constant"],
)
def test_what_says_nothing_is_aligned_end_to_end_and_strange(y: np.ndarray) -> None:
    speech = sound(sentences("en")[0])
    for a, b in ((y, speech), (speech, y)):
        found = align(a, b, sr=SR)
        assert found.strangeness > STRANGE
        assert found.b_s[-1] == len(b) / SR
        assert (np.diff(found.b_s) >= 0).all()


def test_minutes_of_speech_are_followed_within_bounds() -> None:
    first, second = (sound(speech) for speech in sentences("en")[:2])
    a, b = np.tile(first, 12), np.tile(second, 12)
    found = align(a, b, sr=SR)
    times, there = onsets(*sentences("en")[:2]).T
    last = errors_ms(times + 11 * len(first) / SR, there + 11 * len(second) / SR, found)
    assert np.median(last) < 20
