"""DashScope: both dialects, every documented answer, driven through the emulator over sockets."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from provider_helpers import PREVIEW_TEXT, PROMPT, Wire, make_trial, make_variant, submit

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.serve import serve
from voicelab.errors import InDoubt, Refused, Throttled, Unreachable, Unreadable, UsageError
from voicelab.model import Trial
from voicelab.providers._dashscope import CODES
from voicelab.providers._dashscope_replies import judge
from voicelab.providers.base import Reply, Speaker, VoiceShelf
from voicelab.providers.dashscope import BEIJING, SINGAPORE, DashScopeCosyVoice, DashScopeQwen

PUBLISHED = json.loads(Path(__file__).parents[1].joinpath("wire/dashscope_codes.json").read_text())
ROWS = PUBLISHED["codes"]
LATER = {"rate": Throttled, "server": InDoubt}
"""By kind of code; every other kind is a refusal."""

KEY = "sk-a-key-nobody-has"
BOTH = (DashScopeCosyVoice, DashScopeQwen)
CUSTOMIZATION = "/api/v1/services/audio/tts/customization"

both = pytest.mark.parametrize("kind", BOTH, ids=lambda kind: kind.name)


class Clock:
    now = 0.0

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
    emulator.free_creates = 0
    emulator.qwen_retired = False
    return emulator


@pytest.fixture
def make(served, emulator):
    return lambda kind, **how: kind(
        api_key=emulator.api_key, base_url=served.base_url["dashscope"], **how
    )


def asked(method, *arguments, send):
    return asyncio.run(method(*arguments, send))


def failure(error, provider, trial=None):
    with pytest.raises(error) as caught:
        submit(provider, trial or make_trial(provider.name))
    assert type(caught.value) is error
    return caught.value


def designed(provider, emulator, **changes):
    """Return a new voice's id, its review over."""
    voice = submit(provider, make_trial(provider.name, **changes))
    emulator.clock.now += emulator.review_s
    return voice.voice_id


@both
def test_a_voice_comes_with_wav_speech_and_lasts_a_year_unused(kind, make, emulator):
    voice = submit(make(kind), make_trial())
    clip = decode(voice.audio)
    assert (clip.format, clip.sr, clip.channels) == ("wav", 24000, 1)
    assert clip.duration_s > 1
    assert voice.voice_id in emulator.voices
    assert voice.kept_for == timedelta(days=365)
    assert len(emulator.ledger.of("design")) == 1


def test_a_new_cosyvoice_voice_says_that_it_is_under_review(make):
    voice = submit(make(DashScopeCosyVoice), make_trial())
    assert voice.evidence == {"target_model": "cosyvoice-v3.5-plus", "status": "DEPLOYING"}


def test_the_cosyvoice_body_is_what_the_vendor_documents(make):
    wire = Wire()
    trial = make_trial()
    submit(make(DashScopeCosyVoice), trial, wire)
    assert wire.sent[0].url.path == CUSTOMIZATION
    assert json.loads(wire.sent[0].content) == {
        "model": "voice-enrollment",
        "input": {
            "action": "create_voice",
            "target_model": "cosyvoice-v3.5-plus",
            "voice_prompt": PROMPT,
            "preview_text": PREVIEW_TEXT,
            "prefix": trial.name[-9:],
            "language_hints": ["en"],
        },
        "parameters": {"sample_rate": 24000, "response_format": "wav"},
    }
    assert wire.sent[0].headers["content-type"] == "application/json"
    assert "x-dashscope-async" not in wire.sent[0].headers
    assert wire.requests[0].spends


def test_the_qwen_body_is_what_the_vendor_documents(make):
    wire = Wire()
    trial = make_trial()
    submit(make(DashScopeQwen), trial, wire)
    assert wire.sent[0].url.path == CUSTOMIZATION
    assert json.loads(wire.sent[0].content) == {
        "model": "qwen-voice-design",
        "input": {
            "action": "create",
            "target_model": "qwen3-tts-vd-2026-01-26",
            "voice_prompt": PROMPT,
            "preview_text": PREVIEW_TEXT,
            "preferred_name": trial.name,
            "language": "en",
        },
        "parameters": {"sample_rate": 24000, "response_format": "wav"},
    }


