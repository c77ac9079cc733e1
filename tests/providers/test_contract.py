"""What every registered provider owes; being in `PROVIDERS` is what enrols one."""

import ast
import dataclasses
import importlib
import inspect
import itertools
import json
import re

import pytest
from provider_helpers import Wire, make_trial, make_variant, recording, submit

from voicelab.audio.clip import decode
from voicelab.emulators import EMULATORS
from voicelab.emulators.base import Fault
from voicelab.emulators.control import read_fault
from voicelab.emulators.serve import serve
from voicelab.errors import InDoubt, Refused, Throttled, Unreadable, UsageError
from voicelab.model import Reference, Voice, Wants
from voicelab.providers import PROVIDERS, provider
from voicelab.providers.base import Limits, Provider, Speaker

OFFLINE = {"local"}
WIRE = sorted(set(PROVIDERS) - OFFLINE)

# What a vendor refuses, and check() must refuse before it is sent: per wire provider, the changes
# to a good variant and the options.
REFUSED = {
    "minimax": [
        ({"preview_text": "word " * 101}, {}),
        ({"preview_text": "a\u200b\u200b\u200bb"}, {}),
        ({"preview_text": "half \ud800 a pair"}, {}),
        ({"prompt": "half \udfff a pair"}, {}),
        ({"prompt": " ", "reference": Reference(url="https://example.org/a.wav")}, {}),
        ({}, {"voice_id": "short"}),
        ({}, {"voice_id": "9starts-with-a-digit"}),
        ({}, {"voice_id": "ends-with-a-dash-"}),
        ({}, {"voice_id": "has a space in it"}),
        ({}, {"voice_id": "v" * 257}),
        ({}, {"voice_id": 12345678}),
        ({}, {"aigc_watermark": "yes"}),
        ({}, {"aigc_watermark": 1}),
    ],
    "tencent-trtc": [
        ({"preview_text": "a" * 256}, {}),
        ({"preview_text": "字" * 128}, {}),
        ({"language": "English"}, {}),
        ({}, {"SdkAppId": 1}),
        ({}, {"VoiceName": ""}),
        ({}, {"VoiceName": "has-a-dash"}),
        ({}, {"VoiceName": "v" * 37}),
        ({}, {"Model": "flow_99"}),
        ({}, {"Language": "English"}),
        ({}, {"AlignmentMode": 3}),
        ({}, {"Voice": {"Speed": 0.4}}),
        ({}, {"Voice": {"Volume": 11}}),
        ({}, {"Voice": {"Pitch": 0.5}}),
        ({}, {"Voice": {"Pitch": -13}}),
    ],
    "tencent-mps": [
        ({"preview_text": "word " * 101}, {}),
        ({"preview_text": "half \ud800 a pair"}, {}),
        ({"prompt": " ", "reference": Reference(url="https://example.org/a.wav")}, {}),
        ({}, {"VoiceProfile": "male"}),
        ({}, {"VoiceProfile": {"Gender": "Male"}}),
        ({}, {"VoiceProfile": {"Age": 40}}),
        ({}, {"VoiceProfile": {"Languages": ["hu"]}}),
        ({}, {"VoiceProfile": {"Languages": "en"}}),
        ({}, {"VoiceProfile": {"Labels": [1]}}),
        ({}, {"ExtParam": "not json"}),
        ({}, {"ExtParam": {"promptEnhance": True}}),
    ],
    "dashscope-cosyvoice": [
        ({"prompt": "a" * 501}, {}),
        ({"prompt": "Спокойный диктор"}, {}),
        ({"prompt": "half \udfff a pair"}, {"prefix": "a_b"}),
        ({"preview_text": "a" * 201}, {}),
        ({"preview_text": "Добрый вечер."}, {}),
        ({}, {"prefix": "elevenchars"}),
        ({}, {"language_hints": "en"}),
        ({}, {"language_hints": ["de"]}),
        ({}, {"sample_rate": 8000}),
        ({}, {"response_format": "opus"}),
        ({}, {"parameters": {"sample_rate": "24000"}}),
        ({}, {"target_model": "qwen3-tts-vd-2026-01-26"}),
    ],
    "dashscope-qwen": [
        ({"prompt": "a" * 2049}, {}),
        ({"preview_text": "a" * 1025}, {}),
        ({"preview_text": "สวัสดีตอนเย็น"}, {}),
        ({}, {"preferred_name": "with-dash"}),
        ({}, {"preferred_name": "s" * 17}),
        ({}, {"language": "th"}),
        ({}, {"language": ["en"]}),
        ({}, {"sample_rate": 44100}),
        ({}, {"response_format": "flac"}),
        ({}, {"target_model": "cosyvoice-v3.5-plus"}),
    ],
    "tencent-vod": [
        ({"reference": None}, {}),
        ({"reference": Reference(url="recording.wav")}, {}),
        ({"reference": Reference(url="ftp://example.org/a.wav")}, {}),
        ({}, {"VideoId": "also-an-earlier-work"}),
        ({}, {"VoiceName": "v" * 21}),
        ({}, {"VoiceName": 7}),
        ({}, {"TasksPriority": 11}),
        ({}, {"TasksPriority": "1"}),
        ({}, {"DisableModeration": True}),
        ({}, {"SessionContext": "c" * 1001}),
    ],
    "tencent-vod-design": [
        ({"preview_text": "word " * 101}, {}),
        ({"preview_text": "half \ud800 a pair"}, {}),
        ({"prompt": "half \udfff a pair"}, {}),
        ({}, {"VoiceSettings": "male"}),
        ({}, {"VoiceSettings": {"Gender": "Male"}}),
        ({}, {"VoiceSettings": {"Age": 40}}),
        ({}, {"VoiceSettings": {"Languages": ["hu"]}}),
        ({}, {"ExtParam": {"promptEnhance": True}}),
        ({}, {"SessionContext": "c" * 1001}),
    ],
}

