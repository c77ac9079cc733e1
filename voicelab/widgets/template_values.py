"""The variables of a template, each with a field for its values, while the template is typed."""

from collections.abc import Callable, Collection, Mapping

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.template import fields
from voicelab.widgets.form_fields import area
from voicelab.widgets.typed import read_values, write_values

VALUES = "One value a line, or several on one line with ; between them"


class TemplateValues(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """One field a variable; what was typed for a name before comes back with it."""

    def __init__(self, on_edit: Callable[[object], None]) -> None:
        super().__init__()
        self._on_edit = on_edit
        self._every: dict[str, w.Textarea] = {}
        self.fields: dict[str, w.Textarea] = {}

    @property
    def value(self) -> dict[str, tuple[str, ...]]:
        """The values of every variable, none for one that is left empty."""
        return {name: read_values(field.value) for name, field in self.fields.items()}

    def load(self, template: str, values: Mapping[str, Collection[str]]) -> None:
        """Show the variables of a template and those that have values, filled in."""
        texts = {name: write_values(tuple(found)) for name, found in values.items()}
        self._show(dict.fromkeys([*(names_of(template) or ()), *texts]))
        for name, field in self.fields.items():
            field.value = texts.get(name, "")

    def follow(self, template: str) -> None:
        """Show the variables of a template as it is typed; of one half typed, nothing changes."""
        names = names_of(template)
        if names is not None and names != tuple(self.fields):
            self._show(names)

    def _show(self, names: Collection[str]) -> None:
        for name in names:
            if name not in self._every:
                self._every[name] = self._field(name)
        self.fields = {name: self._every[name] for name in names}
        hint = [w.HTML(f'<p class="voicelab-hint voicelab-beside">{VALUES}.</p>')] if names else []
        self.children = [*self.fields.values(), *hint]

    def _field(self, name: str) -> w.Textarea:
        field = area(name, f"The values of {{{name}}}. {VALUES}.", rows=2)
        field.placeholder = VALUES
        field.observe(self._on_edit, "value")
        return field


def names_of(template: str) -> tuple[str, ...] | None:
    """Return the variables of a template, or nothing while it is half typed."""
    try:
        return fields(template)
    except UsageError:
        return None  # the quote says what is missing