@both
def test_options_go_unchanged_to_where_the_vendor_has_them(kind, make):
    options = {
        "sample_rate": 16000,
        "new_field": [1, {"a": None}],
        "parameters": {"response_format": "mp3", "new_parameter": 2},
    }
    wire = Wire()
    clip = decode(submit(make(kind), make_trial(options=options), wire).audio)
    body = json.loads(wire.sent[0].content)
    assert body["parameters"] == {
        "sample_rate": 16000,
        "response_format": "mp3",
        "new_parameter": 2,
    }
    assert body["input"]["new_field"] == [1, {"a": None}]
    assert not {"sample_rate", "parameters"} & body["input"].keys()
    assert (clip.format, clip.sr) == ("mp3", 16000)


@both
def test_headerless_samples_are_read_at_the_rate_the_reply_names(kind, make):
    voice = submit(make(kind), make_trial(options={"response_format": "pcm", "sample_rate": 48000}))
    assert voice.pcm_rate == 48000
    assert decode(voice.audio, pcm_rate=voice.pcm_rate).duration_s > 1


@both
def test_two_trials_and_a_resend_have_names_of_their_own(kind, make):
    wire, provider = Wire(), make(kind)
    plain = Trial(
        id="vl0123456789abcd", batch_id="b", index=0, variant=make_variant(), provider="x", take=1
    )
    again = Trial(
        id=plain.id, batch_id="b", index=0, variant=plain.variant, provider="x", take=1, resends=12
    )
    for trial in (plain, again, make_trial()):
        submit(provider, trial, wire)
    names = [request.body["input"][kind.dialect.name_field] for request in wire.requests]
    assert len(set(names)) == 3
    assert all(kind.dialect.name_rule.fullmatch(name) for name in names)
    assert plain.name.endswith(names[0])


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Good evening.", "en"),
        ("在一个风雨交加的夜晚。", "zh"),
        ("我用 iPhone 打电话", "zh"),
        ("こんばんは、皆さん。", "ja"),
        ("カタカナ", "ja"),
        ("안녕하세요", "ko"),
        ("Добрый вечер.", "ru"),
        ("We met Иван there on a stormy night.", "en"),
        ("12 34", "en"),
    ],
)
def test_the_language_is_told_by_the_script_where_none_is_named(text, language, make):
    wire = Wire()
    variant = make_variant(preview_text=text)
    make(DashScopeQwen).check(variant, {})
    submit(make(DashScopeQwen), make_trial(preview_text=text), wire)
    assert wire.requests[0].body["input"]["language"] == language


@pytest.mark.parametrize(("tag", "sent"), [("de", "de"), ("pt-BR", "pt"), ("es_419", "es")])
def test_a_named_language_goes_by_its_primary_tag(tag, sent, make):
    wire = Wire()
    submit(make(DashScopeQwen), make_trial(language=tag), wire)
    assert wire.requests[0].body["input"]["language"] == sent


def test_a_reply_without_the_target_model_is_a_good_one(make):
    provider = make(DashScopeCosyVoice, target_model="qwen-audio-3.0-tts-plus")
    assert submit(provider, make_trial()).evidence["target_model"] == "qwen-audio-3.0-tts-plus"
    assert provider.limits.price is None


def test_the_table_has_every_published_code_and_no_other():
    assert set(CODES) == {row["code"].removesuffix(".*") for row in ROWS}


@both
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['code']}-{row['http']}")
def test_every_published_code_gets_its_reaction(row, kind, make, emulator):
    code = row["code"].replace("*", "DecoderError")
    emulator.faults.add("design", Fault(code=code, message=row["text"], status=row["http"]))
    error = failure(LATER.get(row["kind"], Refused), make(kind))
    assert error.code == code
    assert error.vendor_message == (row["text"] or None)
    assert len(error.request_id) == 32
    assert row["text"].rstrip(".") in str(error)
    assert f"({code})" in str(error)
    assert str(error).endswith(".")
    assert row["kind"] in LATER or CODES[row["code"].removesuffix(".*")].advice
    assert emulator.ledger.charged == 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['code']}-{row['http']}")
def test_a_free_reading_that_meets_a_server_fault_is_asked_again(row, make, emulator):
    code = row["code"].replace("*", "DecoderError")
    emulator.faults.add("list", Fault(code=code, status=row["http"]))
    with pytest.raises({"rate": Throttled, "server": Unreachable}.get(row["kind"], Refused)):
        asked(make(DashScopeCosyVoice).shelf, send=Wire())


