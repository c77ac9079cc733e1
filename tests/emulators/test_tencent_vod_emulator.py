"""The emulated Tencent VOD: its calls signed by hand, and by no code of ours."""

import json
import re
from functools import partial

import httpx
import numpy as np
import pytest
import tc3_by_hand
from vendor_pages import examples

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.measures import measure

DAY_S = 24 * 3600
SAID = "On a stormy night, the ancient bell tower struck twelve. Nobody came to open the gate."
PAGE_EXAMPLE = examples("tencent_vod", "CreateAigcCustomVoice")[0]["request"]
DESIGN_EXAMPLE = {
    "SubAppId": "221157",
    "Prompt": "严肃女声",
    "VoiceSettings": {
        "Name": "音色设计",
        "Description": "音色设计描述",
        "Gender": "female",
        "Age": "child",
    },
    "PreviewText": "通过API发送请求等同于真实操作，请小心进行",
}
SPEAK_EXAMPLE = {
    "Text": "种子在土里沉默，是为了破土时的惊雷。",
    "LanguageBoost": "zh",
    "ExtParam": '{"model": "minimax-speech-2.8-hd", "voice_setting": {"speed": 2.0, "vol": 2.0}, '
    '"audio_setting": {"sample_rate": 32000, "bitrate": 128000, "format": "mp3"}}',
    "SubAppId": "221157",
}


signed = partial(tc3_by_hand.headers, service="vod", version="2018-07-17")


class Clock:
    """A clock that stands still but for a second at every look, so that no rate is met."""

    now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


