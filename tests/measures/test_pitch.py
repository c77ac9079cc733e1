import numpy as np
import parselmouth
import pytest
from known_signals import noise, vowel, with_noise

from voicelab.audio.clip import decode, resample
from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.measures import pitch

TEXT = "On a stormy night, the ancient bell tower struck twelve."


def cents(found, true):
    return 1200 * np.log2(found / true)


def praat(y, sr):
    sound = parselmouth.Sound(resample(y, sr=sr, to=16_000).astype(float), 16_000)
    track = sound.to_pitch_ac(0.01, 50, 15, False, 0.03, 0.45, 0.01, 0.35, 0.14, 600)
    return track.selected_array["frequency"], track.selected_array["strength"]


@pytest.mark.parametrize("sr", [8000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("f0_hz", [60, 75, 120, 210, 350, 500])
def test_a_steady_pulse_train_is_found_to_a_fraction_of_a_cent(f0_hz, sr):
    voice = pitch.track(vowel(f0_hz, sr=sr)[0], sr=sr)
    assert np.isfinite(voice.f0_hz).all()
    assert np.abs(cents(voice.f0_hz, f0_hz)).max() < 1


@pytest.mark.parametrize("f0_hz", [75, 120, 210, 350])
def test_vibrato_is_followed_to_five_cents(f0_hz):
    y, f0 = vowel(f0_hz, sr=24_000, vibrato=0.03)
    voice = pitch.track(y, sr=24_000)
    true = np.interp(voice.times_s, np.arange(len(f0)) / 24_000, f0)
    assert np.median(np.abs(cents(voice.f0_hz, true))) < 5


@pytest.mark.parametrize("f0_hz", [120, 210, 350])
@pytest.mark.parametrize("snr_db", [0, 5, 10, 15, 20, 25])
def test_the_harmonics_to_noise_ratio_is_the_one_that_was_made(f0_hz, snr_db):
    voice = pitch.track(with_noise(vowel(f0_hz, sr=16_000)[0], snr_db=snr_db), sr=16_000)
    assert pitch.hnr_db(voice) == pytest.approx(snr_db, abs=1)


@pytest.mark.parametrize("f0_hz", [70, 85])
def test_the_ratio_of_a_deep_voice_is_right_where_voices_are(f0_hz):
    voice = pitch.track(with_noise(vowel(f0_hz, sr=16_000)[0], snr_db=12), sr=16_000)
    assert pitch.hnr_db(voice) == pytest.approx(12, abs=1)


@pytest.mark.parametrize(
    "how",
    [
        {"f0_hz": 55},
        {"f0_hz": 75, "range_st": 8},
        {"f0_hz": 110, "range_st": 10},
        {"f0_hz": 180, "breath": 0.6},
        {"f0_hz": 240, "range_st": 12},
        {"f0_hz": 400, "tract_percent": 140},
        {"f0_hz": 120, "band": "telephone"},
        {"f0_hz": 90, "roughness": 6},
    ],
    ids=str,
)
def test_speech_is_tracked_as_praat_tracks_it(how):
    clip = decode(speak(TEXT, VoiceParameters(**how)).wav)
    voice = pitch.track(clip.y, sr=clip.sr)
    f0_hz, strength = praat(clip.y, clip.sr)
    voiced = f0_hz > 0
    assert abs(cents(pitch.median_hz(voice), np.median(f0_hz[voiced]))) < 10
    low, high = np.percentile(f0_hz[voiced], (5, 95))
    assert pitch.range_st(voice) == pytest.approx(12 * np.log2(high / low), abs=0.25)
    r = strength[voiced]
    assert pitch.hnr_db(voice) == pytest.approx(np.mean(10 * np.log10(r / (1 - r))), abs=0.3)
    assert np.mean(voice.strength > 0) == pytest.approx(np.mean(voiced), abs=0.02)


def test_a_whisper_has_no_pitch_to_report():
    clip = decode(speak(TEXT, VoiceParameters(whispered=True)).wav)
    voice = pitch.track(clip.y, sr=clip.sr)
    assert pitch.voiced_share(voice) < pitch.LEAST_VOICED_SHARE
    assert not pitch.has_pitch(voice)
    for value in (pitch.median_hz, pitch.median_st, pitch.range_st, pitch.hnr_db):
        assert np.isnan(value(voice))


def test_white_noise_is_not_voiced():
    assert pitch.voiced_share(pitch.track(noise(3, sr=16_000), sr=16_000)) < 0.02


def test_silence_around_a_voice_does_not_change_its_voiced_share():
    y, quiet = vowel(120, sr=16_000)[0], np.zeros(32_000, np.float32)
    voice = pitch.track(np.concatenate([quiet, y, quiet]), sr=16_000)
    assert pitch.voiced_share(voice) > 0.95


def test_semitones_count_from_a_hundred_hertz():
    voice = pitch.track(vowel(200, sr=16_000)[0], sr=16_000)
    assert pitch.median_st(voice) == pytest.approx(12, abs=0.01)


@pytest.mark.parametrize("length", [0, 1, 100, 959, 960, 961])
def test_a_clip_shorter_than_a_frame_has_an_empty_track(length):
    voice = pitch.track(np.ones(length, np.float32), sr=16_000)
    assert len(voice.times_s) == len(voice.f0_hz) == len(voice.strength) == (length >= 960)


def test_the_frames_lie_evenly_over_the_clip():
    y = vowel(120, sr=16_000, seconds=1.0)[0]
    times = pitch.track(y, sr=16_000).times_s
    assert np.allclose(np.diff(times), 0.01)
    assert times[0] == pytest.approx(1.0 - times[-1], abs=0.01)