def test_a_full_account_is_a_quota_and_not_a_rate(make, emulator):
    emulator.slots = 1
    try:
        for kind in BOTH:
            submit(make(kind), make_trial())
            error = failure(Refused, make(kind))
            assert error.code == "Throttling.AllocationQuota"
            assert "delete some" in str(error)
    finally:
        emulator.slots = 1000


def test_a_retired_qwen_is_told_in_those_words(make, emulator):
    emulator.qwen_retired = True
    error = failure(Refused, make(DashScopeQwen))
    assert error.code == "ModelNotFound"
    assert "retirement of qwen-voice-design for 2026-10-10" in str(error)
    assert "dashscope-cosyvoice" in str(error)
    emulator.faults.add("design", Fault(code="Endpoint.AccessDenied", status=403), times=2)
    assert "2026-10-10" in str(failure(Refused, make(DashScopeQwen)))
    assert "2026-10-10" not in str(failure(Refused, make(DashScopeCosyVoice)))


def test_a_speech_model_that_is_gone_is_not_called_the_retired_one(make, emulator):
    provider = make(DashScopeQwen)
    voice_id = designed(provider, emulator)
    emulator.faults.add("speak", Fault(code="ModelNotFound", status=404))
    with pytest.raises(Refused) as caught:
        asked(provider.speak, make_trial(voice_id=voice_id), send=Wire())
    assert "2026-10-10" not in str(caught.value)


def test_a_code_inside_a_200_is_a_no_and_an_empty_one_is_a_yes(make, emulator):
    emulator.faults.add("design", Fault(code="InvalidParameter", message="no", status=200))
    assert failure(Refused, make(DashScopeCosyVoice)).code == "InvalidParameter"
    emulator.faults.add(
        "design", Fault(damage=lambda answer: {**answer, "code": "", "message": ""})
    )
    assert submit(make(DashScopeCosyVoice), make_trial()).voice_id


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("BrandNew", 400, Refused),
        ("BrandNew", 200, Refused),
        ("BrandNew", 429, Throttled),
        ("BrandNew", 500, InDoubt),
        ("Throttling.BrandNew", 429, Throttled),
        ("InternalError.BrandNew.Twice", 500, InDoubt),
        ("Arrearage", 500, Refused),
    ],
)
def test_a_code_nobody_documents_goes_by_its_family_and_then_its_status(
    code, status, error, make, emulator
):
    emulator.faults.add("design", Fault(code=code, message="brand new", status=status))
    found = failure(error, make(DashScopeCosyVoice))
    assert found.code == code
    assert "brand new" in str(found)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, Refused) for status in (301, 400, 401, 403, 404, 413)),
        *((status, InDoubt) for status in (408, 500, 502, 503, 504)),
        (429, Throttled),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[]", b"{}", b'{"code": null}'])
def test_without_a_code_the_http_status_decides(status, error, body):
    reply = Reply(status=status, headers={}, content=body)
    with pytest.raises(error) as caught:
        judge(reply, name="dashscope-qwen", spends=True)
    assert caught.value.code == f"HTTP {status}"


def test_retry_after_and_the_request_id_of_a_header_are_read():
    reply = Reply(status=429, headers={"retry-after": "7", "x-request-id": "abc"}, content=b"")
    with pytest.raises(Throttled) as caught:
        judge(reply, name="dashscope-qwen", spends=True)
    assert (caught.value.retry_after, caught.value.request_id) == (7.0, "abc")


def preview(**changes):
    def damage(answer):
        output = answer["output"]
        audio = {**output["preview_audio"], **changes}
        return {**answer, "output": {**output, "preview_audio": audio}}

    return damage


def output(**changes):
    return lambda answer: {**answer, "output": {**answer["output"], **changes}}


@both
@pytest.mark.parametrize(
    "damage",
    [
        preview(data=""),
        preview(data=None),
        preview(data=7),
        preview(data="UklGR*"),
        preview(data="UklG R"),
        preview(data="UklGR"),
        preview(data="é"),
        output(preview_audio=None),
        output(preview_audio="UklGRg=="),
        output(voice_id="", voice=""),
        output(voice_id=7, voice=7),
        output(voice_id=None, voice=None),
        lambda answer: {"usage": answer["usage"]},
        lambda answer: {**answer, "output": []},
    ],
)
def test_a_yes_that_cannot_be_read_is_unreadable(damage, kind, make, emulator):
    emulator.faults.add("design", Fault(damage=damage))
    error = failure(Unreadable, make(kind))
    assert len(error.request_id) == 32
    assert len(str(error)) < 300


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"null", b"[" * 100_000, b"<html>"])
def test_garbage_is_unreadable(body, make, emulator):
    emulator.faults.add("design", Fault(body=body))
    failure(Unreadable, make(DashScopeCosyVoice))


