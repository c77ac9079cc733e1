"""The only place that chooses moments of a clip to align it by, and ties them to another clip's."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Clip
from voicelab.audio.word_times import Word
from voicelab.measures.timing import phrasing
from voicelab.model import TrialRecord

Floats = npt.NDArray[np.float64]
Knots = Sequence[tuple[float, float]]
"""Moments of the reference and of another clip that belong together, both rising."""

GRID_S = 0.05
_GAP_S = 0.001
"""Between two places of a clip, and so what is left of a pause that a clip does not make."""


def known_words(record: TrialRecord, duration_s: float) -> tuple[Word, ...]:
    """Return the words of a trial whose provider told when it says them; none that cannot be."""
    told = record.evidence.get("words")
    if not isinstance(told, Sequence) or not all(isinstance(word, Mapping) for word in told):
        return ()
    try:
        words = tuple(_word(word) for word in told)
    except (KeyError, TypeError, ValueError):  # another provider's words, of another shape
        return ()
    times = [0.0, *(t for word in words for t in (word.start_s, word.end_s)), duration_s + _GAP_S]
    rising = all(earlier <= later for earlier, later in itertools.pairwise(times))
    return words if rising else ()


def word_grid(words: Sequence[Word], duration_s: float) -> Floats:
    """Return the beginnings and ends of words, and places 50 ms apart within them."""
    starts = [*(word.start_s for word in words[1:]), math.inf]
    places = [0.0, duration_s]
    for word, next_s in zip(words, starts, strict=True):
        places += _spread(word.start_s, min(word.end_s, next_s - 2 * _GAP_S))
    return rising_places(np.sort(places), duration_s)


def even_grid(clip: Clip) -> Floats:
    """Return places 50 ms apart from the beginning of speech to its end, and the clip's ends."""
    knots = [0.0, *(here for here, _ in speech_knots(clip, clip)), clip.duration_s]
    places = [place for start, end in itertools.pairwise(knots) for place in _spread(start, end)]
    return rising_places(np.sort(places), clip.duration_s)


def speech_knots(reference: Clip, clip: Clip) -> Knots:
    """Return where speech begins and ends in both; nothing where one of them is silent."""
    here, there = (phrasing(each.y, sr=each.sr) for each in (reference, clip))
    if here.end_s <= here.start_s or there.end_s <= there.start_s:
        return ()
    return (here.start_s, there.start_s), (here.end_s, there.end_s)


def word_knots(reference: Sequence[Word], words: Sequence[Word]) -> Knots:
    """Return the beginnings and ends of the words that both have, told by their place in the text.

    A word ends a little before the next begins, so that a pause only one clip makes stays between
    the words.
    """
    there = {word.offset: word for word in words}
    both = [(word, there[word.offset]) for word in reference if word.offset in there]
    starts = [*(word.start_s for word, _ in both[1:]), math.inf]
    knots = []
    for (here, other), next_s in zip(both, starts, strict=False):
        end_s = min(here.end_s, next_s - 2 * _GAP_S)
        knots += [(here.start_s, other.start_s), (max(end_s, here.start_s), other.end_s)]
    return knots


def rising_places(times: Floats, duration_s: float) -> Floats:
    """Return the times in whole milliseconds, each later than the one before, from 0 to the end.

    A clip too short for that has them closer together.
    """
    count = len(times)
    unit = min(_GAP_S, duration_s / (2 * count))
    steps = np.arange(count)
    units = np.maximum.accumulate(np.rint(times / unit) - steps)
    units = np.clip(units, 0, math.floor(duration_s / unit) - count) + steps
    places: Floats = np.round(units * unit, 9)
    places[0], places[-1] = 0.0, duration_s
    return places


def _word(told: Mapping[str, Any]) -> Word:
    return Word(
        text=str(told["text"]),
        start_s=float(told["start_s"]),
        end_s=float(told["end_s"]),
        offset=int(told["offset"]),
    )


def _spread(start_s: float, end_s: float) -> list[float]:
    """Return both ends and places no more than 50 ms apart between them."""
    steps = max(1, math.ceil((end_s - start_s) / GRID_S))
    return [start_s + (end_s - start_s) * step / steps for step in range(steps + 1)]
