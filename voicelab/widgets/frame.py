"""The frame of the studio: the bar that leads to its sections, and what the keyboard needs."""

from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets


class Frame(anywidget.AnyWidget):
    """Buttons to the sections of the studio it stands in.

    Its page side also names the sections to screen readers, keeps keys from the notebook while
    they are for the studio, and puts the focus back where a button went away under it.

    Parameters
    ----------
    sections
        Their titles; the box of each has the class `voicelab-section-` and its title, lower case.
    """

    _esm = Path(__file__).with_name("frame.js")
    sections: "traitlets.List[str]" = traitlets.List(traitlets.Unicode()).tag(sync=True)
    news: "traitlets.Dict[str, str]" = traitlets.Dict().tag(sync=True)
    """What stands beside a title, such as how much is done."""

    def __init__(self, sections: Sequence[str]) -> None:
        super().__init__(sections=list(sections))

    def tell(self, section: str, words: str) -> None:
        """Say something beside the title of a section."""
        if self.news.get(section) != words:
            self.news = {**self.news, section: words}

    def go(self, section: str) -> None:
        """Lead whoever is at the page to a section."""
        self.send({"type": "go", "section": section})
