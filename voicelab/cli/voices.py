"""The voices that vendors keep, in the terminal."""

from typing import Any

from rich import box
from rich.table import Table

from voicelab.cli.show import out, safe, say
from voicelab.lab import Lab
from voicelab.model import source_text

_SHOWN = ("kind", "status", "created_at", "expires_at", "label")


def print_voices(lab: Lab) -> None:
    """Print one line a voice, and for each vendor that keeps no list the reason."""
    frame = lab.voices()
    if len(frame):
        out.print(_table(frame.to_dict("records")))
    for name, own in frame.dropna(subset=["slots"]).groupby("provider"):
        say(f"{name}: {own['slots_used'].iloc[0]} of {own['slots'].iloc[0]:.0f} voices used.")
    for name, note in frame.attrs["notes"].items():
        say(f"{name}: {note}")


def _table(rows: list[dict[Any, Any]]) -> Table:
    table = Table(title="Voices", box=box.SIMPLE_HEAD, padding=(0, 0))
    table.add_column("provider", no_wrap=True)
    table.add_column("voice_id", overflow="fold")
    for name in _SHOWN:
        table.add_column(name.removesuffix("_at"))
    for row in rows:
        source = source_text(row["provider"], emulated=row["emulated"])
        rest = (_cell(name, row[name]) for name in _SHOWN)
        table.add_row(safe(source), safe(row["voice_id"]), *map(safe, rest))
    return table


def _cell(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        return "–"
    return value[:10] if name.endswith("_at") else value
