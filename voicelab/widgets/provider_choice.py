"""The providers to choose from, each with its limits in words."""

import html
from collections.abc import Callable, Iterable, Sequence

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.providers import PROVIDERS
from voicelab.providers.words import limits_text, where_text
from voicelab.widgets.bench import Bench


class ProviderChoice(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A checkbox for each provider, with what it takes, costs, and why it cannot be called."""

    def __init__(self, bench: Bench, on_edit: Callable[[object], None]) -> None:
        super().__init__()
        self._bench = bench
        self._on_edit = on_edit
        self._lines: dict[str, tuple[w.Checkbox, w.HTML]] = {}
        self.chosen = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names that are checked, in the order they stand in."""
        return tuple(name for name, (box, _) in self._lines.items() if box.value)

    @chosen.setter
    def chosen(self, names: Sequence[str]) -> None:
        order = dict.fromkeys([*names, *self._lines, *PROVIDERS])
        self._lines = {name: self._lines.get(name) or self._line(name) for name in order}
        for name, (box, _) in self._lines.items():
            box.value = name in names
        self.children = [
            w.HBox(line, layout=w.Layout(align_items="baseline")) for line in self._lines.values()
        ]
        self.refresh()

    @property
    def names(self) -> Iterable[str]:
        """All names there are to choose from."""
        return self._lines.keys()

    def refresh(self) -> None:
        """Say anew what can be called: a key may have been set since."""
        for name, (_, words) in self._lines.items():
            words.value = _words(self._bench, name)

    def _line(self, name: str) -> tuple[w.Checkbox, w.HTML]:
        box = w.Checkbox(
            description=name,
            indent=False,
            tooltip=f"Send the batch to {name}",
            layout=w.Layout(width="185px", flex="0 0 auto"),
        )
        box.observe(self._on_edit, "value")
        return box, w.HTML()


def _words(bench: Bench, name: str) -> str:
    try:
        provider = bench.provider(name)
    except UsageError as error:
        kind = PROVIDERS.get(name)
        limits = f"{limits_text(kind.published)}. " if kind else ""
        return _line(limits, f"Not available: {error}", "away")
    limits = f"{limits_text(provider.limits)}. "
    return _line(limits, where_text(provider), "emulated" if provider.emulated else "ready")


def _line(limits: str, where: str, state: str) -> str:
    return (
        f'<span class="voicelab-limits" data-state="{state}">'
        f"{html.escape(limits)}<b>{html.escape(where)}</b></span>"
    )
