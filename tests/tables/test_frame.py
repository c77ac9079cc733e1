"""The frame of a lab is made of whole columns, and is what its records say, to the letter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voicelab.errors import InDoubt, Refused, StoreError
from voicelab.measures import MEASURES
from voicelab.model import PromptVariant, Reference, Trial, TrialState
from voicelab.store.journal import now
from voicelab.store.records import Planned, to_json
from voicelab.store.store import Store
from voicelab.store.trial_rows import TrialRows
from voicelab.tables.columns import COLUMNS
from voicelab.tables.comparison import Comparison
from voicelab.tables.frame import frame, table_rows

LAPSES = "2031-01-02T03:04:05+00:00"


def planned(nth: int, *, emulated: bool = False, **variables: Any) -> Planned:
    variant = PromptVariant(
        label=f"row {nth}",
        prompt="低沉",
        preview_text="Hello.",
        language="en" if nth % 2 else None,
        variables=variables,
        reference=Reference(path=Path("a b.wav"), transcript="Hi") if nth == 3 else None,
    )
    trial = Trial(
        id=f"vl{nth}", batch_id="b1", index=nth, variant=variant, provider="local", take=nth + 1
    )
    priced = {"cost": 0.25, "currency": "USD"} if emulated else {}
    return Planned(trial=trial, emulated=emulated, characters=6, **priced)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Trials that are done, done by an emulator, refused, in doubt, waiting and queued."""
    with Store.open(tmp_path / "lab") as store:
        trials = [
            planned(0, tone="deep", label="mine"),
            planned(1, emulated=True, tone="bright", number=7),
            *map(planned, range(2, 6)),
        ]
        store.add_batch("b1", experiment="voices — 声", spec={}, trials=trials)
        for nth in range(5):
            store.move(f"vl{nth}", TrialState.SENT, sent_at=now())
        finish(store, "vl0", b"one", {name: float(n) for n, name in enumerate(MEASURES)})
        finish(store, "vl1", b"two", {"f0_median_hz": 100.5, "hnr_db": None}, expires_at=LAPSES)
        store.fail("vl2", Refused("the vendor said “no”", code="1026", request_id="r-1"))
        store.fail("vl3", InDoubt("nobody knows"), TrialState.IN_DOUBT)
        store.move("vl4", TrialState.WAITING)
        store.rate("vl1", 2)
        store.rate("vl1", 4)
        store.rate("vl0", 5)
        store.rate("vl0", None)
        store.note("vl1", "warm — 很好听")
        yield store


def finish(store: Store, trial_id: str, data: bytes, numbers: Any, **fields: Any) -> None:
    sound = {"format": "wav", "pcm_rate": None, "sr": 8000, "channels": 1, "duration_s": 1.0}
    clip = store.clips.add(data, suffix=".wav", notes=(), **sound)
    evidence = to_json({"matched": ["deep", 1.5], "words": "声"})
    found = {"voice_id": "v/+=", "latency_s": 1.25, "evidence": evidence, **fields}
    store.move(trial_id, TrialState.DONE, clip_hash=clip.hash, **found)
    store.clips.save_numbers(clip.hash, 1, numbers)


def plain(column: "pd.Series[Any]") -> list[Any]:
    return [None if pd.isna(value) else value for value in column.tolist()]


def test_the_frame_of_columns_is_the_frame_of_the_records_to_the_letter(store: Store) -> None:
    trials, numbers = store.trials(), store.clips.numbers(1)
    found = frame(trials, numbers)
    assert {record.state for record in trials} == {*TrialState} - {TrialState.SENT}
    assert not isinstance(tuple(trials), TrialRows)
    pd.testing.assert_frame_equal(found, frame(tuple(trials), dict(numbers)), check_exact=True)
    pd.testing.assert_frame_equal(found, frame(store.trials(experiment="voices — 声"), numbers))


