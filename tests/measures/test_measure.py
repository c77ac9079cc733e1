import numpy as np
import pytest
from known_signals import noise, sine, syllables, vowel

from voicelab.audio.clip import decode, resample
from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.measures import MEASURES, measure

LEVELS = {"loudness_lufs", "true_peak_dbtp", "clipped_share", "dc_offset"}
ALWAYS = {"duration_s", "pause_count"}
FALLING = np.linspace(1, 0.2, 240, dtype=np.float32)


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_says_its_unit_and_what_it_is(name):
    entry = MEASURES[name]
    assert entry.title
    assert entry.doc.endswith(".")
    assert entry.decimals >= 0
    suffix = {"Hz": "_hz", "s": "_s", "syl/s": "_syl_s", "st": "_st", "dB": "_db"}
    suffix |= {"LUFS": "_lufs", "dBTP": "_dbtp", "": ""}
    assert name.endswith(suffix[entry.unit])


@pytest.mark.parametrize(
    ("y", "sr"),
    [
        (np.zeros(0), 16_000),
        (np.zeros(1), 8000),
        (np.ones(1), 48_000),
        (np.zeros(24_000), 24_000),
        (np.full(24_000, 0.5), 24_000),
        (FALLING, 24_000),
        (noise(0.06, sr=16_000), 16_000),
        (noise(2, sr=4000), 4000),
        (noise(1, sr=192_000), 192_000),
        (np.clip(vowel(120, sr=8000)[0] * 20, -1, 1), 8000),
        (vowel(120, sr=48_000)[0] * 1e-7, 48_000),
        (vowel(120, sr=24_000)[0] * 2.0**31, 24_000),
        (np.tile(vowel(150, sr=8000, seconds=5)[0], 60), 8000),
    ],
    ids=[
        "nothing", "one zero", "one sample", "silence", "offset", "10 ms", "60 ms", "4 kHz",
        "192 kHz", "clipped", "quiet", "integer scale", "5 min",
    ],
)  # fmt: skip
def test_any_sound_has_every_column_as_a_number_or_nan(y, sr):
    found = measure(y, sr=sr)
    assert list(found) == list(MEASURES)
    assert all(type(value) is float and not np.isinf(value) for value in found.values())
    assert not any(np.isnan(found[name]) for name in ALWAYS)


def test_speech_has_every_column():
    text = "On a stormy night, the ancient bell tower struck twelve."
    clip = decode(speak(text, VoiceParameters(f0_hz=110)).wav)
    found = measure(clip.y, sr=clip.sr)
    assert not any(np.isnan(value) for value in found.values())
    assert found["f0_median_hz"] == pytest.approx(110, rel=0.08)
    assert found["duration_s"] == pytest.approx(clip.duration_s)


def test_a_quieter_clip_differs_in_its_level_only():
    y = syllables([0.4, 0.6], sr=24_000)
    loud, quiet = measure(y, sr=24_000), measure(y * 10 ** (-12 / 20), sr=24_000)
    for name in MEASURES.keys() - LEVELS:
        assert quiet[name] == pytest.approx(loud[name], rel=1e-3), name
    for name in ("loudness_lufs", "true_peak_dbtp"):
        assert quiet[name] == pytest.approx(loud[name] - 12, abs=0.01)


@pytest.mark.parametrize("sr", [16_000, 22_050, 48_000])
def test_the_sample_rate_hardly_matters(sr):
    text = "Nobody in the village dared to look outside."
    clip = decode(speak(text, VoiceParameters()).wav)
    from_clip = measure(clip.y, sr=clip.sr)
    other = measure(resample(clip.y, sr=clip.sr, to=sr), sr=sr)
    assert other["f0_median_hz"] == pytest.approx(from_clip["f0_median_hz"], rel=0.01)
    assert other["centroid_hz"] == pytest.approx(from_clip["centroid_hz"], rel=0.02)
    assert other["loudness_lufs"] == pytest.approx(from_clip["loudness_lufs"], abs=0.2)
    assert other["speech_rate_syl_s"] == pytest.approx(from_clip["speech_rate_syl_s"], rel=0.11)


def test_the_rates_are_syllables_over_their_times():
    y = syllables([1.0], sr=24_000)
    found = measure(np.concatenate([y, np.zeros(24_000)]), sr=24_000)
    assert found["speech_rate_syl_s"] == pytest.approx(8 / 3.6, rel=0.01)
    assert found["articulation_rate_syl_s"] == pytest.approx(8 / 1.6, rel=0.05)
    assert found["pause_count"] == 1
    assert found["pause_share"] == pytest.approx(1.0 / 2.6, abs=0.03)


def test_clipped_samples_are_counted():
    y = sine(100, sr=16_000, amplitude=0.9)
    assert measure(y, sr=16_000)["clipped_share"] == 0
    clipped = np.clip(sine(100, sr=16_000, amplitude=2), -1, 1)
    assert measure(clipped, sr=16_000)["clipped_share"] == pytest.approx(2 / 3, abs=0.02)


def test_a_constant_offset_is_reported():
    y = sine(100, sr=16_000, amplitude=0.1) + 0.05
    assert measure(y, sr=16_000)["dc_offset"] == pytest.approx(0.05, abs=1e-4)
