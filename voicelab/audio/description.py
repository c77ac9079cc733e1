"""The only place that turns a description in words into the numbers of a local voice."""

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from voicelab.audio import languages, lexicon, traits
from voicelab.audio.parameters import LIMITS, Band
from voicelab.audio.parameters import VoiceParameters as VoiceParameters
from voicelab.audio.traits import Match as Match

PLAIN_RANGE_ST = 5.5
PLAIN_RATE_WPM = 165
PLAIN_FLUTTER = 2
PLAIN_BREATH = 0.03  # the least the engine hears: without noise a seed would change nothing
DEEP_ENOUGH_FOR_A_MAN_ST = -3  # a voice without gender that is made this deep is a man's
ENGINE_NOTE = "Offline formant synthesiser: a test voice, not a quality reference."


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a description was taken to mean."""

    parameters: VoiceParameters
    matched: tuple[Match, ...]
    ignored: tuple[str, ...]
    """Words that changed nothing, in order."""
    notes: tuple[str, ...]
    """What the listener should know."""
    gender: str
    age: str

    def evidence(self) -> dict[str, Any]:
        """Write the reading as plain data, for the record and the table."""
        return {
            "matched": [
                {
                    "words": match.words,
                    "trait": match.trait,
                    "degree": match.degree,
                    "effect": dict(match.effect),
                }
                for match in self.matched
            ],
            "ignored": list(self.ignored),
            "notes": list(self.notes),
            "gender": self.gender,
            "age": self.age,
            "f0_target_hz": None if self.parameters.whispered else self.parameters.f0_hz,
            "numbers": dataclasses.asdict(self.parameters),
            "engine": ENGINE_NOTE,
        }


def read_description(
    prompt: str,
    *,
    preview_text: str,
    language: str | None = None,
    take: int = 0,
    seed: int = 0,
) -> Reading:
    """Turn a description into a voice, with the words that made it and those that did not.

    Parameters
    ----------
    prompt
        The description, in English or Chinese.
    preview_text
        What will be said; its script tells the language when `language` does not.
    language
        A BCP 47 tag such as "en-GB", "zh" or "pt-BR".
    take
        0 is the plain reading; 1, 2, … are related voices, alternately above and below it.
    seed
        Draws the takes, and the engine's noise.

    Raises
    ------
    UsageError
        The preview text is in a script the engine does not read.
    """
    matches, unknown = traits.find(prompt)
    choice = languages.choose(preview_text, language)
    used, unused = split_accents(matches, choice)
    numbers = add_up(used)
    gender = choose(used, "gender") or assumed_gender(numbers)
    age = choose(used, "age") or "adult"
    plain = to_parameters(
        vary(numbers, take=take, seed=seed),
        base=lexicon.BASES[gender][age],
        voice=choose(used, "accent") or choice.voice,
        band=cast(Band, choose(used, "band")) or None,
        seed=int(draw(seed, take, "engine", 0, LIMITS["seed"][1])),
    )
    ignored = sorted(
        [(item.start, item.words) for item in unknown] + [(m.start, m.words) for m in unused]
    )
    return Reading(
        parameters=plain,
        matched=tuple(used),
        ignored=tuple(words for _, words in ignored),
        notes=choice.notes,
        gender=gender,
        age=age,
    )


def split_accents(
    matches: Sequence[Match], choice: languages.Choice
) -> tuple[list[Match], list[Match]]:
    """Part the matches into those that count and accents that do not fit the language."""
    used: list[Match] = []
    unused: list[Match] = []
    for match in matches:
        accent = str(match.effect.get("accent", choice.voice))
        fits = languages.same_language(accent, choice.voice)
        asked_otherwise = choice.regional and accent != choice.voice
        (used if fits and not asked_otherwise else unused).append(match)
    return used, unused


def add_up(matches: Sequence[Match]) -> defaultdict[str, float]:
    """Add up the numbers of all effects."""
    numbers: defaultdict[str, float] = defaultdict(float)
    for match in matches:
        for name, value in match.effect.items():
            if not isinstance(value, str):
                numbers[name] += value
    return numbers


def choose(matches: Sequence[Match], name: str) -> str:
    """Choose what the first match says outright, else what the first one suggests, else ""."""
    said = (str(match.effect[name]) for match in matches if name in match.effect)
    hint = f"{name}_hint"
    hinted = (str(match.effect[hint]) for match in matches if hint in match.effect)
    return next(said, "") or next(hinted, "")


def assumed_gender(numbers: Mapping[str, float]) -> str:
    """Assume a gender where none is named."""
    deep = numbers.get("pitch_st", 0) <= DEEP_ENOUGH_FOR_A_MAN_ST
    return "male" if deep else "neutral"


def vary(numbers: Mapping[str, float], *, take: int, seed: int) -> defaultdict[str, float]:
    """Step away from the plain reading for the takes after the first, up and down by turns."""
    varied = defaultdict(float, numbers)
    if take:
        side = 1 if take % 2 else -1
        varied["pitch_st"] += side * draw(seed, take, "pitch", 0.9, 1.5)
        varied["tract_percent"] += side * draw(seed, take, "tract", 2, 4)
        varied["rate_percent"] += draw(seed, take, "rate", -2, 6)
        varied["range_st"] += draw(seed, take, "range", -0.6, 0.6)
        varied["tilt_db"] += draw(seed, take, "tilt", -1.5, 1.5)
    return varied


def draw(seed: int, take: int, knob: str, low: float, high: float) -> float:
    """Draw a number that is the same for the same seed, take and knob, on every machine."""
    digest = hashlib.sha256(f"{seed}/{take}/{knob}".encode()).digest()
    return low + (high - low) * int.from_bytes(digest[:6]) / 2**48


def to_parameters(
    numbers: Mapping[str, float],
    *,
    base: tuple[float, float],
    voice: str,
    band: Band | None,
    seed: int,
) -> VoiceParameters:
    """Apply the numbers of a description to a base voice, within what the engine can do."""
    f0_hz, tract_percent = base
    get = defaultdict(float, numbers).__getitem__
    values = {
        "f0_hz": round(f0_hz * 2 ** (get("pitch_st") / 12), 1),
        "range_st": round(PLAIN_RANGE_ST + get("range_st"), 2),
        "tract_percent": round(tract_percent + get("tract_percent"), 1),
        "rate_wpm": round(PLAIN_RATE_WPM * (1 + get("rate_percent") / 100)),
        "flutter": round(PLAIN_FLUTTER + get("flutter")),
        "roughness": round(get("roughness")),
        "breath": round(PLAIN_BREATH + get("breath"), 2),
        **{name: round(get(name), 2) for name in ("sway_percent", "tilt_db", "volume_db", "echo")},
    }
    kept: dict[str, Any] = {
        name: min(LIMITS[name][1], max(LIMITS[name][0], value)) for name, value in values.items()
    }
    return VoiceParameters(
        **kept, voice=voice, band=band, seed=seed, whispered=get("whispered") > 0
    )
