"""The comparer's answer to where the same words are."""

import threading
from typing import Any

import pytest
from shown import record_of
from spoken import compared, sentences, told

from voicelab.tables.comparison import Comparison
from voicelab.widgets.comparer import Comparer


class Answers:
    """Collects what a comparer says to its page."""

    def __init__(self, comparer: Comparer, patch: pytest.MonkeyPatch) -> None:
        self._comparer = comparer
        self._told: dict[str, dict[str, Any]] = {}
        self._news = threading.Condition()
        self.threads: set[str] = set()
        patch.setattr(comparer, "send", self._send)

    def _send(self, content: dict[str, Any], buffers: object = None) -> None:
        with self._news:
            assert not buffers
            self.threads.add(threading.current_thread().name)
            self._told[content["id"]] = content
            self._news.notify_all()

    def ask(self, *trials: str) -> list[dict[str, Any]]:
        self._told.clear()
        question = {"type": "get", "what": "anchors", "ids": list(trials)}
        self._comparer._receive(self._comparer, question, [])
        with self._news:
            assert self._news.wait_for(lambda: len(self._told) == len(trials), timeout=60)
        return [self._told[trial] for trial in trials]


def test_the_page_is_told_where_the_same_words_are(monkeypatch: pytest.MonkeyPatch) -> None:
    speeches = sentences("en")[:2]
    comparison = compared([(told(i, speech), speech.wav) for i, speech in enumerate(speeches)])
    answers = Answers(Comparer(comparison, on_rate=print, on_note=print), monkeypatch)
    first, second = answers.ask(*(record.trial.id for record in comparison.records))
    assert first.keys() == {"type", "id", "group", "method", "times", "words"}
    assert (first["type"], first["method"]) == ("anchors", "word times")
    assert first["group"] == second["group"]
    assert len(first["times"]) == len(second["times"])
    assert first["words"][0] == ["On", *(round(t, 3) for t in _span(speeches[0], 0))]
    assert threading.current_thread().name not in answers.threads


def test_a_comparer_that_is_updated_goes_on_with_its_groups(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trials = [(told(i, s, evidence={}), s.wav) for i, s in enumerate(sentences("en")[:3])]
    comparer = Comparer(compared(trials[:1]), on_rate=print, on_note=print)
    answers = Answers(comparer, monkeypatch)
    (before,) = answers.ask(trials[0][0].trial.id)
    comparer.update(compared(trials))
    for after in answers.ask(*(trial.trial.id for trial, _ in trials)):
        assert after["group"] == before["group"]
        assert len(after["times"]) == len(before["times"])


def test_a_clip_that_cannot_be_read_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = record_of(1, clip_hash="gone")
    comparison = Comparison(
        "Narrators",
        [missing],
        audio_of=lambda _: b"no sound",
        pcm_rate_of=lambda _: None,
        numbers={},
    )
    answers = Answers(Comparer(comparison, on_rate=print, on_note=print), monkeypatch)
    (failed,) = answers.ask(missing.trial.id)
    assert (failed["type"], failed["what"]) == ("failed", "anchors")
    assert failed["message"].endswith(".")


def _span(speech: Any, place: int) -> tuple[float, float]:
    return speech.words[place].start_s, speech.words[place].end_s
