"""What DashScope would refuse of a row, found before it is sent."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import PromptVariant
from voicelab.providers._dashscope import Dialect
from voicelab.providers.wire import check_length

# By the first word of a character's Unicode name, the tellings first: Japanese has CJK as well.
LANGUAGE_OF_SCRIPT = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "CJK": "zh",
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


def check_design(
    variant: PromptVariant, options: Mapping[str, Any], dialect: Dialect, *, vendor: str
) -> None:
    """Raise `UsageError` unless `vendor` takes the row as it stands."""
    _check_prompt(variant.prompt, dialect, vendor)
    most = dialect.preview_characters
    check_length("preview_text", variant.preview_text, most=most, vendor=vendor)
    name = options.get(dialect.name_field, "a")
    if not isinstance(name, str) or not dialect.name_rule.fullmatch(name):
        raise UsageError(f"{dialect.name_field} is {name!r}; {vendor} takes {dialect.name_words}.")
    _check_language(variant, options, dialect, vendor)
    _check_parameters(options, dialect, vendor)


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
    known = ", ".join(dialect.languages)
    if dialect.language_field not in options:
        if language_of(variant) not in dialect.languages:
            raise UsageError(
                f"the preview text is in {language_of(variant)!r}; {vendor} takes {known}. "
                f"Write it in one of them or drop {vendor} from the batch."
            )
        return
    given = options[dialect.language_field]
    one = given[0] if dialect.language_is_a_list and isinstance(given, list) and given else given
    if one not in dialect.languages or dialect.language_is_a_list is not isinstance(given, list):
        kind = "a list with one of" if dialect.language_is_a_list else "one of"
        raise UsageError(f"{dialect.language_field} is {given!r}; {vendor} takes {kind} {known}.")


def _check_parameters(options: Mapping[str, Any], dialect: Dialect, vendor: str) -> None:
    further = options.get("parameters", {})
    if not isinstance(further, Mapping):
        raise UsageError(f"parameters is {further!r}; {vendor} takes names and values.")
    chosen = {**options, **further}
    for name, known in (("sample_rate", dialect.rates), ("response_format", dialect.formats)):
        value = chosen.get(name, known[0])
        if isinstance(value, bool) or value not in known:
            words = ", ".join(map(str, known))
            raise UsageError(f"{name} is {value!r}; {vendor} takes {words}.")


def _scripts(text: str) -> Counter[str]:
    letters = filter(str.isalpha, unicodedata.normalize("NFKC", text))
    return Counter(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in letters)
