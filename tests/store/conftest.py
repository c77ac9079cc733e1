"""A small lab that is whole, made once and copied for every test that harms one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from make_fixture import write_lab

from voicelab.lab import Lab


@pytest.fixture(scope="session")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "lab"
    write_lab(folder)
    return folder


@pytest.fixture
def folder(_whole: Path, tmp_path: Path) -> Path:
    """The folder of a lab of 3 trials that are done, 1 failed and 1 queued."""
    return Path(shutil.copytree(_whole, tmp_path / "lab"))


@pytest.fixture
def lab(folder: Path) -> Iterator[Lab]:
    """That lab, open, with no vendor to call."""
    with Lab.open(folder, create=False) as lab:
        yield lab
