"""What the terminal shows: tables, quotes and progress, safe against any text."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import typer
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from voicelab.engine.job import Job
from voicelab.engine.sheet import Quote, cost_text, duration_text, unfit_text
from voicelab.lab import Lab
from voicelab.measures import MEASURES
from voicelab.model import TrialRecord, TrialState, source_text
from voicelab.tables.columns import COLUMNS
from voicelab.tables.comparison import Comparison

out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Controls, invisible marks, what cannot be printed at all, and separators of lines."""
_WIDE = 100
_UNBROKEN = 10_000
"""Columns that any row fits in."""
_REFRESH_S = 1.0
_SHOWN = ("label", "provider", "take", "state")
_MEASURES = ("f0_median_hz", "f0_range_st", "speech_rate_syl_s", "loudness_lufs")
_COPIED = ("provider", "voice_id", "clip", "request_id", "trial")
"""Columns one copies from."""
_MORE_MEASURES = ("duration_s", *_MEASURES, "centroid_hz")


def shown_columns(comparison: Comparison) -> tuple[str, ...]:
    """Return the columns the terminal has room for; every other one is asked for by name."""
    wide = out.width >= _WIDE
    all_done = all(record.state is TrialState.DONE for record in comparison.records)
    first = _SHOWN if wide or not all_done else _SHOWN[:-1]
    return (*first, *(_MORE_MEASURES if wide else _MEASURES))


def safe(value: object) -> Text:
    """Return text that cannot steer the terminal: no markup, escape sequence or turned words."""
    text = str(value).replace("\n", " ")
    return Text("".join("�" if unicodedata.category(c) in _STEERING else c for c in text))


def say(text: str) -> None:
    """Print one line."""
    out.print(safe(text), soft_wrap=True)


def complain(text: str) -> None:
    """Print one sentence to standard error."""
    _err.print(Text("voicelab: ", style="bold red") + safe(text), soft_wrap=True)


def print_table(table: Table, *, whole: Collection[int] = (0,)) -> None:
    """Print a table; where nobody watches, a row is one line, however wide.

    Parameters
    ----------
    whole
        Columns of names and ids: none of them is cut, even where a row then passes the edge.
    """
    for column in (table.columns[n] for n in whole):
        words = (word for cell in column.cells for word in str(cell).split())
        column.min_width = max(map(cell_len, words), default=0)
    room = out.measure(table, options=out.options.update(max_width=_UNBROKEN))
    if not out.is_terminal:
        table.width = room.maximum
    elif room.minimum > out.width:
        table.width = room.minimum  # else columns are left out to fit
    out.print(table, crop=False)


def quote_table(sheet: Quote) -> None:
    """Print what a batch will take, and every refusal."""
    table = Table("Provider", "Trials", "Done", "Characters", "Price", "Time", title="Quote")
    for line in sheet.lines:
        time = f"about {duration_text(line.duration_s)}"
        cells = (line.source, line.trials, line.done, line.characters, cost_text(line), time)
        table.add_row(*map(safe, cells))
    print_table(table)
    for told in sheet.fee_texts:
        say(f"{told}.")
    for line in sheet.lines:
        if line.unfit:
            say(f"{line.source}: {unfit_text(line)}.")
    for refusal in sheet.refusals:
        row = f" {refusal.label!r}" if refusal.label else ""
        say(f"Refused, {refusal.trials} trials of {refusal.provider}{row}: {refusal.reason}")
    for note in sheet.notes:
        say(note)
    if sheet.alike:
        say(sheet.reuse_text.replace("reuse=True", "--reuse").replace("reuse=False", "--anew"))
    for share in sheet.budgets:
        say(f"{str(share)[0].upper()}{str(share)[1:]}{': too much' if share.over else ''}.")


def bill_table(rows: Sequence[Mapping[Any, Any]]) -> None:
    """Print quoted against billed; in flight and in doubt are in it."""
    table = Table("Provider", "Sent", "In doubt", "Quoted", "Billed", title="Bill")
    for row in rows:
        source = source_text(row["provider"], emulated=row["emulated"])
        sums = (_amount(row[name], row["currency"]) for name in ("quoted", "billed"))
        table.add_row(*map(safe, (source, row["trials"], row["in_doubt"], *sums)))
    print_table(table)


