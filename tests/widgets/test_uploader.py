"""The uploader in a real page with its Python side answering: any size, in pieces."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import comm
import pytest
from conftest import MODEL, SEND, PageComm
from playwright.sync_api import Page, expect

from voicelab.widgets import uploader
from voicelab.widgets.uploader import PIECE, Uploader

pytestmark = pytest.mark.browser

WIDGET = "const widget = () => ({ initialize() {}, render });"
SENDING = MODEL.replace(
    SEND,
    """send: (content, _callbacks, buffers = []) => {
      const text = (buffer) => new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result.split(",")[1] ?? "");
        reader.readAsDataURL(new Blob([buffer]));
      });
      Promise.all(buffers.map(text)).then((all) => toKernel(content, all));
    },""",
)


class Sent:
    """An uploader, the page that shows it, and what came of it."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.came: list[Path] = []
        self.pieces: list[int] = []
        self.folder = folder
        self.widget = Uploader(folder, self.came.append)
        page.expose_function("toKernel", self._receive)
        page.expose_function("fromKernel", self.widget.comm.drain)
        source = Path(uploader.__file__).with_name("uploader.js").read_text(encoding="utf-8")
        script = source.replace("export default { render };", WIDGET) + SENDING.replace(
            "const values = window.values;",
            f"const values = {{ piece: {PIECE}, label: 'Upload a recording', accept: '' }};",
        )
        page.set_content(f"<div id='host'></div><script type='module'>{script}</script>")

    def _receive(self, content: dict[str, Any], buffers: list[str]) -> None:
        data = [memoryview(base64.b64decode(buffer)) for buffer in buffers]
        self.pieces += [len(piece) for piece in data]
        self.widget.comm.handle_msg(
            {"content": {"data": {"method": "custom", "content": content}}, "buffers": data}
        )


@pytest.fixture
def sent(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Sent]:
    monkeypatch.setattr(comm, "create_comm", PageComm)
    return lambda: Sent(page, tmp_path / "references")


def test_a_file_of_25_megabytes_comes_whole_and_in_pieces(
    sent: Callable[[], Sent], page: Page, tmp_path: Path
) -> None:
    made = sent()
    path = tmp_path / "my recording (1).wav"
    data = hashlib.shake_256(b"a voice").digest(25_000_000)
    path.write_bytes(data)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator("#host")).to_have_attribute("data-state", "done", timeout=60_000)
    assert [came.name for came in made.came] == ["my-recording-1.wav"]
    assert made.came[0].read_bytes() == data
    assert max(made.pieces) <= PIECE
    assert len(made.pieces) == 25
    assert [file.name for file in made.folder.iterdir()] == ["my-recording-1.wav"]


def test_an_upload_that_is_cancelled_leaves_nothing(
    sent: Callable[[], Sent], page: Page, tmp_path: Path
) -> None:
    made = sent()
    path = tmp_path / "long.wav"
    path.write_bytes(bytes(40_000_000))
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("nothing of it was kept")
    expect(page.get_by_role("button", name="Upload a recording")).to_be_enabled()
    page.wait_for_timeout(200)
    assert not made.came
    assert not list(made.folder.iterdir())


def test_a_file_that_is_too_large_is_refused_in_a_sentence(
    sent: Callable[[], Sent], page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploader, "MOST_BYTES", 1000)
    made = sent()
    path = tmp_path / "film.wav"
    path.write_bytes(bytes(1001))
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("status")).to_contain_text("up to 1,000 are taken")
    assert not made.came


def receive(widget: Uploader, content: dict[str, Any], *buffers: bytes) -> None:
    widget._receive(widget, content, [memoryview(buffer) for buffer in buffers])


def test_a_piece_that_comes_twice_is_written_once_and_a_name_is_not_taken_twice(
    tmp_path: Path,
) -> None:
    came: list[Path] = []
    widget = Uploader(tmp_path, came.append)
    for id_ in ("1", "2"):
        receive(widget, {"type": "begin", "id": id_, "name": "../../a.wav", "size": 6})
        receive(widget, {"type": "piece", "id": id_, "offset": 0}, b"abc")
        receive(widget, {"type": "piece", "id": id_, "offset": 0}, b"abc")
        receive(widget, {"type": "piece", "id": "of another", "offset": 3}, b"xyz")
        receive(widget, {"type": "piece", "id": id_, "offset": 3}, b"def")
    assert [path.name for path in came] == ["a.wav", "a-2.wav"]
    assert all(path.parent == tmp_path and path.read_bytes() == b"abcdef" for path in came)
