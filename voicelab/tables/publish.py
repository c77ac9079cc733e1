"""The only place that writes a folder for a web server: the page, sounds beside it, the table."""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

from voicelab.errors import UsageError
from voicelab.tables import write_csv
from voicelab.tables.page_clips import PageClip, page_clips
from voicelab.tables.page_options import PageOptions
from voicelab.tables.summary import provenance
from voicelab.tables.write_audio import file_stem
from voicelab.tables.write_html import page_with_links

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

PARTS = ("index.html", "table.csv", "audio", "published.json")
"""What is in such a folder; the last one says that it is ours."""


def publish_folder(
    comparison: "Comparison", folder: str | Path, options: PageOptions | None = None
) -> Path:
    """Write `index.html`, `table.csv` and the folder `audio`; what was published there before goes.

    Raises
    ------
    UsageError
        When the folder cannot be written, or holds such files that are not ours; for a blind page,
        whose sounds would have names.
    """
    options = replace(options or PageOptions(), max_mb=math.inf)
    if options.blind:
        raise UsageError(
            "a published folder names its voices; export a blind page as one file: "
            'lab.export(batch, "blind.html", blind=True)'
        )
    folder = Path(folder).expanduser()
    _require_ours(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".writing-") as made:
            _write(comparison, Path(made), options)
            for part in PARTS:
                _replace(Path(made) / part, folder / part)
    except OSError as error:
        raise UsageError(
            f"the folder {folder} cannot be written ({error.strerror or error}); "
            "choose another place."
        ) from error
    return folder


def _require_ours(folder: Path) -> None:
    *parts, mark = PARTS
    if not (folder / mark).exists() and any((folder / part).exists() for part in parts):
        raise UsageError(
            f"{folder} holds files called like ours that voicelab did not publish; "
            "choose another folder."
        )


def _replace(made: Path, there: Path) -> None:
    if there.is_dir() and not there.is_symlink():
        rmtree(there)
    made.replace(there)


def _write(comparison: "Comparison", folder: Path, options: PageOptions) -> None:
    clips = page_clips(comparison, options)
    names = _names(comparison, clips, options)
    (folder / "audio").mkdir()
    for clip in clips.values():
        (folder / "audio" / names[clip.name]).write_bytes(clip.audio)
    links = {clip: f"audio/{quote(name)}" for clip, name in names.items()}
    page = page_with_links(comparison, clips, links, options)
    (folder / "index.html").write_bytes(page.encode("utf-8", errors="replace"))
    write_csv.write(comparison, folder / "table.csv")
    mark = json.dumps(provenance(comparison), ensure_ascii=False, indent=2) + "\n"
    (folder / "published.json").write_text(mark, "utf-8", errors="replace")


def _names(
    comparison: "Comparison", clips: Mapping[str, PageClip], options: PageOptions
) -> dict[str, str]:
    """Return a readable file name for each clip, after the first trial that has it."""
    digits = max(2, len(str(len(clips))))
    suffix = "flac" if options.audio == "flac" else "mp3"
    return {
        clip.name: f"{int(clip.name):0{digits}} {file_stem(comparison.record(clip.trial))}.{suffix}"
        for clip in clips.values()
    }
