"""The progress of a run, live: what stands under the buttons and under `lab.run` in a cell."""

import asyncio
import html
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import ipywidgets as w
from IPython import get_ipython
from IPython.display import display

from voicelab.engine.job import Job, io_loop
from voicelab.model import TrialRecord, TrialState, source_text
from voicelab.tables.comparison import Comparison
from voicelab.widgets.bench import Bench
from voicelab.widgets.counters import known
from voicelab.widgets.drawers import Drawers
from voicelab.widgets.guard import Guard
from voicelab.widgets.looks import style
from voicelab.widgets.progress_text import (
    bars_html,
    open_by_provider,
    overall_text,
    seconds_left,
    table_html,
    vendors_html,
)
from voicelab.widgets.rates_text import rates_html
from voicelab.widgets.scrolled import Scrolled
from voicelab.widgets.throttle import Throttle

EVERY_S = 0.1
LINES_EVERY_S = 0.4
"""A few hundred lines are drawn anew as a whole, which costs the page 50 ms."""
CONDITIONS_EVERY_S = 1.0
RATES = "Rates, limits and retries"
MOST_DOUBTS = 20
"""Trials in doubt that have their buttons at once."""
DECISIONS = (
    ("Resend", "Queue it again; it may be paid for twice"),
    ("Give up", "Call it failed"),
)


class ProgressPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Bars, counts and a line a trial; after construction only the I/O thread writes them.

    Parameters
    ----------
    what
        A batch, an experiment, or nothing for the whole lab.
    """

    def __init__(self, bench: Bench, what: str | None = None) -> None:
        self._bench = bench
        self._what = what
        self.on_show: Callable[[Sequence[TrialRecord]], None] = lambda records: None
        """Called on the I/O thread with the records each time they are shown anew."""
        self._records: dict[str, TrialRecord] = {}
        self._job = bench.job if bench.job is not None and bench.job.done() else None
        self._following: asyncio.Task[None] | None = None
        self._began: tuple[float, dict[str, int]] = (0.0, {})
        self._doubtful: list[str] = []
        self.guard = Guard()
        self.overall, self.bars, self.vendors = w.HTML(), w.HTML(), w.HTML()
        self.table = Scrolled("Trials")
        self.doubts = w.VBox()
        self.look = w.Button(
            description="Look again",
            tooltip="Ask the vendors what became of the trials in doubt; free, sends nothing new",
            layout=w.Layout(width="auto", align_self="flex-start", display="none"),
        )
        self.look.on_click(self.guard.watch(self._look_again))
        self.rates = w.HTML(layout=w.Layout(width="100%"))
        self.drawers = Drawers({RATES: self.rates}, lambda _: self._rates.poke())
        super().__init__(
            [
                *(style(), self.overall, self.bars, self.vendors, self.drawers),
                *(self.doubts, self.look, self.guard, self.table),
            ]
        )
        self.add_class("voicelab-progress")
        self._throttle = Throttle(self.guard.watch(self._show, clears=False), every_s=EVERY_S)
        lines = self.guard.watch(self._show_lines, clears=False)
        self._lines = Throttle(lines, every_s=LINES_EVERY_S)
        rates = self.guard.watch(self._show_rates, clears=False)
        self._rates = Throttle(rates, every_s=CONDITIONS_EVERY_S, in_pool=True)
        self._end = bench.on_change(self._changed)
        self.look_at(what)

    def look_at(self, what: str | None) -> None:
        """Show other trials, or the same ones as they now are in the lab; from any thread."""
        load = self.guard.watch(self._load, clears=False)
        io_loop().call_soon_threadsafe(load, what)

    def end(self) -> None:
        """Follow the lab no longer; what is shown stays."""
        self._end()
        self._end = lambda: None

    def poke(self) -> None:
        """Show everything anew soon, from any thread."""
        self._throttle.poke()

    @property
    def running(self) -> bool:
        """Whether the lab is running trials now."""
        return self._bench.job is not None and not self._bench.job.done()

    def _load(self, what: str | None) -> None:
        self._what = what
        self._records = {record.trial.id: record for record in self._bench.records(what)}
        self._begin()
        self._throttle.poke()

    def _changed(self, record: TrialRecord) -> None:
        if record.trial.id in self._records:
            self._records[record.trial.id] = record
        self._throttle.poke()

    def _follow(self) -> None:
        """Wait for the end of the newest run, of whoever started it."""
        job = self._bench.job
        if job is None or job is self._job:
            return
        self._job = job
        self.guard.value = ""
        self._begin()
        self._following = io_loop().create_task(self._to_the_end(job))

    def _begin(self) -> None:
        """Estimate the time left from here on."""
        self._began = (time.monotonic(), open_by_provider(self._records.values()))

    async def _to_the_end(self, job: Job[Comparison]) -> None:
        """Wait for the end of a run; what is said of a provider that rests is kept up to date."""
        try:
            while not job.done():
                await asyncio.sleep(CONDITIONS_EVERY_S)
                self._throttle.poke()
            await job
        except Exception as error:  # noqa: BLE001 - the run's own end, shown as a sentence
            self.guard.show(error)
        self._throttle.poke()

    def _show(self) -> None:
        self._follow()
        records = list(self._records.values())
        began, before = self._began
        left_s = seconds_left(before, open_by_provider(records), time.monotonic() - began)
        text = overall_text(records, running=self.running, left_s=left_s)
        self.overall.value = f'<div class="voicelab-overall" role="status">{text}</div>'
        self.bars.value = bars_html(records)
        self.vendors.value = vendors_html(self._bench.conditions)
        self._lines.poke()
        if self.drawers.is_open(RATES):
            self._rates.poke()
        self._show_doubts([r for r in records if r.state is TrialState.IN_DOUBT])
        self.on_show(records)

    def _show_lines(self) -> None:
        self.table.value = table_html(list(self._records.values()))

    def _show_rates(self) -> None:
        records = list(self._records.values())
        names = {record.trial.provider for record in records}
        self.rates.value = rates_html(
            records,
            limits={name: limits for name, (_, limits) in known(self._bench, names).items()},
            paces=self._bench.paces().to_dict("records"),
            retries=self._bench.retries(),
            conditions=self._bench.conditions,
            now=datetime.now(UTC),
        )

    def _show_doubts(self, records: Sequence[TrialRecord]) -> None:
        shown = records[:MOST_DOUBTS]
        ids = [record.trial.id for record in shown]
        if ids != self._doubtful:
            self._doubtful = ids
            self.doubts.children = [self._doubt(record) for record in shown]
        self.look.layout.display = "" if ids else "none"

    def _doubt(self, record: TrialRecord) -> w.HBox:
        trial = record.trial
        source = source_text(trial.provider, emulated=record.emulated)
        name = html.escape(f"{trial.variant.label} — {source}, take {trial.take}")
        resend, give_up = (
            w.Button(description=text, tooltip=hint, layout=w.Layout(width="auto"))
            for text, hint in DECISIONS
        )
        resend.on_click(self.guard.watch(partial(self._settle, self._bench.resend, trial.id)))
        give_up.on_click(self.guard.watch(partial(self._settle, self._bench.give_up, trial.id)))
        words = w.HTML(f"<b>In doubt:</b> {name}", layout=w.Layout(flex="1"))
        return w.HBox([words, resend, give_up])

    def _look_again(self, _button: object) -> None:
        self._bench.settle(self._what)
        self.poke()

    def _settle(self, decide: Callable[[str], None], trial_id: str, _button: object) -> None:
        decide(trial_id)
        self.look_at(self._what)


def show_progress(bench: Bench, what: str | None = None) -> None:
    """Display the progress of `what` under the cell that runs; do nothing outside of a cell."""
    if not _in_a_cell():
        return
    panel = ProgressPanel(bench, what)
    panel.on_show = lambda records: None if panel.running else panel.end()
    display(panel)  # type: ignore[no-untyped-call]


def _in_a_cell() -> bool:
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return False
    header = kernel.get_parent("shell").get("header", {})
    return bool(header.get("msg_type") == "execute_request")
