"""Tencent TRTC: two paid calls for one voice, driven through the emulator over real sockets."""

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from provider_helpers import PREVIEW_TEXT, Wire, make_trial, make_variant

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.errors import InDoubt, Refused, Throttled, Unreadable, UsageError
from voicelab.lab import Lab
from voicelab.measures import measure
from voicelab.model import Batch, PromptVariant, Reference, Wants
from voicelab.providers._tc3 import Credentials
from voicelab.providers.base import Speaker, VoiceShelf
from voicelab.providers.tencent_trtc import CODES, INTERNATIONAL, MAINLAND, TencentTrtc

PUBLISHED = json.loads(
    Path(__file__).parents[1].joinpath("wire/tencent_trtc_codes.json").read_text("utf-8")
)["codes"]
LATER = {"rate": Throttled, "server": InDoubt}
"""By kind of code; every other kind is a refusal."""

SAID = "On a stormy night, the ancient bell tower struck twelve. Nobody came to open the gate. " * 2


@pytest.fixture(scope="module")
def recording():
    """Eleven seconds of a woman at 22,050 Hz."""
    return espeak.speak(SAID, VoiceParameters(f0_hz=200, tract_percent=115)).wav


@pytest.fixture(scope="module")
def served():
    with serve([TencentTrtcEmulator(per_second=100_000)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served, monkeypatch):
    served["tencent-trtc"].ledger.calls.clear()
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    return served["tencent-trtc"]


@pytest.fixture
def trtc(emulator):
    return TencentTrtc.from_env()


@pytest.fixture
def trial(recording):
    def make(*, audio=recording, transcript=None, **changes):
        reference = Reference(path=Path("her.wav"), transcript=transcript)
        made = make_trial("tencent-trtc", **{"prompt": "", "reference": reference, **changes})
        return replace(made, reference_audio=audio)

    return make


def submit(trtc, trial, wire=None):
    return asyncio.run(trtc.submit(trial, wire or Wire(secrets=trtc.secrets)))


def failure(kind, trtc, trial, wire=None):
    with pytest.raises(kind) as caught:
        submit(trtc, trial, wire)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(".")
    return caught.value


def bodies(wire):
    return [json.loads(sent.content) for sent in wire.sent]


def made_here(**changes):
    known = {
        "credentials": Credentials(secret_id="AKIDnobody", secret_key="secretnobody"),
        "sdk_app_id": 1400000000,
    }
    return TencentTrtc(**{**known, **changes})


def test_a_clone_is_heard_in_wav_and_resembles_its_recording(trtc, trial, emulator):
    made = trial()
    voice = submit(trtc, made)
    clip = decode(voice.audio)
    assert (clip.format, clip.sr, clip.channels) == ("wav", 24000, 1)
    assert voice.voice_id.startswith(f"{made.name}_")
    assert abs(12 * np.log2(measure(clip.y, sr=clip.sr)["f0_median_hz"] / 200)) < 1
    assert [call.endpoint for call in emulator.ledger.calls] == ["VoiceClone", "TextToSpeech"]
    assert trtc.wants is Wants.REFERENCE


def test_the_changes_made_to_the_recording_are_on_the_voice(trtc, trial, recording):
    clip = decode(recording)
    quiet = np.concatenate([np.zeros(4 * clip.sr), 0.02 * clip.y])
    voice = submit(trtc, trial(audio=encode(quiet, sr=clip.sr, format="flac")))
    assert voice.evidence["reference_changes"][:2] == [
        "converted from flac to WAV",
        "resampled from 22,050 Hz to 16,000 Hz",
    ]
    assert "louder" in voice.evidence["reference_changes"][-1]
    assert 10 < voice.evidence["reference_duration_s"] < 13


def test_both_bodies_are_what_the_vendor_documents(trtc, trial, emulator):
    wire = Wire()
    made = trial(transcript=SAID, language="en-GB")
    voice = submit(trtc, made, wire)
    clone, speak = bodies(wire)
    sound = decode(base64.b64decode(clone.pop("PromptAudio"), validate=True))
    assert (sound.format, sound.sr, sound.channels) == ("wav", 16000, 1)
    assert clone == {
        "SdkAppId": emulator.sdk_app_id,
        "VoiceName": made.name,
        "PromptText": SAID,
    }
    assert speak == {
        "SdkAppId": emulator.sdk_app_id,
        "Text": PREVIEW_TEXT,
        "AudioFormat": {"Format": "wav", "SampleRate": 24000},
        "Language": "en",
        "Voice": {"VoiceId": voice.voice_id},
    }
    assert [(request.step, request.spends) for request in wire.requests] == [
        ("clone", True),
        ("speak", True),
    ]
    assert {sent.headers["x-tc-region"] for sent in wire.sent} == {"ap-singapore"}


def test_options_go_unchanged_to_the_call_they_belong_to(trtc, trial):
    wire = Wire()
    options = {
        "Model": "flow_01_ex",
        "Language": "en",
        "VoiceName": "my_clone_1",
        "Voice": {"Speed": 1.5, "Pitch": 3},
        "AlignmentMode": 1,
        "PronunciationDict": [{"Word": "bell", "Pronunciation": "ball"}],
    }
    made = trial(options=options)
    trtc.check(made.variant, options)
    voice = submit(trtc, made, wire)
    clone, speak = bodies(wire)
    assert set(clone) == {"SdkAppId", "VoiceName", "PromptAudio", "Model", "Language"}
    assert (clone["Model"], clone["VoiceName"]) == ("flow_01_ex", "my_clone_1")
    assert speak["Model"] == "flow_01_ex"
    assert speak["Voice"] == {"VoiceId": voice.voice_id, "Speed": 1.5, "Pitch": 3}
    assert speak["AlignmentMode"] == 1
    assert speak["PronunciationDict"] == options["PronunciationDict"]
    assert "Language" not in speak


def test_a_kept_voice_says_another_text_in_one_paid_call(trtc, trial, emulator):
    voice_id = submit(trtc, trial()).voice_id
    wire = Wire()
    wish = make_trial("tencent-trtc", voice_id=voice_id, options={"Voice": {"Speed": 2.0}})
    trtc.check(wish.variant, wish.options)
    spoken = asyncio.run(trtc.speak(wish, wire))
    assert spoken.voice_id == voice_id
    assert [(request.step, request.spends) for request in wire.requests] == [("speak", True)]
    plain = asyncio.run(trtc.speak(replace(wish, options={}), Wire()))
    assert decode(spoken.audio).duration_s < 0.7 * decode(plain.audio).duration_s
    assert isinstance(trtc, Speaker)


@pytest.mark.parametrize(
    ("sound", "format", "sr"),
    [
        ({"SampleRate": 16000}, "wav", 16000),
        ({"Format": "mp3", "Bitrate": 64}, "mp3", 24000),
        ({"Format": "pcm", "SampleRate": 16000}, "pcm", 16000),
    ],
)
def test_the_sound_of_the_speech_can_be_chosen(sound, format, sr, trtc, trial):
    made = trial(options={"AudioFormat": sound})
    trtc.check(made.variant, made.options)
    wire = Wire()
    voice = submit(trtc, made, wire)
    clip = decode(voice.audio, pcm_rate=voice.pcm_rate)
    assert (clip.format, clip.sr) == (format, sr)
    assert clip.duration_s > 1
    clone, speak = bodies(wire)
    assert "AudioFormat" not in clone
    assert sound.items() <= speak["AudioFormat"].items()


def test_clones_cannot_be_listed_or_deleted_and_a_doubt_cannot_be_settled(trtc, trial):
    assert not isinstance(trtc, VoiceShelf)
    assert asyncio.run(trtc.settle(trial(), Wire())) is None


def test_to_speak_takes_a_voice_and_no_name_for_one(trtc, trial):
    with pytest.raises(UsageError, match="names no voice"):
        asyncio.run(trtc.speak(trial(), Wire()))
    with pytest.raises(UsageError, match="VoiceName"):
        trtc.check(make_variant(voice_id="v"), {"VoiceName": "another"})


@pytest.mark.parametrize(
    ("audio", "told"),
    [
        (None, "no recording"),
        (b"", "0 bytes"),
        (b"<html>not found</html>", "cannot be used"),
        (encode(np.zeros(16000 * 20), sr=16000, format="wav"), "silent"),
        (encode(0.3 * np.sin(np.arange(16000 * 5) / 20), sr=16000, format="wav"), "5.00 s"),
        (encode(0.3 * np.sin(np.arange(8000 * 200) / 20), sr=8000, format="wav"), "200.00 s"),
    ],
)
def test_a_bad_recording_is_refused_and_nothing_is_sent(audio, told, trtc, trial):
    wire = Wire()
    assert told in str(failure(Refused, trtc, trial(audio=audio), wire))
    assert wire.requests == []


def test_a_row_without_a_recording_is_told_before_money(trtc):
    with pytest.raises(UsageError, match="no reference"):
        trtc.check(make_variant(), {})
    trtc.check(make_variant(reference=Reference(trial_id="vl1")), {})


@pytest.mark.parametrize(
    ("text", "taken"),
    [("a" * 255, True), ("a" * 256, False), ("字" * 127, True), ("字" * 128, False)],
)
def test_a_chinese_character_counts_as_two(text, taken, trtc, trial):
    made = trial(preview_text=text)
    if taken:
        trtc.check(made.variant, {})
    else:
        with pytest.raises(UsageError, match=f"has 256 characters.*{'takes 255'}"):
            trtc.check(made.variant, {})


@pytest.mark.parametrize(
    "options",
    [
        {"SdkAppId": 1},
        {"PromptAudio": ""},
        {"AudioFormat": {"Format": "flac"}},
        {"AudioFormat": {"SampleRate": 12345}},
        {"Model": "flow_02_turbo"},
        {"Model": 1},
        {"VoiceName": "has a space"},
        {"VoiceName": "v" * 37},
        {"VoiceName": ""},
        {"Language": "English"},
        {"AlignmentMode": 3},
        {"AlignmentMode": True},
        {"Voice": "v1"},
        {"Voice": {"VoiceId": "v1"}},
        {"Voice": {"Speed": 2.1}},
        {"Voice": {"Speed": True}},
        {"Voice": {"Volume": 0}},
        {"Voice": {"Pitch": 0.5}},
        {"Voice": {"Pitch": 13}},
        {"Voice": {"Pitch": "high"}},
        {"ExtraParams": float("nan")},
    ],
)
def test_options_that_are_not_as_documented_are_told_before_money(options, trtc, trial):
    with pytest.raises(UsageError) as told:
        trtc.check(trial().variant, options)
    assert str(told.value).endswith(".")


def test_a_language_is_named_by_two_letters(trtc, trial):
    for tag in ("en", "en-GB", "zh_CN", "cmn", "yue", None):
        trtc.check(trial(language=tag).variant, {})
    with pytest.raises(UsageError, match="language is 'english'"):
        trtc.check(trial(language="English").variant, {})


def test_the_table_has_every_published_code_and_no_other():
    assert sorted(CODES) == sorted(row["code"] for row in PUBLISHED)


@pytest.mark.parametrize("endpoint", ["VoiceClone", "TextToSpeech"])
@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code"])
def test_every_published_code_gets_its_reaction(row, endpoint, trtc, trial, emulator):
    emulator.faults.add(endpoint, Fault(code=row["code"], message=row["text"]))
    error = failure(LATER.get(row["kind"], Refused), trtc, trial())
    assert error.code == row["code"]
    assert error.vendor_message == row["text"]
    assert len(error.request_id) == 36
    assert f"({row['code']})" in str(error)
    if row["kind"] not in LATER:
        assert CODES[row["code"]].advice.endswith(".")


@pytest.mark.parametrize("code", ["InvalidParameter.TextLength", "InternalError"])
def test_a_no_to_the_second_call_tells_the_voice_that_was_cloned(code, trtc, trial, emulator):
    emulator.faults.add("TextToSpeech", Fault(code=code))
    error = failure((Refused, InDoubt)[code == "InternalError"], trtc, trial())
    assert f"voice_id={next(reversed(emulator.voices))!r}" in str(error)


@pytest.mark.parametrize(
    ("endpoint", "damage", "told"),
    [
        ("VoiceClone", {"VoiceId": None}, "no VoiceId"),
        ("VoiceClone", {"VoiceId": ""}, "no VoiceId"),
        ("VoiceClone", {"VoiceId": 7}, "no VoiceId"),
        ("TextToSpeech", {"Audio": None}, "no Audio"),
        ("TextToSpeech", {"Audio": ""}, "empty Audio"),
        ("TextToSpeech", {"Audio": "not base64!"}, "not base64"),
        ("TextToSpeech", {"Audio": "UklGR"}, "not base64"),
        ("TextToSpeech", {"Audio": "声"}, "not base64"),
    ],
)
def test_a_yes_without_what_it_should_bring_cannot_be_read(
    endpoint, damage, told, trtc, trial, emulator
):
    emulator.faults.add(endpoint, Fault(damage=lambda answer: answer | damage))
    assert told in str(failure(Unreadable, trtc, trial()))


def test_keys_the_vendor_does_not_know_are_refused(trtc, trial):
    stranger = replace(trtc, credentials=Credentials(secret_id="AKIDother0", secret_key="x" * 32))
    error = failure(Refused, stranger, trial())
    assert error.code == "AuthFailure.SecretIdNotFound"


def test_an_application_of_another_account_is_refused(trtc, trial):
    error = failure(Refused, replace(trtc, sdk_app_id=1400000001), trial())
    assert "TENCENTCLOUD_SDK_APP_ID" in str(error)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sdk_app_id": 0}, "TENCENTCLOUD_SDK_APP_ID"),
        ({"sdk_app_id": "1400000000"}, "TENCENTCLOUD_SDK_APP_ID"),
        ({"sdk_app_id": True}, "TENCENTCLOUD_SDK_APP_ID"),
        ({"region": "ap-guangzhou"}, "clones voices in ap-singapore"),
        ({"base_url": MAINLAND, "region": "ap-singapore"}, "ap-beijing"),
        ({"base_url": "http://example.org"}, "TENCENTCLOUD_TRTC_ENDPOINT"),
    ],
)
def test_what_no_call_could_be_made_with_is_told_at_once(changes, told):
    with pytest.raises(UsageError, match=told):
        made_here(**changes)


