"""A quote as a few lines of HTML: what a batch will take, and what would be refused."""

import html
from collections.abc import Sequence

from voicelab.engine.sheet import Line, Quote, Refusal, cost_text, duration_text, unfit_text

MOST_REFUSALS = 8
"""Refusals shown one by one; the others are counted."""


def quote_html(sheet: Quote) -> str:
    """Return a quote as HTML."""
    lines = "".join(_line(line) for line in sheet.lines) if len(sheet.lines) > 1 else ""
    table = f'<table class="voicelab-lines">{lines}</table>' if lines else ""
    return (
        f'<div class="voicelab-quote" role="status" data-trials="{sheet.trials}">'
        f"<p>{_headline(sheet)}</p>{table}{_told(sheet)}{_refusals(sheet.refusals)}</div>"
    )


def budget_html(lines: Sequence[str]) -> str:
    """Return the budget of the lab as HTML; nothing where it has none."""
    told = html.escape("; ".join(lines))
    return f'<div class="voicelab-hint">Budget of the lab: {told}.</div>' if lines else ""


def _told(sheet: Quote) -> str:
    """Return what was made before, every line of a budget, and what nobody could judge."""
    then = "taken over, free" if sheet.reuse else "made anew unless you reuse them"
    count = _count(len(sheet.alike), "trial")
    alike = f"<p>{count} of these this lab has already, from another batch: {then}.</p>"
    budgets = "".join(
        f'<p class="{"voicelab-problem" if share.over else "voicelab-hint"}">'
        f"{html.escape(str(share)[0].upper() + str(share)[1:])}.</p>"
        for share in sheet.budgets
    )
    fees = "".join(f"<p>{html.escape(told)}.</p>" for told in sheet.fee_texts)
    notes = "".join(f'<p class="voicelab-hint">{html.escape(note)}</p>' for note in sheet.notes)
    return fees + (alike if sheet.alike else "") + budgets + notes


def _headline(sheet: Quote) -> str:
    done = sum(line.done for line in sheet.lines)
    if sheet.trials and done == sheet.trials:
        return f"<b>{_count(done, 'trial')}</b>, all of them done already: nothing is sent again"
    parts = [
        f"<b>{_count(sheet.trials, 'trial')}</b>" + (f", {done} already done" if done else ""),
        f"{sheet.characters:,} characters to speak",
        html.escape(total_text(sheet)),
        f"about {duration_text(sheet.duration_s)}",
    ]
    return " · ".join(parts)


def total_text(sheet: Quote) -> str:
    """Return in words what a batch costs; emulated trials cost nothing."""
    parts = [f"{currency} {cost:.4f}" for currency, cost in sheet.costs.items()]
    if sheet.unpriced:
        parts.append(f"what {', '.join(sheet.unpriced)} charges, which publishes no price")
    return " and ".join(parts) or "nothing to pay"


def _line(line: Line) -> str:
    cells = (
        line.source,
        _count(line.trials, "trial") + (f", {line.done} done" if line.done else ""),
        f"{line.characters:,} characters",
        cost_text(line),
        f"about {duration_text(line.duration_s)}",
        unfit_text(line),
    )
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _refusals(refusals: Sequence[Refusal]) -> str:
    if not refusals:
        return ""
    total = sum(refusal.trials for refusal in refusals)
    shown = "".join(_refusal(refusal) for refusal in refusals[:MOST_REFUSALS])
    rest = len(refusals) - MOST_REFUSALS
    more = f"<li>… and {rest} more rows</li>" if rest > 0 else ""
    head = f"{_count(total, 'trial')} would be refused:"
    return f'<div class="voicelab-problem" role="alert">{head}<ul>{shown}{more}</ul></div>'


def _refusal(refusal: Refusal) -> str:
    row = f" · {refusal.label}" if refusal.label else ""
    where = html.escape(f"{refusal.provider}{row}")
    return f"<li><b>{where}</b> ({refusal.trials}): {html.escape(refusal.reason)}</li>"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
