"""Tencent's signature, envelope and common codes, by published vectors and over real sockets."""

import asyncio
import json
import re
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
from provider_helpers import Wire

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.errors import InDoubt, Refused, Throttled, Unreachable, Unreadable, UsageError
from voicelab.providers._tc3 import (
    COMMON,
    EXPIRED,
    Api,
    Credentials,
    Tc3Auth,
    endpoint,
    fetch,
    find,
    judge,
    sign,
)
from voicelab.providers.base import Reply

PUBLISHED = json.loads(
    Path(__file__).parents[1].joinpath("wire/tencent_common_codes.json").read_text()
)["codes"]
LATER = {"rate": (Throttled, Throttled), "server": (InDoubt, Unreachable)}
"""By kind of code: what it is after a call that may cost something, and after a free one."""

PAGE_PAYLOAD = (
    rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
)
OWN_PAYLOAD = (
    b'{"Prompt": "Movie narration male voice, with varied intonation, deep and magnetic."}'
)
PAGE = {
    "service": "cvm",
    "timestamp": 1551113065,
    "payload": PAGE_PAYLOAD,
    "headers": {
        "content-type": "application/json; charset=utf-8",
        "host": "cvm.tencentcloudapi.com",
    },
}
OWN = {
    "service": "mps",
    "timestamp": 1790000000,
    "payload": OWN_PAYLOAD,
    "headers": {"content-type": "application/json", "host": "mps.intl.tencentcloudapi.com"},
}
VECTORS = [
    pytest.param(
        ("AKID" + "*" * 32, "*" * 32),
        {**PAGE, "headers": {**PAGE["headers"], "x-tc-action": "DescribeInstances"}},
        "2019-02-25/cvm",
        "content-type;host;x-tc-action",
        "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        id="the page",
    ),
    pytest.param(
        ("AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"),
        PAGE,
        "2019-02-25/cvm",
        "content-type;host",
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        id="the older page",
    ),
    pytest.param(
        ("AKIDvoicelab", "voicelab-secret"),
        OWN,
        "2026-09-21/mps",
        "content-type;host",
        "a1d472dcbeb823fcf3b383855ceda1e7129d11d870ddd01c6c77283a23cf9b45",
        id="the vendor's SDK",
    ),
]


@pytest.fixture
def emulator():
    emulator = TencentMpsEmulator()
    with serve([emulator]) as sandbox:
        emulator.url = sandbox.base_url["tencent-mps"]
        yield emulator


def make_api(emulator, **changes):
    credentials = Credentials(secret_id=emulator.secret_id, secret_key=emulator.secret_key)
    return Api(
        **{
            "vendor": "tencent-mps",
            "service": "mps",
            "version": "2019-06-12",
            "base_url": emulator.url,
            "credentials": credentials,
            **changes,
        }
    )


def ask(api, *, spends=False, send=None, **body):
    return asyncio.run(api.ask("list", "DescribeVoices", body, spends=spends, send=send or Wire()))


def failure(kind, api, **options):
    with pytest.raises(kind) as caught:
        ask(api, **options)
    assert type(caught.value) is kind
    assert str(caught.value).endswith(".")
    return caught.value


