"""Audio files spoilt in every way, and bytes that never were any: decoded or refused, in bounds."""

import io

import numpy as np
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from spoilt import changed

from voicelab.audio.clip import Caps, Clip, decode
from voicelab.errors import Unreadable

CAPS = Caps(max_duration_s=20)
NOISE = np.random.default_rng(3).normal(0, 0.1, 8000).astype(np.float32)
WRITTEN = (
    {"format": "WAV", "subtype": "PCM_16"},
    {"format": "WAV", "subtype": "FLOAT"},
    {"format": "WAV", "subtype": "MS_ADPCM"},
    {"format": "WAV", "subtype": "GSM610"},
    {"format": "WAV", "subtype": "ULAW"},
    {"format": "WAVEX", "subtype": "PCM_24"},
    {"format": "RF64", "subtype": "PCM_16"},
    {"format": "FLAC"},
    {"format": "AIFF", "subtype": "PCM_16"},
    {"format": "AU", "subtype": "ALAW"},
    {"format": "MP3"},
    {"format": "OGG", "subtype": "VORBIS"},
    {"format": "OGG", "subtype": "OPUS"},
)
MAGIC = (b"RIFF\0\0\0\0WAVE", b"RF64", b"fLaC", b"OggS", b"FORM\0\0\0\0AIFC", b".snd", b"ID3\4\0")
MAGIC += (b"\xff\xfb\x90\x00", b"", b"RIFX\0\0\0\0WAVEfmt ", b"OggS\0\2OpusHead")


def written(**how: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, NOISE, 16_000, **how)
    return file.getvalue()


FILES = tuple(written(**how) for how in WRITTEN)


def decoded_or_refused(data: bytes, pcm_rate: int | None = None) -> None:
    try:
        found: Clip | str = decode(data, pcm_rate=pcm_rate, caps=CAPS)
    except Unreadable as error:
        found = str(error)
    if isinstance(found, str):
        assert found.endswith((".", "”."))
        assert len(found.encode()) < 1000
    else:
        check_clip(found)


def check_clip(clip: Clip) -> None:
    assert len(clip.y)
    assert clip.duration_s <= CAPS.max_duration_s + 1
    assert np.isfinite(clip.y).all()


@settings(max_examples=1500)
@given(st.data())
def test_a_spoilt_file_is_decoded_or_refused(data: st.DataObject) -> None:
    decoded_or_refused(data.draw(changed(data.draw(st.sampled_from(FILES)))))


@settings(max_examples=1000)
@given(st.sampled_from(MAGIC), st.binary(max_size=600), st.sampled_from((None, 0, 1, 16_000)))
def test_bytes_that_never_were_a_file_are_decoded_or_refused(
    magic: bytes, rest: bytes, pcm_rate: int | None
) -> None:
    decoded_or_refused(magic + rest, pcm_rate)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(FILES), min_size=2, max_size=3), st.binary(max_size=9))
def test_joined_files_are_decoded_or_refused(files: list[bytes], between: bytes) -> None:
    decoded_or_refused(between.join(files))
