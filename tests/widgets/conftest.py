"""The comparer in a browser with its own Python side answering: everything but JupyterLab."""

import base64
import html
import queue
from collections.abc import Callable
from typing import Any

import comm
import pytest
from comm.base_comm import BaseComm
from playwright.sync_api import Page
from shown import comparison_of

from voicelab.tables.front_end import front_end
from voicelab.widgets.comparer import Comparer

SEND = 'send: (content) => { reach(); window.silent || toKernel({ method: "custom", content }); },'
MODEL = """
const values = window.values;
let unsaved = {};
const heard = { "msg:custom": [] };
const bytes = (text) => {
  const array = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new DataView(array.buffer);
};
const reach = () => { if (window.cut) throw new Error("Cannot send"); };
const model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = unsaved[name] = value; },
  save_changes: () => {
    reach();
    toKernel({ method: "update", state: unsaved, buffer_paths: [] });
    unsaved = {};
  },
  SEND
  on: (event, listener) => (heard[event] ??= []).push(listener),
  off: (event, listener) => { heard[event] = heard[event].filter((other) => other !== listener); },
};
const { initialize, render: show } = widget();
initialize({ model });
window.enter = () => {
  window.leave = show({ model, el: document.getElementById("host") });
};
if (!window.late) window.enter();
setInterval(async () => {
  for (const { content, buffers, state } of await fromKernel()) {
    Object.assign(values, state);
    for (const name in state) for (const listener of heard[`change:${name}`] ?? []) listener();
    if (content) for (const listener of heard["msg:custom"]) listener(content, buffers.map(bytes));
  }
}, 15);
""".replace("SEND", SEND)


class PageComm(BaseComm):  # type: ignore[misc]
    """Carries a widget's messages to a page, as the kernel's own comm does."""

    def __init__(self, **arguments: Any) -> None:
        self.outbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.sent: list[dict[str, Any]] = []
        super().__init__(**arguments)

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        if data and data.get("method") == "custom":
            encoded = [base64.b64encode(buffer).decode() for buffer in buffers or []]
            self.sent.append({"content": data["content"], "buffers": encoded})
            self.outbox.put(self.sent[-1])
        # as it begins, and as Python changes it; a page knows what it has said itself
        if data and "state" in data and data.get("method") != "echo_update":
            state = {name: data["state"][name] for name in data["state"] if name[0] != "_"}
            self.outbox.put({"state": state})

    def drain(self) -> list[dict[str, Any]]:
        return [self.outbox.get() for _ in range(self.outbox.qsize())]


class Live:
    """A comparer, the page that shows it, and what the page asked."""

    def __init__(
        self, page: Page, comparison: Any, *, silent: bool, theme: str, coming: bool, early: bool
    ) -> None:
        self.saved: list[tuple[str, object]] = []
        self.asked: list[dict[str, Any]] = []
        self.anchors: dict[str, dict[str, Any]] = {}
        self.page = page
        self.comparer = Comparer(
            comparison, on_rate=self._save, on_note=self._save, on_star=self._save
        )
        if coming:
            self.comparer.coming = True
        if early:
            self.comparer._repr_mimebundle_()  # as a cell shows it
        page.expose_function("toKernel", self._receive)
        page.expose_function("fromKernel", self.comparer.comm.drain)
        page.set_content(
            f"<!doctype html><meta charset='utf-8'><style>:root{{color-scheme:{theme}}}"
            f"{front_end('css')}</style><h1>{html.escape(comparison.title)}</h1>"
            f"<div id='host'></div><textarea id='elsewhere'></textarea>"
            f"<script>window.silent = {str(silent).lower()}; window.values = {{}};"
            f"window.late = {str(coming or early).lower()}</script>"
            f"<script type='module'>{front_end('js')}{MODEL}</script>"
        )
        self.root = page.locator(".voicelab-comparer")
        if coming or early:
            page.wait_for_function("coming => window.values.coming === coming", arg=coming)
            page.evaluate("enter()")
        if not (silent or coming):
            page.wait_for_selector("[data-ready='1']")

    def _save(self, trial: str, value: object) -> None:
        if value == "refuse me":
            raise ValueError("the disk is full")
        self.saved.append((trial, value))

    def _receive(self, data: dict[str, Any]) -> None:
        content = data.get("content", data)
        self.asked.append(content)
        if self.anchors and content.get("what") == "anchors":
            self._tell_anchors(content["ids"])
        else:
            self.comparer.comm.handle_msg({"content": {"data": data}, "buffers": []})

    def _tell_anchors(self, ids: list[str]) -> None:
        """Answer with the anchors a test has given, in place of those of the sounds."""
        for trial in ids:
            if trial in self.anchors:
                self.comparer.send({"type": "anchors", "id": trial, **self.anchors[trial]})

    def state(self, name: str) -> str:
        return self.root.get_attribute(f"data-{name}") or ""

    def wait_saved(self) -> None:
        """Wait until a rating or a note has reached Python."""
        for _ in range(200):
            if self.saved:
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("no rating and no note arrived")

    def told(self) -> list[dict[str, Any]]:
        """Return every message Python has sent so far."""
        return list(self.comparer.comm.sent)

    def order(self) -> list[str]:
        """Return the labels of the rows in the document, from top to bottom."""
        return self.page.locator(".row .label").all_inner_texts()

    def row(self, trial: str) -> Any:
        return self.page.locator(f".row[data-trial='{trial}']")


@pytest.fixture
def live(page: Page, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Live]:
    """Show trials live: a number of them, or records, or a comparison.

    With `early` all that a cell says has come before the page has a view; with `coming` it is said
    to be on its way.
    """
    monkeypatch.setattr(comm, "create_comm", PageComm)

    def show(
        trials: Any, *, silent: bool = False, theme: str = "light",
        coming: bool = False, early: bool = False,
    ) -> Live:  # fmt: skip
        comparison = trials if hasattr(trials, "rows") else comparison_of(trials)
        how = {"silent": silent, "coming": coming, "early": early}
        return Live(page, comparison, theme=theme, **how)

    return show
