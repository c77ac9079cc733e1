"""What every emulated product of Tencent's takes as a request, asked by hand over real sockets."""

import json
import tracemalloc
from urllib.parse import urlencode

import httpx
import pytest
import tc3_by_hand

from voicelab.emulators.serve import serve

PRODUCTS = {
    "tencent-mps": ("mps", "2019-06-12", "DescribeVoices"),
    "tencent-vod": ("vod", "2018-07-17", "DescribeVoices"),
    "tencent-trtc": ("trtc", "2019-07-22", "TextToSpeech"),
}
MB = 2**20
LARGEST = 10 * MB


@pytest.fixture(scope="module")
def sandbox():
    with serve(PRODUCTS) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def ledgers(sandbox):
    for name in PRODUCTS:
        sandbox[name].ledger.calls.clear()


@pytest.fixture(params=PRODUCTS)
def product(request):
    return request.param


def send(sandbox, name, *, content=b"", action=None, method="POST", query="", path="/"):
    """Send one signed call; the answer is JSON in the vendor's envelope, whatever it says."""
    service, version, usual = PRODUCTS[name]
    url = sandbox.base_url[name]
    headers = tc3_by_hand.headers(
        sandbox[name],
        url,
        content,
        action=action or usual,
        service=service,
        version=version,
        region="ap-singapore",
        method=method,
        query=query,
    )
    where = httpx.URL(url).copy_with(raw_path=f"{path}{query and '?'}{query}".encode())
    return envelope(
        httpx.request(method, where, content=content, headers=headers, trust_env=False, timeout=60)
    )


def envelope(reply):
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    response = reply.json()["Response"]
    assert response["RequestId"]
    return response


def code(response):
    return response.get("Error", {}).get("Code")


def padded(size):
    """Return a JSON object of exactly so many bytes, whose one parameter nobody knows."""
    return b'{"Nonsense": "' + b"a" * (size - 16) + b'"}'


def test_a_body_of_ten_megabytes_is_read_and_one_byte_more_is_too_much(product, sandbox):
    assert code(send(sandbox, product, content=padded(LARGEST))) == "UnknownParameter"
    assert code(send(sandbox, product, content=padded(LARGEST + 1))) == "RequestSizeLimitExceeded"
    assert [call.code for call in sandbox[product].ledger.calls] == [
        "UnknownParameter",
        "RequestSizeLimitExceeded",
    ]


def test_a_design_in_too_large_a_request_is_not_charged(sandbox):
    emulator = sandbox["tencent-mps"]
    body = json.dumps({"Prompt": "A calm voice.", "ExtParam": "{}" + " " * LARGEST}).encode()
    for name in ("tencent-mps", "tencent-vod"):
        answer = send(sandbox, name, content=body, action="DesignVoiceAsync")
        assert code(answer) == "RequestSizeLimitExceeded"
        assert sandbox[name].ledger.charged == 0
    assert not emulator.voices
    assert emulator.ledger.calls[-1].content == b""


def test_a_body_without_an_end_in_sight_is_told_too_and_not_held(sandbox):
    url = sandbox.base_url["tencent-mps"]

    def pieces():
        for _ in range(64):
            yield b"a" * MB

    tracemalloc.start()
    try:
        answer = envelope(httpx.post(url, content=pieces(), trust_env=False, timeout=60))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code(answer) == "RequestSizeLimitExceeded"
    assert most < 40 * MB


@pytest.mark.parametrize("size", [32 * 2**10 - 1, 32 * 2**10, 32 * 2**10 + 1])
def test_a_get_may_have_32_kilobytes(size, sandbox):
    query = f"VoiceName={'a' * (size - 10)}"
    found = code(send(sandbox, "tencent-mps", method="GET", query=query))
    assert found == (None if size <= 32 * 2**10 else "RequestSizeLimitExceeded")


