"""The tool functions of MiniMax's official MCP server, against the emulator."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from voicelab.audio.clip import decode
from voicelab.emulators.serve import Sandbox

TEXT = "On a stormy night, the ancient bell tower struck twelve."


@pytest.fixture
def tools(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    known = sandbox.credentials["minimax"]
    monkeypatch.setenv("MINIMAX_API_KEY", known["api_key"])
    monkeypatch.setenv("MINIMAX_API_HOST", known["base_url"])
    monkeypatch.setenv("MINIMAX_API_RESOURCE_MODE", "local")
    monkeypatch.setenv("MINIMAX_MCP_BASE_PATH", str(tmp_path))
    loaded = [name for name in sys.modules if name.startswith("minimax_mcp")]
    for name in loaded:  # it reads the environment when it is imported
        monkeypatch.delitem(sys.modules, name)
    return importlib.import_module("minimax_mcp.server")


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


def test_a_no_comes_in_the_clients_own_words(tools: ModuleType, tmp_path: Path) -> None:
    said = tools.voice_design(
        prompt="A calm voice.", preview_text="x" * 501, output_directory=str(tmp_path)
    )
    assert "2013" in said.text
