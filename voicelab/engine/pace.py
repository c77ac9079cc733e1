"""How fast one account is asked: starts in a span of time, requests at once, and waiting."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from voicelab.errors import Throttled
from voicelab.providers.base import Limits
from voicelab.store.pace_book import PaceBook
from voicelab.store.pace_rules import Window

SECOND_S, MINUTE_S = 1.0, 60.0
LONGEST_NAP_S = 1.0
"""Another process may give a place free, so nobody sleeps for longer than this at once."""

PATIENCE_S = 120.0
"""What lasts longer, one hold or many without an answer between them, is not sat through once all
others are at their end."""
TOLD_S = 1.0
"""A shorter hold is over before it is read of."""

OnPace = Callable[[int, float, str], None]
"""Told the starts allowed from now on, in how many seconds, and why."""


class Stopped(Exception):
    """Something holds a trial back before its request left: it waits for the next run."""


class Away(Stopped):
    """A provider is left alone for the rest of this run; its trials wait for the next.

    Parameters
    ----------
    why
        What went wrong last, in a sentence.
    kind
        The name of its error class.
    """

    def __init__(self, why: str, kind: str) -> None:
        super().__init__(why)
        self.kind = kind


class Ticket:
    """One request's turn; the request leaves when `leave` was called."""

    def __init__(self, pace: "Pace", start: int) -> None:
        self._pace = pace
        self.start = start
        self.seen: float | None = None
        """When the vendor had seen it at the latest, by the book's clock."""

    def leave(self) -> None:
        """Date the start by the moment the request leaves."""
        self._pace.book.left(self.start, windows=self._pace.windows)

    def answered(self) -> None:
        """Remember when the answer came: what is done with it counts no more."""
        self.seen = self._pace.book.now()


class Pace:
    """The limits of one account, kept by everything that asks through it, in any process.

    Parameters
    ----------
    account
        What the limits belong to, without telling a key.
    limits
        What the vendor publishes.
    stop
        Set when nothing new shall start.
    name
        The provider, for sentences.
    on_pace
        Told whenever another rate holds.
    others_busy
        Tells whether anything else still has work: so long there is no hurry to leave it.
    """

    def __init__(
        self,
        account: str,
        limits: Limits,
        stop: asyncio.Event,
        *,
        book: PaceBook,
        name: str = "the vendor",
        on_pace: OnPace = lambda starts, span_s, why: None,
        others_busy: Callable[[], bool] = lambda: True,
    ) -> None:
        self.account = account
        self.limits = limits
        self.book = book
        self.windows = windows_of(limits)
        self._stop = stop
        self.away: Away | None = None
        """Why it is left alone until the next run, where it is."""
        self._name = name
        self._on_pace = on_pace
        self._others_busy = others_busy
        self._held_until = 0.0
        self._why = ""
        self._told_to_wait = True
        self._silent_since: float | None = None
        self._slots = asyncio.Semaphore(limits.parallel)
        self._turn = asyncio.Lock()

    @property
    def held_s(self) -> float:
        """For how many seconds more nothing is sent, because the vendor said later."""
        return max(0.0, self._held_until - self.book.now())

    @property
    def rests(self) -> bool:
        """Whether it is held for longer than one waits for it alone."""
        held_s, since = self.held_s, self._silent_since
        silent_s = 0.0 if since is None else self.book.now() - since
        return held_s > PATIENCE_S or (held_s > 0 and silent_s > PATIENCE_S)

    @property
    def words(self) -> str:
        """What holds it back, in words; empty while nothing does."""
        if self.away is not None:
            return f"left for the next run: {self._held}"
        return self._held if self.held_s > TOLD_S else ""

    @property
    def _held(self) -> str:
        until = time.strftime("%H:%M:%S", time.localtime(self._held_until))
        then = "wait until" if self._told_to_wait else "slow down and is tried again at"
        return f"asked to {then} {until}: {self._why or 'another run was told so.'}"

    @asynccontextmanager
    async def slot(self, *, lasts_s: float = 120.0) -> AsyncIterator[Ticket]:
        """Wait for a turn, then hold one of the parallel places.

        Parameters
        ----------
        lasts_s
            Seconds after which the request is over, whatever became of it.

        Raises
        ------
        Stopped
            When stop was pressed before the turn came.
        Away
            When it is held for long and nothing else has work.
        """
        async with self._slots:
            async with self._turn:
                ticket = await self._start(lasts_s)
            try:
                yield ticket
            finally:
                self.book.over(ticket.start, seen=ticket.seen)

    async def wait(self, seconds: float) -> None:
        """Sleep, or raise `Stopped` as soon as stop is pressed."""
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped

    def slow(self, start: int, retry_after: float | None, why: str = "") -> None:
        """Hold all starts back after a throttle: as long as the vendor said, else doubling."""
        self._held_until = self.book.declined(self.account, start, retry_after=retry_after)
        self._why, self._told_to_wait = why, retry_after is not None
        self._silent_since = self._silent_since or self.book.now()

    def hold(self, seconds: float, why: str = "") -> None:
        """Hold all starts back as the vendor said, though it asked for no lower rate."""
        self._held_until = self.book.hold(self.account, seconds)
        self._why, self._told_to_wait = why, True

    def recovered(self) -> None:
        """Let the next hold be a short one again, after an answer."""
        self._silent_since = None
        self.book.answered(self.account)

    async def _start(self, lasts_s: float) -> Ticket:
        while True:
            if self._stop.is_set():
                raise Stopped
            turn = self.book.take(
                self.account, windows=self.windows, parallel=self.limits.parallel, lasts_s=lasts_s
            )
            if turn.change is not None:
                self._told(*turn.change)
            if turn.start is not None:
                return Ticket(self, turn.start)
            self._require_patience(turn.held_s)
            await self.wait(min(turn.wait_s, LONGEST_NAP_S))

    def _require_patience(self, held_s: float) -> None:
        """Raise `Away` where it is held for long, by whatever process, and nothing else works."""
        if held_s > 0:
            self._held_until = self.book.now() + held_s
        if self.rests and not self._others_busy():
            why = f"{self._name} is left for the next run: it {self._held}"
            self.away = Away(why, Throttled.__name__)
            raise self.away

    def _told(self, starts: int, why: str) -> None:
        span_s = self.windows[0].span_s if self.windows else 10.0
        self._on_pace(starts, span_s, why)


def windows_of(limits: Limits) -> tuple[Window, ...]:
    """Return the published rates, the shortest span first: it is the one that learns."""
    rates = ((SECOND_S, limits.requests_per_second), (MINUTE_S, limits.requests_per_minute))
    return tuple(
        Window(span_s=span_s, most=max(1, int(most))) for span_s, most in rates if most is not None
    )
