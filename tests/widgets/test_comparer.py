"""The Python side of the comparer, where no browser is needed."""

from typing import Any

import pytest
from shown import comparison_of, record_of

from voicelab.widgets.comparer import Comparer, static_table

HOSTILE = "</script><img src=x onerror=alert(1)>"


def test_the_static_table_has_no_markup_from_a_prompt() -> None:
    table = static_table(comparison_of([record_of(0, label=HOSTILE)]))
    assert "<img" not in table
    assert "&lt;img" in table


def test_the_fallback_is_a_line_and_a_table() -> None:
    comparer = Comparer(comparison_of(2), on_rate=print, on_note=print)
    data, _ = comparer._repr_mimebundle_()
    assert data["text/plain"] == "Comparer('Narrators': 2 trials, 2 done)"
    assert data["text/html"].startswith("<table>")


def test_the_widget_state_stays_small() -> None:
    comparer = Comparer(comparison_of(20), on_rate=print, on_note=print)
    state = {
        key: value for key, value in comparer.get_state().items() if key not in {"_esm", "_css"}
    }
    assert len(str(state)) < 2000


@pytest.mark.parametrize("rating", [0, 6, 2.5, "5", True])
def test_a_rating_that_is_none_is_refused(rating: object, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    comparison = comparison_of(1)
    comparer = Comparer(comparison, on_rate=pytest.fail, on_note=pytest.fail)
    monkeypatch.setattr(comparer, "send", lambda content, buffers=None: told.append(content))
    trial = comparison.records[0].trial.id
    comparer._receive(comparer, {"type": "rate", "id": trial, "rating": rating}, [])
    assert told[0]["type"] == "failed"
    assert "1 to 5" in told[0]["message"]
