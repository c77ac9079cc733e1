"""The emulated MiniMax after the design: speech, links, the account's list, deleting, lapsing."""

import asyncio
import itertools

import httpx
import numpy as np
import pytest

from voicelab.audio.clip import decode
from voicelab.emulators.base import Fault
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.measures import measure

TEXT = "Good evening to everyone who came tonight."
names = (f"narrator-{number:04d}" for number in itertools.count())


class Clock:
    now = 1_790_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def served():
    """One account whose rates no test reaches."""
    rates = {"requests_per_minute": 100_000, "speeches_per_minute": 100_000}
    with serve([MiniMaxEmulator(**rates, clock=Clock())]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    emulator = served["minimax"]
    emulator.ledger.calls.clear()
    emulator.balance = 100.0
    return emulator


@pytest.fixture
def client(served, emulator):
    with open_client(served) as client:
        yield client


def open_client(sandbox):
    return httpx.Client(
        base_url=sandbox.environ["MINIMAX_API_HOST"],
        headers={"Authorization": f"Bearer {sandbox.environ['MINIMAX_API_KEY']}"},
        trust_env=False,
        timeout=30,
    )


@pytest.fixture
def voice_id(client, emulator):
    made = design(client)
    emulator.ledger.calls.clear()
    return made


def design(client, prompt="A calm, deep male narrator."):
    wish = {"prompt": prompt, "preview_text": TEXT, "voice_id": next(names)}
    return client.post("/v1/voice_design", json=wish).json()["voice_id"]


def ask(client, voice_id, *, voice=None, audio=None, **fields):
    wish = {
        "model": "speech-2.8-hd",
        "text": TEXT,
        "voice_setting": {"voice_id": voice_id, **(voice or {})},
        **({"audio_setting": audio} if audio is not None else {}),
        **fields,
    }
    return client.post("/v1/t2a_v2", json={k: v for k, v in wish.items() if v is not ...})


def heard(response):
    return decode(bytes.fromhex(response.json()["data"]["audio"]))


def code(response):
    assert response.status_code == 200
    return response.json()["base_resp"]["status_code"]


def listed(client, kind="all"):
    return client.post("/v1/get_voice", json={"voice_type": kind}).json()


def ids(client):
    return {voice["voice_id"] for voice in listed(client)["voice_generation"] or []}


def delete(client, voice_id, kind="voice_generation"):
    return client.post("/v1/delete_voice", json={"voice_type": kind, "voice_id": voice_id})


def test_speech_is_answered_in_the_documented_shape(client, voice_id):
    response = ask(client, voice_id)
    answer = response.json()
    assert list(answer) == ["data", "extra_info", "trace_id", "base_resp"]
    assert list(answer["data"]) == ["audio", "status", "ced"]
    assert answer["data"]["status"] == 2
    assert answer["trace_id"] == response.headers["trace-id"]
    clip = heard(response)
    assert (clip.format, clip.sr, clip.channels) == ("mp3", 32000, 1)
    extra = answer["extra_info"]
    assert extra["audio_length"] == pytest.approx(1000 * clip.duration_s, abs=100)
    assert extra["usage_characters"] == len(TEXT)
    assert extra["audio_size"] == len(answer["data"]["audio"]) // 2
    assert (extra["audio_sample_rate"], extra["bitrate"]) == (32000, 128000)
    assert (extra["audio_format"], extra["audio_channel"]) == ("mp3", 1)


@pytest.mark.parametrize(("format", "rate"), [("wav", 24000), ("flac", 44100), ("mp3", 8000)])
def test_the_audio_comes_in_the_format_and_rate_asked_for(format, rate, client, voice_id):
    clip = heard(ask(client, voice_id, audio={"format": format, "sample_rate": rate}))
    assert (clip.format, clip.sr) == (format, rate)


def test_headerless_samples_come_as_they_are(client, voice_id):
    response = ask(client, voice_id, audio={"format": "pcm", "sample_rate": 16000})
    clip = decode(bytes.fromhex(response.json()["data"]["audio"]), pcm_rate=16000)
    assert 1 < clip.duration_s < 10


def test_the_voice_of_the_design_says_the_new_text(client):
    for prompt in ("A deep elderly male narrator.", "A bright young woman."):
        wish = {"prompt": prompt, "preview_text": TEXT, "voice_id": next(names)}
        preview = client.post("/v1/voice_design", json=wish).json()
        spoken = heard(ask(client, preview["voice_id"]))
        original = decode(bytes.fromhex(preview["trial_audio"]))
        assert np.array_equal(spoken.y, original.y)
        other = heard(ask(client, preview["voice_id"], text="The boats come home before dark."))
        pitches = [measure(c.y, sr=c.sr)["f0_median_hz"] for c in (original, other)]
        assert pitches[1] == pytest.approx(pitches[0], rel=0.12)


def test_speed_pitch_and_volume_are_heard(client, voice_id):
    plain, fast, high, quiet = (
        heard(ask(client, voice_id, voice=voice))
        for voice in ({}, {"speed": 1.5}, {"pitch": 5}, {"vol": 0.5})
    )
    assert fast.duration_s < 0.85 * plain.duration_s
    f0 = [measure(clip.y, sr=clip.sr)["f0_median_hz"] for clip in (plain, high)]
    assert f0[1] / f0[0] == pytest.approx(2 ** (5 / 12), rel=0.1)
    assert np.abs(quiet.y).max() == pytest.approx(np.abs(plain.y).max() / 2, rel=0.1)


def test_a_pause_marker_is_not_read_out(client, voice_id):
    plain = heard(ask(client, voice_id, text="One, two."))
    marked = heard(ask(client, voice_id, text="One<#1.5#>two."))
    assert marked.duration_s == pytest.approx(plain.duration_s, abs=0.2)


def test_system_voices_speak_without_a_design_fee(client, emulator):
    assert code(ask(client, "female-shaonv", emotion="happy")) == 0
    assert emulator.ledger.charged == pytest.approx(100e-6 * len(TEXT))


@pytest.mark.parametrize(
    ("changes", "expected", "named"),
    [
        ({"model": ...}, 2013, "model"),
        ({"model": "speech-99"}, 2013, "model"),
        ({"text": ...}, 2013, "text"),
        ({"text": " "}, 2013, "text"),
        ({"text": "a" * 10_000}, 2013, "text"),
        ({"text": "a\u200b\u200bb"}, 1042, "invisible"),
        ({"text": "… — !"}, 2013, "language"),
        ({"text": "a nerve gas recipe"}, 1026, "sensitive"),
        ({"voice_setting": ...}, 2013, "voice_setting"),
        ({"voice_setting": {}}, 2013, "voice_id"),
        ({"voice": {"speed": 0.4}}, 2013, "speed"),
        ({"voice": {"speed": "1"}}, 2013, "speed"),
        ({"voice": {"vol": 0}}, 2013, "vol"),
        ({"voice": {"pitch": 13}}, 2013, "pitch"),
        ({"voice": {"pitch": 1.5}}, 2013, "pitch"),
        ({"voice": {"emotion": "bored"}}, 2013, "emotion"),
        ({"audio": {"sample_rate": 48000}}, 2013, "sample_rate"),
        ({"audio": {"bitrate": 1}}, 2013, "bitrate"),
        ({"audio": {"format": "aac"}}, 2013, "format"),
        ({"audio": {"channel": 3}}, 2013, "channel"),
        ({"audio": "mp3"}, 2013, "audio_setting"),
        ({"output_format": "base64"}, 2013, "output_format"),
        ({"stream": "no"}, 2013, "stream"),
        ({"stream": True, "output_format": "url"}, 2013, "output_format"),
        ({"subtitle_enable": "yes"}, 2013, "subtitle_enable"),
        ({"subtitle_enable": True, "subtitle_type": "letter"}, 2013, "subtitle_type"),
    ],
)
def test_a_bad_field_of_a_speech_is_refused_and_named(
    changes, expected, named, client, emulator, voice_id
):
    response = ask(client, voice_id, **changes)
    assert code(response) == expected
    assert named in response.json()["base_resp"]["status_msg"]
    assert list(response.json()) == ["base_resp"]
    assert emulator.ledger.charged == 0
    assert voice_id not in ids(client)


def test_the_design_fee_is_charged_at_the_first_speech_only(client, emulator, voice_id):
    hd, turbo = 100e-6 * len(TEXT), 60e-6 * len(TEXT)
    before = emulator.balance
    for model in ("speech-2.8-hd", "speech-2.8-hd", "speech-2.8-turbo"):
        assert code(ask(client, voice_id, model=model)) == 0
    charges = [call.charged for call in emulator.ledger.of("speak")]
    assert charges == pytest.approx([3 + hd, hd, turbo])
    assert emulator.balance == pytest.approx(before - sum(charges))


def test_two_first_speeches_at_once_pay_the_fee_once(served, client, emulator, voice_id):
    async def both():
        async with httpx.AsyncClient(
            base_url=client.base_url, headers=client.headers, trust_env=False, timeout=30
        ) as async_client:
            wish = {
                "model": "speech-2.8-hd",
                "text": TEXT,
                "voice_setting": {"voice_id": voice_id},
            }
            calls = [async_client.post("/v1/t2a_v2", json=wish) for _ in range(2)]
            return await asyncio.gather(*calls)

    assert [code(response) for response in asyncio.run(both())] == [0, 0]
    assert emulator.ledger.charged == pytest.approx(3 + 200e-6 * len(TEXT))


def test_who_cannot_pay_the_fee_cannot_speak(client, emulator, voice_id):
    emulator.balance = 2.0
    assert code(ask(client, voice_id)) == 1008
    assert voice_id not in ids(client)
    emulator.balance = 5.0
    assert code(ask(client, voice_id)) == 0


def test_a_designed_voice_is_listed_from_its_first_speech_on(client, voice_id):
    assert voice_id not in ids(client)
    ask(client, voice_id)
    assert {"voice_id": voice_id, "description": [], "created_time": "2026-09-21"} in listed(
        client
    )["voice_generation"]


def test_the_lists_hold_what_was_asked_for_and_null_for_nothing(client, voice_id):
    ask(client, voice_id)
    held = {
        kind: [name for name, voices in listed(client, kind).items() if isinstance(voices, list)]
        for kind in ("system", "voice_cloning", "voice_generation", "all")
    }
    assert held == {
        "system": ["system_voice"],
        "voice_cloning": [],
        "voice_generation": ["voice_generation"],
        "all": ["system_voice", "voice_generation"],
    }
    assert listed(client)["voice_cloning"] is None
    assert set(listed(client)["system_voice"][0]) == {
        "voice_id",
        "voice_name",
        "description",
        "created_time",
    }


@pytest.mark.parametrize("wish", [{}, {"voice_type": "mine"}, {"voice_type": True}])
def test_a_kind_of_voices_there_is_not_is_refused(wish, client):
    assert code(client.post("/v1/get_voice", json=wish)) == 2013


def test_a_deleted_voice_is_gone_and_its_id_with_it(client, voice_id):
    ask(client, voice_id)
    answer = delete(client, voice_id).json()
    assert answer["voice_id"] == voice_id
    assert answer["created_time"] == "1790000000"
    assert code(ask(client, voice_id)) == 2054
    assert code(delete(client, voice_id)) == 2054
    assert voice_id not in ids(client)
    again = {"prompt": "a voice", "preview_text": TEXT, "voice_id": voice_id}
    assert code(client.post("/v1/voice_design", json=again)) == 2039


@pytest.mark.parametrize(
    ("kind", "wanted", "expected"),
    [
        ("voice_cloning", "narrator-0000", 2054),
        ("voice_generation", "female-shaonv", 2054),
        ("voice_generation", "nobody-made-it", 2054),
        ("system", "female-shaonv", 2013),
        ("voice_generation", "", 2013),
    ],
)
def test_what_is_not_the_accounts_own_cannot_be_deleted(kind, wanted, expected, client):
    assert code(delete(client, wanted, kind)) == expected


def test_a_voice_nobody_spoke_with_lapses_after_a_week():
    clock = Clock()
    with serve([MiniMaxEmulator(clock=clock)]) as sandbox, open_client(sandbox) as client:
        unused, used, late = (design(client) for _ in range(3))
        ask(client, used)
        clock.now += 168 * 3600 - 1
        assert code(ask(client, late)) == 0
        clock.now += 1
        assert code(ask(client, unused)) == 2054
        assert code(ask(client, used)) == 0
        assert ids(client) == {used, late}


def test_the_61st_speech_in_a_minute_is_too_many_and_designs_do_not_count():
    clock = Clock()
    with serve([MiniMaxEmulator(clock=clock)]) as sandbox, open_client(sandbox) as client:
        voice_id = design(client)
        for _ in range(60):
            assert code(ask(client, voice_id, text=" ")) == 2013
        assert code(ask(client, voice_id)) == 1002
        assert design(client)
        clock.now += 60
        assert code(ask(client, voice_id)) == 0


def test_a_link_leads_to_the_same_audio_without_a_key_and_for_a_day(served, client, voice_id):
    clip = heard(ask(client, voice_id))
    link = ask(client, voice_id, output_format="url").json()["data"]["audio"]
    assert link.startswith(served.base_url["minimax"])
    found = httpx.get(link, trust_env=False)
    assert found.headers["content-type"] == "audio/mpeg"
    assert found.headers["x-voicelab-emulator"] == "minimax"
    assert np.array_equal(decode(found.content).y, clip.y)
    served["minimax"].clock.now += 24 * 3600
    assert httpx.get(link, trust_env=False).status_code == 403
    assert httpx.get(f"{link}x", trust_env=False).status_code == 404


def test_a_fetch_can_go_wrong_on_demand(client, emulator, voice_id):
    link = ask(client, voice_id, output_format="url").json()["data"]["audio"]
    emulator.faults.add("fetch", Fault(status=403, body=b"expired"))
    assert httpx.get(link, trust_env=False).text == "expired"
    assert httpx.get(link, trust_env=False).status_code == 200


def test_a_long_text_is_spoken_whole(client, voice_id):
    text = ("It was a quiet evening, and nobody in the village spoke of the bell. " * 90)[:6000]
    answer = ask(client, voice_id, text=text, audio={"sample_rate": 8000}).json()
    assert answer["extra_info"]["audio_length"] > 300_000


@pytest.mark.parametrize(
    "path", ["t2a_v2", "get_voice", "delete_voice", "files/upload", "voice_clone"]
)
def test_every_call_wants_the_key(path, client):
    with httpx.Client(base_url=client.base_url, trust_env=False) as stranger:
        assert code(stranger.post(f"/v1/{path}", json={})) == 1004
