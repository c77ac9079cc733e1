"""Each declared option goes to the wire, and no enum of a vendor's page is left out."""

import asyncio
import contextlib
import json

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
    "tencent-trtc": ("tencent_trtc", ("TextToSpeech",)),
}
OURS = {"Format", "SampleRate", "Bitrate", "output_format"}
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
    """Return a value that an option takes."""
    match option.kind:
        case Kind.YES_NO:
            return True
        case Kind.WHOLE | Kind.NUMBER:
            return int(option.high)
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
    value = value_for(option)
    group = option.within
    return {group.name: packed({option.name: value}, group)} if group else {option.name: value}


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


def test_what_is_not_declared_is_left_to_the_vendor():
    check_declared({"new_tomorrow": object(), "voice": "{}"}, [PITCH], vendor="acme")