@pytest.fixture(scope="module")
def served():
    with serve([TencentVodEmulator(clock=Clock(), sub_app_ids=(7, 8, 221157))]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    emulator = served["tencent-vod"]
    emulator.ledger.calls.clear()
    emulator.voices.clear()
    emulator.tasks.clear()
    emulator.sessions.clear()
    return emulator


@pytest.fixture
def ask(served, emulator):
    """Send one signed call and return what is inside Response."""

    def ask(action, **body):
        content = json.dumps(body).encode()
        url = served.base_url["tencent-vod"]
        headers = signed(emulator, url, content, action=action)
        reply = httpx.post(url, content=content, headers=headers, trust_env=False, timeout=20)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/json"
        response = reply.json()["Response"]
        assert re.fullmatch(r"[0-9a-f-]{36}", response["RequestId"])
        return response

    return ask


@pytest.fixture
def refusal(ask):
    return lambda action, **body: ask(action, **body)["Error"]["Code"]


@pytest.fixture
def finished(ask, emulator):
    """Send a call that begins a task, and return the task once it is over."""

    def finished(action, **body):
        task_id = ask(action, **body)["TaskId"]
        app = {"SubAppId": int(body["SubAppId"])} if "SubAppId" in body else {}
        emulator.clock.now += 60
        detail = ask("DescribeTaskDetail", TaskId=task_id, **app)
        assert detail["Status"] == "FINISH"
        return detail[f"{action}Task"]

    return finished


@pytest.fixture(scope="module")
def recording():
    return espeak.speak(SAID, VoiceParameters(f0_hz=200, tract_percent=115)).wav


@pytest.fixture
def link_to(served, emulator):
    """Put audio where the emulator can fetch it."""

    def link_to(audio):
        name = emulator.keep(audio, suffix=".wav", now=1e12)
        return f"{served.base_url['tencent-vod']}/storage/{name}"

    return link_to


def test_the_pages_example_is_taken_and_its_task_fails_as_the_vendors_does(ask, finished):
    assert re.fullmatch(
        r"221073-CreateAigcCustomVoice-[0-9a-f]{32}t",
        ask("CreateAigcCustomVoice", **PAGE_EXAMPLE)["TaskId"],
    )
    task = finished("CreateAigcCustomVoice", **PAGE_EXAMPLE)
    assert (task["ErrCode"], task["ErrCodeExt"]) == (0, "FailedOperation")
    assert task["Message"] == "video_id must be empty when voice_url is present"
    assert (task["Progress"], task["Output"]) == (0, None)
    assert task["Input"] == {name: PAGE_EXAMPLE[name] for name in task["Input"]}


def test_a_custom_voice_comes_with_its_information_as_json_text(finished, link_to, recording):
    task = finished("CreateAigcCustomVoice", VoiceName="her", VoiceUrl=link_to(recording))
    assert (task["ErrCode"], task["ErrCodeExt"], task["Progress"]) == (0, "", 100)
    (made,) = task["Output"]["InfoList"]
    info = json.loads(made["VoiceInfo"])
    assert list(info) == ["voice_id", "voice_name", "trial_url", "owned_by", "status"]
    assert made["VoiceId"] == info["voice_id"]
    assert re.fullmatch(r"\d{18}", info["voice_id"])
    assert (info["voice_name"], info["status"]) == ("her", "succeed")
    clip = decode(httpx.get(info["trial_url"], trust_env=False).content)
    assert (clip.format, clip.sr) == ("mp3", 32000)
    assert clip.duration_s > 1


@pytest.mark.parametrize("f0_hz", [95, 200])
def test_a_custom_voice_has_the_pitch_of_its_recording(f0_hz, finished, link_to):
    said = espeak.speak(SAID, VoiceParameters(f0_hz=f0_hz)).wav
    task = finished("CreateAigcCustomVoice", VoiceUrl=link_to(said))
    info = json.loads(task["Output"]["InfoList"][0]["VoiceInfo"])
    sounds = [decode(said), decode(httpx.get(info["trial_url"], trust_env=False).content)]
    heard, made = (measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in sounds)
    assert abs(12 * np.log2(made / heard)) < 2


@pytest.mark.parametrize(
    ("wish", "number", "code"),
    [
        ({}, 40000, "InvalidParameterValue"),
        ({"VideoId": "unknown"}, 60000, "ResourceNotFound"),
        ({"VoiceUrl": "https://example.org/a.wav"}, 60000, "ResourceNotFound"),
        ({"VoiceUrl": "http://127.0.0.1:1/a.wav"}, 60000, "ResourceNotFound"),
        ({"VoiceUrl": "http://127.0.0.1:nowhere/a.wav"}, 60000, "ResourceNotFound"),
        ({"VoiceUrl": "http://[::1/a.wav"}, 60000, "ResourceNotFound"),
    ],
)
def test_a_source_that_is_not_there_fails_the_task_and_not_the_call(wish, number, code, finished):
    task = finished("CreateAigcCustomVoice", **wish)
    assert (task["ErrCode"], task["ErrCodeExt"]) == (number, code)


@pytest.mark.parametrize(
    ("duration_s", "code"),
    [(4.9, "InvalidParameterValue"), (5.0, ""), (30.0, ""), (30.1, "InvalidParameterValue")],
)
def test_a_recording_lasts_from_five_to_thirty_seconds(duration_s, code, finished, link_to):
    t = np.arange(round(16000 * duration_s)) / 16000
    audio = encode(0.3 * np.sin(2 * np.pi * 150 * t), sr=16000, format="wav")
    assert finished("CreateAigcCustomVoice", VoiceUrl=link_to(audio))["ErrCodeExt"] == code


def test_what_is_no_recording_fails_the_task(finished, link_to):
    task = finished("CreateAigcCustomVoice", VoiceUrl=link_to(b"<html>"))
    assert (task["ErrCode"], task["ErrCodeExt"]) == (60000, "InvalidParameter.MediaFormat")


def test_the_design_example_is_taken_and_makes_a_voice(finished, emulator):
    task = finished("DesignVoiceAsync", **DESIGN_EXAMPLE, SessionContext="mine")
    assert task["Output"]["VoiceId"].startswith("v1_")
    assert task["Output"]["VoiceId"].endswith("=")
    assert task["Output"]["TrialAudio"].endswith("-preview.mp3")
    assert task["SessionContext"] == "mine"
    assert decode(httpx.get(task["Output"]["TrialAudio"], trust_env=False).content).duration_s > 1
    assert emulator.ledger.charged == 1


def test_without_a_preview_text_there_is_a_voice_and_no_sound(finished):
    task = finished("DesignVoiceAsync", Prompt="a calm man")
    assert task["Output"]["VoiceId"]
    assert task["Output"]["TrialAudio"] == ""


def test_words_the_inspection_stops_at_fail_the_task(finished):
    task = finished("DesignVoiceAsync", Prompt="a man", PreviewText="A nerve gas recipe.")
    assert (task["ErrCode"], task["ErrCodeExt"]) == (40000, "InvalidParameter.VoilationContent")


def test_a_task_tells_how_far_it_is_and_nothing_of_other_kinds(ask, emulator):
    task_id = ask("DesignVoiceAsync", Prompt="a man", PreviewText="Hello.")["TaskId"]
    emulator.waiting_s, emulator.processing_s = 0.5, 1.0
    began = emulator.clock.now
    seen = []
    for age in (0.1, 0.6, 1.6):
        emulator.clock.now = began + age - 1
        seen.append(ask("DescribeTaskDetail", TaskId=task_id))
    assert [detail["Status"] for detail in seen] == ["WAITING", "PROCESSING", "FINISH"]
    assert [detail["BeginProcessTime"][:4] == "0001" for detail in seen] == [True, False, False]
    assert [detail["FinishTime"][:4] == "0001" for detail in seen] == [True, True, False]
    assert [detail["DesignVoiceAsyncTask"]["Output"] is None for detail in seen] == [
        True,
        True,
        False,
    ]
    others = {name: value for name, value in seen[2].items() if name.endswith("Task")}
    assert len(others) > 40
    assert [name for name, value in others.items() if value] == ["DesignVoiceAsyncTask"]


def test_tasks_are_told_of_for_72_hours_and_to_their_application_alone(ask, refusal, emulator):
    task_id = ask("DesignVoiceAsync", Prompt="a man", SubAppId="7")["TaskId"]
    assert ask("DescribeTaskDetail", TaskId=task_id, SubAppId=7)["TaskType"] == "DesignVoiceAsync"
    assert refusal("DescribeTaskDetail", TaskId=task_id, SubAppId=8) == "ResourceNotFound"
    assert refusal("DescribeTaskDetail", TaskId="nonsense") == "InvalidParameterValue.TaskId"
    emulator.clock.now += 3 * DAY_S - 10
    assert ask("DescribeTasks", SubAppId=7)["TaskSet"][0]["TaskId"] == task_id
    emulator.clock.now += 10
    assert refusal("DescribeTaskDetail", TaskId=task_id, SubAppId=7) == "ResourceNotFound"
    assert ask("DescribeTasks", SubAppId=7)["TaskSet"] == []


def test_tasks_are_listed_newest_first_and_page_by_page(ask, refusal, emulator):
    made = [
        ask("DesignVoiceAsync", Prompt="a man", SessionId=f"s{number}")["TaskId"]
        for number in range(5)
    ]
    first = ask("DescribeTasks", Limit=2)
    second = ask("DescribeTasks", Limit=2, ScrollToken=first["ScrollToken"])
    last = ask("DescribeTasks", Limit=2, ScrollToken=second["ScrollToken"])
    found = [task for page in (first, second, last) for task in page["TaskSet"]]
    assert [task["TaskId"] for task in found] == made[::-1]
    assert [task["SessionId"] for task in found] == ["s4", "s3", "s2", "s1", "s0"]
    assert last["ScrollToken"] == ""
    emulator.clock.now += 60
    assert len(ask("DescribeTasks", Status="FINISH")["TaskSet"]) == 5
    assert ask("DescribeTasks", Status="WAITING")["TaskSet"] == []
    assert ask("DescribeTasks", CreateTime={"After": "2999"})["TaskSet"] == []
    assert refusal("DescribeTasks", Limit=101) == "InvalidParameterValue.Limit"
    assert refusal("DescribeTasks", ScrollToken="no") == "InvalidParameterValue"


def test_a_session_id_is_taken_for_three_days_and_a_duplicate_costs_nothing(ask, refusal, emulator):
    wish = {"Prompt": "a man", "SessionId": "mine"}
    ask("DesignVoiceAsync", **wish)
    for action, body in (("DesignVoiceAsync", wish), ("CreateAigcCustomVoice", {})):
        assert refusal(action, **{**body, "SessionId": "mine"}) == "InvalidParameterValue.SessionId"
    assert emulator.ledger.bought("mine") == 1
    emulator.clock.now += 3 * DAY_S
    ask("DesignVoiceAsync", **wish)
    assert emulator.ledger.bought("mine") == 2


def test_without_a_session_id_nothing_is_a_duplicate(ask, emulator):
    for session in ({}, {"SessionId": ""}, {}, {"SessionId": ""}):
        assert ask("DesignVoiceAsync", Prompt="a man", **session)["TaskId"]
    assert emulator.ledger.charged == 4


@pytest.mark.parametrize(
    ("action", "wish", "code"),
    [
        ("CreateAigcCustomVoice", {"SubAppId": "221073"}, "InvalidParameter"),
        ("CreateAigcCustomVoice", {"SubAppId": 0}, "InvalidParameterValue.SubAppId"),
        ("CreateAigcCustomVoice", {"VoiceName": "x" * 21}, "InvalidParameter"),
        ("CreateAigcCustomVoice", {"TasksPriority": 11}, "InvalidParameter"),
        ("CreateAigcCustomVoice", {"DisableModeration": True}, "InvalidParameter"),
        ("CreateAigcCustomVoice", {"Prompt": "a man"}, "UnknownParameter"),
        (
            "CreateAigcCustomVoice",
            {"SessionId": "x" * 51},
            "InvalidParameterValue.SessionIdTooLong",
        ),
        (
            "CreateAigcCustomVoice",
            {"SessionContext": "x" * 1001},
            "InvalidParameterValue.SessionContextTooLong",
        ),
        ("DesignVoiceAsync", {}, "MissingParameter"),
        ("DesignVoiceAsync", {"Prompt": ""}, "InvalidParameterValue"),
        ("DesignVoiceAsync", {"Prompt": " \n\u3000"}, "InvalidParameterValue"),
        ("DesignVoiceAsync", {"Prompt": "a", "SubAppId": 221157}, "InvalidParameter"),
        ("DesignVoiceAsync", {"Prompt": "a", "PreviewText": "x" * 501}, "InvalidParameterValue"),
        ("DesignVoiceAsync", {"Prompt": "a", "ExtParam": "[]"}, "InvalidParameter"),
        (
            "DesignVoiceAsync",
            {"Prompt": "a", "VoiceSettings": {"Gender": "famale"}},
            "InvalidParameterValue",
        ),
        (
            "DesignVoiceAsync",
            {"Prompt": "a", "VoiceSettings": {"Languages": ["hu"]}},
            "InvalidParameterValue",
        ),
        ("DescribeTaskDetail", {}, "MissingParameter"),
        ("DescribeVoices", {"VoiceType": "custom"}, "InvalidParameterValue"),
        ("DescribeVoices", {"ExtParam": '{"labels": 7}'}, "InvalidParameter"),
        ("DeleteVoice", {"VoiceId": "unknown"}, "ResourceNotFound"),
        ("UpdateVoice", {"VoiceId": "unknown", "VoiceFields": {}}, "ResourceNotFound"),
        ("UpdateVoice", {"VoiceId": "v"}, "MissingParameter"),
        (
            "UpdateVoice",
            {"VoiceId": "v", "VoiceFields": {"Age": "old"}},
            "InvalidParameterValue",
        ),
        ("UpdateVoice", {"VoiceId": "v", "VoiceFields": {"Prompt": "a"}}, "UnknownParameter"),
        ("TextToSpeechSync", {"Text": "Hello.", "VoiceId": "unknown"}, "ResourceNotFound"),
        ("TextToSpeechSync", {"Text": "字" * 667, "VoiceId": "v"}, "InvalidParameterValue"),
        (
            "TextToSpeechSync",
            {"Text": "Hello.", "VoiceId": "v", "ExtParam": '{"audio_setting": {"format": "ogg"}}'},
            "InvalidParameterValue",
        ),
        ("CloneVoiceSync", {}, "InvalidAction"),
    ],
)
def test_what_a_call_does_not_take_is_refused_and_costs_nothing(
    action, wish, code, refusal, emulator
):
    assert refusal(action, **wish) == code
    assert emulator.ledger.charged == 0
    assert not emulator.tasks


def test_an_account_can_be_held_to_its_applications(ask, refusal, emulator):
    emulator.needs_sub_app_id = True
    try:
        assert refusal("DesignVoiceAsync", Prompt="a") == "InvalidParameterValue.SubAppId"
        assert ask("DesignVoiceAsync", Prompt="a", SubAppId="221073")["TaskId"]
    finally:
        emulator.needs_sub_app_id = False


@pytest.mark.parametrize(
    ("action", "wish"),
    [
        ("CreateAigcCustomVoice", {"SubAppId": 9}),
        ("DesignVoiceAsync", {"Prompt": "a", "SubAppId": "9"}),
        ("DescribeTaskDetail", {"TaskId": f"9-DesignVoiceAsync-{'0' * 32}t", "SubAppId": 9}),
        ("DescribeTasks", {"SubAppId": 9}),
        ("DescribeVoices", {"SubAppId": "9"}),
        ("UpdateVoice", {"VoiceId": "v", "VoiceFields": {}, "SubAppId": "9"}),
        ("DeleteVoice", {"VoiceId": "v", "SubAppId": "9"}),
        ("TextToSpeechSync", {"Text": "Hello.", "VoiceId": "v", "SubAppId": "9"}),
    ],
)
def test_an_application_of_somebody_else_is_refused_by_every_call(action, wish, refusal, emulator):
    assert refusal(action, **wish) == "InvalidParameterValue.SubAppId"
    assert emulator.ledger.charged == 0


def test_the_applications_of_an_account_are_the_one_it_names_and_those_of_the_examples():
    emulator = TencentVodEmulator()
    known = int(emulator.environ("")["TENCENTCLOUD_VOD_SUB_APP_ID"])
    assert {known, *emulator.sub_app_ids} == {
        PAGE_EXAMPLE["SubAppId"],
        int(DESIGN_EXAMPLE["SubAppId"]),
    }


def test_a_task_is_told_of_at_once_and_made_beside_it(ask, emulator, link_to, recording):
    asked = {
        "DesignVoiceAsync": {"Prompt": "a man", "PreviewText": SAID * 3},
        "CreateAigcCustomVoice": {"VoiceUrl": link_to(recording)},
    }
    emulator.waiting_s, emulator.processing_s = 5.0, 1.0
    try:
        for action, wish in asked.items():
            task_id = ask(action, **wish)["TaskId"]
            first = ask("DescribeTaskDetail", TaskId=task_id)
            assert (first["Status"], first[f"{action}Task"]["Output"]) == ("WAITING", None)
            emulator.clock.now += 60
            last = ask("DescribeTaskDetail", TaskId=task_id)
            assert (last["Status"], last[f"{action}Task"]["ErrCode"]) == ("FINISH", 0)
            assert last[f"{action}Task"]["Output"]
            again = ask("DescribeTaskDetail", TaskId=task_id)
            assert again[f"{action}Task"] == last[f"{action}Task"]
    finally:
        emulator.waiting_s, emulator.processing_s = 0.5, 1.0


def test_a_voice_is_known_only_after_it_spoke(ask, refusal, finished):
    app = {"SubAppId": "221157"}
    voice_id = finished("DesignVoiceAsync", **DESIGN_EXAMPLE)["Output"]["VoiceId"]
    assert ask("DescribeVoices", **app)["Voices"] == []
    assert refusal("DeleteVoice", VoiceId=voice_id, **app) == "ResourceNotFound"
    unused = {"VoiceId": voice_id, "VoiceFields": {"Name": "too early"}}
    assert refusal("UpdateVoice", **unused, **app) == "ResourceNotFound"
    spoken = ask("TextToSpeechSync", VoiceId=voice_id, **SPEAK_EXAMPLE)
    assert spoken["AudioData"] == ""
    assert json.loads(spoken["ExtInfo"])["audio_sample_rate"] == 32000
    clip = decode(httpx.get(spoken["AudioUrl"], trust_env=False).content)
    assert (clip.format, clip.sr) == ("mp3", 32000)
    (listed,) = ask("DescribeVoices", **app)["Voices"]
    assert (listed["VoiceId"], listed["Category"]) == (voice_id, "design")
    assert {name: listed[name] for name in DESIGN_EXAMPLE["VoiceSettings"]} == (
        DESIGN_EXAMPLE["VoiceSettings"]
    )
    fields = {"Name": "另一个", "Labels": ["磁性"], "AudioUrl": "https://example.org/a.mp3"}
    changed = ask("UpdateVoice", VoiceId=voice_id, VoiceFields=fields, **app)["Voice"]
    assert changed == {**listed, **fields}
    assert ask("DescribeVoices", **app)["Voices"] == [changed]
    ask("DeleteVoice", VoiceId=voice_id, **app)
    assert ask("DescribeVoices", **app)["Voices"] == []
    assert refusal("TextToSpeechSync", VoiceId=voice_id, **SPEAK_EXAMPLE) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, 1),
        ({"VoiceType": "clone"}, 0),
        ({"VoiceType": "design", "Gender": "female", "Age": "child"}, 1),
        ({"Gender": "male"}, 0),
        ({"VoiceName": "音色"}, 1),
        ({"ExtParam": '{"voiceName": "另一个"}'}, 0),
        ({"Labels": ["Magnetic"]}, 0),
        ({"SubAppId": "7"}, 0),
    ],
)
def test_voices_are_listed_by_what_they_are(wanted, found, ask, finished):
    app = {"SubAppId": "221157"}
    voice_id = finished("DesignVoiceAsync", **DESIGN_EXAMPLE)["Output"]["VoiceId"]
    ask("TextToSpeechSync", VoiceId=voice_id, Text="你好。", **app)
    assert ask("DescribeVoices", **{**app, **wanted})["TotalCount"] == found