def test_the_other_dialects_field_for_the_id_does_not_count(make, emulator):
    emulator.faults.add("design", Fault(damage=output(voice="v", voice_id=None)))
    failure(Unreadable, make(DashScopeCosyVoice))
    emulator.faults.add("design", Fault(damage=output(voice_id="v", voice=None)))
    failure(Unreadable, make(DashScopeQwen))


def test_a_wrong_key_is_refused_with_the_region_as_a_likely_reason(served, emulator):
    wrong = DashScopeCosyVoice(api_key=KEY, base_url=served.base_url["dashscope"])
    error = failure(Refused, wrong)
    assert error.code == "InvalidApiKey"
    assert "region" in str(error)


@both
def test_the_shelf_has_every_page_and_only_its_own_dialect(kind, make, emulator, monkeypatch):
    monkeypatch.setattr("voicelab.providers.dashscope.PAGE_SIZE", 2)
    for other in BOTH:
        submit(make(other), make_trial())
    mine = {submit(make(kind), make_trial()).voice_id for _ in range(4)}
    provider = make(kind)
    assert isinstance(provider, VoiceShelf)
    wire = Wire()
    shelf = asked(provider.shelf, send=wire)
    assert len(shelf.voices) == 5
    assert mine < {voice.voice_id for voice in shelf.voices}
    assert shelf.slots == 1000
    assert {voice.kind for voice in shelf.voices} == {"design"}
    assert all(voice.created_at.utcoffset() == timedelta(hours=8) for voice in shelf.voices)
    assert not any(request.spends for request in wire.requests)


def test_the_status_of_a_cosyvoice_voice_is_followed_on_the_shelf(make, emulator):
    provider = make(DashScopeCosyVoice)
    submit(provider, make_trial())
    submit(provider, make_trial(prompt="A man impersonating a president."))
    assert {v.status for v in asked(provider.shelf, send=Wire()).voices} == {"DEPLOYING"}
    emulator.clock.now += emulator.review_s
    shelf = asked(provider.shelf, send=Wire())
    assert [voice.status for voice in shelf.voices] == ["UNDEPLOYED", "OK"]
    assert any("1 rejected in review" in note for note in shelf.notes)


def test_a_list_that_repeats_itself_comes_to_an_end(make, emulator):
    provider = make(DashScopeCosyVoice)
    again = output(voice_list=[{"voice_id": "v1"}, {"voice_id": "v2"}])
    emulator.faults.add("list", Fault(damage=again), times=9)
    try:
        assert [v.voice_id for v in asked(provider.shelf, send=Wire()).voices] == ["v1", "v2"]
        assert len(emulator.ledger.of("list")) == 2
    finally:
        emulator.faults.clear()


@both
def test_a_list_that_is_none_is_unreadable(kind, make, emulator):
    for broken in ({"voice_list": None}, {"voice_list": ["a"]}):
        emulator.faults.add("list", Fault(damage=output(**broken)))
        with pytest.raises(Unreadable, match="no voice_list"):
            asked(make(kind).shelf, send=Wire())


@both
def test_a_dropped_voice_is_gone_and_dropping_it_again_is_refused(kind, make, emulator):
    provider = make(kind)
    voice_id = designed(provider, emulator)
    asked(provider.drop, voice_id, send=Wire())
    assert voice_id not in emulator.voices
    with pytest.raises(Refused, match="deleted"):
        asked(provider.drop, voice_id, send=Wire())


@both
def test_a_kept_voice_says_another_text_and_the_link_gets_no_key(kind, make, emulator):
    provider = make(kind)
    voice_id = designed(provider, emulator)
    wire = Wire()
    trial = make_trial(provider.name, voice_id=voice_id, preview_text="Another text altogether.")
    provider.check(trial.variant, {})
    assert isinstance(provider, Speaker)
    voice = asked(provider.speak, trial, send=wire)
    assert voice.voice_id == voice_id
    assert decode(voice.audio).sr == 24000
    told = [(r.step, r.spends, r.auth is not None) for r in wire.requests]
    assert told == [("query", False, True), ("speak", True, True), ("fetch", False, False)]
    assert "authorization" not in wire.sent[2].headers
    assert [call.charged > 0 for call in emulator.ledger.of("speak")] == [True]


