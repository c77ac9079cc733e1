"""Tencent MPS: every documented answer, driven through the emulator over real sockets."""

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from provider_helpers import PREVIEW_TEXT, PROMPT, Wire, make_trial, make_variant

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.errors import InDoubt, Refused, Throttled, Unreachable, Unreadable, UsageError
from voicelab.model import Task
from voicelab.providers._tc3 import COMMON, find
from voicelab.providers.base import Speaker, VoiceShelf
from voicelab.providers.tencent_mps import CODES, INTERNATIONAL, MAINLAND, TencentMps

PUBLISHED = json.loads(
    Path(__file__).parents[1].joinpath("wire/tencent_mps_codes.json").read_text()
)
DESIGN, POLL = "DesignVoiceAsync", "DescribeDesignTask"
CASES = [
    pytest.param(action, row, id=f"{action}-{row['code']}")
    for row in PUBLISHED["codes"]
    for action in row["actions"]
]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def emulator():
    emulator = TencentMpsEmulator(clock=Clock())
    with serve([emulator]) as sandbox:
        emulator.environment = sandbox.environ
        yield emulator


@pytest.fixture
def mps(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    return TencentMps.from_env()


def trial_(**changes):
    return make_trial("tencent-mps", **changes)


def submit(mps, trial, send=None):
    return asyncio.run(mps.submit(trial, send or Wire()))


def poll(mps, task, send=None):
    return asyncio.run(mps.poll(task, send or Wire()))


def designed(mps, emulator, trial):
    task = submit(mps, trial)
    emulator.clock.now += 2
    return poll(mps, task)


def speak(mps, voice_id, *, text="Good evening.", send=None, **options):
    trial = trial_(voice_id=voice_id, preview_text=text, options=options)
    mps.check(trial.variant, trial.options)
    return asyncio.run(mps.speak(trial, send or Wire()))


def failure(kind, ask, *args, **options):
    with pytest.raises(kind) as caught:
        ask(*args, **options)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(".")
    return caught.value


def test_a_task_comes_first_and_the_voice_with_its_sound_once_it_is_done(mps, emulator):
    wire = Wire()
    task = submit(mps, trial_(), wire)
    assert "-DesignVoiceAsync-" in task.id
    assert poll(mps, task, wire) == task
    emulator.clock.now += emulator.processing_s
    voice = poll(mps, task, wire)
    clip = decode(voice.audio)
    assert (clip.format, clip.channels) == ("mp3", 1)
    assert clip.duration_s > 1
    assert voice.evidence == {"task_id": task.id}
    assert voice.voice_id.startswith("v1_")
    assert emulator.ledger.bought(voice.voice_id) == 1
    assert [(r.step, r.spends) for r in wire.requests] == [
        ("design", True),
        ("poll", False),
        ("poll", False),
        ("fetch", False),
    ]
    assert "authorization" not in wire.sent[-1].headers


def test_the_body_is_what_the_vendor_documents_and_options_go_unchanged(mps):
    wire = Wire()
    profile = {"Gender": "male", "Labels": ["深沉"], "Languages": ["hun", "yue"]}
    options = {"VoiceProfile": profile, "ExtParam": '{"promptEnhance": true}'}
    trial = trial_(options=options)
    mps.check(trial.variant, trial.options)
    submit(mps, trial, wire)
    assert json.loads(wire.sent[0].content) == {
        "Prompt": PROMPT,
        "Text": PREVIEW_TEXT,
        "VoiceProfile": {"Name": trial.name, **profile},
        "ExtParam": '{"promptEnhance": true}',
    }
    headers = wire.sent[0].headers
    assert wire.sent[0].url.raw_path == b"/"
    assert (headers["x-tc-action"], headers["x-tc-version"]) == (DESIGN, "2019-06-12")
    assert headers["content-type"] == "application/json"
    assert trial.options == options


def test_a_field_of_tomorrow_goes_to_the_wire_and_the_vendor_refuses_it(mps):
    trial = trial_(options={"Temperature": 0.5})
    mps.check(trial.variant, trial.options)
    assert failure(Refused, submit, mps, trial).code == "UnknownParameter"


def test_the_table_and_the_common_one_have_every_published_code():
    published = {row["code"] for row in PUBLISHED["codes"]}
    assert published <= {*CODES, *COMMON}
    assert set(CODES) - published == {"LimitExceeded"}


@pytest.mark.parametrize(("action", "row"), CASES)
def test_every_published_code_gets_its_reaction(action, row, mps, emulator):
    task = submit(mps, trial_())
    emulator.faults.add(action, Fault(code=row["code"], message=row["text"]))
    late = InDoubt if action == DESIGN else Unreachable
    kind = late if row["kind"] == "server" else Refused
    error = (
        failure(kind, submit, mps, trial_()) if action == DESIGN else failure(kind, poll, mps, task)
    )
    assert (error.code, error.vendor_message) == (row["code"], row["text"])
    assert len(error.request_id) == 36
    assert find(row["code"], CODES).advice or kind is not Refused


@pytest.mark.parametrize("number", [1, -1, 401, 5000])
def test_a_no_below_a_yes_is_a_no(number, mps, emulator):
    damage = {"ErrorCode": number, "Msg": "quota of the account"}
    emulator.faults.add(DESIGN, Fault(damage=lambda answer: answer | damage))
    error = failure(Refused, submit, mps, trial_())
    assert (error.code, error.vendor_message) == (str(number), "quota of the account")
    assert f"quota of the account ({number})" in str(error)
    assert len(error.request_id) == 36


def test_a_failed_task_is_told_in_the_vendors_words(mps, emulator):
    task = submit(mps, trial_(prompt="A voice reading a nerve gas recipe"))
    emulator.clock.now += 2
    error = failure(Refused, poll, mps, task)
    assert error.code == "1"
    assert "voice design failed" in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        {"ErrorCode": 100, "Status": "processing"},
        {"ErrorCode": 0, "Status": "processing"},
        {"ErrorCode": 100, "Status": None},
    ],
)
def test_not_yet_is_neither_a_no_nor_a_yes(answer, mps, emulator):
    task = submit(mps, trial_())
    emulator.clock.now += 2
    emulator.faults.add(POLL, Fault(damage=lambda good: good | answer))
    assert poll(mps, task) == task