def test_speech_is_wav_at_16_khz_where_nothing_else_is_asked(ask, finished):
    voice_id = finished("DesignVoiceAsync", Prompt="a man")["Output"]["VoiceId"]
    spoken = ask("TextToSpeechSync", VoiceId=voice_id, Text="Good evening.")
    clip = decode(httpx.get(spoken["AudioUrl"], trust_env=False).content)
    assert (clip.format, clip.sr) == ("wav", 16000)


def test_speed_pitch_and_volume_are_heard(ask, finished):
    voice_id = finished("DesignVoiceAsync", Prompt="a man with a deep voice")["Output"]["VoiceId"]

    def spoken(**style):
        ext = json.dumps({"voice_setting": style})
        answer = ask("TextToSpeechSync", VoiceId=voice_id, Text=SAID, ExtParam=ext)
        return decode(httpx.get(answer["AudioUrl"], trust_env=False).content)

    plain, fast, high, soft = spoken(), spoken(speed=1.8), spoken(pitch=7), spoken(vol=0.1)
    assert fast.duration_s < 0.75 * plain.duration_s
    found = [measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in (plain, high)]
    assert 12 * np.log2(found[1] / found[0]) == pytest.approx(7, abs=1)
    assert np.abs(soft.y).max() == pytest.approx(0.1 * np.abs(plain.y).max(), rel=0.02)
    loud = spoken(vol=10)
    assert np.sqrt(np.mean(loud.y**2)) > 1.5 * np.sqrt(np.mean(plain.y**2))
    assert np.abs(loud.y).max() <= 1


