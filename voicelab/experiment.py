"""The experiment file: a whole batch as TOML, loaded, saved, and filled in by the form."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicelab.errors import UsageError
from voicelab.model import Batch, PromptVariant
from voicelab.template import grid, only_clones, read_rows, rows_to_variants


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """How a batch is written down: a template with variables, a table of prompts, or both.

    Examples
    --------
    >>> experiment = Experiment(
    ...     name="tones",
    ...     providers=("local",),
    ...     preview_text="Good evening.",
    ...     template="a {tone} voice",
    ...     variables={"tone": ("deep", "bright")},
    ... )
    >>> experiment.batch().size
    2
    """

    name: str = "untitled"
    """What it is filed under."""
    providers: tuple[str, ...] = ("local",)
    takes: int = 1
    seed: int = 0
    preview_text: str = ""
    """For every row that brings none of its own."""
    language: str | None = None
    """BCP 47 tag of the preview text; by its script when not given."""
    template: str = ""
    """The prompt with `{name}` where a variable goes."""
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of each variable: their combinations are the grid."""
    rows: tuple[Mapping[str, str], ...] = ()
    """An explicit table of prompts, beside the grid or instead of it."""
    rows_file: str | None = None
    """A CSV file of further rows, relative to the experiment file."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Per provider: extra request fields, sent unchanged."""
    budget: Mapping[str, float] = field(default_factory=dict)
    """The most it may spend: by currency, and in trials by provider name."""
    folder: Path = field(default=Path(), compare=False)
    """Where the file was read from; relative paths start there."""

    def variants(self) -> tuple[PromptVariant, ...]:
        """Return every prompt variant: the grid's first, then the table's.

        Raises
        ------
        UsageError
            Naming the row that is wrong.
        """
        rows = [*self.rows, *(read_rows(self.folder / self.rows_file) if self.rows_file else ())]
        table = rows_to_variants(
            rows,
            template=self.template or None,
            preview_text=self.preview_text,
            language=self.language,
            folder=self.folder,
        )
        described = any(not only_clones(row) for row in rows)
        if not self.template.strip() or (described and not self.variables):
            return table
        cells = grid(
            self.template,
            preview_text=self.preview_text,
            language=self.language,
            **_plain_names(self.variables),
        )
        return (*cells, *table)

    def batch(self) -> Batch:
        """Return the batch this experiment asks for.

        Raises
        ------
        UsageError
            In a sentence, for whatever is missing or wrong.
        """
        return Batch(
            variants=self.variants(),
            providers=self.providers,
            takes=self.takes,
            experiment=self.name,
            seed=self.seed,
            options=self.options,
        )

    @classmethod
    def load(cls, path: str | Path) -> "Experiment":
        """Read an experiment file.

        Raises
        ------
        UsageError
            When it is missing, is not TOML, or has a key or a value that does not belong.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise UsageError(f"the experiment file {path} cannot be read: {error}.") from None
        return cls.from_toml(text, folder=path.parent, source=str(path))

    @classmethod
    def from_toml(
        cls, text: str, *, folder: Path = Path(), source: str = "the text"
    ) -> "Experiment":
        """Read an experiment from TOML text."""
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{source} is not valid TOML: {error}.") from None
        return cls(**_checked(found, source), folder=folder)

    def to_toml(self) -> str:
        """Return the experiment as TOML text, without what has its default value."""
        import tomli_w

        default = Experiment()
        kept = {
            key: _plain(value)
            for key in _TYPES
            if (value := getattr(self, key)) != getattr(default, key) or key == "providers"
        }
        return tomli_w.dumps(kept, multiline_strings=True)

    def save(self, path: str | Path) -> Path:
        """Write the experiment file; return its path.

        Raises
        ------
        UsageError
            When it cannot be written there.
        """
        path = Path(path)
        try:
            path.write_text(self.to_toml(), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(f"the experiment file {path} cannot be written: {error}.") from None
        return path


_TYPES: Mapping[str, tuple[type, str]] = {
    "name": (str, "text"),
    "providers": (list, "a list of provider names"),
    "takes": (int, "a whole number"),
    "seed": (int, "a whole number"),
    "preview_text": (str, "text"),
    "language": (str, "text"),
    "template": (str, "text"),
    "rows_file": (str, "text"),
    "variables": (dict, "a table of lists"),
    "rows": (list, "tables, each written under [[rows]]"),
    "options": (dict, "a table for each provider"),
    "budget": (dict, "amounts by currency, such as {USD = 5}"),
}


def _checked(found: Mapping[str, Any], source: str) -> dict[str, Any]:
    for key, value in found.items():
        if key not in _TYPES:
            raise UsageError(f"{source} has an unknown key {key!r}; known are {', '.join(_TYPES)}.")
        wanted, words = _TYPES[key]
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise UsageError(f"{source}: {key} is {value!r}; it must be {words}.")
    checked = dict(found)
    checked["providers"] = tuple(
        _text(name, "providers", source) for name in found.get("providers", ("local",))
    )
    checked["variables"] = {
        name: _texts(values, f"variables.{name}", source)
        for name, values in found.get("variables", {}).items()
    }
    checked["rows"] = tuple(_table_row(row, source) for row in found.get("rows", ()))
    for name, options in found.get("options", {}).items():
        if not isinstance(options, dict):
            raise UsageError(f"{source}: options.{name} is {options!r}; it must be a table.")
    return checked


def _text(value: object, where: str, source: str) -> str:
    if isinstance(value, (dict, list)):
        raise UsageError(f"{source}: {where} has {value!r} where text was due.")
    return str(value)


def _texts(values: object, where: str, source: str) -> tuple[str, ...]:
    listed = values if isinstance(values, list) else [values]
    return tuple(_text(value, where, source) for value in listed)


def _table_row(row: object, source: str) -> dict[str, str]:
    if not isinstance(row, dict):
        raise UsageError(f"{source}: rows has {row!r}; write each row under [[rows]].")
    return {key: _text(value, f"a row's {key}", source) for key, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _plain_names(variables: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    taken = {"template", "preview_text", "language"} & set(variables)
    if taken:
        raise UsageError(
            f"a template variable is called {sorted(taken)[0]!r}, which is a field of its own; "
            "choose another name."
        )
    return dict(variables)
