"""Each declared option goes to the wire, and no enum of a vendor's page is left out."""

import asyncio
import contextlib
import json
from dataclasses import replace

import pytest
from provider_helpers import Wire, make_trial, make_variant, submit
from vendor_pages import calls

from voicelab.errors import Refused, UsageError
from voicelab.providers import PROVIDERS, provider
from voicelab.providers.base import Speaker
from voicelab.providers.options import Group, Kind, Option, check_declared, packed

MAKING = {
    "minimax": ("minimax", ("voice_design",)),
    "dashscope-cosyvoice": ("dashscope", ("voice-enrollment create_voice",)),
    "dashscope-qwen": ("dashscope", ("qwen-voice-design create",)),
    "tencent-mps": ("tencent_mps", ("DesignVoiceAsync",)),
    "tencent-vod": ("tencent_vod", ("CreateAigcCustomVoice",)),
    "tencent-vod-design": ("tencent_vod", ("DesignVoiceAsync",)),
    "tencent-trtc": ("tencent_trtc", ("VoiceClone", "TextToSpeech")),
}
SPEAKING = {
    "minimax": ("minimax", ("t2a_v2",)),
    "dashscope-cosyvoice": ("dashscope", ("SpeechSynthesizer",)),
    "dashscope-qwen": ("dashscope", ("generation",)),
    "tencent-mps": ("tencent_mps", ("TextToSpeech",)),
    "tencent-trtc": ("tencent_trtc", ("TextToSpeech",)),
    "tencent-vod-design": ("tencent_vod", ("TextToSpeechSync",)),
}
OURS = {"output_format", "Type"}
"""What the provider itself says, and a batch does not."""
HEADERLESS = {"minimax": {"format": {"pcm", "pcmu_raw"}}}
"""Formats that are left out, because no decoder can know them."""


def enums(schema, name=""):
    """Return every list of words in a table of parameters, by the name of the field."""
    if "enum" in schema:
        yield name, schema["enum"]
    for inner, described in schema.get("properties", {}).items():
        yield from enums(described, inner)
    if isinstance(schema.get("items"), dict):
        yield from enums(schema["items"], name)


def missing(page, names, declared):
    """Return the enums of some calls that are not declared as they stand there."""
    known = {option.name: set(option.choices) for option in declared}
    found = [pair for call in names for pair in enums(calls(page)[call]["request"])]
    left_out = HEADERLESS.get(page, {})
    return [
        (name, words)
        for name, words in found
        if name not in OURS and known.get(name) != set(words) - left_out.get(name, set())
    ]


@pytest.mark.parametrize("name", MAKING)
def test_every_enum_of_a_vendors_page_is_declared(name):
    page, names = MAKING[name]
    assert missing(page, names, PROVIDERS[name].declared) == []


@pytest.mark.parametrize("name", SPEAKING)
def test_every_enum_of_speech_is_declared(name):
    page, names = SPEAKING[name]
    assert missing(page, names, PROVIDERS[name].declared_for_speech) == []


def value_for(option):
    """Return a value that an option takes, and that fits the text of a good trial."""
    if option.path == "language":
        return "de"
    match option.kind:
        case Kind.YES_NO:
            return True
        case Kind.WHOLE | Kind.NUMBER:
            return int(option.high or 1)
        case Kind.CHOICE:
            return option.choices[-1]
        case Kind.CHOICES:
            return [option.choices[-1]]
        case Kind.WORDS:
            return [option.example]
        case Kind.TABLE:
            return [dict.fromkeys(option.columns, "bell")]
        case Kind.OBJECT:
            return {"format": "wav"}
    return option.example


def written(option):
    fields, group = {option.name: value_for(option)}, option.within
    while group is not None:
        fields, group = {group.name: packed(fields, group)}, group.within
    return fields


def options_of(which):
    return [
        pytest.param(name, option, id=f"{name}-{option.path}")
        for name, kind in PROVIDERS.items()
        for option in getattr(kind, which)
    ]


