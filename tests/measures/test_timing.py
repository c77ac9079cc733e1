import numpy as np
import pytest
from known_signals import noise, syllables, with_noise

from voicelab.audio.clip import decode
from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.measures import pitch, timing

SR = 22_050


@pytest.mark.parametrize("snr_db", [None, 35, 25])
@pytest.mark.parametrize("gaps_s", [(0.3,), (0.25, 0.9), (0.4, 0.5, 0.6)])
def test_known_pauses_are_found_where_they_are(gaps_s, snr_db):
    y = syllables(gaps_s, sr=SR)
    if snr_db is not None:
        y = with_noise(y, snr_db=snr_db)
    found = timing.phrasing(y, sr=SR).pauses
    assert len(found) == len(gaps_s)
    for number, ((start_s, end_s), gap_s) in enumerate(zip(found, gaps_s, strict=True), start=1):
        true_start_s = number * 0.8 + sum(gaps_s[: number - 1])
        assert start_s == pytest.approx(true_start_s, abs=0.06)
        assert end_s - start_s == pytest.approx(gap_s, abs=0.1)


def test_silence_at_the_ends_is_no_pause():
    y, quiet = syllables([0.4], sr=SR), np.zeros(SR, np.float32)
    found = timing.phrasing(np.concatenate([quiet, y, quiet]), sr=SR)
    assert len(found.pauses) == 1
    assert found.start_s == pytest.approx(1.0, abs=0.03)
    assert found.end_s == pytest.approx(1.0 + len(y) / SR, abs=0.03)
    assert found.spoken_s == pytest.approx(1.6, abs=0.05)
    assert timing.pause_share(found) == pytest.approx(0.4 / 2.0, abs=0.03)


def test_a_short_gap_inside_a_word_is_no_pause():
    assert timing.phrasing(syllables([0.1], sr=SR), sr=SR).pauses == ()


@pytest.mark.parametrize("per_phrase", [3, 8])
def test_known_syllables_are_counted(per_phrase):
    y = syllables([0.4, 0.3], sr=SR, per_phrase=per_phrase)
    found = timing.syllables_s(y, sr=SR, voice=pitch.track(y, sr=SR))
    assert len(found) == 3 * per_phrase


def test_spoken_syllables_are_counted_to_a_tenth_in_several_languages():
    sentences = [
        ("en-us", "On a stormy night, the ancient bell tower struck twelve.", 13),
        ("en-us", "Nobody in the village dared to look outside.", 12),
        ("en-gb", "Good morning, and welcome to the evening news.", 12),
        ("cmn", "在一个暴风雨的夜晚，古老的钟楼敲响了十二下。", 20),
        ("fr-fr", "La maison est au bord de la rivière.", 10),
        ("de", "Guten Morgen, meine Damen und Herren.", 10),
    ]
    ratios = []
    for voice, text, count in sentences:
        for f0_hz in (80, 120, 200, 300):
            clip = decode(speak(text, VoiceParameters(voice=voice, f0_hz=f0_hz)).wav)
            track = pitch.track(clip.y, sr=clip.sr)
            ratios.append(len(timing.syllables_s(clip.y, sr=clip.sr, voice=track)) / count)
    assert np.median(ratios) == pytest.approx(1, abs=0.05)
    assert np.mean(np.abs(np.subtract(ratios, 1))) < 0.1


def test_noise_has_no_syllables():
    y = noise(2, sr=SR)
    assert len(timing.syllables_s(y, sr=SR, voice=pitch.track(y, sr=SR))) == 0


def test_silence_has_neither_sound_nor_pause():
    found = timing.phrasing(np.zeros(SR, np.float32), sr=SR)
    assert (found.spoken_s, found.pauses) == (0, ())
    assert np.isnan(timing.pause_share(found))
