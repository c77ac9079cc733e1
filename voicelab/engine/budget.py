"""What may be spent: a budget read, what is spent of it, and the stop before it is passed."""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from voicelab.engine.pace import Stopped
from voicelab.errors import UsageError
from voicelab.model import TrialRecord
from voicelab.store.charges import Charge
from voicelab.store.records import Planned

Budget = Mapping[str, float]
"""The most to spend by currency (ISO 4217), and the most trials to pay for by provider name."""

CURRENCY = re.compile(r"[A-Z]{3}")
_PART = re.compile(r"(?P<name>[A-Za-z][\w-]*)\s*[:= ]\s*(?P<most>[0-9]+(\.[0-9]+)?)")


def read_budget(
    given: Budget | str | None, *, providers: Collection[str] | None = None
) -> dict[str, float]:
    """Return a budget given as a mapping or as text, such as `USD 5, tencent-mps 20`.

    Parameters
    ----------
    providers
        The names a provider may have; any where not given.

    Raises
    ------
    UsageError
        For what is neither an amount of a currency nor a number of trials of a provider.

    Examples
    --------
    >>> read_budget("USD 5, tencent-mps 20")
    {'USD': 5.0, 'tencent-mps': 20.0}
    """
    if given is None:
        return {}
    found = _parts(given) if isinstance(given, str) else dict(given)
    for name, most in found.items():
        _check(name, most)
        if providers is not None and not CURRENCY.fullmatch(name) and name not in providers:
            raise UsageError(_unknown(name, providers))
    return {name: float(most) for name, most in found.items()}


def _parts(text: str) -> dict[str, float]:
    found = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        read = _PART.fullmatch(part)
        if read is None:
            raise UsageError(
                f"the budget has {part!r}; write an amount such as 'USD 5', or a number of "
                "trials such as 'tencent-mps 20', with commas between them."
            )
        found[read["name"]] = float(read["most"])
    return found


def _check(name: object, most: object) -> None:
    number = isinstance(most, int | float) and not isinstance(most, bool) and 0 <= most < 1e12
    if not isinstance(name, str) or not number:
        raise UsageError(
            f"the budget has {name!r}: {most!r}; give an amount from 0 up of a currency, such as "
            "{'USD': 5}, or a number of trials of a provider, such as {'tencent-mps': 20}."
        )
    if not (CURRENCY.fullmatch(name) or re.fullmatch(r"[a-z][a-z0-9-]*", name)):
        raise UsageError(
            f"the budget names {name!r}; a currency has three capital letters, such as USD, and a "
            "provider its registry name, such as tencent-mps."
        )


def _unknown(name: str, providers: Collection[str]) -> str:
    """Say that a budget names what nothing is charged in: it would hold nothing."""
    currency = [name.upper()] if CURRENCY.fullmatch(name.upper()) else []
    close = currency or difflib.get_close_matches(name, providers, n=2)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return (
        f"the budget names {name!r}, which is neither a currency, such as USD, nor a provider."
        f"{hint} There are: {', '.join(sorted(providers))}."
    )


