"""A notebook with its widgets, saved by a real JupyterLab where keys were planted, holds none."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from drive_lab import Server, jupyterlab
from planted import find
from planted_day import ENDPOINTS, KEYS, echoes, emulators
from playwright.sync_api import Page

from voicelab.emulators.serve import serve

pytestmark = pytest.mark.browser

VENDORS = ("dashscope-cosyvoice", "tencent-mps")
CELLS = (
    "%xmode Verbose\nimport voicelab as vl\nlab = vl.Lab.open('lab')",
    "batch = vl.Batch(variants=vl.grid('a {tone} voice', tone=[str(n) for n in range(16)],\n"
    f"    preview_text='Good evening.'), providers={[*VENDORS, 'local']!r}, experiment='planted')\n"
    "(await lab.run(batch)).frame",
    "lab.audition()",
    "lab.studio()",
    "lab.progress()",
    "lab.voices()",
    "import os\nos.environ['DASHSCOPE_HTTP_BASE_URL'] = 'http://not-https.example'\n"
    "for act in (vl.PROVIDERS['dashscope-qwen'].from_env, lambda: lab.drop('tencent-mps', 'x')):\n"
    "    try:\n        act()\n"
    "    except vl.VoiceLabError:\n        get_ipython().showtraceback()",
)
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
SAVE_WIDGETS = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """JupyterLab in a folder, with vendors that repeat what they are sent."""
    with serve(emulators()) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        for name in VENDORS:
            for fault in echoes(sandbox[name], name):
                sandbox[name].faults.add(ENDPOINTS[name], fault)
        (tmp_path / "work").mkdir()
        with jupyterlab(tmp_path / "work", tmp_path / "jupyter") as server:
            yield server


def test_a_notebook_saved_with_its_widgets_holds_no_planted_key(
    server: Server, tmp_path: Path, page: Page
) -> None:
    path = tmp_path / "work" / "planted.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL), path)
    notebook = server.open(page, path.name)
    notebook.run_all()
    page.wait_for_selector(".voicelab-studio[data-framed]", timeout=60_000)
    page.evaluate("name => window.jupyterapp.commands.execute(name)", SAVE_WIDGETS)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = json.loads(path.read_text(encoding="utf-8"))
    state = saved["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert len(state) > 50
    assert "[key]" in json.dumps(state)
    told = json.dumps([cell["outputs"] for cell in saved["cells"]])
    assert "Secret('" in re.sub(r"\\u001b\[[0-9;]*m", "", told)
    assert find(KEYS, tmp_path) == []
