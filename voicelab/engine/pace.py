"""How fast one account of one provider is asked: starts a minute, requests at once, and waiting."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voicelab.providers.base import Limits

WINDOW_S = 60.0
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


class Stopped(Exception):
    """Somebody pressed stop while a request was still waiting for its turn."""


class Pace:
    """The limits of one account, kept by everything that asks through it.

    Never more starts in any minute (`window_s`) than the vendor publishes, never more requests at
    once.
    """

    def __init__(self, limits: Limits, stop: asyncio.Event, *, window_s: float = WINDOW_S) -> None:
        self.limits = limits
        self._window_s = window_s
        self._stop = stop
        self._slots = asyncio.Semaphore(limits.parallel)
        self._turn = asyncio.Lock()
        self._starts: deque[float] = deque()
        self._not_before = 0.0
        self._throttled = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn, then hold one of the parallel places.

        Raises
        ------
        Stopped
            When stop was pressed before the turn came.
        """
        async with self._slots:
            async with self._turn:
                while (delay := self._delay()) > 0:
                    await self.wait(delay)
                if self._stop.is_set():
                    raise Stopped
                self._starts.append(_clock())
            yield

    async def wait(self, seconds: float) -> None:
        """Sleep, or raise `Stopped` as soon as stop is pressed."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    def slow(self, retry_after: float | None) -> None:
        """Hold all starts back after a throttle: as long as the vendor said, else doubling."""
        if _clock() < self._not_before:
            return  # the same burst: one cut for all its replies
        self._throttled += 1
        wait = retry_after or min(FIRST_WAIT_S * 2 ** (self._throttled - 1), LONGEST_WAIT_S)
        self._not_before = _clock() + wait

    def recovered(self) -> None:
        """Forget earlier throttles after an answer."""
        self._throttled = 0

    def _delay(self) -> float:
        now = _clock()
        rate = self.limits.requests_per_minute
        while self._starts and self._starts[0] <= now - self._window_s:
            self._starts.popleft()
        delay = self._not_before - now
        if rate is not None and len(self._starts) >= max(1, int(rate)):
            delay = max(delay, self._starts[0] + self._window_s - now)
        return delay


def _clock() -> float:
    return asyncio.get_running_loop().time()
