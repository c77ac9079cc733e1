"""The command line as a person uses it, in this process or in one of its own."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from voicelab.cli import main

SMALL = """
name = "tones"
takes = 1
preview_text = "Good evening."
template = "a {tone} male voice"
providers = ["local"]

[variables]
tone = ["deep", "bright"]
"""
OURS = ("MINIMAX_", "DASHSCOPE_", "TENCENTCLOUD_", "VOICELAB_LAB")
Done = subprocess.CompletedProcess[str]


def voicelab(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    columns: int = 120,
    terminal: bool = False,
) -> Done:
    """Run a command in this process, with nothing to read an answer from.

    Parameters
    ----------
    terminal
        Whether a terminal shows what it says; else it is piped.
    """
    out, err = (_Stream(terminal=terminal) for _ in range(2))
    with (
        _environment(cwd, {"COLUMNS": str(columns), **(env or {})}),
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, stream in (("stdin", io.StringIO()), ("stdout", out), ("stderr", err)):
            patch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as ended:
            main(arguments)
    code = ended.value.code
    assert isinstance(code, int)
    return Done(arguments, code, out.read_back(), err.read_back())


def process(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """Run a command in a process of its own."""
    with _environment(cwd, {"COLUMNS": "120", "PYTHONUTF8": "1", **(env or {})}):
        command = [sys.executable, "-m", "voicelab", *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@contextlib.contextmanager
def _environment(cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(cwd):
        for name in [name for name in os.environ if name.startswith(OURS)]:
            patch.delenv(name)
        for name, value in env.items():
            patch.setenv(name, value)
        yield


class _Stream(io.TextIOWrapper):
    """What a command writes into."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def read_back(self) -> str:
        self.seek(0)
        return self.read()
