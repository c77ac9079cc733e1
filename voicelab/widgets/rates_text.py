"""How fast each provider is asked, as a table: its rate, what became of it, what was put off."""

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from voicelab.engine.pace import windows_of
from voicelab.model import TrialRecord
from voicelab.providers.base import Limits

HEADS = ("Provider", "Ended in the last minute", "Asked again", "Rate", "How the rate changed")
MOST_CHANGES = 4
MINUTE = timedelta(minutes=1)


def rates_html(
    records: Sequence[TrialRecord],
    *,
    limits: Mapping[str, Limits],
    paces: Sequence[Mapping[Any, Any]],
    retries: Mapping[str, int],
    conditions: Mapping[str, str],
    now: datetime,
) -> str:
    """Return a line for each provider of some trials.

    Parameters
    ----------
    limits
        What each one publishes.
    paces
        Every change of a rate, the oldest first.
    retries
        Requests asked again, by trial.
    conditions
        What is the matter with providers now.
    """
    names = dict.fromkeys(record.trial.provider for record in records)
    if not names:
        return ""
    ended = Counter(
        r.trial.provider for r in records if r.finished_at and now - r.finished_at < MINUTE
    )
    again: Counter[str] = Counter()
    for record in records:
        again[record.trial.provider] += retries.get(record.trial.id, 0)
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    lines = "".join(
        _line(
            name,
            str(ended[name]),
            str(again[name]),
            _rate(limits.get(name), conditions.get(name, "")),
            _changes([pace for pace in paces if pace["provider"] == name]),
        )
        for name in names
    )
    return (
        f'<table class="voicelab-trials voicelab-rates"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _line(name: str, *cells: str) -> str:
    words = "".join(f"<td>{cell}</td>" for cell in cells)
    called = html.escape(name)
    return f'<tr data-provider="{called}"><th scope="row">{called}</th>{words}</tr>'


def _rate(limits: Limits | None, condition: str) -> str:
    windows = windows_of(limits) if limits else ()
    published = " and ".join(f"{w.most} in {w.span_s:g} s" for w in windows)
    text = f"published: {published}" if published else "none is published"
    if limits is not None and limits.free:
        text = f"{limits.parallel} at once"
    return html.escape(f"{text}; now {condition}" if condition else text)


def _changes(paces: Sequence[Mapping[Any, Any]]) -> str:
    if not paces:
        return "never"
    shown = [
        f"{_clock(pace['at'])} {pace['starts']:g} in {pace['span_s']:g} s: {pace['why']}"
        for pace in paces[-MOST_CHANGES:]
    ]
    rest = len(paces) - MOST_CHANGES
    more = [f"and {rest} before; lab.paces() has them all"] if rest > 0 else []
    return "<br>".join(html.escape(text) for text in [*reversed(shown), *more])


def _clock(at: str) -> str:
    found = datetime.fromisoformat(at)
    return f"{(found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone():%H:%M:%S}"