def fields(body):
    """Return every field of a request with its value, however deep it stands."""
    if isinstance(body, str) and body.startswith("{"):
        body = json.loads(body)
    if isinstance(body, dict):
        for name, value in body.items():
            yield name, value
            yield from fields(value)


def was_sent(wire, option):
    sent = [json.loads(request.content) for request in wire.sent if request.method == "POST"]
    return any((option.name, value_for(option)) in fields(body) for body in sent)


@pytest.mark.parametrize(("name", "option"), options_of("declared"))
def test_every_declared_option_goes_to_the_wire(name, option, sandbox):
    made, wire, options = provider(name), Wire(), written(option)
    changes = {"reference": None} if option.name in made.stand_ins else {}
    made.check(make_variant(name, **changes), options)
    with contextlib.suppress(Refused):  # an emulator makes fewer formats than its vendor
        submit(made, make_trial(name, options=options, **changes), wire)
    assert was_sent(wire, option)


@pytest.mark.parametrize(("name", "option"), options_of("declared_for_speech"))
def test_every_option_of_speech_goes_to_the_wire(name, option, sandbox):
    made, wire, options = provider(name), Wire(), written(option)
    assert isinstance(made, Speaker)
    voice = submit(made, make_trial(name))
    spoken = {"voice_id": voice.voice_id, "reference": None}
    made.check(make_variant(name, **spoken), options)
    with contextlib.suppress(Refused):
        asyncio.run(made.speak(make_trial(name, options=options, **spoken), wire))
    assert was_sent(wire, option)


@pytest.mark.parametrize(
    ("name", "option"), [*options_of("declared"), *options_of("declared_for_speech")]
)
def test_every_option_can_be_understood_without_the_vendors_page(name, option):
    assert option.title
    assert option.help.endswith(".")
    assert option.source.startswith("https://")
    assert option.taken
    assert option.fits(value_for(option))
    assert not option.fits(object())
    assert not option.fits(None)


PITCH = Option(
    name="pitch",
    title="Pitch",
    kind=Kind.WHOLE,
    within=Group(name="voice", title="Voice", packed=True, closed=True),
    low=-12,
    high=12,
    help="",
    source="",
)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"voice": '{"pitch": 13}'}, "voice.pitch is 13; acme takes whole numbers from -12 to 12."),
        ({"voice": {"pitch": 1}}, "takes a JSON object as text"),
        ({"voice": "[" * 100_000}, "takes a JSON object as text"),
        ({"voice": '{"tone": 1}'}, "has a field 'tone'; acme knows pitch."),
    ],
)
def test_what_is_wrong_with_an_option_is_a_sentence(options, words):
    with pytest.raises(UsageError) as told:
        check_declared(options, [PITCH], vendor="acme")
    assert words in str(told.value)
    assert len(str(told.value)) < 400


OUTER = Group(name="extra", title="Extra", packed=True)
INNER = replace(PITCH, within=Group(name="voice", title="Voice", within=OUTER))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extra": '{"voice": {"pitch": 13}}'}, "extra.voice.pitch is 13; acme takes whole"),
        ({"extra": '{"voice": 3}'}, "extra.voice is 3; acme takes an object with such fields"),
        ({"extra": {"voice": {}}}, "takes a JSON object as text with such fields as voice"),
    ],
)
def test_an_object_may_stand_in_another(options, words):
    check_declared({"extra": '{"voice": {"pitch": 3, "new": 1}, "new": 2}'}, [INNER], vendor="acme")
    with pytest.raises(UsageError) as told:
        check_declared(options, [INNER], vendor="acme")
    assert words in str(told.value)


SPOKEN = [
    ("tencent-vod-design", {"ExtParam": '{"voice_setting": {"speed": 9}}'}, "numbers from 0.5"),
    ("tencent-vod-design", {"ExtParam": '{"audio_setting": {"sample_rate": 12345}}'}, "16000, "),
    ("tencent-vod-design", {"ExtParam": '{"model": "speech-2.8-hd"}'}, "such as minimax-speech"),
    ("tencent-vod-design", {"ExtParam": '{"voice_setting": {"emotion": "gay"}}'}, "happy, sad"),
    ("tencent-mps", {"ExtParam": '{"synExt": {"sampleRate": 12345}}'}, "takes 16000, 8000"),
    ("tencent-mps", {"ExtParam": '{"synExt": {"format": "flac"}}'}, "takes wav, mp3"),
    ("dashscope-cosyvoice", {"instruction": "a" * 129}, "a text of up to 128 characters"),
]


