"""The table of measured numbers: what is nothing stays nothing, whatever row it stands in."""

import json

import numpy as np
import pytest

from voicelab.store import numbers
from voicelab.store.numbers import NumbersTable
from voicelab.store.records import Evidence, evidence_text


def rows(count: int) -> list[tuple[str, str]]:
    return [(f"d{n}", json.dumps({"a": n + 0.5, "b": None})) for n in range(count)]


def test_numbers_come_back_as_they_were_kept() -> None:
    table = NumbersTable.parsed(rows(3))
    assert dict(table) == {f"d{n}": {"a": n + 0.5, "b": None} for n in range(3)}
    assert table.get("other", {}) == {}
    assert NumbersTable.of(dict(table)) == table


def test_a_name_that_comes_up_late_is_nothing_in_earlier_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(numbers, "AT_ONCE", 2)
    table = NumbersTable.parsed([*rows(3), ("late", '{"c": 7}')])
    assert table["late"] == {"a": None, "b": None, "c": 7.0}
    assert table["d0"] == {"a": 0.5, "b": None, "c": None}


def test_columns_follow_the_clips_that_are_asked_for() -> None:
    columns = NumbersTable.parsed(rows(3)).columns(["d2", None, "gone", "d0", "d2"], ["a", "z"])
    np.testing.assert_array_equal(columns["a"], [2.5, np.nan, np.nan, 0.5, 2.5])
    np.testing.assert_array_equal(columns["z"], [np.nan] * 5)
    np.testing.assert_array_equal(NumbersTable.parsed([]).columns([None], ["a"])["a"], [np.nan])


def test_evidence_is_read_when_it_is_looked_into_and_written_as_it_came() -> None:
    evidence = Evidence('{"a":[1,"二"]}')
    assert (evidence["a"], len(evidence), list(evidence)) == ([1, "二"], 1, ["a"])
    assert evidence == {"a": [1, "二"]}
    assert repr(evidence) == "{'a': [1, '二']}"
    assert evidence_text(evidence) == evidence_text({"a": [1, "二"]}) == '{"a":[1,"二"]}'
