"""Every example of the vendors' pages, sent as it stands: it gets the answer of its page."""

import base64
import json
import re

import httpx
import pytest
import tc3_by_hand
from vendor_pages import SERVICES, VENDORS, calls, examples

from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.audio.reference import prepare
from voicelab.emulators.serve import serve

TENCENT = sorted(SERVICES)
SAID = "On a stormy night, the ancient bell tower struck twelve. "


@pytest.fixture
def sandbox():
    with serve() as sandbox:
        yield sandbox


def send(sandbox, vendor, call, request):
    """Send a request, written as the pages write theirs; return the answer."""
    page, name = calls(vendor)[call], vendor.replace("_", "-")
    known = sandbox.credentials[{"dashscope": "dashscope-cosyvoice"}.get(name, name)]
    content = json.dumps(request, indent=4, ensure_ascii=False).encode()
    url = known["base_url"].removesuffix("/api/v1")
    if vendor in SERVICES:
        headers = tc3_by_hand.headers(
            sandbox[name],
            url,
            content,
            action=call,
            service=SERVICES[vendor],
            version=page["headers"]["X-TC-Version"],
            region=page["headers"]["X-TC-Region"],
        )
    else:
        bearer = f"Bearer {known['api_key']}"
        headers = {"Authorization": bearer, "Content-Type": "application/json"}
    reply = httpx.post(
        url + page.get("path", "/"), content=content, headers=headers, trust_env=False, timeout=30
    )
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    return reply.json()


def shape(value):
    """Return the keys of an answer, all the way down, and the JSON type of what they hold."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def texts(value):
    """Yield every text of an answer by its key, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield name, inner
            yield from texts(inner)
    if isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def require_as_on_the_page(answer, example, ids):
    assert shape(answer) == shape(example["response"])
    found = dict(texts(answer))
    for name, pattern in ids.items():
        matched = re.fullmatch(pattern, found[name])
        assert matched, f"{name} is {found[name]!r:.80}"
        for same, value in matched.groupdict().items():
            assert found[same] == value


def cases(vendors):
    return [
        pytest.param(vendor, call, example, id=f"{vendor}-{example['title']}")
        for vendor in vendors
        for call in calls(vendor)
        for example in examples(vendor, call)
        if "refused" not in example
    ]


@pytest.mark.parametrize(("vendor", "call", "example"), cases([*TENCENT, "minimax"]))
def test_an_example_of_a_page_gets_the_answer_of_the_page(vendor, call, example, sandbox):
    answer = send(sandbox, vendor, call, example["request"])
    require_as_on_the_page(answer, example, calls(vendor)[call]["ids"])
    said = answer.get("Response") or answer["base_resp"]
    fixed = {"ErrorCode": 0, "Msg": "success", "status_code": 0, "status_msg": "success"}
    assert {name: said[name] for name in fixed if name in said}.items() <= fixed.items()


def test_the_clone_of_the_page_is_no_recording_and_with_one_gets_the_answer_of_the_page(sandbox):
    (example,) = examples("tencent_trtc", "VoiceClone")
    refused = send(sandbox, "tencent_trtc", "VoiceClone", example["request"])["Response"]
    assert refused["Error"]["Code"] == "InvalidParameter.AudioPrompt"
    assert shape(refused) == {"Error": {"Code": "str", "Message": "str"}, "RequestId": "str"}
    recording = prepare(speak(SAID * 5, VoiceParameters()).wav, min_s=10, max_s=180).wav
    audio = {"PromptAudio": base64.b64encode(recording).decode()}
    answer = send(sandbox, "tencent_trtc", "VoiceClone", {**example["request"], **audio})
    require_as_on_the_page(answer, example, calls("tencent_trtc")["VoiceClone"]["ids"])


@pytest.mark.parametrize(
    ("model", "id_field"), [("voice-enrollment", "voice_id"), ("qwen-voice-design", "voice")]
)
def test_a_voice_is_made_listed_shown_and_deleted_as_the_pages_show_it(model, id_field, sandbox):
    fields = {}
    for call, page in calls("dashscope").items():
        if not call.startswith(f"{model} "):
            continue
        (example,) = page["examples"]
        request = {**example["request"], "input": {**example["request"]["input"], **fields}}
        answer = send(sandbox, "dashscope", call, request)
        require_as_on_the_page(answer, example, page["ids"])
        assert answer["usage"] == example["response"]["usage"]
        there, here = dict(texts(example["response"])), dict(texts(answer))
        same = ("target_model", "voice_prompt", "preview_text", "language", "response_format")
        assert [here.get(name) for name in same] == [there.get(name) for name in same]
        if "list" in call:  # the page's own voice is not there: the one just made is
            fields = {id_field: here[id_field]}
    assert not sandbox["dashscope"].voices


def test_every_page_names_its_source_and_has_an_example():
    assert ["dashscope", "minimax", *TENCENT] == VENDORS
    for vendor in VENDORS:
        found = calls(vendor)
        assert all(page["source"] for page in found.values())
        assert any(page.get("examples") for page in found.values())
