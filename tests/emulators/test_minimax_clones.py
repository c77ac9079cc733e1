"""Cloning at the emulated MiniMax: a recording goes up, a voice like it comes of it."""

import io
import itertools

import httpx
import numpy as np
import pytest
import soundfile

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode
from voicelab.audio.description import read_description
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.measures import measure

SAID = (
    "On a stormy night, the ancient bell tower struck twelve. Nobody in the village spoke of it, "
    "and the boats came home before dark. In the morning the square was empty, and so was the inn."
)
TEXT = "Good evening to everyone who came tonight, and welcome to the old theatre."
names = (f"clone-{number:04d}" for number in itertools.count())


class Clock:
    now = 1_790_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def served():
    rates = dict.fromkeys(
        ("requests_per_minute", "speeches_per_minute", "clones_per_minute"), 100_000
    )
    with serve([MiniMaxEmulator(clock=Clock(), **rates)]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(served):
    emulator = served["minimax"]
    emulator.ledger.calls.clear()
    emulator.balance, emulator.verified = 100.0, True
    return emulator


@pytest.fixture
def client(served, emulator):
    headers = {"Authorization": f"Bearer {emulator.api_key}"}
    with httpx.Client(
        base_url=served.base_url["minimax"], headers=headers, trust_env=False, timeout=30
    ) as client:
        yield client


def said_by(prompt):
    parameters = read_description(prompt, preview_text=SAID).parameters
    return espeak.speak(SAID, parameters).wav


@pytest.fixture(scope="module")
def deep():
    return said_by("A deep, slow elderly male narrator.")


def lasting(seconds):
    return encode(
        0.1 * np.random.default_rng(1).normal(size=int(8000 * seconds)), sr=8000, format="wav"
    )


def upload(client, content, *, purpose="voice_clone", filename="voice.wav"):
    files = {"file": (filename, content, "audio/wav")}
    return client.post("/v1/files/upload", data={"purpose": purpose}, files=files)


def file_of(client, content, **how):
    return upload(client, content, **how).json()["file"]["file_id"]


def clone(client, file_id, **fields):
    return client.post(
        "/v1/voice_clone", json={"file_id": file_id, "voice_id": next(names), **fields}
    )


def code(response):
    assert response.status_code == 200
    return response.json()["base_resp"]["status_code"]


def speak(client, voice_id):
    wish = {"model": "speech-2.8-hd", "text": TEXT, "voice_setting": {"voice_id": voice_id}}
    return client.post("/v1/t2a_v2", json=wish)


def clones(client):
    found = client.post("/v1/get_voice", json={"voice_type": "voice_cloning"}).json()
    return [voice["voice_id"] for voice in found["voice_cloning"] or []]


def test_an_upload_is_answered_in_the_documented_shape(client, deep):
    answer = upload(client, deep, filename="my voice.wav").json()
    assert list(answer) == ["file", "base_resp"]
    assert answer["file"] == {
        "file_id": answer["file"]["file_id"],
        "bytes": len(deep),
        "created_at": 1_790_000_000,
        "filename": "my voice.wav",
        "purpose": "voice_clone",
    }
    assert isinstance(answer["file"]["file_id"], int)
    assert file_of(client, deep) != answer["file"]["file_id"]


@pytest.mark.parametrize("name", ["deep", "high"])
def test_a_clone_resembles_its_recording_in_pitch(name, client, deep):
    recording = deep if name == "deep" else said_by("A bright young woman.")
    voice_id = next(names)
    made = clone(
        client, file_of(client, recording), voice_id=voice_id, text=TEXT, model="speech-2.8-hd"
    )
    answer = made.json()
    assert list(answer) == [
        *("input_sensitive", "input_sensitive_type", "demo_audio", "extra_info", "base_resp")
    ]
    demo = decode(httpx.get(answer["demo_audio"], trust_env=False).content)
    spoken = decode(bytes.fromhex(speak(client, voice_id).json()["data"]["audio"]))
    original = decode(recording)
    wanted, *found = (measure(c.y, sr=c.sr)["f0_median_hz"] for c in (original, demo, spoken))
    assert found == pytest.approx([wanted, wanted], rel=0.12)


def test_without_a_text_there_is_no_demo_and_nothing_is_charged(client, emulator, deep):
    answer = clone(client, file_of(client, deep)).json()
    assert answer["demo_audio"] == ""
    assert emulator.ledger.charged == 0


def test_a_demo_costs_its_characters_and_the_first_speech_the_fee(client, emulator, deep):
    voice_id = next(names)
    clone(client, file_of(client, deep), voice_id=voice_id, text=TEXT, model="speech-2.8-turbo")
    speak(client, voice_id)
    speak(client, voice_id)
    hd = 100e-6 * len(TEXT)
    charges = [call.charged for call in emulator.ledger.calls if call.charged]
    assert charges == pytest.approx([60e-6 * len(TEXT), 1.5 + hd, hd])


def test_clones_are_listed_as_such_and_deleted_as_such(client, deep):
    voice_id = next(names)
    clone(client, file_of(client, deep), voice_id=voice_id)
    assert voice_id in clones(client)
    wish = {"voice_id": voice_id, "voice_type": "voice_generation"}
    assert code(client.post("/v1/delete_voice", json=wish)) == 2054
    wish["voice_type"] = "voice_cloning"
    assert client.post("/v1/delete_voice", json=wish).json()["voice_id"] == voice_id
    assert voice_id not in clones(client)
    assert code(clone(client, file_of(client, deep), voice_id=voice_id)) == 2039


def test_a_clone_nobody_spoke_with_lapses_after_a_week(client, emulator, deep):
    used, unused = next(names), next(names)
    for voice_id in (used, unused):
        clone(client, file_of(client, deep), voice_id=voice_id)
    speak(client, used)
    emulator.clock.now += 168 * 3600
    assert code(speak(client, unused)) == 2054
    assert code(speak(client, used)) == 0


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"purpose": "fine_tune"}, "purpose"),
        ({"filename": "voice.ogg"}, "mp3, m4a or wav"),
        ({"filename": "voice"}, "mp3, m4a or wav"),
        ({"content": b""}, "20 MB"),
        ({"content": b"x" * (20 * 1024 * 1024 + 1)}, "20 MB"),
    ],
)
def test_a_bad_upload_is_refused_and_named(how, named, client):
    response = upload(client, **{"content": b"abc", **how})
    assert code(response) == 2013
    assert named in response.json()["base_resp"]["status_msg"]


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"{}", "application/json"),
        (b"", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nvoice_clone\r\n--x--',
            None,
        ),
    ],
)
def test_an_upload_that_is_no_form_with_a_file_is_refused(content, content_type, client):
    headers = {"Content-Type": content_type or "multipart/form-data; boundary=x"}
    assert code(client.post("/v1/files/upload", content=content, headers=headers)) == 2013


