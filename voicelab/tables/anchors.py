"""The only place that says where the same words are in all clips of one text.

One clip of a group is its reference. A grid of places is laid over it, and every other clip says
when it comes to each: by word times where both have them, else by warping, else, where it says
something else, by stretching its speech.
"""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from voicelab.audio.clip import Clip, resample
from voicelab.audio.word_times import Word
from voicelab.errors import TrialError
from voicelab.measures.alignment import STRANGE, align
from voicelab.model import TrialRecord
from voicelab.tables.places import (
    Knots,
    even_grid,
    known_words,
    rising_places,
    speech_knots,
    word_grid,
    word_knots,
)

Floats = npt.NDArray[np.float64]
Method = Literal["word times", "warped", "stretched"]
Key = tuple[str, str]

_RATE = 16_000


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """When one clip comes to each of the places that its group shares."""

    group: str
    """The same for all trials that are aligned with each other."""
    times_s: tuple[float, ...]
    """Rising, from 0 to the clip's end; entry k is the same place in every trial of the group."""
    method: Method
    """How it was found out; "stretched" is only where speech begins and ends."""
    words: tuple[tuple[str, float, float], ...]
    """Each word with its beginning and end in this clip, in seconds; empty where none is known."""

    def message(self) -> dict[str, Any]:
        """Return it as a page gets it."""
        times = [round(time, 6) for time in self.times_s]
        words = [[word, round(start, 3), round(end, 3)] for word, start, end in self.words]
        return {"group": self.group, "method": self.method, "times": times, "words": words}


@dataclass(frozen=True, kw_only=True, eq=False)
class _Group:
    id: str
    reference: TrialRecord
    duration_s: float
    words: tuple[Word, ...]
    grid_s: Floats


class Alignments:
    """The anchors of the trials of a comparison, each found when it is first asked for.

    Parameters
    ----------
    records
        The trials.
    clip
        Gives the sound of a trial by its id; raises `TrialError` where there is none.
    duration_s
        Gives the length of a trial's clip where it is known without decoding it.
    """

    def __init__(
        self,
        records: Sequence[TrialRecord],
        *,
        clip: Callable[[str], Clip],
        duration_s: Callable[[TrialRecord], float | None],
    ) -> None:
        self._clip = clip
        self._duration_s = duration_s
        self._members: dict[Key, list[TrialRecord]] = {}
        self._groups: dict[Key, _Group] = {}
        self._found: dict[tuple[str, str | None, tuple[Word, ...]], Anchors] = {}
        for record in records:
            if record.clip_hash is not None:
                self._members.setdefault(_key(record), []).append(record)

    def of(self, record: TrialRecord) -> Anchors:
        """Return the anchors of a trial; raise `TrialError` where it has no sound."""
        clip = self._clip(record.trial.id)
        group = self._group(record)
        words = known_words(record, clip.duration_s)
        name = (group.id, record.clip_hash, words)
        if name not in self._found:
            self._found[name] = self._find(group, record, clip, words)
        return self._found[name]

    def follow(self, older: "Alignments") -> None:
        """Keep the references and anchors of an older comparison wherever they still hold."""
        self._found = older._found
        for key, group in older._groups.items():
            members = self._members.get(key, [])
            if any(_same(member, group.reference) for member in members) and (
                group.words or not any(map(self._tells_words, members))
            ):
                self._groups[key] = group

    def _find(
        self, group: _Group, record: TrialRecord, clip: Clip, words: tuple[Word, ...]
    ) -> Anchors:
        method, knots = self._knots(group, record, clip, words)
        here, there = np.array([(0.0, 0.0), *knots, (group.duration_s, clip.duration_s)]).T
        places = rising_places(np.interp(group.grid_s, here, there), clip.duration_s)
        if not words and method == "warped":
            words = tuple(_moved(word, here, there) for word in group.words)
        return Anchors(
            group=group.id,
            times_s=tuple(places.tolist()),
            method=method,
            words=tuple((word.text, word.start_s, word.end_s) for word in words),
        )

    def _knots(
        self, group: _Group, record: TrialRecord, clip: Clip, words: Sequence[Word]
    ) -> tuple[Method, Knots]:
        """Return how a clip is tied to its group's reference, and at which moments."""
        common = word_knots(group.words, words)
        if len(common) > len(group.words):  # of each word two: more than half of them
            return "word times", common
        if record.clip_hash == group.reference.clip_hash:
            moments = group.grid_s.tolist()
            return "warped", list(zip(moments, moments, strict=True))
        reference = self._clip(group.reference.trial.id)
        rate = min(_RATE, reference.sr, clip.sr)
        y_a, y_b = (resample(each.y, sr=each.sr, to=rate) for each in (reference, clip))
        found = align(y_a, y_b, sr=rate)
        if found.strangeness > STRANGE:
            return "stretched", speech_knots(reference, clip)
        return "warped", list(zip(found.a_s[1:-1].tolist(), found.b_s[1:-1].tolist(), strict=True))

    def _group(self, record: TrialRecord) -> _Group:
        key = _key(record)
        if key not in self._groups:
            self._groups[key] = self._make_group(key)
        return self._groups[key]

    def _make_group(self, key: Key) -> _Group:
        reference, clip = next(self._readable(key))
        words = known_words(reference, clip.duration_s)
        digest = hashlib.sha256("\0".join([*key, str(reference.clip_hash)]).encode())
        return _Group(
            id=digest.hexdigest()[:16],
            reference=reference,
            duration_s=clip.duration_s,
            words=words,
            grid_s=word_grid(words, clip.duration_s) if words else even_grid(clip),
        )

    def _tells_words(self, record: TrialRecord) -> bool:
        return bool(known_words(record, self._duration_s(record) or math.inf))

    def _readable(self, key: Key) -> Iterator[tuple[TrialRecord, Clip]]:
        """Yield what can be the reference: first clips with words, of middling length."""
        members = self._members[key]
        lengths = sorted(length for member in members if (length := self._duration_s(member)))
        middle = lengths[len(lengths) // 2] if lengths else 0.0

        def rank(member: TrialRecord) -> tuple[bool, float, str]:
            length = self._duration_s(member) or math.inf
            return not self._tells_words(member), abs(length - middle), member.trial.id

        silent = []
        for member in sorted(members, key=rank):
            try:
                clip = self._clip(member.trial.id)
            except TrialError:
                continue  # its row says so
            if speech_knots(clip, clip):
                yield member, clip
            else:
                silent.append((member, clip))
        yield from silent


def carry(t: float, a: Sequence[float], b: Sequence[float]) -> float:
    """Return the time in one clip where another says the same at time `t`.

    Parameters
    ----------
    t
        Seconds in the clip it comes from; held at that clip's ends.
    a, b
        `times_s` of the clip it comes from and of the one it goes to, of one group.
    """
    place = min(max(bisect_right(a, t) - 1, 0), len(a) - 2)
    share = min(max((t - a[place]) / (a[place + 1] - a[place]), 0.0), 1.0)
    return b[place] + share * (b[place + 1] - b[place])


def _moved(word: Word, here: Floats, there: Floats) -> Word:
    start_s, end_s = np.interp([word.start_s, word.end_s], here, there).tolist()
    return Word(text=word.text, start_s=start_s, end_s=end_s, offset=word.offset)


def _same(one: TrialRecord, other: TrialRecord) -> bool:
    return (one.trial.id, one.clip_hash) == (other.trial.id, other.clip_hash)


def _key(record: TrialRecord) -> Key:
    variant = record.trial.variant
    return variant.preview_text.strip(), (variant.language or "").lower()
