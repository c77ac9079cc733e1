"""How the form and the progress look: the one place that brings their style sheet to the page."""

from pathlib import Path

import ipywidgets as w

CSS = Path(__file__).with_name("looks.css")


def style() -> w.HTML:
    """Return the style sheet as a widget that takes no room."""
    sheet = CSS.read_text(encoding="utf-8")
    return w.HTML(f"<style>{sheet}</style>", layout=w.Layout(display="none"))
