"""What the engine waits for, made short: the waits are counted in the tests, not sat through."""

import pytest

from voicelab.engine import circuit, trial_run


@pytest.fixture(autouse=True)
def _no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial_run, "POLL_FIRST_S", 0.01)
    monkeypatch.setattr(trial_run, "POLL_MOST_S", 0.05)
    monkeypatch.setattr(trial_run, "UNREACHABLE_WAIT_S", 0.01)
    monkeypatch.setattr(trial_run, "LOOK_AGAIN_S", (0.01,))
    monkeypatch.setattr(circuit, "FIRST_REST_S", 0.02)
    monkeypatch.setattr(circuit, "NAP_S", 0.01)
