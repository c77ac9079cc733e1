"""Drawers: parts of a form that stay shut until they are wanted, opened by mouse or keyboard."""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as w

SHUT, OPEN = "caret-right", "caret-down"


class Drawers(w.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A button for each part, and the part beneath it while it is open.

    Parameters
    ----------
    parts
        Widgets by their titles.
    on_open
        Called with the title of one that was opened.
    """

    def __init__(
        self, parts: Mapping[str, w.Widget], on_open: Callable[[str], None] = lambda title: None
    ) -> None:
        self._parts = dict(parts)
        self._on_open = on_open
        self.buttons = {title: _button(title) for title in parts}
        for title, button in self.buttons.items():
            button.observe(self._pressed, "value")
            self._parts[title].layout.display = "none"
        super().__init__([_drawer(self.buttons[t], part) for t, part in self._parts.items()])
        self.add_class("voicelab-drawers")

    def is_open(self, title: str) -> bool:
        """Tell whether a part is shown."""
        return bool(self.buttons[title].value)

    def pull(self, title: str) -> None:
        """Show a part."""
        self.buttons[title].value = True

    def count(self, title: str, words: str) -> None:
        """Say beside the title how much is in a part, shut or open."""
        self.buttons[title].description = f"{title} · {words}" if words else title

    def _pressed(self, change: Any) -> None:
        title = change.owner.tooltip
        change.owner.icon = OPEN if change.new else SHUT
        self._parts[title].layout.display = "" if change.new else "none"
        if change.new:
            self._on_open(title)


def _button(title: str) -> w.ToggleButton:
    return w.ToggleButton(description=title, icon=SHUT, tooltip=title, layout={"width": "auto"})


def _drawer(button: w.ToggleButton, part: w.Widget) -> w.VBox:
    drawer = w.VBox([button, part])
    drawer.add_class("voicelab-drawer")
    return drawer
