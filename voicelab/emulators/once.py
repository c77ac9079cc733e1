"""The only place where an emulator goes on working after it has answered."""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Work that is done one time, beside everything else, and whose result can be asked for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._made: list[T] = []

    def begin(self) -> "Once[T]":
        """Start it in a thread of the running loop, and return at once."""
        asyncio.get_running_loop().run_in_executor(None, self._do)
        return self

    async def result(self) -> T:
        """Return what came of it, when it is done."""
        return self._made[0] if self._made else await asyncio.to_thread(self._do)

    def _do(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._work())
        return self._made[0]
