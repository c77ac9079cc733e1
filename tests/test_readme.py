"""The README holds: its Python runs, its commands exist, its columns are columns."""

import ast
import asyncio
import inspect
import os
import re
from pathlib import Path

import pytest

from voicelab.cli.app import app
from voicelab.experiment import Experiment
from voicelab.measures import MEASURES
from voicelab.providers import PROVIDERS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_the_python_of_the_readme_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    names: dict[str, object] = {}
    try:
        for block in blocks("python"):
            code = compile(block, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if code.co_flags & inspect.CO_COROUTINE:
                asyncio.run(eval(code, names))
            else:
                exec(code, names)
    finally:
        names["sandbox"].close()  # type: ignore[attr-defined]
        names["lab"].close()  # type: ignore[attr-defined]
    assert {path.name for path in tmp_path.iterdir()} >= {"narrators.html", "narrators.xlsx"}


def test_the_experiment_of_the_readme_loads() -> None:
    (text,) = blocks("toml")
    assert Experiment.from_toml(text).options == {"minimax": {"aigc_watermark": True}}


def test_the_commands_of_the_readme_are_the_commands_there_are() -> None:
    named = re.findall(r"^\| `voicelab ([\w-]+)", README, flags=re.MULTILINE)
    told = {name.replace("-", "_") for name in named}
    assert told == {command.callback.__name__ for command in app.registered_commands}


def test_the_readme_names_every_provider_and_only_measures_there_are() -> None:
    for name in PROVIDERS:
        assert f"| `{name}` |" in README
    table = README.split("## What is measured")[1].split("## Changes")[0]
    rows = "".join(line for line in table.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`(\w+)`", rows)) <= set(MEASURES)
