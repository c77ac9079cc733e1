import io
import struct

import numpy as np
import pytest
import soundfile

from voicelab.audio import mpeg
from voicelab.audio.clip import SUFFIXES, Caps, decode, encode, resample, sniff
from voicelab.errors import Unreadable, UsageError

SR = 24_000
SECONDS = np.arange(2 * SR) / SR


def sweep(t):
    return (0.3 * np.sin(2 * np.pi * (150 * t + 100 * t**2))).astype(np.float32)


TONE = sweep(SECONDS)


def written(y, sr=SR, **how):
    file = io.BytesIO()
    soundfile.write(file, y, sr, **how)
    return file.getvalue()


def without_header(mp3):
    return mp3[mpeg.frame_at(mp3, 0).length :]


def lag(later, earlier):
    middle = earlier[8000:12000]
    return int(np.argmax(np.correlate(later[6000:16000], middle, "valid"))) - 2000


@pytest.mark.parametrize(
    ("how", "format", "error"),
    [
        ({"format": "WAV", "subtype": "PCM_U8"}, "wav", 1e-2),
        ({"format": "WAV", "subtype": "PCM_16"}, "wav", 1e-4),
        ({"format": "WAV", "subtype": "PCM_24"}, "wav", 1e-6),
        ({"format": "WAV", "subtype": "FLOAT"}, "wav", 0),
        ({"format": "WAV", "subtype": "DOUBLE"}, "wav", 0),
        ({"format": "WAV", "subtype": "ULAW"}, "wav", 2e-2),
        ({"format": "WAV", "subtype": "PCM_16", "endian": "BIG"}, "wav", 1e-4),
        ({"format": "RF64", "subtype": "PCM_16"}, "wav", 1e-4),
        ({"format": "FLAC"}, "flac", 1e-4),
        ({"format": "AIFF"}, "aiff", 1e-4),
        ({"format": "AU"}, "au", 1e-4),
        ({"format": "MP3"}, "mp3", 3e-2),
        ({"format": "OGG", "subtype": "VORBIS"}, "ogg", 2e-2),
        ({"format": "OGG", "subtype": "OPUS"}, "opus", 5e-2),
    ],
)
def test_every_format_is_told_by_its_first_bytes_and_decoded(how, format, error):
    clip = decode(written(TONE, **how))
    assert (clip.format, clip.sr, clip.channels, clip.notes) == (format, SR, 1, ())
    assert clip.y.dtype == np.float32
    assert clip.duration_s == pytest.approx(2.0)
    inner = slice(2000, -2000)
    assert np.abs(clip.y[inner] - TONE[inner]).max() <= error
    assert format in SUFFIXES


def test_channels_are_mixed_to_their_mean():
    clip = decode(written(np.stack([TONE, 0 * TONE], axis=1), format="WAV"))
    assert clip.channels == 2
    assert np.abs(clip.y - TONE / 2).max() < 1e-4


def test_headerless_pcm_needs_and_uses_its_stated_rate():
    pcm = (TONE * 32767).astype("<i2").tobytes()
    with pytest.raises(Unreadable, match="sample rate"):
        decode(pcm)
    clip = decode(pcm + b"\0", pcm_rate=16_000)
    assert (clip.format, clip.sr, len(clip.y)) == ("pcm", 16_000, len(TONE))
    assert "half a sample" in clip.notes[0]


def test_a_header_wins_over_a_stated_rate():
    assert decode(written(TONE, format="WAV"), pcm_rate=8000).sr == SR


def test_a_streamed_wav_of_size_zero_is_repaired_and_says_so():
    wav = bytearray(written(TONE, format="WAV"))
    struct.pack_into("<I", wav, 4, 0)
    struct.pack_into("<I", wav, 40, 0)
    clip = decode(bytes(wav))
    assert len(clip.y) == len(TONE)
    assert "repaired" in clip.notes[0]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 44])
def test_a_streamed_wav_of_unknown_size_is_read_to_its_end(size):
    wav = bytearray(written(TONE, format="WAV"))
    struct.pack_into("<I", wav, 40, size)
    clip = decode(bytes(wav))
    assert len(clip.y) == len(TONE)
    assert clip.notes == ()


def test_a_truly_empty_wav_is_refused():
    empty = written(TONE[:0], format="WAV")
    for tail in (b"", b"LIST" + struct.pack("<I", 4) + b"INFO"):
        with pytest.raises(Unreadable, match="0 samples"):
            decode(empty + tail)


