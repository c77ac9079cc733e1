"""A batch expanded to trials: pure, the same batch gives the same trials."""

import hashlib
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from voicelab.engine.keep import first_use_fee
from voicelab.model import Batch, PromptVariant, Trial, trial_id
from voicelab.providers.base import Provider
from voicelab.store.records import Planned, to_json


def spec(batch: Batch) -> dict[str, Any]:
    """Return the whole batch as plain data, as it is written down."""
    return {
        "experiment": batch.experiment,
        "variants": [asdict(variant) for variant in batch.variants],
        "providers": list(batch.provider_names),
        "takes": batch.takes,
        "seed": batch.seed,
        "options": {name: dict(options) for name, options in batch.options.items()},
    }


def batch_id(batch: Batch, providers: Mapping[str, Provider], *, lab_id: str) -> str:
    """Return the id of a batch: the same batch is the same id, so running it again resumes it.

    In another lab it is another one: vendors refuse, or take up, a name they have seen before.

    Which providers are emulated is part of it: what an emulator answered must never pass for a
    vendor's answer to the same batch.
    """
    emulated = sorted(name for name, provider in providers.items() if provider.emulated)
    return "b" + hashlib.sha256(to_json([lab_id, spec(batch), emulated]).encode()).hexdigest()[:12]


def plan(batch: Batch, providers: Mapping[str, Provider], *, lab_id: str) -> tuple[Planned, ...]:
    """Return the trials of `batch` at those of its providers that are given, in table order."""
    batch_key = batch_id(batch, providers, lab_id=lab_id)
    cells = itertools.product(batch.variants, batch.provider_names, range(1, batch.takes + 1))
    return tuple(
        _planned(batch, batch_key, index, variant, providers[name], take)
        for index, (variant, name, take) in enumerate(cells)
        if name in providers
    )


def with_first_uses(
    planned: Sequence[Planned],
    providers: Mapping[str, Provider],
    used: Callable[[Provider], Collection[str]],
) -> tuple[Planned, ...]:
    """Return the trials with what their vendors take for the first use of a kept voice.

    It is part of the first trial of a voice that none of the lab has spoken with.

    Parameters
    ----------
    used
        Gives the ids of the voices of a provider that have spoken.
    """
    known = {
        name: set(used(providers[name]))
        for name in {p.trial.provider for p in planned if p.trial.variant.voice_id is not None}
    }
    return tuple(_first_use(p, providers[p.trial.provider], known) for p in planned)


def _first_use(planned: Planned, provider: Provider, known: Mapping[str, set[str]]) -> Planned:
    voice_id, fee = planned.trial.variant.voice_id, first_use_fee(provider, planned.trial.variant)
    if voice_id is None or not fee or planned.cost is None or voice_id in known[provider.name]:
        return planned
    known[provider.name].add(voice_id)
    return replace(planned, cost=planned.cost + fee, fee=fee)


def _planned(
    batch: Batch, batch_key: str, index: int, variant: PromptVariant, provider: Provider, take: int
) -> Planned:
    price = provider.limits_of(variant).price
    says = provider.says_preview_text or variant.voice_id is not None
    characters = provider.characters(variant.preview_text) if says else 0
    return Planned(
        trial=Trial(
            id=trial_id(batch_key, variant.label, provider.name, take),
            batch_id=batch_key,
            index=index,
            variant=variant,
            provider=provider.name,
            take=take,
            seed=batch.seed,
            options=batch.options.get(provider.name, {}),
        ),
        emulated=provider.emulated,
        characters=characters,
        cost=price.of_trial(characters) if price else None,
        currency=price.currency if price else None,
    )
