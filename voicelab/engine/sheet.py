"""The sheet to read before pressing the button: what a batch will take, and its words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voicelab.engine.budget import Share
from voicelab.errors import UsageError
from voicelab.model import Wants, source_text
from voicelab.providers.base import Price
from voicelab.store.records import Planned


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Trials that would be refused, and why; they are not sent."""

    provider: str
    label: str | None
    """The prompt variant; nothing when it is the provider as a whole."""
    trials: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One provider's share of a batch."""

    provider: str
    emulated: bool
    free: bool
    """Whether nobody ever asks for money here."""
    trials: int
    """Those that will be sent."""
    done: int
    """Those of them that this lab already has; they are not sent again."""
    alike: int
    """Those of the others that another batch of this lab has, word for word."""
    characters: int
    cost: float | None
    """In `price.currency`; nothing where the vendor publishes no price."""
    first_uses: int
    """Kept voices that would speak for the first time."""
    fees: float
    """Part of `cost`: what the vendor takes for that, once a voice."""
    price: Price | None
    duration_s: float
    """At the vendor's published rate and usual time."""
    wants: Wants = Wants.PROMPT
    """What the provider makes voices from."""
    unfit: int = 0
    """Rows that have none of that, and so go to other providers of the batch alone."""

    @property
    def source(self) -> str:
        """The provider, and `(emulated)` where it is an emulator."""
        return source_text(self.provider, emulated=self.emulated)


@dataclass(frozen=True, kw_only=True)
class Quote:
    """The sheet to read before pressing the button."""

    batch_id: str
    lines: tuple[Line, ...]
    refusals: tuple[Refusal, ...]
    sendable: tuple[Planned, ...]
    """The trials that would go out."""
    done: frozenset[str] = frozenset()
    """The ids of those of them that this lab already has; they are not sent again."""
    alike: Mapping[str, str] = field(default_factory=dict)
    """For trials not done yet: the trial of another batch that was asked for the very same, and
    is done, by the ids of both."""
    reuse: bool | None = None
    """Whether those are taken over, free, or made anew; nothing while nobody has said."""
    budgets: tuple[Share, ...] = ()
    """Every line of a budget that the batch would count on."""
    notes: tuple[str, ...] = ()
    """What could not be judged before money, in sentences."""

    @property
    def trials(self) -> int:
        """How many trials can be sent, those already done included."""
        return len(self.sendable)

    @property
    def characters(self) -> int:
        """Characters of preview text still to be spoken."""
        return sum(line.characters for line in self.lines)

    @property
    def duration_s(self) -> float:
        """Expected seconds: providers work side by side, so the slowest one counts."""
        return max((line.duration_s for line in self.lines), default=0.0)

    @property
    def costs(self) -> dict[str, float]:
        """Expected cost per currency; what is emulated costs nothing."""
        totals: dict[str, float] = {}
        for line in self.lines:
            if line.price is not None and line.cost is not None and not line.emulated:
                currency = line.price.currency
                totals[currency] = totals.get(currency, 0.0) + line.cost
        return totals

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Providers that charge, and publish no price."""
        return tuple(
            line.provider
            for line in self.lines
            if line.price is None and not line.emulated and not line.free
        )

    @property
    def spends(self) -> bool:
        """Whether a vendor would be called."""
        return any(not line.emulated and not line.free for line in self.lines)

    @property
    def asks_about_reuse(self) -> bool:
        """Whether something that costs money was made before, and nobody said what to do."""
        lines = [line for line in self.lines if line.alike]
        return self.reuse is None and any(not (line.free or line.emulated) for line in lines)

    def __str__(self) -> str:
        lines = [*map(_line_text, self.lines), *self.fee_texts]
        lines += map(_refusal_text, self.refusals)
        if self.alike:
            lines.append(self.reuse_text)
        return "\n".join([*lines, *self.notes, *map(str, self.budgets)])

    @property
    def fee_texts(self) -> list[str]:
        """What vendors take for the first use of kept voices, a sentence each."""
        return [fee_text(line) for line in self.lines if line.first_uses]

    @property
    def reuse_text(self) -> str:
        """What was asked for before and what becomes of that, in a sentence."""
        many = f"{len(self.alike)} of these trials are done already in another batch of this lab"
        if self.reuse is None:
            return f"{many}: reuse=True takes them over, free, reuse=False makes new voices."
        return f"{many} and are {'taken over, free' if self.reuse else 'made anew'}."

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the sheet where a cell ends with it."""
        printer.text(str(self))

    def require_sendable(self, *, leave_out_refused: bool) -> None:
        """Raise `UsageError` with every refusal, unless they are to be left out.

        So it does where a budget would be passed, or where nobody has said whether what was
        bought before is to be bought again.
        """
        if self.refusals and not (leave_out_refused and self.sendable):
            raise UsageError(
                "nothing was sent. "
                + " ".join(_refusal_text(refusal) for refusal in self.refusals)
                + " Mend them, or run with leave_out_refused=True to send the others."
            )
        passed = [share for share in self.budgets if share.over]
        if passed:
            raise UsageError(
                f"nothing was sent: it would pass the {'; '.join(map(str, passed))}. "
                "Take fewer trials, or raise the budget."
            )
        if self.asks_about_reuse:
            raise UsageError(f"nothing was sent. {self.reuse_text} Say which.")


def _line_text(line: Line) -> str:
    done = f", {line.done} of them already done" if line.done else ""
    unfit = f"; {unfit_text(line)}" if line.unfit else ""
    return (
        f"{line.source}: {line.trials} trials{done}, {line.characters} characters, "
        f"{cost_text(line)}, about {duration_text(line.duration_s)}{unfit}"
    )


def _refusal_text(refusal: Refusal) -> str:
    row = f" {refusal.label!r}" if refusal.label else ""
    return f"Refused ({refusal.trials} trials of {refusal.provider}{row}): {refusal.reason}"


def unfit_text(line: Line) -> str:
    """Return in words which rows a provider is not for; nothing where it is for all."""
    if not line.unfit:
        return ""
    rows = "1 row" if line.unfit == 1 else f"{line.unfit:,} rows"
    goes = "goes" if line.unfit == 1 else "go"
    return f"{rows} without a {line.wants.value} {goes} to the others"


def cost_text(line: Line) -> str:
    """Return a line's cost in words: a price, free, or that none is published."""
    if line.free:
        return "free"
    if line.price is None or line.cost is None:
        return "no published price"
    what = f"{line.price.currency} {line.cost:.4f}"
    what += " if it were live" if line.emulated else ""
    return f"{what} (sources disagree)" if line.price.disputed else what


def fee_text(line: Line) -> str:
    """Return what the first use of kept voices costs, which is a part of the line's cost."""
    many = "1 kept voice" if line.first_uses == 1 else f"{line.first_uses:,} kept voices"
    price = f"{line.price.currency} {line.fees:.4f}" if line.price else ""
    return (
        f"{line.source}: {price} of that is for the first use of {many}; the vendor takes it once, "
        "and not again where a voice has spoken elsewhere before"
    )


def duration_text(seconds: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> duration_text(0.4), duration_text(75)
    ('1 s', '1 min 15 s')
    """
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
