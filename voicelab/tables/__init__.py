"""Trials as tables: the columns, the frame, and the list of every export format."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from voicelab.errors import UsageError
from voicelab.tables import (
    blind,
    write_csv,
    write_html,
    write_jsonl,
    write_latex,
    write_markdown,
    write_parquet,
    write_xlsx,
    write_zip,
)
from voicelab.tables.page_options import PageOptions
from voicelab.tables.summary import provenance

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

__all__ = ["WRITERS", "export"]

WRITERS: Mapping[str, Callable[["Comparison", Path], None]] = {
    ".html": write_html.write,
    ".csv": write_csv.write,
    ".xlsx": write_xlsx.write,
    ".parquet": write_parquet.write,
    ".jsonl": write_jsonl.write,
    ".md": write_markdown.write,
    ".tex": write_latex.write,
    ".zip": write_zip.write,
}


def export(comparison: "Comparison", path: str | Path, page: PageOptions | None = None) -> Path:
    """Write `comparison` in the format of the suffix of `path`, whole or not at all.

    Parameters
    ----------
    page
        How a page is made; nothing for the other formats.

    Raises
    ------
    UsageError
        For a suffix that is no format, a place that cannot be written, or a page that would be
        larger than allowed.
    """
    path = Path(path).expanduser()
    write = _writer(path)
    if write is not write_html.write:
        _require_no_page(path, page)
        return write_whole(path, lambda whole: write(comparison, whole))
    page = page or PageOptions()
    if page.blind:
        return _export_blind(comparison, path, page)
    return write_whole(path, lambda whole: write_html.write(comparison, whole, page))


def write_whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` make a file at a place beside `path`, then put it there.

    Raises
    ------
    UsageError
        When the place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            whole = Path(folder) / path.name
            write(whole)
            whole.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error}); "
            "close it where it is open, or choose another place."
        ) from error
    return path


def _export_blind(comparison: "Comparison", path: Path, page: PageOptions) -> Path:
    """Write the key first: a page whose key is lost tells nobody anything."""
    kept = blind.key_path(path)
    key = blind.key_for(comparison, kept, page)
    text = write_html.page_of(comparison, page, key)
    told = blind.key_text(comparison, key, str(provenance(comparison)["made_by"]))
    write_whole(kept, lambda whole: _write_text(whole, told))
    return write_whole(path, lambda whole: _write_text(whole, text))


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", errors="replace"))


def _require_no_page(path: Path, page: PageOptions | None) -> None:
    if page is not None and page != PageOptions():
        raise UsageError(
            f"audio, max_mb, voice_ids, blind and seed are for a page (.html), not for {path.name}."
        )


def _writer(path: Path) -> Callable[["Comparison", Path], None]:
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError:
        found = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise UsageError(
            f"the export {path.name!r} has {found}, which names no format; "
            f"end it in one of {', '.join(WRITERS)}."
        ) from None
