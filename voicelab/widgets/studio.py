"""The studio: one page to describe voices, run the batch, and compare what comes back."""

import html
from collections.abc import Sequence
from pathlib import Path
from weakref import WeakValueDictionary

import ipywidgets as w

from voicelab.engine.job import io_loop
from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.model import TrialRecord, TrialState
from voicelab.tables.comparison import Comparison
from voicelab.widgets.batch_choice import BatchChoice
from voicelab.widgets.bench import Bench
from voicelab.widgets.comparer import Comparer
from voicelab.widgets.exports import FAVOURITE, ExportBar
from voicelab.widgets.form import Form
from voicelab.widgets.frame import Frame
from voicelab.widgets.guard import Guard
from voicelab.widgets.in_order import InOrder
from voicelab.widgets.progress import ProgressPanel
from voicelab.widgets.quoting import QuotePanel
from voicelab.widgets.references import added_text, clone_rows
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.voices import VoicesPanel

COMPARE_EVERY_S = 1.5
DESCRIBE, RUN, COMPARE, VOICES, REPORT = "Describe", "Run", "Compare", "Voices", "Report"

NOTHING_YET = "Nothing to hear yet. Press Submit, and every voice appears here as it arrives."
NONE_CAME = "No voice has come yet; the lines above say where each trial stands."
CLONE = f"Put what has {FAVOURITE} stars or more into the table of prompts, to be cloned"
MOVED = "This lab was opened in a newer studio. Run this cell again to go on here."

_newest: "WeakValueDictionary[Path, Studio]" = WeakValueDictionary()
"""By the lab's folder."""


