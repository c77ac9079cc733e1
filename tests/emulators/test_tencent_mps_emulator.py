"""The emulated Tencent MPS, asked by hand over real sockets: it checks what the vendor checks."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from datetime import UTC, datetime
from unittest.mock import ANY

import httpx
import numpy as np
import pytest
from vendor_pages import examples

from voicelab.audio import espeak
from voicelab.audio.clip import decode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators._mps_voices import SYSTEM
from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.measures import measure

PROMPT = "Movie narration male voice, with varied intonation, deep and magnetic."
TEXT = "On a stormy night, the ancient bell tower struck twelve."
PAGE_EXAMPLES = [example["request"] for example in examples("tencent_mps", "DesignVoiceAsync")]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Caller:
    """Signs and sends by the vendor's rules, and lets a test break any of them."""

    def __init__(self, emulator, url, client=None):
        self.emulator = emulator
        self.url = url
        self.client = client

    def __call__(self, action, body, *, content=None, names=None, drop=(), sign=None, **headers):
        content = json.dumps(body).encode() if content is None else content
        sent = {
            "Content-Type": "application/json",
            "Host": self.url.removeprefix("http://"),
            "X-TC-Action": action,
            "X-TC-Version": "2019-06-12",
            "X-TC-Timestamp": str(int(time.time())),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        if "Authorization" not in sent:
            sent["Authorization"] = self.signed(sent, content, names, **(sign or {}))
        sent = {name: value for name, value in sent.items() if name not in drop}
        response = self.client.post(self.url, content=content, headers=sent)
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        answer = response.json()["Response"]
        assert uuid.UUID(answer["RequestId"]).version == 4
        return answer

    def signed(self, headers, content, names=None, *, service="mps", date=None, key=None, id=None):
        names = names or ["content-type", "host"]
        lower = {name.lower(): value for name, value in headers.items()}
        stamp = lower["x-tc-timestamp"]
        date = date or f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d}"
        canonical = ["POST", "/", ""]
        canonical += [f"{name}:{lower[name].strip().lower()}" for name in names]
        canonical += ["", ";".join(names), hashlib.sha256(content).hexdigest()]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        scope = f"{date}/{service}/tc3_request"
        secret = b"TC3" + (key or self.emulator.secret_key).encode()
        for part in (date, service, "tc3_request", f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        return (
            f"TC3-HMAC-SHA256 Credential={id or self.emulator.secret_id}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={secret.hex()}"
        )

    def refused(self, *args, **options):
        error = self(*args, **options)["Error"]
        return error["Code"], error["Message"]

    def voice(self, **changes):
        task = self("DesignVoiceAsync", {"Prompt": PROMPT, "Text": TEXT, **changes})["TaskId"]
        self.emulator.clock.now += 2
        return self("DescribeDesignTask", {"TaskId": task})


@pytest.fixture
def emulator():
    return TencentMpsEmulator(clock=Clock())


@pytest.fixture
def call(emulator):
    with serve([emulator]) as sandbox, httpx.Client(trust_env=False, timeout=30) as client:
        yield Caller(emulator, sandbox.base_url["tencent-mps"], client)


@pytest.mark.parametrize("body", PAGE_EXAMPLES)
def test_the_examples_of_the_page_get_the_answer_of_the_page(body, call, emulator):
    answer = call("DesignVoiceAsync", body)
    assert answer == {
        "ErrorCode": 0,
        "Msg": "success",
        "TaskId": f"{emulator.app_id}-DesignVoiceAsync-{answer['RequestId']}",
        "RequestId": answer["RequestId"],
    }
    assert call("DescribeDesignTask", {"TaskId": answer["TaskId"]}) | {"RequestId": ""} == {
        "ErrorCode": 100,
        "Msg": "processing",
        "Status": "processing",
        "VoiceId": None,
        "RequestId": "",
    }
    emulator.clock.now += 1
    done = call("DescribeDesignTask", {"TaskId": answer["TaskId"]})
    assert (done["ErrorCode"], done["Msg"], done["Status"]) == (0, "success", "success")
    assert ("AudioUrl" in done) is ("Text" in body)
    assert emulator.ledger.bought(done["VoiceId"]) == 1


def test_ids_are_opaque_text_that_no_file_name_takes(call):
    voice_id = call.voice()["VoiceId"]
    assert voice_id.startswith("v1_")
    assert {"/", "+", "="} <= set(voice_id)


def test_the_audition_is_speech_for_a_day_and_for_anyone(call, emulator):
    url = call.voice()["AudioUrl"]
    assert url.startswith(call.url)
    found = httpx.get(url, trust_env=False)
    assert found.headers["content-type"] == "audio/mpeg"
    assert decode(found.content).duration_s > 1
    emulator.clock.now += 24 * 3600
    assert httpx.get(url, trust_env=False).status_code == 403
    assert "has expired" in httpx.get(url, trust_env=False).text
    assert httpx.get(f"{call.url}/storage/none.mp3", trust_env=False).status_code == 404


def test_the_same_words_give_another_voice_every_time(call):
    links = [call.voice()["AudioUrl"] for _ in range(2)]
    first, second = (httpx.get(link, trust_env=False).content for link in links)
    assert first != second


def test_a_header_that_is_missing_is_named(call):
    for name in ("Action", "Timestamp", "Version"):
        assert call.refused("DescribeVoices", {}, drop=[f"X-TC-{name}"]) == (
            "MissingParameter",
            f"The request is missing a required parameter `{name}`.",
        )


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer emulated0tencent0secret0key00000",
        "TC3-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
        "TC3-HMAC-SHA256 Credential=a/2026-11-22/mps/tc3_request, SignedHeaders=host, "
        "Signature=" + "0" * 64,
    ],
)
def test_an_authorization_that_is_none_is_refused(authorization, call):
    code, _ = call.refused("DescribeVoices", {}, Authorization=authorization)
    assert code == "AuthFailure.InvalidAuthorization"