def test_the_bodies_of_speech_are_what_the_vendor_documents(make, emulator):
    bodies, paths = [], []
    for kind in BOTH:
        voice_id = designed(make(kind), emulator)
        wire = Wire()
        options = {"seed": 7} if kind is DashScopeCosyVoice else {}
        trial = make_trial(voice_id=voice_id, prompt="", language="en", options=options)
        asked(make(kind).speak, trial, send=wire)
        body = json.loads(wire.sent[1].content)
        assert body["input"].pop("voice") == voice_id
        bodies.append(body)
        paths.append(wire.sent[1].url.path)
    assert paths == [
        "/api/v1/services/audio/tts/SpeechSynthesizer",
        "/api/v1/services/aigc/multimodal-generation/generation",
    ]
    cosyvoice, qwen = bodies
    assert cosyvoice == {
        "model": "cosyvoice-v3.5-plus",
        "input": {
            "text": PREVIEW_TEXT,
            "format": "wav",
            "sample_rate": 24000,
            "language_hints": ["en"],
            "seed": 7,
        },
    }
    assert qwen == {
        "model": "qwen3-tts-vd-2026-01-26",
        "input": {"text": PREVIEW_TEXT, "language_type": "English"},
    }


def test_a_qwen_voice_tells_the_language_of_a_text_itself_where_none_is_named(make, emulator):
    wire, voice_id = Wire(), designed(make(DashScopeQwen), emulator)
    text = "Guten Abend zusammen."
    asked(make(DashScopeQwen).speak, make_trial(voice_id=voice_id, preview_text=text), send=wire)
    assert wire.requests[1].body["input"]["language_type"] == "Auto"


def test_a_voice_speaks_with_the_model_it_was_designed_for(make, emulator):
    flash = make(DashScopeCosyVoice, target_model="cosyvoice-v3.5-flash")
    voice_id = designed(flash, emulator)
    wire = Wire()
    asked(make(DashScopeCosyVoice).speak, make_trial(voice_id=voice_id), send=wire)
    assert wire.requests[1].body["model"] == "cosyvoice-v3.5-flash"


def test_a_voice_under_review_is_waited_for_and_a_rejected_one_refused(make, emulator):
    provider = make(DashScopeCosyVoice)
    trial = make_trial(prompt="A man impersonating a president.")
    voice_id = submit(provider, trial).voice_id
    saying = make_trial(voice_id=voice_id)
    with pytest.raises(Throttled, match="under review"):
        asked(provider.speak, saying, send=Wire())
    emulator.clock.now += emulator.review_s
    with pytest.raises(Refused, match=r"rejected .* \(UNDEPLOYED\)"):
        asked(provider.speak, saying, send=Wire())
    assert not emulator.ledger.of("speak")


def test_a_realtime_voice_cannot_speak_here_and_that_is_told_before_money(make, emulator):
    provider = make(DashScopeQwen, target_model="qwen3-tts-vd-realtime-2026-01-15")
    voice_id = designed(provider, emulator)
    with pytest.raises(Refused, match="WebSocket"):
        asked(provider.speak, make_trial(voice_id=voice_id), send=Wire())
    assert not emulator.ledger.of("speak")


@both
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=403, body=b"<Error>expired</Error>"), Refused),
        (Fault(status=404, body=b""), Refused),
        (Fault(status=200, body=b""), Refused),
        (Fault(status=503, body=b"busy"), Unreachable),
        (Fault(status=429, body=b""), Throttled),
    ],
)
def test_a_link_that_gives_nothing_is_told(fault, error, kind, make, emulator):
    provider = make(kind)
    voice_id = designed(provider, emulator)
    emulator.faults.add("fetch", fault)
    with pytest.raises(error) as caught:
        asked(provider.speak, make_trial(voice_id=voice_id), send=Wire())
    assert type(caught.value) is error


@pytest.mark.parametrize("url", [None, "", 7, "ftp://example.org/a.wav", "file:///etc/passwd"])
def test_speech_without_a_link_is_unreadable(url, make, emulator):
    provider = make(DashScopeCosyVoice)
    voice_id = designed(provider, emulator)
    emulator.faults.add("speak", Fault(damage=output(audio={"url": url, "data": ""})))
    with pytest.raises(Unreadable, match="no link"):
        asked(provider.speak, make_trial(voice_id=voice_id), send=Wire())


