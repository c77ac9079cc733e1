"""The emulated DashScope: every check it makes, asked by plain httpx and by no code of ours."""

import asyncio
import base64
import json
import re

import httpx
import numpy as np
import pytest

from voicelab.audio.clip import decode
from voicelab.emulators._dashscope_rates import Rates
from voicelab.emulators.base import Fault, No
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.serve import serve

CUSTOMIZATION = "/api/v1/services/audio/tts/customization"
SPEECH = "/api/v1/services/audio/tts/SpeechSynthesizer"
GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"
YEAR_S = 365 * 86_400
COSYVOICE = {
    "model": "voice-enrollment",
    "input": {
        "action": "create_voice",
        "target_model": "cosyvoice-v3.5-plus",
        "voice_prompt": "A calm, deep male narrator.",
        "preview_text": "Good evening to everyone.",
        "prefix": "lab01",
        "language_hints": ["en"],
    },
    "parameters": {"sample_rate": 24000, "response_format": "wav"},
}
QWEN = {
    "model": "qwen-voice-design",
    "input": {
        "action": "create",
        "target_model": "qwen3-tts-vd-2026-01-26",
        "voice_prompt": "A calm, deep male narrator.",
        "preview_text": "Good evening to everyone.",
        "preferred_name": "lab_01",
        "language": "en",
    },
    "parameters": {"sample_rate": 24000, "response_format": "wav"},
}


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def served():
    with serve([DashScopeEmulator(clock=Clock(), requests_per_minute=100_000)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    emulator = served["dashscope"]
    emulator.ledger.calls.clear()
    emulator.voices.clear()
    emulator.balance, emulator.free_creates, emulator.slots = 100.0, 10, 1000
    emulator.qwen_retired = False
    return emulator


@pytest.fixture
def client(served, emulator):
    headers = {"Authorization": f"Bearer {emulator.api_key}"}
    with httpx.Client(
        base_url=served.base_url["dashscope"], headers=headers, trust_env=False, timeout=20
    ) as client:
        yield client


def create(client, body, **changes):
    fields = {k: v for k, v in {**body["input"], **changes}.items() if v is not ...}
    content = json.dumps({**body, "input": fields})  # escaped, so that half a character can go
    return client.post(CUSTOMIZATION, content=content, headers={"Content-Type": "application/json"})


def ask(client, model, action, **fields):
    # The official client sends its parameters along with every action.
    body = {"model": model, "input": {"action": action, **fields}, "parameters": {"x": 1}}
    return client.post(CUSTOMIZATION, json=body)


def refusal(response):
    assert response.status_code >= 400
    told = response.json()
    assert list(told) == ["code", "message", "request_id"]
    return response.status_code, told["code"], told["message"]


def made(client, emulator, body, **changes):
    output = create(client, body, **changes).json()["output"]
    emulator.clock.now += emulator.review_s
    return output.get("voice_id") or output["voice"]


def test_a_good_cosyvoice_call_is_answered_as_the_vendors_page_shows(client, emulator):
    answer = create(client, COSYVOICE).json()
    assert answer.keys() == {"output", "usage", "request_id"}
    assert answer["usage"] == {"count": 1}
    output = answer["output"]
    assert output.keys() == {"preview_audio", "target_model", "voice_id"}
    assert output["target_model"] == "cosyvoice-v3.5-plus"
    assert re.fullmatch(r"cosyvoice-v3\.5-plus-vd-lab01-[0-9a-f]{32}", output["voice_id"])
    assert output["preview_audio"]["sample_rate"] == 24000
    assert output["preview_audio"]["response_format"] == "wav"
    assert emulator.ledger.charged == 0


def test_a_good_qwen_call_is_answered_as_the_vendors_page_shows(client, emulator):
    output = create(client, QWEN).json()["output"]
    assert output.keys() == {"preview_audio", "target_model", "voice"}
    assert re.fullmatch(r"qwen-tts-vd-lab_01-voice-\d{17}-[0-9a-f]{4}", output["voice"])
    assert output["voice"] in emulator.voices


@pytest.mark.parametrize("body", [COSYVOICE, QWEN], ids=["cosyvoice", "qwen"])
@pytest.mark.parametrize("format", ["wav", "mp3", "pcm"])
@pytest.mark.parametrize("rate", [16000, 24000, 48000])
def test_the_trial_audio_is_speech_in_the_wanted_form(body, format, rate, client):
    wanted = {"sample_rate": rate, "response_format": format}
    answer = client.post(CUSTOMIZATION, json={**body, "parameters": wanted}).json()
    data = base64.b64decode(answer["output"]["preview_audio"]["data"], validate=True)
    clip = decode(data, pcm_rate=rate if format == "pcm" else None)
    assert (clip.format, clip.sr, clip.channels) == (format, rate, 1)
    assert 0.8 < clip.duration_s < 5
    assert abs(clip.y).max() > 0.05


def test_without_parameters_it_is_wav_at_24_khz_and_two_voices_differ(client):
    bare = {"model": QWEN["model"], "input": QWEN["input"]}
    data = {
        client.post(CUSTOMIZATION, json=bare).json()["output"]["preview_audio"]["data"]
        for _ in range(3)
    }
    assert len(data) == 3
    clip = decode(base64.b64decode(data.pop()))
    assert (clip.format, clip.sr) == ("wav", 24000)


def test_a_null_url_beside_a_prompt_is_a_design_and_unknown_fields_are_let_pass(client):
    assert create(client, COSYVOICE, url=None, something_new=[1]).status_code == 200


def test_a_qwen_audio_voice_comes_without_the_target_model_as_was_seen_live(client):
    output = create(client, COSYVOICE, target_model="qwen-audio-3.0-tts-plus").json()["output"]
    assert output.keys() == {"preview_audio", "voice_id"}


@pytest.mark.parametrize(
    ("body", "changes", "named"),
    [
        (COSYVOICE, {"voice_prompt": ...}, "voice_prompt"),
        (COSYVOICE, {"voice_prompt": " "}, "voice_prompt"),
        (COSYVOICE, {"voice_prompt": 7}, "voice_prompt"),
        (COSYVOICE, {"voice_prompt": "a" * 501}, "at most 500 characters, current: 501"),
        (COSYVOICE, {"voice_prompt": "Спокойный голос"}, "Chinese and English"),
        (COSYVOICE, {"preview_text": ...}, "preview_text"),
        (COSYVOICE, {"preview_text": "a" * 201}, "at most 200"),
        (COSYVOICE, {"preview_text": "你好，世界。"}, "language_hints en"),
        (COSYVOICE, {"preview_text": "你好", "language_hints": ["de"]}, "language_hints"),
        (COSYVOICE, {"language_hints": "en"}, "an array is required"),
        (COSYVOICE, {"language_hints": []}, "an array is required"),
        (COSYVOICE, {"language_hints": ..., "preview_text": "Добрый вечер"}, "preview_text"),
        (COSYVOICE, {"prefix": ...}, "prefix"),
        (COSYVOICE, {"prefix": "with_under"}, "prefix"),
        (COSYVOICE, {"prefix": "elevenchars"}, "prefix"),
        (COSYVOICE, {"target_model": ...}, "target_model"),
        (COSYVOICE, {"target_model": "qwen3-tts-vd-2026-01-26"}, "target_model"),
        (COSYVOICE, {"target_model": ["a"]}, "target_model"),
        (COSYVOICE, {"url": "https://example.org/a.wav"}, "url"),
        (COSYVOICE, {"action": "create"}, "action"),
        (COSYVOICE, {"action": ["create_voice"]}, "action"),
        (COSYVOICE, {"action": ...}, "action"),
        (QWEN, {"voice_prompt": "a" * 2049}, "at most 2048"),
        (QWEN, {"preview_text": "a" * 1025}, "at most 1024"),
        (QWEN, {"preferred_name": "with-dash"}, "preferred_name"),
        (QWEN, {"preferred_name": "s" * 17}, "preferred_name"),
        (QWEN, {"language": ["en"]}, "language"),
        (QWEN, {"language": "th"}, "language"),
        (QWEN, {"language": "ja"}, "language ja"),
        (QWEN, {"preview_text": "Hello \ud800"}, "not valid text"),
        (QWEN, {"preview_text": "… — !"}, "language not supported"),
        (QWEN, {"action": "create_voice"}, "action"),
    ],
)
def test_a_bad_field_is_refused_and_named(body, changes, named, client, emulator):
    status, code, message = refusal(create(client, body, **changes))
    assert (status, code) == (400, "InvalidParameter")
    assert named in message
    assert not emulator.voices
    assert emulator.ledger.calls[-1].code == code


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (COSYVOICE, {"sample_rate": 8000}),
        (COSYVOICE, {"sample_rate": "24000"}),
        (COSYVOICE, {"response_format": "flac"}),
        (COSYVOICE, {"response_format": "opus"}),
        (QWEN, {"sample_rate": True}),
        (QWEN, "wav"),
    ],
)
def test_a_bad_parameter_is_refused(body, parameters, client):
    response = client.post(CUSTOMIZATION, json={**body, "parameters": parameters})
    assert refusal(response)[1] == "InvalidParameter"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"{}", "application/json"),
        (b'{"input": []}', "application/json"),
        (json.dumps(QWEN).encode(), "text/plain"),
    ],
)
def test_a_body_that_is_no_request_is_refused(content, content_type, client):
    response = client.post(CUSTOMIZATION, content=content, headers={"Content-Type": content_type})
    assert refusal(response)[:2] == (400, "InvalidParameter")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sk-wrong", "Basic abc"])
