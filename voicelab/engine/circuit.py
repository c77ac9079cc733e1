"""Whether a provider is asked at all: after failures in a row it rests, is tried, and goes on."""

import time
from collections.abc import Awaitable, Callable

from voicelab.engine.pace import Away
from voicelab.errors import Throttled, Unreachable

FAILURES = 3
"""In a row, before the provider rests."""
THROTTLES = 8
"""In a row without an answer between them, before it rests."""
FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0
PROBES = 3
"""Tries in vain after which it is left for the next run, once all others are at their end."""
PAID_PROBES = 2
"""The same where every try may cost something."""
NAP_S = 0.2


class Circuit:
    """One provider's fuse.

    Parameters
    ----------
    name
        The provider.
    others_busy
        Tells whether other providers still have work: so long there is no hurry to leave it.
    wait
        Sleeps, and raises `Stopped` when the run is stopped.
    """

    def __init__(
        self,
        name: str,
        *,
        others_busy: Callable[[], bool],
        wait: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name = name
        self._others_busy = others_busy
        self._wait = wait
        self._failures = self._throttles = self._probes = 0
        self._rest_until: float | None = None
        self._probing: object | None = None
        self._paid = False
        self.why = ""
        """What went wrong last, in words."""
        self.kind = ""
        """The name of the error class that waiting trials are filed under."""
        self.away = False
        """Whether it is left alone until the next run."""

    @property
    def is_open(self) -> bool:
        """Whether nothing is sent to it now but a probe."""
        return self._rest_until is not None or self.away

    @property
    def words(self) -> str:
        """Where it stands, in words; empty while all is well."""
        if self.away:
            return f"left for the next run: {self.why}"
        if self._rest_until is None:
            return ""
        left = self._rest_until - _clock()
        then = f"tried again in {left:.0f} s" if left > 0.5 else "being tried again"
        return f"paused after failures in a row, {then}: {self.why}"

    @property
    def held(self) -> str:
        """Why a trial waits for the next run, for its row; what went wrong was another's."""
        return (
            f"{self._name} is left for the next run after failures in a row; the last: {self.why}"
        )

    async def enter(self, who: object) -> None:
        """Go through, or wait while it rests; after a rest one goes first and tries.

        Raises
        ------
        Away
            When it is left alone for the rest of this run.
        Stopped
            When the run is stopped meanwhile.
        """
        while not self.away and self._rest_until is not None and self._probing is not who:
            left = self._rest_until - _clock()
            if left <= 0 and self._probing is None:
                self._probing = who
                return
            await self._wait(min(max(left, 0.01), NAP_S))
        if self.away:
            raise Away(self.held, self.kind)

    def admits(self, who: object) -> bool:
        """Tell whether a request of `who` may leave now."""
        return not self.away and (self._rest_until is None or self._probing is who)

    def leave(self, who: object) -> None:
        """Say that a trial is through, whatever came of it."""
        if self._probing is who:
            self._probing = None

    def good(self) -> None:
        """Say that the vendor answered as it should."""
        self._failures = self._throttles = self._probes = 0
        self._rest_until, self._probing, self.why = None, None, ""

    def throttled(self, error: Exception) -> None:
        """Say that the vendor asked to slow down, once more."""
        self._throttles += 1
        if self._throttles >= THROTTLES:
            self._rest(error, paid=False)

    def bad(self, error: Exception, *, paid: bool) -> None:
        """Say that the vendor could not be reached, or answered what cannot be read.

        Parameters
        ----------
        paid
            Whether the try may have cost something.
        """
        self._failures += 1
        if self._failures >= FAILURES or self._rest_until is not None:
            self._rest(error, paid=paid)

    def _rest(self, error: Exception, *, paid: bool) -> None:
        self.why = str(error)
        # whatever befell the others: of a trial that waits nothing left this machine
        self.kind = (Throttled if isinstance(error, Throttled) else Unreachable).__name__
        if self._rest_until is not None and _clock() < self._rest_until:
            return  # of requests that were under way when it opened
        if self._rest_until is not None:
            self._probes += 1
        self._probing = None
        self._rest_until = _clock() + min(FIRST_REST_S * 2**self._probes, LONGEST_REST_S)
        enough = self._probes >= (PAID_PROBES if paid else PROBES)
        self.away = enough and (paid or not self._others_busy())


def _clock() -> float:
    """Return seconds by a clock that any thread may read: `words` is shown on others."""
    return time.monotonic()
