"""Every row of a batch as a table: its prompt, its length, and what each provider makes of it."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence

from voicelab.engine.sheet import Quote
from voicelab.model import PromptVariant

MOST_ROWS = 200
EMPTY = "No row yet: write a template with values, or a table of prompts."


def variants_html(variants: Sequence[PromptVariant], sheet: Quote) -> str:
    """Return a line for each row, those that would be refused first."""
    if not variants:
        return f'<div class="voicelab-empty">{EMPTY}</div>'
    refused = {(r.label, r.provider): r.reason for r in sheet.refusals if r.label is not None}
    fates: dict[tuple[str, str], Counter[str]] = {}
    for planned in sheet.sendable:
        key = planned.trial.variant.label, planned.trial.provider
        fates.setdefault(key, Counter())[_fate(planned.trial.id, sheet)] += 1
    providers = [line.provider for line in sheet.lines]
    troubled = {label for label, _ in refused}
    ordered = sorted(variants, key=lambda variant: variant.label not in troubled)
    heads = "".join(
        f'<th scope="col">{html.escape(head)}</th>'
        for head in ("Row", "Prompt", "Characters to say", *providers)
    )
    lines = "".join(_line(v, providers, refused, fates) for v in ordered[:MOST_ROWS])
    rest = len(variants) - MOST_ROWS
    more = f'<p class="voicelab-hint">… and {rest:,} more rows.</p>' if rest > 0 else ""
    return (
        f'<table class="voicelab-trials voicelab-variants"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table>{more}"
    )


def _line(
    variant: PromptVariant,
    providers: Sequence[str],
    refused: Mapping[tuple[str, str], str],
    fates: Mapping[tuple[str, str], Counter[str]],
) -> str:
    keys = [(variant.label, name) for name in providers]
    cells = "".join(_cell(refused.get(key), fates.get(key, Counter())) for key in keys)
    said = html.escape(variant.prompt or _reference(variant))
    return (
        f'<tr><th scope="row">{html.escape(variant.label)}</th><td>{said}</td>'
        f"<td>{len(variant.preview_text):,}</td>{cells}</tr>"
    )


def _cell(refused: str | None, fates: Counter[str]) -> str:
    """Return what becomes of a row at a provider, by what becomes of each take."""
    if refused:
        return f'<td data-state="failed"><b>refused</b> {html.escape(refused)}</td>'
    if len(fates) > 1:
        return f"<td>{', '.join(f'{count} {fate}' for fate, count in fates.items())}</td>"
    return f"<td>{next(iter(fates), 'not for it')}</td>"


def _fate(trial: str, sheet: Quote) -> str:
    if trial in sheet.done:
        return "done already"
    return "reused" if sheet.reuse and trial in sheet.alike else "will be sent"


def _reference(variant: PromptVariant) -> str:
    reference = variant.reference
    if reference is None:
        return ""
    return f"clones {reference.path or reference.url or f'trial {reference.trial_id}'}"
