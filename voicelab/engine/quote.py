"""What a batch will take, before anything is sent: trials, characters, price, time, refusals."""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.engine.plan import batch_id, plan
from voicelab.errors import UsageError
from voicelab.model import Batch, PromptVariant, Reference, Wants, source_text
from voicelab.providers.base import Limits, Price, Provider, Speaker
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
    trials: int
    """Those that will be sent."""
    done: int
    """Those of them that this lab already has; they are not sent again."""
    characters: int
    cost: float | None
    """In `price.currency`; nothing where the vendor publishes no price."""
    price: Price | None
    duration_s: float
    """At the vendor's published rate and usual time."""

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
            if line.price is None and not line.emulated and line.provider != "local"
        )

    @property
    def spends(self) -> bool:
        """Whether a vendor would be called."""
        return any(not line.emulated and line.provider != "local" for line in self.lines)

    def __str__(self) -> str:
        return "\n".join([*map(_line_text, self.lines), *map(_refusal_text, self.refusals)])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the sheet where a cell ends with it."""
        printer.text(str(self))

    def require_sendable(self, *, leave_out_refused: bool) -> None:
        """Raise `UsageError` with every refusal, unless they are to be left out."""
        if self.refusals and not (leave_out_refused and self.sendable):
            raise UsageError(
                "nothing was sent. "
                + " ".join(_refusal_text(refusal) for refusal in self.refusals)
                + " Mend them, or run with leave_out_refused=True to send the others."
            )


def quote(
    batch: Batch,
    ready: Mapping[str, Provider],
    refused: Mapping[str, str],
    *,
    lab_id: str,
    check_reference: Callable[[Reference, Provider], None],
    done: Collection[str] = (),
) -> Quote:
    """Return what `batch` will take.

    Parameters
    ----------
    ready
        The providers of the batch that can be called.
    refused
        Why the others cannot.
    lab_id
        The lab it is for.
    check_reference
        Raises `UsageError` for a reference whose recording is not there, or that its provider
        would refuse.
    done
        Ids of trials this lab already has.
    """
    planned = plan(batch, ready, lab_id=lab_id)
    reasons = {
        (variant.label, name): reason
        for name, provider in ready.items()
        for variant in batch.variants
        if (reason := _reason(batch, provider, variant, check_reference)) is not None
    }
    per_cell = len(batch.variants) * batch.takes
    return Quote(
        batch_id=batch_id(batch, ready, lab_id=lab_id),
        sendable=tuple(p for p in planned if _cell(p) not in reasons),
        lines=tuple(
            _line(name, provider, [p for p in planned if _cell(p) not in reasons], done)
            for name, provider in ready.items()
        ),
        refusals=(
            *(
                Refusal(provider=name, label=None, trials=per_cell, reason=reason)
                for name, reason in refused.items()
            ),
            *(
                Refusal(provider=name, label=label, trials=batch.takes, reason=reason)
                for (label, name), reason in reasons.items()
            ),
        ),
    )


def _cell(planned: Planned) -> tuple[str, str]:
    return planned.trial.variant.label, planned.trial.provider


def _reason(
    batch: Batch,
    provider: Provider,
    variant: PromptVariant,
    check_reference: Callable[[Reference, Provider], None],
) -> str | None:
    if (lacking := _lacking(provider, variant)) is not None:
        return lacking
    try:
        provider.check(variant, batch.options.get(provider.name, {}))
        if _clones(provider, variant) and variant.reference is not None:
            check_reference(variant.reference, provider)
    except UsageError as error:
        return str(error)
    return None


def _clones(provider: Provider, variant: PromptVariant) -> bool:
    return provider.wants is Wants.REFERENCE and variant.voice_id is None


def _lacking(provider: Provider, variant: PromptVariant) -> str | None:
    if variant.voice_id is not None:
        able = isinstance(provider, Speaker)
        return None if able else f"{provider.name} cannot speak with a kept voice."
    if _clones(provider, variant) and variant.reference is None:
        return f"{provider.name} clones a reference, and row {variant.label!r} has none."
    if provider.wants is Wants.PROMPT and not variant.prompt.strip():
        return f"{provider.name} designs from a prompt, and row {variant.label!r} has none."
    return None


def _line(name: str, provider: Provider, planned: list[Planned], done: Collection[str]) -> Line:
    mine = [p for p in planned if p.trial.provider == name]
    todo = [p for p in mine if p.trial.id not in done]
    limits = provider.limits_of(mine[0].trial.variant) if mine else provider.limits
    price = limits.price
    return Line(
        provider=name,
        emulated=provider.emulated,
        trials=len(mine),
        done=len(mine) - len(todo),
        characters=sum(p.characters for p in todo),
        cost=sum(p.cost or 0.0 for p in todo) if price else None,
        price=price,
        duration_s=_duration(len(todo), limits),
    )


def _duration(trials: int, limits: Limits) -> float:
    if not trials:
        return 0.0
    rounds = math.ceil(trials / limits.parallel) * limits.typical_s
    if limits.requests_per_minute is None:
        return rounds
    at_rate = (trials - 1) * 60.0 / limits.requests_per_minute
    return max(rounds, at_rate + limits.typical_s)


def _line_text(line: Line) -> str:
    done = f", {line.done} of them already done" if line.done else ""
    return (
        f"{line.source}: {line.trials} trials{done}, {line.characters} characters, "
        f"{cost_text(line)}, about {duration_text(line.duration_s)}"
    )


def _refusal_text(refusal: Refusal) -> str:
    row = f" {refusal.label!r}" if refusal.label else ""
    return f"Refused ({refusal.trials} trials of {refusal.provider}{row}): {refusal.reason}"


def cost_text(line: Line) -> str:
    """Return a line's cost in words: a price, free, or that none is published."""
    if line.provider == "local":
        return "free"
    if line.price is None or line.cost is None:
        return "no published price"
    what = f"{line.price.currency} {line.cost:.4f}"
    what += " if it were live" if line.emulated else ""
    return f"{what} (sources disagree)" if line.price.disputed else what


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