# And what both must take.
TAKEN = {
    "minimax": [
        ({"preview_text": "word " * 100}, {}),
        ({"preview_text": "字" * 500}, {}),
        ({"preview_text": "One line.\n\tAnd another, 👍🏽 with a thumb."}, {}),
        ({}, {"voice_id": "v2345678"}),
        ({}, {"voice_id": "v" * 256}),
        ({}, {"aigc_watermark": True}),
    ],
    "tencent-trtc": [
        ({"preview_text": "word " * 51}, {}),
        ({"preview_text": "字" * 127, "language": "zh-CN"}, {}),
        ({"prompt": ""}, {"VoiceName": "v" * 36}),
        ({}, {"Model": "flow_01_ex", "Language": "en", "AlignmentMode": 2}),
        ({}, {"Voice": {"Speed": 2, "Volume": 0.5, "Pitch": -12}}),
        ({}, {"PronunciationDict": [{"Word": "bell", "Pronunciation": "ball"}]}),
    ],
    "tencent-mps": [
        ({"preview_text": "word " * 100}, {}),
        ({"preview_text": "字" * 500}, {}),
        ({"prompt": "long " * 1000}, {}),
        ({}, {"VoiceProfile": {}}),
        ({}, {"VoiceProfile": {"Gender": "male", "Languages": ["hun"], "Scenes": ["解说"]}}),
        ({}, {"ExtParam": '{"promptEnhance": true}'}),
    ],
    "dashscope-cosyvoice": [
        ({"prompt": "a" * 500}, {}),
        ({"preview_text": "word " * 40}, {}),
        ({"preview_text": "字" * 200}, {}),
        ({"prompt": "一位沉稳的男声旁白", "preview_text": "我用 iPhone 打电话。"}, {}),
        ({}, {"prefix": "Narrator10", "language_hints": ["en"]}),
        ({}, {"sample_rate": 48000, "response_format": "mp3"}),
        ({}, {"target_model": "qwen-audio-3.0-tts-plus"}),
    ],
    "dashscope-qwen": [
        ({"prompt": "a" * 2048}, {}),
        ({"preview_text": "word " * 204}, {}),
        ({"preview_text": "Добрый вечер."}, {}),
        ({"preview_text": "こんばんは、皆さん。"}, {}),
        ({"preview_text": "Guten Abend zusammen.", "language": "de-AT"}, {}),
        ({}, {"preferred_name": "narrator_of_16ch", "sample_rate": 8000}),
        ({}, {"target_model": "qwen3-tts-vd-realtime-2026-01-15"}),
    ],
    "tencent-vod": [
        ({"prompt": ""}, {}),
        ({"preview_text": "word " * 1000}, {}),
        ({}, {"VoiceName": "字" * 20, "TasksPriority": -10, "DisableModeration": "False"}),
        ({}, {"SessionContext": "c" * 1000}),
    ],
    "tencent-vod-design": [
        ({"preview_text": "word " * 100}, {}),
        ({"preview_text": "字" * 500}, {}),
        ({"prompt": "long " * 1000}, {}),
        ({}, {"VoiceSettings": {"Gender": "male", "Languages": ["hun"], "Scenes": ["解说"]}}),
        ({}, {"ExtParam": '{"promptEnhance": true}', "SessionContext": "c" * 1000}),
    ],
}

