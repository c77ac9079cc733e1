"""Finding a planted text in whatever it may have got into: every writing of it, every container."""

import base64
import binascii
import gzip
import html
import io
import json
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyarrow.parquet

SQLITE = b"SQLite format 3\0"
DEEPEST = 4
"""Containers within containers that are opened."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def forms(planted: str) -> dict[str, bytes]:
    """Return the ways a text may be written, by name."""
    raw = planted.encode()
    found = {
        "plain": raw,
        "UTF-16": planted.encode("utf-16-le"),
        "UTF-16, the other way": planted.encode("utf-16-be"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL-encoded": quote(planted, safe="").encode(),
        "URL-encoded, lower case": re.sub(
            "%..", lambda found: found[0].lower(), quote(planted, safe="")
        ).encode(),
        "URL-encoded but for slashes": quote(planted).encode(),
        "JSON-escaped": json.dumps(planted)[1:-1].replace("/", "\\/").encode(),
        "JSON with signs escaped": signs_escaped(planted).encode(),
        "HTML-escaped": html.escape(planted).encode(),
        "XML-escaped": html.escape(planted, quote=False).encode(),
        "repr": repr(raw)[2:-1].encode(),
    }
    for shift in range(3):
        # only what does not depend on the bytes before and after it
        whole = base64.b64encode(b"\0" * shift + raw)
        inner = whole[(0, 2, 3)[shift] : len(whole) - 4]
        found[f"base64, {shift} bytes in"] = inner
        found[f"base64 for links, {shift} bytes in"] = inner.translate(
            bytes.maketrans(b"+/", b"-_")
        )
    return found


def signs_escaped(text: str) -> str:
    """Return `text` as JSON writers have it that escape what HTML might take for markup."""
    return "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in text)


def in_base64(text: str) -> list[bytes]:
    """Return `text` in base64 after nothing, one byte and two, as in a header of its own."""
    return [base64.b64encode(f"{before}{text}:".encode()) for before in ("", "a", "ab")]


def find(planted: Mapping[str, str], folder: Path) -> list[str]:
    """Return where in the files of `folder` which of the planted texts was found, and how."""
    wanted = {name: forms(text) for name, text in planted.items()}
    return list(
        dict.fromkeys(
            f"{name} in {where} ({how})"
            for where, content in _everything(folder)
            for name, written in wanted.items()
            for how, form in written.items()
            if form in content
        )
    )


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, content = path.relative_to(folder).as_posix(), path.read_bytes()
        yield from opened(name, content)
        if content.startswith(SQLITE):  # with the log beside it
            for where, value in rows(path):
                yield from opened(f"{name} > {where}", value)


def opened(where: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield what is in a file, and in the containers in it."""
    yield where, content
    if depth < DEEPEST:
        for inside, unpacked in _unpacked(content):
            yield from opened(f"{where} > {inside}", unpacked, depth + 1)


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
                if archive.read(name).startswith(SQLITE):
                    yield from _rows_in(name, archive.read(name))
    elif content.startswith(b"\x1f\x8b"):
        yield "gzip", gzip.decompress(content)
    elif content.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        yield "rows", repr(table.to_pylist()).encode()
        yield "schema", repr(table.schema.metadata).encode()
    else:
        yield from _streams(content)


def _rows_in(name: str, database: bytes) -> Iterator[tuple[str, bytes]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lab.db"
        path.write_bytes(database)
        yield from ((f"{name} > {where}", value) for where, value in rows(path))


def rows(database: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every text and blob of a database as table and column, its write-ahead log included."""
    with TemporaryDirectory() as folder, closing(_copied(database, Path(folder))) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for name, value in (pair for row in cursor for pair in zip(names, row, strict=True)):
                if isinstance(value, str | bytes):
                    yield f"{table}.{name}", value.encode() if isinstance(value, str) else value


def _copied(database: Path, folder: Path) -> sqlite3.Connection:
    for path in database.parent.glob(f"{database.name}*"):
        shutil.copy(path, folder)
    return sqlite3.connect(folder / database.name)


def _streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    for match in _ZLIB.finditer(content):
        try:
            unpacked = zlib.decompressobj().decompress(content[match.start() :])
        except zlib.error:
            continue
        if len(unpacked) > 8:
            yield "zlib", unpacked
    for match in _BASE64.finditer(content):
        run = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            yield "base64", base64.b64decode(run[: len(run) // 4 * 4], validate=True)
        except binascii.Error:
            continue
