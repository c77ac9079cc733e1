"""How fast DashScope lets one account ask each model: so many in a minute, and in a second.

Source: the vendor's page "Rate limits": a rate in a minute holds in every second too, by the
sixtieth part, and a burst is told from a quota that is used up.
"""

import asyncio
import math
from collections.abc import Mapping

from voicelab.emulators.base import No, Window

USUAL_PER_MINUTE = 180
PER_MINUTE: Mapping[str, int] = {
    "cosyvoice-v3-flash": 1200,
    "voice-enrollment": 600,  # nobody says what holds for voice design: this is the emulator's own
    "qwen-voice-design": 600,
}
BURST = (
    "Request rate increased too quickly. To ensure system stability, please adjust your client "
    "logic to scale requests more smoothly over time."
)
QUOTA = "Requests rate limit exceeded, please try again later."


class Rates:
    """What was asked of each model.

    Parameters
    ----------
    per_minute
        Of every model alike; the vendor's own where not given.
    """

    def __init__(self, per_minute: int | None) -> None:
        self._per_minute = per_minute
        self._minutes: dict[str, Window] = {}
        self._seconds: dict[str, Window] = {}

    def count(self, model: str, now: float) -> None:
        """Take a place at `now`, in seconds, or raise what the vendor says when none is free."""
        self._take(model, now, patience_s=0.0)

    async def count_speaking(self, model: str, now: float) -> None:
        """Take a place, if need be that of the next second, and wait for it.

        The vendor speaks for a second or so, which keeps a client that asks one thing after the
        other within its rate; an emulator is faster, and waits instead.
        """
        await asyncio.sleep(self._take(model, now, patience_s=1.0))

    def _take(self, model: str, now: float, *, patience_s: float) -> float:
        minute, second = self._windows(model)
        wait_s = second.wait(now)
        if wait_s > patience_s:
            raise No("Throttling.BurstRate", BURST, status=429)
        if minute.wait(now) > 0:
            raise No("Throttling.RateQuota", QUOTA, status=429)
        minute.take(now)
        second.take(now + wait_s)
        return wait_s

    def _windows(self, model: str) -> tuple[Window, Window]:
        most = self._per_minute or PER_MINUTE.get(model, USUAL_PER_MINUTE)
        minute = self._minutes.setdefault(model, Window(most))
        return minute, self._seconds.setdefault(model, Window(math.ceil(most / 60), span_s=1.0))
