"""The voices that vendors keep: asked for by a button, and deleted after asking once."""

import html
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from voicelab.model import source_text
from voicelab.widgets.bench import Bench
from voicelab.widgets.guard import Guard
from voicelab.widgets.looks import style
from voicelab.widgets.throttle import Throttle

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 200
NOT_ASKED = "Press the button to ask every vendor for the voices it keeps for you; that is free."
NONE_KEPT = "No vendor keeps a voice for you now."


class VoicesPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A line for each kept voice: what it is, which trial made it, and a button to delete it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.guard = Guard()
        self.ask = w.Button(
            description="List kept voices",
            tooltip="Ask every vendor for the voices of your account",
            layout=w.Layout(width="auto", align_self="flex-start"),
        )
        self.words = w.HTML(_empty(NOT_ASKED))
        self.lines = w.VBox()
        super().__init__([style(), self.ask, self.guard, self.words, self.lines])
        self.add_class("voicelab-voices")
        load = self.guard.watch(self._load, clears=False)
        self._asking = Throttle(load, every_s=0.0, in_pool=True)
        self.ask.on_click(self.guard.watch(self._ask))

    def _ask(self, _button: object) -> None:
        self.guard.say("Asking …")
        self._asking.poke()

    def _load(self) -> None:
        """Ask, away from the threads of clicks and of requests."""
        frame = self._bench.voices()
        self.guard.value = ""
        rows = frame.head(MOST_SHOWN).to_dict("records")
        self.lines.children = [_Line(self._bench, row, self._asking.poke) for row in rows]
        self.words.value = _words(frame)


class _Line(w.HBox):  # type: ignore[misc]
    """One voice."""

    def __init__(self, bench: Bench, row: Mapping[Any, Any], changed: Any) -> None:
        self._row = row
        self._guard = Guard()
        delete = _button("Delete …", f"Delete {row['voice_id']} at {row['provider']}")
        yes = _button("Delete for good", "Delete it in the vendor's account", "danger")
        keep = _button("Keep", "Leave it as it is")
        self._confirm = w.HBox([w.HTML("Sure?"), yes, keep])
        self._confirm.layout.display = "none"
        words = w.HTML(_voice(row), layout=w.Layout(flex="1"))
        super().__init__([words, delete, self._confirm, self._guard])

        def drop() -> None:
            bench.drop(row["provider"], row["voice_id"])
            changed()

        dropping = Throttle(self._guard.watch(drop, clears=False), every_s=0.0, in_pool=True)
        delete.on_click(self._guard.watch(partial(self._show, asking=True)))
        keep.on_click(self._guard.watch(partial(self._show, asking=False)))
        yes.on_click(self._guard.watch(lambda _: dropping.poke()))

    def _show(self, _button: object, *, asking: bool) -> None:
        self._confirm.layout.display = "" if asking else "none"


def _words(frame: "pd.DataFrame") -> str:
    notes = [f"{name}: {note}" for name, note in frame.attrs["notes"].items()]
    slots = [
        f"{name}: {own['slots_used'].iloc[0]} of {own['slots'].iloc[0]:.0f} voices used."
        for name, own in frame.dropna(subset=["slots"]).groupby("provider")
    ]
    rest = len(frame) - MOST_SHOWN
    more = [f"… and {rest} more; lab.voices() has them all."] if rest > 0 else []
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in [*slots, *more, *notes])
    head = "" if len(frame) else _empty(NONE_KEPT)
    return f'{head}<div class="voicelab-hint">{lines}</div>'


def _voice(row: Mapping[Any, Any]) -> str:
    known = [row["label"], row["status"], row["created_at"], row["expires_at"]]
    label, status, created, expires = (v if isinstance(v, str) else "" for v in known)
    parts = [
        f"from {label}" if label else "",
        status,
        f"made {created[:10]}" if created else "",
        f"expires {expires[:10]}" if expires else "",
    ]
    words = html.escape(" · ".join(part for part in parts if part))
    name = html.escape(str(row["voice_id"]))
    source = html.escape(source_text(row["provider"], emulated=row["emulated"]))
    return f"<b>{source}</b> <code>{name}</code> {words}"


def _button(name: str, hint: str, style: str = "") -> w.Button:
    return w.Button(
        description=name, tooltip=hint, button_style=style, layout=w.Layout(width="auto")
    )


def _empty(text: str) -> str:
    return f'<div class="voicelab-empty">{text}</div>'
