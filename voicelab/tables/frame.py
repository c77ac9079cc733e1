"""The DataFrame of a comparison: the only place that imports pandas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voicelab.measures import MEASURES
from voicelab.model import TrialRecord
from voicelab.store.numbers import NumbersTable
from voicelab.tables.columns import COLUMNS, values_of, variables_of

if TYPE_CHECKING:
    import pandas as pd

Numbers = Mapping[str, Mapping[str, float | None]]
"""Measured numbers by clip hash."""

FIRST = ("label", "provider", "emulated", "take", "state", "rating")
"""What stands before the variables and the measures; the rest comes after."""


def variable_columns(trials: Sequence[TrialRecord]) -> dict[str, str]:
    """Return each template variable and the column it gets.

    A variable that is called like another column gets `var_` before its name.
    """
    names = dict.fromkeys(name for given in variables_of(trials) for name in given)
    taken = {*COLUMNS, *MEASURES}
    columns: dict[str, str] = {}
    for name in names:
        column = name
        while column in taken:
            column = f"var_{column}"
        columns[name] = column
        taken.add(column)
    return columns


def table_rows(trials: Sequence[TrialRecord], numbers: Numbers) -> list[dict[str, Any]]:
    """Return one dictionary a trial, its keys in the order of the columns."""
    columns = {name: _listed(values) for name, values in _columns(trials, numbers)}
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def frame(trials: Sequence[TrialRecord], numbers: Numbers) -> "pd.DataFrame":
    """Return one row a trial; `tables.columns.describe_columns` says what each column holds."""
    import pandas as pd

    types = dict.fromkeys(MEASURES, "float64")
    types |= {name: _NULLABLE[c.type] for name, c in COLUMNS.items() if c.type in _NULLABLE}
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=types.get(name))
            for name, values in _columns(trials, numbers)
        },
        copy=False,
    )


_NULLABLE = {int: "Int64", float: "float64", bool: "boolean"}
"""The pandas types that hold a missing value and keep their own."""


def _columns(trials: Sequence[TrialRecord], numbers: Numbers) -> Iterator[tuple[str, Any]]:
    """Yield each column and its values, in order; a measure is an array where NaN is nothing."""
    table = numbers if isinstance(numbers, NumbersTable) else NumbersTable.of(numbers)
    measured = table.columns(values_of(trials, "clip_hash"), list(MEASURES))
    for name in FIRST:
        yield name, values_of(trials, COLUMNS[name].field)
    for variable, name in variable_columns(trials).items():
        yield name, [given.get(variable) for given in variables_of(trials)]
    for name in MEASURES:
        yield name, measured.pop(name)
    for name in COLUMNS:
        if name not in FIRST:
            yield name, values_of(trials, COLUMNS[name].field)


def _listed(values: Any) -> list[Any]:
    if isinstance(values, list):
        return values
    return [None if number != number else number for number in values.tolist()]