def _amount(value: float, currency: object) -> str:
    return f"{currency} {value:.4f}" if isinstance(currency, str) else "no published price"


def comparison_table(comparison: Comparison, columns: Sequence[str] = ()) -> None:
    """Print a comparison, one row a trial; the columns there is room for, or these."""
    columns = columns or shown_columns(comparison)
    table = Table(title=safe(comparison.title), box=box.SIMPLE_HEAD, padding=(0, 0))
    for name in columns:
        is_number = name in MEASURES
        least = 16 if name == "label" else None
        table.add_column(_heading(name), justify="right" if is_number else "left", min_width=least)
    for row, record in zip(comparison.table, comparison.records, strict=True):
        table.add_row(*(safe(_cell(name, row.get(name), record)) for name in columns))
    print_table(table, whole=[n for n, name in enumerate(columns) if name in _COPIED])
    for record in comparison.records:
        if record.error:
            trial = record.trial
            say(f"{trial.variant.label} · {trial.provider} · {trial.id}: {record.error}")


def _heading(name: str) -> Text:
    if name in COLUMNS:
        return safe(COLUMNS[name].title)
    measure = MEASURES.get(name)
    if measure is None:
        return safe(name)
    return safe(measure.title).append(f"\n{measure.unit}" if measure.unit else "")


def _cell(name: str, value: Any, record: TrialRecord) -> str:
    if value is None:
        return "–"
    if name == "provider":
        return record.source
    if isinstance(value, float):
        measure = MEASURES.get(name)
        decimals = measure.decimals if measure else COLUMNS[name].decimals or 0
        return f"{value:.{decimals}f}"
    return str(value)


def follow(lab: Lab, job: Job[Comparison], pending: Iterable[TrialRecord]) -> Comparison:
    """Show one bar a provider until the job ends; an interrupt stops it and keeps what is paid.

    Where the job cannot begin at all, nothing is drawn.
    """
    records = {record.trial.id: record for record in pending}
    progress = _progress()
    totals = Counter(record.trial.provider for record in records.values())
    bars = {
        name: progress.add_task(safe(name).plain, total=n, note="") for name, n in totals.items()
    }

    def draw(name: str) -> None:
        mine = [r for r in records.values() if r.trial.provider == name]
        finished = sum(r.state.is_final for r in mine)
        note = ", ".join(filter(None, [_troubles(mine), lab.conditions.get(name, "")]))
        progress.update(bars[name], completed=finished, note=note)

    def refresh() -> None:
        for name in bars:
            draw(name)
        progress.start()

    def changed(record: TrialRecord) -> None:
        if record.trial.id in records:  # whatever else the run comes upon has no bar here
            records[record.trial.id] = record
            draw(record.trial.provider)
            progress.start()

    unsubscribe = lab.on_change(changed)
    try:
        records |= {r.trial.id: r for r in lab.records() if r.trial.id in records}
        comparison = _result(job, refresh)
        refresh()
        return comparison
    except KeyboardInterrupt:
        job.stop()
        complain("stopping: waiting for the requests that are under way …")
        job.wait()
        complain("interrupted; nothing is lost. Go on with: voicelab resume")
        raise typer.Exit(130) from None
    finally:
        unsubscribe()
        if progress.live.is_started:
            progress.stop()


def _result(job: Job[Comparison], refresh: Callable[[], None]) -> Comparison:
    """Wait for the end; what is said of a provider that rests is kept up to date."""
    while True:
        try:
            return job.result(timeout_s=_REFRESH_S)
        except TimeoutError:
            if job.done():
                raise
            refresh()


def _troubles(records: Sequence[TrialRecord]) -> str:
    counts = Counter(record.state for record in records)
    return ", ".join(
        f"{counts[state]} {state.value}"
        for state in (TrialState.FAILED, TrialState.IN_DOUBT)
        if counts[state]
    )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),  # a name is no markup
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=out,
    )