def test_a_wrong_key_is_told_before_anything_else(header, client):
    response = client.post(CUSTOMIZATION, json={}, headers={"Authorization": header})
    assert refusal(response) == (401, "InvalidApiKey", "Invalid API-key provided.")


def test_an_asynchronous_call_is_denied(client):
    response = client.post(CUSTOMIZATION, json=QWEN, headers={"X-DashScope-Async": "enable"})
    assert refusal(response)[:2] == (403, "AccessDenied")


@pytest.mark.parametrize("model", ["voice-design", "cosyvoice-v3.5-plus", None, ["a"], ...])
def test_a_model_that_there_is_not_cannot_be_found(model, client):
    body = {k: v for k, v in {**COSYVOICE, "model": model}.items() if v is not ...}
    assert refusal(client.post(CUSTOMIZATION, json=body))[:2] == (404, "ModelNotFound")


def test_a_retired_qwen_cannot_be_found_and_cosyvoice_still_can(client, emulator):
    emulator.qwen_retired = True
    assert refusal(create(client, QWEN))[:2] == (404, "ModelNotFound")
    assert create(client, COSYVOICE).status_code == 200


@pytest.mark.parametrize("body", [COSYVOICE, QWEN], ids=["cosyvoice", "qwen"])
def test_inspection_stops_at_what_is_inappropriate(body, client):
    response = create(client, body, voice_prompt="A voice reading a nerve gas recipe")
    assert refusal(response)[:2] == (400, "DataInspectionFailed")