every_provider = pytest.mark.parametrize("name", PROVIDERS)
every_wire_provider = pytest.mark.parametrize("name", WIRE)


def cases(table):
    return [
        pytest.param(name, changes, options, id=f"{name}-{number}")
        for name in table
        for number, (changes, options) in enumerate(table[name])
    ]


def secrets_of(sandbox):
    return [value for name, value in sandbox.environ.items() if re.search("KEY|SECRET|TOKEN", name)]


@every_provider
def test_a_provider_is_registered_under_its_own_name(name, sandbox):
    assert PROVIDERS[name].name == name
    assert provider(name).name == name


@every_provider
def test_a_provider_is_a_frozen_keyword_only_dataclass(name, sandbox):
    made = provider(name)
    assert isinstance(made, Provider)
    assert all(field.kw_only for field in dataclasses.fields(made))
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.base_url = "https://example.org"


@every_provider
def test_limits_and_wants_are_known_without_an_account(name):
    assert isinstance(PROVIDERS[name].published, Limits)
    assert isinstance(PROVIDERS[name].wants, Wants)


@every_provider
def test_a_voice_carries_audio_that_can_be_decoded(name, sandbox):
    voice = submit(provider(name), make_trial(name))
    assert isinstance(voice, Voice)
    assert voice.voice_id
    assert json.loads(json.dumps(voice.evidence, allow_nan=False)) == voice.evidence
    assert decode(voice.audio, pcm_rate=voice.pcm_rate).duration_s > 1


@every_provider
def test_the_same_trial_gives_the_same_requests_in_the_same_order(name, sandbox, monkeypatch):
    trial = make_trial(name)
    first = _asked(provider(name), trial)
    with serve() as another:
        for variable, value in another.environ.items():
            monkeypatch.setenv(variable, value)
        assert _asked(provider(name), trial) == first


def _asked(made, trial):
    """Return what left, once each: how often a task is asked after, and its id, are chance."""
    wire = Wire()
    submit(made, trial, wire)
    asked = [
        (request.step, request.method, (sent.url.raw_path, sent.content) * request.spends)
        for request, sent in zip(wire.requests, wire.sent, strict=True)
    ]
    return [step for step, _ in itertools.groupby(asked)]


@every_provider
def test_emulated_is_told_by_where_requests_go(name, sandbox):
    assert provider(name).emulated is (name in WIRE)


@every_wire_provider
def test_every_spending_request_goes_to_the_vendor_it_is_paid_at(name, sandbox):
    wire = Wire()
    made = provider(name)
    submit(made, make_trial(name), wire)
    assert any(request.spends for request in wire.requests)
    assert all(request.url.startswith(made.base_url + "/") for request in wire.requests)


@every_wire_provider
def test_without_its_variables_a_provider_names_the_first_one_missing(name, sandbox, monkeypatch):
    for variable in sandbox.environ:
        monkeypatch.delenv(variable)
    with pytest.raises(UsageError) as caught:
        provider(name)
    assert any(variable in str(caught.value) for variable in sandbox.environ)


def test_the_local_provider_needs_nothing_from_the_environment(monkeypatch):
    for variable in ("MINIMAX_API_KEY", "MINIMAX_API_HOST"):
        monkeypatch.delenv(variable, raising=False)
    assert provider("local").name == "local"


@every_wire_provider
def test_no_secret_is_in_anything_that_can_be_printed(name, sandbox):
    made = provider(name)
    wire = Wire()
    submit(made, make_trial(name), wire)
    printed = f"{made!r} {made} {made.account} {wire.requests!r} {wire.requests[0].headers}"
    assert secrets_of(sandbox)
    assert not [secret for secret in secrets_of(sandbox) if secret in printed]


