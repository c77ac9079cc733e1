"""The voices that vendors keep, in the terminal, with ids one can copy to `keep` and `drop`."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.padding import Padding
from rich.table import Table

from voicelab.cli.show import out, print_table, safe, say
from voicelab.lab import Lab
from voicelab.model import source_text

Row = Mapping[Any, Any]

_WORDS = ("kind", "status", "label", "name")
_FACTS = (*_WORDS, "created_at", "expires_at", "trial")
_MINUTE = len("2026-11-24 08:00")


def print_voices(lab: Lab) -> None:
    """Print every voice, and for each vendor that keeps no list the reason.

    In a terminal an id has a line to itself; piped, a voice is one line, however wide.
    """
    frame = lab.voices()
    rows = frame.to_dict("records")
    if out.is_terminal:
        _print_blocks(rows)
    elif rows:
        print_table(_table(rows))
    for name, own in frame.dropna(subset=["slots"]).groupby("provider"):
        say(f"{name}: {own['slots_used'].iloc[0]} of {own['slots'].iloc[0]:.0f} voices used.")
    for name, note in frame.attrs["notes"].items():
        say(f"{name}: {note}")


def _print_blocks(rows: Sequence[Row]) -> None:
    for row in rows:
        first = [_source(row), *(_value(name, row) for name in _WORDS)]
        days = [_day("made", "created_at", row), _day("expires", "expires_at", row)]
        trial = [f"trial {row['trial']}"] if _value("trial", row) else []
        lines = (" · ".join(filter(None, facts)) for facts in (first, days, trial))
        say(str(row["voice_id"]))
        for line in filter(None, lines):
            out.print(Padding(safe(line), (0, 0, 0, 4), expand=False))


def _day(verb: str, name: str, row: Row) -> str:
    value = _value(name, row)
    return f"{verb} {value} UTC" if value else ""


def _table(rows: Sequence[Row]) -> Table:
    table = Table(
        title="Voices, times in UTC", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 0)
    )
    for name in ("provider", "voice_id", *_FACTS):
        table.add_column(name.removesuffix("_at"))
    for row in rows:
        cells = (_value(name, row) or "–" for name in _FACTS)
        table.add_row(*map(safe, (_source(row), row["voice_id"], *cells)))
    return table


def _source(row: Row) -> str:
    return source_text(row["provider"], emulated=row["emulated"])


def _value(name: str, row: Row) -> str:
    """Return a cell as text; a name made of the id of the trial tells nothing more."""
    value = row[name]
    if not isinstance(value, str) or (name == "name" and value in _value("trial", row)):
        return ""
    return value[:_MINUTE].replace("T", " ") if name.endswith("_at") else value