class OverBudget(Stopped):
    """A trial was not sent, since it would have passed the budget."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """One line of a budget, what is spent of it, and what is wanted now."""

    scope: str
    """`the lab` or `the batch`."""
    name: str
    """A currency or a provider."""
    most: float
    spent: float
    """Done, in flight and in doubt alike; of emulated trials only where those are wanted."""
    wanted: float = 0.0

    @property
    def over(self) -> bool:
        """Whether what is wanted would pass it."""
        return self.spent + self.wanted > self.most + 1e-9

    def __str__(self) -> str:
        left = max(0.0, self.most - self.spent)
        if CURRENCY.fullmatch(self.name):
            told = f"{self.name} {self.wanted:.4f} wanted, {left:.4f} left of {self.most:.4f}"
        else:
            told = f"{self.wanted:g} {self.name} trials wanted, {left:g} left of {self.most:g}"
        return f"budget of {self.scope}: {told}"


def charge_of(asked: Planned | TrialRecord) -> Charge:
    """Return what a sending of a trial is charged, by its quote."""
    return Charge(
        provider=asked.trial.provider,
        emulated=asked.emulated,
        cost=asked.cost,
        currency=asked.currency,
        fee=asked.fee,
    )


def keys_of(charge: Charge, budget: Budget) -> dict[str, float]:
    """Return which lines of a budget a charge counts on, and how much."""
    found = {charge.provider: float(charge.trials)} if charge.provider in budget else {}
    if charge.cost is not None and charge.currency and charge.currency in budget:
        found[charge.currency] = charge.cost
    return found


def uncovered(charge: Charge, budget: Budget, scope: str) -> str | None:
    """Return why a budget cannot hold a charge, in sentences; nothing where it can."""
    if not budget or charge.cost == 0 or keys_of(charge, budget):
        return None
    name, number = charge.provider, f"{{{charge.provider!r}: 20}}"
    if charge.cost is None:
        return (
            f"{name} publishes no price, so the budget of {scope} cannot hold it. Put the number "
            f"of its trials you will pay for into the budget, such as {number}."
        )
    return (
        f"{name} charges {charge.currency}, and the budget of {scope} names neither that nor "
        f"{name}, so it cannot hold it. Put an amount into the budget, such as "
        f"{{{charge.currency!r}: 5}}, or the number of its trials you will pay for, such as "
        f"{number}."
    )


def spent_texts(budget: Budget, spent: Collection[Charge]) -> list[str]:
    """Return each line of a budget with what is spent of it; emulated trials stand apart."""
    texts = []
    for name, most in budget.items():
        texts.append(f"{_sum(spent, budget, name, False):.4g} of {name} {most:g} spent")
        if emulated := _sum(spent, budget, name, True):
            texts.append(f"{emulated:.4g} of {name} {most:g} spent by emulated trials")
    return texts


def shares(
    budget: Budget, scope: str, spent: Collection[Charge], wanted: Collection[Charge]
) -> tuple[Share, ...]:
    """Return the lines of a budget, emulated and real trials counted apart."""
    kinds = sorted({charge.emulated for charge in wanted})
    return tuple(
        Share(
            scope=scope,
            name=name,
            most=most,
            spent=_sum(spent, budget, name, emulated),
            wanted=_sum(wanted, budget, name, emulated),
        )
        for emulated in kinds
        for name, most in budget.items()
        if any(name in keys_of(c, budget) for c in wanted if c.emulated is emulated)
    )


def _sum(charges: Collection[Charge], budget: Budget, name: str, emulated: bool) -> float:
    found = (keys_of(c, budget).get(name, 0.0) for c in charges if c.emulated is emulated)
    return sum(found, 0.0)


@dataclass(kw_only=True)
class Purse:
    """What a run may still spend of one budget; one runner per lab, so this is all there is."""

    scope: str
    budget: Budget
    batch_id: str | None = None
    """The batch it is for; nothing for the whole lab."""
    _spent: dict[tuple[bool, str], float] = field(default_factory=lambda: defaultdict(float))

    @classmethod
    def of(
        cls,
        scope: str,
        budget: Budget,
        charges: Callable[[str | None], Collection[Charge]],
        batch_id: str | None = None,
    ) -> "Purse":
        """Return the purse of a budget with what is spent already taken out of it."""
        purse = cls(scope=scope, budget=budget, batch_id=batch_id)
        for charge in charges(batch_id) if budget else ():
            purse.take(charge)
        return purse

    def require(self, charge: Charge) -> None:
        """Raise `OverBudget` where a charge would pass it, or is none that it can hold."""
        if (reason := uncovered(charge, self.budget, self.scope)) is not None:
            raise OverBudget(f"not sent: {reason} Then resume.")
        for name, wanted in keys_of(charge, self.budget).items():
            share = Share(
                scope=self.scope,
                name=name,
                most=self.budget[name],
                spent=self._spent[charge.emulated, name],
                wanted=wanted,
            )
            if share.over:
                raise OverBudget(f"not sent: {share}. Raise the budget, then resume.")

    def take(self, charge: Charge, *, times: int = 1) -> None:
        """Count a charge; `times=-1` gives it back."""
        for name, wanted in keys_of(charge, self.budget).items():
            self._spent[charge.emulated, name] += times * wanted
