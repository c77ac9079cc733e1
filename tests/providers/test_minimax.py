"""MiniMax: every documented answer, driven through the emulator over real sockets."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from provider_helpers import PREVIEW_TEXT, PROMPT, Wire, make_trial, make_variant, submit

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.errors import InDoubt, Refused, Throttled, Unreadable, UsageError
from voicelab.providers import provider
from voicelab.providers.base import Reply
from voicelab.providers.minimax import INTERNATIONAL, MAINLAND, MiniMax
from voicelab.providers.minimax_replies import CODES, judge

PUBLISHED = json.loads(Path(__file__).parents[1].joinpath("wire/minimax_codes.json").read_text())
NO = [row for row in PUBLISHED["codes"] if row["code"] != 0]
LATER = {"rate": Throttled, "server": InDoubt}
"""By kind of code; every other kind is a refusal."""

KEY = "sk-a-key-nobody-has"


@pytest.fixture
def minimax(sandbox):
    return provider("minimax")


@pytest.fixture
def faults(sandbox):
    return sandbox["minimax"].faults


def failure(kind, minimax, **options):
    with pytest.raises(kind) as caught:
        submit(minimax, make_trial(**options))
    assert type(caught.value) is kind
    return caught.value


def test_a_voice_comes_under_the_name_of_its_trial_with_mp3_speech(minimax, sandbox):
    trial = make_trial()
    voice = submit(minimax, trial)
    clip = decode(voice.audio)
    assert voice.voice_id == trial.name
    assert (clip.format, clip.sr, clip.channels) == ("mp3", 32000, 1)
    assert clip.duration_s > 1
    assert voice.expires_at is None
    assert voice.kept_for == timedelta(hours=168)
    assert sandbox["minimax"].ledger.bought(voice.voice_id) == 1


def test_the_body_is_what_the_vendor_documents_and_options_go_unchanged(minimax):
    wire = Wire()
    trial = make_trial(options={"aigc_watermark": True, "new_field": [1, {"a": None}]})
    submit(minimax, trial, wire)
    assert json.loads(wire.sent[0].content) == {
        "prompt": PROMPT,
        "preview_text": PREVIEW_TEXT,
        "voice_id": trial.name,
        "aigc_watermark": True,
        "new_field": [1, {"a": None}],
    }
    assert wire.sent[0].headers["content-type"] == "application/json"
    assert wire.requests[0].step == "design"
    assert wire.requests[0].spends


def test_a_voice_id_of_ones_own_takes_the_place_of_the_trials_name(minimax):
    assert submit(minimax, make_trial(options={"voice_id": "my-narrator-1"})).voice_id == (
        "my-narrator-1"
    )


def test_the_table_has_every_published_code_and_no_other():
    assert sorted(CODES) == sorted(row["code"] for row in PUBLISHED["codes"])
    assert CODES[0].error is None


@pytest.mark.parametrize("row", NO, ids=lambda row: str(row["code"]))
def test_every_published_code_gets_its_reaction(row, minimax, faults, sandbox):
    faults.add("design", Fault(code=row["code"], message=row["text"]))
    error = failure(LATER.get(row["kind"], Refused), minimax)
    assert error.code == str(row["code"])
    assert error.vendor_message == row["text"]
    assert len(error.request_id) == 32
    assert row["text"].rstrip(".") in str(error)
    assert f"({row['code']})" in str(error)
    assert str(error).endswith(".")
    assert sandbox["minimax"].ledger.charged == 0


@pytest.mark.parametrize("row", NO, ids=lambda row: str(row["code"]))
def test_every_refusal_says_what_to_do(row):
    if row["kind"] not in LATER:
        assert CODES[row["code"]].advice.endswith(".")


def test_a_code_nobody_documents_is_still_a_no(minimax, faults):
    faults.add("design", Fault(code=9999, message="brand new"))
    error = failure(Refused, minimax)
    assert "brand new (9999)" in str(error)
    assert error.code == "9999"


def test_the_code_decides_and_not_the_http_status(minimax, faults):
    faults.add("design", Fault(code=1008, message="insufficient balance", status=500))
    assert failure(Refused, minimax).code == "1008"
    faults.add("design", Fault(code=1002, message="rate limit", status=403))
    assert failure(Throttled, minimax).code == "1002"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, Refused),
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (404, Refused),
        (405, Refused),
        (413, Refused),
        (408, InDoubt),
        (429, Throttled),
        (500, InDoubt),
        (502, InDoubt),
        (503, InDoubt),
        (504, InDoubt),
        (200, Unreadable),
        (201, Unreadable),
    ],
)
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>gateway</html>", b"[]", b"{}", b'{"base_resp": null}', b'{"base_resp": {}}']
    + [b'{"base_resp": {"status_code": %s}}' % bad for bad in (b'"0"', b"true", b"null", b"0.0")],
)
def test_without_a_code_the_http_status_decides(status, kind, body):
    with pytest.raises(kind) as caught:
        judge(Reply(status=status, headers={}, content=body), spends=True)
    assert type(caught.value) is kind
    assert f"HTTP {status}" in str(caught.value)


def test_a_gateways_error_page_over_the_wire_is_in_doubt(minimax, faults):
    faults.add("design", Fault(status=502, body=b"<html>Bad Gateway</html>"))
    assert "usage" in str(failure(InDoubt, minimax))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), (" 1.5 ", 1.5), ("", None), ("-1", None), ("3601", 3600.0)]
    + [(long, 3600.0) for long in ("99999999", "9" * 400, "Wed, 21 Oct 2099 07:28:00 GMT")]
    + [("Wed, 21 Oct 2026 07:28:30 GMT", 30.0), ("Tue, 20 Oct 2026 07:28:00 GMT", 0.0)]
    + [(odd, None) for odd in ("inf", "nan", "1e9", "٣", "Wed, 99 Oct 2026 07:28:00 GMT")],
)
def test_retry_after_is_read_in_seconds_and_as_a_date_by_the_vendors_own_clock(header, seconds):
    headers = {"retry-after": header, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    for reply in (
        Reply(status=429, headers=headers, content=b""),
        Reply(
            status=200,
            headers=headers,
            content=b'{"base_resp": {"status_code": 1002}}',
        ),
    ):
        with pytest.raises(Throttled) as caught:
            judge(reply, spends=True)
        assert caught.value.retry_after == seconds


def test_a_date_without_a_clock_to_read_it_by_is_no_wait():
    headers = {"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}
    with pytest.raises(Throttled) as caught:
        judge(Reply(status=429, headers=headers, content=b""), spends=True)
    assert caught.value.retry_after is None


def test_retry_after_comes_over_the_wire(minimax, faults):
    faults.add("design", Fault(status=429, body=b"slow down", headers={"Retry-After": "12"}))
    assert failure(Throttled, minimax).retry_after == 12


@pytest.mark.parametrize(
    "damage",
    [
        lambda answer: answer | {"trial_audio": answer["trial_audio"][:-1]},
        lambda answer: answer | {"trial_audio": "zz" + answer["trial_audio"]},
        lambda answer: answer | {"trial_audio": "é"},
        lambda answer: answer | {"trial_audio": ""},
        lambda answer: answer | {"trial_audio": "  "},
        lambda answer: answer | {"trial_audio": None},
        lambda answer: answer | {"trial_audio": 12},
        lambda answer: {"voice_id": answer["voice_id"]},
        lambda answer: {"trial_audio": answer["trial_audio"]},
        lambda answer: answer | {"voice_id": ""},
        lambda answer: answer | {"voice_id": 7},
        lambda answer: answer | {"base_resp": None},
        lambda answer: answer | {"base_resp": "success"},
        lambda answer: answer | {"base_resp": {"status_code": "zero"}},
    ],
)
def test_a_yes_that_cannot_be_read_is_unreadable_and_was_charged(damage, minimax, faults, sandbox):
    faults.add("design", Fault(damage=damage))
    error = failure(Unreadable, minimax)
    assert len(error.request_id) == 32
    assert len(str(error)) < 300
    assert sandbox["minimax"].ledger.charged > 0


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"null", b"[" * 100_000, b"<html>"])
def test_garbage_is_unreadable(body, minimax, faults):
    faults.add("design", Fault(body=body))
    failure(Unreadable, minimax)


def test_hexadecimal_in_capitals_is_read(minimax, faults):
    faults.add(
        "design",
        Fault(damage=lambda answer: answer | {"trial_audio": answer["trial_audio"].upper()}),
    )
    assert decode(submit(minimax, make_trial()).audio).format == "mp3"


def test_a_key_the_vendor_echoes_is_in_no_error(minimax, faults):
    said = f"invalid api key: Bearer {minimax.api_key}"
    answers = [Fault(code=2049, message=said), Fault(body=said.encode())]
    answers += [Fault(body=b"x" * (60 - cut) + minimax.api_key.encode()) for cut in range(1, 40, 5)]
    answers += [Fault(code=1000, message="x" * (300 - cut) + minimax.api_key) for cut in (5, 15)]
    answers += [Fault(code=1004, message="no", headers={"Trace-Id": minimax.api_key})]
    for answer in answers:
        faults.add("design", answer)
        with pytest.raises((Refused, Unreadable, InDoubt)) as caught:
            submit(minimax, make_trial())
        told = f"{caught.value!r} {vars(caught.value)}"
        assert minimax.api_key[:6] not in told


def test_a_wrong_key_is_refused_with_the_region_as_a_likely_reason(sandbox):
    wrong = MiniMax(api_key=KEY, base_url=sandbox.base_url["minimax"])
    error = failure(Refused, wrong)
    assert error.code == "2049"
    assert "region" in str(error)


def test_the_same_trial_sent_twice_is_refused_as_a_duplicate(minimax):
    trial = make_trial()
    submit(minimax, trial)
    with pytest.raises(Refused, match="exists already") as caught:
        submit(minimax, trial)
    assert caught.value.code == "2039"


def test_a_preview_text_too_long_is_told_with_both_numbers(minimax):
    with pytest.raises(
        UsageError,
        match=r"preview_text has 612 characters; minimax takes 500\. "
        r"Shorten it or drop minimax from the batch\.",
    ):
        minimax.check(make_variant(preview_text="a" * 612), {})


@pytest.mark.parametrize("name", ["prompt", "preview_text"])
def test_options_cannot_replace_what_the_row_says(name, minimax):
    with pytest.raises(UsageError, match=name):
        minimax.check(make_variant(), {name: "something else"})


def test_the_host_decides_the_price_and_its_currency():
    abroad, mainland = (MiniMax(api_key=KEY, base_url=host) for host in (INTERNATIONAL, MAINLAND))
    assert abroad.limits.price.currency == "USD"
    assert abroad.limits.price.per_character * 1e6 == pytest.approx(30)
    assert mainland.limits.price.currency == "CNY"
    assert mainland.limits.price.per_character * 1e4 == pytest.approx(2)
    assert abroad.limits.requests_per_minute == mainland.limits.requests_per_minute == 20
    assert MiniMax.published.price.currency == "USD"


def test_the_international_host_is_taken_where_none_is_named(monkeypatch):
    monkeypatch.setenv("MINIMAX_API_KEY", f" {KEY}\n")
    monkeypatch.delenv("MINIMAX_API_HOST", raising=False)
    assert MiniMax.from_env() == MiniMax(api_key=KEY, base_url=INTERNATIONAL)


def test_a_slash_after_the_host_changes_nothing():
    assert MiniMax(api_key=KEY, base_url=f"{MAINLAND}/").base_url == MAINLAND


@pytest.mark.parametrize(
    "host",
    [
        "https://api.minimax.io/v1",
        "https://api.minimax.io/?GroupId=1",
        "https://user:password@api.minimax.io",
        "http://api.minimax.io",
        "http://localhost.example.org",
        "ftp://api.minimax.io",
        "api.minimax.io",
        "https://",
        "https://[::1",
        "https://api.minimax.io:port",
        "",
        "nonsense",
    ],
)
def test_a_host_the_key_should_not_go_to_is_refused(host):
    with pytest.raises(UsageError, match="MINIMAX_API_HOST") as caught:
        MiniMax(api_key=KEY, base_url=host)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-1", "sk-a key-in-two", "sk-line\nbroken", "schlüssel-x"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key):
    with pytest.raises(UsageError, match="MINIMAX_API_KEY") as caught:
        MiniMax(api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("key", ["", " \n"])
def test_an_empty_key_is_as_good_as_none(key, monkeypatch):
    monkeypatch.setenv("MINIMAX_API_KEY", key)
    with pytest.raises(UsageError, match="MINIMAX_API_KEY is not set"):
        MiniMax.from_env()