class Studio(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """All of a lab as widgets; run under way or not, it shows the lab as it is.

    A lab has one studio at a time: an older one makes room, so that a cell run again and again
    does not do the same work many times. What was typed there is taken over, unless an experiment
    is given.
    """

    def __init__(self, bench: Bench, experiment: Experiment | None = None) -> None:
        self._bench = bench
        self._known: set[str] = set()
        self._ended: frozenset[tuple[str, TrialState]] = frozenset()
        self._running = self._stopping = False
        self._comparer: Comparer | None = None
        self._make_buttons()
        self.frame = Frame([DESCRIBE, RUN, COMPARE, VOICES, REPORT])
        self.in_order = InOrder(self._missed)
        self.comparing = w.VBox([_empty(NOTHING_YET)])
        self.form = Form(bench, experiment)
        self.quote = QuotePanel(bench, self.form)
        self.panel = ProgressPanel(bench, self._latest())
        self.exports = ExportBar(bench, lambda: self.looking_at)
        self.voices = VoicesPanel(bench)
        super().__init__(self._layout())
        self.in_order.box = self.model_id
        self.add_class("voicelab-studio")
        self._make_room(takes_over=experiment is None)
        self._connect()

    def _connect(self) -> None:
        """Begin to follow the form and the lab, now that all widgets are there to be written."""
        show_voices = self.compare_guard.watch(self._show_voices)
        self._comparing = Throttle(show_voices, every_s=COMPARE_EVERY_S, in_pool=True)
        self.form.on_edit = self.quote.forget
        self.quote.on_show = self._quoted
        self.panel.on_show = self._shown
        self._end = self._bench.on_change(self._changed)
        self.quote.poke()
        self._look_at(self._latest())

    def _latest(self) -> str | None:
        batches = self._bench.batches()
        return batches[0].id if batches else None

    def _make_buttons(self) -> None:
        self.guard, self.compare_guard = Guard(), Guard()
        self.submit = _button("Submit", "Send the batch", icon="play", button_style="primary")
        self.stop = _button("Stop", "Let nothing new start; what is under way is kept")
        self.resume = _button("Resume", "Send what is still waiting")
        self.retry = _button("Retry failed", "Send failed trials again")
        self.stop.add_class("voicelab-at-once")  # whatever was typed before it
        self.clone = _button("Clone the favourites", CLONE, icon="clone")
        self.clone.disabled = False
        self.clone.layout = w.Layout(width="auto", align_self="flex-start", display="none")
        self.choice = BatchChoice()
        self.submit.on_click(self.guard.watch(self._submit))
        self.stop.on_click(self.guard.watch(self._stop))
        self.resume.on_click(self.guard.watch(self._resume))
        self.retry.on_click(self.guard.watch(self._retry))
        self.clone.on_click(self.compare_guard.watch(self._clone))
        self.choice.observe(self.guard.watch(self._chosen), "value")

    def _layout(self) -> list[w.Widget]:
        buttons = w.HBox([self.submit, self.stop, self.resume, self.retry])
        return [
            w.HTML(_title(self._bench)),
            self.frame,
            self.in_order,
            _section(DESCRIBE, [self.form]),
            _section(RUN, [self.quote, buttons, self.guard, self.choice, self.panel]),
            _section(COMPARE, [self.comparing, self.clone, self.compare_guard]),
            _section(VOICES, [self.voices]),
            _section(REPORT, [self.exports]),
        ]

    def _make_room(self, *, takes_over: bool) -> None:
        folder = self._bench.folder.resolve()
        if (older := _newest.get(folder)) is not None:
            older.rest()
            if takes_over:
                self.form.take_over(older.form)
        _newest[folder] = self

    def rest(self) -> None:
        """Follow the lab no longer, and say so."""
        self._end()
        self.panel.end()
        self.children = [_empty(MOVED)]

    def _quoted(self) -> None:
        sheet = self.quote.sheet
        if sheet is not None:
            refused = sum(refusal.trials for refusal in sheet.refusals)
            words = f"{sheet.trials:,} trial{'' if sheet.trials == 1 else 's'}"
            self.frame.tell(DESCRIBE, words + (f", {refused:,} refused" if refused else ""))
        self.submit.disabled = self.panel.running or not self.quote.sendable

    def _submit(self, _button: object) -> None:
        self.submit.disabled = True
        try:
            experiment, sheet = self.quote.quoted()
            if self.quote.sheet is None or sheet.batch_id != self.quote.sheet.batch_id:
                raise UsageError("the form changed; read the new quote, then press Submit again.")
            self._bench.run(
                experiment,
                leave_out_refused=self.quote.leave_out.value,
                reuse=self.quote.reuse.value,
            )
            self._look_at(sheet.batch_id)
        finally:
            self.panel.poke()

    def _missed(self, section: str, words: str) -> None:
        guards = {
            DESCRIBE: self.form.guard,
            COMPARE: self.compare_guard,
            VOICES: self.voices.guard,
            REPORT: self.exports.guard,
        }
        guards.get(section, self.guard).show(UsageError(words))

    def _stop(self, _button: object) -> None:
        self._stopping = True
        self._bench.stop()
        self.panel.poke()

    def _resume(self, _button: object) -> None:
        self._bench.resume(self.looking_at)
        self.panel.look_at(self.looking_at)

    def _retry(self, _button: object) -> None:
        if self._bench.retry(self.looking_at):
            self._resume(_button)
        left = [r.trial.id for r in self._bench.records(self.looking_at) if r.given_up]
        if left:
            self.guard.say(
                f"{len(left)} given up in doubt, such as {left[0]}: not retried, since it may be "
                "paid for twice. To send one anew all the same: lab.resend(trial)."
            )

    def _clone(self, _button: object) -> None:
        """Put the favourites of what is shown into the form, as references."""
        records = self._bench.records(self.looking_at)
        chosen = [r for r in records if r.clip_hash and (r.rating or 0) >= FAVOURITE]
        if not chosen:
            raise UsageError(
                f"none of these voices has {FAVOURITE} stars or more; give them, then press again."
            )
        added = self.form.add_rows(clone_rows(chosen))
        self.compare_guard.say(
            f"{added_text(added, len(chosen))} Choose providers that clone, then press Submit."
        )
        self.frame.go(DESCRIBE)

    @property
    def looking_at(self) -> str | None:
        """The batch or experiment that is shown, or nothing for the whole lab."""
        return self.choice.chosen

    def _look_at(self, what: str | None) -> None:
        """Choose a batch that may be new; from any thread."""
        io_loop().call_soon_threadsafe(self.guard.watch(self._fill_choice, clears=False), what)

    def _fill_choice(self, what: str | None) -> None:
        batches = self._bench.batches()
        self._known = {batch.id for batch in batches}
        self.choice.fill(batches, what)
        self._chosen()

    def _chosen(self, _change: object = None) -> None:
        self.panel.look_at(self.looking_at)
        self._comparing.poke()

    def _changed(self, record: TrialRecord) -> None:
        if record.trial.batch_id not in self._known:
            self._look_at(record.trial.batch_id)

    def _shown(self, records: Sequence[TrialRecord]) -> None:
        """Follow the progress panel, on its thread."""
        running, states = self.panel.running, {record.state for record in records}
        if self._running and not running:
            self._stopping = False
            self.quote.poke()
        self._running = running
        self._quoted()
        done = sum(record.state is TrialState.DONE for record in records)
        self.frame.tell(RUN, f"{done:,} of {len(records):,} done" if records else "")
        self.stop.disabled = not running or self._stopping
        self.stop.description = "Stopping …" if self._stopping else "Stop"
        self.resume.disabled = running or all(state.is_final for state in states)
        self.retry.disabled = running or TrialState.FAILED not in states
        ended = frozenset((r.trial.id, r.state) for r in records if r.state.is_final)
        if ended != self._ended:
            self._ended = ended
            self._comparing.poke()
            self.form.follow()

    def _comparison(self) -> Comparison:
        return self._bench.compare(self.looking_at)

    def _show_voices(self) -> None:
        comparison = self._comparison()
        if not any(record.state is TrialState.DONE for record in comparison.records):
            words = NONE_CAME if len(comparison) else NOTHING_YET
            self.comparing.children = [_empty(words)]
            self.clone.layout.display = "none"
        elif self._comparer is None:
            rate, note, star = self._bench.rate, self._bench.note, self._bench.star
            self._comparer = Comparer(comparison, on_rate=rate, on_note=note, on_star=star)
            self._show_comparer(self._comparer)
        else:
            self._comparer.update(comparison)
            self._show_comparer(self._comparer)

    def _show_comparer(self, comparer: Comparer) -> None:
        self.comparing.children = [comparer]
        self.clone.layout.display = ""


def _title(bench: Bench) -> str:
    mode = (
        "Live: vendors are called, and that costs money."
        if bench.live
        else "Offline: nothing beyond this machine is called."
    )
    folder = html.escape(str(bench.folder))
    words = f"<b>Voice studio</b><span>{mode}</span><code>{folder}</code>"
    return f'<div class="voicelab-title">{words}</div>'


def _section(title: str, widgets: Sequence[w.Widget]) -> w.VBox:
    section = w.VBox([w.HTML(f"<h3>{title}</h3>"), *widgets])
    section.add_class("voicelab-section")
    section.add_class(f"voicelab-section-{title.lower()}")
    return section


def _empty(text: str) -> w.HTML:
    return w.HTML(f'<div class="voicelab-empty">{text}</div>')


def _button(name: str, hint: str, **looks: str) -> w.Button:
    return w.Button(
        description=name, tooltip=hint, disabled=True, layout=w.Layout(width="auto"), **looks
    )
