"""Trials as the database has them, in columns: a record is made when somebody asks for it.

A table of a large lab is made of whole columns, and needs no record at all.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, overload

from voicelab.errors import StoreError, UsageError
from voicelab.model import TrialRecord, TrialState
from voicelab.store import records as rows_of
from voicelab.store.database import AT_ONCE, Database, without_collecting

VARIANT = "trial.variant."
_IN_TABLES = ("label", "prompt", "preview_text", "language", "variables")
"""The fields of a variant that `values` gives."""


class TrialRows(Sequence[TrialRecord]):
    """Trials as they stood when they were read, oldest first.

    Parameters
    ----------
    columns
        Of `records.SELECT`, by name.
    """

    def __init__(self, columns: Mapping[str, list[Any]]) -> None:
        self._columns = columns

    @classmethod
    def read(
        cls,
        database: Database,
        *,
        batch_id: str | None = None,
        experiment: str | None = None,
        states: Collection[TrialState] = tuple(TrialState),
    ) -> "TrialRows":
        """Read the trials of a batch, of an experiment, or of the whole lab."""
        if batch_id is None and experiment is None and len(states) == len(TrialState):
            return cls(_whole_lab(database))
        return cls(
            database.columns(
                f"{rows_of.SELECT} WHERE (:batch IS NULL OR b.id = :batch)"
                " AND (:experiment IS NULL OR b.experiment = :experiment)"
                f" AND t.state IN (SELECT value FROM json_each(:states)) {rows_of.ORDER}",
                {"batch": batch_id, "experiment": experiment, "states": json.dumps([*states])},
                repeated=rows_of.REPEATED,
            )
        )

    def __len__(self) -> int:
        return len(self._columns["id"])

    @overload
    def __getitem__(self, place: int) -> TrialRecord: ...
    @overload
    def __getitem__(self, place: slice) -> "TrialRows": ...
    def __getitem__(self, place: int | slice) -> "TrialRecord | TrialRows":
        found = {name: column[place] for name, column in self._columns.items()}
        return TrialRows(found) if isinstance(place, slice) else read_row(found)

    def __iter__(self) -> Iterator[TrialRecord]:
        for found in zip(*self._columns.values(), strict=True):
            yield read_row(dict(zip(self._columns, found, strict=True)))

    def values(self, field: str) -> list[Any]:
        """Return one field of every trial, plain: states and times are text, evidence is JSON.

        Parameters
        ----------
        field
            Its path from the record on, such as `trial.variant.label`.
        """
        if field.startswith(VARIANT):
            return self._variants[field.removeprefix(VARIANT)]
        found = self._columns[field.removeprefix("trial.")]
        return list(map(bool, found)) if field in ("emulated", "starred") else found

    @cached_property
    def _variants(self) -> dict[str, list[Any]]:
        texts = self._columns["variant"]
        try:
            with without_collecting():
                return _variant_columns(texts)
        except (ValueError, TypeError, KeyError):
            for trial_id, text in zip(self._columns["id"], texts, strict=True):
                _require_variant(trial_id, text)
            raise


def _variant_columns(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Return the fields of variants written as `texts`, each text read once, many together."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    columns: dict[str, list[Any]] = {name: [] for name in _IN_TABLES}
    unread = iter(places)
    while some := list(islice(unread, AT_ONCE)):
        variants = json.loads(f"[{','.join(some)}]")
        if len(variants) != len(some):
            raise ValueError("a variant is not one JSON object")
        for name, column in columns.items():
            column.extend(variant[name] for variant in variants)
    wanted = [places[text] for text in texts]
    return {name: [column[place] for place in wanted] for name, column in columns.items()}


def _require_variant(trial_id: str, text: str) -> None:
    try:
        _variant_columns([text])
    except (ValueError, TypeError, KeyError) as error:
        raise _unreadable(trial_id, error) from error


def read_row(row: Mapping[str, Any]) -> TrialRecord:
    """Return a row of `records.SELECT` as a record; raise `StoreError` where it is none."""
    try:
        return rows_of.record(row)
    except (ValueError, TypeError, KeyError, UsageError) as error:
        raise _unreadable(row["id"], error) from error


def _unreadable(trial_id: str, error: Exception) -> StoreError:
    return StoreError(
        f"the row of trial {trial_id} cannot be read ({error}). Look with `voicelab check`, "
        "and restore the lab from an archive or a copy."
    )


def _whole_lab(database: Database) -> dict[str, list[Any]]:
    """Return the columns of `SELECT`, with what it looks up for each trial looked up once."""
    select = f"{rows_of.SELECT_PLAIN} {rows_of.ORDER}"
    columns = database.columns(select, repeated=rows_of.REPEATED)
    for name, (sql, nothing) in rows_of.LOOKED_UP.items():
        known = {row[0]: row[1] for row in database.rows(sql)}
        columns[name] = [known.get(trial_id, nothing) for trial_id in columns["id"]]
    return columns