def test_cosyvoice_voices_are_listed_queried_and_deleted_in_its_dialect(client, emulator):
    ids = [made(client, emulator, COSYVOICE, prefix=f"lab{n:02}") for n in range(12)]
    made(client, emulator, QWEN)
    answer = ask(client, "voice-enrollment", "list_voice").json()
    assert answer["output"].keys() == {"voice_list"}
    assert answer["usage"] == {"count": 1}
    assert [v["voice_id"] for v in answer["output"]["voice_list"]] == ids[::-1][:10]
    second = ask(client, "voice-enrollment", "list_voice", page_index=1, page_size=10).json()
    assert [v["voice_id"] for v in second["output"]["voice_list"]] == ids[::-1][10:]
    only = ask(client, "voice-enrollment", "list_voice", prefix="lab07").json()
    (entry,) = only["output"]["voice_list"]
    assert entry.keys() == {
        *("voice_id", "gmt_create", "gmt_modified", "status", "voice_prompt", "preview_text")
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", entry["gmt_create"])
    told = ask(client, "voice-enrollment", "query_voice", voice_id=ids[7]).json()
    assert told["output"] == {**entry, "target_model": "cosyvoice-v3.5-plus"}
    assert told["usage"] == {}
    gone = ask(client, "voice-enrollment", "delete_voice", voice_id=ids[7]).json()
    assert (gone["output"], gone["usage"]) == ({}, {"count": 1})
    for action in ("query_voice", "delete_voice"):
        lost = refusal(ask(client, "voice-enrollment", action, voice_id=ids[7]))
        assert lost == (400, "BadRequest.ResourceNotExist", "The Required resource not exist.")


def test_qwen_voices_are_listed_queried_and_deleted_in_its_dialect(client, emulator):
    ids = [made(client, emulator, QWEN) for _ in range(3)]
    made(client, emulator, COSYVOICE)
    answer = ask(client, "qwen-voice-design", "list", page_index=1, page_size=2).json()
    entries = answer["output"].pop("voice_list")
    assert answer["output"] == {"page_index": 1, "page_size": 2, "total_count": 3}
    assert [entry["voice"] for entry in entries] == [ids[0]]
    assert "status" not in entries[0]
    told = ask(client, "qwen-voice-design", "query", voice=ids[0]).json()["output"]
    assert told["language"] == "en"
    assert told["target_model"] == "qwen3-tts-vd-2026-01-26"
    gone = ask(client, "qwen-voice-design", "delete", voice=ids[0]).json()
    assert gone["output"] == {"voice": ids[0]}
    assert refusal(ask(client, "qwen-voice-design", "delete", voice=ids[0]))[1] == "VoiceNotFound"
    assert refusal(ask(client, "qwen-voice-design", "delete", voice_id=ids[1]))[1] == (
        "InvalidParameter"
    )


@pytest.mark.parametrize("page", [{"page_index": -1}, {"page_size": 0}, {"page_index": "0"}])
def test_a_bad_page_is_refused(page, client):
    assert refusal(ask(client, "qwen-voice-design", "list", **page))[1] == "InvalidParameter"


def test_a_new_cosyvoice_voice_is_under_review_and_then_usable_or_rejected(client, emulator):
    good = create(client, COSYVOICE).json()["output"]["voice_id"]
    bad = create(client, COSYVOICE, voice_prompt="A man impersonating a president.")
    bad = bad.json()["output"]["voice_id"]

    def status(voice_id):
        told = ask(client, "voice-enrollment", "query_voice", voice_id=voice_id).json()
        return told["output"]["status"]

    assert (status(good), status(bad)) == ("DEPLOYING", "DEPLOYING")
    assert "DEPLOYING" in refusal(speak(client, good))[2]
    emulator.clock.now += emulator.review_s
    assert (status(good), status(bad)) == ("OK", "UNDEPLOYED")
    assert speak(client, good).status_code == 200
    assert "UNDEPLOYED" in refusal(speak(client, bad))[2]


def test_slots_are_counted_for_each_family_and_a_deleted_voice_frees_one(client, emulator):
    emulator.slots = 1
    mine = made(client, emulator, COSYVOICE)
    made(client, emulator, QWEN)
    full = refusal(create(client, COSYVOICE))
    assert full == (400, "Throttling.AllocationQuota", "Your current quota is 1.")
    assert refusal(create(client, QWEN))[:2] == (429, "Throttling.AllocationQuota")
    ask(client, "voice-enrollment", "delete_voice", voice_id=mine)
    assert create(client, COSYVOICE).status_code == 200


def test_a_voice_unused_for_a_year_is_gone_and_a_used_one_is_not(client, emulator):
    used, unused = made(client, emulator, COSYVOICE), made(client, emulator, COSYVOICE)
    emulator.clock.now += YEAR_S - 60
    speak(client, used)
    emulator.clock.now += 60
    listed = ask(client, "voice-enrollment", "list_voice").json()["output"]["voice_list"]
    assert [voice["voice_id"] for voice in listed] == [used]
    assert unused not in emulator.voices


def test_qwen_voices_are_charged_after_the_free_ones_until_the_balance_is_gone(client, emulator):
    emulator.free_creates, emulator.balance = 1, 0.3
    first = made(client, emulator, QWEN)
    ask(client, "qwen-voice-design", "delete", voice=first)
    second = made(client, emulator, QWEN)
    assert (emulator.ledger.bought(first), emulator.ledger.bought(second)) == (0, 1)
    assert emulator.ledger.charged == pytest.approx(0.2)
    assert refusal(create(client, QWEN))[:2] == (400, "Arrearage")
    assert create(client, COSYVOICE).status_code == 200


@pytest.fixture
def limited():
    """Serve an account that may ask each model a hundred times a minute, on a clock of its own."""
    clock = Clock()
    with serve([DashScopeEmulator(clock=clock, requests_per_minute=100)]) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.environ['DASHSCOPE_API_KEY']}"}
        with httpx.Client(
            base_url=sandbox.base_url["dashscope"], headers=headers, trust_env=False
        ) as client:
            yield client, clock


