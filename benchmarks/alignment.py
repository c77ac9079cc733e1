"""How near switching at the same word comes, on clips whose word times are known.

Run `python benchmarks/alignment.py`. Each line is `name value goal ok|short`; the exit status is 1
where one is short. Errors are those of word onsets in milliseconds, carried from every voice to
every other at 0.7 to 1.4 of the normal rate; in the lines called `warped` the word times are
hidden, so that only the sound is left. The goals are the most they may be.
"""

import dataclasses
import hashlib
import itertools
import sys
from datetime import UTC, datetime

import numpy as np

from voicelab.audio import espeak
from voicelab.audio.description import read_description
from voicelab.model import PromptVariant, Trial, TrialRecord, TrialState
from voicelab.tables.anchors import carry
from voicelab.tables.comparison import Comparison

NORMAL_WPM = 165
RATES = (0.7, 0.85, 1.0, 1.2, 1.4)
TEXTS = {
    "en": "Welcome back! Today we look at three simple ways to keep your garden green all summer.",
    "zh": "欢迎回来，今天我们来看三种简单的方法，让你的花园在炎热的夏天保持翠绿。",
    "de": "In einer stürmischen Nacht schlug der alte Glockenturm zwölf, und niemand schlief.",
}
PROMPTS = (
    "a deep, hoarse old man",
    "an elderly woman, soft and breathy",
    "a calm adult man on the telephone",
    "a lively child",
    "a bright young woman",
)


def spoken(language):
    """Say one text in every voice, each at its own rate."""
    for prompt, rate in zip(PROMPTS, RATES, strict=True):
        read = read_description(prompt, preview_text=TEXTS[language], language=language)
        numbers = dataclasses.replace(read.parameters, rate_wpm=round(NORMAL_WPM * rate))
        yield espeak.speak(TEXTS[language], numbers)


def record(place, language, speech, *, hidden):
    """Return a trial as the lab keeps it."""
    variant = PromptVariant(
        label=PROMPTS[place],
        prompt=PROMPTS[place],
        preview_text=TEXTS[language],
        language=language,
    )
    words = [] if hidden else [dataclasses.asdict(word) for word in speech.words]
    return TrialRecord(
        trial=Trial(
            id=f"t{place}", batch_id="b", index=place, variant=variant, provider="local", take=1
        ),
        experiment="alignment",
        state=TrialState.DONE,
        emulated=False,
        created_at=datetime.now(UTC),
        clip_hash=hashlib.sha256(speech.wav).hexdigest(),
        evidence={"words": words},
    )


def compared(language, speeches, *, hidden):
    records = [record(i, language, speech, hidden=hidden) for i, speech in enumerate(speeches)]
    sounds = {one.clip_hash: speech.wav for one, speech in zip(records, speeches, strict=True)}
    return Comparison(
        "alignment", records, audio_of=sounds.get, pcm_rate_of=lambda _: None, numbers={}
    )


def errors_ms(comparison, speeches):
    """Return how far off each word is that is carried from one clip to another."""
    found = [comparison.anchors(one.trial.id).times_s for one in comparison.records]
    for (a, one), (b, other) in itertools.permutations(zip(found, speeches, strict=True), 2):
        there = {word.offset: word.start_s for word in other.words}
        for word in one.words:
            if word.offset in there:
                yield 1000 * abs(carry(word.start_s, a, b) - there[word.offset])


def results():
    """Yield name, value and the most it may be."""
    told, warped = [], []
    for language in TEXTS:
        speeches = list(spoken(language))
        told += errors_ms(compared(language, speeches, hidden=False), speeches)
        errors = list(errors_ms(compared(language, speeches, hidden=True), speeches))
        yield f"warped_{language}_median_ms", np.median(errors), 50
        warped += errors
    yield "known_words_median_ms", np.median(told), 50
    yield "known_words_p90_ms", np.percentile(told, 90), 50
    yield "warped_median_ms", np.median(warped), 50
    yield "warped_p90_ms", np.percentile(warped, 90), 50


def main():
    """Print every result; return how many fell short."""
    short = 0
    for name, value, goal in results():
        short += value > goal
        print(f"{name} {value:.2f} {goal:g} {'ok' if value <= goal else 'short'}")
    return short


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
