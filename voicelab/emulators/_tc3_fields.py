"""What a parameter of Tencent's may be, and the vendor's no for one that is not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voicelab.emulators._tc3_signature import missing
from voicelab.emulators.base import No


@dataclass(frozen=True, kw_only=True)
class Field:
    """What one parameter may be."""

    kind: str = "string"
    """`string`, `integer`, `float`, `boolean`, `object` or `array`."""
    required: bool = False
    values: tuple[Any, ...] = ()
    """The only ones taken, where they are listed."""
    least: float | None = None
    """Smallest number, or fewest characters or items."""
    above: float | None = None
    """What a number must exceed."""
    most: float | None = None
    """Largest number, or most characters or items."""
    pattern: str = ""
    """What the whole of a string must match."""
    code: str = "InvalidParameterValue"
    """How a value is refused that is none of these."""
    fields: "Mapping[str, Field] | None" = None
    """Of an object; any where not given."""
    items: "Field | None" = None
    """Of an array."""


def check_fields(wish: Mapping[str, Any], fields: Mapping[str, Field], within: str = "") -> None:
    """Raise the vendor's no for a field that is unknown, missing, or not what it takes."""
    for name in wish:
        if name not in fields:
            raise No("UnknownParameter", f"The parameter `{within}{name}` is not recognized.")
    for name, field_ in fields.items():
        value = wish.get(name)
        if value is not None:
            _check_value(value, field_, f"{within}{name}")
        elif field_.required:
            raise No("MissingParameter", missing(f"{within}{name}"))


def _check_value(value: Any, field_: Field, name: str) -> None:
    if not _is(value, field_.kind):
        raise No("InvalidParameter", f"The type of the parameter `{name}` is not valid.")
    if not _fits(value, field_):
        raise No(field_.code, f"The value of the parameter `{name}` is not valid.")
    if field_.fields is not None:
        check_fields(value, field_.fields, f"{name}.")
    if field_.items is not None:
        for place, item in enumerate(value):
            _check_value(item, field_.items, f"{name}.{place}")


def _is(value: Any, kind: str) -> bool:
    if kind == "string":
        return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, bool):
        return kind == "boolean"
    types: Mapping[str, Any] = {
        "integer": int,
        "float": (int, float),
        "boolean": bool,
        "object": dict,
        "array": list,
    }
    return isinstance(value, types[kind])


def _fits(value: Any, field_: Field) -> bool:
    if field_.values and value not in field_.values:
        return False
    if field_.pattern and not re.fullmatch(field_.pattern, value):
        return False
    size = value if isinstance(value, int | float) else len(value)
    return (
        (field_.least is None or size >= field_.least)
        and (field_.above is None or size > field_.above)
        and (field_.most is None or size <= field_.most)
    )
