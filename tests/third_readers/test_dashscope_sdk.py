"""The official DashScope SDK, both dialects, against the emulator."""

import base64
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import dashscope
import pytest
from dashscope.audio.http_tts import HttpSpeechSynthesizer
from dashscope.audio.tts_v2 import VoiceEnrollmentException, VoiceEnrollmentService

from voicelab.audio.clip import decode
from voicelab.emulators.serve import Sandbox

PROMPT = "A calm, deep male narrator."
TEXT = "On a stormy night, the ancient bell tower struck twelve."


@pytest.fixture
def pointed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    known = sandbox.credentials["dashscope-cosyvoice"]
    monkeypatch.setattr(dashscope, "base_http_api_url", known["base_url"])
    monkeypatch.setattr(dashscope, "api_key", known["api_key"])
    return known


def create_cosyvoice() -> str:
    return str(
        VoiceEnrollmentService(sample_rate=24000, response_format="wav").create_voice(
            target_model="cosyvoice-v3.5-plus",
            prefix="lab01",
            url=None,
            language_hints=["en"],
            voice_prompt=PROMPT,
            preview_text=TEXT,
        )
    )


def create_qwen(client: dashscope.Client) -> Any:
    return client.audio.voice_design.create(
        target_model="qwen3-tts-vd-2026-01-26",
        preferred_name="lab_01",
        voice_prompt=PROMPT,
        preview_text=TEXT,
        language="en",
        parameters={"sample_rate": 24000, "response_format": "wav"},
    )


@pytest.fixture
def client(pointed: dict[str, str]) -> Iterator[dashscope.Client]:
    with dashscope.Client(
        api_key=pointed["api_key"], base_url=pointed["base_url"], max_retries=0
    ) as client:
        yield client


@pytest.fixture
def cosyvoice(pointed: dict[str, str], sandbox: Sandbox) -> str:
    voice_id = create_cosyvoice()
    sandbox["dashscope"].advance(sandbox["dashscope"].review_s)
    return voice_id


@pytest.fixture
def qwen(client: dashscope.Client) -> str:
    return str(create_qwen(client).voice)


def test_the_cosyvoice_dialect_creates_lists_and_deletes(pointed: dict[str, str]) -> None:
    service, voice_id = VoiceEnrollmentService(), create_cosyvoice()
    assert voice_id.startswith("cosyvoice-v3.5-plus-vd-lab01-")
    assert [voice["voice_id"] for voice in service.list_voices(prefix="lab01")] == [voice_id]
    service.delete_voice(voice_id)
    assert not service.list_voices(prefix="lab01")
    with pytest.raises(VoiceEnrollmentException):
        service.delete_voice(voice_id)


def test_the_qwen_dialect_creates_speaks_and_deletes(client: dashscope.Client) -> None:
    design = create_qwen(client)
    assert decode(base64.b64decode(design.preview_audio["data"])).sr == 24000
    spoken = dashscope.MultiModalConversation.call(
        model="qwen3-tts-vd-2026-01-26", text="Good evening.", voice=design.voice
    )
    with urlopen(spoken.output.audio["url"]) as reply:
        assert decode(reply.read()).duration_s > 0.3
    client.audio.voice_design.delete(design.voice)


def speak(voice: str, **how: Any) -> Any:
    return HttpSpeechSynthesizer.call(
        model="cosyvoice-v3.5-plus", text="Good evening.", voice=voice, **how
    )


@pytest.mark.parametrize("audio_format", ["wav", "mp3", "opus"])
def test_the_synthesizer_gives_a_link_to_every_format(cosyvoice: str, audio_format: str) -> None:
    spoken = speak(cosyvoice, audio_format=audio_format)
    with urlopen(spoken.audio_url) as reply:
        assert decode(reply.read()).format == audio_format


def test_the_synthesizer_streams_what_the_link_at_its_end_leads_to(cosyvoice: str) -> None:
    *parts, last = speak(cosyvoice, audio_format="wav", stream=True)
    assert len(parts) > 1
    with urlopen(last.audio_url) as reply:
        whole = reply.read()
    assert b"".join(part.audio_data for part in parts) == last.audio_data == whole
    assert last.output["finish_reason"] == "stop"
    assert decode(whole).duration_s > 0.3


def test_a_refused_stream_is_an_error_of_the_sdks(cosyvoice: str) -> None:
    with pytest.raises(RuntimeError, match="volume"):
        list(speak(cosyvoice, volume=101, stream=True))


def test_the_conversation_call_streams_bare_samples(qwen: str) -> None:
    *parts, last = dashscope.MultiModalConversation.call(
        model="qwen3-tts-vd-2026-01-26", text="Good evening.", voice=qwen, stream=True
    )
    heard = b"".join(base64.b64decode(part.output.audio["data"]) for part in parts)
    assert len(parts) > 1
    assert last.output.finish_reason == "stop"
    with urlopen(last.output.audio["url"]) as reply:
        assert len(decode(reply.read()).y) == len(heard) // 2


def test_the_newer_client_streams_both(client: dashscope.Client, cosyvoice: str, qwen: str) -> None:
    for model, voice in (("cosyvoice-v3.5-plus", cosyvoice), ("qwen3-tts-vd-2026-01-26", qwen)):
        stream = client.audio.tts.http.stream(model=model, text="Good evening.", voice=voice)
        *parts, last = stream
        assert last.is_final
        assert last.audio_url
        assert sum(len(part.audio or b"") for part in parts) > 1000


def test_an_address_there_is_not_is_the_sdks_own_exception(pointed: dict[str, str]) -> None:
    astray = {**pointed, "base_url": f"{pointed['base_url']}/compatible-mode"}
    with (
        dashscope.Client(**astray, max_retries=0) as client,
        pytest.raises(Exception, match="path not found") as no,
    ):
        client.audio.voice_design.list()
    assert type(no.value).__name__ == "NotFoundError"


def test_a_rush_is_the_sdks_own_exception(client: dashscope.Client) -> None:
    def rush() -> None:
        for _ in range(200):
            client.audio.voice_design.list()

    with pytest.raises(Exception, match="increased too quickly") as no:
        rush()
    assert type(no.value).__name__ == "RateLimitError"


def test_a_wrong_key_is_the_sdks_own_exception(pointed: dict[str, str]) -> None:
    wrong = {"api_key": "sk-another-key", "base_url": pointed["base_url"]}
    with (
        dashscope.Client(**wrong, max_retries=0) as client,
        pytest.raises(Exception, match="Invalid API-key") as no,
    ):
        client.audio.voice_design.list()
    assert type(no.value).__name__ == "AuthenticationError"
