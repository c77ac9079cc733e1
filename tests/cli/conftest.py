"""Commands run in the tests' own process, and what they wait for there is made short."""

from collections.abc import Iterator

import pytest
from waits import quick


@pytest.fixture(autouse=True)
def _no_time_to_lose() -> Iterator[None]:
    with quick():
        yield
