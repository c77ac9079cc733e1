"""The DataFrame of a comparison: the only place that imports pandas."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voicelab.measures import MEASURES
from voicelab.model import TrialRecord
from voicelab.store.numbers import NumbersTable
from voicelab.store.records import evidence_text
from voicelab.tables.columns import COLUMNS

if TYPE_CHECKING:
    import pandas as pd

Numbers = Mapping[str, Mapping[str, float | None]]
"""Measured numbers by clip hash."""

FIRST = ("label", "provider", "emulated", "take", "state", "rating")
"""What stands before the variables and the measures; the rest comes after."""


def variable_columns(records: Sequence[TrialRecord]) -> dict[str, str]:
    """Return each template variable and the column it gets.

    A variable that is called like another column gets `var_` before its name.
    """
    names = dict.fromkeys(name for record in records for name in record.trial.variant.variables)
    taken = {*COLUMNS, *MEASURES}
    columns: dict[str, str] = {}
    for name in names:
        column = name
        while column in taken:
            column = f"var_{column}"
        columns[name] = column
        taken.add(column)
    return columns


def table_rows(records: Sequence[TrialRecord], numbers: Numbers) -> list[dict[str, Any]]:
    """Return one dictionary a trial, its keys in the order of the columns."""
    variables = variable_columns(records)
    return [_row(record, numbers.get(record.clip_hash or "", {}), variables) for record in records]


def frame(records: Sequence[TrialRecord], numbers: Numbers) -> "pd.DataFrame":
    """Return one row a trial; `tables.columns.describe_columns` says what each column holds."""
    import pandas as pd

    variables = variable_columns(records)
    asked = {column: name for name, column in variables.items()}
    table = numbers if isinstance(numbers, NumbersTable) else NumbersTable.of(numbers)
    measured = table.columns([record.clip_hash for record in records], list(MEASURES))

    def values(column: str) -> Any:
        if column in MEASURES:
            return measured.pop(column)
        if column in asked:
            return [record.trial.variant.variables.get(asked[column]) for record in records]
        return _values(column, records)

    types = dict.fromkeys(MEASURES, "float64")
    types |= {name: _NULLABLE[c.type] for name, c in COLUMNS.items() if c.type in _NULLABLE}
    return pd.DataFrame(
        {name: pd.Series(values(name), dtype=types.get(name)) for name in _order(variables)}
    )


def _values(name: str, records: Sequence[TrialRecord]) -> list[Any]:
    value = COLUMNS[name].value
    if name == "evidence":
        return [evidence_text(record.evidence) for record in records]
    return [value(record) for record in records]


_NULLABLE = {int: "Int64", float: "float64", bool: "boolean"}
"""The pandas types that hold a missing value and keep their own."""


def _order(variables: Mapping[str, str]) -> list[str]:
    rest = [name for name in COLUMNS if name not in FIRST]
    return [*FIRST, *variables.values(), *MEASURES, *rest]


def _row(
    record: TrialRecord, numbers: Mapping[str, float | None], variables: Mapping[str, str]
) -> dict[str, Any]:
    given = record.trial.variant.variables
    values: dict[str, Any] = {name: column.value(record) for name, column in COLUMNS.items()}
    values["evidence"] = evidence_text(record.evidence)
    values |= {column: given.get(name) for name, column in variables.items()}
    values |= {name: numbers.get(name) for name in MEASURES}
    return {name: values[name] for name in _order(variables)}
