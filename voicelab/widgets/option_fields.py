"""One option of a provider as a field to fill in, and back: empty means that it is not sent."""

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as w

from voicelab.errors import UsageError
from voicelab.providers.options import Kind, Option
from voicelab.widgets.typed import read_values, write_values

UNSET = "not sent"
_STYLE = {"description_width": "150px"}
MOST_ROWS = 4


class OptionField(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A field with what it takes beneath it."""

    def __init__(self, option: Option, provider: str, on_edit: Callable[[object], None]) -> None:
        self.option = option
        self._provider = provider
        self.field = _field(option)
        self.field.observe(on_edit, "value")
        super().__init__([self.field, w.HTML(_hint(option))])
        self.add_class("voicelab-option")

    @property
    def filled(self) -> bool:
        """Whether it is not left empty."""
        typed = self.field.value
        return bool(typed.strip()) if isinstance(typed, str) else typed not in (None, ())

    @property
    def value(self) -> Any:
        """What is filled in, as the request has it; nothing where it is left empty.

        Raises
        ------
        UsageError
            When it cannot be read, or the vendor does not take it.
        """
        typed = self.field.value
        if not self.filled:
            return None
        value = _read(self.option, typed)
        if value is None or not self.option.fits(value):
            raise UsageError(
                f"{self.option.path} is {typed!r:.200}; {self._provider} takes {self.option.taken}."
            )
        return value

    def takes(self, value: object) -> bool:
        """Tell whether the field can show `value` so that it comes out the same."""
        if not self.option.fits(value):
            return False
        try:
            return bool(_read(self.option, _typed(self.option, value)) == value)
        except UsageError:
            return False

    def show(self, value: object) -> None:
        """Fill the field in, or empty it."""
        empty = () if isinstance(self.field, w.SelectMultiple) else ""
        self.field.value = empty if value is None else _typed(self.option, value)


def _field(option: Option) -> w.DOMWidget:
    looks: dict[str, Any] = {
        "description": option.title,
        "tooltip": f"{option.path}: {option.help}",
        "style": _STYLE,
        "layout": w.Layout(width="min(460px, 100%)"),
    }
    match option.kind:
        case Kind.YES_NO:
            return w.Dropdown(options=[(UNSET, ""), ("yes", True), ("no", False)], **looks)
        case Kind.CHOICE if option.others:
            names = [str(choice) for choice in option.choices]
            return w.Combobox(options=names, placeholder=names[0], **looks)
        case Kind.CHOICE:
            return w.Dropdown(
                options=[(UNSET, ""), *((str(c), c) for c in option.choices)], **looks
            )
        case Kind.CHOICES:
            rows = min(len(option.choices), MOST_ROWS)
            pairs = [(str(choice), choice) for choice in option.choices]
            return w.SelectMultiple(options=pairs, rows=rows, **looks)
        case Kind.TABLE:
            return w.Textarea(placeholder=" = ".join(option.columns), rows=2, **looks)
    return w.Text(placeholder=option.example or UNSET, **looks)


def _hint(option: Option) -> str:
    usual = f" If empty: {option.usual}." if option.usual else ""
    several = " Several with Ctrl or Shift." if option.kind is Kind.CHOICES else ""
    lines = f" One a line: {' = '.join(option.columns)}." if option.kind is Kind.TABLE else ""
    words = " Several with ; between them." if option.kind is Kind.WORDS else ""
    bound = option.kind in (Kind.WHOLE, Kind.NUMBER) or option.rule or option.characters
    takes = f" Takes {option.taken}." if bound else f" In {option.unit}." if option.unit else ""
    text = html.escape(f"{option.help}{takes}{usual}{several}{lines}{words}")
    source = html.escape(option.source)
    return (
        f'<p class="voicelab-hint">{text} <a href="{source}" target="_blank" rel="noreferrer" '
        f'aria-label="where the vendor says so of {html.escape(option.path)}">source</a></p>'
    )


def _read(option: Option, typed: Any) -> Any:
    """Return what was typed or chosen as the request has it; nothing where it is not readable."""
    match option.kind:
        case Kind.WHOLE | Kind.NUMBER:
            return _number(typed)
        case Kind.CHOICES:
            return list(typed)
        case Kind.WORDS:
            return list(read_values(typed))
        case Kind.TABLE:
            return [_row(option, line) for line in typed.split("\n") if line.strip()]
    return typed.strip() if isinstance(typed, str) else typed


def _number(typed: str) -> int | float | None:
    for read in (int, float):
        try:
            return read(typed.strip())
        except ValueError:
            continue
    return None


def _row(option: Option, line: str) -> dict[str, str]:
    cells = [cell.strip() for cell in line.split("=")]
    if len(cells) != len(option.columns) or not all(cells):
        raise UsageError(
            f"{option.path} has the line {line.strip()!r:.80}; write {' = '.join(option.columns)}."
        )
    return dict(zip(option.columns, cells, strict=True))


def _typed(option: Option, value: Any) -> Any:
    match option.kind:
        case Kind.CHOICES:
            return tuple(value)
        case Kind.WORDS:
            return write_values(value)
        case Kind.TABLE:
            return "\n".join(" = ".join(row.get(c, "") for c in option.columns) for row in value)
        case Kind.WHOLE | Kind.NUMBER:
            return f"{value!r}"
    return value
