"""The tour: every notebook runs top to bottom, offline, and is committed as a reader needs it."""

import os
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest
from drive_lab import jupyterlab
from nbclient import NotebookClient
from playwright.sync_api import Page

from voicelab.lab import Lab
from voicelab.measures import MEASURES
from voicelab.model import Wants
from voicelab.providers import PROVIDERS

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 10
EVERY_VENDOR = "4_every_vendor"
"""The longest: run once, in a real JupyterLab."""
AT_MOST_S = 120.0
WIDGET = "application/vnd.jupyter.widget-view+json"


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    """Return the cells of a notebook that run."""
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_tour_has_its_parts() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "1_explore",
        "2_batch_compare",
        "3_export",
        EVERY_VENDOR,
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_with_short_cells(path: Path) -> None:
    for cell in code_cells(path):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if path.stem != EVERY_VENDOR], ids=lambda path: path.stem
)
def test_a_notebook_runs_top_to_bottom_offline(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith(("MINIMAX_", "DASHSCOPE_", "TENCENTCLOUD_", "VOICELAB_LAB")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    copy = Path(shutil.copy(path, tmp_path))
    notebook = nbformat.read(copy, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    said = [output for cell in ran for output in cell.outputs]
    assert not [output for output in said if output.output_type == "error"]
    assert not [output for output in said if output.get("name") == "stderr"]
    for cell in ran:
        if "await lab.run(" in cell.source or "lab.audition(" in cell.source:
            assert any(WIDGET in output.get("data", {}) for output in cell.outputs), cell.source
    assert (tmp_path / "data" / "lab" / "lab.db").exists()


@pytest.mark.browser
def test_every_vendor_is_compared_in_jupyterlab_offline_in_under_two_minutes(
    tmp_path: Path, page: Page
) -> None:
    root = tmp_path / "work"
    root.mkdir()
    shutil.copy(NOTEBOOKS[0].with_name(f"{EVERY_VENDOR}.ipynb"), root)
    with jupyterlab(root, tmp_path / "jupyter") as server:
        notebook = server.open(page, f"{EVERY_VENDOR}.ipynb")
        notebook.run_all(within_s=AT_MOST_S)
        page.locator(".voicelab-comparer .row[data-drawn='true']").first.wait_for()
        assert notebook.problems() == {}
        with Lab.open(root / "data" / "lab") as lab:
            require_every_row(lab)
        page.locator(".voicelab-comparer").get_by_role("button", name="Play").first.click()
        page.wait_for_selector(".voicelab-comparer[data-playing^='vl']")
    assert (root / "exports" / "every-vendor.html").is_file()


def require_every_row(lab: Lab) -> None:
    """Look for every voice that was asked for: done, playable and measured."""
    comparison = lab.compare("every vendor")
    designers = {name for name, kind in PROVIDERS.items() if kind.wants is Wants.PROMPT}
    asked = Counter(dict.fromkeys(designers, 3 * 2))
    asked += Counter({"tencent-vod": 2, "tencent-trtc": 2, "minimax": 1})  # the 1 speaks anew
    frame = comparison.frame
    assert Counter(frame["provider"]) == asked
    assert set(frame["state"]) == {"done"}
    clips = comparison.clips()
    assert set(clips) == set(frame["trial"])
    for trial, duration_s in zip(frame["trial"], frame["duration_s"], strict=True):
        y, sr = clips[trial].y, clips[trial].sr
        assert (np.abs(y).max() > 0.05, y.shape[-1] / sr) == (True, pytest.approx(duration_s))
    assert np.isfinite(frame[list(MEASURES)].to_numpy(float)).all()