def test_the_rows_say_what_the_frame_says(store: Store) -> None:
    trials, numbers = store.trials(), store.clips.numbers(1)
    found, rows = frame(trials, numbers), table_rows(trials, numbers)
    assert rows == table_rows(tuple(trials), dict(numbers))
    assert [list(row) for row in rows] == [list(found.columns)] * 6
    for name in found.columns:
        expected = [row[name] for row in rows]
        assert plain(found[name]) == expected, name
        if name in COLUMNS:
            assert {type(value) for value in expected} <= {COLUMNS[name].type, type(None)}, name


def test_every_kind_of_row_is_shown_as_it_stands(store: Store) -> None:
    table = frame(store.trials(), store.clips.numbers(1)).set_index("trial")
    assert list(table["state"]) == ["done", "done", "failed", "in doubt", "waiting", "queued"]
    assert plain(table["tone"]) == ["deep", "bright", None, None, None, None]
    assert plain(table["var_label"]) == ["mine", *[None] * 5]
    assert plain(table["number"]) == [None, 7, *[None] * 4]
    assert plain(table["rating"]) == [None, 4, *[None] * 4]
    assert plain(table["emulated"]) == [False, True, *[False] * 4]
    assert table.loc["vl1", "note"] == "warm — 很好听"
    assert table.loc["vl1", "expires_at"] == LAPSES
    assert table.loc["vl1", "evidence"] == '{"matched":["deep",1.5],"words":"声"}'
    assert table.loc["vl2", "error_code"] == "1026"
    assert table.loc["vl0", "bandwidth_hz"] == list(MEASURES).index("bandwidth_hz")
    assert plain(table["f0_median_hz"]) == [
        list(MEASURES).index("f0_median_hz"),
        100.5,
        *[None] * 4,
    ]
    dtypes = table.dtypes.astype(str)
    assert dtypes["emulated"] == "boolean"
    assert {dtypes[name] for name in ("take", "rating", "attempts", "characters")} == {"Int64"}
    assert {dtypes[name] for name in ("latency_s", "cost", *MEASURES)} == {"float64"}


def test_an_empty_lab_has_every_column_of_its_type(tmp_path: Path) -> None:
    with Store.open(tmp_path / "empty") as store:
        found = frame(store.trials(), store.clips.numbers(1))
        pd.testing.assert_frame_equal(found, frame((), {}))
    assert set(found.columns) == {*COLUMNS, *MEASURES}
    assert len(found) == 0


def test_a_comparison_stays_as_it_stood_when_it_was_made(store: Store) -> None:
    made = Comparison(
        "then",
        store.trials(),
        audio_of=store.clips.audio,
        pcm_rate_of=lambda _: None,
        numbers=store.clips.numbers(1),
    )
    store.rate("vl1", 1)
    store.note("vl0", "later")
    store.move("vl4", TrialState.DONE)
    assert repr(made) == "<Comparison 'then': 6 trials, 2 done>"
    assert made.frame["rating"].tolist()[1] == made.record("vl1").rating == 4
    assert made.table[0]["note"] == made.records[0].note == ""
    assert made.records[4].state is TrialState.WAITING


def test_trials_that_are_made_when_asked_for_are_the_records(store: Store) -> None:
    trials, records = store.trials(), store.records()
    assert tuple(trials) == records
    assert (trials[-1], tuple(trials[1:3]), len(trials[1:3])) == (records[-1], records[1:3], 2)
    assert records[3] in trials
    with pytest.raises(IndexError):
        trials[6]


def test_a_frame_with_a_row_that_cannot_be_read_says_which(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute("UPDATE trials SET variant = '{}' WHERE id = 'vl3'")
    with pytest.raises(StoreError, match="row of trial vl3"):
        frame(store.trials(), {})
    with store.database.write() as connection:
        connection.execute("UPDATE trials SET variant = '{},{}' WHERE id = 'vl1'")
    with pytest.raises(StoreError, match="row of trial vl1"):
        frame(store.trials(), {})
