"""The table of measured numbers: what is nothing stays nothing, whatever row it stands in."""

import json

import numpy as np
import pytest

from voicelab.store.numbers import NumbersTable, packed, packed_json
from voicelab.store.records import Evidence, evidence_text

NAMES = ("a", "b")


def table(count: int) -> NumbersTable:
    kept = [packed({"a": n + 0.5, "b": None}, NAMES) for n in range(count)]
    return NumbersTable.unpacked([f"d{n}" for n in range(count)], NAMES, kept)


def test_numbers_come_back_as_they_were_kept() -> None:
    found = table(3)
    assert dict(found) == {f"d{n}": {"a": n + 0.5, "b": None} for n in range(3)}
    assert found.get("other", {}) == {}
    assert NumbersTable.of(dict(found)) == found


def test_a_name_that_comes_up_late_is_nothing_in_earlier_rows() -> None:
    kept = [packed({"a": 0.5}, ["a"]), packed({"c": 7, "a": 1.5}, ["a", "b", "c"])]
    found = NumbersTable.unpacked(["early", "late"], ["a", "b", "c"], kept)
    assert found["early"] == {"a": 0.5, "b": None, "c": None}
    assert found["late"] == {"a": 1.5, "b": None, "c": 7.0}


def test_columns_follow_the_clips_that_are_asked_for() -> None:
    columns = table(3).columns(["d2", None, "gone", "d0", "d2"], ["a", "z"])
    np.testing.assert_array_equal(columns["a"], [2.5, np.nan, np.nan, 0.5, 2.5])
    np.testing.assert_array_equal(columns["z"], [np.nan] * 5)
    np.testing.assert_array_equal(table(0).columns([None], ["a"])["a"], [np.nan])


@pytest.mark.parametrize("kept", [b"123", b"0" * 24])
def test_bytes_that_are_not_the_numbers_of_these_names_are_refused(kept: bytes) -> None:
    with pytest.raises(ValueError, match="bytes are not up to 2 numbers"):
        NumbersTable.unpacked(["d"], NAMES, [kept])


def test_what_an_earlier_version_kept_as_text_is_packed_as_it_would_be_today() -> None:
    numbers = {"b": None, "a": 100.1}
    assert packed_json(json.dumps(numbers), '["a", "b"]') == packed(numbers, NAMES)
    for unreadable in ("nan,", "[1]", '{"a": "high"}', '{"a": [1, 2]}', "7"):
        assert packed_json(unreadable, '["a", "b"]') is None


def test_evidence_is_read_when_it_is_looked_into_and_written_as_it_came() -> None:
    evidence = Evidence('{"a":[1,"二"]}')
    assert (evidence["a"], len(evidence), list(evidence)) == ([1, "二"], 1, ["a"])
    assert evidence == {"a": [1, "二"]}
    assert repr(evidence) == "{'a': [1, '二']}"
    assert evidence_text(evidence) == evidence_text({"a": [1, "二"]}) == '{"a":[1,"二"]}'
