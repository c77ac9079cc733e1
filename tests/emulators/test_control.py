"""The control addresses, asked as a user of another language would: plain HTTP and JSON."""

import json

import httpx
import pytest

from voicelab.emulators.calls import Call, Ledger
from voicelab.emulators.control import KINDS
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve

GOOD = {
    "prompt": "A calm narrator.",
    "preview_text": "Good evening to everyone.",
    "voice_id": "narrator-01",
}


@pytest.fixture
def sandbox():
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox):
    found = sandbox.credentials["minimax"]
    with httpx.Client(base_url=found["base_url"], trust_env=False, timeout=20) as client:
        yield client


def design(client, sandbox, **options):
    key = sandbox.credentials["minimax"]["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    return client.post("/v1/voice_design", json=GOOD, headers=headers, **options)


def add(client, fault, *, endpoint="design", **more):
    wish = {"endpoint": endpoint, "fault": fault, **more}
    return client.post("/_sandbox/faults", json=wish)


def code(response):
    return response.json()["base_resp"]["status_code"]


def test_the_ledger_tells_every_call_and_what_it_cost_but_nothing_that_was_sent(client, sandbox):
    assert client.get("/_sandbox/ledger").json() == []
    design(client, sandbox)
    design(client, sandbox)
    response = client.get("/_sandbox/ledger")
    first, second = response.json()
    assert first == {
        "endpoint": "design",
        "voice_id": "narrator-01",
        "code": None,
        "charged": pytest.approx(30e-6 * len(GOOD["preview_text"])),
        "currency": "USD",
        "unit": "character",
        "at": pytest.approx(sandbox["minimax"].ledger.calls[0].at),
    }
    assert (second["code"], second["charged"], second["unit"]) == (2039, 0, None)
    for secret in ("emulated-minimax-key", "Bearer", "A calm narrator", "Good evening"):
        assert secret not in response.text


def test_the_ledger_has_a_total_for_each_currency(client, sandbox):
    assert client.get("/_sandbox/ledger/total").json() == []
    design(client, sandbox)
    design(client, sandbox)
    speech = {
        "model": "speech-2.8-hd",
        "text": "Hello.",
        "voice_setting": {"voice_id": "narrator-01"},
    }
    headers = {"Authorization": f"Bearer {sandbox['minimax'].api_key}"}
    client.post("/v1/t2a_v2", json=speech, headers=headers)
    (total,) = client.get("/_sandbox/ledger/total").json()
    expected = 30e-6 * len(GOOD["preview_text"]) + 3 + 6 * 100e-6
    assert total == {"currency": "USD", "charged": pytest.approx(expected), "calls": 2}
    assert sandbox["minimax"].ledger.totals == {"USD": pytest.approx(expected)}
    assert client.get("/_sandbox/ledger").json()[-1]["unit"] == "character, voice"


def test_what_has_no_published_price_is_summed_under_no_currency():
    ledger = Ledger()
    for currency in (None, "USD", None):
        call = Call(endpoint="speak", at=0.0, headers={}, content=b"", currency=currency)
        call.charged = 1.0
        ledger.calls.append(call)
    assert ledger.totals == {None: 2.0, "USD": 1.0}


def test_looking_is_no_call_of_the_vendors(client, sandbox):
    client.get("/_sandbox/ledger")
    client.get("/_sandbox/faults")
    assert sandbox["minimax"].ledger.calls == []


def test_what_can_go_wrong_is_told(client):
    found = client.get("/_sandbox/faults").json()
    assert found["endpoints"] == [
        *("clone", "delete", "design", "fetch", "list", "speak", "upload")
    ]
    assert set(found["kinds"]) == set(KINDS)
    assert found["waiting"] == {}


def test_a_fault_comes_as_often_as_asked_for_and_then_all_is_well(client, sandbox):
    response = add(client, {"kind": "throttle"}, times=2)
    assert response.status_code == 201
    assert response.json()["waiting"] == {"design": 2}
    assert [code(design(client, sandbox)) for _ in range(3)] == [1002, 1002, 0]


def test_faults_can_be_called_off(client, sandbox):
    add(client, {"kind": "5xx"}, times=5)
    assert client.delete("/_sandbox/faults").status_code == 204
    assert client.get("/_sandbox/faults").json()["waiting"] == {}
    assert code(design(client, sandbox)) == 0


@pytest.mark.parametrize(
    ("kind", "status", "charged"),
    [
        ("5xx", 503, False),
        ("garbage", 200, True),
        ("wrong-content-type", 200, True),
        ("wrong content type", 200, True),
        ("Expired_Link", 403, False),
        ("clock skew", 401, False),
        ("retired model", 200, False),
    ],
)
def test_each_kind_that_answers_does_so(kind, status, charged, client, sandbox):
    add(client, {"kind": kind})
    assert design(client, sandbox).status_code == status
    assert bool(client.get("/_sandbox/ledger").json()[0]["charged"]) is charged


@pytest.mark.parametrize(
    ("kind", "charged"),
    [("drop", False), ("drop after accepting", True), ("truncate", True)],
)
def test_each_kind_that_breaks_the_connection_does_so(kind, charged, client, sandbox):
    add(client, {"kind": kind})
    with pytest.raises(httpx.TransportError):
        design(client, sandbox)
    assert bool(client.get("/_sandbox/ledger").json()[0]["charged"]) is charged


def test_a_slow_answer_outlasts_a_caller_in_a_hurry(client, sandbox):
    add(client, {"kind": "slow", "delay_s": 60})
    with pytest.raises(httpx.ReadTimeout):
        design(client, sandbox, timeout=httpx.Timeout(5, read=1.5))


def test_a_kind_can_be_changed_field_by_field(client, sandbox):
    add(client, {"kind": "garbage", "carried_out": False, "body": "größer", "status": 502})
    response = design(client, sandbox)
    assert (response.status_code, response.text) == (502, "größer")
    assert client.get("/_sandbox/ledger").json()[0]["charged"] == 0


def test_any_code_message_and_header_of_the_vendors_can_be_had(client, sandbox):
    fault = {"code": 2061, "message": "no such plan", "headers": {"Retry-After": "3"}}
    add(client, fault)
    response = design(client, sandbox)
    assert response.json() == {"base_resp": {"status_code": 2061, "status_msg": "no such plan"}}
    assert response.headers["retry-after"] == "3"
    assert client.get("/_sandbox/ledger").json()[0]["code"] == 2061


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"endpoint": "design"},
        {"endpoint": "design", "fault": {}},
        {"endpoint": "design", "fault": "throttle"},
        {"endpoint": "design", "fault": {"kind": "bad luck"}},
        {"endpoint": "design", "fault": {"kind": None}},
        {"endpoint": "design", "fault": {"colour": "red"}},
        {"endpoint": "design", "fault": {"damage": "yes"}},
        {"endpoint": "design", "fault": {"code": None}},
        {"endpoint": "design", "fault": {"code": True}},
        {"endpoint": "design", "fault": {"code": 1.5}},
        {"endpoint": "design", "fault": {"status": 99}},
        {"endpoint": "design", "fault": {"status": True}},
        {"endpoint": "design", "fault": {"body": {"a": 1}}},
        {"endpoint": "design", "fault": {"body": "\ud800"}},
        {"endpoint": "design", "fault": {"code": 1, "message": "\ud800"}},
        {"endpoint": "design", "fault": {"status": 204}},
        {"endpoint": "design", "fault": {"headers": {"A": 1}}},
        {"endpoint": "design", "fault": {"headers": {"A": "line\nbreak"}}},
        {"endpoint": "design", "fault": {"headers": {"schlüssel→": "a"}}},
        {"endpoint": "design", "fault": {"hang_up": 1}},
        {"endpoint": "design", "fault": {"delay_s": -1}},
        {"endpoint": "design", "fault": {"delay_s": 1e9}},
        {"endpoint": "design", "fault": {"kind": "drop"}, "times": 0},
        {"endpoint": "design", "fault": {"kind": "drop"}, "times": 1.5},
        {"endpoint": "design", "fault": {"kind": "drop"}, "times": True},
        {"endpoint": "design", "fault": {"kind": "drop"}, "extra": 1},
        {"endpoint": "desing", "fault": {"kind": "drop"}},
        {"endpoint": ["design"], "fault": {"kind": "drop"}},
        ["design"],
    ],
)
def test_a_wish_that_cannot_be_met_is_answered_with_a_sentence(wish, client, sandbox):
    response = client.post("/_sandbox/faults", content=json.dumps(wish))
    assert response.status_code == 400
    assert response.json()["error"].endswith(".")
    assert sandbox["minimax"].faults.waiting == {}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null", b"[" * 100_000])
def test_a_body_that_is_no_object_is_answered_with_a_sentence(content, client):
    for address in ("faults", "clock"):
        response = client.post(f"/_sandbox/{address}", content=content)
        assert response.status_code == 400
        assert response.json()["error"].endswith(".")


def test_with_the_clock_set_forward_what_lapses_has_lapsed(client, sandbox):
    design(client, sandbox)
    wish = {"voice_type": "voice_generation", "voice_id": "narrator-01"}
    assert client.post("/_sandbox/clock", json={"advance_s": 7 * 24 * 3600}).status_code == 200
    headers = {"Authorization": f"Bearer {sandbox['minimax'].api_key}"}
    assert code(client.post("/v1/delete_voice", json=wish, headers=headers)) == 2054


@pytest.mark.parametrize("wish", [{}, {"advance_s": -1}, {"advance_s": "1"}, {"at": 3}])
def test_the_clock_goes_forward_only(wish, client):
    assert client.post("/_sandbox/clock", json=wish).status_code == 400


def test_other_addresses_are_not_there(client):
    assert client.get("/_sandbox/").status_code == 404
    assert client.get("/_sandbox").status_code == 404
    assert client.post("/_sandbox/ledger", json={}).status_code == 405


def test_every_emulator_of_a_sandbox_has_its_own(client):
    with serve([MiniMaxEmulator()]) as other:
        add(client, {"kind": "5xx"})
        found = httpx.get(f"{other.base_url['minimax']}/_sandbox/faults", trust_env=False)
        assert found.json()["waiting"] == {}
