"""The tour: every notebook runs top to bottom, offline, and is committed as a reader needs it."""

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 10
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
        "4_every_vendor",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs_and_with_short_cells(path: Path) -> None:
    for cell in code_cells(path):
        assert cell.outputs == []
        assert cell.execution_count is None
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
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
