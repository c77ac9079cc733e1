"""The official Tencent Cloud SDK, typed clients for MPS, VOD and TRTC, against the emulators."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.mps.v20190612 import models as mps
from tencentcloud.mps.v20190612.mps_client import MpsClient
from tencentcloud.trtc.v20190722 import models as trtc
from tencentcloud.trtc.v20190722.trtc_client import TrtcClient
from tencentcloud.vod.v20180717 import models as vod
from tencentcloud.vod.v20180717.vod_client import VodClient

from voicelab.audio.clip import decode
from voicelab.audio.description import read_description
from voicelab.audio.espeak import speak
from voicelab.audio.reference import prepare
from voicelab.emulators.serve import Sandbox, serve

TEXT = "On a stormy night, the ancient bell tower struck twelve."


def client(
    kind: Any,
    sandbox: Sandbox,
    *,
    region: str = "",
    key: str | None = None,
    method: str = "POST",
) -> Any:
    name = {MpsClient: "tencent-mps", VodClient: "tencent-vod", TrtcClient: "tencent-trtc"}[kind]
    known = sandbox.credentials[name]
    host = known["base_url"].removeprefix("http://")
    wire = HttpProfile(protocol="http", endpoint=host, reqMethod=method)
    keys = Credential(known["secret_id"], key or known["secret_key"], known.get("token"))
    return kind(keys, region, ClientProfile(httpProfile=wire, language="en-US"))


def ask(request: Any, **fields: Any) -> Any:
    request.from_json_string(json.dumps(fields))
    return request


def until(done: Callable[[], Any]) -> Any:
    for _ in range(200):
        if (answer := done()) is not None:
            return answer
        time.sleep(0.05)
    raise AssertionError("the task was never done")


def processed(answer: Any) -> Any:
    return None if answer.Status == "processing" else answer


def recording(seconds_at_least: float = 11.0) -> bytes:
    text = " ".join([TEXT] * 5)
    parameters = read_description("a calm male voice", preview_text=text).parameters
    return prepare(speak(text, parameters).wav, min_s=seconds_at_least, max_s=60).wav


def test_mps_designs_a_voice_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk = client(MpsClient, sandbox)
    made = sdk.DesignVoiceAsync(
        ask(
            mps.DesignVoiceAsyncRequest(),
            Prompt="Movie narration male voice, with varied intonation, deep and magnetic.",
            VoiceProfile={"Name": "sdk", "Gender": "male", "Age": "middle_aged"},
            Text=TEXT,
        )
    )
    assert made.ErrorCode == 0
    poll = ask(mps.DescribeDesignTaskRequest(), TaskId=made.TaskId)
    design = until(lambda: processed(sdk.DescribeDesignTask(poll)))
    assert (design.Status, design.ErrorCode) == ("success", 0)
    with urlopen(design.AudioUrl) as reply:
        assert decode(reply.read()).duration_s > 2
    listed = sdk.DescribeVoices(ask(mps.DescribeVoicesRequest(), VoiceType="design"))
    assert [voice.VoiceId for voice in listed.Voices] == [design.VoiceId]
    spoken = sdk.TextToSpeech(
        ask(
            mps.TextToSpeechRequest(),
            Text="Good evening.",
            VoiceId=design.VoiceId,
            Output={"Type": "data"},
        )
    )
    assert decode(base64.b64decode(spoken.AudioData)).format == "wav"
    assert sdk.DeleteVoice(ask(mps.DeleteVoiceRequest(), VoiceId=design.VoiceId)).ErrorCode == 0


def test_a_no_is_an_exception_of_the_sdk_with_its_code(sandbox: Sandbox) -> None:
    poll = ask(mps.DescribeVoicesRequest(), PageNum=1)
    with pytest.raises(TencentCloudSDKException) as wrong_key:
        client(MpsClient, sandbox, key="another-secret-key").DescribeVoices(poll)
    assert wrong_key.value.get_code() == "AuthFailure.SignatureFailure"
    with pytest.raises(TencentCloudSDKException) as missing:
        client(MpsClient, sandbox).call_json("DesignVoiceAsync", {})
    assert missing.value.get_code() == "MissingParameter"
    assert missing.value.get_request_id()


def test_vod_designs_and_clones_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk = client(VodClient, sandbox)

    def finished(task_id: str) -> Any:
        answer = sdk.DescribeTaskDetail(ask(vod.DescribeTaskDetailRequest(), TaskId=task_id))
        return answer if answer.Status == "FINISH" else None

    design = sdk.DesignVoiceAsync(
        ask(vod.DesignVoiceAsyncRequest(), Prompt="a deep male voice", PreviewText=TEXT)
    )
    result = until(lambda: finished(design.TaskId)).DesignVoiceAsyncTask
    assert result.ErrCode == 0
    with urlopen(result.Output.TrialAudio) as reply:
        assert decode(reply.read()).duration_s > 2
    emulator = sandbox["tencent-vod"]
    name = emulator.keep(recording(), suffix=".wav", now=emulator.clock())
    clone = sdk.CreateAigcCustomVoice(
        ask(
            vod.CreateAigcCustomVoiceRequest(),
            VoiceName="sdk",
            VoiceUrl=f"{sandbox.base_url['tencent-vod']}/storage/{name}",
            SessionId="only-once",
        )
    )
    custom = until(lambda: finished(clone.TaskId)).CreateAigcCustomVoiceTask
    info = json.loads(custom.Output.InfoList[0].VoiceInfo)
    assert info["status"] == "succeed"
    with pytest.raises(TencentCloudSDKException) as again:
        sdk.CreateAigcCustomVoice(
            ask(
                vod.CreateAigcCustomVoiceRequest(),
                VoiceUrl=info["trial_url"],
                SessionId="only-once",
            )
        )
    assert again.value.get_code() == "InvalidParameterValue.SessionId"


def cloned(sdk: Any, name: str) -> Any:
    audio = base64.b64encode(recording()).decode()
    wish = {"SdkAppId": 1466000000, "VoiceName": name, "PromptAudio": audio}
    return sdk.VoiceClone(ask(trtc.VoiceCloneRequest(), **wish))


def test_trtc_clones_and_speaks_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk = client(TrtcClient, sandbox, region="ap-singapore")
    made = cloned(sdk, "sdk_01")
    assert made.VoiceId.startswith("sdk_01_")
    spoken = sdk.TextToSpeech(
        ask(
            trtc.TextToSpeechRequest(),
            SdkAppId=1466000000,
            Text=TEXT,
            Voice={"VoiceId": made.VoiceId},
            AudioFormat={"Format": "wav", "SampleRate": 24000},
        )
    )
    assert decode(base64.b64decode(spoken.Audio)).sr == 24000


def test_what_the_sdk_asks_by_get_is_answered_like_what_it_posts(sandbox: Sandbox) -> None:
    sdk = client(MpsClient, sandbox, method="GET")
    made = sdk.DesignVoiceAsync(
        ask(
            mps.DesignVoiceAsyncRequest(),
            Prompt="A calm & deep voice: 旁白, 100 % ~ calm/slow",
            VoiceProfile={"Name": "got by get", "Languages": ["en", "zh"], "Labels": ["Magnetic"]},
        )
    )
    poll = ask(mps.DescribeDesignTaskRequest(), TaskId=made.TaskId)
    voice_id = until(lambda: processed(sdk.DescribeDesignTask(poll))).VoiceId
    filters = ask(mps.DescribeVoicesRequest(), Languages=["zh"], VoiceType="design", PageSize=3)
    (listed,) = sdk.DescribeVoices(filters).Voices
    assert (listed.VoiceId, listed.Name) == (voice_id, "got by get")
    assert (listed.Languages, listed.Labels) == (["en", "zh"], ["Magnetic"])
    assert sdk.DeleteVoice(ask(mps.DeleteVoiceRequest(), VoiceId=voice_id)).ErrorCode == 0


def test_a_no_to_a_get_is_an_exception_of_the_sdk_with_its_code(sandbox: Sandbox) -> None:
    for kind, codes in (
        (MpsClient, ("MissingParameter", "UnknownParameter")),
        (VodClient, ("MissingParameter", "UnknownParameter")),
        (TrtcClient, ("InvalidAction", "InvalidAction")),
    ):
        sdk = client(kind, sandbox, method="GET", region="ap-singapore")
        for body, code in zip(({}, {"Nonsense": {"A": 1}}), codes, strict=True):
            with pytest.raises(TencentCloudSDKException) as refused:
                sdk.call_json("DesignVoiceAsync", body)
            assert refused.value.get_code() == code
            assert refused.value.get_request_id()


def test_the_sdk_hears_that_its_request_is_too_large(sandbox: Sandbox) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        client(MpsClient, sandbox).call_json("DesignVoiceAsync", {"Prompt": "a" * 10 * 2**20})
    assert refused.value.get_code() == "RequestSizeLimitExceeded"
    assert sandbox["tencent-mps"].ledger.charged == 0


def test_the_sdk_hands_its_token_in_with_temporary_credentials() -> None:
    with serve(["tencent-mps"], temporary=True) as sandbox:
        sdk = client(MpsClient, sandbox)
        assert sdk.DescribeVoices(ask(mps.DescribeVoicesRequest(), PageNum=1)).ErrorCode == 0
        for token in ("", "another-token"):
            sdk.credential.token = token
            with pytest.raises(TencentCloudSDKException) as refused:
                sdk.DescribeVoices(ask(mps.DescribeVoicesRequest(), PageNum=1))
            assert refused.value.get_code() == "AuthFailure.TokenFailure"


def test_mps_clones_and_speaks_later_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk = client(MpsClient, sandbox)
    clone = sdk.CloneVoice(
        ask(
            mps.CloneVoiceRequest(),
            AudioData=base64.b64encode(recording()).decode(),
            VoiceProfile={"Name": "cloned"},
            Text="Good evening.",
        )
    )
    assert decode(base64.b64decode(clone.AudioData)).format == "wav"
    task = sdk.TextToSpeechAsync(
        ask(mps.TextToSpeechAsyncRequest(), Text=TEXT, VoiceId=clone.VoiceId)
    )
    poll = ask(mps.DescribeTextToSpeechAsyncTaskRequest(), TaskId=task.TaskId)
    spoken = until(lambda: processed(sdk.DescribeTextToSpeechAsyncTask(poll)))
    assert (spoken.Status, spoken.VoiceId) == ("success", clone.VoiceId)
    with urlopen(spoken.AudioUrl) as reply:
        assert decode(reply.read()).duration_s > 2


def test_vod_changes_a_voice_that_spoke_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk, emulator = client(VodClient, sandbox), sandbox["tencent-vod"]
    emulator.waiting_s = 3600.0
    design = sdk.DesignVoiceAsync(ask(vod.DesignVoiceAsyncRequest(), Prompt="a deep male voice"))
    poll = ask(vod.DescribeTaskDetailRequest(), TaskId=design.TaskId)
    assert sdk.DescribeTaskDetail(poll).Status == "WAITING"
    emulator.advance(3700)
    finished = sdk.DescribeTaskDetail(poll)
    assert finished.Status == "FINISH"
    voice_id = finished.DesignVoiceAsyncTask.Output.VoiceId
    fields = {"VoiceId": voice_id, "VoiceFields": {"Name": "changed"}}
    with pytest.raises(TencentCloudSDKException) as early:
        sdk.UpdateVoice(ask(vod.UpdateVoiceRequest(), **fields))
    assert early.value.get_code() == "ResourceNotFound"
    sdk.TextToSpeechSync(ask(vod.TextToSpeechSyncRequest(), VoiceId=voice_id, Text="Hello."))
    assert sdk.UpdateVoice(ask(vod.UpdateVoiceRequest(), **fields)).Voice.Name == "changed"


def test_trtc_streams_speech_for_its_own_sdk(sandbox: Sandbox) -> None:
    sdk = client(TrtcClient, sandbox, region="ap-singapore")
    made = cloned(sdk, "sdk_sse")
    wish = {"SdkAppId": 1466000000, "Text": TEXT, "Voice": {"VoiceId": made.VoiceId}}
    events = [
        json.loads(event["data"])
        for event in sdk.TextToSpeechSSE(ask(trtc.TextToSpeechSSERequest(), **wish))
    ]
    assert len(events) > 2
    assert [event["Seq"] for event in events] == list(range(len(events)))
    assert [event["IsEnd"] for event in events] == [False] * (len(events) - 1) + [True]
    sound = b"".join(base64.b64decode(event["Audio"]) for event in events)
    whole = sdk.TextToSpeech(ask(trtc.TextToSpeechRequest(), **wish))
    assert sound == base64.b64decode(whole.Audio)
    with pytest.raises(TencentCloudSDKException) as unknown:
        sdk.TextToSpeechSSE(
            ask(trtc.TextToSpeechSSERequest(), **{**wish, "Voice": {"VoiceId": "fake"}})
        )
    assert unknown.value.get_code() == "InvalidParameter.VoiceId"
