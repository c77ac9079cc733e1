import numpy as np
import pyloudnorm
import pytest
from known_signals import noise, sine, syllables, vowel

from voicelab.measures import loudness


@pytest.mark.parametrize("sr", [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000])
def test_a_full_scale_tone_reads_minus_three_lufs_at_every_rate(sr):
    assert loudness.integrated_lufs(sine(997, sr=sr), sr=sr) == pytest.approx(-3.01, abs=0.05)


def test_twelve_decibels_less_read_twelve_less():
    y = vowel(120, sr=24_000)[0]
    less = loudness.integrated_lufs(y * np.float32(10 ** (-12 / 20)), sr=24_000)
    assert less == pytest.approx(loudness.integrated_lufs(y, sr=24_000) - 12, abs=1e-4)


@pytest.mark.parametrize("sr", [16_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["noise", "vowel", "phrases"])
def test_it_reads_what_pyloudnorm_reads(kind, sr):
    y = {
        "noise": lambda: noise(3, sr=sr),
        "vowel": lambda: vowel(180, sr=sr, seconds=3)[0],
        "phrases": lambda: syllables([0.6, 0.9], sr=sr),
    }[kind]()
    meter = pyloudnorm.Meter(sr, filter_class="DeMan")
    truth = meter.integrated_loudness(y.astype(float))
    assert loudness.integrated_lufs(y, sr=sr) == pytest.approx(truth, abs=0.1)


def test_silence_between_phrases_is_gated_out():
    y = syllables([], sr=24_000, per_phrase=10)
    padded = np.concatenate([y, np.zeros(10 * 24_000, np.float32)])
    plain = loudness.integrated_lufs(y, sr=24_000)
    assert loudness.integrated_lufs(padded, sr=24_000) == pytest.approx(plain, abs=0.5)


def test_what_is_too_short_or_too_quiet_has_no_loudness():
    assert np.isnan(loudness.integrated_lufs(sine(440, sr=16_000, seconds=0.39), sr=16_000))
    assert np.isfinite(loudness.integrated_lufs(sine(440, sr=16_000, seconds=0.4), sr=16_000))
    assert np.isnan(loudness.integrated_lufs(np.zeros(48_000, np.float32), sr=48_000))
    whisper = sine(440, sr=16_000, amplitude=1e-4)
    assert np.isnan(loudness.integrated_lufs(whisper, sr=16_000))


def test_the_true_peak_lies_between_the_samples():
    t = np.arange(48_000)
    y = (0.5 * np.sin(np.pi / 2 * t + np.pi / 4)).astype(np.float32)
    assert 20 * np.log10(np.abs(y).max()) == pytest.approx(-9.03, abs=0.01)
    assert loudness.true_peak_dbtp(y[100:-100]) == pytest.approx(-6.02, abs=0.3)


def test_the_true_peak_is_never_under_the_sample_peak():
    y = np.zeros(1000, np.float32)
    y[500] = 0.7
    assert loudness.true_peak_dbtp(y) == pytest.approx(20 * np.log10(0.7))
    assert np.isnan(loudness.true_peak_dbtp(y[:400]))
    assert loudness.true_peak_dbtp(np.float32([1.0])) == 0
