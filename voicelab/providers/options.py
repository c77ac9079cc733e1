"""What an option of a vendor's call is: declared once, as data, for the check, the form, the docs.

Fields a vendor adds tomorrow are not declared and go to it unchanged.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from voicelab.errors import UsageError

_NOTHING = object()
MOST_SHOWN = 200
"""Characters of a value that a sentence repeats."""


class Kind(StrEnum):
    """What a value is."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "one word"
    CHOICES = "list of known words"
    WORDS = "list of words"
    TABLE = "list of rows"
    OBJECT = "object"


@dataclass(frozen=True, kw_only=True)
class Group:
    """An object that options stand in."""

    name: str
    """Its field in the request."""
    title: str
    packed: bool = False
    """Whether it is sent as JSON text."""
    closed: bool = False
    """Whether it takes no field but those that are declared."""
    within: "Group | None" = None
    """The object it stands in itself; the request where not given."""

    @property
    def path(self) -> str:
        """Its name with those of the objects it stands in."""
        return f"{self.within.path}.{self.name}" if self.within else self.name


@dataclass(frozen=True, kw_only=True)
class Option:
    """A field of the call that a batch may set beside its rows."""

    name: str
    """As the vendor has it."""
    title: str
    """For people."""
    kind: Kind
    help: str
    """What it does, in a sentence."""
    source: str
    """Where the vendor says so."""
    within: Group | None = None
    """The object it stands in; the request itself where not given."""
    choices: tuple[str | int, ...] = ()
    """The usual one first, where there is one."""
    others: bool = False
    """Whether other words than `choices` are taken, as far as `pattern` goes."""
    low: float | None = None
    """Of a number, or of how many there are in a list."""
    high: float | None = None
    above: bool = False
    """Whether `low` itself is too little."""
    characters: int | None = None
    """The most a text has."""
    pattern: str = ""
    """Of the whole text."""
    rule: str = ""
    """What `pattern` takes, in words."""
    columns: tuple[str, ...] = ()
    """Of the rows of a table."""
    unit: str = ""
    usual: str = ""
    """What holds where it is not given, in words."""
    example: str = ""
    """A text it takes."""

    @property
    def path(self) -> str:
        """Its name with that of its group."""
        return f"{self.within.path}.{self.name}" if self.within else self.name

    @property
    def taken(self) -> str:
        """What it takes, in words.

        Examples
        --------
        >>> Option(
        ...     name="pitch", title="Pitch", kind=Kind.WHOLE, low=-12, high=12,
        ...     unit="semitones", help="", source="",
        ... ).taken
        'whole numbers from -12 to 12 semitones'
        """
        words = _words(self)
        return f"{words} {self.unit}" if self.unit else words

    def fits(self, value: object) -> bool:
        """Tell whether the vendor takes `value`."""
        if self.kind in (Kind.CHOICES, Kind.WORDS, Kind.TABLE):
            return _is_list(value) and self._many(value)  # type: ignore[arg-type]  # it is one
        return self._one(value)

    def _many(self, values: Sequence[object]) -> bool:
        enough = (self.low or 0) <= len(values) <= (self.high or len(values))
        return enough and all(map(self._one, values))

    def _one(self, value: object) -> bool:
        match self.kind:
            case Kind.YES_NO:
                return isinstance(value, bool)
            case Kind.WHOLE | Kind.NUMBER:
                return self._in_range(value)
            case Kind.TABLE:
                cells = [value.get(c) for c in self.columns] if isinstance(value, Mapping) else [0]
                return all(isinstance(cell, str) for cell in cells)
            case Kind.OBJECT:
                return isinstance(value, Mapping)
            case Kind.CHOICE | Kind.CHOICES if value in self.choices or not self.others:
                return value in self.choices and not isinstance(value, bool)
        return isinstance(value, str) and self._written(value)

    def _written(self, text: str) -> bool:
        short = self.characters is None or len(text) <= self.characters
        return short and (not self.pattern or re.fullmatch(self.pattern, text) is not None)

    def _in_range(self, value: object) -> bool:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (self.kind is Kind.NUMBER and isinstance(value, float)):
            return False
        low, high = self.low, self.high
        if low is not None and (value < low or (self.above and value == low)):  # type: ignore[operator]  # a number by now
            return False
        return high is None or value <= high  # type: ignore[operator]  # as above


