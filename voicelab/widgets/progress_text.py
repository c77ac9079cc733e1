"""Where trials stand, as text and HTML; everything a person or a vendor wrote is escaped."""

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from voicelab.engine.sheet import duration_text
from voicelab.model import TrialRecord, TrialState

SHARES = (TrialState.DONE, TrialState.FAILED, TrialState.IN_DOUBT)
"""The parts of a bar, from the left."""

MOST_LINES = 400
"""Lines drawn; beyond that those that are not done come first."""

Records = Sequence[TrialRecord]


def overall_text(records: Records, *, running: bool, left_s: float | None = None) -> str:
    """Return one line on all trials, such as `12 of 24 done, 1 failed, about 20 s left`."""
    if not records:
        return "Nothing was submitted yet."
    counts = _counts(records)
    parts = [f"{counts[TrialState.DONE]} of {len(records)} done"]
    parts += [f"{counts[s]} {s.value}" for s in SHARES[1:] if counts[s]]
    under_way = counts[TrialState.SENT] + counts[TrialState.WAITING]
    open_ = under_way + counts[TrialState.QUEUED]
    if under_way:
        parts.append(f"{under_way} under way")
    if running and left_s is not None:
        parts.append(f"about {duration_text(left_s)} left")
    elif open_ and not running:
        parts.append(f"{open_} waiting to be sent: Resume goes on")
    return ", ".join(parts)


def open_by_provider(records: Iterable[TrialRecord]) -> dict[str, int]:
    """Return how many trials of each provider are not at an end."""
    return dict(Counter(r.trial.provider for r in records if not r.state.is_final))


def seconds_left(
    before: Mapping[str, int], now: Mapping[str, int], elapsed_s: float
) -> float | None:
    """Return the seconds still to go at the pace so far, or nothing where none has ended yet.

    Providers work side by side, so the slowest counts.

    Parameters
    ----------
    before, now
        Trials not at an end, by provider, `elapsed_s` ago and now.
    """
    left = []
    for name, open_ in now.items():
        ended = before.get(name, 0) - open_
        if ended <= 0:
            return None
        left.append(open_ * elapsed_s / ended)
    return max(left, default=None)


def bars_html(records: Records) -> str:
    """Return one bar for each provider."""
    names = dict.fromkeys(record.source for record in records)
    of = {name: [r for r in records if r.source == name] for name in names}
    return "".join(_bar(name, mine) for name, mine in of.items())


def _bar(name: str, records: Records) -> str:
    counts, total = _counts(records), len(records)
    ended = sum(counts[state] for state in SHARES)
    parts = "".join(
        f'<i data-state="{state.value}" style="width:{100 * counts[state] / total:.2f}%"></i>'
        for state in SHARES
        if counts[state]
    )
    words = ", ".join(
        [f"{counts[TrialState.DONE]} of {total}"]
        + [f"{counts[s]} {s.value}" for s in SHARES[1:] if counts[s]]
    )
    label = html.escape(name)
    return (
        f'<div class="voicelab-bar"><span>{label}</span>'
        f'<div role="progressbar" aria-label="{label}" aria-valuemin="0" aria-valuemax="{total}" '
        f'aria-valuenow="{ended}" aria-valuetext="{words}">{parts}</div><span>{words}</span></div>'
    )


def vendors_html(conditions: Mapping[str, str]) -> str:
    """Return what is the matter with providers: resting, or slowed down."""
    return "".join(
        f'<div class="voicelab-vendor" role="status">'
        f"<b>{html.escape(name)}</b> {html.escape(words)}</div>"
        for name, words in conditions.items()
    )


def table_html(records: Records) -> str:
    """Return a line for each trial."""
    if not records:
        return ""
    heads = "".join(f"<th>{head}</th>" for head in ("Prompt", "Provider", "Take", "State", "Time"))
    open_first = sorted(records, key=lambda r: r.state is TrialState.DONE)
    shown = records if len(records) <= MOST_LINES else open_first[:MOST_LINES]
    lines = "".join(map(_line, shown))
    rest = len(records) - len(shown)
    more = f'<tr><td colspan="6">… and {rest} more</td></tr>' if rest else ""
    return (
        f'<table class="voicelab-trials"><thead><tr>{heads}<th>What happened</th></tr></thead>'
        f"<tbody>{lines}{more}</tbody></table>"
    )


def _line(record: TrialRecord) -> str:
    trial = record.trial
    latency = "" if record.latency_s is None else f"{record.latency_s:.2f} s"
    cells = (trial.variant.label, record.source, str(trial.take))
    words = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    return (
        f'<tr data-trial="{html.escape(trial.id)}" data-state="{record.state.value}">{words}'
        f"<td><b>{record.state.value}</b></td><td>{latency}</td>"
        f"<td>{html.escape(record.error or '')}</td></tr>"
    )


def _counts(records: Records) -> Counter[TrialState]:
    return Counter(record.state for record in records)
