"""Which columns and rows the terminal shows, and the table of providers."""

from rich.table import Table

from voicelab.cli.show import safe, shown_columns
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.providers import PROVIDERS
from voicelab.providers.base import Limits
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
    table = Table("Provider", "Wants", "Limits", "Price", "Can be called", title="Providers")
    for name, kind in PROVIDERS.items():
        try:
            provider = lab.provider(name)
        except UsageError as error:
            table.add_row(name, kind.wants.value, "", "", safe(f"no: {error}"))
            continue
        ready = "yes, an emulator" if provider.emulated else "yes"
        limits = provider.limits
        table.add_row(name, kind.wants.value, safe(_limits(limits)), safe(_price(limits)), ready)
    return table


def _limits(limits: Limits) -> str:
    known = {
        "prompt": limits.prompt_characters,
        "preview text": limits.preview_characters,
    }
    texts = [f"{what} ≤ {number} characters" for what, number in known.items() if number]
    if limits.requests_per_minute is not None:
        texts.append(f"{limits.requests_per_minute:g} requests a minute")
    return ", ".join([*texts, f"{limits.parallel} at once"])


def _price(limits: Limits) -> str:
    price = limits.price
    if price is None:
        return "none"
    kept = f"; {price.currency} {price.per_kept_voice:g} when a voice is first used"
    return (
        f"{price.currency} {price.per_character * 10_000:g} per 10,000 characters"
        f"{kept if price.per_kept_voice else ''} ({price.as_of})"
    )
