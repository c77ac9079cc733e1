"""Every request a provider sends, held against the vendor's table of parameters."""

import asyncio
import json
import re

import pytest
from jsonschema import Draft202012Validator
from provider_helpers import Wire, make_trial, submit
from vendor_pages import SERVICES, VENDORS, calls

from voicelab.errors import InDoubt
from voicelab.providers import PROVIDERS, provider
from voicelab.providers.base import Speaker, VoiceShelf

PAGE_OF = {
    "minimax": "minimax",
    "dashscope-cosyvoice": "dashscope",
    "dashscope-qwen": "dashscope",
    "tencent-mps": "tencent_mps",
    "tencent-vod": "tencent_vod",
    "tencent-vod-design": "tencent_vod",
    "tencent-trtc": "tencent_trtc",
}
OPTIONS = {
    "minimax": {"aigc_watermark": True},
    "dashscope-cosyvoice": {"sample_rate": 48000, "response_format": "mp3"},
    "dashscope-qwen": {"preferred_name": "narrator_1"},
    "tencent-mps": {"VoiceProfile": {"Gender": "male", "Languages": ["en"]}, "ExtParam": "{}"},
    "tencent-vod": {"TasksPriority": -10, "DisableModeration": "True", "SessionContext": "c"},
    "tencent-vod-design": {"VoiceSettings": {"Age": "youth"}, "SessionContext": "c"},
    "tencent-trtc": {
        "Model": "flow_01_ex",
        "Language": "en",
        "Voice": {"Speed": 1.5, "Pitch": -2},
        "AlignmentMode": 1,
    },
}
every_wire_provider = pytest.mark.parametrize("name", PAGE_OF)


def everything_sent(name):
    """Let a provider do all it can do once, and return the requests that left."""
    made, wire = provider(name), Wire()
    for options in ({}, OPTIONS[name]):
        trial = make_trial(name, language="en-US", options=options)
        voice = submit(made, trial, wire)
        try:
            asyncio.run(made.settle(trial, wire))
        except InDoubt:
            assert name.startswith("dashscope")  # it finds the voice and cannot have its sound
    if isinstance(made, Speaker):
        kept = make_trial(name, language="en-US", voice_id=voice.voice_id, reference=None)
        asyncio.run(made.speak(kept, wire))
    if isinstance(made, VoiceShelf):
        asyncio.run(made.shelf(wire))
        asyncio.run(made.drop(voice.voice_id, wire))
    return [sent for sent in wire.sent if sent.method == "POST"]


def call_of(sent, body):
    """Return the name of the call, by what the vendor itself tells its calls apart by."""
    if "X-TC-Action" in sent.headers:
        return sent.headers["X-TC-Action"]
    if "action" in body.get("input", {}):
        return f"{body['model']} {body['input']['action']}"
    return sent.url.path.rpartition("/")[2]


@every_wire_provider
def test_every_request_is_as_its_page_has_it(name, sandbox):
    pages, seen = calls(PAGE_OF[name]), set()
    product = SERVICES.get(PAGE_OF[name])
    authorization = (
        f"TC3-HMAC-SHA256 Credential=.+/{product}/tc3_request, " if product else "Bearer "
    )
    for sent in everything_sent(name):
        body = json.loads(sent.content)
        call = call_of(sent, body)
        Draft202012Validator(pages[call]["request"]).validate(body)
        assert sent.url.path == pages[call].get("path", "/")
        assert sent.headers["Content-Type"] == "application/json"
        assert re.match(authorization, sent.headers["Authorization"])
        for header, value in pages[call]["headers"].items():
            assert sent.headers.get(header) == value, header
        seen.add(call)
    assert seen == expected(name)


def expected(name):
    """Return every call of the vendor's pages that is this provider's."""
    model = {"dashscope-cosyvoice": "voice-enrollment", "dashscope-qwen": "qwen-voice-design"}
    speech = {"dashscope-cosyvoice": "SpeechSynthesizer", "dashscope-qwen": "generation"}
    every = set(calls(PAGE_OF[name]))
    if name in model:
        return {c for c in every if c.startswith(f"{model[name]} ")} | {speech[name]}
    shared = {"DescribeTaskDetail", "DescribeTasks"}
    if name == "tencent-vod":
        return {"CreateAigcCustomVoice"} | shared
    return every - {"CreateAigcCustomVoice"}


def test_the_pages_of_every_wire_provider_are_there():
    assert sorted(PAGE_OF) == sorted(set(PROVIDERS) - {"local"}) == sorted(OPTIONS)
    assert set(PAGE_OF.values()) == set(VENDORS)
