"""A written file as a link, where the page can reach it; else as its path."""

import os
from pathlib import Path

import anywidget
import traitlets


class FileLink(anywidget.AnyWidget):
    """Nothing until `show` names a file.

    Whether the page can reach it only the page can tell: it asks its server.
    """

    _esm = Path(__file__).with_name("file_link.js")
    path = traitlets.Unicode("").tag(sync=True)
    """Where it is."""
    beside = traitlets.Unicode("").tag(sync=True)
    """Its path from the notebook's folder, where it is in there."""

    def show(self, path: Path | None) -> None:
        """Show a file or a folder, or nothing."""
        whole = path.absolute() if path else None
        here = Path.cwd()
        inside = whole is not None and whole.is_relative_to(here) and whole.is_file()
        with self.hold_sync():
            self.beside = "/".join(whole.relative_to(here).parts) if whole and inside else ""
            self.path = os.fspath(whole) if whole else ""
