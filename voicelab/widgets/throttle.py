"""How often a widget may be rewritten: the one clock of everything that is shown."""

import asyncio
from collections.abc import Callable

from voicelab.engine.job import io_loop


class Throttle:
    """Calls an action after it was poked, never closer together than `every_s` seconds.

    The last poke is always followed by a call, and no two calls overlap.

    Parameters
    ----------
    action
        Must not raise: wrap it in a guard.
    after_s
        Seconds to wait after a poke, so that typing is not interrupted.
    in_pool
        Whether it takes long, and so must not hold up the I/O thread it is otherwise called on.
    """

    def __init__(
        self,
        action: Callable[[], None],
        *,
        every_s: float,
        after_s: float = 0.0,
        in_pool: bool = False,
    ) -> None:
        self._action = action
        self._every_s = every_s
        self._after_s = after_s
        self._in_pool = in_pool
        self._poked = False
        self._next = 0.0
        self._work: asyncio.Task[None] | None = None

    def poke(self) -> None:
        """Ask for a call, from any thread."""
        io_loop().call_soon_threadsafe(self._start)

    def _start(self) -> None:
        self._poked = True
        if self._work is None or self._work.done():
            self._work = io_loop().create_task(self._call_while_poked())

    async def _call_while_poked(self) -> None:
        loop = asyncio.get_running_loop()
        while self._poked:
            await asyncio.sleep(max(self._after_s, self._next - loop.time()))
            self._poked = False
            if self._in_pool:
                await asyncio.to_thread(self._action)
            else:
                self._action()
            self._next = loop.time() + self._every_s
