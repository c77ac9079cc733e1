"""Tencent VOD: a voice from a link and one from a description, through the emulator on sockets."""

import asyncio
import functools
import itertools
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from provider_helpers import PREVIEW_TEXT, PROMPT, Wire, make_trial, make_variant

from voicelab.audio import espeak
from voicelab.audio.clip import decode, sniff
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.engine import trial_run
from voicelab.errors import (
    InDoubt,
    Refused,
    Throttled,
    TrialError,
    Unreachable,
    Unreadable,
    UsageError,
)
from voicelab.lab import Lab
from voicelab.model import Batch, Reference, Task, TrialState, Wants
from voicelab.providers._tc3 import COMMON, Credentials, find
from voicelab.providers._vod_task import TASK_CODES
from voicelab.providers.base import Speaker, VoiceShelf
from voicelab.providers.tencent_vod import (
    CODES,
    INTERNATIONAL,
    MAINLAND,
    TencentVodCustom,
    TencentVodDesign,
)
from voicelab.providers.words import account_text

PUBLISHED = json.loads(
    Path(__file__).parents[1].joinpath("wire/tencent_vod_codes.json").read_text("utf-8")
)
LATER = {"duplicate": InDoubt, "rate": Throttled, "server": InDoubt}
"""By kind of code after a call that may cost something; every other kind is a refusal."""

LONG = f"{PREVIEW_TEXT} Nobody came to open the gate, and the rain fell on the old walls."
A_KEY = Credentials(secret_id="AKIDa-key-nobody-has", secret_key="a-key-nobody-has")


