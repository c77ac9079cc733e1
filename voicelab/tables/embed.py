"""The only place that puts a page that plays into the output of a notebook cell."""

import html
from dataclasses import replace
from typing import TYPE_CHECKING

from voicelab.errors import UsageError
from voicelab.tables.page_options import PageOptions, TooLarge
from voicelab.tables.static_table import static_table
from voicelab.tables.write_html import page_of

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

EMBED_MB = 5.0
"""More makes a notebook slow to open, to save and to compare."""

SUMMARY = "As a table, where the page above does not play"


class EmbeddedPage:
    """A page that plays from the notebook file itself: no kernel, no network, no second file."""

    def __init__(self, comparison: "Comparison", options: PageOptions | None = None) -> None:
        options = options or PageOptions()
        options = replace(options, max_mb=min(options.max_mb, EMBED_MB))
        try:
            self.page = page_of(comparison, options)
        except TooLarge as error:
            raise UsageError(
                f"this is too much for a notebook: {error.words}. Take fewer trials "
                f"(about {error.fits} fit), or write a file of its own: "
                'lab.export(batch, "voices.html").'
            ) from None
        self.table = static_table(comparison)
        self.title = comparison.title
        self.trials = len(comparison)

    def __repr__(self) -> str:
        """Return one line."""
        return f"EmbeddedPage({self.title!r}: {self.trials} trials, {len(self.page) / 1e6:.1f} MB)"

    def _repr_html_(self) -> str:
        """Return a frame whose scripts run, and reach neither the notebook nor its server.

        A notebook that is not trusted shows no frame: the table behind it stands for the page
        there, as it does where a site shows notebooks without any frame.
        """
        return (
            f'<iframe sandbox="allow-scripts" title="{html.escape(self.title)}" width="100%" '
            f'height="720" style="border:0" srcdoc="{html.escape(self.page)}"></iframe>'
            f"<details><summary>{SUMMARY}</summary>{self.table}</details>"
        )
