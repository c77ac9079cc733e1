"""A batch quoted, before anything is sent: which trials could go out, and what they would take."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.engine.budget import Budget, charge_of, shares, uncovered
from voicelab.engine.plan import batch_id, plan, with_first_uses
from voicelab.engine.reference import Recordings
from voicelab.engine.sheet import Line, Quote, Refusal
from voicelab.errors import UsageError
from voicelab.model import Batch, PromptVariant, Reference, Wants
from voicelab.providers.base import Limits, Provider, Speaker
from voicelab.store.charges import Charge
from voicelab.store.records import Planned

Cell = tuple[str, str]
"""A row of a batch at a provider, by the names of both."""
Clones = Mapping[Cell, tuple[Reference, Provider]]


@dataclass(frozen=True, kw_only=True)
class History:
    """What a lab has made before."""

    done: Collection[str]
    """Ids of trials that are done."""
    done_like: Callable[[Sequence[str]], Mapping[str, str]]
    """Gives the trial that is done for each wish that has one, by the identity of the wish."""
    used_voices: Callable[[Provider], Collection[str]]
    """Gives the ids of the kept voices of a provider that have spoken."""

    def alike(self, planned: Sequence[Planned]) -> dict[str, str]:
        """Return the trial that was asked for the very same and is done, where there is one."""
        by_identity = self.done_like([p.identity for p in planned])
        found = ((p.trial.id, by_identity.get(p.identity)) for p in planned)
        return {trial: source for trial, source in found if source is not None and source != trial}


def quote(
    batch: Batch,
    ready: Mapping[str, Provider],
    refused: Mapping[str, str],
    *,
    lab_id: str,
    recordings: Recordings,
    history: History,
    budgets: Sequence[tuple[str, Budget, Collection[Charge]]] = (),
    reuse: bool | None = None,
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
    recordings
        Judges what the rows still to be sent refer to.
    history
        What this lab has made before.
    budgets
        Each budget with its scope and what is spent of it.
    reuse
        Whether what another batch has made word for word is taken over; nothing: not said.
    """
    key = batch_id(batch, ready, lab_id=lab_id)
    planned = plan(batch, ready, lab_id=lab_id)
    to_make = [p for p in planned if p.trial.id not in history.done]
    refused = {**refused, **_unbudgeted(ready, to_make, budgets)}
    ready = {name: provider for name, provider in ready.items() if name not in refused}
    planned = tuple(p for p in planned if p.trial.provider in ready)
    unfit = _unfit(batch, ready)
    reasons = {
        (variant.label, name): reason
        for name, provider in ready.items()
        for variant in batch.variants
        if (variant.label, name) not in unfit
        and (reason := _reason(batch, provider, variant)) is not None
    }
    todo = {_cell(p) for p in planned if p.trial.id not in history.done} - unfit - reasons.keys()
    unusable, notes = _judged(_clonable(batch, ready, todo), recordings)
    reasons |= unusable
    per_cell = len(batch.variants) * batch.takes
    fit = tuple(p for p in planned if _cell(p) not in unfit and _cell(p) not in reasons)
    sendable = with_first_uses(fit, ready, history.used_voices)
    open_ = [p for p in sendable if p.trial.id not in history.done]
    alike = history.alike(open_)
    to_pay = [p for p in open_ if not (reuse and p.trial.id in alike)]
    wanted = [charge_of(p) for p in to_pay if not ready[p.trial.provider].limits.free]
    return Quote(
        batch_id=key,
        sendable=sendable,
        done=frozenset(p.trial.id for p in sendable) - {p.trial.id for p in open_},
        alike=alike,
        reuse=reuse,
        notes=notes,
        budgets=tuple(
            share
            for scope, budget, spent in budgets
            for share in shares(budget, scope, spent, wanted)
        ),
        lines=tuple(
            _line(provider, _mine(sendable, name), _mine(to_pay, name), history.done, alike, unfit)
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


def _cell(planned: Planned) -> Cell:
    return planned.trial.variant.label, planned.trial.provider


def _unfit(batch: Batch, ready: Mapping[str, Provider]) -> set[Cell]:
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
        if _lacking(provider, row, batch.options.get(name, {})) is not None
    }
    used_rows = {r.label for r in rows if any((r.label, name) not in lacking for name in ready)}
    used_names = {name for name in ready if any((r.label, name) not in lacking for r in rows)}
    return {(label, name) for label, name in lacking if label in used_rows and name in used_names}


def _clonable(batch: Batch, ready: Mapping[str, Provider], todo: Collection[Cell]) -> Clones:
    """Return what would be cloned in the cells of a batch that are still to be sent."""
    return {
        (row.label, name): (row.reference, provider)
        for name, provider in ready.items()
        for row in batch.variants
        if row.reference and _clones(provider, row) and (row.label, name) in todo
    }


def _judged(clones: Clones, recordings: Recordings) -> tuple[dict[Cell, str], tuple[str, ...]]:
    """Return why some cells cannot clone their recording, and what nobody could judge."""
    recordings.fetch(clones.values())
    unusable: dict[Cell, str] = {}
    notes: dict[str, None] = {}
    for cell, (reference, provider) in clones.items():
        try:
            if note := recordings.check(reference, provider):
                notes[note] = None
        except UsageError as error:
            unusable[cell] = str(error)
    return unusable, tuple(notes)


def _reason(batch: Batch, provider: Provider, variant: PromptVariant) -> str | None:
    options = batch.options.get(provider.name, {})
    if (lacking := _lacking(provider, variant, options)) is not None:
        return lacking
    try:
        provider.check(variant, options)
    except UsageError as error:
        return str(error)
    return None


def _clones(provider: Provider, variant: PromptVariant) -> bool:
    return provider.wants is Wants.REFERENCE and variant.voice_id is None


def _lacking(provider: Provider, variant: PromptVariant, options: Mapping[str, Any]) -> str | None:
    if variant.voice_id is not None:
        able = isinstance(provider, Speaker)
        return None if able else f"{provider.name} cannot speak with a kept voice."
    given = variant.reference is not None or not options.keys().isdisjoint(provider.stand_ins)
    if _clones(provider, variant) and not given:
        return f"{provider.name} clones a reference, and row {variant.label!r} has none."
    if provider.wants is Wants.PROMPT and not variant.prompt.strip():
        return f"{provider.name} designs from a prompt, and row {variant.label!r} has none."
    return None


def _line(
    provider: Provider,
    mine: Sequence[Planned],
    todo: Sequence[Planned],
    done: Collection[str],
    alike: Collection[str],
    unfit: Collection[tuple[str, str]],
) -> Line:
    limits = provider.limits_of(mine[0].trial.variant) if mine else provider.limits
    price = limits.price
    return Line(
        provider=provider.name,
        emulated=provider.emulated,
        free=limits.free,
        trials=len(mine),
        done=sum(p.trial.id in done for p in mine),
        alike=sum(p.trial.id in alike for p in mine),
        characters=sum(p.characters for p in todo),
        cost=sum(p.cost or 0.0 for p in todo) if price else None,
        first_uses=sum(p.fee is not None for p in todo),
        fees=sum(p.fee or 0.0 for p in todo),
        price=price,
        duration_s=_duration(len(todo), limits),
        wants=provider.wants,
        unfit=sum(name == provider.name for _, name in unfit),
    )


def _mine(planned: Sequence[Planned], name: str) -> list[Planned]:
    return [p for p in planned if p.trial.provider == name]


def _unbudgeted(
    ready: Mapping[str, Provider],
    planned: Sequence[Planned],
    budgets: Sequence[tuple[str, Budget, Collection[Charge]]],
) -> dict[str, str]:
    """Return why some providers cannot be held by a budget, by name."""
    return {
        p.trial.provider: reason
        for scope, budget, _ in budgets
        for p in planned
        if not ready[p.trial.provider].limits.free
        and (reason := uncovered(charge_of(p), budget, scope)) is not None
    }


def _duration(trials: int, limits: Limits) -> float:
    if not trials:
        return 0.0
    rounds = math.ceil(trials / limits.parallel) * limits.typical_s
    rates = (limits.requests_per_second, 1.0), (limits.requests_per_minute, 60.0)
    at_rate = max(((trials - 1) * span / rate for rate, span in rates if rate), default=None)
    return rounds if at_rate is None else max(rounds, at_rate + limits.typical_s)
