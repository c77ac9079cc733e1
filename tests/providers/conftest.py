import itertools

import pytest

from voicelab.emulators import EMULATORS
from voicelab.emulators.serve import serve


@pytest.fixture(scope="module")
def served():
    """All emulators, on a clock that moves on a minute between calls: no rate limit is met."""
    with serve() as sandbox:
        for name in EMULATORS:
            sandbox[name].clock = itertools.count(0, 60).__next__
        yield sandbox


@pytest.fixture
def sandbox(served, monkeypatch):
    """All emulators with an empty ledger, and the environment a user would set for them."""
    for name in EMULATORS:
        served[name].ledger.calls.clear()
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    return served