@pytest.mark.parametrize(("key", "request_", "scope", "names", "signature"), VECTORS)
def test_published_requests_get_their_published_signature(key, request_, scope, names, signature):
    credentials = Credentials(secret_id=key[0], secret_key=key[1])
    assert sign(credentials, **request_) == (
        f"TC3-HMAC-SHA256 Credential={key[0]}/{scope}/tc3_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def test_the_day_signed_is_the_utc_day():
    credentials = Credentials(secret_id="AKIDvoicelab", secret_key="voicelab-secret")
    last = sign(credentials, **{**OWN, "timestamp": 1790035199})
    assert "/2026-09-21/" in last
    assert "/2026-09-22/" in sign(credentials, **{**OWN, "timestamp": 1790035200})


def test_the_very_bytes_that_leave_are_signed(emulator):
    assert ask(make_api(emulator), Description="电影解说 — \u201ctief\u201d")["TotalCount"] == 0
    sent = emulator.ledger.calls[-1]
    assert "电影解说".encode() in sent.content
    assert sent.headers["content-type"] == "application/json"
    assert "SignedHeaders=content-type;host;x-tc-action," in sent.headers["authorization"]


def test_nothing_is_dated_or_signed_before_it_leaves(emulator):
    request = make_api(emulator).request("list", "DescribeVoices", {}, spends=False)
    assert set(request.headers) == {"X-TC-Action", "X-TC-Version", "X-TC-Language"}
    assert request.headers["X-TC-Language"] == "en-US"
    assert Tc3Auth.requires_request_body


def test_a_region_is_named_only_where_there_is_one(emulator):
    ask(make_api(emulator))
    assert "x-tc-region" not in emulator.ledger.calls[-1].headers
    ask(make_api(emulator, region="ap-singapore"))
    assert emulator.ledger.calls[-1].headers["x-tc-region"] == "ap-singapore"


def test_temporary_credentials_send_their_token(emulator):
    emulator.token = "a-token-of-an-hour"
    credentials = Credentials(
        secret_id=emulator.secret_id, secret_key=emulator.secret_key, token=emulator.token
    )
    assert "RequestId" in ask(make_api(emulator, credentials=credentials))
    assert "TENCENTCLOUD_TOKEN" in str(failure(Refused, make_api(emulator)))


@pytest.mark.parametrize("minutes", [-600, -7, 7, 60 * 24 * 400])
def test_a_wrong_clock_is_told_and_put_right_once(emulator, minutes):
    here = emulator.wall
    emulator.wall = lambda: here() + 60 * minutes
    api = make_api(emulator)
    error = failure(Throttled, api, spends=True)
    assert (error.code, error.retry_after) == (EXPIRED, 0.0)
    assert f"off by {abs(minutes)} min" in str(error)
    assert "RequestId" in ask(api)
    emulator.faults.add("DescribeVoices", Fault(code=EXPIRED, message="expired"))
    assert f"off by {abs(minutes)} min" in str(failure(Refused, api, send=dated(emulator)))


@pytest.mark.parametrize(
    ("off_s", "told"), [(0, "is right to a few seconds. Look"), (45, r"is off by 4\d s\. Look")]
)
def test_a_clock_that_is_right_is_not_blamed_for_what_the_vendor_finds_too_old(
    emulator, off_s, told
):
    here = emulator.wall
    emulator.wall = lambda: here() + off_s
    api = make_api(emulator)
    for kind in (Throttled, Refused):
        emulator.faults.add("DescribeVoices", Fault(code=EXPIRED, message="expired"))
        error = failure(kind, api, send=dated(emulator))
        assert " 0 min" not in str(error)
    assert re.search(told, str(error))


def dated(emulator):
    async def send(request):
        reply = await Wire()(request)
        date = formatdate(emulator.wall(), usegmt=True)
        return Reply(status=reply.status, headers={"date": date}, content=reply.content)

    return send


def test_a_clock_that_is_set_later_on_is_followed(emulator):
    api = make_api(emulator)
    here = emulator.wall
    for hours in (3, -5, 0):
        emulator.wall = lambda hours=hours: here() + 3600 * hours
        failure(Throttled, api)
        assert "RequestId" in ask(api)


def test_four_requests_under_way_with_a_wrong_clock_are_all_asked_again(emulator):
    here = emulator.wall
    emulator.wall = lambda: here() + 3600
    api = make_api(emulator)

    async def all_at_once():
        asked = [api.ask("list", "DescribeVoices", {}, spends=False, send=Wire()) for _ in range(4)]
        return await asyncio.gather(*asked, return_exceptions=True)

    assert [type(error) for error in asyncio.run(all_at_once())] == [Throttled] * 4
    assert "RequestId" in ask(api)


def test_without_a_time_in_the_words_the_date_of_the_reply_is_gone_by(emulator):
    here = emulator.wall
    emulator.wall = lambda: here() + 7200
    api = make_api(emulator)
    for kind in (Throttled, Refused):
        emulator.faults.add("DescribeVoices", Fault(code=EXPIRED, message="签名过期"))
        failure(kind, api, send=dated(emulator))
        assert abs(api.credentials.clock.offset_s - 7200) < 3


def test_without_any_time_the_user_is_told_to_set_the_clock(emulator):
    async def undated(request):
        reply = await Wire()(request)
        return Reply(status=reply.status, headers={}, content=reply.content)

    emulator.faults.add("DescribeVoices", Fault(code=EXPIRED, message="签名过期"))
    assert "Set this machine's clock" in str(failure(Refused, make_api(emulator), send=undated))


def test_the_table_has_every_published_code_and_no_other():
    assert sorted(COMMON) == sorted(row["code"] for row in PUBLISHED)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["code"])
