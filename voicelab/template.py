"""Prompt templates: `{age} {gender} narrator` and lists of values become prompt variants."""

import csv
import itertools
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Reference

ROW_FIELDS = ("label", "prompt", "preview_text", "language", "reference", "transcript")
"""The column names of a prompt table that are not template variables."""

_FORMATTER = string.Formatter()


def fields(template: str) -> tuple[str, ...]:
    """Return the variable names of a template, in order of first use.

    Raises
    ------
    UsageError
        For a brace that does not close, or a variable without a plain name.

    Examples
    --------
    >>> fields("{age} {gender} narrator, {age}")
    ('age', 'gender')
    """
    try:
        names = [name for _, name, _, _ in _FORMATTER.parse(template) if name is not None]
    except ValueError as error:
        raise UsageError(
            f"the template {template!r} cannot be read: {error}. "
            "Write variables as {name}, and a plain brace as {{ or }}."
        ) from None
    for name in names:
        if not name.isidentifier():
            raise UsageError(
                f"the template {template!r} has {{{name}}}; a variable needs a plain name "
                "such as {tone}."
            )
    return tuple(dict.fromkeys(names))


def fill(template: str, values: Mapping[str, str], *, row: str) -> str:
    """Return `template` with its variables filled in; `row` names it in an error.

    Raises
    ------
    UsageError
        When a variable has no value, or an empty one.
    """
    missing = [name for name in fields(template) if not str(values.get(name, "")).strip()]
    if missing:
        raise UsageError(
            f"row {row!r} has no value for {_listed(missing)}; "
            f"the template is {template!r}, given are {_listed(values) or 'none'}."
        )
    return _FORMATTER.vformat(template, (), {name: str(value) for name, value in values.items()})


def grid(
    template: str,
    *,
    preview_text: str | Sequence[str],
    language: str | None = None,
    **variables: str | Sequence[str],
) -> tuple[PromptVariant, ...]:
    """Return one prompt variant for each combination of the variables' values.

    Parameters
    ----------
    template
        The prompt with `{name}` where a variable goes.
    preview_text
        What the voices say; several texts are one more dimension of the grid.
    language
        BCP 47 tag of the preview text; by its script when not given.
    **variables
        The values of each variable of the template.

    Raises
    ------
    UsageError
        When a variable of the template has no values, or a given one is not in it.

    Examples
    --------
    >>> [v.prompt for v in grid("a {tone} voice", tone=["deep", "bright"], preview_text="Hello.")]
    ['a deep voice', 'a bright voice']
    """
    names = fields(template)
    _require_same_names(names, variables, template)
    axes = [_values(name, variables[name]) for name in names]
    if isinstance(preview_text, str) and not preview_text.strip():
        raise UsageError("the preview text is empty; write what the voices shall say.")
    texts = _values("preview_text", preview_text)
    combinations = list(itertools.product(itertools.product(*axes), enumerate(texts, start=1)))
    return tuple(
        _cell(template, dict(zip(names, values, strict=True)), text, language, nth, len(texts))
        for values, (nth, text) in combinations
    )


def _cell(
    template: str, values: dict[str, str], text: str, language: str | None, nth: int, texts: int
) -> PromptVariant:
    label = " · ".join(values.values()) or template[:60] or "prompt"
    if texts > 1:
        label += f" · text {nth}"
        values = values | {"text": str(nth)}
    return PromptVariant(
        label=label,
        prompt=fill(template, values, row=label),
        preview_text=text,
        language=language,
        variables=values,
    )


def _require_same_names(names: Sequence[str], given: Mapping[str, object], template: str) -> None:
    missing = [name for name in names if name not in given]
    if missing:
        raise UsageError(
            f"the template {template!r} uses {_listed(missing)}, which has no values; "
            f"give it some (in code: {missing[0]}=['…', '…'])."
        )
    unused = [name for name in given if name not in names]
    if unused:
        raise UsageError(
            f"{_listed(unused)} is given but the template {template!r} does not use it; "
            f"write {{{unused[0]}}} into the template or leave it out."
        )


