"""The voices that vendors keep, in the terminal."""

from rich import box
from rich.table import Table

from voicelab.cli.show import out, safe, say
from voicelab.lab import Lab
from voicelab.model import source_text

_SHOWN = ("provider", "voice_id", "kind", "status", "created_at", "expires_at", "label")


def print_voices(lab: Lab) -> None:
    """Print one line a voice, and for each vendor that keeps no list the reason."""
    frame = lab.voices()
    shown = frame.assign(
        provider=[
            source_text(name, emulated=emulated)
            for name, emulated in zip(frame["provider"], frame["emulated"], strict=True)
        ]
    )
    table = Table(*_SHOWN, title="Voices", box=box.SIMPLE_HEAD)
    for row in shown[list(_SHOWN)].itertuples(index=False):
        table.add_row(*(safe("–" if cell is None or cell != cell else cell) for cell in row))
    if len(frame):
        out.print(table)
    for name, own in frame.dropna(subset=["slots"]).groupby("provider"):
        say(f"{name}: {own['slots_used'].iloc[0]} of {own['slots'].iloc[0]:.0f} voices used.")
    for name, note in frame.attrs["notes"].items():
        say(f"{name}: {note}")
