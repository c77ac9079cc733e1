"""Recordings made fit to be cloned from: what is changed is said, what cannot be mended too."""

import io

import numpy as np
import pytest
import soundfile

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode, resample
from voicelab.audio.parameters import VoiceParameters
from voicelab.audio.reference import prepare
from voicelab.errors import UsageError

SR = 22050
SAID = "On a stormy night, the ancient bell tower struck twelve. Nobody came to open the gate."


@pytest.fixture(scope="module")
def speech():
    """Speech at half of full scale, 22,050 Hz."""
    y = decode(espeak.speak(SAID, VoiceParameters()).wav).y
    return 0.5 * y / np.abs(y).max()


def wav(y, sr=SR, **how):
    file = io.BytesIO()
    soundfile.write(file, y, sr, format="WAV", **how)
    return file.getvalue()


def prepared(audio, *, sr=16000, min_s=1, max_s=180, max_bytes=None):
    return prepare(audio, sr=sr, min_s=min_s, max_s=max_s, max_bytes=max_bytes)


def refusal(audio, **window):
    with pytest.raises(UsageError) as caught:
        prepared(audio, **window)
    assert str(caught.value).startswith("the reference ")
    assert str(caught.value).endswith(".")
    return str(caught.value)


def silence(seconds):
    return np.zeros(round(seconds * SR))


def test_a_good_recording_is_left_alone_but_for_its_rate(speech):
    found = prepared(wav(speech))
    assert found.changes == ("resampled from 22,050 Hz to 16,000 Hz",)
    file = soundfile.info(io.BytesIO(found.wav))
    assert (file.format, file.subtype, file.channels, file.samplerate) == (
        "WAV",
        "PCM_16",
        1,
        16000,
    )
    assert found.duration_s == pytest.approx(len(speech) / SR, abs=0.001)
    assert found.duration_s == decode(found.wav).duration_s


def test_a_recording_that_is_as_wanted_comes_back_sample_for_sample(speech):
    found = prepared(wav(speech, subtype="PCM_16"), sr=SR)
    assert found.changes == ()
    assert np.array_equal(decode(found.wav).y, decode(wav(speech, subtype="PCM_16")).y)


@pytest.mark.parametrize("format", ["FLAC", "MP3", "OGG", "AIFF"])
def test_any_format_is_converted_and_it_is_said(speech, format):
    file = io.BytesIO()
    soundfile.write(file, speech, SR, format=format)
    found = prepared(file.getvalue())
    assert found.changes[0] == f"converted from {format.lower()} to WAV"
    assert decode(found.wav).format == "wav"


def test_a_telephone_recording_is_told_to_be_one(speech):
    (change,) = prepared(wav(resample(speech, sr=SR, to=8000), 8000)).changes
    assert change.endswith("; it has nothing above 4,000 Hz")


def test_two_channels_become_one_and_it_is_said(speech):
    found = prepared(wav(np.stack([speech, 0.5 * speech], axis=1)))
    assert "mixed 2 channels down to one" in found.changes


@pytest.mark.parametrize(("before", "after"), [(2.0, 0), (0, 3.0), (1.5, 2.5), (60, 60)])
def test_silence_around_the_voice_is_cut_down_to_half_a_second(speech, before, after):
    found = prepared(wav(np.concatenate([silence(before), speech, silence(after)])))
    cuts = [change for change in found.changes if "silence" in change]
    assert len(cuts) == (before > 0.5) + (after > 0.5)
    kept = 0.5 * (before > 0) + 0.5 * (after > 0)
    assert found.duration_s == pytest.approx(len(speech) / SR + kept, abs=0.35)


def test_the_noise_of_a_quiet_room_around_the_voice_is_silence_too(speech):
    y = np.concatenate([silence(3), speech, silence(3)])
    y += np.random.default_rng(1).normal(0, 0.0005, len(y))
    assert prepared(wav(y)).duration_s == pytest.approx(len(speech) / SR + 1, abs=0.5)


def test_a_pause_within_the_voice_stays(speech):
    found = prepared(wav(np.concatenate([speech, silence(4), speech])))
    assert found.duration_s == pytest.approx(2 * len(speech) / SR + 4, abs=0.01)


