"""Markup in a box that scrolls by itself, with the keyboard too."""

from pathlib import Path

import anywidget
import traitlets


class Scrolled(anywidget.AnyWidget):
    """Markup that scrolls in a box with a name; the box stays where it is when the markup changes.

    Parameters
    ----------
    label
        What screen readers call it.
    """

    _esm = Path(__file__).with_name("scrolled.js")
    value = traitlets.Unicode("").tag(sync=True)
    """The markup."""
    label = traitlets.Unicode("").tag(sync=True)

    def __init__(self, label: str) -> None:
        super().__init__(label=label)