def test_the_status_goes_before_the_number(mps, emulator):
    task = submit(mps, trial_())
    emulator.clock.now += 2
    for answer in ({"ErrorCode": 100}, {"Status": None}, {"Status": ""}):
        emulator.faults.add(POLL, Fault(damage=lambda good, answer=answer: good | answer))
        assert poll(mps, task).voice_id.startswith("v1_")
    failed = {"Status": "fail", "ErrorCode": 0, "Msg": "no"}
    emulator.faults.add(POLL, Fault(damage=lambda good: good | failed))
    assert failure(Refused, poll, mps, task).code == "fail"


@pytest.mark.parametrize(
    ("action", "answer", "told"),
    [
        (DESIGN, {"TaskId": None}, "no TaskId"),
        (DESIGN, {"TaskId": 7}, "no TaskId"),
        (POLL, {"VoiceId": ""}, "no VoiceId"),
        (POLL, {"AudioUrl": None}, "no link"),
        (POLL, {"AudioUrl": "ftp://example.org"}, "no link"),
    ],
)
def test_a_yes_that_lacks_something_is_unreadable(action, answer, told, mps, emulator):
    task = submit(mps, trial_())
    emulator.clock.now += 2
    emulator.faults.add(action, Fault(damage=lambda good: good | answer))
    error = (
        failure(Unreadable, submit, mps, trial_())
        if action == DESIGN
        else failure(Unreadable, poll, mps, task)
    )
    assert told in str(error)


def test_a_link_that_lapsed_leaves_the_voice(mps, emulator):
    task = submit(mps, trial_())
    emulator.clock.now += 25 * 3600
    error = failure(Refused, poll, mps, task)
    assert error.code == "HTTP 403"
    assert "The voice is made" in str(error)


def test_a_full_account_is_told_to_delete_voices(mps, emulator):
    emulator.slots = 1
    submit(mps, trial_())
    error = failure(Refused, submit, mps, trial_())
    assert error.code == "LimitExceeded"
    assert "Delete voices" in str(error)


def test_a_trial_in_doubt_is_settled_by_its_name(mps, emulator):
    trial, other = trial_(), trial_()
    emulator.faults.add(DESIGN, Fault(code="InternalError", carried_out=True))
    failure(InDoubt, submit, mps, trial)
    wire = Wire()
    assert asyncio.run(mps.settle(trial, wire)) is None
    emulator.clock.now += 2
    voice = asyncio.run(mps.settle(trial, wire))
    assert voice.voice_id in emulator.voices
    assert decode(voice.audio).duration_s > 1
    assert asyncio.run(mps.settle(other, wire)) is None
    assert not any(request.spends for request in wire.requests)
    assert emulator.ledger.charged == 1


def test_a_voice_listed_without_its_sound_is_named_all_the_same(mps, emulator):
    trial = trial_()
    voice_id = designed(mps, emulator, trial).voice_id
    emulator.voices[voice_id] = dataclasses.replace(emulator.voices[voice_id], preview=None)
    with pytest.raises(Unreadable) as caught:
        asyncio.run(mps.settle(trial, Wire()))
    assert voice_id in str(caught.value)


def test_a_kept_voice_says_another_text(mps, emulator):
    voice_id = designed(mps, emulator, trial_()).voice_id
    wire = Wire()
    voice = speak(mps, voice_id, send=wire)
    clip = decode(voice.audio)
    assert (clip.format, clip.sr, clip.channels) == ("wav", 16000, 1)
    assert clip.duration_s > 0.4
    assert voice.voice_id == voice_id
    assert json.loads(wire.sent[0].content) == {
        "Text": "Good evening.",
        "VoiceId": voice_id,
        "Output": {"Type": "data"},
        "ExtParam": '{"synExt": {"format": "wav", "sampleRate": 16000}}',
    }
    assert wire.requests[0].spends


