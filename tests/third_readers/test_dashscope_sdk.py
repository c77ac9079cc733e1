"""The official DashScope SDK, both dialects, against the emulator."""

import base64
from urllib.request import urlopen

import dashscope
import pytest
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


def test_the_cosyvoice_dialect_creates_lists_and_deletes(pointed: dict[str, str]) -> None:
    service = VoiceEnrollmentService(sample_rate=24000, response_format="wav")
    voice_id = service.create_voice(
        target_model="cosyvoice-v3.5-plus",
        prefix="lab01",
        url=None,
        language_hints=["en"],
        voice_prompt=PROMPT,
        preview_text=TEXT,
    )
    assert voice_id.startswith("cosyvoice-v3.5-plus-vd-lab01-")
    assert [voice["voice_id"] for voice in service.list_voices(prefix="lab01")] == [voice_id]
    service.delete_voice(voice_id)
    assert not service.list_voices(prefix="lab01")
    with pytest.raises(VoiceEnrollmentException):
        service.delete_voice(voice_id)


def test_the_qwen_dialect_creates_speaks_and_deletes(pointed: dict[str, str]) -> None:
    with dashscope.Client(
        api_key=pointed["api_key"], base_url=pointed["base_url"], max_retries=0
    ) as client:
        design = client.audio.voice_design.create(
            target_model="qwen3-tts-vd-2026-01-26",
            preferred_name="lab_01",
            voice_prompt=PROMPT,
            preview_text=TEXT,
            language="en",
            parameters={"sample_rate": 24000, "response_format": "wav"},
        )
        assert decode(base64.b64decode(design.preview_audio["data"])).sr == 24000
        spoken = dashscope.MultiModalConversation.call(
            model="qwen3-tts-vd-2026-01-26", text="Good evening.", voice=design.voice
        )
        with urlopen(spoken.output.audio["url"]) as reply:
            assert decode(reply.read()).duration_s > 0.3
        client.audio.voice_design.delete(design.voice)


def test_a_wrong_key_is_the_sdks_own_exception(pointed: dict[str, str]) -> None:
    wrong = {"api_key": "sk-another-key", "base_url": pointed["base_url"]}
    with (
        dashscope.Client(**wrong, max_retries=0) as client,
        pytest.raises(Exception, match="Invalid API-key") as no,
    ):
        client.audio.voice_design.list()
    assert type(no.value).__name__ == "AuthenticationError"