@pytest.mark.parametrize(("value", "told"), [("", "not set"), ("my-app", "'my-app'")])
def test_the_application_is_read_from_the_environment(value, told, emulator, monkeypatch):
    monkeypatch.setenv("TENCENTCLOUD_SDK_APP_ID", value)
    with pytest.raises(UsageError, match=f"TENCENTCLOUD_SDK_APP_ID is {told}"):
        TencentTrtc.from_env()


def test_each_site_has_its_own_region_and_bounds(trial):
    abroad, mainland = made_here(), made_here(base_url="trtc.tencentcloudapi.com")
    assert (abroad.base_url, abroad.region) == (INTERNATIONAL, "ap-singapore")
    assert (mainland.base_url, mainland.region) == (MAINLAND, "ap-beijing")
    assert abroad.limits.preview_characters == 255
    assert mainland.limits.preview_characters == 2000
    text = trial(preview_text="word " * 100).variant
    mainland.check(text, {"Model": "flow_02_turbo"})
    with pytest.raises(UsageError, match="takes 255"):
        abroad.check(text, {})


@pytest.fixture
def lab(tmp_path, trtc):
    with Lab.open(tmp_path / "lab", providers=[trtc]) as lab:
        yield lab


@pytest.fixture
def clones(lab, tmp_path, recording):
    tmp_path.joinpath("her.wav").write_bytes(recording)
    reference = Reference(path=tmp_path / "her.wav")
    row = PromptVariant(label="her", prompt="", preview_text=PREVIEW_TEXT, reference=reference)
    return Batch(variants=[row], providers=["tencent-trtc"])


