import io
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from limited import limited, needs_limits

from voicelab.audio.clip import Clip, decode
from voicelab.errors import Unreadable

SR = 16_000
NOISE = np.random.default_rng(7).normal(0, 0.1, SR).astype(np.float32)
FORMATS = [
    {"format": "WAV", "subtype": "PCM_16"},
    {"format": "WAV", "subtype": "FLOAT"},
    {"format": "WAV", "subtype": "IMA_ADPCM"},
    {"format": "RF64", "subtype": "PCM_16"},
    {"format": "FLAC"},
    {"format": "AIFF"},
    {"format": "AU"},
    {"format": "MP3"},
    {"format": "OGG", "subtype": "VORBIS"},
    {"format": "OGG", "subtype": "OPUS"},
]


def written(y=NOISE, sr=SR, **how):
    file = io.BytesIO()
    soundfile.write(file, y, sr, **how)
    return file.getvalue()


def sentence(data, **how):
    with pytest.raises(Unreadable) as caught:
        decode(data, **how)
    text = str(caught.value)
    assert text[0].isupper()
    assert text.endswith(".")
    assert all(character.isprintable() for character in text)
    return text


def test_an_error_body_is_shown_and_not_played():
    body = b'{"code": 1004,\n "message": "invalid api key \xe4\xbd\xa0\xe5\xa5\xbd"}'
    for reply in (body, b"\xef\xbb\xbf" + body):
        assert 'invalid api key 你好"}' in sentence(reply)
        assert "invalid api key" in sentence(reply, pcm_rate=SR)
    assert "502 Bad Gateway" in sentence(b"<html><h1>502 Bad Gateway</h1>" + b" " * 5000)


def test_a_long_error_body_is_cut_even_in_the_middle_of_a_character():
    for shift in range(3):
        text = sentence(b"x" * shift + "坏".encode() * 500)
        assert len(text) < 300


def test_hex_and_base64_text_are_shown_and_not_guessed_at():
    assert "52494646" in sentence(written(format="WAV").hex().encode())


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"\0\0\0\x20ftypM4A " + bytes(64), "M4A"),
        (b"\x1aE\xdf\xa3" + bytes(64), "WebM"),
        (b"\xff\xf1\x50\x80" + bytes(200), "AAC"),
        (b"\x02#!SILK_V3" + bytes([200] * 64), "SILK"),
        (b"%PDF-1.7\n\x80\x81\x82" + bytes(64), "PDF"),
        (bytes(1000), "00 00 00"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(500), "MP3"),
        (b"RIFF\x24\0\0\0WAVE", "wav"),
        (b"fLaC" + bytes(100), "flac"),
        (b"OggS" + bytes(100), "ogg"),
        (b"FORM\0\0\0\x10AIFF", "aiff"),
        (b".snd" + bytes(40), "au"),
    ],
)
def test_each_kind_of_unreadable_bytes_has_its_sentence(data, word):
    assert word in sentence(data)


@pytest.mark.parametrize("rate", [0, 1, 3999, 192_001, 2**31 - 1])
def test_an_absurd_rate_is_refused(rate):
    wav = bytearray(written(format="WAV"))
    struct.pack_into("<I", wav, 24, rate)
    sentence(bytes(wav))


@pytest.mark.parametrize("channels", [0, 9, 1024, 65_535])
def test_an_absurd_number_of_channels_is_refused(channels):
    wav = bytearray(written(format="WAV"))
    struct.pack_into("<H", wav, 22, channels)
    struct.pack_into("<H", wav, 32, (channels * 2) & 0xFFFF)
    sentence(bytes(wav))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e38])
def test_samples_that_are_no_sound_are_refused(bad):
    y = NOISE.copy()
    y[5000] = bad
    sentence(written(y, format="WAV", subtype="FLOAT"))


def test_an_mp3_that_claims_two_thousand_million_frames_is_read_for_what_it_holds():
    mp3 = bytearray(written(format="MP3"))
    at = mp3.find(b"Xing")
    struct.pack_into(">I", mp3, at + 8, 2**31)
    clip = decode(bytes(mp3))
    assert clip.duration_s < 2
    assert "cut short" in clip.notes[0]


def test_a_flac_that_claims_a_month_is_read_for_what_it_holds():
    flac = bytearray(written(format="FLAC"))
    flac[21] |= 0x0F
    flac[22:26] = b"\xff" * 4
    assert len(decode(bytes(flac)).y) == len(NOISE)


def test_two_hours_of_silence_in_a_small_file_are_refused_without_being_unpacked():
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8000, 1, format="FLAC") as flac:
        for _ in range(120):
            flac.write(np.zeros(8000 * 60, np.int16))
    assert len(file.getvalue()) < 2_000_000
    tracemalloc.start()
    assert "longer than 300 s" in sentence(file.getvalue())
    assert tracemalloc.get_traced_memory()[1] < 60e6
    tracemalloc.stop()


