"""That an MP3 in a page sounds when the lossless clip does, as a browser decodes both."""

import base64

import numpy as np
import pytest
from playwright.sync_api import Page
from shown import wav

from voicelab.audio.clip import decode, encode

RATES = (16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
DECODE = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const context = new OfflineAudioContext(1, 48000, 48000);
  const buffer = await context.decodeAudioData(bytes);
  return Array.from(buffer.getChannelData(0));
}"""


def clicks(sr: int) -> bytes:
    """Return 1.5 s with a burst at 0.5 s: where it starts is where the clip starts."""
    t = np.arange(int(1.5 * sr)) / sr
    y = np.where((t >= 0.5) & (t < 0.9), 0.5 * np.sin(2 * np.pi * 440 * t), 0.0)
    return wav(y, sr=sr)


def onset_s(samples: list[float]) -> float:
    return float(np.argmax(np.abs(np.array(samples)) > 0.1)) / 48_000


@pytest.mark.browser
@pytest.mark.parametrize("format", ["mp3", "mp3-small"])
@pytest.mark.parametrize("sr", RATES)
def test_an_mp3_starts_within_three_milliseconds_of_the_flac(
    page: Page, sr: int, format: str
) -> None:
    clip = decode(clicks(sr))
    heard = {
        name: page.evaluate(DECODE, base64.b64encode(encode(clip.y, sr=sr, format=name)).decode())
        for name in ("flac", format)
    }
    assert abs(onset_s(heard[format]) - onset_s(heard["flac"])) < 0.003
    assert abs(len(heard[format]) - len(heard["flac"])) < 0.003 * 48_000


@pytest.mark.parametrize("format", ["mp3", "mp3-small"])
def test_an_mp3_is_of_variable_rate_and_says_how_much_to_skip(format: str) -> None:
    data = encode(decode(clicks(24_000)).y, sr=24_000, format=format)
    at = data.find(b"Xing")
    assert 0 < at < 64, "a constant rate says Info, or nothing"
    delay = int.from_bytes(data[data.find(b"LAME") + 21 :][:3], "big") >> 12
    assert delay > 0