@every_wire_provider
def test_two_keys_are_two_accounts(name, sandbox, monkeypatch):
    first = provider(name).account
    assert provider(name).account == first
    for variable, value in sandbox.environ.items():
        if value in secrets_of(sandbox):
            monkeypatch.setenv(variable, value + "x")
    assert provider(name).account != first


def test_the_tables_of_inputs_know_every_wire_provider():
    assert sorted(REFUSED) == WIRE == sorted(TAKEN)
    assert sorted(n for made in EMULATORS.values() for n in made.registry_names()) == WIRE


@every_wire_provider
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttle", Throttled),
        ("retired-model", Refused),
        ("5xx", InDoubt),
        ("garbage", Unreadable),
        ("truncated json", Unreadable),
    ],
)
def test_every_way_a_paid_call_goes_wrong_is_its_own_error(name, kind, error, sandbox):
    made, wire, emulator = provider(name), Wire(), sandbox[name]
    submit(made, make_trial(name), wire)
    paid = next(call.endpoint for call in emulator.ledger.calls if call.charged is not None)
    fault = (
        Fault(body=b'{"a": ') if kind == "truncated json" else read_fault(emulator, {"kind": kind})
    )
    emulator.faults.add(paid, fault)
    with pytest.raises(error) as told:
        submit(made, make_trial(name))
    assert type(told.value) is error
    assert name in str(told.value)
    assert str(told.value).endswith(".")
    assert told.value.code or error is Unreadable
    assert not [secret for secret in secrets_of(sandbox) if secret in str(vars(told.value))]
    assert not any(emulator.faults.waiting.values())


@every_provider
def test_a_recording_is_judged_before_it_is_sent_where_one_is_cloned(name, sandbox):
    made = provider(name)
    made.check_recording(recording())
    if made.wants is Wants.REFERENCE:
        with pytest.raises(UsageError, match=r"cannot be used: .+\.$"):
            made.check_recording(b"Dear vendor, this is a letter.")


@every_provider
def test_what_a_voice_speaks_with_is_what_its_vendor_takes(name, sandbox):
    made = provider(name)
    assert not made.speak_options or isinstance(made, Speaker)
    assert not set(made.speak_options) & {"VoiceName", "PromptAudio", "voice_id", "target_model"}


@pytest.mark.parametrize(("name", "changes", "options"), cases(REFUSED))
def test_what_the_vendor_refuses_is_refused_before_it_is_sent(name, changes, options, sandbox):
    made = provider(name)
    with pytest.raises(UsageError) as told:
        made.check(make_variant(name, **changes), options)
    assert str(told.value).endswith(".")
    if "\\ud" not in ascii(changes):  # those cannot even be sent
        with pytest.raises(Refused) as refused:
            submit(made, make_trial(name, options=options, **changes))
        assert not [secret for secret in secrets_of(sandbox) if secret in str(vars(refused.value))]
        assert refused.value.code


@pytest.mark.parametrize(("name", "changes", "options"), cases(TAKEN))
def test_what_the_vendor_takes_is_not_refused_before(name, changes, options, sandbox):
    made = provider(name)
    made.check(make_variant(name, **changes), options)
    voice = submit(made, make_trial(name, options=options, **changes))
    assert decode(voice.audio).duration_s > 0.2


@every_provider
def test_options_that_are_no_json_are_refused(name, sandbox):
    for value in (object(), float("nan"), {1, 2}, b"bytes"):
        with pytest.raises(UsageError):
            provider(name).check(make_variant(name), {"extra": value})


@pytest.mark.parametrize(
    "name", [name for name, kind in PROVIDERS.items() if kind.wants is Wants.PROMPT]
)
def test_a_prompt_is_needed(name, sandbox):
    made = provider(name)
    variant = make_variant(prompt="", reference=Reference(url="https://example.org/a.wav"))
    with pytest.raises(UsageError, match="prompt is empty"):
        made.check(variant, {})


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(UsageError, match=r"no provider 'minmax'\. Did you mean 'minimax'\?.*local"):
        provider("minmax")


def _modules():
    return sorted({inspect.getmodule(made).__name__ for made in PROVIDERS.values()})


@pytest.mark.parametrize("module", _modules())
def test_a_provider_module_has_no_client_clock_chance_or_sleep(module):
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not imported & {"time", "random", "secrets", "uuid", "requests", "urllib3"}
    assert not named & {"sleep", "AsyncClient", "Client", "now", "utcnow", "today", "urandom"}
