"""The columns of every table, as data: what each is called, holds, and where it comes from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.measures import MEASURES
from voicelab.model import TrialRecord

Value = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of the table."""

    title: str
    """For people: short, without the unit."""
    doc: str
    """One sentence."""
    value: Callable[[TrialRecord], Any]
    unit: str = ""
    type: type = str
    """Of its values, where there is one: a column that is all empty has a type too."""
    decimals: int | None = None
    """For showing a number; nothing for text."""


COLUMNS: Mapping[str, Column] = {
    "label": Column(
        title="Label",
        doc="Name of the prompt variant, unique in its batch.",
        value=lambda r: r.trial.variant.label,
    ),
    "provider": Column(
        title="Provider", doc="Registry name of the provider.", value=lambda r: r.trial.provider
    ),
    "emulated": Column(
        title="Emulated",
        doc="Whether an emulator answered and not the vendor.",
        type=bool,
        value=lambda r: r.emulated,
    ),
    "take": Column(
        title="Take",
        doc="Which take of the same prompt, from 1.",
        type=int,
        value=lambda r: r.trial.take,
    ),
    "state": Column(
        title="State",
        doc="queued, sent, waiting, done, failed or in doubt.",
        value=lambda r: r.state.value,
    ),
    "rating": Column(title="Rating", doc="Your stars, 1 to 5.", type=int, value=lambda r: r.rating),
    "starred": Column(
        title="Starred",
        doc="Whether you marked it as one to come back to.",
        type=bool,
        value=lambda r: r.starred,
    ),
    "note": Column(title="Note", doc="Your own words.", value=lambda r: r.note),
    "prompt": Column(
        title="Prompt",
        doc="The description of the voice, with its variables filled in.",
        value=lambda r: r.trial.variant.prompt,
    ),
    "preview_text": Column(
        title="Preview text",
        doc="What the voice says in its trial audio.",
        value=lambda r: r.trial.variant.preview_text,
    ),
    "language": Column(
        title="Language",
        doc="BCP 47 tag of the preview text where one was given.",
        value=lambda r: r.trial.variant.language,
    ),
    "voice_id": Column(
        title="Voice id",
        doc="The vendor's id of the voice, to call it with.",
        value=lambda r: r.voice_id,
    ),
    "expires_at": Column(
        title="Expires",
        doc="When the vendor drops the voice, ISO 8601 in UTC, where it is known.",
        value=lambda r: r.expires_at.isoformat() if r.expires_at else None,
    ),
    "latency_s": Column(
        title="Latency",
        unit="s",
        doc="Seconds from the first request to the voice.",
        type=float,
        value=lambda r: r.latency_s,
        decimals=2,
    ),
    "attempts": Column(
        title="Attempts",
        doc="Requests asked for it, retries included.",
        type=int,
        value=lambda r: r.attempts,
    ),
    "characters": Column(
        title="Characters",
        doc="Characters of preview text.",
        type=int,
        value=lambda r: r.characters,
        decimals=0,
    ),
    "cost": Column(
        title="Cost",
        doc="Published price of the trial in `currency`; nothing where none is published, "
        "and what it would have cost where it was emulated.",
        type=float,
        value=lambda r: r.cost,
        decimals=4,
    ),
    "currency": Column(
        title="Currency", doc="ISO 4217 code of the cost.", value=lambda r: r.currency
    ),
    "evidence": Column(
        title="Evidence",
        doc="What the provider told about how the voice came about, as JSON.",
        value=lambda r: r.evidence,
    ),
    "error": Column(title="Error", doc="What went wrong, in a sentence.", value=lambda r: r.error),
    "error_code": Column(
        title="Error code", doc="The vendor's own code.", value=lambda r: r.error_code
    ),
    "request_id": Column(
        title="Request id",
        doc="The vendor's id of the failed request, for its support.",
        value=lambda r: r.request_id,
    ),
    "experiment": Column(
        title="Experiment", doc="What the batch is filed under.", value=lambda r: r.experiment
    ),
    "created_at": Column(
        title="Created",
        doc="When the trial was written down, ISO 8601 in UTC.",
        value=lambda r: r.created_at.isoformat(),
    ),
    "clip": Column(
        title="Clip",
        doc="SHA-256 of the trial audio; its file name in the lab's audio folder.",
        value=lambda r: r.clip_hash,
    ),
    "trial": Column(title="Trial", doc="Id of the trial in its lab.", value=lambda r: r.trial.id),
}
"""Beside these a table has one column for each template variable and one for each measure."""


def describe_columns() -> dict[str, str]:
    """Return what every column of the frame holds, in a sentence each."""
    return {
        **{name: column.doc for name, column in COLUMNS.items()},
        **{name: f"{measure.doc} Unit: {measure.unit}." for name, measure in MEASURES.items()},
    }
