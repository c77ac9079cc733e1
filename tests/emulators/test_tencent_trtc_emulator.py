"""The emulated TRTC: every check it makes, asked by requests that are signed by hand."""

import base64
import io
import json
import re

import httpx
import numpy as np
import pytest
import soundfile
import tc3_by_hand

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode, resample
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.measures import measure

SAID = "On a stormy night, the ancient bell tower struck twelve. Nobody came to open the gate. " * 2
TEXT = "Good evening to everyone, and welcome to the harbour."
APP = 1466000000
PHASE = np.arange(16000 * 181) / 16000 * 2 * np.pi


def tone(seconds, *, sr=16000, format="wav"):
    return encode(0.3 * np.sin(130 * PHASE[: round(seconds * sr)]), sr=sr, format=format)


def speech(sr=16000, **voice):
    clip = decode(espeak.speak(SAID, VoiceParameters(**voice)).wav)
    return encode(resample(clip.y, sr=clip.sr, to=sr), sr=sr, format="wav")


def b64(data):
    return base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def served():
    with serve([TencentTrtcEmulator(per_second=100_000)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    served["tencent-trtc"].ledger.calls.clear()
    served["tencent-trtc"].voices.clear()
    return served["tencent-trtc"]


@pytest.fixture
def call(served, emulator):
    """Ask one action of it, signed as the vendor's page on signatures says."""

    def ask(action, body, *, region="ap-singapore", url=None):
        url = url or served.base_url["tencent-trtc"]
        payload = json.dumps(body).encode()
        headers = tc3_by_hand.headers(
            emulator,
            url,
            payload,
            action=action,
            service="trtc",
            version="2019-07-22",
            region=region,
        )
        with httpx.Client(trust_env=False, timeout=30) as client:
            response = client.post(f"{url}/", content=payload, headers=headers)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        return response.json()["Response"]

    return ask


@pytest.fixture
def clone(call):
    def ask(*, region="ap-singapore", **changes):
        body = {"SdkAppId": APP, "VoiceName": "xiaoming_02", "PromptAudio": b64(tone(10))}
        body |= changes
        return call("VoiceClone", {k: v for k, v in body.items() if v is not ...}, region=region)

    return ask


@pytest.fixture
def speak(call):
    def ask(voice_id, **changes):
        body = {"SdkAppId": APP, "Text": TEXT, "Voice": {"VoiceId": voice_id}} | changes
        return call("TextToSpeech", {k: v for k, v in body.items() if v is not ...})

    return ask


def refused(response):
    assert list(response) == ["Error", "RequestId"]
    return response["Error"]["Code"]


def test_a_clone_is_answered_as_the_vendors_page_shows(clone, emulator):
    answer = clone(PromptText="What is said.", Model="flow_01_turbo", Language="en")
    assert sorted(answer) == ["RequestId", "VoiceId"]
    assert re.fullmatch(r"xiaoming_02_[a-z]{10}", answer["VoiceId"])
    assert emulator.voices[answer["VoiceId"]].transcript == "What is said."
    assert emulator.ledger.bought(answer["VoiceId"]) == 1


def test_cloning_the_same_name_again_gives_and_charges_another_voice(clone, emulator):
    assert clone()["VoiceId"] != clone()["VoiceId"]
    assert len(emulator.voices) == 2
    assert emulator.ledger.charged == 2


@pytest.mark.parametrize("f0_hz", [100, 220])
def test_a_cloned_voice_speaks_at_the_pitch_of_its_recording(f0_hz, clone, speak):
    voice_id = clone(PromptAudio=b64(speech(f0_hz=f0_hz)))["VoiceId"]
    answer = speak(voice_id, AudioFormat={"Format": "wav"})
    clip = decode(base64.b64decode(answer["Audio"]))
    found = measure(clip.y, sr=clip.sr)["f0_median_hz"]
    assert abs(12 * np.log2(found / f0_hz)) < 1


@pytest.mark.parametrize("missing", ["SdkAppId", "VoiceName", "PromptAudio"])
def test_what_a_clone_needs_is_missed(missing, clone):
    assert refused(clone(**{missing: ...})) == "MissingParameter"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"SdkAppId": str(APP)}, "InvalidParameter"),
        ({"SdkAppId": 0}, "InvalidParameter.SdkAppId"),
        ({"SdkAppId": APP + 1}, "InvalidParameter.SdkAppId"),
        ({"VoiceName": ""}, "InvalidParameter.VoiceName"),
        ({"VoiceName": "小明"}, "InvalidParameter.VoiceName"),
        ({"VoiceName": "xiao-ming"}, "InvalidParameter.VoiceName"),
        ({"VoiceName": "x" * 37}, "InvalidParameter.VoiceName"),
        ({"PromptText": 7}, "InvalidParameter"),
        ({"Model": "flow_02_turbo"}, "InvalidParameter.Model"),
        ({"Language": "English"}, "InvalidParameter.Language"),
        ({"APIKey": "x"}, "UnknownParameter"),
        ({"ExtraParams": "{}"}, "UnknownParameter"),
        ({"Text": TEXT}, "UnknownParameter"),
    ],
)
def test_a_bad_field_of_a_clone_is_refused_and_not_charged(changes, code, clone, emulator):
    assert refused(clone(**changes)) == code
    assert emulator.ledger.charged == 0
    assert not emulator.voices