def _words(option: Option) -> str:
    match option.kind:
        case Kind.TEXT if option.characters:
            return f"a text of up to {option.characters:,} characters"
        case Kind.TEXT:
            return option.rule or "a text"
        case Kind.YES_NO:
            return "True or False"
        case Kind.WHOLE | Kind.NUMBER:
            return f"{'whole ' if option.kind is Kind.WHOLE else ''}numbers{_range(option)}"
        case Kind.CHOICE:
            return option.rule or _listed(option.choices)
        case Kind.CHOICES:
            return f"a list of {_listed(option.choices)}"
        case Kind.WORDS:
            return "a list of texts"
        case Kind.TABLE:
            return f"a list of rows with {' and '.join(option.columns)}"
    return "an object with fields in it"


def _range(option: Option) -> str:
    low, high = option.low, option.high
    start = f"{'above' if option.above else 'from'} {low:g}" if low is not None else ""
    end = f"{'to' if start and not option.above else 'up to'} {high:g}" if high is not None else ""
    return "".join(f" {part}" for part in (start, end) if part)


def _listed(choices: Iterable[object]) -> str:
    return ", ".join(map(str, choices))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def unpacked(value: object, group: Group) -> Mapping[str, Any]:
    """Return the fields of a group as a request has it.

    Raises
    ------
    ValueError
        When it is not one.
    """
    if group.packed:
        try:
            value = json.loads(value) if isinstance(value, str) else None
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
    if not isinstance(value, Mapping):
        raise ValueError("it is no object")
    return value


def packed(fields: Mapping[str, Any], group: Group) -> Any:
    """Return the fields of a group as a request has them."""
    return json.dumps(dict(fields), ensure_ascii=False) if group.packed else dict(fields)


def groups_of(declared: Iterable[Option]) -> dict[str, Group]:
    """Return the groups of options by their paths, each after the one it stands in."""
    found: dict[str, Group] = {}
    for option in declared:
        _add(option.within, found)
    return found


def _add(group: Group | None, found: dict[str, Group]) -> None:
    if group is not None:
        _add(group.within, found)
        found[group.path] = group


def check_declared(options: Mapping[str, Any], declared: Sequence[Option], *, vendor: str) -> None:
    """Raise `UsageError` for the first option that is not as its vendor documents it."""
    found: dict[Group | None, Mapping[str, Any]] = {None: options}
    for group in groups_of(declared).values():
        outer = found.get(group.within, {})
        if group.name in outer:
            found[group] = _group(outer[group.name], group, declared, vendor)
    for option in declared:
        fields = found.get(option.within, {})
        value = fields.get(option.name, _NOTHING)
        if value is not _NOTHING and not option.fits(value):
            shown = repr(value)[:MOST_SHOWN]
            raise UsageError(f"{option.path} is {shown}; {vendor} takes {option.taken}.")


def _group(
    value: object, group: Group, declared: Sequence[Option], vendor: str
) -> Mapping[str, Any]:
    names = [option.name for option in declared if option.within == group]
    names += [inner.name for inner in groups_of(declared).values() if inner.within == group]
    try:
        fields = unpacked(value, group)
    except ValueError:
        form = "a JSON object as text" if group.packed else "an object"
        raise UsageError(
            f"{group.path} is {repr(value)[:MOST_SHOWN]}; {vendor} takes {form} with such fields "
            f"as {', '.join(names)}."
        ) from None
    for name in fields:
        if group.closed and name not in names:
            raise UsageError(
                f"{group.path} has a field {name!r}; {vendor} knows {', '.join(names)}."
            )
    return fields