def test_a_cut_file_is_decoded_as_far_as_it_goes_and_says_so():
    for format in ("WAV", "MP3"):
        data = written(TONE, format=format)
        clip = decode(data[: len(data) // 2])
        assert 0.2 * len(TONE) < len(clip.y) < 0.7 * len(TONE)
        assert "cut short" in clip.notes[0]


def test_a_flac_that_does_not_state_its_length_is_read_to_its_end():
    flac = bytearray(written(TONE, format="FLAC"))
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)
    assert len(decode(bytes(flac)).y) == len(TONE)


def test_joined_mp3_files_are_decoded_to_the_last():
    mp3 = written(TONE, format="MP3")
    assert len(soundfile.read(io.BytesIO(mp3 + mp3))[0]) == len(TONE), "libsndfile stops early"
    for joined in (mp3 + mp3, mp3 + b"TAG".ljust(128, b"\0") + mp3):
        clip = decode(joined)
        assert len(clip.y) == 2 * len(TONE)
        assert "2 files joined" in clip.notes[0]
        assert lag(clip.y[len(TONE) :], TONE) == 0


def test_an_mp3_stream_without_header_is_not_cut_to_a_guess():
    mp3 = without_header(written(TONE, format="MP3"))
    assert len(soundfile.read(io.BytesIO(mp3))[0]) < len(TONE) / 2, "libsndfile guesses"
    clip = decode(mp3)
    assert len(clip.y) == pytest.approx(len(TONE), abs=1700)
    assert len(decode(mp3 + mp3).y) == pytest.approx(2 * len(TONE), abs=2600)


@pytest.mark.parametrize("sr", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_mp3_rate_is_read_with_and_without_its_header(sr, channels):
    y = np.repeat(TONE[:sr, None], channels, axis=1)
    mp3 = written(y, sr, format="MP3")
    assert len(decode(mp3).y) == sr
    assert len(decode(without_header(mp3)).y) == pytest.approx(sr, abs=1700)


def test_an_id3_tag_does_not_hide_the_sound():
    tag = b"ID3\x04\0\0\0\0\x02\x00" + bytes(256)
    clip = decode(tag + written(TONE, format="MP3"))
    assert (clip.format, len(clip.y)) == ("mp3", len(TONE))


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_streams_are_decoded_to_the_last(subtype):
    ogg = written(TONE, format="OGG", subtype=subtype)
    clip = decode(ogg + ogg)
    assert len(clip.y) == 2 * len(TONE)
    assert "2 files joined" in clip.notes[0]


def test_joined_files_of_different_rates_are_refused():
    joined = written(TONE, 24_000, format="MP3") + written(TONE, 16_000, format="MP3")
    with pytest.raises(Unreadable, match="different rates"):
        decode(joined)


def test_samples_over_full_scale_are_kept_and_noted():
    clip = decode(written(TONE * 5, format="WAV", subtype="FLOAT"))
    assert clip.y.max() == pytest.approx(1.5, abs=1e-3)
    assert "1.5 times full scale" in clip.notes[0]


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_sixteen_bit_sound_comes_back_sample_for_sample(format):
    whole = np.random.default_rng(1).integers(-32768, 32768, 5000)
    y = (whole / 32768).astype(np.float32)
    clip = decode(encode(y, sr=SR, format=format))
    assert clip.format == format
    assert np.array_equal(clip.y, y)


@pytest.mark.parametrize("format", ["wav", "flac", "mp3"])
@pytest.mark.parametrize("gain", [0.01, 1.0])
def test_encoding_keeps_the_level(format, gain):
    clip = decode(encode(TONE * gain, sr=SR, format=format))
    level = 20 * np.log10(np.std(clip.y[4000:-4000]) / np.std(TONE[4000:-4000] * gain))
    assert abs(level) < 0.1


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_samples_over_full_scale_are_cut_off_and_never_wrapped(format):
    clip = decode(encode([0.0, 1.7, -1.7, 1.0, -1.0], sr=SR, format=format))
    assert clip.y == pytest.approx([0, 1, -1, 1, -1], abs=1e-4)


def test_mp3_is_written_with_variable_rate_and_starts_on_time():
    mp3 = encode(TONE, sr=SR, format="mp3")
    assert b"Xing" in mp3[:200]
    assert b"Info" not in mp3[:200]
    clip = decode(mp3)
    assert len(clip.y) == len(TONE)
    assert lag(clip.y, TONE) == 0


@pytest.mark.parametrize(("sr", "rate"), [(4000, 8000), (10_000, 11_025), (96_000, 48_000)])
def test_mp3_takes_any_rate_by_resampling_to_one_of_its_own(sr, rate):
    clip = decode(encode(TONE[:sr], sr=sr, format="mp3"))
    assert clip.sr == rate
    assert clip.duration_s == pytest.approx(min(1, len(TONE) / sr), abs=0.01)


@pytest.mark.parametrize("format", ["wav", "flac", "mp3"])
def test_one_sample_can_be_encoded(format):
    assert len(decode(encode([0.5], sr=SR, format=format)).y) >= 1


def test_encoding_refuses_what_is_no_sound():
    with pytest.raises(UsageError, match="no mono sound"):
        encode([], sr=SR, format="wav")
    with pytest.raises(UsageError, match="not numbers"):
        encode([0.0, np.nan], sr=SR, format="wav")
    with pytest.raises(UsageError, match="wav, flac, mp3 or mp3-small"):
        encode([0.0], sr=SR, format="aac")


def test_resampling_keeps_pitch_level_and_length():
    there = resample(TONE, sr=SR, to=16_000)
    assert there.dtype == np.float32
    assert len(there) == 32_000
    truth = sweep(np.arange(32_000) / 16_000)
    assert np.abs(there[1000:-1000] - truth[1000:-1000]).max() < 1e-3
    assert resample(TONE, sr=SR, to=SR) is TONE
    assert len(resample(TONE[:0], sr=SR, to=8000)) == 0


def test_a_stated_cap_is_kept():
    wav = written(TONE, format="WAV")
    with pytest.raises(Unreadable, match="1 s"):
        decode(wav, caps=Caps(max_duration_s=1.0))
    with pytest.raises(Unreadable, match="MB"):
        decode(wav, caps=Caps(max_bytes=1000))
    with pytest.raises(Unreadable, match="1 s"):
        decode(wav[44:], pcm_rate=SR, caps=Caps(max_duration_s=1.0))


def test_sniffing_knows_what_it_does_not_know():
    assert sniff(b"") is None
    assert sniff(b"RIFF\0\0\0\0AVI ") is None
    assert sniff(b"\xff\xf1\x50\x80" + bytes(100)) is None
    assert sniff(TONE.tobytes()) is None