@pytest.mark.parametrize(("name", "options", "words"), SPOKEN)
def test_what_a_vendor_would_refuse_to_say_is_told_before_money(name, options, words, sandbox):
    made = provider(name)
    kept = submit(made, make_trial(name)).voice_id
    with pytest.raises(UsageError) as told:
        made.check(make_variant(name, voice_id=kept), options)
    assert words in str(told.value)
    with pytest.raises(Refused):
        asyncio.run(made.speak(make_trial(name, voice_id=kept, options=options), Wire()))


TOMORROW = [
    ("tencent-mps", {"VoiceProfile": {"Tomorrow": "x"}}, False),
    ("tencent-vod-design", {"VoiceSettings": {"Tomorrow": "x"}}, False),
    ("tencent-mps", {"ExtParam": '{"synExt": {"tomorrow": 1}, "new": 2}'}, True),
    ("tencent-vod-design", {"ExtParam": '{"voice_setting": {"tomorrow": 1}}'}, True),
    ("tencent-trtc", {"AudioFormat": {"Tomorrow": 1}}, True),
    ("dashscope-cosyvoice", {"tomorrow": 1}, True),
]


@pytest.mark.parametrize(("name", "options", "speaking"), TOMORROW)
def test_a_field_a_vendor_adds_tomorrow_goes_to_it_unchanged(name, options, speaking, sandbox):
    made, wire = provider(name), Wire()
    kept = submit(made, make_trial(name)).voice_id if speaking else None
    made.check(make_variant(name, voice_id=kept), options)
    trial = make_trial(name, voice_id=kept, options=options)
    with contextlib.suppress(Refused):  # an emulator knows what its vendor knows today
        asyncio.run(made.speak(trial, wire) if speaking else made.submit(trial, wire))
    asked = [dict(fields(json.loads(r.content))) for r in wire.sent if r.method == "POST"]
    assert any(wanted.items() <= body.items() for body in asked for wanted in inmost(options))


def inmost(options):
    """Return the objects that stand deepest in options."""
    found = [value for _, value in fields(options) if isinstance(value, dict)]
    found += [json.loads(value) for value in options.values() if isinstance(value, str)]
    return [{k: v} for one in found or [options] for k, v in one.items() if "omorrow" in k]


ELSEWHERE = [
    ("tencent-vod", {"SubAppId": 3}, "set TENCENTCLOUD_VOD_SUB_APP_ID"),
    ("tencent-vod", {"SessionId": "mine"}, "the trial's own name, under which no trial is sold"),
    ("tencent-vod", {"VoiceUrl": "https://a.b/c"}, "that is the reference of the row"),
    ("tencent-vod-design", {"Prompt": "x"}, "that is the prompt of the row"),
    ("tencent-trtc", {"SdkAppId": 3}, "set TENCENTCLOUD_SDK_APP_ID"),
    ("tencent-trtc", {"PromptText": "x"}, "the transcript of the row's reference"),
    ("dashscope-qwen", {"model": "x"}, "the model that speaks is the option target_model"),
    ("minimax", {"preview_text": "x"}, "that is the preview text of the row"),
]


@pytest.mark.parametrize(("name", "options", "words"), ELSEWHERE)
def test_what_is_no_option_says_what_it_is_and_what_to_do(name, options, words, sandbox):
    with pytest.raises(UsageError) as told:
        provider(name).check(make_variant(name), options)
    assert words in str(told.value)


def test_what_is_not_declared_is_left_to_the_vendor():
    check_declared({"new_tomorrow": object(), "voice": "{}"}, [PITCH], vendor="acme")
