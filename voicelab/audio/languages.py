"""The only place that decides which language of the engine speaks a text."""

import unicodedata
from collections import Counter
from dataclasses import dataclass

from voicelab.errors import UsageError

# By the first word of a character's Unicode name.
LANGUAGE_OF_SCRIPT = {
    "LATIN": "en-us",
    "CJK": "cmn",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "DEVANAGARI": "hi",
    "GREEK": "el",
    "HEBREW": "he",
    "THAI": "th",
    "BENGALI": "bn",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "MYANMAR": "my",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "ETHIOPIC": "am",
}
SYLLABIC = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL"}
SMALLEST_SHARE = 0.2  # of another script beside Latin; its voices also say words in Latin letters

# Letters that one language has and the others of its script do not; the first hit counts.
TELLING_LETTERS = {
    "ru": (("be", "ў"), ("uk", "іїєґ"), ("sr", "ђћ"), ("mk", "ѓќѕ"), ("kk", "ұәғқ")),
    "ar": (("ur", "ٹڈڑںے"), ("ug", "ېۆۈ"), ("fa", "پچژگ")),
    "cmn": (("yue", "嘅咗啲喺哋嚟冇"),),
}

# Tags that the engine knows by another code; what stands here counts before the engine's own list.
SAME = {
    "en": "en-us",
    "en-ca": "en-us",
    "en-uk": "en-gb",
    "pt-pt": "pt",
    "zh-hk": "yue",
    "zh-mo": "yue",
    "zh-yue": "yue",
    "zh-hant-hk": "yue",
    "es-ar": "es-419",
    "es-cl": "es-419",
    "es-co": "es-419",
    "es-pe": "es-419",
    "es-us": "es-419",
}
RENAMED = {"zh": "cmn", "no": "nb", "iw": "he", "in": "id"}
FAMILY = {"cmn": "zh", "yue": "zh"}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The engine's language for a text."""

    voice: str
    """Its code, as `voice_file.find_language` takes it."""
    notes: tuple[str, ...]
    """What the listener should know about it."""
    regional: bool
    """Whether the user named a region, which then no accent in a prompt may change."""


def choose(text: str, language: str | None) -> Choice:
    """Choose the language of a text: the one named, else the one its script tells.

    Parameters
    ----------
    language
        A BCP 47 tag such as "en-GB", "zh" or "pt-BR".

    Raises
    ------
    UsageError
        The text is in a script the engine does not read.
    """
    voice = engine_code(language) if language else detect(text)
    regional = "-" in (language or "").replace("_", "-")
    return Choice(
        voice=voice, notes=tuple(notes(text, voice, named=bool(language))), regional=regional
    )


def engine_code(tag: str) -> str:
    """Translate a language tag into the engine's code; an unknown tag stays as it is."""
    tag = tag.strip().lower().replace("_", "-")
    first, *region = tag.split("-")
    if tag in SAME:
        return SAME[tag]
    if first in RENAMED:
        return RENAMED[first]
    return "-".join([first, *region])


def detect(text: str) -> str:
    """Tell the language of a text by its letters."""
    counts = count_scripts(text)
    others = {script: n for script, n in counts.items() if script != "LATIN"}
    if not others or sum(others.values()) < SMALLEST_SHARE * counts.total():
        return LANGUAGE_OF_SCRIPT["LATIN"]
    kana = counts["HIRAGANA"] + counts["KATAKANA"]
    script = (
        "HIRAGANA" if kana > 0.1 * (kana + counts["CJK"]) else max(others, key=others.__getitem__)
    )
    if script not in LANGUAGE_OF_SCRIPT:
        raise UsageError(
            f"The preview text is written in {script.title()} letters, which the local engine "
            "does not read. Take another text or another provider."
        )
    language = LANGUAGE_OF_SCRIPT[script]
    telling = TELLING_LETTERS.get(language, ())
    return next((code for code, letters in telling if set(letters) & set(text.lower())), language)


def count_scripts(text: str) -> Counter[str]:
    """Count the letters of a text by script; a syllable or word sign counts for three."""
    counts: Counter[str] = Counter()
    for character in filter(str.isalpha, text):
        script = unicodedata.name(character, "UNKNOWN").split()[0]
        counts[script] += 3 if script in SYLLABIC else 1
    return counts


def notes(text: str, voice: str, *, named: bool) -> list[str]:
    """Say what the engine is known to do badly with a text."""
    counts = count_scripts(text)
    found = []
    if voice == "ja" and counts["CJK"]:
        found.append(
            "The engine cannot read kanji: it says 'Chinese letter' for each. Write them in kana."
        )
    if voice.startswith("en") and not named and has_accented_latin(text):
        found.append(
            "The text was taken for English by its letters. Name its language if it is another."
        )
    return found


def has_accented_latin(text: str) -> bool:
    """Say whether a text has Latin letters that English does without."""
    return any(
        character.isalpha()
        and not character.isascii()
        and unicodedata.name(character, "").startswith("LATIN")
        for character in text
    )


def same_language(one: str, other: str) -> bool:
    """Say whether two engine codes are accents of one language."""
    first, second = one.split("-")[0], other.split("-")[0]
    return FAMILY.get(first, first) == FAMILY.get(second, second)