def test_every_published_code_gets_its_reaction(row, emulator):
    for spends, kind in zip((True, False), LATER.get(row["kind"], (Refused, Refused)), strict=True):
        emulator.faults.add("DescribeVoices", Fault(code=row["code"], message=row["text"]))
        kind = Throttled if row["kind"] == "clock" else kind
        error = failure(kind, make_api(emulator), spends=spends)
        assert (error.code, error.vendor_message) == (row["code"], row["text"])
        assert len(error.request_id) == 36
        if row["kind"] != "clock":
            assert f"{row['text'].rstrip('.')} ({row['code']})." in str(error)
        if kind is Refused:
            assert COMMON[row["code"]].advice.endswith(".")


def test_a_code_that_is_not_listed_goes_by_its_family():
    for code in ("InternalError.CallOtherSvrError", "RequestLimitExceeded.New", "LimitExceeded.X"):
        assert find(code, {}) is COMMON[code.partition(".")[0]]
    assert find("InternalError.X", {"InternalError": COMMON["LimitExceeded"]}).error is Refused
    unknown = find("BrandNew.Thing", {})
    assert unknown.error is Refused
    assert "undocumented" in unknown.advice


@pytest.mark.parametrize(
    ("status", "spending", "free"),
    [
        (301, Refused, Refused),
        (400, Refused, Refused),
        (401, Refused, Refused),
        (403, Refused, Refused),
        (404, Refused, Refused),
        (408, InDoubt, Unreachable),
        (429, Throttled, Throttled),
        (500, InDoubt, Unreachable),
        (502, InDoubt, Unreachable),
        (504, InDoubt, Unreachable),
        (200, Unreadable, Unreadable),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"Response": null}'])
def test_without_an_envelope_the_http_status_decides(status, spending, free, body):
    for spends, kind in ((True, spending), (False, free)):
        with pytest.raises(kind) as caught:
            judge(Reply(status=status, headers={}, content=body), {}, vendor="x", spends=spends)
        assert type(caught.value) is kind
        assert f"HTTP {status}" in str(caught.value)


def test_an_error_without_a_code_is_still_a_no():
    for error in (None, {}, "broken", {"Code": None}):
        content = json.dumps({"Response": {"Error": error}}).encode()
        with pytest.raises(Refused, match="no code"):
            judge(Reply(status=200, headers={}, content=content), {}, vendor="x", spends=True)


def test_a_wait_the_vendor_asks_for_travels():
    reply = Reply(status=429, headers={"retry-after": "7"}, content=b"")
    with pytest.raises(Throttled) as caught:
        judge(reply, {}, vendor="x", spends=True)
    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("mps.tencentcloudapi.com", "https://mps.tencentcloudapi.com"),
        (" https://mps.tencentcloudapi.com/ ", "https://mps.tencentcloudapi.com"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_endpoint_is_a_host_or_an_address(given, found):
    assert endpoint(given, variable="V", known=("https://a.example",)) == found


@pytest.mark.parametrize(
    "given",
    ["http://mps.tencentcloudapi.com", "ftp://a.b", "a.b/path", "a.b?c", "u:p@a.b", "", " "],
)
def test_an_endpoint_a_key_may_not_go_to_is_refused(given):
    with pytest.raises(UsageError, match=r"V is .*https://a\.example\."):
        endpoint(given, variable="V", known=("https://a.example",))


def test_credentials_come_from_the_environment_by_the_vendors_names(monkeypatch):
    for name in ("SECRET_ID", "SECRET_KEY", "TOKEN"):
        monkeypatch.delenv(f"TENCENTCLOUD_{name}", raising=False)
    with pytest.raises(UsageError, match=r"TENCENTCLOUD_SECRET_ID is not set.*drop tencent-mps"):
        Credentials.from_env("tencent-mps")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "AKIDvoicelab")
    with pytest.raises(UsageError, match=r"TENCENTCLOUD_SECRET_KEY is not set"):
        Credentials.from_env("tencent-mps")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "voicelab-secret")
    assert Credentials.from_env("tencent-mps").secrets == ("voicelab-secret", "AKIDvoicelab")
    monkeypatch.setenv("TENCENTCLOUD_TOKEN", "a-token-of-an-hour")
    found = Credentials.from_env("tencent-mps")
    assert found.token == "a-token-of-an-hour"
    assert repr(found) == "Credentials()"


