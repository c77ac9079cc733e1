"""The form: an experiment as fields to type in, and back."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import ipywidgets as w

from voicelab.engine.budget import read_budget
from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.shipped import shipped
from voicelab.template import read_rows
from voicelab.widgets.bench import Bench
from voicelab.widgets.counters import known, preview_count, prompt_count
from voicelab.widgets.drawers import Drawers
from voicelab.widgets.experiment_file import ExperimentFile
from voicelab.widgets.form_fields import Language, area, text
from voicelab.widgets.guard import Guard
from voicelab.widgets.options import OptionsDrawer
from voicelab.widgets.provider_choice import ProviderChoice
from voicelab.widgets.references import References
from voicelab.widgets.template_values import TemplateValues
from voicelab.widgets.typed import read_table, read_whole, write_table

TABLE = (
    "Paste a table with a header (label, prompt, preview_text, language, reference, transcript, "
    "and any variable; commas or tabs), or write one prompt a line. Beside a template with "
    "variables, or instead of it."
)
REFERENCES = "References to clone"
PROMPTS = "Table of prompts"


def sample() -> Experiment:
    """Return the experiment the form starts with; it runs offline as it stands."""
    found = Experiment.load(shipped("prompts") / "narrators.toml")
    if found.rows_file is None:
        return found
    rows = tuple(read_rows(found.folder / found.rows_file))
    return replace(found, rows=(*found.rows, *rows), rows_file=None, folder=Path())


class Form(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """Fields for everything an experiment holds."""

    def __init__(self, bench: Bench, experiment: Experiment | None = None) -> None:
        self._bench = bench
        self.guard = Guard()
        self.on_edit: Callable[[], None] = lambda: None
        """Called after every change, on whatever thread it came."""
        self._folder = Path()
        self._loading = False
        self._make_fields()
        self._edited = self.guard.watch(self._tell, clears=False)
        self.providers = ProviderChoice(bench, self._edited)
        self.references = References(bench, self.add_rows)
        self.options = OptionsDrawer(bench, self._edited)
        self.values = TemplateValues(self._edited)
        self.file = ExperimentFile(self.load, lambda: self.experiment)
        super().__init__(self._layout())
        for field in self._fields:
            field.observe(self._edited, "value")
        self.load(experiment or sample())

    def _make_fields(self) -> None:
        self.experiment_name = text("Experiment", "The name this batch is filed under")
        self.template = area("Template", "The prompt, with {name} where a variable goes", rows=3)
        self.table = area("Prompts", TABLE, rows=7)
        self.table_file = text("Prompt file", "A CSV file of further rows")
        self.preview_text = area("Preview text", "What the voices say", rows=2)
        self.prompt_count, self.preview_count = w.HTML(), w.HTML()
        self.language = Language()
        self.takes = text("Takes", "How often each prompt goes to each provider", width="180px")
        self.takes.style = {"description_width": "80px"}
        self.seed = text("Seed", "The same seed and take give the same voice", width="210px")
        self.budget = text("Budget", "The most this batch may spend", width="440px")
        self.budget.placeholder = "no limit; or USD 5, tencent-mps 20"
        self._fields = (
            self.experiment_name, self.template, self.table, self.table_file, self.preview_text,
            self.language, self.takes, self.seed, self.budget,
        )  # fmt: skip

    def _layout(self) -> list[w.Widget]:
        hint = w.HTML(f'<p class="voicelab-hint">{TABLE}</p>')
        parts = {
            "Options of the providers": self.options,
            PROMPTS: w.VBox([hint, self.table]),
            REFERENCES: self.references,
            "Seed and prompt file": w.VBox([self.seed, self.table_file]),
            "Load or save": self.file,
        }
        self.drawers = Drawers(parts, lambda _: self.follow())
        row = w.HBox([self.language, self.takes, self.budget], layout=_WRAP)
        return [
            self.experiment_name,
            *(self.template, self.prompt_count, self.values),
            *(self.preview_text, self.preview_count, row),
            self._labelled("Providers", self.providers),
            *(self.drawers, self.guard),
        ]

    @staticmethod
    def _labelled(label: str, widget: w.Widget) -> w.Box:
        name = w.HTML(f'<div class="voicelab-label">{label}</div>')
        return w.HBox([name, widget])

    @property
    def experiment(self) -> Experiment:
        """The experiment as it stands in the fields.

        Raises
        ------
        UsageError
            For what cannot be read as a number, a table or JSON.
        """
        typed = self.values.value
        return Experiment(
            name=self.experiment_name.value.strip() or "untitled",
            providers=self.providers.chosen,
            takes=read_whole(self.takes.value, "takes"),
            seed=read_whole(self.seed.value, "seed"),
            preview_text=self.preview_text.value,
            language=self.language.value or None,
            template=self.template.value,
            variables={name: values for name, values in typed.items() if values},
            rows=read_table(self.table.value, typed),
            rows_file=self.table_file.value.strip() or None,
            options=self.options.value,
            budget=read_budget(self.budget.value),
            folder=self._folder,
        )

    def load(self, experiment: Experiment) -> None:
        """Fill the fields from an experiment."""
        table = write_table(experiment.rows)
        self._loading = True
        try:
            self.values.load(experiment.template, experiment.variables)
            self._folder = experiment.folder
            self.experiment_name.value = experiment.name
            self.template.value = experiment.template
            self.table.value = table
            self.table_file.value = experiment.rows_file or ""
            self.preview_text.value = experiment.preview_text
            self.language.show(experiment.language or "")
            self.takes.value, self.seed.value = str(experiment.takes), str(experiment.seed)
            self.budget.value = ", ".join(f"{k} {v:g}" for k, v in experiment.budget.items())
            self.providers.chosen = experiment.providers
            self.options.show(experiment.options)
        finally:
            self._loading = False
        self._edited()

    def take_over(self, older: "Form") -> None:
        """Go on with what stands in an older form, finished or half typed."""
        try:
            options = older.options.value
        except UsageError:
            options = {}  # JSON half typed
        self._loading = True
        try:
            self.values.load(older.template.value, older.values.value)
            self._folder = older._folder
            for field, before in zip(self._fields, older._fields, strict=True):
                field.value = before.value
            self.providers.chosen = older.providers.chosen
            self.options.show(options)
        finally:
            self._loading = False
        self._edited()

    def add_rows(self, rows: Sequence[Mapping[str, str]]) -> int:
        """Put rows at the end of the table of prompts; return how many.

        A reference that is in the table stays there once; a label that is taken gets a number;
        what the form says for all rows is not said again.

        Raises
        ------
        UsageError
            When the table as it stands cannot be read.
        """
        table = list(read_table(self.table.value, self.values.fields))
        before = len(table)
        same = {"preview_text": self.preview_text.value, "language": self.language.value}
        for row in rows:
            if row.get("reference") not in {known.get("reference") for known in table}:
                taken = {known.get("label", "") for known in table}
                own = {name: text for name, text in row.items() if text != same.get(name)}
                table.append({**own, "label": _free(row["label"], taken)})
        self.table.value = write_table(table)
        return len(table) - before

    def follow(self) -> None:
        """Look anew for trials to clone, where their drawer is open."""
        if self.drawers.is_open(REFERENCES):
            self.references.refresh()

    def _tell(self, _change: object = None) -> None:
        if self._loading:
            return
        self.values.follow(self.template.value)
        self.options.choose(self.providers.chosen)
        self._count()
        self.on_edit()

    def _count(self) -> None:
        providers = known(self._bench, self.providers.chosen)
        self.preview_count.value = preview_count(self.preview_text.value, providers)
        values = self.values.value
        self.prompt_count.value = prompt_count(self.template.value, values, providers)
        self.drawers.count(PROMPTS, _rows_text(self.table.value, values))


_WRAP = w.Layout(flex_flow="row wrap")


def _rows_text(table: str, variables: Collection[str]) -> str:
    """Return how many rows a table of prompts has, or nothing where it cannot be read yet."""
    try:
        rows = len(read_table(table, variables))
    except UsageError:
        return ""
    return f"{rows:,} row{'' if rows == 1 else 's'}" if rows else ""


def _free(label: str, taken: Collection[str]) -> str:
    numbered = (f"{label} ({number})" for number in itertools.count(2))
    return label if label not in taken else next(name for name in numbered if name not in taken)