@both
def test_a_trial_in_doubt_is_looked_for_by_its_own_name_and_never_bought(kind, make, emulator):
    provider, lost = make(kind), make_trial()
    assert asked(provider.settle, lost, send=Wire()) is None
    emulator.faults.add("design", Fault(code="InternalError", status=500, carried_out=True))
    failure(InDoubt, provider, lost)
    submit(provider, make_trial())
    with pytest.raises(InDoubt) as caught:
        asked(provider.settle, lost, send=Wire())
    found = [v.voice_id for v in emulator.voices.values() if lost.name.endswith(v.wish.name)]
    assert len(found) == 1
    assert found[0] in str(caught.value)
    assert len(emulator.ledger.of("design")) == 2
    assert not emulator.ledger.of("speak")


@pytest.mark.parametrize(
    ("kind", "changes", "options", "told"),
    [
        (DashScopeCosyVoice, {"prompt": "a" * 501}, {}, "prompt has 501 characters; .* takes 500"),
        (DashScopeCosyVoice, {"preview_text": "a" * 201}, {}, "preview_text has 201 .* takes 200"),
        (DashScopeQwen, {"prompt": "a" * 2049}, {}, "prompt has 2049 .* takes 2048"),
        (DashScopeQwen, {"preview_text": "a" * 1025}, {}, "preview_text has 1025 .* takes 1024"),
        (DashScopeCosyVoice, {"preview_text": "Добрый вечер."}, {}, "in 'ru'; .* takes zh, en"),
        (DashScopeCosyVoice, {"language": "de"}, {}, "in 'de'; .* takes zh, en"),
        (DashScopeQwen, {"preview_text": "สวัสดี"}, {}, "in 'thai'"),
        (DashScopeQwen, {"prompt": "Спокойный диктор"}, {}, "has cyrillic letters"),
        (DashScopeCosyVoice, {}, {"prefix": "a_b"}, "prefix is 'a_b'"),
        (DashScopeCosyVoice, {}, {"language_hints": "en"}, "a list of zh, en"),
        (DashScopeQwen, {}, {"language": ["en"]}, "takes zh, en"),
        (DashScopeCosyVoice, {}, {"sample_rate": 8000}, "takes 24000, 16000, 48000"),
        (DashScopeCosyVoice, {}, {"response_format": "opus"}, "takes wav, mp3, pcm"),
        (DashScopeQwen, {}, {"parameters": {"sample_rate": True}}, "sample_rate is True"),
        (DashScopeQwen, {}, {"parameters": 7}, "names and values"),
        (DashScopeQwen, {}, {"target_model": "cosyvoice-v3.5-plus"}, "takes qwen3-tts-vd"),
        (
            DashScopeCosyVoice,
            {},
            {"voice_prompt": "x"},
            "'voice_prompt': that is the prompt",
        ),
        (DashScopeQwen, {"voice_id": "v", "preview_text": "a" * 601}, {}, "takes 600"),
    ],
)
def test_what_the_vendor_would_refuse_is_told_before_it_is_sent(kind, changes, options, told):
    with pytest.raises(UsageError, match=told):
        kind(api_key=KEY).check(make_variant(**changes), options)


SOUTHEAST = "ap-southeast-1"
BEYOND = ("cn-hongkong", "us-east-1", "eu-central-1", "ap-northeast-1")


def test_voice_enrollment_is_in_beijing_only_whatever_model_will_speak():
    abroad = [SINGAPORE, *(f"https://ws1.{r}.maas.aliyuncs.com" for r in (SOUTHEAST, *BEYOND))]
    for url in abroad:
        for target in ("cosyvoice-v3.5-plus", "qwen-audio-3.0-tts-plus"):
            with pytest.raises(UsageError, match="designed in cn-beijing only"):
                DashScopeCosyVoice(api_key=KEY, base_url=url, target_model=target)
    for url in (BEIJING, "https://WS1.cn-beijing.maas.aliyuncs.com", "https://gateway.example.org"):
        DashScopeCosyVoice(api_key=KEY, base_url=url, target_model="qwen-audio-3.0-tts-plus")


