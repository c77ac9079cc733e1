"""The emulated MiniMax: every check it makes, asked by plain httpx and by no code of ours."""

import asyncio
import json
import re

import httpx
import pytest

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve

GOOD = {"prompt": "A calm, deep male narrator.", "preview_text": "Good evening to everyone."}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def served():
    """One emulator for all tests that leave it as it was, with a rate no test reaches."""
    with serve([MiniMaxEmulator(requests_per_minute=100_000)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    emulator = served["minimax"]
    emulator.ledger.calls.clear()
    emulator.balance = 100.0
    return emulator


@pytest.fixture
def client(served, emulator):
    headers = {"Authorization": f"Bearer {emulator.api_key}"}
    with httpx.Client(
        base_url=served.base_url["minimax"], headers=headers, trust_env=False, timeout=20
    ) as client:
        yield client


def design(client, **changes):
    body = {**GOOD, **changes}
    return client.post("/v1/voice_design", json={k: v for k, v in body.items() if v is not ...})


def refusal(response):
    assert response.status_code == 200
    assert list(response.json()) == ["base_resp"]
    return tuple(response.json()["base_resp"].values())


def test_a_good_call_is_answered_as_the_vendors_page_shows(client, emulator):
    response = design(client)
    assert response.status_code == 200
    assert list(response.json()) == ["voice_id", "trial_audio", "base_resp"]
    assert response.json()["base_resp"] == {"status_code": 0, "status_msg": "success"}
    assert re.fullmatch(r"ttv-voice-\d{16}-\w{8}", response.json()["voice_id"])
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["trace-id"])
    assert response.json()["voice_id"] in emulator.voices


def test_the_trial_audio_is_mono_mp3_speech_at_32_khz(client):
    clip = decode(bytes.fromhex(design(client).json()["trial_audio"]))
    assert (clip.format, clip.sr, clip.channels) == ("mp3", 32000, 1)
    assert 0.8 < clip.duration_s < 5
    assert abs(clip.y).max() > 0.05


def test_chinese_and_a_language_the_engine_has_no_cue_for_are_spoken(client):
    for text in ("在一个风雨交加的夜晚。", "Добрый вечер.", "Καλησπέρα σε όλους.", "สวัสดีตอนเย็น"):
        response = design(client, preview_text=text)
        assert decode(bytes.fromhex(response.json()["trial_audio"])).duration_s > 0.3


def test_no_two_voices_of_one_prompt_are_the_same(client):
    audio = {design(client).json()["trial_audio"] for _ in range(4)}
    assert len(audio) == 4


def test_the_watermark_is_heard_after_the_speech(client):
    plain = design(client, voice_id="same-voice-1").json()["trial_audio"]
    with serve([MiniMaxEmulator()]) as another:
        marked = httpx.post(
            f"{another.base_url['minimax']}/v1/voice_design",
            json={**GOOD, "voice_id": "same-voice-1", "aigc_watermark": True},
            headers=dict(client.headers),
            trust_env=False,
        ).json()["trial_audio"]
    plain, marked = (decode(bytes.fromhex(audio)) for audio in (plain, marked))
    assert marked.duration_s - plain.duration_s == pytest.approx(0.5, abs=0.1)
    assert abs(marked.y[-int(0.45 * 32000) :]).max() > 0.1


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"prompt": ...}, 2013, "prompt"),
        ({"prompt": None}, 2013, "prompt"),
        ({"prompt": ""}, 2013, "prompt"),
        ({"prompt": "  "}, 2013, "prompt"),
        ({"prompt": 7}, 2013, "prompt"),
        ({"prompt": ["a"]}, 2013, "prompt"),
        ({"preview_text": ...}, 2013, "preview_text"),
        ({"preview_text": ""}, 2013, "preview_text"),
        ({"preview_text": {"text": "a"}}, 2013, "preview_text"),
        ({"preview_text": "a" * 501}, 2013, "preview_text"),
        ({"preview_text": "… — !"}, 2013, "preview_text"),
        ({"preview_text": "ᚠᛇᚻ᛫ᛒᛦᚦ"}, 2013, "preview_text"),
        ({"preview_text": "a\u200b\u2060\ufeffb"}, 1042, "invisible"),
        ({"prompt": "A voice reading a nerve gas recipe"}, 1026, "new_sensitive"),
        ({"preview_text": "这是毒气配方。"}, 1026, "new_sensitive"),
        ({"voice_id": 12345678}, 2013, "voice_id"),
        ({"voice_id": ""}, 2013, "voice_id"),
        ({"voice_id": "seven77"}, 2013, "voice_id"),
        ({"voice_id": "v" * 257}, 2013, "voice_id"),
        ({"voice_id": "1-digit-first"}, 2013, "voice_id"),
        ({"voice_id": "dash-last-"}, 2013, "voice_id"),
        ({"voice_id": "underscore_last_"}, 2013, "voice_id"),
        ({"voice_id": "with a space"}, 2013, "voice_id"),
        ({"voice_id": "mit-ümlaut"}, 2013, "voice_id"),
        ({"aigc_watermark": "true"}, 2013, "aigc_watermark"),
        ({"aigc_watermark": 1}, 2013, "aigc_watermark"),
        ({"aigc_watermark": None}, 2013, "aigc_watermark"),
    ],
)
def test_a_bad_field_is_refused_and_named(changes, code, named, client, emulator):
    found = refusal(design(client, **changes))
    assert found[0] == code
    assert named in found[1]
    assert emulator.ledger.charged == 0
    assert emulator.ledger.calls[-1].code == code


def test_the_longest_and_shortest_of_everything_are_taken(client):
    for changes in (
        {"preview_text": "a " * 250},
        {"voice_id": "a2345678"},
        {"voice_id": "a" * 256},
    ):
        assert design(client, **changes).json()["base_resp"]["status_code"] == 0


