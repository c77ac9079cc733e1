"""Trials held against the batch they were planned from: what was asked for stands in both."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from voicelab.model import trial_id
from voicelab.store.check_rows import RESTORE
from voicelab.store.finding import Finding
from voicelab.store.identity import identity_of
from voicelab.store.store import Store

_TRIALS = """
    SELECT id, batch_id, idx, variant, provider, take, seed, options, identity
    FROM trials WHERE batch_id = ?
"""


def plan_findings(store: Store) -> Iterator[Finding]:
    """Yield every trial that is not what its batch asked for."""
    for batch in store.database.rows("SELECT id, experiment, spec FROM batches"):
        try:
            spec = json.loads(batch["spec"])
            named = spec["experiment"] == batch["experiment"]
        except (ValueError, TypeError, KeyError):
            named, spec = False, None
        if not named:
            yield _finding(f"batch {batch['id']}", "experiment")
        for row in store.database.rows(_TRIALS, (batch["id"],)) if spec is not None else ():
            if wrong := _wrong(spec, row):
                yield _finding(f"trial {row['id']}", wrong)


def _finding(where: str, wrong: str) -> Finding:
    return Finding(
        what="row contradicts batch",
        where=where,
        sentence=f"its {wrong} is not what the batch asked for: one of the two was changed. "
        f"{RESTORE}",
    )


def _wrong(spec: Mapping[str, Any], row: Any) -> str:
    try:
        return _unlike(spec, row)
    except (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError, AttributeError):
        return "place in the batch"


def _unlike(spec: Mapping[str, Any], row: Any) -> str:
    """Return in words what of a trial is not as its batch has it, if anything."""
    wish, takes = json.loads(row["variant"]), spec["takes"]
    rest, take = divmod(row["idx"], takes)
    place, of_providers = divmod(rest, len(spec["providers"]))
    provider = spec["providers"][of_providers]
    planned = {
        "row": (wish, spec["variants"][place]),
        "provider": (row["provider"], provider),
        "take": (row["take"], take + 1),
        "seed": (row["seed"], spec["seed"]),
        "options": (json.loads(row["options"]), spec["options"].get(provider, {})),
        "id": (row["id"], trial_id(row["batch_id"], wish["label"], provider, take + 1)),
    }
    unlike = [name for name, (found, asked) in planned.items() if found != asked]
    return unlike[0] if unlike else "" if _has_identity(row) else "identity"


def _has_identity(row: Any) -> bool:
    """Tell whether a row's digest is that of its wish, emulated or, as was found out later, not."""
    found = (row["variant"], row["provider"], row["take"], row["seed"], row["options"])
    return row["identity"] in (identity_of(*found, 0), identity_of(*found, 1))