@pytest.mark.parametrize("peak", [0.05, 0.005])
def test_a_quiet_recording_is_made_louder_by_as_much_as_is_said(speech, peak):
    found = prepared(wav(speech * 2 * peak, subtype="FLOAT"), sr=SR)
    assert found.changes == (f"made {-3 - 20 * np.log10(peak):.1f} dB louder",)
    assert np.abs(decode(found.wav).y).max() == pytest.approx(10 ** (-3 / 20), abs=0.001)


def test_a_float_file_past_full_scale_is_made_quieter_and_not_cut_off(speech):
    found = prepared(wav(speech * 4, subtype="FLOAT"), sr=SR)
    assert "made 6.1 dB quieter" in found.changes
    y = decode(found.wav).y
    assert np.abs(y).max() == pytest.approx(10 ** (-0.1 / 20), abs=0.001)
    assert np.corrcoef(y, speech)[0, 1] > 0.99999


def test_a_recording_that_just_reaches_full_scale_keeps_its_level(speech):
    assert prepared(wav(2 * speech, subtype="PCM_16"), sr=SR).changes == ()


def test_a_dc_offset_is_removed(speech):
    found = prepared(wav(speech + 0.1))
    assert any(
        "DC offset of 9." in change or "DC offset of 10." in change for change in found.changes
    )
    assert abs(decode(found.wav).y.mean()) < 0.001


def test_what_was_repaired_in_the_file_is_among_the_changes(speech):
    header_without_sizes = bytearray(wav(speech))
    header_without_sizes[40:44] = b"\0\0\0\0"
    assert len(prepared(bytes(header_without_sizes)).changes) == 2


def test_a_little_clipping_is_told_and_much_of_it_refused(speech):
    def driven(db):
        return wav(np.clip(2 * speech * 10 ** (db / 20), -1, 1))

    assert not any("clipped" in change for change in prepared(driven(-1)).changes)
    assert any("clipped samples as they are" in change for change in prepared(driven(3)).changes)
    assert "is clipped" in refusal(driven(15))


def test_silence_is_no_reference(speech):
    assert "every sample is zero" in refusal(wav(silence(20)))
    assert "every sample is zero" in refusal(wav(silence(20) + 0.5))
    assert "dBFS" in refusal(wav(speech * 0.001, subtype="FLOAT"))
    opposed = refusal(wav(np.stack([speech, -speech], axis=1)))
    assert "cancel" in opposed


def test_the_window_counts_the_voice_without_the_silence_around_it(speech):
    assert prepared(wav(np.concatenate([speech, silence(8)])), max_s=8).duration_s < 8
    told = refusal(wav(np.concatenate([speech, silence(8)])), min_s=10)
    assert "s with the silence around it" in told
    assert "10 to 180 s" in told
    assert "longer" in told


def test_the_bounds_of_the_window_are_within_it(speech):
    y = np.tile(speech, 5)
    for seconds in (10, 12):
        audio = encode(y[: seconds * SR], sr=SR, format="wav")
        assert prepared(audio, min_s=10, max_s=12).duration_s == pytest.approx(seconds, abs=0.001)
    assert "lasts 9.90 s" in refusal(wav(y[: round(9.9 * SR)]), min_s=10, max_s=12)
    assert "best part" in refusal(wav(y[: round(12.2 * SR)]), min_s=10, max_s=12)


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000])
def test_a_recording_of_just_the_bounds_is_within_them_at_any_rate(rate):
    for seconds in (10, 12):
        y = 0.3 * np.sin(np.arange(seconds * rate) / 40)
        assert prepared(wav(y, rate), min_s=10, max_s=12).duration_s == seconds


def test_a_file_larger_than_the_vendor_takes_is_refused(speech):
    assert prepared(wav(speech), max_bytes=1_000_000).wav
    assert "takes 1,000" in refusal(wav(speech), max_bytes=1000)


@pytest.mark.parametrize(
    "audio", [b"", b"no audio", b'{"error": "not found"}', b"RIFF....WAVE", b"ID3" + b"\0" * 500]
)
def test_what_is_no_recording_is_told_in_a_sentence(audio):
    assert "cannot be used" in refusal(audio)


def test_samples_that_are_not_numbers_are_refused(speech):
    y = speech.copy()
    y[100] = np.nan
    assert "not numbers" in refusal(wav(y, subtype="FLOAT"))


def test_a_single_sample_is_told_to_be_no_voice():
    assert refusal(wav([0.5], 48000))