@pytest.mark.parametrize(
    "style",
    [
        {"speed": 0.4},
        {"speed": 2.1},
        {"vol": 0},
        {"vol": 10.1},
        {"pitch": -13},
        {"pitch": 13},
        {"emotion": "bored"},
    ],
)
def test_a_style_out_of_bounds_is_refused(style, ask, finished, emulator):
    voice_id = finished("DesignVoiceAsync", Prompt="a man")["Output"]["VoiceId"]
    ext = json.dumps({"voice_setting": style})
    answer = ask("TextToSpeechSync", VoiceId=voice_id, Text="Hello.", ExtParam=ext)
    assert answer["Error"]["Code"] == "InvalidParameterValue"
    assert next(iter(style)) in answer["Error"]["Message"]
    assert emulator.ledger.charged == 1


def test_the_links_of_a_voice_die_within_a_day(finished, emulator):
    link = finished("DesignVoiceAsync", **DESIGN_EXAMPLE)["Output"]["TrialAudio"]
    assert httpx.get(link, trust_env=False).status_code == 200
    emulator.clock.now += DAY_S
    late = httpx.get(link, trust_env=False)
    assert (late.status_code, "AccessDenied" in late.text) == (403, True)


def test_more_than_twenty_calls_a_second_are_too_many():
    with serve([TencentVodEmulator(clock=lambda: 0.0)]) as sandbox:
        emulator, url = sandbox["tencent-vod"], sandbox.base_url["tencent-vod"]
        codes = []
        for _ in range(21):
            headers = signed(emulator, url, b"{}", action="DescribeVoices")
            reply = httpx.post(url, content=b"{}", headers=headers, trust_env=False)
            codes.append(reply.json()["Response"].get("Error", {}).get("Code"))
    assert codes == [None] * 20 + ["RequestLimitExceeded"]