def test_headers_are_signed_in_order_and_the_needed_ones_among_them(call):
    for names in (["host", "content-type"], ["host"], ["content-type"]):
        code, _ = call.refused("DescribeVoices", {}, names=names)
        assert code == "AuthFailure.InvalidAuthorization"
    for names in (["content-type", "host"], ["content-type", "host", "x-tc-action"]):
        assert "Error" not in call("DescribeVoices", {}, names=names)


def test_an_unknown_key_is_told_from_a_wrong_signature(call):
    assert call.refused("DescribeVoices", {}, sign={"id": "AKIDnobody"})[0] == (
        "AuthFailure.SecretIdNotFound"
    )
    for wrong in ({"key": "another"}, {"date": "2020-01-01"}):
        assert call.refused("DescribeVoices", {}, sign=wrong) == (
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. "
            "Please check your signature is correct.",
        )
    assert call.refused("Nope", {}, content=b"junk", sign={"key": "another"})[0] == (
        "AuthFailure.SignatureFailure"
    )


def test_what_was_signed_must_be_what_came(call):
    good = {
        "Content-Type": "application/json",
        "Host": call.url.removeprefix("http://"),
        "X-TC-Action": "DescribeVoices",
        "X-TC-Timestamp": str(int(time.time())),
    }
    signed = call.signed(good, b"{}", ["content-type", "host", "x-tc-action"])
    stamp = good["X-TC-Timestamp"]

    def code(action="DescribeVoices", **options):
        answer = call(action, {}, Authorization=signed, **({"X_TC_Timestamp": stamp} | options))
        return answer.get("Error", {}).get("Code")

    assert code() is None
    assert code(content=b"{ }") == "AuthFailure.SignatureFailure"
    assert code(action="DeleteVoice") == "AuthFailure.SignatureFailure"
    assert code(X_TC_Timestamp=str(int(stamp) - 1)) == "AuthFailure.SignatureFailure"
    label = "application/json; charset=utf-8"
    assert code(Content_Type=label) == "AuthFailure.SignatureFailure"
    assert "Error" not in call("DescribeVoices", {}, Content_Type=label)