def asked(emulator):
    return [call.endpoint for call in emulator.ledger.calls]


def test_a_design_of_the_local_engine_is_cloned_and_compared_with_its_original(lab):
    row = PromptVariant(label="deep", prompt="a deep, calm male voice", preview_text=SAID)
    lab.run(Batch(variants=[row], providers=["local"], experiment="chain")).result()
    rows = lab.references([lab.records()[0].trial.id], preview_text=PREVIEW_TEXT)
    wish = Batch(variants=rows, providers=["tencent-trtc"], experiment="chain")
    table = lab.run(wish).result().frame
    assert table["state"].tolist() == ["done"]
    original, clone = lab.compare("chain").frame["f0_median_hz"]
    assert abs(12 * np.log2(clone / original)) < 1


def test_a_throttle_on_the_second_call_never_clones_twice(lab, clones, emulator):
    emulator.faults.add("TextToSpeech", Fault(code="RequestLimitExceeded"), times=3)
    assert lab.run(clones).result().frame["state"].tolist() == ["done"]
    assert asked(emulator) == ["VoiceClone"] + ["TextToSpeech"] * 4


def test_a_second_call_that_was_refused_names_the_clone_that_is_there(lab, clones, emulator):
    emulator.faults.add("TextToSpeech", Fault(code="UnsupportedOperation.NotAllowed"))
    lab.run(clones).result()
    (record,) = lab.records()
    assert record.state.value == "failed"
    assert "voice_id=" in record.error
    assert asked(emulator).count("VoiceClone") == 1


