"""Every row of a batch as a table: its prompt, its length, and what each provider makes of it."""

import html
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
    sent = {(p.trial.variant.label, p.trial.provider) for p in sheet.sendable}
    providers = [line.provider for line in sheet.lines]
    troubled = {label for label, _ in refused}
    ordered = sorted(variants, key=lambda variant: variant.label not in troubled)
    heads = "".join(
        f'<th scope="col">{html.escape(head)}</th>'
        for head in ("Row", "Prompt", "Characters to say", *providers)
    )
    lines = "".join(_line(v, providers, refused, sent) for v in ordered[:MOST_ROWS])
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
    sent: set[tuple[str, str]],
) -> str:
    cells = "".join(_cell((variant.label, name), refused, sent) for name in providers)
    said = html.escape(variant.prompt or _reference(variant))
    return (
        f'<tr><th scope="row">{html.escape(variant.label)}</th><td>{said}</td>'
        f"<td>{len(variant.preview_text):,}</td>{cells}</tr>"
    )


def _cell(
    key: tuple[str, str], refused: Mapping[tuple[str, str], str], sent: set[tuple[str, str]]
) -> str:
    if reason := refused.get(key):
        return f'<td data-state="failed"><b>refused</b> {html.escape(reason)}</td>'
    return f"<td>{'sent' if key in sent else 'not for it'}</td>"


def _reference(variant: PromptVariant) -> str:
    reference = variant.reference
    if reference is None:
        return ""
    return f"clones {reference.path or reference.url or f'trial {reference.trial_id}'}"
