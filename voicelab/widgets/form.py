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
from voicelab.template import fields, read_rows, reference_in
from voicelab.widgets.bench import Bench
from voicelab.widgets.guard import Guard
from voicelab.widgets.provider_choice import ProviderChoice
from voicelab.widgets.references import References
from voicelab.widgets.typed import (
    read_options,
    read_path,
    read_table,
    read_values,
    read_whole,
    write_options,
    write_table,
    write_values,
)

LANGUAGES = {
    "by its script": "",
    "Arabic": "ar",
    "Chinese (Cantonese)": "yue",
    "Chinese (Mandarin)": "zh",
    "Dutch": "nl",
    "English": "en",
    "English (British)": "en-GB",
    "French": "fr",
    "German": "de",
    "Hindi": "hi",
    "Indonesian": "id",
    "Italian": "it",
    "Japanese": "ja",
    "Korean": "ko",
    "Polish": "pl",
    "Portuguese": "pt",
    "Portuguese (Brazil)": "pt-BR",
    "Russian": "ru",
    "Spanish": "es",
    "Swedish": "sv",
    "Thai": "th",
    "Turkish": "tr",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
}
VALUES = "One value a line, or several on one line with ; between them"
TABLE = (
    "Paste a table with a header (label, prompt, preview_text, language, reference, transcript, "
    "and any variable; commas or tabs), or write one prompt a line. Beside a template with "
    "variables, or instead of it."
)


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
        self.guard = Guard()
        self.on_edit: Callable[[], None] = lambda: None
        """Called after every change, on whatever thread it came."""
        self._folder = Path()
        self._own_file: Path | None = None
        self._loading = False
        self._make_fields()
        self._edited = self.guard.watch(self._tell, clears=False)
        self.providers = ProviderChoice(bench, self._edited)
        self.references = References(bench, self.add_rows)
        self.values: dict[str, w.Textarea] = {}
        self._every_value: dict[str, w.Textarea] = {}
        self._values = w.VBox()
        self.options: dict[str, w.Textarea] = {}
        self._options = w.VBox()
        super().__init__(self._layout())
        for field in self._fields:
            field.observe(self._edited, "value")
        self.template.observe(self.guard.watch(self._template_typed), "value")
        self.load(experiment or sample())

    def _make_fields(self) -> None:
        self.experiment_name = _text("Experiment", "The name this batch is filed under")
        self.template = _area("Template", "The prompt, with {name} where a variable goes", rows=3)
        self.table = _area("Prompts", TABLE, rows=7)
        self.table_file = _text("Prompt file", "A CSV file of further rows")
        self.preview_text = _area("Preview text", "What the voices say", rows=2)
        self.language = w.Dropdown(
            description="Language",
            tooltip="Language of the preview text",
            style=_LABELS,
            layout=w.Layout(width="330px"),
        )
        self.takes = _text("Takes", "How often each prompt goes to each provider", width="180px")
        self.takes.style = {"description_width": "80px"}
        self.seed = _text("Seed", "The same seed and take give the same voice", width="210px")
        self.budget = _text("Budget", "The most this batch may spend", width="440px")
        self.budget.placeholder = "no limit; or USD 5, tencent-mps 20"
        self.path = _text("File", "Path of an experiment file", width="420px")
        self.path.placeholder = "narrators.toml"
        self._fields = (
            self.experiment_name, self.template, self.table, self.table_file, self.preview_text,
            self.language, self.takes, self.seed, self.budget,
        )  # fmt: skip

    def _layout(self) -> list[w.Widget]:
        load = w.Button(description="Load", icon="folder-open", tooltip="Fill the form from it")
        save = w.Button(description="Save", icon="save", tooltip="Write the form to it")
        load.on_click(self.guard.watch(self._load_clicked))
        save.on_click(self.guard.watch(self._save_clicked))
        drawers = {
            "Table of prompts": w.VBox(
                [w.HTML(f'<p class="voicelab-hint">{TABLE}</p>'), self.table]
            ),
            "References to clone": self.references,
            "Seed, prompt file, extra request fields": w.VBox(
                [self.seed, self.table_file, self._options]
            ),
            "Load or save": w.HBox([self.path, load, save]),
        }
        self.drawers = w.Accordion(
            list(drawers.values()), titles=tuple(drawers), selected_index=None
        )
        self.drawers.observe(lambda _: self.follow(), "selected_index")
        return [
            self.experiment_name,
            self.template,
            self._values,
            self.preview_text,
            w.HBox([self.language, self.takes, self.budget]),
            self._labelled("Providers", self.providers),
            self.drawers,
            self.guard,
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
        typed = {name: read_values(field.value) for name, field in self.values.items()}
        options = {name: read_options(f.value, name) for name, f in self.options.items()}
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
            options={name: found for name, found in options.items() if found},
            budget=read_budget(self.budget.value),
            folder=self._folder,
        )

    def load(self, experiment: Experiment) -> None:
        """Fill the fields from an experiment."""
        table = write_table(experiment.rows)
        options = {name: write_options(found) for name, found in experiment.options.items()}
        values = {name: write_values(found) for name, found in experiment.variables.items()}
        self._loading = True
        try:
            self._folder = experiment.folder
            self.experiment_name.value = experiment.name
            self.template.value = experiment.template
            self.table.value = table
            self.table_file.value = experiment.rows_file or ""
            self.preview_text.value = experiment.preview_text
            self._show_language(experiment.language or "")
            self.takes.value, self.seed.value = str(experiment.takes), str(experiment.seed)
            self.budget.value = ", ".join(f"{k} {v:g}" for k, v in experiment.budget.items())
            self.providers.chosen = experiment.providers
            self._show_values(dict.fromkeys([*(_names(experiment.template) or ()), *values]))
            for name, field in self.values.items():
                field.value = values.get(name, "")
            self._show_options(options)
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
        table = list(read_table(self.table.value, self.values))
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
        index = self.drawers.selected_index
        if index is not None and self.drawers.children[index] is self.references:
            self.references.refresh()

    def _tell(self, _change: object = None) -> None:
        if not self._loading:
            self.on_edit()

    def _show_language(self, tag: str) -> None:
        known = [*LANGUAGES.items()]
        self.language.options = known if tag in LANGUAGES.values() else [*known, (tag, tag)]
        self.language.value = tag

    def _template_typed(self, _change: object) -> None:
        if self._loading:
            return
        names = _names(self.template.value)
        if names is not None and names != tuple(self.values):
            self._show_values(names)

    def _show_values(self, names: Collection[str]) -> None:
        """Show one field a variable; what was typed for a name before comes back with it."""
        for name in names:
            if name not in self._every_value:
                self._every_value[name] = self._value_field(name)
        self.values = {name: self._every_value[name] for name in names}
        hint = [w.HTML(f'<p class="voicelab-hint voicelab-beside">{VALUES}.</p>')] if names else []
        self._values.children = [*self.values.values(), *hint]

    def _value_field(self, name: str) -> w.Textarea:
        field = _area(name, f"The values of {{{name}}}. {VALUES}.", rows=2)
        field.placeholder = VALUES
        field.observe(self._edited, "value")
        return field

    def _show_options(self, texts: Mapping[str, str]) -> None:
        for name in self.providers.names:
            if name not in self.options:
                self.options[name] = _area(name, f"Extra request fields of {name}, as JSON", rows=2)
                self.options[name].placeholder = '{"field": "value"}, sent to the vendor unchanged'
                self.options[name].observe(self._edited, "value")
            self.options[name].value = texts.get(name, "")
        self._options.children = list(self.options.values())

    def _load_clicked(self, _button: object) -> None:
        path = self._path()
        self.load(Experiment.load(path))
        self._own_file = path
        self.guard.say(f"Loaded {path}.")

    def _save_clicked(self, _button: object) -> None:
        path = self._path()
        try:
            if path.exists() and path != self._own_file:
                self._own_file = path
                raise UsageError(f"{path} is there already; press Save again to replace it.")
            self._found_from(path.parent).save(path)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
        self._own_file = path
        self.guard.say(f"Saved {path}.")

    def _path(self) -> Path:
        path = read_path(self.path.value, "the experiment file")
        if path.suffix != ".toml":
            raise UsageError(
                f"the experiment file is {str(path)!r}; write a path that ends in .toml."
            )
        return path

    def _found_from(self, folder: Path) -> Experiment:
        """Return the experiment so that its files are still found from another folder."""
        experiment = self.experiment
        if folder.absolute() == self._folder.absolute():
            return experiment
        here = self._folder.absolute()
        rows_file = experiment.rows_file and str(here / experiment.rows_file)
        rows = tuple(reference_in(here, row) for row in experiment.rows)
        return replace(experiment, rows_file=rows_file, rows=rows)


_LABELS = {"description_width": "110px"}


def _text(label: str, hint: str, *, width: str = "auto") -> w.Text:
    layout = w.Layout(width=width)
    return w.Text(description=label, tooltip=hint, style=_LABELS, layout=layout)


def _area(label: str, hint: str, *, rows: int) -> w.Textarea:
    layout = w.Layout(width="auto")
    return w.Textarea(description=label, tooltip=hint, rows=rows, style=_LABELS, layout=layout)


def _free(label: str, taken: Collection[str]) -> str:
    numbered = (f"{label} ({number})" for number in itertools.count(2))
    return label if label not in taken else next(name for name in numbered if name not in taken)


def _names(template: str) -> tuple[str, ...] | None:
    """Return the variables of a template, or nothing while it is half typed."""
    try:
        return fields(template)
    except UsageError:
        return None  # the quote says what is missing
