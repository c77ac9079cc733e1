"""The tool functions of MiniMax's official MCP server, against the emulator."""

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.request import urlopen

import pytest

from voicelab.audio import espeak
from voicelab.audio.clip import Clip, decode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.serve import Sandbox
from voicelab.measures import measure

TEXT = "On a stormy night, the ancient bell tower struck twelve."

Load = Callable[[str], ModuleType]


@pytest.fixture
def load(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    def loaded(mode: str) -> ModuleType:
        known = sandbox.credentials["minimax"]
        monkeypatch.setenv("MINIMAX_API_KEY", known["api_key"])
        monkeypatch.setenv("MINIMAX_API_HOST", known["base_url"])
        monkeypatch.setenv("MINIMAX_API_RESOURCE_MODE", mode)
        monkeypatch.setenv("MINIMAX_MCP_BASE_PATH", str(tmp_path))
        before = [name for name in sys.modules if name.startswith("minimax_mcp")]
        for name in before:  # it reads the environment when it is imported
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module("minimax_mcp.server")

    return loaded


@pytest.fixture
def tools(load: Load) -> ModuleType:
    return load("local")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recordings" / "deep.wav"
    path.parent.mkdir()
    path.write_bytes(espeak.speak(f"{TEXT} " * 4, VoiceParameters(f0_hz=85.0)).wav)
    return path


def pitch(clip: Clip) -> float:
    return measure(clip.y, sr=clip.sr)["f0_median_hz"]


def saved(said: str) -> Clip:
    """Return the sound in the file that a tool says it has saved."""
    found = re.search(r"saved as: (.+?\.(?:mp3|flac|wav))", said)
    assert found, said
    return decode(Path(found.group(1)).read_bytes())


def test_a_voice_is_designed_and_then_speaks(tools: ModuleType, tmp_path: Path) -> None:
    said = tools.voice_design(
        prompt="A calm, deep male narrator.",
        preview_text=TEXT,
        voice_id="lab_voice_01",
        output_directory=str(tmp_path),
    )
    assert "lab_voice_01" in said.text
    tools.text_to_audio(
        "Good evening.", voice_id="lab_voice_01", output_directory=str(tmp_path / "more")
    )
    files = sorted(tmp_path.rglob("*.mp3"))
    assert len(files) == 2
    assert all(decode(file.read_bytes()).format == "mp3" for file in files)


@pytest.mark.parametrize("form", ["mp3", "flac"])
@pytest.mark.parametrize("channel", [1, 2])
def test_a_text_is_spoken_as_wished(
    form: str, channel: int, tools: ModuleType, tmp_path: Path
) -> None:
    said = tools.text_to_audio(
        TEXT,
        output_directory=str(tmp_path),
        model="speech-2.6-turbo",
        speed=1.2,
        vol=0.8,
        pitch=2,
        emotion="neutral",
        sample_rate=24000,
        channel=channel,
        format=form,
        language_boost="English",
    )
    clip = saved(said.text)
    assert (clip.format, clip.sr, clip.channels) == (form, 24000, channel)
    assert pitch(clip) > 150  # the server's usual voice is a girl's


def test_bare_samples_are_saved_as_they_come(tools: ModuleType, tmp_path: Path) -> None:
    tools.text_to_audio("Good evening.", output_directory=str(tmp_path), format="pcm")
    (file,) = tmp_path.rglob("*.pcm")
    assert decode(file.read_bytes(), pcm_rate=32000).duration_s > 0.5


def test_a_recording_is_cloned_and_the_clone_resembles_it_is_listed_and_speaks(
    tools: ModuleType, recording: Path, tmp_path: Path
) -> None:
    said = tools.voice_clone(
        voice_id="lab_clone_01", file=str(recording), text=TEXT, output_directory=str(tmp_path)
    )
    assert "Voice cloned successfully: Voice ID: lab_clone_01" in said.text
    wanted = pitch(decode(recording.read_bytes()))
    assert pitch(saved(said.text)) == pytest.approx(wanted, rel=0.12)
    listed = tools.list_voices("voice_cloning").text
    assert "lab_clone_01" in listed.partition("Voice Cloning Voices:")[2]
    spoken = tools.text_to_audio(
        "Good evening.", voice_id="lab_clone_01", output_directory=str(tmp_path)
    )
    assert pitch(saved(spoken.text)) == pytest.approx(wanted, rel=0.15)


def test_a_recording_behind_a_link_is_cloned_without_a_text(
    tools: ModuleType, sandbox: Sandbox, recording: Path
) -> None:
    emulator = sandbox["tencent-vod"]
    kept = emulator.keep(recording.read_bytes(), suffix=".wav", now=emulator.clock())
    url = f"{sandbox.base_url['tencent-vod']}/storage/{kept}"
    said = tools.voice_clone(voice_id="lab_clone_02", file=url, text="", is_url=True)
    assert said.text == "Voice cloned successfully: Voice ID: lab_clone_02"


def test_a_recording_too_short_is_refused_in_the_clients_own_words(
    tools: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(espeak.speak("Good evening.", VoiceParameters()).wav)
    said = tools.voice_clone(voice_id="lab_clone_03", file=str(path), text=TEXT)
    assert "API Error: 2037" in said.text


def test_an_account_that_may_not_clone_is_told_to_verify_itself(
    tools: ModuleType, sandbox: Sandbox, recording: Path
) -> None:
    sandbox["minimax"].verified = False
    said = tools.voice_clone(voice_id="lab_clone_04", file=str(recording), text=TEXT)
    assert "should complete real-name verification" in said.text


def test_the_voices_of_the_vendor_are_listed(tools: ModuleType) -> None:
    for kind in ("all", "system"):
        assert "ID: female-shaonv" in tools.list_voices(kind).text
    assert "System Voices: []" in tools.list_voices("voice_cloning").text


def test_links_are_told_where_they_are_asked_for(load: Load, recording: Path) -> None:
    tools = load("url")
    spoken = tools.text_to_audio("Good evening.").text
    cloned = tools.voice_clone(voice_id="lab_clone_05", file=str(recording), text=TEXT).text
    for said in (spoken, cloned):
        with urlopen(said.rpartition("URL: ")[2]) as reply:
            assert decode(reply.read()).duration_s > 0.5


def test_a_no_comes_in_the_clients_own_words(tools: ModuleType, tmp_path: Path) -> None:
    said = tools.voice_design(
        prompt="A calm voice.", preview_text="x" * 501, output_directory=str(tmp_path)
    )
    assert "2013" in said.text
    assert "2013" in tools.list_voices("mine").text
    assert "2054" in tools.text_to_audio("Good evening.", voice_id="nobody-made-it").text


def test_what_is_not_emulated_is_a_no_and_nothing_worse(tools: ModuleType) -> None:
    assert "404" in tools.text_to_image(prompt="A bell tower.").text