def test_more_of_one_model_than_its_share_of_a_second_is_a_burst(limited):
    client, clock = limited
    found = [ask(client, "voice-enrollment", "list_voice") for _ in range(20)]
    assert [response.status_code for response in found] == [200] * 2 + [429] * 18
    status, code, message = refusal(found[-1])
    assert (status, code) == (429, "Throttling.BurstRate")
    assert message.startswith("Request rate increased too quickly.")
    assert ask(client, "qwen-voice-design", "list").status_code == 200
    clock.now += 1
    assert ask(client, "voice-enrollment", "list_voice").status_code == 200


def test_requests_of_one_model_are_limited_in_a_minute(limited):
    client, clock = limited
    for _ in range(50):
        for _ in range(2):
            assert ask(client, "voice-enrollment", "list_voice").status_code == 200
        clock.now += 1
    late = ask(client, "voice-enrollment", "list_voice")
    assert refusal(late) == (
        *(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    )
    assert ask(client, "qwen-voice-design", "list").status_code == 200
    clock.now += 10
    assert ask(client, "voice-enrollment", "list_voice").status_code == 200


def test_one_design_after_the_other_waits_and_a_rush_of_them_is_refused():
    with serve([DashScopeEmulator(requests_per_minute=60)]) as sandbox:
        headers = {"Authorization": f"Bearer {sandbox.environ['DASHSCOPE_API_KEY']}"}

        async def rush():
            async with httpx.AsyncClient(
                base_url=sandbox.base_url["dashscope"],
                headers=headers,
                trust_env=False,
                timeout=60,
            ) as client:
                one_by_one = [await client.post(CUSTOMIZATION, json=COSYVOICE) for _ in range(3)]
                at_once = [client.post(CUSTOMIZATION, json=COSYVOICE) for _ in range(12)]
                return one_by_one, await asyncio.gather(*at_once)

        one_by_one, at_once = asyncio.run(rush())
        assert [response.status_code for response in one_by_one] == [200] * 3
        refused = [refusal(response)[1] for response in at_once if response.status_code == 429]
        assert set(refused) == {"Throttling.BurstRate"}
        assert len(refused) >= 6


def test_the_vendors_own_rates_are_kept_where_none_is_given():
    rates = Rates(None)
    for model, most in (("cosyvoice-v3-flash", 20), ("cosyvoice-v3.5-plus", 3)):
        for _ in range(most):
            rates.count(model, 0.0)
        with pytest.raises(No, match="BurstRate"):
            rates.count(model, 0.999)
        rates.count(model, 1.0)


def speak(client, voice, **fields):
    wish = {"text": "Another text altogether.", "voice": voice, **fields}
    return client.post(SPEECH, json={"model": "cosyvoice-v3.5-plus", "input": wish})


def generate(client, voice, **fields):
    wish = {"text": "Another text altogether.", "voice": voice, **fields}
    body = {"model": "qwen3-tts-vd-2026-01-26", "input": wish, "parameters": {"stream": False}}
    return client.post(GENERATION, json=body)


def test_speech_comes_as_a_link_that_wants_no_key_and_takes_none(client, emulator):
    answer = speak(client, made(client, emulator, COSYVOICE), format="wav").json()
    audio = answer["output"]["audio"]
    assert answer["output"]["finish_reason"] == "stop"
    assert answer["usage"] == {"characters": 24}
    assert audio["data"] == ""
    assert audio["expires_at"] == round(emulator.clock.now + 86_400)
    assert decode(httpx.get(audio["url"], trust_env=False).content).sr == 22050
    assert "auth mechanism" in client.get(audio["url"]).text
    unsigned = httpx.get(audio["url"].partition("?")[0], trust_env=False)
    assert (unsigned.status_code, "SignatureDoesNotMatch" in unsigned.text) == (403, True)
    assert httpx.get(audio["url"].replace(".wav", "0.wav"), trust_env=False).status_code == 404
    emulator.clock.now += 86_400
    late = httpx.get(audio["url"], trust_env=False)
    assert (late.status_code, "expired" in late.text) == (403, True)
    assert late.headers["content-type"] == "application/xml"


def test_a_qwen_answer_has_an_empty_code_and_24_khz_speech(client, emulator):
    answer = generate(client, made(client, emulator, QWEN), language_type="English").json()
    assert (answer["status_code"], answer["code"], answer["message"]) == (200, "", "")
    sound = httpx.get(answer["output"]["audio"]["url"], trust_env=False).content
    assert (decode(sound).format, decode(sound).sr) == ("wav", 24000)
    assert emulator.ledger.of("speak")[0].charged == pytest.approx(24 * 0.115e-4)


def test_pace_and_level_of_speech_are_as_wanted(client, emulator):
    voice = made(client, emulator, COSYVOICE)

    def spoken(**how):
        url = speak(client, voice, format="wav", **how).json()["output"]["audio"]["url"]
        return decode(httpx.get(url, trust_env=False).content)

    plain, slow, soft = spoken(), spoken(rate=0.5), spoken(volume=25)
    assert slow.duration_s > 1.3 * plain.duration_s
    assert abs(soft.y).max() == pytest.approx(abs(plain.y).max() / 2, rel=0.05)


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "a" * 20_001},
        {"format": "flac"},
        {"bit_rate": 5},
        {"sample_rate": 32000},
        {"volume": 101},
        {"rate": 2.1},
        {"pitch": "1"},
        {"seed": -1},
        {"instruction": "a" * 129},
    ],
)
def test_a_bad_field_of_speech_is_refused(fields, client, emulator):
    voice = made(client, emulator, COSYVOICE)
    assert refusal(speak(client, voice, **fields))[:2] == (400, "InvalidParameter")
    assert emulator.ledger.charged == 0