@pytest.mark.parametrize(
    "audio",
    [
        pytest.param("", id="empty"),
        pytest.param("ejxxxxxx!", id="not base64"),
        pytest.param("data:audio/wav;base64," + b64(tone(10)), id="data link"),
        pytest.param(b64(tone(10))[:-3], id="cut off"),
        pytest.param(b64(b"no audio at all"), id="no audio"),
        pytest.param(b64(tone(10, format="flac")), id="flac"),
        pytest.param(b64(tone(12, format="mp3")), id="mp3"),
        pytest.param(b64(tone(12, sr=8000)), id="8 kHz"),
        pytest.param(b64(tone(10, sr=44100)), id="44.1 kHz"),
        pytest.param(b64(tone(9.9)), id="9.9 s"),
        pytest.param(b64(tone(180.1)), id="180.1 s"),
        pytest.param(b64(tone(11)[:1000]), id="truncated"),
    ],
)
def test_a_recording_that_is_not_as_documented_is_refused(audio, clone, emulator):
    assert refused(clone(PromptAudio=audio)) == "InvalidParameter.AudioPrompt"
    assert emulator.ledger.charged == 0


def test_two_channels_are_refused(clone):
    file = io.BytesIO()
    soundfile.write(file, np.zeros((16000 * 12, 2)) + 0.1, 16000, format="WAV")
    assert refused(clone(PromptAudio=b64(file.getvalue()))) == "InvalidParameter.AudioPrompt"


def test_the_bounds_of_the_window_are_taken(clone):
    for seconds in (10, 180):
        assert clone(PromptAudio=b64(tone(seconds)))["VoiceId"]


def test_in_silence_there_is_nothing_to_clone(clone):
    silent = encode(np.zeros(16000 * 12), sr=16000, format="wav")
    assert refused(clone(PromptAudio=b64(silent))) == "UnsupportedOperation.VoiceCloneError"


@pytest.mark.parametrize(
    ("region", "code"),
    [
        (None, "MissingParameter"),
        ("", "InvalidParameterValue"),
        ("ap-guangzhou", "UnsupportedRegion"),
    ],
)
def test_the_region_is_required_and_there_is_only_one(region, code, clone):
    assert refused(clone(region=region)) == code


def test_speech_comes_without_a_header_unless_one_is_asked_for(clone, speak):
    voice_id = clone()["VoiceId"]
    audio = base64.b64decode(speak(voice_id)["Audio"])
    assert audio[:4] != b"RIFF"
    headed = decode(base64.b64decode(speak(voice_id, AudioFormat={"Format": "wav"})["Audio"]))
    assert np.array_equal(decode(audio, pcm_rate=24000).y, headed.y)
    assert headed.sr == 24000