def _values(name: str, given: str | Sequence[str]) -> tuple[str, ...]:
    values = (given,) if isinstance(given, str) else tuple(str(value) for value in given)
    if not values:
        raise UsageError(f"{name} has an empty list of values; give at least one.")
    for value in values:
        if not value.strip():
            raise UsageError(f"{name} has an empty value among {list(values)!r}; remove it.")
    doubled = {value for value in values if values.count(value) > 1}
    if doubled:
        raise UsageError(f"{name} has {_listed(sorted(doubled))} twice; list each value once.")
    return values


def rows_to_variants(
    rows: Iterable[Mapping[str, str]],
    *,
    template: str | None = None,
    preview_text: str | None = None,
    language: str | None = None,
    folder: Path = Path(),
) -> tuple[PromptVariant, ...]:
    """Return one prompt variant per row of an explicit table.

    A row has `label`, `prompt`, `preview_text`, `language`, `reference` and `transcript` as far
    as it needs them; all other columns are template variables. What a row leaves empty is taken
    from the arguments, but for the prompt of a row that is there for its reference alone.

    Raises
    ------
    UsageError
        Naming the row, counted from 1, and its label where it has one.
    """
    return tuple(
        _row(
            number,
            {key: str(value).strip() for key, value in row.items() if value is not None},
            template,
            preview_text,
            language,
            folder,
        )
        for number, row in enumerate(rows, start=1)
    )


def _row(
    number: int,
    row: Mapping[str, str],
    template: str | None,
    preview_text: str | None,
    language: str | None,
    folder: Path,
) -> PromptVariant:
    variables = {name: value for name, value in row.items() if name not in ROW_FIELDS and value}
    label = row.get("label") or " · ".join(variables.values()) or f"row {number}"
    prompt = row.get("prompt", "")
    if not prompt and template and not only_clones(row):
        prompt = fill(template, variables, row=label)
    return PromptVariant(
        label=label,
        prompt=prompt,
        preview_text=row.get("preview_text") or preview_text or "",
        language=row.get("language") or language,
        variables=variables,
        reference=_reference(row, label, folder),
    )


def only_clones(row: Mapping[str, str]) -> bool:
    """Tell whether a row is there for its reference alone: it brings no words for a prompt."""
    words = [value for name, value in row.items() if name == "prompt" or name not in ROW_FIELDS]
    return bool(row.get("reference")) and not "".join(filter(None, words)).strip()


def _reference(row: Mapping[str, str], label: str, folder: Path) -> Reference | None:
    text, transcript = row.get("reference", ""), row.get("transcript") or None
    if text:
        return as_reference(text, folder=folder, transcript=transcript)
    if transcript:
        raise UsageError(
            f"row {label!r} has a transcript and no reference; "
            "name the recording it is of, or empty it."
        )
    return None


def as_reference(text: str, *, folder: Path = Path(), transcript: str | None = None) -> Reference:
    """Read a reference written in one cell: a link, `trial:` and an id, or a path in `folder`."""
    if text.startswith(("https://", "http://")):
        return Reference(url=text, transcript=transcript)
    if text.startswith("trial:"):
        return Reference(trial_id=text.removeprefix("trial:"), transcript=transcript)
    return Reference(path=folder / text, transcript=transcript)


def reference_text(reference: Reference) -> str:
    """Write a reference the way `as_reference` reads it."""
    if reference.trial_id:
        return f"trial:{reference.trial_id}"
    return reference.url or str(reference.path)


def reference_in(folder: Path, row: Mapping[str, str]) -> Mapping[str, str]:
    """Return a row whose reference, where it is a path in `folder`, is found from everywhere."""
    text = row.get("reference", "").strip()
    if not text:
        return row
    return {**row, "reference": reference_text(as_reference(text, folder=folder))}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header line (UTF-8, with or without a BOM).

    Raises
    ------
    UsageError
        When the file cannot be read, has no header, or a row has more cells than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header, rows = list(reader.fieldnames or ()), list(reader)
    except (OSError, ValueError, csv.Error) as error:
        raise UsageError(f"the prompt table {path} cannot be read: {error}.") from None
    if not header or not rows:
        raise UsageError(f"the prompt table {path} needs a header line and at least one row.")
    for number, row in enumerate(rows, start=1):
        if None in row:
            raise UsageError(
                f"row {number} of {path} has more cells than the header's {len(header)}; "
                "put quotation marks around text that contains a comma."
            )
    return [{key: value or "" for key, value in row.items()} for row in rows]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)
