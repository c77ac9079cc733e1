"""Keys of every vendor are planted, everything is done, and no key is in anything that is left."""

import base64
import gzip
import io
import pickle
import random
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import nbformat
import pandas as pd
import pytest
from planted import find, forms, opened, rows
from planted_day import ENDPOINTS, KEYS, SIGNED, WRONG, Left, lived

from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Task, Trial, Voice
from voicelab.providers.base import BearerAuth, Limits, Provider, Request, Send


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    """What is left of the day; it is lived once."""
    with lived(tmp_path_factory.mktemp("left")) as left:
        yield left


def test_no_planted_key_is_in_anything_that_is_left(left: Left) -> None:
    assert find(KEYS, left.folder) == []


def test_no_signed_link_is_left_but_in_the_kept_replies(left: Left) -> None:
    """Replies are kept raw, to be read again free; a vendor's link in one is dead within a day."""
    planted = {**SIGNED, **left.signatures}
    assert len(planted) > len(SIGNED)
    found = find(planted, left.folder)
    in_rows = [one for one in found if re.search(r"lab\.db > [a-z]+\.", one)]
    assert any(" in lab/lab.db" in one for one in in_rows)
    assert any(" in archive.zip" in one for one in in_rows)
    assert [one for one in in_rows if " > exchanges." not in one] == []
    kept = re.compile(r" in (lab/|archive\.zip > )lab\.db")
    assert [one for one in found if not kept.search(one)] == []


def test_the_keys_were_used_and_echoed_and_everything_was_logged(left: Left) -> None:
    """Without this, nothing might be found because nothing had happened."""
    calls = [call for name in ENDPOINTS for call in left.sandbox[name].ledger.calls]
    used = "".join(str(call.headers) for call in calls)
    sent = ("the MiniMax key", "the DashScope key", "the Tencent SecretId", "the Tencent token")
    assert all(KEYS[name] in used for name in sent)
    kept = [value for row in rows(left.lab.folder / "lab.db") for _, value in opened(*row)]
    assert sum(value.count(b"[key]") for value in kept) > 100
    ends = {(record.trial.provider, record.error_kind) for record in left.lab.records()}
    assert len(ends) > 15, ends
    log = (left.folder / "everything.log").read_text(encoding="utf-8")
    assert "httpx HTTP Request: GET" in log
    assert "httpcore.http11 receive_response_headers.complete" in log
    assert "RuntimeError: a display that broke" in log


def test_every_trial_of_the_day_agrees_with_its_kept_replies(left: Left) -> None:
    told = (left.folder / "check.txt").read_text(encoding="utf-8")
    assert "; 0 things are wrong." in told or told.endswith("all is well."), told


def test_tracebacks_that_show_every_variable_were_among_it(left: Left) -> None:
    told = (left.folder / "tracebacks.txt").read_text(encoding="utf-8")
    assert told.count("UsageError") > 2 * len(WRONG)
    assert told.count("Unreachable") > 2
    assert told.count("a key is never written down") > 2 * len(ENDPOINTS)
    assert "Secret('…')" in told  # variables are shown, and a key is one of them


@dataclass(frozen=True, kw_only=True)
class Careless(Provider):
    """A provider of one's own that puts its key where no key belongs."""

    name: ClassVar[str] = "careless"
    published: ClassVar[Limits] = Limits()
    key: str
    base_url: str

    @classmethod
    def from_env(cls) -> Self:
        raise NotImplementedError

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.key,)

    async def submit(self, trial: Trial, send: Send) -> Task | Voice:
        if trial.take == 1:
            raise ValueError(f"no voice for {self.key}")
        request = Request(
            step="design",
            method="POST",
            url=self.base_url,
            spends=True,
            auth=BearerAuth(f"{self.key}\n"),  # no header holds this, and the error quotes it
        )
        await send(request)
        raise AssertionError("unreachable")


