"""The only place that finds in a description the traits it asks for, with degree and negation."""

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voicelab.audio import ages, lexicon
from voicelab.audio.lexicon import Effect, Entry, Lexicon

STRONGEST, WEAKEST = 2.0, 0.25
LONGEST_PHRASE = 4  # words
LONGEST_HAN = 7  # characters

WORD = r"[^\W_㐀-鿿]+(?:'[^\W_㐀-鿿]+)*"
PIECE = re.compile(rf"(?P<word>{WORD})|(?P<han>[㐀-鿿]+)|(?P<stop>[,.;:!?…，。；：！？\n])")
JOINT = re.compile(r"[\s/‐-―-]*")
TAKEN = "\0"  # stands for text that was already understood

BREAK = Entry(kind="turn")
UNKNOWN = Entry(kind="guard")


@dataclass(frozen=True, kw_only=True)
class Match:
    """A trait found in a description."""

    words: str
    """As they stand in the description."""
    trait: str
    effect: Effect
    """What it does to the voice, at this degree; empty when negated or said before."""
    degree: float
    """1 as it stands, above 1 for "very", below for "slightly", 0 for "not"."""
    start: int
    """Where the words begin in the description."""


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """Words of a description that changed nothing."""

    words: str
    start: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """A word or phrase of the description, and what it is for."""

    start: int
    end: int
    entry: Entry
    punctuation: bool = False


def find(description: str) -> tuple[list[Match], list[Unknown]]:
    """Find the traits of a description, and the words that name none, in their order."""
    words = lexicon.load()
    text = normalise(description)
    matches = [*find_ages(text, description)]
    for match in matches:
        end = match.start + len(match.words)
        text = text[: match.start] + TAKEN * len(match.words) + text[end:]
    items = list(read_items(text, words))
    negated = find_negated(items)
    unknown = []
    for index, item in enumerate(items):
        if trait := name_trait(items, index):
            start, end, degree = find_degree(items, index)
            degree = 0 if negated[index] else min(STRONGEST, max(WEAKEST, degree))
            effect = scale(words.effects[trait], degree)
            matches.append(
                Match(
                    words=description[start:end],
                    trait=trait,
                    effect=effect,
                    degree=degree,
                    start=start,
                )
            )
        elif item.entry.kind in {"guard", "relative"}:
            unknown.append(Unknown(words=description[item.start : item.end], start=item.start))
    return count_once(sorted(matches, key=lambda match: match.start)), unknown


def find_ages(text: str, description: str) -> Iterator[Match]:
    """Find the ages in years."""
    for start, end, age in ages.find(text):
        effect = {"age": ages.group(age)}
        said = description[start:end]
        yield Match(words=said, trait=f"age {age}", effect=effect, degree=1, start=start)


def normalise(text: str) -> str:
    """Write a text in lower case, simplified characters and plain apostrophes, at equal length."""
    lowered = (c.lower() if len(c.lower()) == 1 else c for c in text)
    return "".join(lowered).replace("’", "'").replace(TAKEN, " ").translate(lexicon.SIMPLIFIED)


def read_items(text: str, words: Lexicon) -> Iterator[Item]:
    """Cut a text into the longest words and phrases of the lexicon, and what is between them."""
    pieces = list(PIECE.finditer(text))
    index = 0
    while index < len(pieces):
        piece, count = pieces[index], 1
        if piece["stop"]:
            yield Item(start=piece.start(), end=piece.end(), entry=BREAK, punctuation=True)
        elif piece["han"]:
            yield from cut_han(piece.group(), piece.start(), words)
        else:
            count, entry = longest_phrase(text, pieces[index : index + LONGEST_PHRASE], words)
            yield Item(start=piece.start(), end=pieces[index + count - 1].end(), entry=entry)
        index += count


def longest_phrase(text: str, pieces: Sequence[re.Match[str]], words: Lexicon) -> tuple[int, Entry]:
    """Find the longest phrase the pieces begin with: how many pieces, and what it is for."""
    joined = 1
    while (
        joined < len(pieces)
        and pieces[joined]["word"]
        and JOINT.fullmatch(text, pieces[joined - 1].end(), pieces[joined].start())
    ):
        joined += 1
    for count in range(joined, 1, -1):
        if entry := words.entries.get(" ".join(piece.group() for piece in pieces[:count])):
            return count, entry
    return 1, look_up(pieces[0].group(), words)


def look_up(word: str, words: Lexicon) -> Entry:
    """Look a word up as it stands, then without its ending: raspier, warmly, man's."""
    return next(
        (words.entries[stem] for stem in stems(word) if stem in words.entries),
        UNKNOWN,
    )


