"""The providers to choose from, each with its limits in words."""

import html
from collections.abc import Callable, Iterable, Sequence

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.providers import PROVIDERS
from voicelab.providers.base import Limits, Provider
from voicelab.providers.words import account_text, limits_text, rules_text, where_text
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
        limits = kind.published if kind else None
        return _line(kind, limits, f"Not available: {error}", "away")
    state = "emulated" if provider.emulated else "ready"
    return _line(provider, provider.limits, where_text(provider), state)


def _line(
    kind: Provider | type[Provider] | None, limits: Limits | None, where: str, state: str
) -> str:
    taken = f"{limits_text(limits)}. " if limits else ""
    source = limits.price.source if limits and limits.price else ""
    account = account_text(limits, end=".") if limits else ""
    rules = html.escape(f"{rules_text(kind) if kind else ''} {account}".strip())
    return (
        f'<div class="voicelab-limits" data-state="{state}">'
        f'<span title="{html.escape(source)}">{html.escape(taken)}</span>'
        f'<b>{html.escape(where)}</b><p class="voicelab-hint">{rules}</p></div>'
    )
