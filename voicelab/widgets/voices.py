"""The voices that vendors keep: asked for by a button, kept or deleted after asking once."""

import html
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from voicelab.model import source_text
from voicelab.providers.base import VoiceShelf
from voicelab.widgets.bench import Bench
from voicelab.widgets.guard import Guard
from voicelab.widgets.looks import style
from voicelab.widgets.throttle import Throttle

if TYPE_CHECKING:
    import pandas as pd

MOST_SHOWN = 200
MOST_LETTERS = 30
"""Of a label or an id, on a button."""
NOT_ASKED = "Press the button to ask every vendor for the voices it keeps for you; that is free."
NONE_KEPT = "No vendor keeps a voice for you now."


class VoicesPanel(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A line for each kept voice: what it is, which trial made it, and what to do with it."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._news = ""
        self.guard = Guard()
        self.ask = w.Button(
            description="List kept voices",
            tooltip="Ask every vendor for the voices of your account",
            layout=w.Layout(width="auto", align_self="flex-start"),
        )
        self.words = w.HTML(_empty(NOT_ASKED))
        self.lines = w.VBox()
        super().__init__([style(), self.ask, self.guard, self.lines, self.words])
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
        rows = frame.head(MOST_SHOWN).to_dict("records")
        self.lines.children = [_Line(self._bench, row, self._changed) for row in rows]
        self.words.value = _words(frame)
        self.guard.value = ""
        if self._news:
            self.guard.say(self._news)
        self._news = ""

    def _changed(self, news: str) -> None:
        """Tell what became of a voice, once the list is there anew."""
        self._news = news
        self._asking.poke()


class _Line(w.VBox):  # type: ignore[misc]
    """One voice, what can be done with it, and a question before what cannot be undone."""

    def __init__(
        self, bench: Bench, row: Mapping[Any, Any], changed: Callable[[str], None]
    ) -> None:
        self._bench, self._row, self._changed = bench, row, changed
        self.guard = Guard()
        self.keep = _button("Keep", f"Have {row['provider']} keep it")
        self.delete = _button("Delete …", f"Delete {_named(row)}")
        self.question, self.yes, self.no = w.HTML(), _button("Yes", ""), _button("Cancel", "")
        self.confirm = w.VBox([self.question, w.HBox([self.yes, self.no])])
        self.confirm.add_class("voicelab-problem")
        self._close()
        self._wanted: Callable[[], None] = lambda: None
        self._agreed: Callable[[], None] = lambda: None
        self._acting = Throttle(self.guard.watch(self._act), every_s=0.0, in_pool=True)
        self.delete.on_click(self.guard.watch(self._ask_to_delete))
        self.keep.on_click(self.guard.watch(lambda _: self._do(self._look_at_keeping)))
        self.yes.on_click(self.guard.watch(lambda _: self._do(self._agreed)))
        self.no.on_click(self.guard.watch(self._close))
        super().__init__([self._top(), self.confirm, self.guard])

    def _top(self) -> w.HBox:
        """Return the line itself; a voice that no trial of the lab made cannot be kept by it."""
        words = w.HTML(_voice(self._row), layout=w.Layout(flex="1"))
        keep = [self.keep] if isinstance(self._row["trial"], str) else []
        provider = self._bench.provider(self._row["provider"])
        delete = [self.delete] if isinstance(provider, VoiceShelf) else []
        return w.HBox([words, *keep, *delete], layout=w.Layout(align_items="center"))

    def _do(self, action: Callable[[], None]) -> None:
        """Do what may wait for a vendor, away from the thread of clicks."""
        self._wanted = action
        self._acting.poke()

    def _act(self) -> None:
        self._wanted()

    def _ask(self, question: str, yes: str, style: str, action: Callable[[], None]) -> None:
        self.question.value = f'<span role="alert">{html.escape(question)}</span>'
        self.yes.description, self.yes.tooltip, self.yes.button_style = yes, question, style
        self._agreed = action
        self.confirm.layout.display = ""

    def _close(self, _button: object = None) -> None:
        self.confirm.layout.display = "none"

    def _ask_to_delete(self, _button: object) -> None:
        question = f"Delete {_named(self._row)}? It is gone for good."
        self._ask(question, f"Delete {_short(self._row)} for good", "danger", self._drop)

    def _drop(self) -> None:
        self._bench.drop(self._row["provider"], self._row["voice_id"])
        self._changed(f"Deleted {self._row['voice_id']}.")

    def _look_at_keeping(self) -> None:
        how = self._bench.keeping(self._row["trial"])
        if how.spends:
            self._ask(how.words, "Speak with it and keep it", "primary", self._spend)
        else:
            self._changed(self._bench.keep(self._row["trial"]))

    def _spend(self) -> None:
        self._changed(self._bench.keep(self._row["trial"], spend=True))


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
    known = [row[name] for name in ("label", "name", "status", "created_at", "expires_at")]
    label, called, status, created, expires = (v if isinstance(v, str) else "" for v in known)
    parts = [
        f"from {label}" if label else "",
        f"called {called}" if called and called != row["trial"] else "",
        status,
    ]
    days = [f"made {created[:10]}" if created else "", f"expires {expires[:10]}" if expires else ""]
    told = [html.escape(part) for part in parts if part]
    told += [f'<span class="voicelab-day">{html.escape(day)}</span>' for day in days if day]
    name = html.escape(str(row["voice_id"]))
    source = html.escape(source_text(row["provider"], emulated=row["emulated"]))
    return f"<b>{source}</b> <code>{name}</code> {' · '.join(told)}"


def _named(row: Mapping[Any, Any]) -> str:
    """Return what a question calls a voice: where it is from, its id and who keeps it."""
    source = source_text(row["provider"], emulated=row["emulated"])
    label = f"the voice from {row['label']!r}" if isinstance(row["label"], str) else "the voice"
    return f"{label}, {row['voice_id']}, at {source}"


def _short(row: Mapping[Any, Any]) -> str:
    """Return what a button calls a voice, of few letters."""
    label = row["label"] if isinstance(row["label"], str) else str(row["voice_id"])
    short = label if len(label) <= MOST_LETTERS else f"{label[:MOST_LETTERS]}…"
    return f"{short} at {row['provider']}"


def _button(name: str, hint: str, style: str = "") -> w.Button:
    return w.Button(
        description=name, tooltip=hint, button_style=style, layout=w.Layout(width="auto")
    )


def _empty(text: str) -> str:
    return f'<div class="voicelab-empty">{text}</div>'