def stems(word: str) -> Iterator[str]:
    """List what a word may be an inflection of, the word itself first."""
    yield word
    for ending in ("'s", "s", "ly", "ness", "ish", "sounding", "er", "est"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2:
            yield stem
            yield f"{stem}e"
            if stem.endswith("i"):
                yield f"{stem[:-1]}y"
            if stem[-1] == stem[-2]:
                yield stem[:-1]


def cut_han(run: str, offset: int, words: Lexicon) -> Iterator[Item]:
    """Cut a run of Chinese characters into the longest words known, and unknown stretches."""
    index = unknown = 0
    while index < len(run):
        sizes = range(min(LONGEST_HAN, len(run) - index), 0, -1)
        size = next((n for n in sizes if run[index : index + n] in words.entries), 0)
        if size and unknown < index:
            yield Item(start=offset + unknown, end=offset + index, entry=UNKNOWN)
        if size:
            entry = words.entries[run[index : index + size]]
            yield Item(start=offset + index, end=offset + index + size, entry=entry)
            unknown = index + size
        index += size or 1
    if unknown < len(run):
        yield Item(start=offset + unknown, end=offset + len(run), entry=UNKNOWN)


def find_negated(items: Sequence[Item]) -> list[bool]:
    """Say for each item whether a negation reaches it."""
    reached = []
    clause = following = False
    for index, item in enumerate(items):
        kind = item.entry.kind
        reached.append(clause or following)
        clause = kind == "negation" or (clause and kind != "turn")
        ends = name_trait(items, index) or kind in {"guard", "relative", "turn"}
        following = kind == "negation_of_next" or (following and not ends)
    return reached


def find_degree(items: Sequence[Item], index: int) -> tuple[int, int, float]:
    """Find the degree of a trait, and from where to where it is said."""
    start, end, degree = items[index].start, items[index].end, 1.0
    if index + 1 < len(items) and weakens_before(items, index + 1):
        end, degree = items[index + 1].end, items[index + 1].entry.factor
    place = index - 1
    while place >= 0 and (passes(items[place]) or stands_between_degrees(items, place)):
        if weakens_before(items, place):
            break
        if items[place].entry.kind == "degree":
            start, degree = items[place].start, degree * items[place].entry.factor
        place -= 1
    return start, end, degree


def passes(item: Item) -> bool:
    """Say whether a degree before an item may belong to a trait after it."""
    return item.entry.kind in {"degree", "stop", "topic", "negation", "negation_of_next"}


def name_trait(items: Sequence[Item], index: int) -> str:
    """Name the trait of an item; that of "low" and its like is what the clause speaks of."""
    entry = items[index].entry
    if entry.kind != "relative":
        return entry.name if entry.kind == "trait" else ""
    topic = next((item.entry.name for item in neighbours(items, index)), "unsaid")
    return entry.means.get(topic, "")


def neighbours(items: Sequence[Item], index: int) -> list[Item]:
    """List the topics in the clause of an item, the nearest first."""
    stops = [place for place, item in enumerate(items) if item.punctuation]
    first = max((place for place in stops if place < index), default=-1)
    last = min((place for place in stops if place > index), default=len(items))
    places = sorted(range(first + 1, last), key=lambda place: abs(place - index))
    return [items[place] for place in places if items[place].entry.kind == "topic"]


def stands_between_degrees(items: Sequence[Item], index: int) -> bool:
    """Say whether an item is the comma of "very, very deep"."""
    around = [*items[max(0, index - 1) : index], *items[index + 1 : index + 2]]
    kinds = [item.entry.kind for item in around]
    return items[index].punctuation and kinds == ["degree", "degree"]


def weakens_before(items: Sequence[Item], index: int) -> bool:
    """Say whether an item is a degree of the trait before it: 慢一点."""
    if not (index and items[index].entry.may_follow and name_trait(items, index - 1)):
        return False
    return not items[index + 1 : index + 2] or not name_trait(items, index + 1)


def scale(effect: Effect, degree: float) -> Effect:
    """Take an effect to a degree: numbers in proportion, texts whole or not at all."""
    if not degree:
        return {}
    return {
        name: value if isinstance(value, str) else value * degree for name, value in effect.items()
    }


def count_once(matches: Sequence[Match]) -> list[Match]:
    """Let a trait that is named several times count once, at its highest degree."""
    best: dict[str, int] = {}
    for index, match in enumerate(matches):
        if match.trait not in best or match.degree > matches[best[match.trait]].degree:
            best[match.trait] = index
    return [
        match if best[match.trait] == index else dataclasses.replace(match, effect={})
        for index, match in enumerate(matches)
    ]
