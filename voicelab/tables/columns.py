"""The columns of every table, as data: what each is called, holds, and where it comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from voicelab.measures import MEASURES
from voicelab.model import TrialRecord
from voicelab.store.records import evidence_text
from voicelab.store.trial_rows import VARIANT, TrialRows

Value = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the table."""

    title: str
    """For people: short, without the unit."""
    doc: str
    """One sentence."""
    field: str
    """Path of what it shows from the trial's record on, such as `trial.variant.label`."""
    unit: str = ""
    type: type = str
    """Of its values, where there is one: a column that is all empty has a type too."""
    decimals: int | None = None
    """For showing a number; nothing for text."""


COLUMNS: Mapping[str, Column] = {
    "label": Column(
        title="Label",
        doc="Name of the prompt variant, unique in its batch.",
        field="trial.variant.label",
    ),
    "provider": Column(
        title="Provider", doc="Registry name of the provider.", field="trial.provider"
    ),
    "emulated": Column(
        title="Emulated",
        doc="Whether an emulator answered and not the vendor.",
        type=bool,
        field="emulated",
    ),
    "take": Column(
        title="Take",
        doc="Which take of the same prompt, from 1.",
        type=int,
        field="trial.take",
    ),
    "state": Column(
        title="State",
        doc="queued, sent, waiting, done, failed or in doubt.",
        field="state",
    ),
    "rating": Column(title="Rating", doc="Your stars, 1 to 5.", type=int, field="rating"),
    "starred": Column(
        title="Starred",
        doc="Whether you marked it as one to come back to.",
        type=bool,
        field="starred",
    ),
    "note": Column(title="Note", doc="Your own words.", field="note"),
    "prompt": Column(
        title="Prompt",
        doc="The description of the voice, with its variables filled in.",
        field="trial.variant.prompt",
    ),
    "preview_text": Column(
        title="Preview text",
        doc="What the voice says in its trial audio.",
        field="trial.variant.preview_text",
    ),
    "language": Column(
        title="Language",
        doc="BCP 47 tag of the preview text where one was given.",
        field="trial.variant.language",
    ),
    "voice_id": Column(
        title="Voice id",
        doc="The vendor's id of the voice, to call it with.",
        field="voice_id",
    ),
    "expires_at": Column(
        title="Expires",
        doc="When the vendor drops the voice, ISO 8601 in UTC, where it is known.",
        field="expires_at",
    ),
    "latency_s": Column(
        title="Latency",
        unit="s",
        doc="Seconds from the first request to the voice.",
        type=float,
        field="latency_s",
        decimals=2,
    ),
    "attempts": Column(
        title="Attempts",
        doc="Requests asked for it, retries included.",
        type=int,
        field="attempts",
    ),
    "characters": Column(
        title="Characters",
        doc="Characters of preview text.",
        type=int,
        field="characters",
        decimals=0,
    ),
    "cost": Column(
        title="Cost",
        doc="Published price of the trial in `currency`; nothing where none is published, "
        "and what it would have cost where it was emulated.",
        type=float,
        field="cost",
        decimals=4,
    ),
    "currency": Column(title="Currency", doc="ISO 4217 code of the cost.", field="currency"),
    "evidence": Column(
        title="Evidence",
        doc="What the provider told about how the voice came about, as JSON.",
        field="evidence",
    ),
    "error": Column(title="Error", doc="What went wrong, in a sentence.", field="error"),
    "error_code": Column(title="Error code", doc="The vendor's own code.", field="error_code"),
    "request_id": Column(
        title="Request id",
        doc="The vendor's id of the failed request, for its support.",
        field="request_id",
    ),
    "experiment": Column(
        title="Experiment", doc="What the batch is filed under.", field="experiment"
    ),
    "created_at": Column(
        title="Created",
        doc="When the trial was written down, ISO 8601 in UTC.",
        field="created_at",
    ),
    "clip": Column(
        title="Clip",
        doc="SHA-256 of the trial audio; its file name in the lab's audio folder.",
        field="clip_hash",
    ),
    "trial": Column(title="Trial", doc="Id of the trial in its lab.", field="trial.id"),
}
"""Beside these a table has one column for each template variable and one for each measure."""


def values_of(trials: Sequence[TrialRecord], field: str) -> list[Any]:
    """Return one field of every trial as tables show it; of a whole lab without its records."""
    if isinstance(trials, TrialRows):
        return trials.values(field)
    return [_plain(value) for value in map(attrgetter(field), trials)]


def variables_of(trials: Sequence[TrialRecord]) -> list[Mapping[str, str]]:
    """Return the template variables of every trial."""
    field = f"{VARIANT}variables"
    if isinstance(trials, TrialRows):
        return trials.values(field)
    return list(map(attrgetter(field), trials))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case Mapping():
            return evidence_text(value)
    return value


def describe_columns() -> dict[str, str]:
    """Return what every column of the frame holds, in a sentence each."""
    return {
        **{name: column.doc for name, column in COLUMNS.items()},
        **{name: f"{measure.doc} Unit: {measure.unit}." for name, measure in MEASURES.items()},
    }
