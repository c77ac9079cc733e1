"""The frame of the studio: the bar that leads to its sections, and what the keyboard needs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

MISSED = {
    "late": "what was typed or chosen right before does not allow it. Look at what is said here",
    "busy": "the kernel is busy, and has not taken what was typed before. Wait until its cell ends "
    "(if it does not help, save the notebook and reload the page)",
}
"""Why a button was not pressed, and what to do."""


class Frame(anywidget.AnyWidget):
    """Buttons to the sections of the studio it stands in.

    Its page side also names the sections to screen readers, keeps keys from the notebook while
    they are for the studio, puts the focus back where a button went away under it, and lets no
    press of a button overtake what was typed before it.

    Parameters
    ----------
    sections
        Their titles; the box of each has the class `voicelab-section-` and its title, lower case.
    """

    _esm = Path(__file__).with_name("frame.js")
    sections: "traitlets.List[str]" = traitlets.List(traitlets.Unicode()).tag(sync=True)
    news: "traitlets.Dict[str, str]" = traitlets.Dict().tag(sync=True)
    """What stands beside a title, such as how much is done."""
    studio = traitlets.Unicode().tag(sync=True)
    """The model of the box it stands in, all of whose fields it waits for."""

    def __init__(self, sections: Sequence[str]) -> None:
        super().__init__(sections=list(sections))
        self.on_missed: Callable[[str, str], None] = lambda section, words: None
        """Called with what to say in a section where a button was pressed in vain."""
        self.on_msg(self._hear)

    def _hear(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        if content["type"] == "missed":
            why = MISSED[content["why"]]
            words = f"{content['button']} was not pressed: {why}, then press it again."
            self.on_missed(content["section"], words)

    def tell(self, section: str, words: str) -> None:
        """Say something beside the title of a section."""
        if self.news.get(section) != words:
            self.news = {**self.news, section: words}

    def go(self, section: str) -> None:
        """Lead whoever is at the page to a section."""
        self.send({"type": "go", "section": section})