def test_a_voice_speaks_with_its_own_model_only(client, emulator):
    flash = made(client, emulator, COSYVOICE, target_model="cosyvoice-v3.5-flash")
    told = refusal(speak(client, flash))
    assert told == (400, "invalid_value", f"The requested voice '{flash}' is not supported.")
    qwen = made(client, emulator, QWEN)
    assert refusal(speak(client, qwen))[1] == "invalid_value"
    assert refusal(generate(client, flash))[1] == "invalid_value"
    assert refusal(generate(client, qwen, text="a" * 601))[1] == "InvalidParameter"
    assert refusal(generate(client, qwen, language_type="en"))[1] == "InvalidParameter"
    realtime = {"model": "qwen3-tts-vd-realtime-2026-01-15", "input": {"text": "a", "voice": "b"}}
    assert refusal(client.post(GENERATION, json=realtime))[1] == "ModelNotFound"


def test_faults_are_named_and_wait_for_each_call_by_its_action(client, emulator):
    assert emulator.endpoints == {
        *("design", "list", "query", "delete", "customization", "speak", "fetch")
    }
    emulator.faults.add("list", emulator.named_faults["throttle"])
    emulator.faults.add("design", Fault(code="InternalError", status=500))
    assert create(client, COSYVOICE).status_code == 500
    assert create(client, COSYVOICE).status_code == 200
    assert refusal(ask(client, "qwen-voice-design", "list"))[1] == "Throttling.RateQuota"
    emulator.faults.add("design", emulator.named_faults["retired-model"])
    assert refusal(create(client, QWEN))[:2] == (404, "ModelNotFound")