@pytest.mark.parametrize("sr", [16000, 24000])
@pytest.mark.parametrize("format", ["wav", "mp3"])
def test_formats_and_rates_are_as_asked_for(format, sr, clone, speak):
    answer = speak(clone()["VoiceId"], AudioFormat={"Format": format, "SampleRate": sr})
    clip = decode(base64.b64decode(answer["Audio"]))
    assert (clip.format, clip.sr) == (format, sr)


def test_speed_pitch_and_volume_are_heard(clone, speak):
    voice_id = clone(PromptAudio=b64(speech(f0_hz=120)))["VoiceId"]

    def spoken(**style):
        answer = speak(voice_id, Voice={"VoiceId": voice_id, **style})
        return decode(base64.b64decode(answer["Audio"]), pcm_rate=24000)

    plain, fast, high, soft = spoken(), spoken(Speed=1.8), spoken(Pitch=7), spoken(Volume=0.1)
    assert fast.duration_s < 0.75 * plain.duration_s
    found = [measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in (plain, high)]
    assert 12 * np.log2(found[1] / found[0]) == pytest.approx(7, abs=1)
    assert np.abs(soft.y).max() == pytest.approx(0.1 * np.abs(plain.y).max(), rel=0.01)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Text": ...}, "MissingParameter"),
        ({"Voice": ...}, "MissingParameter"),
        ({"Voice": {}}, "MissingParameter"),
        ({"SdkAppId": APP + 1}, "InvalidParameter.SdkAppId"),
        ({"Text": ""}, "InvalidParameter.TextLength"),
        ({"Text": "a" * 256}, "InvalidParameter.TextLength"),
        ({"Text": "字" * 128}, "InvalidParameter.TextLength"),
        ({"Text": "?!"}, "InvalidParameter.Text"),
        ({"Voice": {"VoiceId": "fake"}}, "InvalidParameter.VoiceId"),
        ({"Voice": {"VoiceId": ""}}, "InvalidParameter.VoiceId"),
        ({"Voice": {"VoiceId": "v", "Speed": 2.5}}, "InvalidParameter.Speed"),
        ({"Voice": {"VoiceId": "v", "Volume": 11}}, "InvalidParameter.Volume"),
        ({"Voice": {"VoiceId": "v", "Pitch": 13}}, "InvalidParameter.Pitch"),
        ({"Voice": {"VoiceId": "v", "Pitch": 0.5}}, "InvalidParameter"),
        ({"Voice": {"VoiceId": "v", "Emotion": "sad"}}, "UnknownParameter"),
        ({"AudioFormat": {"Format": "opus"}}, "InvalidParameterValue"),
        ({"AudioFormat": {"SampleRate": 8000}}, "InvalidParameter.SampleRate"),
        ({"AudioFormat": {"Bitrate": 100}}, "InvalidParameterValue"),
        ({"AlignmentMode": 3}, "InvalidParameterValue"),
        ({"PronunciationDict": [{"Word": "a"}]}, "MissingParameter"),
        ({"VoiceId": "v"}, "UnknownParameter"),
    ],
)
def test_a_bad_field_of_speech_is_refused_and_not_charged(changes, code, speak, emulator):
    assert refused(speak("v", **changes)) == code
    assert emulator.ledger.charged == 0


def test_the_longest_texts_are_taken(clone, speak):
    voice_id = clone()["VoiceId"]
    for text in ("word " * 51, "字" * 127):
        assert speak(voice_id, Text=text)["Audio"]


@pytest.fixture
def stream(served, emulator):
    """Ask for a stream; return its reply as it came."""

    def ask(voice_id, **changes):
        url = served.base_url["tencent-trtc"]
        body = {"SdkAppId": APP, "Text": TEXT, "Voice": {"VoiceId": voice_id}} | changes
        payload = json.dumps(body).encode()
        headers = tc3_by_hand.headers(
            emulator,
            url,
            payload,
            action="TextToSpeechSSE",
            service="trtc",
            version="2019-07-22",
            region="ap-singapore",
        )
        return httpx.post(url, content=payload, headers=headers, trust_env=False, timeout=30)

    return ask


