"""What the emulated MiniMax sends as sound: every format, two channels, subtitles, streams."""

import io
import json

import httpx
import numpy as np
import pytest
import soundfile

from voicelab.audio.clip import decode
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.measures import measure

TEXT = "Good evening to everyone who came tonight. Please be seated, all of you!"


@pytest.fixture(scope="module")
def client():
    emulator = MiniMaxEmulator(speeches_per_minute=100_000)
    headers = {"Authorization": f"Bearer {emulator.api_key}"}
    with (
        serve([emulator]) as sandbox,
        httpx.Client(
            base_url=sandbox.base_url["minimax"], headers=headers, trust_env=False, timeout=30
        ) as client,
    ):
        yield client


def ask(client, *, audio=None, **fields):
    wish = {
        "model": "speech-2.8-hd",
        "text": TEXT,
        "voice_setting": {"voice_id": "English_Graceful_Lady"},
        "audio_setting": audio or {},
        **fields,
    }
    return client.post("/v1/t2a_v2", json=wish)


def sound(response):
    return bytes.fromhex(response.json()["data"]["audio"])


@pytest.mark.parametrize(
    ("format", "written", "rate"),
    [
        ("mp3", ("MP3", "MPEG_LAYER_III"), 32000),
        ("wav", ("WAV", "PCM_16"), 32000),
        ("flac", ("FLAC", "PCM_16"), 32000),
        ("pcmu_wav", ("WAV", "ULAW"), 32000),
        ("opus", ("OGG", "OPUS"), 48000),  # Ogg Opus has no 32 kHz
    ],
)
@pytest.mark.parametrize("channel", [1, 2])
def test_every_format_with_a_header_is_what_it_is_called(format, written, rate, channel, client):
    response = ask(client, audio={"format": format, "channel": channel})
    found = soundfile.info(io.BytesIO(sound(response)))
    assert (found.format, found.subtype) == written
    assert (found.samplerate, found.channels) == (rate, channel)
    heard, plain = decode(sound(response)), decode(sound(ask(client, audio={"format": "wav"})))
    pitches = [measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in (heard, plain)]
    assert pitches[0] == pytest.approx(pitches[1], rel=0.02)
    extra = response.json()["extra_info"]
    assert (extra["audio_format"], extra["audio_channel"]) == (format, channel)
    assert extra["audio_length"] == pytest.approx(1000 * found.duration, abs=100)


@pytest.mark.parametrize(("format", "subtype"), [("pcm", "PCM_16"), ("pcmu_raw", "ULAW")])
@pytest.mark.parametrize("channel", [1, 2])
def test_bare_samples_are_those_of_the_file_with_a_header(format, subtype, channel, client):
    bare, whole = (
        sound(ask(client, audio={"format": kind, "channel": channel})) for kind in (format, "wav")
    )
    how = {"samplerate": 32000, "channels": channel, "format": "RAW", "subtype": subtype}
    y, _ = soundfile.read(io.BytesIO(bare), **how)
    expected, _ = soundfile.read(io.BytesIO(whole))
    assert y.shape == expected.shape
    assert np.allclose(y, expected, atol=0 if format == "pcm" else 0.03)


def test_two_channels_hold_the_one_voice_twice(client):
    y, _ = soundfile.read(io.BytesIO(sound(ask(client, audio={"format": "wav", "channel": 2}))))
    assert np.array_equal(y[:, 0], y[:, 1])
    assert np.abs(y).max() > 0.05


def test_a_link_names_the_format_it_leads_to(client):
    answer = ask(client, audio={"format": "opus"}, output_format="url").json()
    found = httpx.get(answer["data"]["audio"], trust_env=False)
    assert found.headers["content-type"] == "audio/ogg"
    assert decode(found.content).format == "opus"


@pytest.mark.parametrize("kind", ["sentence", "word"])
def test_subtitles_are_a_file_of_sentences_in_order_of_time(kind, client):
    response = ask(client, subtitle_enable=True, subtitle_type=kind)
    assert list(response.json()["data"]) == ["audio", "status", "subtitle_file", "ced"]
    found = httpx.get(response.json()["data"]["subtitle_file"], trust_env=False)
    assert found.headers["content-type"] == "application/json"
    entries = found.json()
    assert "".join(entry["text"] for entry in entries) == TEXT
    assert [TEXT[e["text_begin"] : e["text_end"]] for e in entries] == [e["text"] for e in entries]
    times = [time for e in entries for time in (e["time_begin"], e["time_end"])]
    assert times == sorted(times)
    assert times[-1] <= response.json()["extra_info"]["audio_length"]
    words = [word["word"] for e in entries for word in e.get("timestamped_words", [])]
    assert words == (
        TEXT.translate({46: None, 44: None, 33: None}).split() if kind == "word" else []
    )


def test_without_being_asked_for_there_are_no_subtitles(client):
    assert "subtitle_file" not in ask(client, subtitle_enable=False).json()["data"]


def events(response):
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = response.text.split("\n\n")
    assert lines.pop() == ""
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def test_a_stream_comes_in_parts_and_its_last_event_repeats_all_of_it(client):
    *parts, last = events(ask(client, stream=True))
    whole = sound(ask(client))
    assert len(parts) > 1
    assert {part["data"]["status"] for part in parts} == {1}
    assert bytes.fromhex("".join(part["data"]["audio"] for part in parts)) == whole
    assert (last["data"]["status"], bytes.fromhex(last["data"]["audio"])) == (2, whole)
    assert last["extra_info"]["usage_characters"] == len(TEXT)
    assert [event["base_resp"]["status_code"] for event in (*parts, last)] == [0] * (len(parts) + 1)


def test_the_last_event_of_a_stream_can_be_had_without_the_sound(client):
    found = ask(client, stream=True, stream_options={"exclude_aggregated_audio": True})
    *parts, last = events(found)
    assert last["data"]["audio"] == ""
    assert all(part["data"]["audio"] for part in parts)


def test_a_no_to_a_stream_is_no_stream(client):
    response = ask(client, stream=True, text=" ")
    assert response.json()["base_resp"]["status_code"] == 2013
