"""A real Jupyter of the test's own, and a notebook in it seen through a browser."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SETTINGS: dict[str, dict[str, object]] = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    # the default leaves cells that are out of sight out of the page
    "@jupyterlab/notebook-extension/tracker": {
        "windowingMode": "none",
        "scrollPastEnd": False,
        "maxNumberOutputs": 10_000,  # the default shows 50 of a cell
    },
}
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
    "--ServerApp.terminals_enabled=False",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
)
FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}
STARTS_WITHIN_S = 90
NOTEBOOK = "const notebook = window.jupyterapp.shell.currentWidget;"
IDLE = f"""() => {{
  if (!window.jupyterapp?.shell?.currentWidget?.sessionContext) return false;
  {NOTEBOOK}
  const kernel = notebook.sessionContext.session?.kernel;
  return notebook.context.isReady && kernel?.status === "idle";
}}"""
LISTEN = f"""() => {{
  {NOTEBOOK}
  window.fromCallbacks = [];
  notebook.sessionContext.iopubMessage.connect((_, message) => {{
    const type = message.header.msg_type, from = message.parent_header?.msg_type ?? "";
    if (from.startsWith("comm_") && (type === "error" || type === "stream"))
      window.fromCallbacks.push(message.content.evalue ?? message.content.text);
  }});
}}"""
RUN_ALL = """() => {
  window.ran = null;
  window.jupyterapp.commands.execute("notebook:run-all-cells")
    .then((went) => { window.ran = went ? "well" : "not"; }, (e) => { window.ran = String(e); });
}"""
CELL_ERRORS = f"""() => {{
  {NOTEBOOK}
  const outputs = notebook.content.widgets.flatMap((cell) => cell.model.outputs?.toJSON() ?? []);
  return outputs.filter((o) => o.output_type === "error" || o.name === "stderr")
    .map((o) => o.evalue ?? o.text);
}}"""
HEIGHT = """() => {
  const outer = document.querySelector(".jp-WindowedPanel-outer");
  outer.scrollTop = 0;
  return Math.ceil(outer.scrollHeight + outer.getBoundingClientRect().top + 20);
}"""
NO_FAULT_OF_OURS = (
    "favicon",
    "/lsp/status",
    "/api/workspaces/",
    "ResizeObserver loop",
    "(reading 'schema')",  # Notebook 7 reads a setting that is not loaded yet
    "@jupyter-notebook/lab-extension",  # Voila offers Notebook's extension to its own page
    "net::ERR_FAILED",  # what left the machine; `foreign` has it by its address
)
ASKED_BY_VOILA = ("/@fortawesome/fontawesome-free@", "/ajax/libs/mathjax/")
"""What Voila's own page wants from a content network: icons and formulas, which may fail."""
ASKED_TOO_EARLY = "No such comm"
"""What a kernel answers at first to a page that looks for widgets before a cell has loaded them."""


@contextmanager
def jupyterlab(root: Path, home: Path) -> Iterator["Server"]:
    """Serve `root` with JupyterLab on a free port of this machine, everything else in `home`."""
    for folder in FOLDERS.values():
        (home / folder).mkdir(parents=True)
    for name, values in SETTINGS.items():
        file = home / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", *OPTIONS, f"--IdentityProvider.token={token}"]
    foreign = ("JUPYTER", "IPYTHON", "JPY_", "VOICELAB_LAB", "MINIMAX_", "MPLBACKEND")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    mine = {name: str(home / folder) for name, folder in FOLDERS.items()}
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--ServerApp.root_dir={root}"], cwd=root, env={**clean, **mine},
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield Server(_address(process, home, token), token)
        finally:
            process.terminate()  # the server ends its kernels first
            process.wait(30)


def _address(process: subprocess.Popen[bytes], home: Path, token: str) -> str:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        for file in (home / "runtime").glob("jpserver-*.json"):
            try:
                url = json.loads(file.read_text())["url"].replace("localhost", "127.0.0.1")
                with urllib.request.urlopen(f"{url}api/status?token={token}", timeout=5):
                    return str(url)
            except (ValueError, KeyError, urllib.error.URLError, OSError):
                continue  # still being written, or not yet answering
        time.sleep(0.05)
    raise RuntimeError(f"JupyterLab did not start:\n{(home / 'server.log').read_text()[-3000:]}")


class Server:
    """A JupyterLab that answers."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def open(self, page: Page, path: str, *, place: str = "doc/tree") -> "Notebook":
        """Open a notebook on its own and wait for its kernel; in Notebook 7 it is `notebooks`."""
        page.goto(f"{self.url}{place}/{path}?reset&token={self.token}")
        page.wait_for_function("() => window.jupyterapp?.restored?.then(() => true)")
        page.wait_for_function(IDLE, timeout=60_000)
        page.evaluate(LISTEN)
        return Notebook(page)

    def serve(self, page: Page, path: str) -> None:
        """Open a notebook in Voila, which runs it."""
        page.goto(f"{self.url}voila/render/{path}?token={self.token}", timeout=90_000)


def console_errors(page: Page) -> list[str]:
    """Return what the browser complained of that is ours."""
    errors: list[str] = page.watched.errors  # type: ignore[attr-defined]
    return [text for text in errors if not any(known in text for known in NO_FAULT_OF_OURS)]


def foreign(page: Page) -> list[str]:
    """Return what was asked of other machines, Voila's own wishes left out."""
    local = ("data:", "blob:", "http://127.0.0.1")
    asked: list[str] = page.watched.requests  # type: ignore[attr-defined]
    return [
        url
        for url in asked
        if not url.startswith(local) and not any(known in url for known in ASKED_BY_VOILA)
    ]


def from_callbacks(page: Page) -> list[str]:
    """Return what handlers in the kernel said; an answer to a page that asked too early is none."""
    said: list[str] = page.evaluate("window.fromCallbacks")
    return list(dropwhile(lambda text: text.startswith(ASKED_TOO_EARLY), said))


class Notebook:
    """A notebook in JupyterLab: run, looked at, asked what went wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run_all(self, *, within_s: float = 90.0) -> None:
        """Run every cell; as in real use, an error stops it."""
        self.page.evaluate(RUN_ALL)
        self.page.wait_for_function("() => window.ran", timeout=within_s * 1000)

    def problems(self) -> dict[str, Any]:
        """Return every error of a cell, of a widget's callback and of the browser."""
        found = {
            "run": [] if (ran := self.page.evaluate("window.ran")) == "well" else [ran],
            "cells": self.page.evaluate(CELL_ERRORS),
            "callbacks": from_callbacks(self.page),
            "browser": console_errors(self.page),
            "foreign": foreign(self.page),
        }
        return {where: what for where, what in found.items() if what}

    def theme(self, name: str) -> None:
        """Change the theme of JupyterLab."""
        self.page.evaluate(
            "theme => void window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        self.page.wait_for_selector(f"[data-jp-theme-name='{name}']", state="attached")

    def picture(self, path: Path) -> None:
        """Take a picture of the whole notebook; JupyterLab scrolls inside a smaller element."""
        before = self.page.viewport_size
        assert before is not None
        height = min(max(before["height"], self.page.evaluate(HEIGHT)), 8000)
        self.page.set_viewport_size({"width": before["width"], "height": height})
        self.page.wait_for_timeout(300)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size(before)
