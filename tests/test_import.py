"""Importing voicelab is instant: what is heavy is loaded when it is used."""

import subprocess
import sys

HEAVY = {"librosa", "matplotlib", "pandas", "numpy", "scipy", "httpx", "ipywidgets", "numba"}


def test_importing_voicelab_loads_nothing_heavy() -> None:
    code = "import sys, voicelab; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "voicelab" in loaded
    assert not HEAVY & set(loaded)


def test_every_public_name_is_there_and_listed() -> None:
    import voicelab

    for name in voicelab.__all__:
        assert getattr(voicelab, name) is not None
        assert name in dir(voicelab)