@pytest.mark.parametrize("endpoint", ["VoiceClone", "TextToSpeech"])
def test_a_call_without_an_answer_is_in_doubt_and_never_asked_again_by_itself(
    endpoint, lab, clones, emulator
):
    emulator.faults.add(endpoint, Fault(hang_up=True, carried_out=True))
    lab.run(clones).result()
    lab.resume().result()
    lab.run(clones).result()
    assert [record.state.value for record in lab.records()] == ["in doubt"]
    assert asked(emulator).count(endpoint) == 1


def test_a_recording_that_is_too_short_is_refused_before_the_run_and_costs_nothing(
    lab, clones, emulator
):
    path = clones.variants[0].reference.path
    path.write_bytes(encode(0.3 * np.sin(np.arange(16000 * 4) / 20), sr=16000, format="wav"))
    with pytest.raises(UsageError, match=r"lasts 4\.00 s; the vendor takes 10 to 180 s"):
        lab.run(clones)
    assert not lab.records()
    assert asked(emulator) == []


def test_a_clone_says_another_text_with_the_model_that_cloned_it(lab, clones, emulator):
    options = {"Model": "flow_01_ex", "Language": "en", "Voice": {"Speed": 1.5}}
    lab.run(replace(clones, options={"tencent-trtc": options})).result()
    (clone,) = lab.records()
    lab.speak(clone.trial.id, "And good night.").result()
    spoken = lab.records()[-1]
    lab.speak(spoken.trial.id, "Sleep well.", options={"Voice": {"Speed": 0.8}}).result()
    bodies = [json.loads(call.content) for call in emulator.ledger.of("TextToSpeech")]
    assert [body["Text"] for body in bodies[1:]] == ["And good night.", "Sleep well."]
    assert {body["Model"] for body in bodies} == {"flow_01_ex"}
    assert {body["Voice"]["VoiceId"] for body in bodies} == {clone.voice_id}
    assert [body["Voice"]["Speed"] for body in bodies] == [1.5, 1.5, 0.8]
    assert asked(emulator).count("VoiceClone") == 1
