"""MiniMax after the design: speaking with a kept voice, the account's list, and deleting."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from provider_helpers import PREVIEW_TEXT, Wire, make_trial, make_variant, submit

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.errors import InDoubt, Refused, Unreachable, Unreadable, UsageError
from voicelab.providers import provider
from voicelab.providers.base import Speaker, VoiceShelf
from voicelab.providers.minimax import INTERNATIONAL, MAINLAND, MiniMax

KEY = "sk-a-key-nobody-has"
TEXT = "Another text, said with the same voice."


@pytest.fixture
def minimax(sandbox):
    return provider("minimax")


@pytest.fixture
def emulator(sandbox):
    return sandbox["minimax"]


def say(minimax, voice_id, *, send=None, text=TEXT, **options):
    trial = make_trial(voice_id=voice_id, preview_text=text, options=options)
    return asyncio.run(minimax.speak(trial, send or Wire(secrets=minimax.secrets)))


def shelf(minimax, send=None):
    return asyncio.run(minimax.shelf(send or Wire(secrets=minimax.secrets)))


def drop(minimax, voice_id, send=None):
    asyncio.run(minimax.drop(voice_id, send or Wire(secrets=minimax.secrets)))


def kinds(listed):
    return {voice.voice_id: voice.kind for voice in listed.voices}


def designed(minimax):
    return submit(minimax, make_trial()).voice_id


def test_it_is_a_speaker_and_has_a_shelf(minimax):
    assert isinstance(minimax, Speaker)
    assert isinstance(minimax, VoiceShelf)


def test_a_designed_voice_says_another_text(minimax):
    voice_id = designed(minimax)
    voice = say(minimax, voice_id)
    clip = decode(voice.audio)
    assert voice.voice_id == voice_id
    assert (clip.format, clip.sr, clip.channels) == ("mp3", 32000, 1)
    assert clip.duration_s > 1
    assert voice.kept_for is None
    assert voice.evidence["billed_characters"] == len(TEXT)
    assert "USD 3.00" in voice.evidence["fee"]


def test_the_request_is_what_the_vendor_documents(minimax):
    wire = Wire()
    say(minimax, designed(minimax), send=wire)
    assert json.loads(wire.sent[0].content) == {
        "model": "speech-2.8-hd",
        "text": TEXT,
        "stream": False,
        "output_format": "hex",
        "voice_setting": {"voice_id": json.loads(wire.sent[0].content)["voice_setting"]["voice_id"]}
        | {"speed": 1, "vol": 1, "pitch": 0},
        "audio_setting": {
            "sample_rate": 32000,
            "bitrate": 128000,
            "format": "mp3",
            "channel": 1,
        },
    }
    assert wire.sent[0].url.path == "/v1/t2a_v2"
    assert (wire.requests[0].step, wire.requests[0].spends) == ("speak", True)


def test_options_complete_the_settings_and_stand_beside_them(minimax):
    wire = Wire()
    settings = {"voice_setting": {"speed": 1.5}, "audio_setting": {"format": "wav"}}
    voice = say(minimax, designed(minimax), send=wire, language_boost="English", **settings)
    sent = json.loads(wire.sent[0].content)
    assert sent["voice_setting"]["speed"] == 1.5
    assert sent["audio_setting"] == {
        "sample_rate": 32000,
        "bitrate": 128000,
        "format": "wav",
        "channel": 1,
    }
    assert sent["language_boost"] == "English"
    assert decode(voice.audio).format == "wav"


def test_the_model_is_the_providers_or_the_options(minimax):
    turbo = replace(minimax, model="speech-2.8-turbo")
    voice_id = designed(minimax)
    for made, options, model in (
        (turbo, {}, "speech-2.8-turbo"),
        (minimax, {"model": "speech-02-hd"}, "speech-02-hd"),
    ):
        wire = Wire()
        say(made, voice_id, send=wire, **options)
        assert json.loads(wire.sent[0].content)["model"] == model


def test_a_row_without_a_voice_cannot_be_spoken(minimax):
    with pytest.raises(UsageError, match="names no voice"):
        say(minimax, None)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("a" * 10_000, {}),
        ("a\u200b\u200bb", {}),
        (TEXT, {"text": "another"}),
        (TEXT, {"voice_id": "another-voice"}),
        (TEXT, {"stream": True}),
        (TEXT, {"output_format": "url"}),
        (TEXT, {"voice_setting": {"voice_id": "another-voice"}}),
        (TEXT, {"voice_setting": "fast"}),
        (TEXT, {"voice_setting": {"speed": 3}}),
        (TEXT, {"voice_setting": {"speed": "fast"}}),
        (TEXT, {"voice_setting": {"speed": float("nan")}}),
        (TEXT, {"voice_setting": {"vol": 0}}),
        (TEXT, {"voice_setting": {"vol": True}}),
        (TEXT, {"voice_setting": {"pitch": 0.5}}),
        (TEXT, {"voice_setting": {"pitch": -13}}),
        (TEXT, {"audio_setting": {"format": "pcm"}}),
        (TEXT, {"audio_setting": {"sample_rate": 48000}}),
        (TEXT, {"audio_setting": {"channel": True}}),
        (TEXT, {"extra": object()}),
    ],
)
def test_what_cannot_be_said_is_told_before_it_is_sent(text, options, minimax):
    with pytest.raises(UsageError, match=r"\.$"):
        minimax.check(make_variant(prompt="", voice_id="narrator-1", preview_text=text), options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"voice_setting": {"speed": 0.5, "vol": 10, "pitch": -12}},
        {"voice_setting": {"speed": 2, "emotion": "calm"}},
        {"audio_setting": {"format": "flac", "sample_rate": 44100}},
        {"subtitle_enable": True},
    ],
)
def test_what_can_be_said_is_said(options, minimax):
    voice_id = designed(minimax)
    minimax.check(make_variant(prompt="", voice_id=voice_id, preview_text=TEXT), options)
    assert decode(say(minimax, voice_id, **options).audio).duration_s > 0.5


def test_speaking_takes_longer_texts_than_a_design(minimax):
    text = "Good evening to everyone. " * 20
    assert len(text) > 500
    assert decode(say(minimax, designed(minimax), text=text).audio).duration_s > 20
    with pytest.raises(UsageError, match="takes 500"):
        minimax.check(make_variant(preview_text=text), {})


def test_a_voice_that_is_not_there_is_refused_with_what_to_do(minimax):
    with pytest.raises(Refused, match="design it anew") as caught:
        say(minimax, "nobody-made-this")
    assert caught.value.code == "2054"


def test_speech_that_failed_at_the_vendor_may_have_been_charged(minimax, emulator):
    voice_id = designed(minimax)
    emulator.faults.add("speak", Fault(code=1001, message="timeout", carried_out=True))
    with pytest.raises(InDoubt, match="usage"):
        say(minimax, voice_id)
    assert emulator.ledger.of("speak")[-1].charged > 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda answer: answer | {"data": None},
        lambda answer: {k: v for k, v in answer.items() if k != "data"},
        lambda answer: answer | {"data": []},
        lambda answer: answer | {"data": {"audio": ""}},
        lambda answer: answer | {"data": {"audio": None}},
        lambda answer: answer | {"data": {"audio": "abc"}},
        lambda answer: answer | {"data": {"audio": "https://example.org/a.mp3"}},
    ],
)
def test_a_yes_without_speech_is_unreadable(damage, minimax, emulator):
    voice_id = designed(minimax)
    emulator.faults.add("speak", Fault(damage=damage))
    with pytest.raises(Unreadable) as caught:
        say(minimax, voice_id)
    assert len(caught.value.request_id) == 32


@pytest.mark.parametrize("extra", [None, {}, {"usage_characters": "12"}, []])
def test_a_count_the_vendor_does_not_send_is_not_made_up(extra, minimax, emulator):
    voice_id = designed(minimax)
    emulator.faults.add("speak", Fault(damage=lambda answer: answer | {"extra_info": extra}))
    assert say(minimax, voice_id).evidence["billed_characters"] is None


def test_the_limits_and_prices_of_speaking_are_told_by_model_and_region():
    abroad, mainland = (MiniMax(api_key=KEY, base_url=host) for host in (INTERNATIONAL, MAINLAND))
    assert abroad.speech_limits.preview_characters == 9_999
    assert abroad.speech_limits.requests_per_minute == 60
    assert abroad.speech_limits.price.per_character * 1e6 == pytest.approx(100)
    turbo = replace(abroad, model="speech-2.8-turbo").speech_limits.price
    assert turbo.per_character * 1e6 == pytest.approx(60)
    assert replace(abroad, model="speech-9").speech_limits.price is None
    assert mainland.speech_limits.price is None


def test_a_voice_is_listed_once_it_was_spoken_with(minimax):
    voice_id = designed(minimax)
    before = shelf(minimax)
    assert voice_id not in kinds(before)
    assert "7 days" in before.notes[0]
    say(minimax, voice_id)
    after = shelf(minimax)
    assert kinds(after)[voice_id] == "design"
    assert after.slots is None
    voice = next(voice for voice in after.voices if voice.voice_id == voice_id)
    assert voice.created_at is not None
    assert voice.expires_at is None


def test_the_vendors_own_voices_come_last_and_without_a_date(minimax):
    voice_id = designed(minimax)
    say(minimax, voice_id)
    listed = shelf(minimax).voices
    assert listed[0].kind == "design"
    assert listed[-1].kind == "system"
    assert listed[-1].name
    assert listed[-1].created_at is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
        ("2026-11-02T10:20:30+00:00", datetime(2026, 11, 2, 10, 20, 30, tzinfo=UTC)),
        ("1728962464", datetime.fromtimestamp(1728962464, UTC)),
        (1728962464, datetime.fromtimestamp(1728962464, UTC)),
        ("", None),
        (None, None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_however_they_are_written(written, read, minimax, emulator):
    item = {"voice_id": "narrator-1", "created_time": written}
    emulator.faults.add("list", Fault(damage=lambda answer: {"voice_cloning": [item]}))
    (voice,) = shelf(minimax).voices
    assert (voice.kind, voice.created_at) == ("clone", read)


@pytest.mark.parametrize("lists", [{}, {"voice_generation": None, "system_voice": None}])
def test_an_empty_account_may_have_null_for_its_lists(lists, minimax, emulator):
    emulator.faults.add("list", Fault(damage=lambda answer: lists))
    assert shelf(minimax).voices == ()


@pytest.mark.parametrize(
    "lists",
    [
        {"voice_generation": "none"},
        {"voice_generation": ["narrator-1"]},
        {"voice_generation": [{"created_time": "2026-11-02"}]},
        {"voice_cloning": [{"voice_id": 7}]},
    ],
)
def test_a_list_that_is_none_is_unreadable(lists, minimax, emulator):
    emulator.faults.add("list", Fault(damage=lambda answer: lists))
    with pytest.raises(Unreadable):
        shelf(minimax)


def test_a_dropped_voice_is_gone_for_good(minimax):
    voice_id = designed(minimax)
    say(minimax, voice_id)
    drop(minimax, voice_id)
    assert voice_id not in kinds(shelf(minimax))
    with pytest.raises(Refused) as spoken:
        say(minimax, voice_id)
    assert spoken.value.code == "2054"
    with pytest.raises(Refused) as again:
        submit(minimax, make_trial(options={"voice_id": voice_id}))
    assert again.value.code == "2039"


def test_a_voice_that_was_never_used_can_be_dropped_as_well(minimax):
    drop(minimax, designed(minimax))


def test_a_clone_is_dropped_as_one(minimax, emulator):
    listed = {"voice_cloning": [{"voice_id": "clone-of-mine"}]}
    emulator.faults.add("list", Fault(damage=lambda answer: listed))
    emulator.faults.add("delete", Fault(body=b'{"base_resp": {"status_code": 0}}'))
    wire = Wire()
    drop(minimax, "clone-of-mine", wire)
    assert json.loads(wire.sent[-1].content) == {
        "voice_type": "voice_cloning",
        "voice_id": "clone-of-mine",
    }


def test_what_is_not_there_cannot_be_dropped(minimax):
    with pytest.raises(Refused) as caught:
        drop(minimax, "nobody-made-this")
    assert caught.value.code == "2054"


def test_looking_and_deleting_cost_nothing(minimax, emulator):
    wire = Wire()
    voice_id = designed(minimax)
    shelf(minimax, wire)
    drop(minimax, voice_id, wire)
    assert not any(request.spends for request in wire.requests)
    assert not [
        call for call in emulator.ledger.calls if call.charged and call.endpoint != "design"
    ]


@pytest.mark.parametrize(
    "fault", [Fault(code=1013, message="internal"), Fault(status=502, body=b"<html>")]
)
def test_a_free_call_that_fails_at_the_vendor_is_asked_again_later(fault, minimax, emulator):
    emulator.faults.add("list", fault)
    with pytest.raises(Unreachable):
        shelf(minimax)


def test_the_same_text_of_the_same_voice_is_the_same_voice(minimax):
    voice_id = designed(minimax)
    first, second = (say(minimax, voice_id, text=PREVIEW_TEXT).audio for _ in range(2))
    assert first == second