@pytest.fixture(scope="module")
def served():
    """One emulator whose clock moves a minute between calls: no rate is met, tasks soon end."""
    with serve([TencentVodEmulator(clock=itertools.count(0, 60).__next__)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served, monkeypatch):
    emulator = served["tencent-vod"]
    emulator.ledger.calls.clear()
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    return emulator


@pytest.fixture
def design(emulator):
    return TencentVodDesign.from_env()


@pytest.fixture
def custom(emulator):
    return TencentVodCustom.from_env()


@pytest.fixture(scope="module")
def recording():
    """Eight seconds of a woman."""
    return espeak.speak(LONG, VoiceParameters(f0_hz=200, tract_percent=115)).wav


@pytest.fixture
def link(emulator, served, recording):
    """A link to the recording, at the emulated storage."""
    name = emulator.keep(recording, suffix=".wav", now=1e9)
    return f"{served.base_url['tencent-vod']}/storage/{name}"


@pytest.fixture
def trial(link):
    """Make a good trial of a provider."""

    def make(provider, **changes):
        if provider.wants is Wants.REFERENCE:
            changes = {"prompt": "", "reference": Reference(url=link), **changes}
        return make_trial(provider.name, **changes)

    return make


def finish(provider, trial, wire=None):
    """Submit, and ask after the task until it is a voice."""
    send = wire or Wire(secrets=provider.secrets)

    async def carry_out():
        outcome = await provider.submit(trial, send)
        while isinstance(outcome, Task):
            outcome = await provider.poll(outcome, send)
        return outcome

    return asyncio.run(carry_out())


def failure(kind, provider, trial):
    with pytest.raises(TrialError) as caught:
        finish(provider, trial)
    assert type(caught.value) is kind
    assert str(caught.value).endswith((".", "kept."))
    return caught.value


def bodies(wire):
    return [json.loads(sent.content) for sent in wire.sent if sent.method == "POST"]


both = pytest.mark.parametrize("kind", [TencentVodCustom, TencentVodDesign])


@both
def test_a_voice_comes_with_speech_and_is_paid_once(kind, emulator, trial):
    made = trial(kind.from_env())
    voice = finish(kind.from_env(), made)
    clip = decode(voice.audio)
    assert (clip.format, clip.sr) == ("mp3", 32000)
    assert clip.duration_s > 1
    assert voice.evidence["task_id"].startswith(f"221073-{kind.dialect.action}-")
    assert emulator.ledger.bought(made.name) == 1


def test_the_design_call_is_what_the_vendor_documents(design, trial):
    wire, made = Wire(), trial(design, options={"SessionContext": "mine"})
    finish(design, made, wire)
    assert bodies(wire)[0] == {
        "SubAppId": "221073",
        "SessionId": made.name,
        "Prompt": PROMPT,
        "PreviewText": PREVIEW_TEXT,
        "VoiceSettings": {"Name": made.name},
        "SessionContext": "mine",
    }
    assert wire.sent[0].headers["x-tc-action"] == "DesignVoiceAsync"
    assert wire.sent[0].headers["x-tc-version"] == "2018-07-17"
    assert "x-tc-region" not in wire.sent[0].headers


def test_the_custom_call_is_what_the_vendor_documents(custom, trial, link):
    wire, made = Wire(), trial(custom, options={"TasksPriority": -3})
    finish(custom, made, wire)
    submitted, asked = bodies(wire)[0], bodies(wire)[1]
    assert submitted == {
        "SubAppId": 221073,
        "SessionId": made.name,
        "VoiceName": made.name,
        "VoiceUrl": link,
        "TasksPriority": -3,
    }
    assert asked["SubAppId"] == 221073
    assert asked["TaskId"].startswith("221073-CreateAigcCustomVoice-")


@both
def test_only_the_submit_may_cost_and_the_audio_is_fetched_without_the_key(kind, emulator, trial):
    wire, provider = Wire(), kind.from_env()
    finish(provider, trial(provider), wire)
    assert [request.step for request in wire.requests if request.spends] == ["submit"]
    assert wire.requests[-1].step == "fetch"
    assert wire.requests[-1].auth is None
    assert "authorization" not in wire.sent[-1].headers


def test_the_name_at_the_vendor_never_passes_twenty_characters(custom, trial):
    wire, made = Wire(), replace(trial(custom), resends=12345)
    finish(custom, made, wire)
    assert len(bodies(wire)[0]["VoiceName"]) == 20
    assert bodies(wire)[0]["SessionId"] == made.name


@both
def test_the_same_trial_again_takes_up_the_task_it_has_and_pays_nothing(kind, emulator, trial):
    provider = kind.from_env()
    made = trial(provider)
    first = finish(provider, made)
    again = finish(provider, made)
    assert again.voice_id == first.voice_id
    assert "not paid anew" in again.evidence["taken_up"]
    assert emulator.ledger.bought(made.name) == 1


@both
def test_a_duplicate_whose_task_is_nowhere_stays_in_doubt(kind, emulator, trial):
    provider = kind.from_env()
    emulator.faults.add(kind.dialect.action, Fault(code="InvalidParameterValue.SessionId"))
    error = failure(InDoubt, provider, trial(provider))
    assert "three days" in str(error)


@both
def test_what_became_of_a_trial_in_doubt_is_found_by_its_name(kind, emulator, trial):
    provider = kind.from_env()
    made, other = trial(provider), trial(provider)
    lost = Fault(code="InternalError", carried_out=True)
    emulator.faults.add(kind.dialect.action, lost)
    assert "usage" in str(failure(InDoubt, provider, made))
    task = asyncio.run(provider.settle(made, Wire()))
    assert emulator.tasks[task.id].session["SessionId"] == made.name
    assert asyncio.run(provider.settle(other, Wire())) is None
    assert emulator.ledger.bought(made.name) == 1


def test_a_task_is_found_on_later_pages(design, trial, emulator):
    first = trial(design)
    began = asyncio.run(design.submit(first, Wire()))
    task = emulator.tasks[began.id]
    try:
        for number in range(205):
            later = replace(task, task_id=f"221073-Later-{number}", session={"SessionId": ""})
            emulator.tasks[later.task_id] = later
        wire = Wire()
        assert asyncio.run(design.settle(first, wire)) == Task(id=began.id)
        assert len(wire.requests) == 3
    finally:
        emulator.tasks.clear()


def test_the_tables_have_every_published_code_and_no_other():
    codes = {row["code"] for row in PUBLISHED["codes"]}
    assert set(CODES) <= codes <= set(CODES) | set(COMMON)
    assert set(TASK_CODES) - {"ABORTED"} == {row["code"] for row in PUBLISHED["task_codes"]}


@both
@pytest.mark.parametrize("row", PUBLISHED["codes"], ids=lambda row: row["code"])
def test_every_published_code_gets_its_reaction(kind, row, emulator, trial):
    provider = kind.from_env()
    emulator.faults.add(kind.dialect.action, Fault(code=row["code"], message=row["text"]))
    error = failure(LATER.get(row["kind"], Refused), provider, trial(provider))
    assert error.code == row["code"]
    assert error.vendor_message == row["text"]
    assert error.request_id
    assert emulator.ledger.charged == 0


@pytest.mark.parametrize("row", PUBLISHED["codes"], ids=lambda row: row["code"])
def test_every_published_code_after_a_free_call_is_a_no_or_a_later(row, emulator, design):
    emulator.faults.add("DescribeTaskDetail", Fault(code=row["code"], message=row["text"]))
    with pytest.raises(Unreachable if row["kind"] == "server" else Refused):
        asyncio.run(design.poll(Task(id="221073-DesignVoiceAsync-0"), Wire()))


@pytest.mark.parametrize("row", PUBLISHED["codes"], ids=lambda row: row["code"])
def test_every_refusal_says_what_to_do(row):
    found = find(row["code"], CODES)
    assert found.error is not Refused or found.advice.endswith(".")


@both
@pytest.mark.parametrize("row", PUBLISHED["task_codes"], ids=lambda row: row["code"])
def test_a_finished_task_can_have_failed(kind, row, emulator, trial):
    number, word = (int(row["code"]), "") if row["code"].isdigit() else (0, row["code"])
    told = {"ErrCode": number, "ErrCodeExt": word, "Message": row["text"], "Output": None}

    def damage(answer):
        name = f"{kind.dialect.action}Task"
        return answer | {name: answer[name] | told}

    emulator.faults.add("DescribeTaskDetail", Fault(damage=damage))
    provider = kind.from_env()
    error = failure(Refused, provider, trial(provider))
    assert error.code == row["code"]
    assert row["text"].rstrip(".") in str(error)
    assert error.request_id


@both
@pytest.mark.parametrize(
    "damage",
    [
        lambda name, answer: answer | {name: None},
        lambda name, answer: answer | {name: "a text"},
        lambda name, answer: answer | {name: answer[name] | {"Output": None}},
        lambda name, answer: answer | {name: answer[name] | {"Output": []}},
        lambda name, answer: answer | {name: answer[name] | {"Output": {"InfoList": []}}},
        lambda name, answer: answer | {"Status": "SOMETHING NEW"},
        lambda name, answer: {"RequestId": answer["TaskType"]},
    ],
)
def test_a_finished_task_that_cannot_be_read_is_unreadable(kind, damage, emulator, trial):
    def damaged(answer):
        return damage(f"{kind.dialect.action}Task", answer)

    emulator.faults.add("DescribeTaskDetail", Fault(damage=damaged))
    provider = kind.from_env()
    failure(Unreadable, provider, trial(provider))


@pytest.mark.parametrize("info", [None, 7, "", "[]", "{", "{}", '{"trial_url": 3}', "[" * 99_999])
def test_voice_info_that_is_no_json_text_is_unreadable(info, emulator, custom, trial):
    output = {"InfoList": [{"VoiceId": "123", "VoiceInfo": info}]}

    def damage(answer):
        name = "CreateAigcCustomVoiceTask"
        return answer | {name: answer[name] | {"Output": output}}

    emulator.faults.add("DescribeTaskDetail", Fault(damage=damage))
    failure(Unreadable, custom, trial(custom))


def test_an_aborted_task_is_refused(emulator, design, trial):
    emulator.faults.add("DescribeTaskDetail", Fault(damage=lambda a: a | {"Status": "ABORTED"}))
    assert failure(Refused, design, trial(design)).code == "ABORTED"


def test_a_task_waits_then_works_then_ends(trial):
    now = [0.0]
    with serve([TencentVodEmulator(clock=lambda: now[0])]) as sandbox:
        emulator = sandbox["tencent-vod"]
        made = TencentVodDesign(
            credentials=Credentials(secret_id=emulator.secret_id, secret_key=emulator.secret_key),
            base_url=sandbox.base_url["tencent-vod"],
        )
        task = asyncio.run(made.submit(trial(made), Wire()))
        for now[0] in (0.1, 0.6, 1.4):
            assert asyncio.run(made.poll(task, Wire())) == task
        now[0] = 1.6
        assert asyncio.run(made.poll(task, Wire())).audio


def test_a_task_is_asked_after_for_three_days(emulator, design, trial):
    task = asyncio.run(design.submit(trial(design), Wire()))
    emulator.tasks[task.id] = replace(emulator.tasks[task.id], at=-3 * 24 * 3600)
    with pytest.raises(Refused, match="three days") as caught:
        asyncio.run(design.poll(task, Wire()))
    assert caught.value.code == "ResourceNotFound"


def test_a_yes_without_a_task_is_unreadable(emulator, design, trial):
    emulator.faults.add("DesignVoiceAsync", Fault(damage=lambda answer: {}))
    failure(Unreadable, design, trial(design))


def test_a_recording_here_needs_a_way_to_a_link(custom):
    for reference in (Reference(path=Path("her.wav")), Reference(trial_id="vl1")):
        with pytest.raises(UsageError, match="publish"):
            custom.check(make_variant(reference=reference), {})


def test_a_recording_here_is_prepared_and_published(custom, trial, emulator, served, recording):
    published = []

    async def publish(audio, name):
        published.append((decode(audio), name))
        kept = emulator.keep(audio, suffix=".wav", now=1e9)
        return f"{served.base_url['tencent-vod']}/storage/{kept}"

    able = replace(custom, publish=publish)
    made = replace(trial(able, reference=Reference(path=Path("a.wav"))), reference_audio=recording)
    able.check(made.variant, {})
    voice = finish(able, made)
    clip, name = published[0]
    assert (clip.format, clip.sr, name) == ("wav", 44100, f"{made.name}.wav")
    assert voice.evidence["reference_duration_s"] == pytest.approx(clip.duration_s, abs=0.001)
    assert any("resampled" in change for change in voice.evidence["reference_changes"])


def a_file(able, trial, recording):
    """Return a trial whose reference is a file here."""
    return replace(trial(able, reference=Reference(path=Path("a.wav"))), reference_audio=recording)


@pytest.mark.parametrize("said", ["ftp://example.org/a.wav", "a.wav", "", None, 3, b"https://a.b"])
def test_a_published_recording_without_a_link_is_not_sent(said, custom, trial, recording, emulator):
    async def publish(audio, name):
        return said

    able = replace(custom, publish=publish)
    told = str(failure(Refused, able, a_file(able, trial, recording)))
    assert told.startswith("tencent-vod was not asked: the recording could not be published: ")
    assert emulator.ledger.charged == 0


def test_a_plain_function_may_publish(custom, trial, emulator, served, recording):
    def publish(audio, name):
        assert threading.current_thread() is not threading.main_thread()
        kept = emulator.keep(audio, suffix=".wav", now=1e9)
        return f"{served.base_url['tencent-vod']}/storage/{kept}"

    for way in (publish, functools.partial(publish)):
        able = replace(custom, publish=way)
        assert decode(finish(able, a_file(able, trial, recording)).audio).duration_s > 1


def raises(audio, name):
    raise OSError(f"the bucket of {A_KEY.secret_key} is full")


async def raises_later(audio, name):
    raises(audio, name)


@pytest.mark.parametrize("publish", [raises, raises_later])
def test_what_breaks_in_publishing_is_a_refusal_before_money(publish, trial, recording, emulator):
    able = TencentVodCustom(credentials=A_KEY, publish=publish)
    told = str(failure(Refused, able, a_file(able, trial, recording)))
    assert "could not be published: OSError: the bucket of [key] is full." in told
    assert not emulator.ledger.calls


def test_a_recording_too_short_is_neither_published_nor_sent(custom, trial, emulator):
    async def publish(audio, name):
        raise AssertionError("it was published")

    short = espeak.speak("Good evening.", VoiceParameters()).wav
    able = replace(custom, publish=publish)
    made = replace(trial(able, reference=Reference(path=Path("a.wav"))), reference_audio=short)
    assert "5 to 30 s" in str(failure(Refused, able, made))
    assert not emulator.ledger.calls


@pytest.mark.parametrize("url", ["a.wav", "ftp://example.org/a.wav", "https://", "https://[::1"])
def test_a_reference_that_is_no_link_is_refused(url, custom):
    with pytest.raises(UsageError, match="link"):
        custom.check(make_variant(reference=Reference(url=url)), {})


def test_the_vendor_itself_cannot_fetch_from_this_machine():
    real = TencentVodCustom(credentials=A_KEY)
    with pytest.raises(UsageError, match="leads to this machine"):
        real.check(make_variant(reference=Reference(url="http://127.0.0.1/a.wav")), {})
    real.check(make_variant(reference=Reference(url="https://example.org/a.wav")), {})


def test_an_earlier_work_takes_the_place_of_a_recording(custom, emulator, recording, trial):
    emulator.works["myVideoId"] = recording
    options = {"VideoId": "myVideoId"}
    with pytest.raises(UsageError, match="VideoId"):
        custom.check(make_variant(reference=Reference(url="https://example.org/a.wav")), options)
    custom.check(make_variant(), options)
    assert (
        decode(
            finish(custom, trial(custom, prompt=PROMPT, reference=None, options=options)).audio
        ).duration_s
        > 1
    )


def test_a_batch_may_name_an_earlier_work_and_no_recording(custom, emulator, recording, tmp_path):
    emulator.works["myVideoId"] = recording
    batch = Batch(
        variants=[make_variant()],
        providers=[custom],
        options={"tencent-vod": {"VideoId": "myVideoId"}},
    )
    with Lab.open(tmp_path) as lab:
        assert lab.quote(batch).refusals == ()
        assert lab.run(batch).result().frame["state"].tolist() == ["done"]
        bare = replace(batch, options={})
        assert "clones a reference" in lab.quote(bare).refusals[0].reason


@pytest.mark.parametrize(
    "options",
    [
        {"VoiceName": "x" * 21},
        {"VoiceName": 3},
        {"TasksPriority": 11},
        {"TasksPriority": -11},
        {"TasksPriority": True},
        {"TasksPriority": "1"},
        {"DisableModeration": True},
        {"SessionContext": "x" * 1001},
        {"SessionId": "mine"},
        {"SubAppId": 3},
        {"VoiceUrl": "https://example.org/b.wav"},
    ],
)
def test_options_a_custom_voice_refuses(options, custom, link):
    with pytest.raises(UsageError, match=next(iter(options))):
        custom.check(make_variant(reference=Reference(url=link)), options)


@pytest.mark.parametrize(
    "options",
    [
        {"VoiceSettings": "male"},
        {"VoiceSettings": {"Gender": "famale"}},
        {"VoiceSettings": {"Age": "old"}},
        {"VoiceSettings": {"Languages": ["en", "hu"]}},
        {"ExtParam": {"promptEnhance": True}},
        {"SessionContext": "x" * 1001},
        {"Prompt": "another"},
        {"PreviewText": "another"},
        {"SessionId": "mine"},
    ],
)
def test_options_a_design_refuses(options, design):
    with pytest.raises(UsageError):
        design.check(make_variant(), options)


def test_all_voice_settings_go_unchanged(design, trial):
    settings = {
        "Name": "narrator",
        "Description": "for films",
        "Gender": "male",
        "Age": "middle_aged",
        "Languages": ["en", "hun"],
        "Labels": ["Magnetic"],
        "Scenes": ["Narration"],
    }
    options = {"VoiceSettings": settings, "ExtParam": '{"promptEnhance": true}'}
    wire, made = Wire(), trial(design, options=options)
    design.check(made.variant, options)
    finish(design, made, wire)
    assert bodies(wire)[0]["VoiceSettings"] == settings


def test_only_designed_voices_are_listed_and_speak():
    assert issubclass(TencentVodDesign, VoiceShelf)
    assert issubclass(TencentVodDesign, Speaker)
    assert not issubclass(TencentVodCustom, VoiceShelf | Speaker)


def test_a_voice_is_listed_and_deleted_only_after_it_spoke(design, trial, emulator):
    emulator.voices.clear()
    made = trial(design)
    voice = finish(design, made)
    before = asyncio.run(design.shelf(Wire()))
    assert before.voices == ()
    assert "first use" in before.notes[0]
    with pytest.raises(Refused, match="first use"):
        asyncio.run(design.drop(voice.voice_id, Wire()))
    spoken = trial(design, voice_id=voice.voice_id, preview_text="Another text.")
    design.check(spoken.variant, {})
    said = asyncio.run(design.speak(spoken, Wire()))
    assert said.voice_id == voice.voice_id
    assert (sniff(said.audio), decode(said.audio).sr) == ("wav", 32000)
    (listed,) = asyncio.run(design.shelf(Wire())).voices
    assert (listed.voice_id, listed.kind, listed.name) == (voice.voice_id, "design", made.name)
    asyncio.run(design.drop(voice.voice_id, Wire()))
    assert asyncio.run(design.shelf(Wire())).voices == ()


@pytest.mark.parametrize("form", ["hexadecimal", "link"])
def test_speech_is_read_in_every_form_it_may_come_in(
    form, design, trial, emulator, link, recording
):
    def damage(answer):
        if form == "link":
            return answer | {"AudioData": "", "AudioUrl": link}
        return answer | {"AudioData": recording.hex()}

    voice = finish(design, trial(design))
    emulator.faults.add("TextToSpeechSync", Fault(damage=damage))
    said = asyncio.run(design.speak(trial(design, voice_id=voice.voice_id), Wire()))
    assert said.audio == recording


@pytest.mark.parametrize("sound", [None, "", 7, "é", "not base64!"])
def test_speech_that_cannot_be_read_is_unreadable(sound, design, trial, emulator):
    voice = finish(design, trial(design))
    fault = Fault(damage=lambda answer: answer | {"AudioData": sound, "AudioUrl": ""})
    emulator.faults.add("TextToSpeechSync", fault)
    with pytest.raises(Unreadable):
        asyncio.run(design.speak(trial(design, voice_id=voice.voice_id), Wire()))


def test_speech_comes_by_a_link_where_one_is_asked_for(design, trial):
    voice_id = finish(design, trial(design)).voice_id
    options = {"Output": {"Type": "url"}}
    design.check(make_variant(voice_id=voice_id), options)
    spoken = make_trial(design.name, voice_id=voice_id, options=options)
    assert decode(asyncio.run(design.speak(spoken, Wire())).audio).duration_s > 1


def test_what_kept_voices_say_is_shown_with_its_limit(design):
    assert "Kept voices say up to 2,000 bytes" in account_text(design.limits)
    assert design.speech_limits.preview_characters is None


def test_a_quote_counts_no_text_that_vod_never_says(custom, recording, tmp_path, link):
    rows = [make_variant(reference=Reference(url=link), preview_text="x" * 1200)]
    with Lab.open(tmp_path) as lab:
        assert lab.quote(Batch(variants=rows, providers=[custom])).characters == 0


def test_the_overseas_library_is_chosen_by_a_word(custom, link):
    with pytest.raises(UsageError, match="takes the word 'False' or 'True', as text"):
        custom.check(make_variant(reference=Reference(url=link)), {"DisableModeration": True})


def test_a_text_for_a_kept_voice_is_counted_in_bytes(design):
    with pytest.raises(UsageError, match="2001 bytes"):
        design.check(make_variant(voice_id="v", preview_text="字" * 667), {})
    design.check(make_variant(voice_id="v", preview_text="字" * 666), {})


def test_a_preview_text_too_long_is_told_with_both_numbers(design):
    with pytest.raises(UsageError, match="612 characters; tencent-vod-design takes 500"):
        design.check(make_variant(preview_text="a" * 612), {})


def test_speech_in_doubt_cannot_be_looked_for(design, trial):
    wire = Wire()
    assert asyncio.run(design.settle(trial(design, voice_id="v1_a"), wire)) is None
    assert not wire.requests


@both
def test_a_link_that_has_lapsed_says_that_the_voice_is_made(kind, emulator, trial):
    provider = kind.from_env()
    task = asyncio.run(provider.submit(trial(provider), Wire()))
    emulator.faults.add("fetch", Fault(status=403, body=b"<Error/>"))
    with pytest.raises(Refused, match="voice is made"):
        asyncio.run(provider.poll(task, Wire()))
    assert asyncio.run(provider.poll(task, Wire())).audio


@both
def test_the_real_hosts_and_the_application_come_from_the_environment(kind, monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", A_KEY.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", A_KEY.secret_key)
    monkeypatch.delenv("TENCENTCLOUD_VOD_SUB_APP_ID", raising=False)
    monkeypatch.delenv("TENCENTCLOUD_VOD_ENDPOINT", raising=False)
    assert kind.from_env() == kind(credentials=A_KEY, base_url=INTERNATIONAL)
    monkeypatch.setenv("TENCENTCLOUD_VOD_SUB_APP_ID", " 1500000001 ")
    monkeypatch.setenv("TENCENTCLOUD_VOD_ENDPOINT", "vod.tencentcloudapi.com")
    found = kind.from_env()
    assert (found.sub_app_id, found.base_url) == (1500000001, MAINLAND)
    monkeypatch.setenv("TENCENTCLOUD_VOD_SUB_APP_ID", "my app")
    with pytest.raises(UsageError, match="TENCENTCLOUD_VOD_SUB_APP_ID"):
        kind.from_env()


@pytest.mark.parametrize("number", [0, -1, True, "7", 2**63])
def test_what_is_no_number_of_an_application_is_refused(number):
    with pytest.raises(UsageError, match="sub_app_id"):
        TencentVodDesign(credentials=A_KEY, sub_app_id=number)


def test_where_no_application_is_named_none_is_sent(emulator, design, trial):
    wire, nameless = Wire(), replace(design, sub_app_id=None)
    finish(nameless, trial(nameless), wire)
    assert not [body for body in bodies(wire) if "SubAppId" in body]


@both
def test_no_secret_can_be_printed_or_kept(kind, emulator, trial):
    wire, provider = Wire(), kind.from_env()
    voice = finish(provider, trial(provider), wire)
    printed = f"{provider!r} {provider.account} {wire.requests!r} {voice.evidence}"
    assert emulator.secret_id not in printed
    assert emulator.secret_key not in printed


def test_a_lost_answer_is_settled_and_its_voice_is_cloned(
    design, custom, emulator, served, tmp_path, monkeypatch
):
    monkeypatch.setattr(trial_run, "POLL_FIRST_S", 0.01)

    async def publish(audio, name):
        kept = emulator.keep(audio, suffix=".wav", now=1e9)
        return f"{served.base_url['tencent-vod']}/storage/{kept}"

    providers = (design, replace(custom, publish=publish))
    with Lab.open(tmp_path / "lab", providers=providers) as lab:
        emulator.faults.add("DesignVoiceAsync", Fault(hang_up=True, carried_out=True))
        lab.run(Batch(variants=(make_variant(preview_text=LONG),), providers=(design,))).result()
        (record,) = lab.records()
        assert (record.state, record.source) == (TrialState.DONE, "tencent-vod-design (emulated)")
        assert emulator.ledger.bought(record.trial.name) == 1
        clone = make_variant(label="clone", reference=Reference(trial_id=record.trial.id))
        lab.run(Batch(variants=(clone,), providers=("tencent-vod",))).result()
        heard = lab.records()[-1]
        assert heard.state is TrialState.DONE
        assert heard.evidence["reference_duration_s"] > 5
