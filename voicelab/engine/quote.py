"""What a batch will take, before anything is sent: trials, characters, price, time, refusals."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
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
    check_reference: Callable[[Reference], float | None],
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
        Raises `UsageError` for a reference whose recording is not there; returns its seconds
        where they can be known.
    done
        Ids of trials this lab already has.
    """
    unfit = _unfit(batch, ready)
    reasons = {
        (variant.label, name): reason
        for name, provider in ready.items()
        for variant in batch.variants
        if (variant.label, name) not in unfit
        and (reason := _reason(batch, provider, variant, check_reference)) is not None
    }
    planned = plan(batch, ready, lab_id=lab_id)
    sendable = tuple(p for p in planned if _cell(p) not in unfit and _cell(p) not in reasons)
    per_cell = len(batch.variants) * batch.takes
    return Quote(
        batch_id=batch_id(batch, ready, lab_id=lab_id),
        sendable=sendable,
        lines=tuple(
            _line(name, provider, sendable, done, unfit) for name, provider in ready.items()
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


def _unfit(batch: Batch, ready: Mapping[str, Provider]) -> set[tuple[str, str]]:
    """Return the cells of a batch that pair a row with the other kind of provider.

    A batch may design and clone at once: rows with a prompt are for the providers that design,
    rows with a reference for those that clone. A row or a provider that fits nothing in the batch
    is a mistake, and so no such cell.
    """
    rows = [variant for variant in batch.variants if variant.voice_id is None]
    lacking = {
        (row.label, name)
        for row in rows
        for name, provider in ready.items()
        if _lacking(provider, row) is not None
    }
    used_rows = {r.label for r in rows if any((r.label, name) not in lacking for name in ready)}
    used_names = {name for name in ready if any((r.label, name) not in lacking for r in rows)}
    return {(label, name) for label, name in lacking if label in used_rows and name in used_names}


def _reason(
    batch: Batch,
    provider: Provider,
    variant: PromptVariant,
    check_reference: Callable[[Reference], float | None],
) -> str | None:
    if (lacking := _lacking(provider, variant)) is not None:
        return lacking
    try:
        if provider.wants is Wants.REFERENCE and variant.reference is not None:
            _check_long_enough(provider, check_reference(variant.reference))
        provider.check(variant, batch.options.get(provider.name, {}))
    except UsageError as error:
        return str(error)
    return None


def _check_long_enough(provider: Provider, seconds: float | None) -> None:
    """Refuse what is too short; what is too long may have silence that is cut off."""
    window = provider.limits.reference_s
    if window is not None and seconds is not None and seconds < window[0]:
        raise UsageError(
            f"the reference is {seconds:.1f} s long; {provider.name} takes {window[0]:g} to "
            f"{window[1]:g} s. Take a longer recording: for a clone of a trial, one with a longer "
            "preview text."
        )


def _lacking(provider: Provider, variant: PromptVariant) -> str | None:
    if variant.voice_id is not None:
        able = isinstance(provider, Speaker)
        return None if able else f"{provider.name} cannot speak with a kept voice."
    if provider.wants is Wants.REFERENCE and variant.reference is None:
        return f"{provider.name} clones a reference, and row {variant.label!r} has none."
    if provider.wants is Wants.PROMPT and not variant.prompt.strip():
        return f"{provider.name} designs from a prompt, and row {variant.label!r} has none."
    return None


def _line(
    name: str,
    provider: Provider,
    sendable: Sequence[Planned],
    done: Collection[str],
    unfit: Collection[tuple[str, str]],
) -> Line:
    mine = [p for p in sendable if p.trial.provider == name]
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
        wants=provider.wants,
        unfit=sum(cell_name == name for _, cell_name in unfit),
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
    if line.provider == "local":
        return "free"
    if line.price is None or line.cost is None:
        return "no published price"
    what = f"{line.price.currency} {line.cost:.4f}"
    return f"{what} if it were live" if line.emulated else what


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
