"""The one self-contained HTML page: the only place that writes something that plays by itself.

The page runs the same front end as the notebook, with a model that answers from the page, so it
needs no network and no kernel. Its content security policy allows its own script and style only.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.tables.blind import Key, blind_rows, blinded
from voicelab.tables.frame import variable_columns
from voicelab.tables.front_end import front_end
from voicelab.tables.page_clips import PIXELS, PageClip, base64_text, page_clips, require_room
from voicelab.tables.page_options import MIME, PageOptions
from voicelab.tables.page_rows import (
    origins,
    page_rows,
    prompts,
    table_cells,
    table_columns,
)

if TYPE_CHECKING:
    from voicelab.model import TrialRecord
    from voicelab.tables.comparison import Comparison

Row = dict[str, Any]

BLIND_OVERLAYS = ("pauses", "words")
"""What a blind page draws over its pictures: what can be seen in them anyway."""
OVERLAYS = ("pitch", *BLIND_OVERLAYS)
PAGE_SCRIPTS = ("page.js", "page_answers.js", "page_start.js")
"""What the page adds to the comparer, in order."""


@dataclass(frozen=True, kw_only=True)
class _Page:
    """What a page is made from."""

    comparison: "Comparison"
    """A blinded one for a blind page."""
    rows: list[Row]
    clips: Mapping[str, PageClip]
    """By clip hash."""
    columns: list[Row]
    """The measures."""
    key: Key | None
    """Of a blind page."""
    links: Mapping[str, str]
    """Addresses of the sounds by the clips' names, where they stand beside the page."""
    emulated: int
    """How many trials an emulator answered."""


def write(
    comparison: "Comparison",
    path: str | Path,
    options: PageOptions | None = None,
    key: Key | None = None,
) -> None:
    """Write `comparison` to `path` as one HTML page that plays offline."""
    page = page_of(comparison, options, key)
    Path(path).write_bytes(page.encode("utf-8", errors="replace"))


def page_of(
    comparison: "Comparison", options: PageOptions | None = None, key: Key | None = None
) -> str:
    """Return the page as text; with a key it is blind.

    Raises
    ------
    UsageError
        When it would be larger than allowed, with every choice there is.
    """
    options = options or PageOptions()
    page = _page(comparison, options, key)
    text = _rendered(page, options)
    require_room(
        page.comparison, list(page.clips.values()), len(text.encode("utf-8", "replace")), options
    )
    return text


def page_with_links(
    comparison: "Comparison",
    clips: Mapping[str, PageClip],
    links: Mapping[str, str],
    options: PageOptions,
) -> str:
    """Return a page whose sounds stand beside it, under `links` by the names of the clips."""
    page = _Page(
        comparison=comparison,
        rows=page_rows(comparison, voice_ids=options.voice_ids),
        clips=clips,
        columns=comparison.columns(),
        key=None,
        links=links,
        emulated=_emulated(comparison.records),
    )
    return _rendered(page, options)


def _page(comparison: "Comparison", options: PageOptions, key: Key | None) -> _Page:
    emulated = _emulated(comparison.records)
    if key is not None:
        emulated = _emulated([comparison.record(trial) for trial in key.rows.values()])
        comparison = blinded(comparison, key)
    clips = page_clips(comparison, options)
    rows = blind_rows(comparison) if key else page_rows(comparison, voice_ids=options.voice_ids)
    return _Page(
        comparison=comparison,
        rows=rows,
        clips=clips,
        columns=[] if key else comparison.columns(),
        key=key,
        links={},
        emulated=emulated,
    )


def _emulated(records: "Sequence[TrialRecord]") -> int:
    return sum(record.emulated for record in records)


