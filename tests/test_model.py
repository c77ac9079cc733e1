"""The plain data: what it refuses, in sentences, and how trials may move."""

from typing import Any

import pytest

from voicelab.errors import UsageError
from voicelab.model import (
    MOVES,
    Batch,
    PromptVariant,
    Reference,
    TrialState,
    has_something_to_say,
    move,
    trial_id,
)


def variant(**changes: Any) -> PromptVariant:
    return PromptVariant(**({"label": "a", "prompt": "deep", "preview_text": "Hello."} | changes))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"label": " "}, "empty label"),
        ({"prompt": "\n"}, "row 'a' has an empty prompt"),
        ({"preview_text": "… — !"}, "row 'a' has a preview text with nothing to say"),
        ({"preview_text": ""}, "row 'a' has a preview text with nothing to say"),
        ({"prompt": "deep \ud800"}, "row 'a': the prompt has half of a surrogate"),
    ],
)
def test_a_variant_with_nothing_in_it_is_refused_by_name(
    changes: dict[str, str], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        variant(**changes)


def test_a_reference_stands_in_for_a_prompt() -> None:
    assert variant(prompt="", reference=Reference(trial_id="vl1")).prompt == ""


@pytest.mark.parametrize("given", [{}, {"url": "https://a", "trial_id": "vl1"}])
def test_a_reference_has_exactly_one_source(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="exactly one"):
        Reference(**given)


@pytest.mark.parametrize("text", ["a", "7", "好", "あ", "한", "я", "ع", "①"])
def test_letters_and_digits_of_any_script_are_something_to_say(text: str) -> None:
    assert has_something_to_say(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"variants": []}, "no prompt variants"),
        ({"providers": []}, "no providers"),
        ({"variants": [variant(), variant()]}, "rows 1 and 2 have the same label 'a'"),
        ({"providers": ["local", "local"]}, "same provider 'local'"),
        ({"experiment": " "}, "empty name"),
        ({"experiment": "x\ud800"}, "name of the experiment has half"),
        ({"takes": 0}, "takes is 0"),
        ({"takes": True}, "takes is True"),
        ({"takes": "2"}, "takes is '2'"),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(changes: dict[str, Any], sentence: str) -> None:
    given: dict[str, Any] = {"variants": [variant()], "providers": ["local"]}
    with pytest.raises(UsageError, match=sentence):
        Batch(**(given | changes))


def test_a_take_is_part_of_a_trials_identity() -> None:
    ids = {trial_id("b", "a", "local", take) for take in (1, 2)} | {trial_id("b", "a1", "local", 1)}
    assert len(ids) == 3
    assert all(id_.isalnum() and id_[0].isalpha() for id_ in ids)


def test_only_legal_moves_are_made() -> None:
    for now in TrialState:
        for to in TrialState:
            if to in MOVES[now]:
                assert move(now, to) is to
            else:
                with pytest.raises(ValueError, match="cannot go"):
                    move(now, to)


def test_a_trial_that_is_done_stays_done_and_one_in_doubt_is_never_sent_by_itself() -> None:
    assert not MOVES[TrialState.DONE]
    assert TrialState.SENT not in MOVES[TrialState.IN_DOUBT]
