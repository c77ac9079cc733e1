"""The one place that knows where the engine keeps its waits, so that tests can make them short."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

import httpx
import pytest

SHORT: Mapping[str, float | tuple[float, ...]] = {
    "engine.trial_run.POLL_FIRST_S": 0.01,
    "engine.trial_run.POLL_MOST_S": 0.05,
    "engine.trial_run.UNREACHABLE_WAIT_S": 0.01,
    "engine.trial_run.LOOK_AGAIN_S": (0.01,),
    "engine.circuit.FIRST_REST_S": 0.02,
    "engine.circuit.NAP_S": 0.01,
    "engine.shelf.FIRST_WAIT_S": 0.01,
    "store.pace_rules.FIRST_HOLD_S": 0.01,
    "store.pace_rules.LONGEST_HOLD_S": 0.02,
    "store.pace_rules.UNPUBLISHED_SPAN_S": 0.05,
    "engine.pace.SECOND_S": 0.05,
    "engine.pace.MINUTE_S": 0.5,
}


@contextmanager
def quick() -> Iterator[None]:
    """Let the engine wait next to nothing."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SHORT.items():
            patch.setattr(f"voicelab.{name}", value)
        # a TLS context takes 60 ms and no cell speaks TLS
        context = cache(httpx.create_ssl_context)
        patch.setattr("httpx._transports.default.create_ssl_context", context)
        yield