def test_speech_by_link_and_in_other_formats_is_fetched(mps, emulator):
    voice_id = designed(mps, emulator, trial_()).voice_id
    ext = '{"synExt": {"format": "mp3", "sampleRate": 44100}}'
    clip = decode(speak(mps, voice_id, Output={"Type": "url"}, ExtParam=ext).audio)
    assert (clip.format, clip.sr) == ("mp3", 44100)


def test_speech_that_is_no_base64_is_unreadable(mps, emulator):
    voice_id = designed(mps, emulator, trial_()).voice_id
    emulator.faults.add("TextToSpeech", Fault(damage=lambda good: good | {"AudioData": "%%%"}))
    assert "base64" in str(failure(Unreadable, speak, mps, voice_id))
    assert failure(Refused, speak, mps, "v1_nobody+has/it=").vendor_message == "voice not found"


def test_the_shelf_lists_changes_and_drops_the_accounts_own_voices(mps, emulator):
    assert isinstance(mps, VoiceShelf)
    assert isinstance(mps, Speaker)
    trial = trial_()
    voice_id = designed(mps, emulator, trial).voice_id
    wire = Wire()
    shelf = asyncio.run(mps.shelf(wire))
    assert [(v.voice_id, v.kind, v.name) for v in shelf.voices] == [
        (voice_id, "design", trial.name)
    ]
    assert (shelf.slots, shelf.notes) == (100, ())
    asyncio.run(mps.update(voice_id, {"Name": "narrator", "Age": "senior"}, wire))
    assert asyncio.run(mps.shelf(wire)).voices[0].name == "narrator"
    with pytest.raises(UsageError, match=r"has a field 'Language'; .* knows .*Languages"):
        asyncio.run(mps.update(voice_id, {"Language": ["en"]}, wire))
    asyncio.run(mps.drop(voice_id, wire))
    assert asyncio.run(mps.shelf(wire)).voices == ()
    assert not any(request.spends for request in wire.requests)
    with pytest.raises(Refused, match=r"voice not found \(2\)"):
        asyncio.run(mps.drop(voice_id, wire))


def test_a_list_that_is_cut_short_is_told(mps, emulator):
    emulator.faults.add("DescribeVoices", Fault(damage=lambda good: good | {"TotalCount": 3}))
    emulator.faults.add("DescribeVoices", Fault(damage=lambda good: {"Voices": None}))
    shelf = asyncio.run(mps.shelf(Wire()))
    assert shelf.notes == ("tencent-mps counts 3 voices of kind design, listed 0.",)
    emulator.faults.add("DescribeVoices", Fault(damage=lambda good: good | {"Voices": "none"}))
    with pytest.raises(Unreadable, match="listed no voices"):
        asyncio.run(mps.shelf(Wire()))


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({"preview_text": "word " * 101}, {}, "505 characters; tencent-mps takes 500"),
        ({}, {"Prompt": "another"}, "'Prompt'"),
        ({}, {"Text": "another"}, "'Text'"),
        ({}, {"VoiceProfile": "male"}, "VoiceProfile is 'male'"),
        ({}, {"VoiceProfile": {"Gender": "man"}}, "male, female, unknown"),
        ({}, {"VoiceProfile": {"Age": 40}}, "VoiceProfile.Age is 40"),
        ({}, {"VoiceProfile": {"Languages": "en"}}, "takes a list of zh"),
        ({}, {"VoiceProfile": {"Languages": ["hu"]}}, "'hu'.*hun"),
        ({}, {"VoiceProfile": {"Labels": [1]}}, "takes a list of texts"),
        ({}, {"ExtParam": {"promptEnhance": True}}, "as text"),
        ({}, {"ExtParam": "not json"}, "as text"),
        ({}, {"ExtParam": "[]"}, "as text"),
    ],
)
def test_what_the_vendor_refuses_is_told_before_it_is_sent(changes, options, told, mps):
    with pytest.raises(UsageError, match=told) as caught:
        mps.check(make_variant(**changes), options)
    assert str(caught.value).endswith(".")


def test_a_wrong_clock_costs_one_more_asking_and_no_second_voice(mps, emulator):
    here = emulator.wall
    emulator.wall = lambda: here() + 3600
    trial = trial_()
    failure(Throttled, submit, mps, trial)
    assert isinstance(submit(mps, trial), Task)
    assert emulator.ledger.charged == 1


def test_where_it_is_asked_and_whose_account_it_is(mps, monkeypatch):
    monkeypatch.delenv("TENCENTCLOUD_MPS_ENDPOINT")
    assert TencentMps.from_env().base_url == INTERNATIONAL
    monkeypatch.setenv("TENCENTCLOUD_MPS_ENDPOINT", "mps.tencentcloudapi.com")
    assert TencentMps.from_env().base_url == MAINLAND
    assert not TencentMps.from_env().emulated
    assert mps.emulated
    assert mps.account != TencentMps.from_env().account
    monkeypatch.setenv("TENCENTCLOUD_MPS_ENDPOINT", "http://mps.tencentcloudapi.com")
    with pytest.raises(UsageError, match="TENCENTCLOUD_MPS_ENDPOINT"):
        TencentMps.from_env()
