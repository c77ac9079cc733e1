"""The DataFrames of what was asked, what it cost, and how fast it went."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from voicelab.model import TrialRecord
from voicelab.store.charges import Bill

if TYPE_CHECKING:
    import pandas as pd

LEDGER = (
    "trial",
    "label",
    "provider",
    "emulated",
    "take",
    "step",
    "resend",
    "state",
    "spends",
    "cost",
    "currency",
    "asked_at",
    "answered_at",
    "status",
    "method",
    "url",
)
BILL = ("provider", "emulated", "currency", "trials", "in_doubt", "quoted", "billed")
PACES = ("provider", "at", "starts", "span_s", "why")


def ledger_frame(
    records: Sequence[TrialRecord], attempts: Callable[[str], Sequence[Mapping[str, Any]]]
) -> "pd.DataFrame":
    """Return one row a request, in the order they were asked for each trial."""
    import pandas as pd

    rows = [
        {
            "trial": record.trial.id,
            "label": record.trial.variant.label,
            "provider": record.trial.provider,
            "emulated": record.emulated,
            "take": record.trial.take,
            **attempt,
        }
        for record in records
        for attempt in attempts(record.trial.id)
    ]
    return pd.DataFrame(rows, columns=list(LEDGER)).astype({"status": "Int64", "cost": "float64"})


def bill_frame(bills: Sequence[Bill]) -> "pd.DataFrame":
    """Return one row for each provider and currency; nothing where no price is published."""
    import pandas as pd

    table = pd.DataFrame([asdict(bill) for bill in bills], columns=list(BILL))
    return table.astype({"quoted": "float64", "billed": "float64"})


def paces_frame(paces: Sequence[Mapping[str, Any]]) -> "pd.DataFrame":
    """Return one row for each change of a provider's rate: so many starts in so many seconds."""
    import pandas as pd

    return pd.DataFrame(list(paces), columns=list(PACES))
