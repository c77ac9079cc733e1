"""The options of every chosen provider: generated fields, and JSON for what is not declared."""

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.providers import PROVIDERS
from voicelab.providers.options import Group, Option, groups_of, packed, unpacked
from voicelab.widgets.bench import Bench
from voicelab.widgets.option_fields import OptionField
from voicelab.widgets.typed import read_options, write_options

HINT = "What the vendors' calls take beside the prompt. What is left empty is not sent."
NONE_CHOSEN = "Choose a provider above, and its options appear here."
NO_OPTIONS = "It declares none."


class ProviderOptions(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The fields of one provider's options, and a place for those a vendor adds tomorrow."""

    def __init__(
        self, provider: str, declared: Sequence[Option], on_edit: Callable[[object], None]
    ) -> None:
        self._provider = provider
        self.fields = {o.path: OptionField(o, provider, on_edit) for o in declared}
        self._groups = groups_of(declared)
        self.raw = w.Textarea(
            description="Other fields",
            tooltip=f"Further request fields of {provider}, as JSON",
            placeholder='{"field": "value"}, sent to the vendor unchanged',
            rows=2,
            style={"description_width": "150px"},
            layout=w.Layout(width="auto"),
        )
        self.raw.observe(on_edit, "value")
        super().__init__([w.HTML(_head(provider)), *self._sections(declared), self.raw])
        self.add_class("voicelab-options")

    def _sections(self, declared: Sequence[Option]) -> list[w.Widget]:
        if not declared:
            return [w.HTML(f'<p class="voicelab-hint">{NO_OPTIONS}</p>')]
        shown: list[w.Widget] = []
        for group in (None, *self._groups.values()):
            own = [self.fields[o.path] for o in declared if o.within == group]
            title = [w.HTML(f"<h5>{html.escape(group.title)}</h5>")] if group else []
            shown += [*title, *own]
        return shown

    @property
    def value(self) -> dict[str, Any]:
        """The options as a batch takes them.

        Raises
        ------
        UsageError
            When a field cannot be read, or one is given there and in JSON.
        """
        raw = read_options(self.raw.value, self._provider)
        grouped: dict[str, dict[str, Any]] = {}
        for field in self.fields.values():
            if (value := field.value) is not None:
                within = field.option.within
                grouped.setdefault(within.name if within else "", {})[field.option.name] = value
        typed = grouped.pop("", {})
        typed |= {name: packed(found, self._groups[name]) for name, found in grouped.items()}
        for name in typed.keys() & raw.keys():
            raise UsageError(
                f"{name} of {self._provider} is given in a field and under Other fields; "
                "empty one of them."
            )
        return {**raw, **typed}

    @property
    def filled(self) -> bool:
        """Whether anything is filled in, readable or not."""
        return bool(self.raw.value.strip()) or any(f.filled for f in self.fields.values())

    def show(self, options: Mapping[str, Any]) -> None:
        """Fill the fields in; what none of them can show stands in JSON."""
        rest = dict(options)
        for field in self.fields.values():
            field.show(None)
        for path, value in self._shown(options).items():
            self.fields[path].show(value)
            rest.pop(path.partition(".")[0], None)
        self.raw.value = write_options(rest)

    def _shown(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return what fields can show, by their paths: of a group, either all or nothing."""
        found: dict[str, Any] = {}
        for name, value in options.items():
            group = self._groups.get(name)
            inner = {name: value} if group is None else _inner(group, value)
            if inner and all(
                p in self.fields and self.fields[p].takes(v) for p, v in inner.items()
            ):
                found |= inner
        return found


class OptionsDrawer(w.VBox):  # type: ignore[misc]
    """The options of the providers that are chosen, and of those that have some set."""

    def __init__(self, bench: Bench, on_edit: Callable[[object], None]) -> None:
        self._bench, self._on_edit = bench, on_edit
        self._of: dict[str, ProviderOptions] = {}
        self._shown: tuple[ProviderOptions, ...] = ()
        super().__init__([w.HTML(f'<p class="voicelab-hint">{NONE_CHOSEN}</p>')])

    def of(self, provider: str) -> ProviderOptions:
        """Return the fields of a provider."""
        if provider not in self._of:
            declared = self._declared(provider)
            self._of[provider] = ProviderOptions(provider, declared, self._on_edit)
        return self._of[provider]

    @property
    def value(self) -> dict[str, dict[str, Any]]:
        """The options of every provider that has some.

        Raises
        ------
        UsageError
            When a field cannot be read.
        """
        found = {name: options.value for name, options in self._of.items()}
        return {name: options for name, options in found.items() if options}

    def show(self, options: Mapping[str, Mapping[str, Any]]) -> None:
        """Fill all fields in."""
        for name in {*self._of, *options}:
            self.of(name).show(options.get(name, {}))

    def choose(self, providers: Iterable[str]) -> None:
        """Show the fields of these providers, and of others that are filled in."""
        filled = (name for name, options in self._of.items() if options.filled)
        shown = tuple(self.of(name) for name in dict.fromkeys([*providers, *filled]))
        if shown != self._shown:
            self._shown = shown
            words = HINT if shown else NONE_CHOSEN
            self.children = [w.HTML(f'<p class="voicelab-hint">{words}</p>'), *shown]

    def _declared(self, name: str) -> tuple[Option, ...]:
        try:
            return self._bench.provider(name).options
        except UsageError:
            kind = PROVIDERS.get(name)
            return kind.declared if kind else ()


def _inner(group: Group, value: object) -> dict[str, Any]:
    """Return the fields of a group by their paths; none where it would not come out the same."""
    try:
        fields = unpacked(value, group)
    except ValueError:
        return {}
    same = packed(fields, group) == value
    return {f"{group.name}.{name}": inner for name, inner in fields.items()} if same else {}


def _head(provider: str) -> str:
    return f"<h4>{html.escape(provider)}</h4>"
