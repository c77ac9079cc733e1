"""A page in a notebook's own output: it plays with no kernel, and in what nbconvert makes."""

import html
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect
from shown import comparison_of, wav

from voicelab.errors import UsageError
from voicelab.tables.embed import EMBED_MB, EmbeddedPage

CELLS = (
    "import voicelab as vl\n"
    "lab = vl.Lab.open('lab')\n"
    "batch = vl.Batch(\n"
    "    variants=vl.grid('a {tone} voice', tone=['deep', 'bright'], preview_text='Hello.'),\n"
    "    providers=['local'],\n"
    ")\n"
    "lab.run(batch).result();",
    "lab.audition(batch, embed=True)",
)


@pytest.mark.browser
def test_an_embedded_page_plays_from_the_html_of_nbconvert_without_a_network(
    page: Page, tmp_path: Path
) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(
        notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    (output,) = notebook.cells[1].outputs
    assert output["data"]["text/plain"].startswith("EmbeddedPage('untitled': 2 trials, ")
    body, _ = HTMLExporter().from_notebook_node(notebook)
    (tmp_path / "notebook.html").write_text(body, "utf-8")
    page.goto((tmp_path / "notebook.html").as_uri())
    inside = page.frame_locator("iframe[srcdoc]")
    inside.locator(".row[data-drawn='true']").nth(1).wait_for()
    inside.locator(".row .play").nth(1).click()
    root = inside.locator(".voicelab-comparer")
    expect(root).not_to_have_attribute("data-playing", "")
    expect(root).not_to_have_attribute("data-pos", "0.000")


def test_the_frame_lets_scripts_run_and_nothing_else() -> None:
    shown = EmbeddedPage(comparison_of(1, title='"><script>alert(1)</script>'))._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-scripts" title="&quot;&gt;&lt;script&gt;')
    frame, _, behind = shown.partition("</iframe>")
    assert frame.count("<") == 1
    assert behind.startswith("<details><summary>")
    assert "<script" not in behind
    srcdoc = shown.split('srcdoc="')[1].split('"></iframe>')[0]
    assert html.unescape(srcdoc).startswith("<!doctype html>")


def test_too_much_for_a_notebook_is_refused_with_what_to_do() -> None:
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, 60 * 16_000)
    sounds = [wav(np.roll(noise, nth), sr=16_000) for nth in range(16)]
    with pytest.raises(UsageError) as refused:
        EmbeddedPage(comparison_of(16, sound=sounds.__getitem__))
    said = str(refused.value)
    assert f"{EMBED_MB:g} MB are allowed" in said
    assert 'lab.export(batch, "voices.html")' in said
    assert "fewer trials" in said
    assert "max_mb" not in said