@pytest.mark.parametrize("off_s", [-302, 302, 36000])
def test_a_request_more_than_five_minutes_off_has_expired(off_s, call):
    now = int(time.time())
    code, message = call.refused("DescribeVoices", {}, X_TC_Timestamp=str(now + off_s))
    assert code == "AuthFailure.SignatureExpire"
    assert "`Timestamp` and the server time" in message
    assert "Error" not in call("DescribeVoices", {}, X_TC_Timestamp=str(now + 290))


def test_a_timestamp_that_is_no_number_is_refused(call):
    signed = call.signed(
        {"Content-Type": "a", "Host": "b", "X-TC-Timestamp": "1"}, b"{}", date="2026-11-22"
    )
    for stamp in ("soon", "1.5", "-1", "9" * 13):
        code, _ = call.refused("DescribeVoices", {}, X_TC_Timestamp=stamp, Authorization=signed)
        assert code == "InvalidParameterValue"


def test_a_token_belongs_to_temporary_credentials_alone(call, emulator):
    assert call.refused("DescribeVoices", {}, X_TC_Token="x")[0] == "AuthFailure.TokenFailure"
    emulator.token = "of-an-hour"
    assert call.refused("DescribeVoices", {})[0] == "AuthFailure.TokenFailure"
    assert "Error" not in call("DescribeVoices", {}, X_TC_Token="of-an-hour")


