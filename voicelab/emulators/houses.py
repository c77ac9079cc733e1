"""The only place that says how the voice of one vendor differs from another's for the same words.

No two houses read a description alike: each takes its own place beside the plain reading, so that
voices of one description are told apart by ear, and all of them are still what was described.
"""

import hashlib
from dataclasses import replace

from voicelab.audio.description import draw, read_description
from voicelab.audio.parameters import LIMITS, VoiceParameters

HOUSES = ("minimax", "voice-enrollment", "qwen-voice-design", "tencent-mps", "tencent-vod")
"""How the keys of their voices begin, up to the slash."""
PLACES = ((-1.9, 3.0), (-1.2, -5.5), (-0.5, 6.5), (0.5, -3.0), (1.2, 5.0), (1.9, -1.0))
"""Semitones above the plain reading and percent faster: a place for every house, and one more."""
TAKE_ST = 0.15
TAKE_PERCENT = 1.5
"""How far two voices of one house and one description may lie from their place, either way."""
TRACT_PERCENT_PER_ST = 1.5
"""A deeper voice is a larger one: how its formants go along."""


def own_voice(prompt: str, text: str, *, key: str) -> VoiceParameters:
    """Return the voice that a house makes of a description.

    Parameters
    ----------
    text
        What will be said: its script tells the language.
    key
        The house, a slash, and the voice id: another id is another take.

    Raises
    ------
    UsageError
        The text is in a script the engine does not read.
    """
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
    plain = read_description(prompt, preview_text=text, seed=seed).parameters
    semitones, percent = _place(prompt, key.partition("/")[0])
    semitones += draw(seed, 1, "pitch", -TAKE_ST, TAKE_ST)
    percent += draw(seed, 1, "rate", -TAKE_PERCENT, TAKE_PERCENT)
    tract_percent = plain.tract_percent + TRACT_PERCENT_PER_ST * semitones
    range_st = plain.range_st + draw(seed, 1, "range", -0.6, 0.6)
    tilt_db = plain.tilt_db + draw(seed, 1, "tilt", -1.5, 1.5)
    return replace(
        plain,
        f0_hz=within("f0_hz", plain.f0_hz * 2 ** (semitones / 12)),
        rate_wpm=round(within("rate_wpm", plain.rate_wpm * (1 + percent / 100))),
        tract_percent=within("tract_percent", tract_percent),
        range_st=within("range_st", range_st),
        tilt_db=within("tilt_db", tilt_db),
    )


def within(name: str, value: float) -> float:
    """Keep a voice parameter within what the engine can do."""
    low, high = LIMITS[name]
    return round(min(high, max(low, value)), 2)


def _place(prompt: str, house: str) -> tuple[float, float]:
    """Return where a house stands: elsewhere for another description, and never with another."""
    number = HOUSES.index(house) if house in HOUSES else sum(house.encode())
    turn = hashlib.sha256(prompt.encode()).digest()[0]
    return PLACES[(number + turn) % len(PLACES)]
