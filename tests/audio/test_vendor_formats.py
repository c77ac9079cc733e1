"""Sound written as vendors send it: what libsndfile reads back is what was said."""

import io

import numpy as np
import pytest
import soundfile

from voicelab.audio.clip import decode, encode
from voicelab.audio.vendor_formats import HOW, encode_as
from voicelab.errors import UsageError

RATE = 24000
T = np.arange(RATE) / RATE
SOUND = (0.4 * np.sin(2 * np.pi * 220 * T) * np.sin(np.pi * T)).astype(np.float32)


def read_back(format, channels, *, sr=RATE):
    data = encode_as(SOUND, sr=sr, format=format, channels=channels)
    how = HOW[format]
    headless = how.format == "RAW"
    as_it_is = {"samplerate": sr, "channels": channels, "format": "RAW", "subtype": how.subtype}
    return soundfile.read(io.BytesIO(data), always_2d=True, **(as_it_is if headless else {}))


@pytest.mark.parametrize("format", HOW)
@pytest.mark.parametrize("channels", [1, 2])
def test_each_channel_holds_the_sound(format, channels):
    y, sr = read_back(format, channels)
    assert (sr, y.shape[1]) == (RATE, channels)
    for channel in y.T:
        assert len(channel) == pytest.approx(len(SOUND), abs=RATE // 20)
        assert np.corrcoef(channel[: len(SOUND)], SOUND[: len(channel)])[0, 1] > 0.98


@pytest.mark.parametrize(("sr", "written"), [(22050, 24000), (44100, 48000), (8000, 8000)])
def test_opus_takes_the_next_rate_it_has(sr, written):
    clip = decode(encode_as(SOUND, sr=sr, format="opus"))
    assert (clip.format, clip.sr) == ("opus", written)
    assert clip.duration_s == pytest.approx(len(SOUND) / sr, abs=0.05)


@pytest.mark.parametrize("format", ["wav", "flac", "mp3"])
def test_in_one_channel_it_is_what_voicelab_writes(format):
    assert encode_as(SOUND, sr=RATE, format=format) == encode(SOUND, sr=RATE, format=format)


@pytest.mark.parametrize("format", HOW)
def test_what_is_too_loud_is_cut_off_and_never_wraps(format):
    data = encode_as(np.ones(RATE, np.float32) * 3, sr=RATE, format=format, channels=2)
    assert len(data) > 100
    if format in ("pcm", "wav"):
        assert np.frombuffer(data[-1000:], "<i2").min() == 32767


def test_another_format_is_refused_with_the_names_of_all():
    with pytest.raises(UsageError, match="pcmu_wav"):
        encode_as(SOUND, sr=RATE, format="aac")
