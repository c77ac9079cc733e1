"""The one self-contained HTML page: the only place that writes something that plays by itself.

The page runs the same front end as the notebook, with a model that answers from the page, so it
needs no network and no kernel. Its content security policy allows its own script and style only.
"""

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.errors import UsageError
from voicelab.model import source_text
from voicelab.tables.frame import variable_columns

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

Row = dict[str, Any]

FRONT_END = (
    "comparer_sound.js",
    "comparer_row.js",
    "comparer_intake.js",
    "comparer_layout.js",
    "comparer_words.js",
    "comparer_level.js",
    "comparer_details.js",
    "comparer_choice.js",
    "comparer_groups.js",
    "comparer_filters.js",
    "comparer_pin.js",
    "comparer_help.js",
    "comparer.js",
)
"""The parts of the comparer, in the order in which they make one ES module."""
STYLES = ("comparer.css", "comparer_work.css")
MIME: Mapping[str, str] = {"mp3": "audio/mpeg", "flac": "audio/flac", "wav": "audio/wav"}
PIXELS = (64, 300)
"""Rows and columns of `Comparison.pixels`."""
PLAIN = ("label", "provider", "take", "state", "rating", "note")


def write(comparison: "Comparison", path: str | Path, *, audio_format: str = "mp3") -> None:
    """Write `comparison` to `path` as one HTML page that plays offline."""
    page = page_of(comparison, audio_format=audio_format)
    Path(path).write_bytes(page.encode("utf-8", errors="replace"))


def page_of(comparison: "Comparison", *, audio_format: str = "mp3") -> str:
    """Return the page as text.

    Raises
    ------
    UsageError
        For an audio format that browsers do not all play.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    if audio_format not in MIME:
        raise UsageError(f"a page cannot hold {audio_format!r}; choose one of {', '.join(MIME)}.")
    rows = comparison.rows()
    environment = Environment(
        loader=PackageLoader("voicelab", "tables"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        title=comparison.title,
        version=version("voicelab"),
        written=datetime.now(UTC),
        rows=rows,
        prompts=_prompts(rows),
        columns=_table_columns(rows, comparison.columns()),
        cells=_table_cells,
        scale=comparison.scale(),
        emulated=sum(row["emulated"] for row in rows),
        local=any(row["provider"] == "local" for row in rows),
        **_code(),
        **_data(comparison, rows, audio_format),
    )


@functools.cache
def front_end(suffix: str) -> str:
    """Return the source of the comparer: `"js"` is one ES module, `"css"` its style sheet."""
    folder = files("voicelab") / "widgets"
    parts = FRONT_END if suffix == "js" else STYLES
    return "\n".join((folder / part).read_text("utf-8") for part in parts)


def _code() -> dict[str, str]:
    folder = files("voicelab") / "tables"
    script = front_end("js") + (folder / "page.js").read_text("utf-8")
    style = front_end("css") + (folder / "page.css").read_text("utf-8")
    return {
        "script": script,
        "style": style,
        "script_hash": _policy_hash(script),
        "style_hash": _policy_hash(style),
    }


def _policy_hash(text: str) -> str:
    return "sha256-" + _base64(hashlib.sha256(text.encode()).digest())


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _data(comparison: "Comparison", rows: list[Row], audio_format: str) -> Row:
    """Collect what the page's model answers with; one clip heard in two rows is stored once."""
    hashes = {record.trial.id: record.clip_hash for record in comparison.records}
    clips = {
        row["id"]: hashes[row["id"]] for row in rows if row["clip"] and not row["clip"]["error"]
    }
    trials = {clip: trial for trial, clip in clips.items()}
    data = {
        "state": _state(comparison, rows, list(clips)),
        "clips": clips,
        "pictures": {clip: _pictures(comparison, trial) for clip, trial in trials.items()},
        "shape": PIXELS,
        "mime": MIME[audio_format],
    }
    audio = {
        clip: _base64(comparison.audio(trial, format=audio_format))
        for clip, trial in trials.items()
    }
    return {"data": _json(data), "audio": audio}


def _state(comparison: "Comparison", rows: list[Row], peaks: list[str]) -> Row:
    """Return what a kernel answers first."""
    return {
        "type": "state",
        "title": comparison.title,
        "rows": rows,
        "columns": comparison.columns(),
        "variables": variable_columns(comparison.records),
        "scale": comparison.scale(),
        "peaks": peaks,
    }


def _pictures(comparison: "Comparison", trial: str) -> dict[str, str]:
    return {
        "peaks": _base64(comparison.peaks(trial)),
        "pixels": _base64(comparison.pixels(trial)),
    }


def _json(data: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")


def _prompts(rows: list[Row]) -> list[Row]:
    """Return one row for each prompt variant, in order."""
    return list({(row["label"], row["prompt"], row["preview_text"]): row for row in rows}.values())


def _table_columns(rows: list[Row], measures: list[Row]) -> list[Row]:
    variables = dict.fromkeys(name for row in rows for name in row["variables"])
    first, *others = [_text_column("plain", name, name) for name in PLAIN]
    return [
        first,
        *(_text_column("variables", name, f"{{{name}}}") for name in variables),
        *others,
        *({**column, "kind": "measures"} for column in measures),
    ]


def _text_column(kind: str, name: str, title: str) -> Row:
    return {"kind": kind, "name": name, "title": title, "unit": "", "doc": ""}


def _table_cells(row: Mapping[str, Any], column: Mapping[str, Any]) -> tuple[object, str]:
    """Return the value to sort by and the words to show."""
    source = row if column["kind"] == "plain" else row[column["kind"]]
    value = source.get(column["name"])
    if value is None or value == "":
        return "", "–"
    if column["kind"] == "measures":
        return value, f"{value:z.{column['decimals']}f}".replace("-", "−")
    if column["name"] == "rating":
        return value, "★" * value + "☆" * (5 - value)
    if column["name"] == "state" and row["error"]:
        return value, f"{value}: {row['error']}"
    if column["name"] == "provider" and row["emulated"]:
        return value, source_text(value, emulated=True)
    return value, str(value)