def test_opus_comes_where_the_vendor_has_it(client, emulator):
    wanted = {"sample_rate": 24000, "response_format": "opus"}
    output = client.post(CUSTOMIZATION, json={**QWEN, "parameters": wanted}).json()["output"]
    assert output["preview_audio"]["response_format"] == "opus"
    trial_audio = decode(base64.b64decode(output["preview_audio"]["data"]))
    assert (trial_audio.format, trial_audio.sr) == ("opus", 24000)
    voice = made(client, emulator, COSYVOICE)
    for rate, written in ((22050, 24000), (8000, 8000), (48000, 48000)):
        answer = speak(client, voice, format="opus", sample_rate=rate, bit_rate=64).json()
        reply = httpx.get(answer["output"]["audio"]["url"], trust_env=False)
        assert reply.headers["content-type"] == "audio/ogg"
        clip = decode(reply.content)
        assert (clip.format, clip.sr) == ("opus", written)
        assert clip.duration_s > 0.5


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", CUSTOMIZATION, (400, "InvalidParameter", "Request method 'GET' is not supported.")),
        ("PUT", SPEECH, (400, "InvalidParameter", "Request method 'PUT' is not supported.")),
        ("POST", "/compatible-mode/v1/audio", (404, "NotFound", "Request path not found.")),
        ("POST", f"{CUSTOMIZATION}/", (404, "NotFound", "Request path not found.")),
        ("GET", "/", (404, "NotFound", "Request path not found.")),
    ],
)
def test_other_methods_and_addresses_are_refused_in_the_vendors_form(method, path, told, client):
    response = client.request(method, path)
    assert refusal(response) == told
    assert re.fullmatch(r"[0-9a-f]{32}", response.json()["request_id"])
    assert response.headers["x-voicelab-emulator"] == "dashscope"


