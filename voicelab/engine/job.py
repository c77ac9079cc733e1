"""The one private event-loop thread, `voicelab-io`, and a run on it seen from anywhere."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, wait
from typing import Any, Generic, TypeVar

from voicelab.engine.quiet import IO_THREAD, keep_quiet

Result = TypeVar("Result")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None

TICK_S = 0.2
"""How soon a kernel's interrupt gets through to a cell that awaits."""


def io_loop() -> asyncio.AbstractEventLoop:
    """Return the loop all network work runs on, started at first use."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            keep_quiet()
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name=IO_THREAD, daemon=True).start()
        return _loop


class Job(Generic[Result]):
    """A run under way: `await job` in a cell, `job.result()` elsewhere, `job.stop()` anywhere.

    Stopping lets nothing new start; requests that are under way are waited for, so that what was
    paid is kept. Interrupting the cell that awaits does the same.
    """

    def __init__(self, work: Coroutine[Any, Any, Result], stop: Callable[[], None]) -> None:
        self._stop = stop
        self._loop = io_loop()
        self._future: Future[Result] = asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self) -> None:
        """Stop gracefully; call it from any thread, as often as you like."""
        self._loop.call_soon_threadsafe(self._stop)

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self._future.done()

    def wait(self) -> None:
        """Block until it has ended, however it ended."""
        wait([self._future])

    def result(self, timeout_s: float | None = None) -> Result:
        """Block until it has ended; an interrupt stops it."""
        try:
            return self._future.result(timeout_s)
        except KeyboardInterrupt:
            self.stop()
            raise

    def __await__(self) -> Generator[Any, None, Result]:
        return self._wait().__await__()

    async def _wait(self) -> Result:
        future = asyncio.wrap_future(self._future)
        try:
            while not future.done():
                await asyncio.wait({future}, timeout=TICK_S)
        except asyncio.CancelledError:
            self.stop()
            raise
        return future.result()