def test_qwen_is_designed_in_beijing_and_singapore_only():
    for url in (BEIJING, SINGAPORE, f"https://ws1.{SOUTHEAST}.maas.aliyuncs.com"):
        DashScopeQwen(api_key=KEY, base_url=url)
    for region in BEYOND:
        with pytest.raises(UsageError, match=f"that of {region}, .* cn-beijing and {SOUTHEAST}"):
            DashScopeQwen(api_key=KEY, base_url=f"https://ws1.{region}.maas.aliyuncs.com")


@pytest.mark.parametrize(
    ("kind", "text", "language", "options"),
    [
        (DashScopeCosyVoice, "Good evening.", None, {"language_hints": ["zh"]}),
        (DashScopeCosyVoice, "Good evening.", "zh", {}),
        (DashScopeCosyVoice, "晚上好,朋友们。", "en", {}),
        (DashScopeCosyVoice, "Добрый вечер.", None, {"language_hints": ["en"]}),
        (DashScopeCosyVoice, "こんばんは。", "zh-CN", {}),
        (DashScopeQwen, "Good evening.", None, {"language": "ja"}),
        (DashScopeQwen, "Good evening.", "ja", {}),
        (DashScopeQwen, "안녕하세요.", "ja", {}),
        (DashScopeQwen, "Guten Abend.", "ru", {}),
        (DashScopeQwen, "こんばんは。", None, {"language": "zh"}),
    ],
)
def test_a_language_the_text_cannot_be_in_is_told_before_money(
    kind, text, language, options, make, emulator
):
    provider = make(kind)
    variant = make_variant(preview_text=text, language=language)
    with pytest.raises(UsageError, match="the preview text is not written in it"):
        provider.check(variant, options)
    trial = make_trial(kind.name, preview_text=text, language=language, options=options)
    failure(Refused, provider, trial)


@pytest.mark.parametrize(
    ("kind", "text", "language", "options"),
    [
        (DashScopeCosyVoice, "Good evening, 朋友.", "en", {}),
        (DashScopeCosyVoice, "我用 iPhone 和 MacBook。", None, {"language_hints": ["zh"]}),
        (DashScopeCosyVoice, "12, 34.", "zh", {}),
        (DashScopeQwen, "東京都。", "ja", {}),
        (DashScopeQwen, "Guten Abend.", "de-AT", {}),
        (DashScopeQwen, "Buenas noches.", None, {"language": "pt"}),
        (DashScopeQwen, "Good evening.", "de", {"language": "en"}),
    ],
)
def test_a_language_the_text_may_be_in_is_left_to_the_vendor(kind, text, language, options):
    kind(api_key=KEY).check(make_variant(preview_text=text, language=language), options)


@both
@pytest.mark.parametrize("end", ["", "/", "/api/v1", "/api/v1/"])
def test_a_base_url_is_taken_as_the_vendors_client_takes_it_or_as_a_host(kind, end, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", f" {KEY}\n")
    host = "https://ws-1.cn-beijing.maas.aliyuncs.com"
    monkeypatch.setenv("DASHSCOPE_HTTP_BASE_URL", host + end)
    assert kind.from_env().base_url == f"{host}/api/v1"
    monkeypatch.delenv("DASHSCOPE_HTTP_BASE_URL")
    assert kind.from_env().base_url == f"{BEIJING}/api/v1"


@both
@pytest.mark.parametrize(
    "url",
    [
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "http://dashscope.aliyuncs.com/api/v1",
        "https://user:password@dashscope.aliyuncs.com",
        "dashscope.aliyuncs.com",
        "nonsense",
    ],
)
def test_a_host_the_key_should_not_go_to_is_refused(kind, url):
    with pytest.raises(UsageError, match="DASHSCOPE_HTTP_BASE_URL") as caught:
        kind(api_key=KEY, base_url=url)
    assert "password@" not in str(caught.value)


@both
@pytest.mark.parametrize("key", ["", " \n"])
def test_an_empty_key_is_as_good_as_none(kind, key, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", key)
    with pytest.raises(UsageError, match=f"DASHSCOPE_API_KEY is not set.*{kind.name}"):
        kind.from_env()


@both
def test_no_key_is_in_a_repr_or_an_account_or_an_echo(kind, make, emulator):
    provider = make(kind)
    assert provider.api_key not in f"{provider!r} {provider.account}"
    emulator.faults.add("design", Fault(code="InvalidApiKey", message=provider.api_key, status=401))
    error = failure(Refused, provider)
    assert provider.api_key not in f"{error!r} {vars(error)}"