def test_bytes_that_look_like_line_ends_survive_the_upload(client):
    y = np.frombuffer(b"\r\n--\n\r\x00\xff" * 20_000, dtype="<i2") / np.float32(32768)
    content = encode(y, sr=8000, format="wav")
    assert upload(client, content).json()["file"]["bytes"] == len(content)
    file = io.BytesIO(content)
    assert soundfile.info(file).duration == 10.0
    assert code(clone(client, file_of(client, content))) == 0


@pytest.mark.parametrize(("seconds", "expected"), [(9.9, 2037), (301, 2037), (10.1, 0)])
def test_a_recording_lasts_ten_seconds_to_five_minutes(seconds, expected, client):
    assert code(clone(client, file_of(client, lasting(seconds)))) == expected


def test_an_example_lasts_less_than_eight_seconds(client, deep):
    file_id = file_of(client, deep)
    for seconds, expected in ((7, 0), (8.5, 2048)):
        example = file_of(client, lasting(seconds), purpose="prompt_audio")
        prompt = {"prompt_audio": example, "prompt_text": "What is said in it."}
        assert code(clone(client, file_id, clone_prompt=prompt)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"file_id": 1}, 2013),
        ({"file_id": "1"}, 2013),
        ({"file_id": None}, 2013),
        ({"voice_id": "short"}, 2013),
        ({"voice_id": None}, 2013),
        ({"text": "x" * 1001, "model": "speech-2.8-hd"}, 2013),
        ({"text": TEXT}, 2013),
        ({"text": "a nerve gas recipe", "model": "speech-2.8-hd"}, 1026),
        ({"need_noise_reduction": "yes"}, 2013),
        ({"clone_prompt": {"prompt_audio": 1}}, 2013),
    ],
)
def test_a_bad_field_of_a_clone_is_refused(fields, expected, client, emulator, deep):
    before = clones(client)
    response = clone(client, **{"file_id": file_of(client, deep), **fields})
    assert code(response) == expected
    assert emulator.ledger.charged == 0
    assert clones(client) == before


def test_bytes_that_are_no_sound_cannot_be_cloned(client):
    assert code(clone(client, file_of(client, b"not a recording"))) == 2013


def test_an_account_that_is_not_verified_may_not_clone(client, emulator, deep):
    emulator.verified = False
    assert code(clone(client, file_of(client, deep))) == 2038
