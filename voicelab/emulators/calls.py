"""What an emulator remembers and what may go wrong with it: the ledger of calls, and the faults."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class Call:
    """One request the emulator received, and what became of it."""

    endpoint: str
    """The emulator's own name for what was asked, such as `design`."""
    at: float
    """When, by the emulator's clock, in seconds."""
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    path: str = ""
    """What of the address follows the host."""
    method: str = "POST"
    query: str = ""
    """What of the address follows the path, as it came."""
    voice_id: str | None = None
    """The voice it named or made."""
    code: int | str | None = None
    """The vendor's code of the refusal, where it was refused."""
    charged: float = 0.0
    """What the vendor would take for it."""
    currency: str | None = None
    """ISO 4217 code of `charged`; none where the vendor publishes no price."""
    unit: str | None = None
    """What is charged for: `character`, `voice`, or both with a comma between."""
    nth: int = 1
    """How often exactly this was asked for, this time included."""

    def drawn(self, length: int) -> bytes:
        """Draw bytes for an id: other ones every time, and the same when a run is repeated."""
        seed = f"{self.endpoint} {self.nth} ".encode() + self.content
        return hashlib.shake_256(seed).digest(length)


class Ledger:
    """Every call received, in order: what a test asks whether something was bought twice."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def of(self, endpoint: str) -> list[Call]:
        """Return the calls to one endpoint."""
        return [call for call in self.calls if call.endpoint == endpoint]

    def asked(self, voice_id: str) -> int:
        """Count the calls that named or made a voice, whatever was answered."""
        return sum(call.voice_id == voice_id for call in self.calls)

    def bought(self, voice_id: str) -> int:
        """Count the calls that were charged for a voice."""
        return sum(call.voice_id == voice_id and call.charged > 0 for call in self.calls)

    @property
    def charged(self) -> float:
        """The sum of all charges."""
        return sum(call.charged for call in self.calls)

    @property
    def totals(self) -> dict[str | None, float]:
        """The sum of all charges by currency; under none, what has no published price."""
        paid: dict[str | None, float] = {}
        for call in self.calls:
            if call.charged:
                paid[call.currency] = paid.get(call.currency, 0.0) + call.charged
        return paid


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one call; unless `carried_out`, an answer it replaces is never made."""

    code: int | str | None = None
    """Answer this vendor's code instead."""
    message: str = "emulated fault"
    """The words beside `code`."""
    status: int = 200
    """The HTTP status beside `code` or `body`."""
    body: bytes | None = None
    """Answer these bytes instead."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers beside `code` or `body`."""
    hang_up: bool = False
    """Close the connection instead of answering."""
    truncate: bool = False
    """Close the connection after half of the answer."""
    damage: Callable[[dict[str, Any]], Mapping[str, Any]] | None = None
    """Change the good answer on its way out."""
    delay_s: float = 0.0
    """Seconds to hold the answer back; a caller that leaves ends it."""
    carried_out: bool = False
    """Whether the vendor did the work all the same, and charged for it."""

    @property
    def replaces(self) -> bool:
        """Tell whether the call gets another answer than its own."""
        said = self.code is not None or self.body is not None or self.status != 200
        return said or self.hang_up


class Faults:
    """Faults waiting for the next calls, per endpoint, first in first out."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def add(self, endpoint: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls to `endpoint` go wrong."""
        self._waiting[endpoint].extend([fault] * times)

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._waiting.clear()

    @property
    def waiting(self) -> dict[str, int]:
        """How many calls to each endpoint will go wrong."""
        return {endpoint: len(faults) for endpoint, faults in self._waiting.items() if faults}

    def take(self, endpoint: str) -> Fault:
        """Return the fault of the next call: usually one that does nothing."""
        waiting = self._waiting[endpoint]
        return waiting.popleft() if waiting else Fault()