@pytest.fixture
def listening() -> Iterator[Sandbox]:
    """Something to connect to."""
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.mark.parametrize("takes", [1, 2], ids=["in the provider", "in the HTTP library"])
def test_what_breaks_in_a_provider_of_ones_own_leaves_no_key(
    listening: Sandbox, tmp_path: Path, takes: int
) -> None:
    own = Careless(key="PLANTED-own-key", base_url=listening.base_url["minimax"])
    row = PromptVariant(label="a", prompt="a deep voice", preview_text="Good evening.")
    with Lab.open(tmp_path / "lab") as lab:
        lab.run(Batch(variants=[row], providers=[own], takes=takes)).result()
        assert own.key not in str(lab.records()[takes - 1])


HIDDEN = KEYS["the MiniMax key"]


@pytest.mark.parametrize("how", forms(HIDDEN))
@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_the_search_finds_every_writing_of_a_key(tmp_path: Path, how: str, before: str) -> None:
    content = f"{before}{HIDDEN}{before}".encode()
    written = base64.b64encode(content) if how.startswith("base64") else forms(HIDDEN)[how]
    (tmp_path / "a file").write_bytes(b"\xff\0\n" + written + b"\n")
    assert find({"a key": HIDDEN}, tmp_path)


def _page(folder: Path) -> None:
    data = base64.b64encode(zlib.compress(b"x" * 400 + HIDDEN.encode())).decode()
    (folder / "a.html").write_text(f"<audio src='data:audio/wav;base64,{data}'>")


def _database(folder: Path, value: str | bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "lab.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE exchanges (body)")
    connection.execute("INSERT INTO exchanges VALUES (?)", (value,))
    connection.commit()
    return connection


def _long_blob(folder: Path) -> None:
    body = random.Random(1).randbytes(30_000) + HIDDEN.encode()
    _database(folder, zlib.compress(body)).close()


def _zipped(folder: Path) -> None:
    inner = io.BytesIO()
    for archive, name, content in (
        (inner, "a.txt", HIDDEN.encode()),
        (folder / "a.zip", "inner.zip", None),
    ):
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as whole:
            whole.writestr(name, inner.getvalue() if content is None else content)


def _notebook(folder: Path) -> None:
    state = base64.b64encode(b"peaks" + HIDDEN.encode() + b"!").decode()
    widgets = {"state": {"a": {"buffers": [{"encoding": "base64", "data": state}]}}}
    nbformat.write(nbformat.v4.new_notebook(metadata={"widgets": widgets}), folder / "a.ipynb")


HIDE: dict[str, Callable[[Path], object]] = {
    "a log": lambda folder: (folder / "a.log").write_text(f"DEBUG {HIDDEN}"),
    "a page": _page,
    "a notebook": _notebook,
    "a spreadsheet": lambda folder: pd.DataFrame({"a": [HIDDEN]}).to_excel(folder / "a.xlsx"),
    "a parquet file": lambda folder: pd.DataFrame({"a": [HIDDEN] * 99}).to_parquet(
        folder / "a.parquet", compression="gzip"
    ),
    "a database": lambda folder: _database(folder, HIDDEN).close(),
    "a compressed blob over many pages": _long_blob,
    "a database's log": lambda folder: _database(folder, zlib.compress(HIDDEN.encode() * 9)),
    "an archive in an archive": _zipped,
    "a gzip file": lambda folder: (folder / "a.gz").write_bytes(gzip.compress(HIDDEN.encode())),
    "a pickle": lambda folder: (folder / "a").write_bytes(pickle.dumps({"a": [HIDDEN]})),
}
"""How a key is put where the search must find it; what is returned stays open meanwhile."""


@pytest.mark.parametrize("where", HIDE)
def test_the_search_finds_a_key_in_every_container(tmp_path: Path, where: str) -> None:
    still_open = HIDE[where](tmp_path)
    try:
        assert find({"a key": HIDDEN}, tmp_path)
        assert not find({"a key": HIDDEN[::-1]}, tmp_path)
    finally:
        if isinstance(still_open, sqlite3.Connection):
            still_open.close()