def test_fields_the_vendor_does_not_know_are_ignored(client):
    assert design(client, model="speech-99").json()["base_resp"]["status_code"] == 0


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, 1004),
        ("", 1004),
        ("Bearer", 1004),
        ("emulated-minimax-key", 1004),
        ("Basic emulated-minimax-key", 1004),
        ("Bearer wrong", 2049),
        ("Bearer Emulated-Minimax-Key", 2049),
        ("Bearer emulated-minimax-key and-more", 2049),
        ("Bearer schlüssel", 2049),
    ],
)
def test_a_call_without_the_right_key_is_refused_first(authorization, code, client):
    headers = {} if authorization is None else {"Authorization": authorization.encode()}
    with httpx.Client(base_url=client.base_url, trust_env=False) as stranger:
        found = refusal(stranger.post("/v1/voice_design", content=b"nonsense", headers=headers))
    assert found[0] == code


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (json.dumps(GOOD).encode(), "text/plain"),
        (json.dumps(GOOD).encode(), ""),
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"\xff\xfe{}", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"prompt": "\\ud800", "preview_text": "Hello."}', "application/json"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(content, content_type, client):
    response = client.post(
        "/v1/voice_design", content=content, headers={"Content-Type": content_type}
    )
    assert refusal(response)[0] == 2013


def test_a_charset_beside_the_content_type_is_fine(client):
    response = client.post(
        "/v1/voice_design",
        content=json.dumps(GOOD),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert response.json()["base_resp"]["status_code"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "named"),
    [
        ("GET", "/v1/voice_design", 405, "method GET"),
        ("PUT", "/v1/t2a_v2", 405, "method PUT"),
        ("POST", "/v1/voice-design", 404, "path not found"),
        ("POST", "/v1/voice_design/", 404, "path not found"),
        ("GET", "/", 404, "path not found"),
    ],
)
def test_other_methods_and_addresses_are_refused_in_the_vendors_form(
    method, path, status, named, client
):
    response = client.request(method, path)
    assert response.status_code == status
    assert list(response.json()) == ["base_resp"]
    assert response.json()["base_resp"]["status_code"] == 2013
    assert named in response.json()["base_resp"]["status_msg"]
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["trace-id"])
    assert response.headers["x-voicelab-emulator"] == "minimax"
    assert ("allow" in response.headers) is (status == 405)


def test_an_emulator_that_breaks_says_so_in_the_vendors_form(client, emulator):
    emulator.faults.add("design", Fault(damage=lambda answer: answer["no such field"]))
    response = design(client)
    assert response.status_code == 500
    assert response.json() == {
        "base_resp": {"status_code": 1013, "status_msg": "internal service error"}
    }


def test_an_id_can_be_used_once(client, emulator):
    assert design(client, voice_id="narrator-01").json()["voice_id"] == "narrator-01"
    assert refusal(design(client, voice_id="narrator-01"))[0] == 2039
    assert emulator.ledger.asked("narrator-01") == 2
    assert emulator.ledger.bought("narrator-01") == 1


def test_two_calls_at_once_for_one_id_make_one_voice(served, emulator):
    async def both():
        async with httpx.AsyncClient(base_url=served.base_url["minimax"], trust_env=False) as c:
            send = c.post
            headers = {"Authorization": f"Bearer {emulator.api_key}"}
            body = {**GOOD, "voice_id": "twin-narrator"}
            calls = [send("/v1/voice_design", json=body, headers=headers) for _ in range(2)]
            return await asyncio.gather(*calls)

    codes = sorted(r.json()["base_resp"]["status_code"] for r in asyncio.run(both()))
    assert codes == [0, 2039]


def test_the_preview_text_is_charged_by_the_character_until_the_balance_is_gone(client, emulator):
    emulator.balance = 40 * 30e-6
    assert design(client, preview_text="a" * 39).json()["base_resp"]["status_code"] == 0
    assert emulator.ledger.charged == pytest.approx(39 * 30e-6)
    assert refusal(design(client, voice_id="too-dear-1")) == (1008, "insufficient balance")
    emulator.balance = 1.0
    assert design(client, voice_id="too-dear-1").json()["base_resp"]["status_code"] == 0


def test_the_twenty_first_call_in_a_minute_is_too_many():
    clock = Clock()
    with serve([MiniMaxEmulator(clock=clock)]) as sandbox:
        key = sandbox.environ["MINIMAX_API_KEY"]
        with httpx.Client(
            base_url=sandbox.environ["MINIMAX_API_HOST"],
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
        ) as client:
            for _ in range(20):
                assert refusal(design(client, prompt=...))[0] == 2013
            assert refusal(design(client)) == (1002, "rate limit exceeded(RPM)")
            clock.now += 59.9
            assert refusal(design(client))[0] == 1002
            clock.now += 0.1
            assert design(client).json()["base_resp"]["status_code"] == 0


def test_every_reply_says_that_no_vendor_made_it(client, emulator):
    emulator.faults.add("design", Fault(status=500, body=b"broken"))
    replies = [design(client), design(client), design(client, prompt=...), client.get("/")]
    assert [reply.headers["x-voicelab-emulator"] for reply in replies] == ["minimax"] * 4
    assert replies[0].text == "broken"


def test_it_answers_in_process_as_well():
    emulator = MiniMaxEmulator()

    async def ask():
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulated") as client:
            headers = {"Authorization": f"Bearer {emulator.api_key}"}
            return await client.post("/v1/voice_design", json=GOOD, headers=headers)

    assert asyncio.run(ask()).json()["base_resp"]["status_code"] == 0
