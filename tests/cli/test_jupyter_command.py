"""`voicelab lab`: a real JupyterLab server on the tour notebook."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from voicelab.cli.jupyter import own_copies
from voicelab.shipped import shipped


def test_the_users_own_copies_are_never_overwritten(tmp_path: Path) -> None:
    folder = own_copies(tmp_path)
    first = folder / "1_explore.ipynb"
    assert json.loads(first.read_text(encoding="utf-8"))["nbformat"] == 4
    first.write_text("mine")
    own_copies(tmp_path)
    assert first.read_text() == "mine"


def test_a_checkout_opens_its_own_notebooks() -> None:
    notebooks = shipped("notebooks")
    assert own_copies(notebooks.parent) == notebooks


@pytest.mark.skipif(os.name == "nt", reason="the server is stopped by a signal")
def test_the_command_serves_the_tour_notebook_offline(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "voicelab", "lab", "--no-browser", "--port", "0"],
        cwd=tmp_path,
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "run"), "JUPYTER_TOKEN": "t"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        names = _names_served(tmp_path / "run", child)
        assert {"1_explore.ipynb", "2_batch_compare.ipynb", "3_export.ipynb"} <= names
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(30)


def _names_served(folder: Path, child: subprocess.Popen[bytes]) -> set[str]:
    """Wait for the server, whose file may be there before it listens; list its notebooks."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert child.poll() is None, "JupyterLab ended by itself"
        for info in folder.glob("jpserver-*.json"):
            with contextlib.suppress(OSError, json.JSONDecodeError):
                url = json.loads(info.read_text(encoding="utf-8"))["url"]
                with urllib.request.urlopen(f"{url}api/contents?token=t", timeout=30) as reply:
                    return {entry["name"] for entry in json.load(reply)["content"]}
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start")
