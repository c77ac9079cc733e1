"""How many characters a text has while it is typed, against what each chosen provider takes."""

import html
from collections.abc import Iterable, Mapping, Sequence

from voicelab.errors import UsageError
from voicelab.providers import PROVIDERS
from voicelab.providers.base import Limits, Provider
from voicelab.template import fill
from voicelab.widgets.bench import Bench

Known = tuple[Provider | type[Provider], Limits]


def known(bench: Bench, names: Iterable[str]) -> dict[str, Known]:
    """Return the providers that limits are known of, callable or not."""
    found: dict[str, Known] = {}
    for name in names:
        try:
            provider = bench.provider(name)
            found[name] = provider, provider.limits
        except UsageError:
            if kind := PROVIDERS.get(name):
                found[name] = kind, kind.published
    return found


def preview_count(text: str, providers: Mapping[str, Known]) -> str:
    """Return the count of a preview text as HTML."""
    parts = [
        (name, kind.characters(text), limits.preview_characters)
        for name, (kind, limits) in providers.items()
        if limits.preview_characters is not None and kind.says_preview_text
    ]
    return _html(_many(len(text)), parts)


def prompt_count(
    template: str, values: Mapping[str, Sequence[str]], providers: Mapping[str, Known]
) -> str:
    """Return the count of the longest prompt that a template makes, as HTML."""
    longest = {name: max(found, key=len) for name, found in values.items() if found}
    try:
        prompt = fill(template, longest, row="")
        words = f"{_many(len(prompt))} with the longest values" if values else _many(len(prompt))
    except UsageError:
        prompt, words = template, _many(len(template))
    parts = [
        (name, kind.characters(prompt), limits.prompt_characters)
        for name, (kind, limits) in providers.items()
        if limits.prompt_characters is not None
    ]
    return _html(words, parts)


def _many(number: int) -> str:
    return f"{number:,} character{'' if number == 1 else 's'}"


def _html(words: str, parts: Sequence[tuple[str, int, int]]) -> str:
    told = "".join(_part(*part) for part in parts)
    return f'<p class="voicelab-count voicelab-beside">{html.escape(words)}{told}</p>'


def _part(name: str, count: int, most: int) -> str:
    over = count > most
    words = f"{name} {count:,} of {most:,}" + (", too long" if over else "")
    alert = ' data-over="true" role="alert"' if over else ""
    return f" · <span{alert}>{html.escape(words)}</span>"
