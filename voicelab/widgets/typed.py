"""Typed text to values, rows, options and paths, and back: all that a person may paste."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from voicelab.errors import UsageError
from voicelab.template import ROW_FIELDS


def read_values(text: str) -> tuple[str, ...]:
    """Return the values of a variable: one a line, or separated by `;` where it is one line.

    Examples
    --------
    >>> read_values("deep, warm; bright")
    ('deep, warm', 'bright')
    """
    parts = text.split("\n" if "\n" in text else ";")
    return tuple(value for part in parts if (value := part.strip()))


def write_values(values: Sequence[str]) -> str:
    """Return values as `read_values` reads them.

    Raises
    ------
    UsageError
        When a value has a line break, which cannot be typed in a list of lines.
    """
    for value in values:
        if "\n" in value:
            raise UsageError(f"the value {value!r} has a line break; the form takes one line each.")
    if not any(";" in value for value in values):
        return "; ".join(values)
    return "\n".join(values) + "\n"


def read_table(text: str, variables: Iterable[str] = ()) -> tuple[dict[str, str], ...]:
    """Return the rows of a pasted table, or of one prompt a line.

    It is a table when its first line is a header: names, separated by commas or tabs, of which
    one is of `ROW_FIELDS` or of `variables`.

    Raises
    ------
    UsageError
        When it cannot be read as a table, naming the row.
    """
    text = text.replace("\r\n", "\n").lstrip("\ufeff\n")
    first, _, rest = text.partition("\n")
    delimiter = "\t" if "\t" in first else ","
    header = [name.strip().strip('"') for name in first.split(delimiter)]
    if not _is_header(header, {*ROW_FIELDS, *variables}):
        return tuple({"prompt": prompt} for line in text.split("\n") if (prompt := line.strip()))
    return _rows(header, rest, delimiter)


def _is_header(names: Sequence[str], known: set[str]) -> bool:
    return all(name.isidentifier() for name in names) and not known.isdisjoint(names)


def _rows(header: Sequence[str], text: str, delimiter: str) -> tuple[dict[str, str], ...]:
    if len(set(header)) < len(header):
        raise UsageError(
            f"the table of prompts has a column twice in its header {', '.join(header)!r}; "
            "give every column a name of its own."
        )
    try:
        found = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UsageError(
            f"the table of prompts cannot be read: {error}. Close every quotation mark, and "
            'double those inside a cell ("").'
        ) from None
    rows = [cells for cells in found if any(cell.strip() for cell in cells)]
    if not rows:
        raise UsageError("the table of prompts has a header and no rows; add one, or empty it.")
    return tuple(_row(header, cells, number) for number, cells in enumerate(rows, start=1))


def _row(header: Sequence[str], cells: Sequence[str], number: int) -> dict[str, str]:
    if len(cells) > len(header):
        raise UsageError(
            f"row {number} of the table of prompts has {len(cells)} cells and the header "
            f"{len(header)}; put quotation marks around text that contains the separator."
        )
    return {
        name: value for name, cell in zip(header, cells, strict=False) if (value := cell.strip())
    }


def write_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows as `read_table` reads them: CSV with a header line."""
    if not rows:
        return ""
    found = dict.fromkeys(name for row in rows for name in row)
    header = sorted(found, key=lambda name: name not in ROW_FIELDS)
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_options(text: str, provider: str) -> dict[str, Any]:
    """Return extra request fields of a provider, typed as a JSON object.

    Raises
    ------
    UsageError
        When it is not one, or holds what an experiment file cannot keep.
    """
    if not text.strip():
        return {}
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(
            f"the options of {provider} are not valid JSON: {why}. "
            'Write an object such as {"field": "value"}, or leave them empty.'
        ) from None
    if not isinstance(found, dict):
        raise UsageError(
            f"the options of {provider} are {text.strip()[:40]!r}; "
            'write a JSON object such as {"field": "value"}.'
        )
    _refuse_null(found, provider)
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _refuse_null(value: object, provider: str) -> None:
    if value is None:
        raise UsageError(
            f"the options of {provider} hold null, which an experiment file cannot keep; "
            "leave the field out."
        )
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        _refuse_null(part, provider)


def write_options(options: Mapping[str, Any]) -> str:
    """Return extra request fields as `read_options` reads them."""
    return json.dumps(dict(options), ensure_ascii=False, indent=1) if options else ""


def read_path(text: str, what: str) -> Path:
    """Return a typed path, `~` being the home folder.

    Raises
    ------
    UsageError
        When no file can have it.
    """
    try:
        path = Path(text.strip()).expanduser()
    except RuntimeError:
        raise UsageError(f"{what} is {text.strip()!r}, and there is no such home folder.") from None
    if "\0" in text:
        raise UsageError(f"{what} is {text.strip()!r}; no file can be called that.")
    return path


def read_whole(text: str, what: str) -> int:
    """Return a typed whole number."""
    try:
        return int(text.strip())
    except ValueError:
        raise UsageError(f"{what} is {text.strip()[:40]!r}; it must be a whole number.") from None
