"""The Python side of the comparer, where no browser is needed."""

import base64
import functools
import io
import json
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shown import comparison_of, record_of, wav

from voicelab.model import TrialState
from voicelab.tables.front_end import front_end
from voicelab.tables.static_table import static_table
from voicelab.widgets.comparer import Comparer
from voicelab.widgets.fallback import MOST_BYTES

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
    assert "2 voices" in data["text/html"]


def test_the_picture_is_the_stacked_spectrograms_and_needs_no_matplotlib() -> None:
    data, _ = Comparer(comparison_of(12), on_rate=print, on_note=print)._repr_mimebundle_()
    embedded = data["text/html"].split("data:image/webp;base64,")[1].split('"')[0]
    sizes = set()
    for text in (data["image/png"], embedded):
        with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
            sizes.add(picture.size)
            assert len(picture.convert("L").getcolors() or []) > 8
    assert sizes == {(260, 6 * 31 - 3)}


def test_the_fallback_of_two_hundred_voices_takes_under_fifty_kilobytes() -> None:
    noise = functools.partial(np.random.default_rng(1).uniform, -0.9, 0.9)
    records = [record_of(i, label=f"{i} " + "x" * 500) for i in range(200)]
    comparison = comparison_of(records, sound=lambda _: wav(noise(6 * 16_000), sr=16_000))
    data, _ = Comparer(comparison, on_rate=print, on_note=print)._repr_mimebundle_()
    assert len(json.dumps(data)) < 50_000
    assert len(data["text/html"]) + len(data["image/png"]) <= MOST_BYTES


def test_trials_without_sound_leave_a_table_alone() -> None:
    records = [record_of(0, state=TrialState.FAILED), record_of(1, clip_hash="0" * 64)]
    data, _ = Comparer(comparison_of(records), on_rate=print, on_note=print)._repr_mimebundle_()
    assert "image/png" not in data
    assert "<img" not in data["text/html"]


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


def test_no_two_parts_of_the_comparer_take_one_key() -> None:
    keys = re.findall(r'"(shift [^"]+)": \(', front_end("js"))
    assert len(keys) > 8
    assert sorted(set(keys)) == sorted(keys)
