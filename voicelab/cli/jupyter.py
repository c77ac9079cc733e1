"""JupyterLab on the tour notebooks, with nothing asked of the network."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from voicelab.cli.show import say
from voicelab.errors import UsageError
from voicelab.shipped import shipped

COPY = Path("voicelab-notebooks")


def open_jupyterlab(lab: Path, *, notebook: str, browser: bool, port: int) -> None:
    """Become a JupyterLab server that shows `notebook`, its `Lab.open()` being `lab`.

    Raises
    ------
    UsageError
        When JupyterLab is not installed or there is no such notebook.
    """
    if find_spec("jupyterlab") is None:
        raise UsageError('JupyterLab is not installed; run: pip install "voicelab[lab]"')
    path = own_copies(Path.cwd()) / f"{notebook.removesuffix('.ipynb')}.ipynb"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.ipynb")))
        raise UsageError(f"there is no notebook {notebook!r}; there are {known}.")
    os.environ["VOICELAB_LAB"] = str(lab.absolute())
    say(f"Opening {path} on the lab {lab}; stop it with Ctrl-C.")
    os.execv(sys.executable, _command(path, browser=browser, port=port))


def own_copies(folder: Path) -> Path:
    """Return the notebooks to open: the checkout's, else copies of ours that are the user's own.

    A copy that is there is never overwritten.
    """
    if folder / "notebooks" == shipped("notebooks"):
        return folder / "notebooks"
    (folder / COPY).mkdir(exist_ok=True)
    for ours in shipped("notebooks").glob("*.ipynb"):
        if not (folder / COPY / ours.name).exists():
            shutil.copy(ours, folder / COPY / ours.name)
    return folder / COPY


def _command(path: Path, *, browser: bool, port: int) -> list[str]:
    offline = (
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
    )
    root = () if not hasattr(os, "geteuid") or os.geteuid() else ("--allow-root",)
    shown = () if browser else ("--no-browser",)
    ports = (f"--ServerApp.port={port}",)
    return [sys.executable, "-m", "jupyterlab", str(path), *offline, *root, *shown, *ports]
