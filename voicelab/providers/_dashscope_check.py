"""What DashScope would refuse of a row, found before it is sent."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant
from voicelab.providers._dashscope import Dialect
from voicelab.providers.options import Option, check_declared
from voicelab.providers.wire import check_length

# By the first word of a character's Unicode name, the tellings first: Japanese has CJK as well.
LANGUAGE_OF_SCRIPT = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "CJK": "zh",
}
LATIN = ("LATIN",)
SCRIPTS_OF = {
    "zh": ("CJK",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL", "CJK"),
    "ru": ("CYRILLIC",),
    **dict.fromkeys(("en", "de", "it", "pt", "es", "fr"), LATIN),
}
SMALLEST_SHARE = 0.2  # of another script beside Latin, whose letters are in texts of any
SAME = {"cmn": "zh", "yue": "zh"}


def language_of(variant: PromptVariant) -> str:
    """Return the primary tag of the preview text: the one named, else what its script tells."""
    if variant.language:
        tag = variant.language.replace("_", "-").partition("-")[0].lower()
        return SAME.get(tag, tag)
    scripts = _scripts(variant.preview_text)
    for script, language in LANGUAGE_OF_SCRIPT.items():
        if scripts[script] > SMALLEST_SHARE * scripts.total():
            return language
    return "en" if not scripts or scripts["LATIN"] else min(scripts).lower()


def can_be(language: str, text: str) -> bool:
    """Tell whether a text can be in a language, as far as scripts are certain.

    It cannot without one letter that the language is written with, nor where most letters are of
    other scripts than Latin, whose words are in texts of any language.

    Examples
    --------
    >>> can_be("zh", "Good evening."), can_be("de", "Good evening."), can_be("zh", "我用 iPhone")
    (False, True, True)
    """
    own = SCRIPTS_OF.get(language)
    letters = _scripts(text)
    if own is None or not letters:
        return True
    foreign = sum(count for script, count in letters.items() if script not in (*own, *LATIN))
    return any(letters[script] for script in own) and foreign <= letters.total() / 2


def check_design(
    variant: PromptVariant,
    options: Mapping[str, Any],
    dialect: Dialect,
    declared: Sequence[Option],
    *,
    vendor: str,
) -> None:
    """Raise `UsageError` unless `vendor` takes the row as it stands."""
    _check_prompt(variant.prompt, dialect, vendor)
    most = dialect.preview_characters
    check_length("preview_text", variant.preview_text, most=most, vendor=vendor)
    _check_language(variant, options, dialect, vendor)
    check_declared(_flat(options, vendor), declared, vendor=vendor)


def _check_prompt(prompt: str, dialect: Dialect, vendor: str) -> None:
    if not prompt.strip():
        raise UsageError(
            f"{vendor} makes voices from a description and the prompt is empty. "
            f"Describe the voice or drop {vendor} from the batch."
        )
    check_length("prompt", prompt, most=dialect.prompt_characters, vendor=vendor)
    foreign = _scripts(prompt).keys() - {"LATIN", "CJK"}
    if foreign:
        raise UsageError(
            f"the prompt has {' and '.join(sorted(foreign)).lower()} letters; {vendor} reads "
            f"descriptions in Chinese and English. Translate it or drop {vendor} from the batch."
        )


def _check_language(
    variant: PromptVariant, options: Mapping[str, Any], dialect: Dialect, vendor: str
) -> None:
    found = language_of(variant)
    sent = options.get(dialect.language_field)
    first = sent[0] if dialect.language_is_a_list and isinstance(sent, list) and sent else sent
    named = first if isinstance(first, str) else variant.language and found
    if named and named in dialect.languages and not can_be(named, variant.preview_text):
        what = dialect.language_field if isinstance(first, str) else "language"
        raise UsageError(
            f"{what} is {named!r} and the preview text is not written in it; {vendor} takes the "
            "language of the text, or none. Name that one, or leave it out."
        )
    if dialect.language_field not in options and found not in dialect.languages:
        raise UsageError(
            f"the preview text is in {found!r}; {vendor} takes {', '.join(dialect.languages)}. "
            f"Write it in one of them or drop {vendor} from the batch."
        )


def _flat(options: Mapping[str, Any], vendor: str) -> Mapping[str, Any]:
    """Return the options with those of `parameters`, which may be written either way."""
    further = options.get("parameters", {})
    if not isinstance(further, Mapping):
        raise UsageError(f"parameters is {further!r}; {vendor} takes names and values.")
    return {**options, **further}


def _scripts(text: str) -> Counter[str]:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", text))
    return Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters)
