"""Which columns and rows the terminal shows, and the table of providers."""

from rich.table import Table

from voicelab.cli.show import safe, shown_columns
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.providers import PROVIDERS, kind_of
from voicelab.providers.words import account_text, limits_text, rules_text, where_text
from voicelab.tables.comparison import Comparison


def chosen_columns(comparison: Comparison, wanted: str | None) -> tuple[str, ...]:
    """Return the columns named in `wanted`, separated by commas; raise for an unknown one."""
    if wanted is None:
        return shown_columns(comparison)
    known = list(comparison.frame.columns)
    if wanted == "all":
        return tuple(known)
    names = tuple(name.strip() for name in wanted.split(",") if name.strip())
    for name in names:
        _require_column(name, known)
    return names


def sorted_comparison(comparison: Comparison, by: str) -> list[str]:
    """Return the trial ids sorted by a column; `-name` sorts down, empty values come last."""
    name = by.removeprefix("-")
    _require_column(name, list(comparison.frame.columns))
    table = comparison.frame.sort_values(
        name, ascending=not by.startswith("-"), na_position="last", kind="stable"
    )
    return [str(trial) for trial in table["trial"]]


def _require_column(name: str, known: list[str]) -> None:
    if name not in known:
        raise UsageError(f"there is no column {name!r}; there are {', '.join(known)}.")


def providers_table(lab: Lab) -> Table:
    """Return the providers with their limits and whether this lab can call them."""
    table = Table("Provider", "Wants", "Limits and prices", "Can be called", title="Providers")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True  # a name is copied from there
    for name, kind in PROVIDERS.items():
        try:
            provider = lab.provider(name)
        except UsageError as error:
            limits, where = kind.published, f"No: {error}"
        else:
            limits, where = provider.limits, where_text(provider)
        table.add_row(name, kind.wants.value, safe(limits_text(limits)), safe(where))
    return table


def provider_rules() -> list[str]:
    """Return for each provider one line of what else it limits, and how long its voices last."""
    return [
        f"{name}: {rules_text(kind)} {account_text(kind.published, end='.')}".rstrip()
        for name, kind in PROVIDERS.items()
    ]


def options_table(name: str) -> Table:
    """Return what the calls of a provider take beside a row, as an experiment file names it.

    Raises
    ------
    UsageError
        When there is no such provider.
    """
    kind = kind_of(name)
    table = Table("Field", "Takes", "What it does", title=f"Options of {name}")
    for column in table.columns:
        column.overflow = "fold"
    table.columns[0].no_wrap = True  # a name is copied from there
    for when, declared in (("", kind.declared), ("speech: ", kind.declared_for_speech)):
        for option in declared:
            help_ = f"{option.title}. {option.help}"
            usual = f" Usually {option.usual}." if option.usual else ""
            table.add_row(f"{when}{option.path}", safe(option.taken), safe(f"{help_}{usual}"))
    return table