def test_a_get_spells_lists_and_objects_out(sandbox):
    query = urlencode(
        {
            "Prompt": "A calm & deep voice, 100 % 旁白",
            "VoiceProfile.Name": "by get",
            "VoiceProfile.Languages.0": "en",
            "VoiceProfile.Languages.1": "zh",
        }
    )
    answer = send(sandbox, "tencent-mps", action="DesignVoiceAsync", method="GET", query=query)
    assert answer["ErrorCode"] == 0
    (voice,) = sandbox["tencent-mps"].voices.values()
    assert voice.prompt == "A calm & deep voice, 100 % 旁白"
    assert voice.profile == {"Name": "by get", "Languages": ["en", "zh"]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("PageNum=1&PageSize=2", None),
        ("PageNum=0", "InvalidParameterValue"),
        ("PageNum=one", "InvalidParameter"),
        ("PageNum=1&PageNum=2", "InvalidParameter"),
        ("PageNum.0=1", "InvalidParameter"),
        ("Languages.0=en&Languages.1=hu", "InvalidParameterValue"),
        ("Languages.1=en", "InvalidParameter"),
        ("Languages=en", "InvalidParameter"),
        ("Languages.0=en&Languages.0.A=en", "InvalidParameter"),
        (f"Languages{'.0' * 5000}=en", "InvalidParameter"),
        ("Nonsense=1", "UnknownParameter"),
        ("VoiceName=%FF", None),
    ],
)
def test_the_parameters_of_a_get_are_checked_like_those_of_a_post(query, expected, sandbox):
    assert code(send(sandbox, "tencent-mps", method="GET", query=query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Voice.Speed=9.5", "InvalidParameter.Speed"),
        ("Voice.Speed=1.5e0", "InvalidParameter.VoiceId"),
        ("Voice.Speed=fast", "InvalidParameter"),
        ("Voice.Pitch=-13", "InvalidParameter.Pitch"),
    ],
)
def test_the_numbers_of_a_get_are_numbers(query, expected, sandbox):
    query = f"SdkAppId=1466000000&Text=Hello.&Voice.VoiceId=v&{query}"
    assert code(send(sandbox, "tencent-trtc", method="GET", query=query)) == expected


def test_the_query_of_a_get_is_signed(sandbox):
    service, version, action = PRODUCTS["tencent-mps"]
    url = sandbox.base_url["tencent-mps"]
    signed = tc3_by_hand.headers(
        sandbox["tencent-mps"],
        url,
        b"",
        action=action,
        service=service,
        version=version,
        method="GET",
        query="PageNum=1",
    )
    answers = [
        envelope(httpx.get(f"{url}/?{query}", headers=signed, trust_env=False))
        for query in ("PageNum=1", "PageNum=2")
    ]
    assert [code(answer) for answer in answers] == [None, "AuthFailure.SignatureFailure"]


def test_a_get_of_anybody_misses_the_action(product, sandbox):
    answer = envelope(httpx.get(sandbox.base_url[product], trust_env=False))
    assert answer["Error"] == {
        "Code": "MissingParameter",
        "Message": "The request is missing a required parameter `Action`.",
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"])
def test_any_other_method_is_refused_in_json(method, product, sandbox):
    for path in ("/", "/storage/voice.mp3", "/v1/voice"):
        url = f"{sandbox.base_url[product]}{path}"
        answer = envelope(httpx.request(method, url, trust_env=False))
        assert code(answer) == "UnsupportedProtocol"


def test_a_head_has_the_headers_of_json(product, sandbox):
    reply = httpx.head(sandbox.base_url[product], trust_env=False)
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_no_other_path_than_the_one(method, product, sandbox):
    for path in ("/v1/voice_design", "/DesignVoiceAsync", "/index.html"):
        answer = send(sandbox, product, content=b"", method=method, path=path)
        assert code(answer) == "InvalidRequest"
        assert f"`{path}`" in answer["Error"]["Message"]
