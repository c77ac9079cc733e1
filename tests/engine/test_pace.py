"""How fast an account is asked."""

import asyncio
import time

import pytest

from voicelab.engine.pace import Pace, Stopped
from voicelab.providers.base import Limits


async def starts(pace: Pace, number: int, hold_s: float = 0.0) -> list[float]:
    times: list[float] = []

    async def one() -> None:
        async with pace.slot():
            times.append(time.monotonic())
            await asyncio.sleep(hold_s)

    await asyncio.gather(*(one() for _ in range(number)))
    return times


def test_never_more_starts_in_a_window_than_the_vendor_takes() -> None:
    async def main() -> list[float]:
        limits = Limits(parallel=8, requests_per_minute=4)
        return await starts(Pace(limits, asyncio.Event(), window_s=0.2), 12)

    times = sorted(asyncio.run(main()))
    assert all(later - earlier >= 0.19 for earlier, later in zip(times, times[4:], strict=False))


def test_never_more_at_once_than_the_vendor_takes() -> None:
    async def main() -> int:
        under_way = most = 0
        pace = Pace(Limits(parallel=3), asyncio.Event())

        async def one() -> None:
            nonlocal under_way, most
            async with pace.slot():
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0.01)
                under_way -= 1

        await asyncio.gather(*(one() for _ in range(12)))
        return most

    assert asyncio.run(main()) == 3


def test_a_throttle_holds_all_starts_back_as_long_as_the_vendor_said() -> None:
    async def main() -> float:
        pace = Pace(Limits(), asyncio.Event())
        pace.slow(0.2)
        began = time.monotonic()
        await starts(pace, 1)
        return time.monotonic() - began

    assert asyncio.run(main()) >= 0.19


def test_one_burst_of_throttles_is_one_cut() -> None:
    async def main() -> float:
        pace = Pace(Limits(), asyncio.Event())
        for _ in range(5):
            pace.slow(None)
        return pace._delay()

    assert asyncio.run(main()) <= 1.0


def test_stop_ends_the_waiting_for_a_turn() -> None:
    async def main() -> None:
        stop = asyncio.Event()
        pace = Pace(Limits(), stop)
        pace.slow(60)
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with pytest.raises(Stopped):
            await starts(pace, 1)

    asyncio.run(main())
