"""The only place that ties moments of a local clip to words of its text, and marks up its pace."""

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

CLAUSE = re.compile(r".+?(?:[,.;:!?…]+(?:\s+|\Z)|[，。；：！？、…]+\s*|\Z)", re.DOTALL)
THREE_WORDS = re.compile(r"\s*(?:\S+\s*){1,3}")
FIVE_CHARACTERS = re.compile(r".{1,5}", re.DOTALL)
# One ideograph is a word of its own; elsewhere a word is a run of letters, marks and digits.
SHAPE_OF_WORD = re.compile(r"h|w+(?:'w+)*")

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word of the preview text and when it is heard."""

    text: str
    start_s: float
    end_s: float
    offset: int
    """Where it starts in the preview text, in characters."""


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A text as the engine gets it."""

    content: str
    ssml: bool
    origin: Sequence[int]
    """For each character of the content, the place in the text it stands for."""


def mark_pace(text: str, sway_percent: float, *, seed: int) -> Marked:
    """Let the rate swing from clause to clause, now fast, now slow; plain text if it does not."""
    if not sway_percent:
        return Marked(content=text, ssml=False, origin=range(len(text)))
    content: list[str] = []
    origin: list[int] = []
    for index, clause in enumerate(clauses(text)):
        rate = round(100 + swing(index, seed) * sway_percent)
        pieces = [f'<prosody rate="{rate}%">', *map(escape, clause.group()), "</prosody>"]
        places = [clause.start(), *range(clause.start(), clause.end()), clause.end() - 1]
        content += pieces
        origin += [place for piece, place in zip(pieces, places, strict=True) for _ in piece]
    return Marked(content="".join(content), ssml=True, origin=origin)


def clauses(text: str) -> list[re.Match[str]]:
    """Cut a text into clauses; one without commas and stops is cut into short runs of words."""
    found = list(CLAUSE.finditer(text))
    if len(found) > 1:
        return found
    return list((THREE_WORDS if " " in text.strip() else FIVE_CHARACTERS).finditer(text))


def swing(index: int, seed: int) -> float:
    """Give the swing of one clause: up and down by turns, three quarters to all of the way."""
    digest = hashlib.sha256(f"{seed}/{index}".encode()).digest()
    return (0.75 + 0.25 * digest[0] / 255) * (1 if index % 2 else -1)


def align(
    text: str, marked: Marked, heard: Sequence[Sequence[int]], *, end_s: float
) -> Iterator[Word]:
    """Give each word that was heard its time.

    Parameters
    ----------
    heard
        In order of time, (milliseconds, character from 1) for the start of a word and
        (milliseconds,) for a pause.
    end_s
        Duration of the clip, seconds.
    """
    moments = find_moments(text, marked, heard)
    starts = {span[0] for _, span in moments if span}
    for (start_s, span), (next_s, _) in itertools.pairwise([*moments, (end_s, None)]):
        if span and start_s < min(next_s, end_s):
            start, end = span
            while end not in starts and is_ideograph(text[start]) and is_ideograph(text[end:]):
                end += 1  # the engine says some words of several ideographs in one
            yield Word(
                text=text[start:end], start_s=start_s, end_s=min(next_s, end_s), offset=start
            )


def find_moments(
    text: str, marked: Marked, heard: Sequence[Sequence[int]]
) -> list[tuple[float, Span | None]]:
    """List when each word and each pause (None) begins, each word once."""
    spans = {place: word.span() for word in words(text) for place in range(*word.span())}
    moments: list[tuple[float, Span | None]] = []
    last: Span | None = None
    for milliseconds, *place in heard:
        inside = place and 0 < place[0] <= len(marked.origin)  # some events lie beyond the end
        span = spans.get(marked.origin[place[0] - 1]) if inside else None
        if span and last and span[0] <= last[0]:  # a number read in parts, or a step backwards
            while moments[-1][1] is None:
                moments.pop()
        else:
            moments.append((milliseconds / 1000, span))
            last = span or last
    return moments


def words(text: str) -> Iterator[re.Match[str]]:
    """Find the words of a text in any script, as matches whose spans are theirs."""
    return SHAPE_OF_WORD.finditer("".join(map(shape, text)))


def shape(character: str) -> str:
    """Reduce a character to what matters for finding words."""
    if is_ideograph(character):
        return "h"
    if character in "'’":
        return "'"
    return "w" if unicodedata.category(character)[0] in "LMN" else " "


def is_ideograph(text: str) -> bool:
    """Say whether a text begins with a Chinese character."""
    character = text[:1]
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U0003ffff"
