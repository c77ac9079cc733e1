"""Trials as tables: the columns, the frame, and the list of every export format."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from voicelab.errors import UsageError
from voicelab.tables import (
    write_csv,
    write_html,
    write_jsonl,
    write_latex,
    write_markdown,
    write_parquet,
    write_xlsx,
)

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
}


def export(comparison: "Comparison", path: str | Path, *, audio_format: str = "mp3") -> Path:
    """Write `comparison` in the format of the suffix of `path`, whole or not at all.

    Parameters
    ----------
    audio_format
        How a page holds its sounds.

    Raises
    ------
    UsageError
        For a suffix that is no format, or a place that cannot be written.
    """
    path = Path(path).expanduser()
    write = _writer(path)
    if write is write_html.write:
        write = partial(write_html.write, audio_format=audio_format)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            whole = Path(folder) / path.name
            write(comparison, whole)
            whole.replace(path)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror or error}); "
            "close it where it is open, or choose another place."
        ) from error
    return path


def _writer(path: Path) -> Callable[["Comparison", Path], None]:
    try:
        return WRITERS[path.suffix.lower()]
    except KeyError:
        found = f"the suffix {path.suffix!r}" if path.suffix else "no suffix"
        raise UsageError(
            f"the export {path.name!r} has {found}, which names no format; "
            f"end it in one of {', '.join(WRITERS)}."
        ) from None
