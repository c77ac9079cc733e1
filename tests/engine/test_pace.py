"""How fast an account is asked."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from voicelab.engine.pace import Pace, Stopped
from voicelab.providers.base import Limits
from voicelab.store.pace_book import PaceBook


@pytest.fixture
def book() -> Iterator[PaceBook]:
    opened = PaceBook(None)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _a_second_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicelab.engine.pace.SECOND_S", 1.0)
    monkeypatch.setattr("voicelab.engine.pace.MINUTE_S", 60.0)


async def starts(pace: Pace, number: int) -> list[float]:
    times: list[float] = []

    async def one() -> None:
        async with pace.slot() as ticket:
            ticket.leave()
            times.append(time.monotonic())

    await asyncio.gather(*(one() for _ in range(number)))
    return sorted(times)


def test_never_more_starts_in_a_second_than_the_vendor_takes(book: PaceBook) -> None:
    async def main() -> list[float]:
        limits = Limits(parallel=8, requests_per_second=10)
        return await starts(Pace("a", limits, asyncio.Event(), book=book), 25)

    times = asyncio.run(main())
    assert all(b - a >= 0.99 for a, b in zip(times, times[10:], strict=False))


def test_two_paces_of_one_account_share_its_limit_and_another_account_has_its_own(
    book: PaceBook,
) -> None:
    async def main() -> tuple[list[float], float]:
        limits = Limits(parallel=8, requests_per_second=8)
        stop = asyncio.Event()
        one, two = (Pace("a", limits, stop, book=book) for _ in range(2))
        times = await asyncio.gather(starts(one, 8), starts(two, 8))
        began = time.monotonic()
        await starts(Pace("b", limits, stop, book=book), 1)
        return sorted([*times[0], *times[1]]), time.monotonic() - began

    times, other_s = asyncio.run(main())
    assert all(b - a >= 0.99 for a, b in zip(times, times[8:], strict=False))
    assert other_s < 0.9


def test_never_more_at_once_than_the_vendor_takes(book: PaceBook) -> None:
    async def main() -> int:
        under_way = most = 0
        stop = asyncio.Event()
        paces = [Pace("a", Limits(parallel=3), stop, book=book) for _ in range(2)]

        async def one(pace: Pace) -> None:
            nonlocal under_way, most
            async with pace.slot():
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0.01)
                under_way -= 1

        await asyncio.gather(*(one(pace) for pace in paces for _ in range(6)))
        return most

    assert asyncio.run(main()) == 3


def test_a_throttle_holds_all_starts_back_as_long_as_the_vendor_said(book: PaceBook) -> None:
    async def main() -> float:
        pace = Pace("a", Limits(), asyncio.Event(), book=book)
        async with pace.slot() as ticket:
            pace.slow(ticket.start, 0.2)
        began = time.monotonic()
        await starts(pace, 1)
        return time.monotonic() - began

    assert asyncio.run(main()) >= 0.19


def test_stop_ends_the_waiting_for_a_turn(book: PaceBook) -> None:
    async def main() -> None:
        stop = asyncio.Event()
        pace = Pace("a", Limits(), stop, book=book)
        async with pace.slot() as ticket:
            pace.slow(ticket.start, 60)
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with pytest.raises(Stopped):
            await starts(pace, 1)

    asyncio.run(main())


def test_every_new_rate_is_told_with_its_reason(book: PaceBook) -> None:
    told: list[tuple[int, float, str]] = []

    async def main() -> None:
        pace = Pace(
            "a",
            Limits(parallel=8, requests_per_second=4),
            asyncio.Event(),
            book=book,
            on_pace=lambda *change: told.append(change),
        )
        await starts(pace, 2)
        async with pace.slot() as ticket:
            ticket.leave()
            pace.slow(ticket.start, 0.05)
        await starts(pace, 1)

    asyncio.run(main())
    assert told == [(2, 1.0, "the vendor asked to slow down")]