def test_an_emulator_that_breaks_says_so_in_the_vendors_form(client, emulator):
    emulator.faults.add("list", Fault(damage=lambda answer: answer["no such field"]))
    assert refusal(ask(client, "voice-enrollment", "list_voice"))[:2] == (500, "InternalError")


def test_the_ledger_tells_what_was_paid_for_and_in_which_money(client, emulator):
    emulator.free_creates = 0
    voice = made(client, emulator, QWEN)
    generate(client, voice)
    found = [(c.unit, c.currency) for c in emulator.ledger.calls]
    assert found == [("voice", "USD"), ("character", "USD")]
    total = httpx.get(client.base_url.join("/_sandbox/ledger/total"), trust_env=False).json()
    assert total == [{"currency": "USD", "charged": pytest.approx(0.2 + 24 * 0.115e-4), "calls": 2}]


def events(response):
    assert response.headers["content-type"].startswith("text/event-stream")
    frames = response.text.split("\n\n")
    assert frames.pop() == ""
    for number, frame in enumerate(frames, start=1):
        head, data = frame.split("\ndata:")
        assert head == f"id:{number}\nevent:result\n:HTTP_STATUS/200"
        yield json.loads(data)


def heard(events):
    return b"".join(base64.b64decode(event["output"]["audio"]["data"]) for event in events)


def test_a_cosyvoice_stream_is_a_sentence_in_parts_and_then_the_link(client, emulator):
    voice = made(client, emulator, COSYVOICE)
    client.headers["X-DashScope-SSE"] = "enable"
    first, *parts, end, last = events(speak(client, voice, format="wav"))
    assert (first["output"]["type"], end["output"]["type"]) == ("sentence-begin", "sentence-end")
    assert {part["output"]["type"] for part in parts} == {"sentence-synthesis"}
    assert first["output"]["original_text"] == "Another text altogether."
    assert len(parts) > 3
    assert last["output"]["finish_reason"] == "stop"
    assert last["usage"] == {"characters": 24}
    whole = httpx.get(last["output"]["audio"]["url"], trust_env=False).content
    assert heard(parts) == whole
    assert len({event["request_id"] for event in (first, *parts, end, last)}) == 1


def test_a_qwen_stream_is_bare_samples_and_then_the_link(client, emulator):
    voice = made(client, emulator, QWEN)
    client.headers["X-DashScope-SSE"] = "enable"
    *parts, last = events(generate(client, voice))
    assert {part["output"]["finish_reason"] for part in parts} == {"null"}
    assert last["output"]["finish_reason"] == "stop"
    whole = decode(httpx.get(last["output"]["audio"]["url"], trust_env=False).content)
    assert np.array_equal(decode(heard(parts), pcm_rate=24000).y, whole.y)


def test_a_no_to_a_stream_is_no_stream(client, emulator):
    voice = made(client, emulator, COSYVOICE)
    client.headers["X-DashScope-SSE"] = "enable"
    assert refusal(speak(client, voice, text=""))[1] == "InvalidParameter"
