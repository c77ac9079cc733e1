"""The quote of what stands in the form: always current, with every row of the batch beneath."""

import math
from collections.abc import Callable

import ipywidgets as w

from voicelab.engine.sheet import Quote
from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.widgets.bench import Bench
from voicelab.widgets.drawers import Drawers
from voicelab.widgets.form import Form
from voicelab.widgets.guard import Guard, problem, sentence
from voicelab.widgets.quote_text import budget_html, quote_html
from voicelab.widgets.throttle import Throttle
from voicelab.widgets.variants_text import variants_html

TYPING_S = 0.3
MOST_TRIALS = 10_000
"""More in one batch is a slip of the keyboard."""
ROWS = "Every row of the batch"


class QuotePanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """What the batch will take, and the choices that a quote may ask for."""

    def __init__(self, bench: Bench, form: Form) -> None:
        self._bench, self._form = bench, form
        self.sheet: Quote | None = None
        """The sheet of the form as it stands, or nothing while it is being made or cannot be."""
        self.on_show: Callable[[], None] = lambda: None
        """Called whenever the sheet is another, or the choice of leaving out is."""
        self.guard = Guard()
        self.words, self.rows, self.budget = w.HTML(), w.HTML(), w.HTML()
        self.leave_out = _choice("leave out refused trials", "Send the others of the batch")
        self.reuse = _choice(
            "reuse what this lab has already",
            "Take those trials over, free, instead of making new voices",
        )
        self.drawers = Drawers({ROWS: self.rows}, lambda _: self.poke())
        choices = w.HBox([self.leave_out, self.reuse])
        super().__init__([self.budget, self.words, choices, self.drawers, self.guard])
        show = self.guard.watch(self._show, clears=False)
        self._throttle = Throttle(show, every_s=0.0, after_s=TYPING_S, in_pool=True)
        self.leave_out.observe(self.guard.watch(lambda _: self.on_show()), "value")
        self.reuse.observe(self.guard.watch(lambda _: self.forget()), "value")

    def forget(self) -> None:
        """Say that the form changed: the sheet no longer holds."""
        self.sheet = None
        self.on_show()
        self.poke()

    def poke(self) -> None:
        """Make the sheet anew soon, from any thread."""
        self._throttle.poke()

    @property
    def sendable(self) -> bool:
        """Whether the batch may be submitted as it stands."""
        sheet = self.sheet
        if sheet is None or not sheet.trials:
            return False
        refused = sheet.refusals and not self.leave_out.value
        return not refused and not any(share.over for share in sheet.budgets)

    def quoted(self) -> tuple[Experiment, Quote]:
        """Return the experiment of the form with its sheet.

        Raises
        ------
        UsageError
            When it cannot be read, or would be far too large.
        """
        experiment = self._form.experiment
        _require_modest(experiment)
        return experiment, self._bench.quote(experiment, reuse=self.reuse.value)

    def _show(self) -> None:
        sheet = None
        self._form.providers.refresh()
        self.budget.value = budget_html(self._bench.budget_texts)
        try:
            experiment, sheet = self.quoted()
            self.words.value = quote_html(sheet)
            if self.drawers.is_open(ROWS):
                self.rows.value = variants_html(experiment.variants(), sheet)
        except UsageError as error:
            self.words.value = problem(sentence(error))
        partly = sheet is not None and sheet.refusals and sheet.trials
        self.leave_out.layout.display = "" if partly else "none"
        self.reuse.layout.display = "" if sheet is not None and sheet.alike else "none"
        self.sheet = sheet
        self.on_show()


def _choice(words: str, hint: str) -> w.Checkbox:
    layout = w.Layout(width="auto", display="none")
    return w.Checkbox(description=words, tooltip=hint, indent=False, layout=layout)


def _require_modest(experiment: Experiment) -> None:
    cells = math.prod(len(values) for values in experiment.variables.values())
    trials = (cells + len(experiment.rows)) * len(experiment.providers) * experiment.takes
    if trials > MOST_TRIALS:
        raise UsageError(
            f"this makes {trials:,} trials; more than {MOST_TRIALS:,} in one batch are taken for "
            "a slip. Take fewer values or takes, or submit several batches."
        )