def test_product_version_and_action_are_told_apart(call):
    assert call.refused("DescribeVoices", {}, sign={"service": "vod"}) == (
        "NoSuchVersion",
        "The specified api version=`2019-06-12` does not exist in service=`vod`.",
    )
    assert call.refused("DescribeVoices", {}, X_TC_Version="2017-03-12")[0] == "NoSuchVersion"
    assert call.refused("DesignVoice", {}) == (
        "InvalidAction",
        "The request action=`DesignVoice` is invalid or not found in service=`mps` "
        "and version=`2019-06-12`.",
    )
    assert call.refused("DescribeVoices", {}, X_TC_Region="")[0] == "InvalidParameterValue"
    assert "Error" not in call("DescribeVoices", {}, X_TC_Region="ap-guangzhou")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff{}", b"[" * 50_000])
def test_a_body_that_is_no_object_is_refused(content, call):
    assert call.refused("DescribeVoices", {}, content=content)[0] == "InvalidParameter"
    assert call.refused("DescribeVoices", {}, Content_Type="text/plain")[0] == "InvalidParameter"


@pytest.mark.parametrize(
    ("action", "body", "code", "named"),
    [
        ("DesignVoiceAsync", {}, "MissingParameter", "`Prompt`"),
        ("DesignVoiceAsync", {"Prompt": None}, "MissingParameter", "`Prompt`"),
        ("DesignVoiceAsync", {"Prompt": ""}, "InvalidParameterValue", "`Prompt`"),
        ("DesignVoiceAsync", {"Prompt": " \n\u3000"}, "InvalidParameterValue", "`Prompt`"),
        ("DesignVoiceAsync", {"Prompt": 7}, "InvalidParameter", "`Prompt`"),
        ("DesignVoiceAsync", {"$schema": "x"}, "UnknownParameter", "`$schema`"),
        ("DesignVoiceAsync", {"Text": "a" * 501}, "InvalidParameterValue", "`Text`"),
        ("DesignVoiceAsync", {"Text": "ᚠᛇᚻ᛫ᛒᛦᚦ"}, "InvalidParameterValue", "`Text`"),
        ("DesignVoiceAsync", {"ExtParam": "no"}, "InvalidParameterValue", "`ExtParam`"),
        ("DesignVoiceAsync", {"ExtParam": {}}, "InvalidParameter", "`ExtParam`"),
        ("DesignVoiceAsync", {"VoiceProfile": []}, "InvalidParameter", "`VoiceProfile`"),
        (
            "DesignVoiceAsync",
            {"VoiceProfile": {"Language": ["en"]}},
            "UnknownParameter",
            "`VoiceProfile.Language`",
        ),
        (
            "DesignVoiceAsync",
            {"VoiceProfile": {"Languages": ["en", "hu"]}},
            "InvalidParameterValue",
            "`VoiceProfile.Languages.1`",
        ),
        (
            "DesignVoiceAsync",
            {"VoiceProfile": {"Gender": "Male"}},
            "InvalidParameterValue",
            "`VoiceProfile.Gender`",
        ),
        ("DescribeDesignTask", {}, "MissingParameter", "`TaskId`"),
        ("DescribeDesignTask", {"TaskId": "1-x-2"}, "InvalidParameterValue", "`TaskId`"),
        ("DescribeVoices", {"VoiceType": "mine"}, "InvalidParameterValue", "`VoiceType`"),
        ("DescribeVoices", {"PageNum": 0}, "InvalidParameterValue", "`PageNum`"),
        ("DescribeVoices", {"PageSize": True}, "InvalidParameter", "`PageSize`"),
        ("DeleteVoice", {}, "MissingParameter", "`VoiceId`"),
        ("UpdateVoice", {"VoiceId": "v"}, "MissingParameter", "`VoiceFields`"),
        ("TextToSpeech", {"Text": "a"}, "MissingParameter", "`VoiceId`"),
        (
            "TextToSpeech",
            {"Text": "a", "VoiceId": "v", "TextLang": "hu"},
            "InvalidParameterValue",
            "`TextLang`",
        ),
        ("TextToSpeechAsync", {"VoiceId": "v"}, "MissingParameter", "`Text`"),
        (
            "TextToSpeechAsync",
            {"Text": "a", "VoiceId": "v", "Output": {}},
            "UnknownParameter",
            "`Output`",
        ),
        ("DescribeTextToSpeechAsyncTask", {"TaskId": "1"}, "InvalidParameterValue", "`TaskId`"),
        ("CloneVoice", {}, "InvalidParameterValue", "`AudioData`"),
        ("CloneVoice", {"AudioData": "ejxxxxxx!"}, "InvalidParameterValue", "`AudioData`"),
        (
            "CloneVoice",
            {"AudioUrl": "https://example.org/a.wav"},
            "InvalidParameterValue",
            "`AudioUrl`",
        ),
        ("CloneVoice", {"Prompt": "a"}, "UnknownParameter", "`Prompt`"),
    ],
)
def test_a_bad_parameter_is_refused_and_named(action, body, code, named, call, emulator):
    if action == "DesignVoiceAsync" and body:
        body = {"Prompt": "A calm voice."} | body
    found = call.refused(action, body)
    assert found[0] == code
    assert named in found[1]
    assert emulator.ledger.charged == 0
    assert emulator.ledger.calls[-1].code == code


def test_half_a_surrogate_pair_is_no_text(call):
    assert call.refused("DesignVoiceAsync", {"Prompt": "\ud800"})[0] == "InvalidParameter"


def test_the_twenty_first_call_in_a_second_is_too_many(call, emulator):
    for _ in range(20):
        assert "Error" not in call("DescribeVoices", {})
    assert call.refused("DescribeVoices", {}) == (
        "RequestLimitExceeded",
        "Your current request times equals to `21` in a second, which exceeds the frequency "
        "limit `20` for a second. Please reduce the frequency of calls.",
    )
    assert call.refused("DeleteVoice", {})[0] == "MissingParameter"
    emulator.clock.now += 1
    assert "Error" not in call("DescribeVoices", {})


def test_the_account_has_room_for_so_many_voices(call, emulator):
    emulator.slots = 2
    voices = [call.voice()["VoiceId"] for _ in range(2)]
    assert call.refused("DesignVoiceAsync", {"Prompt": PROMPT})[0] == "LimitExceeded"
    assert call("DeleteVoice", {"VoiceId": voices[0]})["ErrorCode"] == 0
    assert "TaskId" in call("DesignVoiceAsync", {"Prompt": PROMPT})


def test_a_description_the_inspection_stops_at_fails_in_the_task(call, emulator):
    found = call.voice(Prompt="A voice reading a nerve gas recipe")
    assert (found["Status"], found["VoiceId"]) == ("fail", None)
    assert found["ErrorCode"] not in (0, 100)
    assert emulator.voices == {}


def listed(call, **filters):
    answer = call("DescribeVoices", filters)
    assert answer["ErrorCode"] == 0
    return [voice["VoiceId"] for voice in answer["Voices"]]


def test_voices_are_listed_by_any_of_their_fields_and_by_the_page(call):
    profile = {"Name": "narrator-1", "Gender": "male", "Labels": ["deep", "slow"]}
    first = call.voice(VoiceProfile=profile)["VoiceId"]
    second = call.voice(Text="", VoiceProfile={"Name": "narrator-2"})["VoiceId"]
    system = [voice.voice_id for voice in SYSTEM]
    assert listed(call) == [*system, first, second] == listed(call, VoiceType="all")
    assert listed(call, VoiceType="design") == [first, second]
    assert listed(call, VoiceType="clone") == []
    assert listed(call, VoiceName="narrator-2") == [second]
    assert listed(call, VoiceName="narrator") == []
    assert listed(call, ExtParam='{"voiceName": "narrator"}') == [first, second]
    assert listed(call, ExtParam='{"labels": ["slow"]}') == [first]
    assert listed(call, Labels=["deep"], Gender="male") == [first]
    assert listed(call, VoiceId=second) == [second]
    assert listed(call, PageNum=2, PageSize=3) == [second]
    answer = call("DescribeVoices", {"VoiceType": "design", "PageSize": 1})
    assert answer["TotalCount"] == 2
    assert set(answer["Voices"][0]) == {"VoiceId", "Category", "AudioUrl", "Engine", *profile}
    assert "AudioUrl" not in call("DescribeVoices", {"VoiceId": second})["Voices"][0]


def test_a_voice_is_there_once_its_task_is_done(call, emulator):
    call("DesignVoiceAsync", {"Prompt": PROMPT})
    assert listed(call, VoiceType="design") == []
    emulator.clock.now += 1
    assert len(listed(call, VoiceType="design")) == 1


def test_a_voice_is_changed_and_deleted_and_system_voices_are_not(call):
    voice_id = call.voice(VoiceProfile={"Name": "one", "Age": "senior"})["VoiceId"]
    changed = call("UpdateVoice", {"VoiceId": voice_id, "VoiceFields": {"Name": "two"}})
    assert (changed["Voice"]["Name"], changed["Voice"]["Age"]) == ("two", "senior")
    assert call("DeleteVoice", {"VoiceId": voice_id, "ExtParam": '{"engine":"auto"}'}) | {
        "RequestId": ""
    } == {"ErrorCode": 0, "Msg": "success", "RequestId": ""}
    for gone in (voice_id, SYSTEM[0].voice_id):
        assert call("DeleteVoice", {"VoiceId": gone})["ErrorCode"] == 2
        assert call("UpdateVoice", {"VoiceId": gone, "VoiceFields": {}})["ErrorCode"] == 2


def test_a_task_that_went_well_went_well_though_its_voice_was_deleted_since(call, emulator):
    task = {"TaskId": call("DesignVoiceAsync", {"Prompt": PROMPT, "Text": TEXT})["TaskId"]}
    emulator.clock.now += 2
    done = call("DescribeDesignTask", task)
    call("DeleteVoice", {"VoiceId": done["VoiceId"]})
    assert call("DescribeDesignTask", task) == {**done, "RequestId": ANY}


def test_speech_is_a_wav_of_16_khz_whose_samples_do_not_start_at_44(call):
    voice_id = call.voice()["VoiceId"]
    answer = call("TextToSpeech", {"Text": "Good evening.", "VoiceId": voice_id})
    wav = base64.b64decode(answer["AudioData"])
    clip = decode(wav)
    assert (clip.format, clip.sr, clip.notes) == ("wav", 16000, ())
    assert wav.index(b"data") == 70
    told = json.loads(answer["ExtInfo"])
    assert told["duration"] == pytest.approx(clip.duration_s, abs=1e-3)
    assert told["chars"] == 13


def test_speech_goes_by_what_was_asked_for(call, emulator):
    body = {"Text": "Good evening.", "VoiceId": SYSTEM[1].voice_id, "Output": {"Type": "url"}}
    ext = '{"synExt": {"format": "mp3", "sampleRate": 24000}}'
    link = call("TextToSpeech", body | {"ExtParam": ext})["AudioUrl"]
    clip = decode(httpx.get(link, trust_env=False).content)
    assert (clip.format, clip.sr) == ("mp3", 24000)
    slow = '{"synExt": {"speed": 0.5}}'
    link = call("TextToSpeech", body | {"ExtParam": slow})["AudioUrl"]
    assert decode(httpx.get(link, trust_env=False).content).duration_s > 1.5 * clip.duration_s
    for ext in ('{"synExt": 1}', '{"synExt": {"sampleRate": 7}}', '{"synExt": {"format": "ogg"}}'):
        assert call.refused("TextToSpeech", body | {"ExtParam": ext})[0] == "InvalidParameterValue"
    assert call("TextToSpeech", body | {"VoiceId": "v1_none"})["ErrorCode"] == 2
    assert len(emulator.ledger.of("TextToSpeech")) == 6
    assert emulator.ledger.charged == 2


@pytest.mark.parametrize(
    ("action", "wish"),
    [
        ("TextToSpeech", {"speed": 0.4}),
        ("TextToSpeech", {"speed": 2.1}),
        ("TextToSpeech", {"duration": 0}),
        ("TextToSpeechAsync", {"pitch": -13}),
        ("TextToSpeechAsync", {"pitch": 13}),
        ("TextToSpeechAsync", {"pitch": 0.5}),
        ("TextToSpeechAsync", {"sampleRate": 24000}),
    ],
)
def test_a_style_out_of_bounds_is_refused(action, wish, call, emulator):
    body = {"Text": "Good evening.", "VoiceId": SYSTEM[0].voice_id}
    ext = json.dumps({"synExt": wish})
    assert call.refused(action, body | {"ExtParam": ext}) == (
        "InvalidParameterValue",
        "The value of the parameter `ExtParam` is not valid.",
    )
    assert emulator.ledger.charged == 0


def test_speech_can_be_had_later_higher_and_by_a_link(call, emulator):
    body = {"Text": TEXT, "VoiceId": SYSTEM[0].voice_id}

    def spoken(**style):
        ext = json.dumps({"synExt": style})
        task_id = call("TextToSpeechAsync", body | {"ExtParam": ext})["TaskId"]
        assert task_id.startswith(f"{emulator.app_id}-DubbingAsync-")
        task = {"TaskId": task_id}
        first = call("DescribeTextToSpeechAsyncTask", task)
        assert (first["ErrorCode"], first["Status"]) == (100, "processing")
        emulator.clock.now += 1
        done = call("DescribeTextToSpeechAsyncTask", task)
        assert (done["ErrorCode"], done["Status"]) == (0, "success")
        assert done["VoiceId"] == body["VoiceId"]
        clip = decode(httpx.get(done["AudioUrl"], trust_env=False).content)
        assert json.loads(done["ExtInfo"]) == {"duration": pytest.approx(clip.duration_s, abs=1e-3)}
        return clip

    plain, high = spoken(), spoken(pitch=7, sampleRate=22050)
    assert (plain.format, plain.sr, high.sr) == ("wav", 16000, 22050)
    found = [measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in (plain, high)]
    assert 12 * np.log2(found[1] / found[0]) == pytest.approx(7, abs=1)
    assert emulator.ledger.charged == 2
    assert call("TextToSpeechAsync", body | {"VoiceId": "v1_none"})["ErrorCode"] == 2


def test_a_design_is_answered_at_once_and_made_beside_it(call, emulator):
    emulator.processing_s = 5.0
    task = {"TaskId": call("DesignVoiceAsync", {"Prompt": PROMPT, "Text": TEXT * 5})["TaskId"]}
    assert call("DescribeDesignTask", task)["Status"] == "processing"
    emulator.clock.now += 5
    done = call("DescribeDesignTask", task)
    assert decode(httpx.get(done["AudioUrl"], trust_env=False).content).duration_s > 5
    assert call("DescribeDesignTask", task) == {**done, "RequestId": ANY}


@pytest.mark.parametrize("f0_hz", [95, 210])
def test_a_clone_speaks_at_the_pitch_of_its_recording_and_is_listed(f0_hz, call, emulator):
    said = espeak.speak(TEXT * 2, VoiceParameters(f0_hz=f0_hz)).wav
    name = emulator.keep(said, suffix=".wav", now=1e12)
    for source in (
        {"AudioData": base64.b64encode(said).decode()},
        {"AudioUrl": f"{call.url}/storage/{name}"},
    ):
        made = call("CloneVoice", {**source, "Text": TEXT, "VoiceProfile": {"Name": "mine"}})
        clip = decode(base64.b64decode(made["AudioData"]))
        found = measure(clip.y, sr=clip.sr)["f0_median_hz"]
        assert abs(12 * np.log2(found / f0_hz)) < 1
        assert json.loads(made["ExtInfo"])["duration"] == pytest.approx(clip.duration_s, abs=1e-3)
        assert emulator.ledger.bought(made["VoiceId"]) == 1
        assert listed(call, VoiceType="clone", VoiceName="mine")[-1] == made["VoiceId"]
        again = call("TextToSpeech", {"Text": TEXT, "VoiceId": made["VoiceId"]})
        assert again["AudioData"] == made["AudioData"]
        assert emulator.ledger.charged == len(emulator.ledger.of("CloneVoice")) * 2


def test_without_a_text_a_clone_is_not_heard_and_with_a_link_it_is_linked(call):
    audio = base64.b64encode(espeak.speak(TEXT, VoiceParameters()).wav).decode()
    assert set(call("CloneVoice", {"AudioData": audio})) == {
        "ErrorCode",
        "Msg",
        "VoiceId",
        "RequestId",
    }
    wish = {"AudioData": audio, "Text": TEXT, "Output": {"Type": "url"}}
    link = call("CloneVoice", wish)["AudioUrl"]
    assert decode(httpx.get(link, trust_env=False).content).duration_s > 1


def test_what_is_no_recording_is_not_cloned_and_a_full_account_clones_nothing(call, emulator):
    junk = base64.b64encode(b"no audio at all").decode()
    assert call("CloneVoice", {"AudioData": junk})["ErrorCode"] not in (0, 100)
    emulator.slots = 0
    assert call.refused("CloneVoice", {"AudioData": junk})[0] == "LimitExceeded"
    assert emulator.ledger.charged == 0


def test_every_reply_says_that_no_vendor_made_it(call, emulator):
    emulator.faults.add("DescribeVoices", Fault(status=502, body=b"broken"))
    replies = [call.client.post(call.url), call.client.get(call.url)]
    replies.append(call.client.post(call.url, headers={"X-TC-Action": "DescribeVoices"}))
    assert [reply.headers["x-voicelab-emulator"] for reply in replies] == ["tencent-mps"] * 3
    assert replies[-1].text == "broken"


def test_an_empty_query_and_a_call_in_process_are_fine(emulator):
    caller = Caller(emulator, "http://emulated")

    async def ask():
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport) as client:
            headers = {
                "Content-Type": "application/json",
                "Host": "emulated",
                "X-TC-Action": "DescribeVoices",
                "X-TC-Version": "2019-06-12",
                "X-TC-Timestamp": str(int(time.time())),
            }
            headers["Authorization"] = caller.signed(headers, b"{}")
            return await client.post("http://emulated/?", content=b"{}", headers=headers)

    assert asyncio.run(ask()).json()["Response"]["ErrorCode"] == 0