@pytest.mark.parametrize("name", ["secret_id", "secret_key", "token"])
def test_a_key_that_cannot_be_one_is_refused_and_not_shown(name):
    good = {"secret_id": "AKIDvoicelab", "secret_key": "voicelab-secret"}
    with pytest.raises(UsageError, match=f"TENCENTCLOUD_{name.upper()} is no key") as caught:
        Credentials(**{**good, name: "with a space in it"})
    assert "with a space" not in str(caught.value)


def fetched(url, send):
    about = {"base_url": "https://vendor.example", "vendor": "x", "what": "voice 'v'"}
    return asyncio.run(fetch(url, **about, send=send))


def test_a_link_is_fetched_without_a_key(emulator):
    name = emulator.keep(b"sound", suffix=".wav", now=emulator.clock())
    wire = Wire()
    assert fetched(f"{emulator.url}/storage/{name}", wire) == b"sound"
    assert wire.requests[0].auth is None
    assert wire.requests[0].link_from == "https://vendor.example"
    assert not {"authorization", "x-tc-token"} & set(wire.sent[0].headers)


@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (403, b"<Error/>", Refused),
        (404, b"", Refused),
        (302, b"", Refused),
        (429, b"", Throttled),
        (503, b"", Unreachable),
        (200, b"", Unreadable),
    ],
)
def test_a_link_that_leads_nowhere_is_told(status, content, kind):
    async def send(request):
        return Reply(status=status, headers={}, content=content)

    with pytest.raises(kind, match=f"voice 'v' answered HTTP {status}"):
        fetched("https://a.example/b", send)


@pytest.mark.parametrize("url", [None, "", 7, "/relative", "file:///etc/passwd"])
def test_what_is_no_link_is_not_followed(url):
    with pytest.raises(Unreadable, match="no link to its sound"):
        fetched(url, None)


def test_a_changed_body_is_found_out(emulator):
    request = make_api(emulator).request("list", "DescribeVoices", {}, spends=False)

    class Tampered(httpx.Auth):
        requires_request_body = True

        def auth_flow(self, outgoing):
            for signed in request.auth.auth_flow(outgoing):
                yield httpx.Request("POST", signed.url, headers=signed.headers, content=b"[]")

    with httpx.Client(trust_env=False) as client:
        found = client.post(
            request.url, json=request.body, headers=request.headers, auth=Tampered()
        )
    assert found.json()["Response"]["Error"]["Code"] == "AuthFailure.SignatureFailure"
