"""The drawer of the experiment file: load it into the form, save the form to it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.template import reference_in
from voicelab.widgets.form_fields import text
from voicelab.widgets.guard import Guard
from voicelab.widgets.typed import read_path

HINT = "The whole form as a TOML file, for <code>voicelab run</code>, a colleague, or next week."


class ExperimentFile(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A path and two buttons.

    Parameters
    ----------
    load
        Takes the experiment of a file.
    current
        Gives the experiment to save.
    """

    def __init__(
        self, load: Callable[[Experiment], None], current: Callable[[], Experiment]
    ) -> None:
        self._load, self._current = load, current
        self._own: Path | None = None
        self.guard = Guard()
        self.path = text("File", "Path of an experiment file", width="min(420px, 100%)")
        self.path.placeholder = "narrators.toml"
        self.load = w.Button(
            description="Load", icon="folder-open", tooltip="Fill the form from it"
        )
        self.save = w.Button(description="Save", icon="save", tooltip="Write the form to it")
        self.load.on_click(self.guard.watch(self._load_clicked))
        self.save.on_click(self.guard.watch(self._save_clicked))
        hint = w.HTML(f'<p class="voicelab-hint">{HINT}</p>')
        bar = w.HBox([self.path, self.load, self.save], layout=w.Layout(flex_flow="row wrap"))
        super().__init__([hint, bar, self.guard])

    def _load_clicked(self, _button: object) -> None:
        path = self._path()
        self._load(Experiment.load(path))
        self._own = path
        self.guard.say(f"Loaded {path}.")

    def _save_clicked(self, _button: object) -> None:
        path = self._path()
        try:
            if path.exists() and path != self._own:
                self._own = path
                raise UsageError(f"{path} is there already; press Save again to replace it.")
            found_from(path.parent, self._current()).save(path)
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
        self._own = path
        self.guard.say(f"Saved {path}.")

    def _path(self) -> Path:
        path = read_path(self.path.value, "the experiment file")
        if path.suffix != ".toml":
            raise UsageError(
                f"the experiment file is {str(path)!r}; write a path that ends in .toml."
            )
        return path


def found_from(folder: Path, experiment: Experiment) -> Experiment:
    """Return an experiment so that its files are still found from another folder."""
    here = experiment.folder.absolute()
    if folder.absolute() == here:
        return experiment
    rows_file = experiment.rows_file and str(here / experiment.rows_file)
    rows = tuple(reference_in(here, row) for row in experiment.rows)
    return replace(experiment, rows_file=rows_file, rows=rows)