def test_a_stream_is_events_whose_sound_is_that_of_the_whole(clone, speak, stream, emulator):
    voice_id = clone()["VoiceId"]
    whole = base64.b64decode(speak(voice_id, AudioFormat={"SampleRate": 16000})["Audio"])
    reply = stream(voice_id, AudioFormat={"Format": "pcm", "SampleRate": 16000})
    assert (reply.status_code, reply.headers["content-type"]) == (200, "text/event-stream")
    lines = reply.text.split("\n\n")
    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert list(events[0]) == ["Type", "RequestId", "ChunkId", "Audio", "Seq", "IsEnd"]
    assert {event["Type"] for event in events} == {"chunk"}
    assert {event["RequestId"] for event in events} == {reply.headers["x-tc-requestid"]}
    assert [event["ChunkId"] for event in events] == [f"chunk_{n}" for n in range(len(events))]
    assert [event["IsEnd"] for event in events] == [*[False] * (len(events) - 1), True]
    assert b"".join(base64.b64decode(event["Audio"]) for event in events) == whole
    assert emulator.ledger.charged == pytest.approx(1 + 2 * 0.001 * len(TEXT))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "InvalidParameter.VoiceId"),
        ({"Text": ""}, "InvalidParameter.TextLength"),
        ({"AudioFormat": {"Format": "wav"}}, "InvalidParameterValue"),
        ({"AudioFormat": {"SampleRate": 8000}}, "InvalidParameter.SampleRate"),
        ({"Voice": {"VoiceId": "v", "Speed": 3}}, "InvalidParameter.Speed"),
        ({"Stream": True}, "UnknownParameter"),
    ],
)
def test_a_stream_that_does_not_begin_is_an_ordinary_no(changes, code, stream, emulator):
    reply = stream("fake", **changes)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert refused(reply.json()["Response"]) == code
    assert emulator.ledger.charged == 0


def test_a_stream_can_break_off_half_way(clone, stream, emulator):
    voice_id = clone()["VoiceId"]
    emulator.faults.add("TextToSpeechSSE", Fault(truncate=True))
    with pytest.raises(httpx.RemoteProtocolError):
        stream(voice_id)


def test_alignment_covers_the_text(clone, speak):
    (item,) = speak(clone()["VoiceId"], AlignmentMode=1)["Alignments"]
    assert (item["TextBegin"], item["TextEnd"]) == (0, len(TEXT))
    assert 1000 < item["TimeEndMs"] < 6000


def test_there_is_no_call_that_lists_or_deletes_clones(call):
    for action in ("DescribeVoices", "DeleteVoice", "AsyncTextToSpeech"):
        assert refused(call(action, {})) == "InvalidAction"


def test_more_than_the_rate_is_turned_away_and_not_charged(call):
    with serve([TencentTrtcEmulator(clock=lambda: 5.0)]) as sandbox:
        url = sandbox.base_url["tencent-trtc"]
        answers = [call("VoiceClone", {}, url=url) for _ in range(21)]
    codes = [refused(answer) for answer in answers]
    assert codes == ["MissingParameter"] * 20 + ["RequestLimitExceeded"]


def test_a_retired_model_is_a_fault_by_name(clone, emulator):
    emulator.faults.add("VoiceClone", emulator.named_faults["retired-model"])
    assert refused(clone()) == "InvalidParameter.Model"


def test_work_that_was_carried_out_is_charged_although_nobody_hears_of_it(clone, emulator):
    emulator.faults.add("VoiceClone", Fault(hang_up=True, carried_out=True))
    with pytest.raises(httpx.RemoteProtocolError):
        clone()
    assert emulator.ledger.charged == 1
    assert len(emulator.voices) == 1
