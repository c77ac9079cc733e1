"""What the engine waits for, made short: the waits are counted in the tests, not sat through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_columns import FAST, quick
from vendor import ClockworkEmulator

from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.providers.minimax import MiniMax


@pytest.fixture(autouse=True)
def _no_time_to_lose() -> Iterator[None]:
    with quick():
        yield


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Two emulated vendors, fast ones."""
    with serve([MiniMaxEmulator(requests_per_minute=FAST), ClockworkEmulator()]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    """An empty lab whose MiniMax is the emulated one."""
    key, url = sandbox["minimax"].api_key, sandbox.base_url["minimax"]
    vendor = MiniMax(api_key=key, base_url=url, requests_per_minute=FAST)
    with Lab.open(tmp_path / "lab", providers=[vendor]) as lab:
        yield lab