def test_many_joined_files_share_one_cap():
    assert "longer than 300 s" in sentence(written(format="MP3") * 301)


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\xfb\x10", b"\xff\xfb\x90\x00" + b"\0" * 7])
def test_endless_false_mp3_frames_end_in_a_sentence(filler):
    with pytest.raises(Unreadable):
        decode(b"ID3\x04\0\0\0\0\0\0" + filler * (1_000_000 // len(filler)))


@pytest.mark.parametrize("how", FORMATS, ids=lambda how: "-".join(how.values()))
def test_damaged_files_are_decoded_or_refused_and_nothing_else(how):
    rng = np.random.default_rng(11)
    whole = written(**how)
    for _ in range(60):
        damaged = bytearray(whole)
        reach = len(damaged) if rng.random() < 0.5 else 100
        for at in rng.integers(0, reach, rng.integers(1, 12)):
            damaged[at] = rng.integers(0, 256)
        data = bytes(damaged[: rng.integers(1, len(damaged) + 1)])
        try:
            clip = decode(data)
        except Unreadable:
            continue
        assert isinstance(clip, Clip)
        assert np.isfinite(clip.y).all()
        assert len(clip.y)


def wav_header(*, size, rate=SR, channels=1, bits=16, tag=1):
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * frame & 0xFFFF_FFFF, frame, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", 36 + size & 0xFFFF_FFFF) + b"WAVE" + chunks


def silence(minutes, **how):
    """Return so much silence in a file, written in pieces."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8000, 1, **how) as sound:
        for _ in range(minutes):
            sound.write(np.zeros(8000 * 60, np.int16))
    return file.getvalue()


def edited(data, **places):
    data = bytearray(data)
    for at, value in places.values():
        data[at : at + len(value)] = value
    return bytes(data)


def joined(count, **how):
    return written(np.zeros(1, np.float32), 8000, **how) * count


def float_wav(value, seconds=60):
    samples = np.full(SR * seconds, value, "<f4").tobytes()
    return wav_header(size=len(samples), bits=32, tag=3) + samples


HOSTILE = {
    "nothing": lambda: b"",
    "one byte": lambda: b"R",
    "a header alone": lambda: wav_header(size=0),
    "a header that promises 4 GB": lambda: wav_header(size=0xFFFF_FFFE),
    "4 GB promised at 9 channels": lambda: wav_header(size=0xFFFF_FFF0, channels=9) + bytes(999),
    "1 Hz": lambda: wav_header(size=2_000_000, rate=1) + bytes(2_000_000),
    "1 GHz": lambda: wav_header(size=2_000_000, rate=10**9) + bytes(2_000_000),
    "200 channels": lambda: wav_header(size=4_000_000, channels=200) + bytes(4_000_000),
    "NaN": lambda: float_wav(np.nan),
    "infinity": lambda: float_wav(-np.inf),
    "samples of 1e38": lambda: float_wav(1e38),
    "signalling NaN in the last sample": lambda: float_wav(0.0)[:-4] + b"\x01\0\x80\x7f",
    "hours of FLAC silence": lambda: silence(240, format="FLAC"),
    "Vorbis silence": lambda: silence(10, format="OGG", subtype="VORBIS"),
    "MP3 silence": lambda: silence(10, format="MP3"),
    "an hour of ADPCM": lambda: silence(60, format="WAV", subtype="IMA_ADPCM"),
    "a FLAC that promises 2^36 samples": lambda: edited(
        written(format="FLAC")[:60], rate=(18, b"\x0a\xc4\x42\xff\xff\xff\xff\xff")
    ),
    "27,000 Opus files joined": lambda: joined(27_000, format="OGG", subtype="OPUS"),
    "30,000 MP3 files joined": lambda: joined(30_000, format="MP3"),
    "24 MB of ID3 tags": lambda: b"ID3\4\0\0\0\0\0\0" * 2_400_000,
    "24 MB of MP3 sync words": lambda: b"ID3\4\0\0\0\0\0\0" + b"\xff\xfb\x90\0" * 6_000_000,
    "24 MB of empty WAV chunks": lambda: b"RIFF\0\0\0\0WAVE" + b"LIST\0\0\0\0" * 3_000_000,
    "24 MB of Ogg page heads": lambda: b"OggS\0\2" * 4_000_000,
    "24 MB of AIFF": lambda: b"FORM\x7f\xff\xff\xffAIFC" + b"COMM\0\0\0\0" * 3_000_000,
    "26 MB": lambda: wav_header(size=26_300_000) + bytes(26_300_000),
    "a text": lambda: b"{" * 24_000_000,
    "noise": lambda: np.random.default_rng(1).bytes(24_000_000),
}


@needs_limits
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_little_memory(name):
    told = limited(
        setup="from voicelab.audio.clip import decode\nfrom voicelab.errors import Unreadable\n"
        "import soundfile, numpy\ndata = sys.stdin.buffer.read()",
        body="""
try:
    decode(data)
except Unreadable as error:
    print(error)
""",
        more_mib=220,
        given=HOSTILE[name](),
    )
    assert told.endswith("."), told
    assert len(told) < 400


@pytest.mark.parametrize("how", FORMATS, ids=lambda how: "-".join(how.values()))
def test_a_file_cut_off_anywhere_is_decoded_or_refused(how):
    whole = written(**how)
    for at in {*range(64), *range(64, len(whole), max(1, len(whole) // 40))}:
        try:
            samples = len(decode(whole[:at]).y)
        except Unreadable:
            continue
        assert samples