def _rendered(page: _Page, options: PageOptions) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("voicelab", "tables"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = _clip_names(page)
    return environment.get_template("page.html.j2").render(
        title=page.comparison.title,
        version=version("voicelab"),
        written=datetime.now(UTC),
        rows=page.rows,
        prompts=prompts(page.rows),
        columns=table_columns(page.rows, page.columns),
        cells=table_cells,
        scale=page.comparison.scale(),
        emulated=page.emulated,
        local=not page.key and any(row["provider"] == "local" for row in page.rows),
        origins=[] if page.key else origins(page.comparison.records),
        blind=page.key is not None,
        pictures=_pictures(page, names),
        sounds={} if page.links else {c.name: base64_text(c.audio) for c in page.clips.values()},
        linked=bool(page.links),
        data=_json(_data(page, names, options)),
        **_code(),
    )


def _code() -> dict[str, str]:
    folder = files("voicelab") / "tables"
    own = "\n".join((folder / name).read_text("utf-8") for name in PAGE_SCRIPTS)
    script = f"{front_end('js')}{{\n{own}}}\n"  # a block: its names are its own
    style = front_end("css") + (folder / "page.css").read_text("utf-8")
    return {
        "script": script,
        "style": style,
        "script_hash": _policy_hash(script),
        "style_hash": _policy_hash(style),
    }


def _policy_hash(text: str) -> str:
    return "sha256-" + base64_text(hashlib.sha256(text.encode()).digest())


def _clip_names(page: _Page) -> dict[str, str]:
    """Return the name of the clip of each row that can be heard."""
    names = {}
    for record, row in zip(page.comparison.records, page.rows, strict=True):
        clip = page.clips.get(record.clip_hash or "")
        if clip is not None and row["clip"] and not row["clip"]["error"]:
            names[row["id"]] = clip.name
    return names


def _anchors(page: _Page, names: Mapping[str, str]) -> Row:
    """Return where the words of each row that can be heard are."""
    rows = zip(page.comparison.records, page.rows, strict=True)
    return {
        row["id"]: page.comparison.anchors(record.trial.id).message()
        for record, row in rows
        if row["id"] in names
    }


def _data(page: _Page, names: Mapping[str, str], options: PageOptions) -> Row:
    """Collect what the page's model answers with."""
    return {
        "page": page.key.page if page.key else None,
        "state": {
            "type": "state",
            "title": page.comparison.title,
            "rows": page.rows,
            "columns": page.columns,
            "variables": variable_columns(page.comparison.records),
            "scale": page.comparison.scale(),
            "peaks": list(names),
            "sees": _sees(page),
            "blind": page.key is not None,
        },
        "clips": names,
        "peaks": {clip.name: base64_text(clip.peaks) for clip in page.clips.values()},
        "links": page.links,
        "anchors": _anchors(page, names),
        "pitch": {} if page.key else {clip.name: _pitch(clip) for clip in page.clips.values()},
        "shape": PIXELS,
        "mime": MIME[options.audio],
    }


def _sees(page: _Page) -> Row:
    """Return what the pictures of a page can show: it holds no other axis, no finer pictures."""
    overlays = BLIND_OVERLAYS if page.key else OVERLAYS
    return {"kinds": ["mel"], "sharp": False, "overlays": list(overlays)}


def _pitch(clip: PageClip) -> Row:
    return {
        "start_s": clip.pitch_start_s,
        "hop_s": clip.pitch_hop_s,
        "f0": base64_text(clip.pitch),
    }


def _pictures(page: _Page, names: Mapping[str, str]) -> list[Row]:
    """Return the pictures row by row; a clip of two rows is drawn once."""
    longest = page.comparison.scale()["duration_s"]
    clips = {clip.name: clip for clip in page.clips.values()}
    first: dict[str, str] = {}
    pictures = []
    for row in page.rows:
        clip = clips.get(names.get(row["id"], ""))
        again = first.get(clip.name) if clip else None
        if clip and again is None:
            first[clip.name] = row["label"]
        pictures.append(
            {
                "row": row,
                "clip": clip if again is None else None,
                "again": again,
                "spectrogram": base64_text(clip.spectrogram) if clip and again is None else "",
                "width": round(_WIDTH * row["clip"]["duration_s"] / longest) if clip else 0,
            }
        )
    return pictures


_WIDTH = 700
"""Of the longest clip in print, in CSS pixels."""


def _json(data: object) -> str:
    """Return JSON that cannot end the script element it stands in."""
    return json.dumps(data, allow_nan=False).replace("<", "\\u003c")
