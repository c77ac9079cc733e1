"""Every export format, on real trials of a real store, with the worst texts in every field."""

import csv
import html
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mistune
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet
import pytest

from voicelab.audio.clip import decode, encode
from voicelab.engine.land import measured
from voicelab.errors import Refused, UsageError
from voicelab.measures import MEASURES, VERSION
from voicelab.model import PromptVariant, Trial, TrialState, trial_id
from voicelab.store.journal import now
from voicelab.store.records import Planned, to_json
from voicelab.store.store import Store
from voicelab.tables import WRITERS, export
from voicelab.tables.columns import COLUMNS
from voicelab.tables.comparison import Comparison
from voicelab.tables.summary import MAIN_MEASURES
from voicelab.tables.text import legal, one_line
from voicelab.tables.write_audio import write_audio_folder
from voicelab.tables.write_csv import guarded

RATE = 16_000
FORMULA_SIGNS = "=+-@＝＋－＠"
HOSTILE = (
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    '＝HYPERLINK("http://evil.example","x")',
    " \t =1+1",
    "\t=1",
    "\r\n=1",
    "fine;=1+1",
    'fine;"=1+1"',
    "\ufeff=1",
    "#N/A",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "a|b\\|c\\\\|d\\",
    "`code` **bold** _it_ ~~gone~~ $x^2$ <b>html</b> &amp; &lt;",
    "[link](javascript:alert(1)) ![image](http://evil.example/x.png)",
    "http://evil.example www.evil.example me@evil.example @someone #12 [^1]",
    "\\input{/etc/passwd} \\write18{rm} % $ & # _ { } ~ ^ ^^41 \" `` '' -- --- ,, [x] * | < >",
    "مرحبا \u202eתורהפוך\u202c שלום",
    "nul\x00bell\x07escape\x1b[31m\x7f\x85\ufffe",
    "line one\nline two\r\nline three\u2028line four",
    "emoji 🎙️👩‍👩‍👧 and 中文，标点。",
    "../../etc/passwd",
    "CON",
    "C:\\Windows\\x.exe. ",
    "nul. . .",
    "COM1:",
    "~/x $HOME `id` %PATH%",
    "\u2066=1\u2069",
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07\x9b2J",
    "{{ 7 * 7 }} {% raw %} ${7*7}",
    "e\u0301" * 200 + "\u0300" * 200,
    "深" * 200,
)
"""Each with something to say, so that it can be a preview text too."""

Build = Callable[..., Comparison]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "lab") as store:
        yield store


@pytest.fixture
def build(store: Store) -> Build:
    """Give a maker of comparisons: one trial a text, the text in every field it can stand in."""

    def make(texts: Sequence[str], *, fail: bool = False, emulated: bool = True) -> Comparison:
        trials = [planned(nth, text, emulated=emulated) for nth, text in enumerate(texts)]
        store.add_batch("b1", experiment="exp " + "".join(texts[:1]), spec={}, trials=trials)
        for nth, (one, text) in enumerate(zip(trials, texts, strict=True)):
            store.move(one.trial.id, TrialState.SENT, sent_at=now())
            if fail:
                store.fail(one.trial.id, Refused(text, code=text, request_id=text))
            else:
                finish(store, one.trial.id, text, tone(150 + nth))
        return compare(store, title="".join(texts[:1]) or "empty")

    return make


def planned(nth: int, text: str, *, emulated: bool) -> Planned:
    variant = PromptVariant(
        label=text,
        prompt=text,
        preview_text=f"{text} x",
        language=text,
        variables={"tone": text, "label": text, f"=v{nth}": text},
    )
    trial = Trial(
        id=trial_id("b1", text, text, 1),
        batch_id="b1",
        index=nth,
        variant=variant,
        provider=text,
        take=1,
        options={"model": text},
    )
    return Planned(trial=trial, emulated=emulated, characters=len(text), cost=0.25, currency=text)


def tone(f0_hz: float) -> bytes:
    time = np.arange(RATE) / RATE
    return encode(0.3 * np.sin(2 * np.pi * f0_hz * time), sr=RATE, format="wav")


def finish(store: Store, id_: str, text: str, audio: bytes, *, pcm_rate: int | None = None) -> None:
    clip = decode(audio, pcm_rate=pcm_rate)
    row = store.clips.add(
        audio,
        suffix=f".{clip.format}",
        format=clip.format,
        pcm_rate=pcm_rate,
        sr=clip.sr,
        channels=clip.channels,
        duration_s=clip.duration_s,
        notes=clip.notes,
    )
    store.move(
        id_,
        TrialState.DONE,
        voice_id=text,
        clip_hash=row.hash,
        latency_s=1.25,
        evidence=to_json({text: [text, 1.5]}),
    )
    measured(store, row.hash, clip)
    store.rate(id_, 4)
    store.note(id_, text)


def compare(store: Store, *, title: str) -> Comparison:
    return Comparison(
        title,
        store.records(),
        audio_of=store.clips.audio,
        pcm_rate_of=lambda digest: store.clips.row(digest).pcm_rate,
        numbers=store.clips.numbers(VERSION),
    )


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("what", ["empty", "failed", "done"])
def test_every_format_takes_an_empty_a_failed_and_a_done_comparison(
    build: Build, tmp_path: Path, suffix: str, what: str
) -> None:
    comparison = build([] if what == "empty" else HOSTILE, fail=what == "failed")
    path = export(comparison, tmp_path / "new" / f"table{suffix.upper()}")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_csv_comes_back_as_it_was_with_formulas_defused(build: Build, tmp_path: Path) -> None:
    comparison = build(HOSTILE)
    path = export(comparison, tmp_path / "t.csv")
    back = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, dtype=str)
    assert list(back.columns) == [guarded(name) for name in comparison.frame.columns]
    for row, found in zip(comparison.table, back.to_dict("records"), strict=True):
        for name, value in row.items():
            if isinstance(value, str):
                assert found[guarded(name)] == guarded(value)
            elif value is None:
                assert found[guarded(name)] == ""
            else:
                assert found[guarded(name)] == str(value)
    numbers = pd.read_csv(path)
    assert numbers["f0_median_hz"].dtype == "float64"
    assert numbers["emulated"].all()
    assert numbers["loudness_lufs"].lt(0).all()


def test_csv_is_rfc_4180_with_a_byte_order_mark(build: Build, tmp_path: Path) -> None:
    data = export(build(HOSTILE), tmp_path / "t.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == len(HOSTILE) + 1


def test_no_csv_cell_begins_a_formula_wherever_a_spreadsheet_may_split(
    build: Build, tmp_path: Path
) -> None:
    text = export(build(HOSTILE), tmp_path / "t.csv").read_text("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    pieces = re.split(r"[;\t\r\n]", text)
    for piece in [*cells, *pieces]:
        begins = piece.lstrip(' \t\r\n"\ufeff\u200b')[:1]
        assert not begins or begins not in FORMULA_SIGNS or is_number(piece), piece


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1", "'=1"),
        ("\u200b＝1", "'\u200b＝1"),
        ("\tx", "'\tx"),
        ("\rx", "'\nx"),
        ("a\n- b", "a\n'- b"),
        ("a - b = c", "a - b = c"),
        ("a, -b", "a, -b"),
        ("'=1", "'=1"),
        ("", ""),
    ],
)
def test_an_apostrophe_goes_only_where_a_formula_could_begin(text: str, safe: str) -> None:
    assert guarded(text) == safe


def test_excel_has_every_text_as_text_and_every_number_as_a_number(
    build: Build, tmp_path: Path
) -> None:
    comparison = build(HOSTILE)
    path = export(comparison, tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(path)
    head, *rows = book["trials"].iter_rows()
    assert [cell.value for cell in head] == [legal(name) for name in comparison.frame.columns]
    for cells, row in zip(rows, comparison.table, strict=True):
        for cell, value in zip(cells, row.values(), strict=True):
            assert cell.data_type != "f"
            if isinstance(value, str):
                assert (cell.value or "") == legal(value)
                assert cell.quotePrefix or not legal(value).startswith(tuple(FORMULA_SIGNS))
            else:
                assert cell.value == pytest.approx(value)
    with zipfile.ZipFile(path) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "sheet" in name]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)


def test_excel_is_ready_to_read(build: Build, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(export(build(HOSTILE[:3]), tmp_path / "t.xlsx"))
    sheet = book["trials"]
    columns = {cell.value: cell for cell in sheet[1]}
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == sheet.dimensions
    for name, measure in MEASURES.items():
        cell = sheet.cell(2, columns[name].column)
        if cell.value is not None:
            assert cell.number_format == f"{0:.{measure.decimals}f}"
    assert book.sheetnames == ["trials", "columns", "about"]
    explained = {row[0]: row for row in book["columns"].iter_rows(min_row=2, values_only=True)}
    assert set(explained) == set(columns)
    assert explained["f0_median_hz"][2] == "Hz"
    assert explained["latency_s"][2] == "s"
    about = dict(book["about"].iter_rows(min_row=2, values_only=True))
    assert about["made_by"].startswith("voicelab ")
    assert (about["trials"], about["emulated"]) == (3, 3)


@pytest.mark.parametrize("sign", ["中", "🎙"])
def test_excel_cuts_a_text_too_long_for_a_cell_and_shows_it(
    build: Build, tmp_path: Path, sign: str
) -> None:
    sheet = openpyxl.load_workbook(export(build(["a" + sign * 40_000]), tmp_path / "t.xlsx"))[
        "trials"
    ]
    prompt = next(cell.value for cell in sheet[2] if sheet.cell(1, cell.column).value == "prompt")
    assert 32_766 <= len(prompt.encode("utf-16-le")) // 2 <= 32_767
    assert prompt.endswith("…")


def test_json_lines_come_back_exactly(build: Build, tmp_path: Path) -> None:
    comparison = build(HOSTILE)
    text = export(comparison, tmp_path / "t.jsonl").read_text("utf-8")
    rows = [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]
    for row, found, words in zip(comparison.table, rows, HOSTILE, strict=True):
        assert found["evidence"] == {words: [words, 1.5]}
        assert found == row | {"evidence": found["evidence"]}


def test_json_lines_have_null_where_a_number_is_none(build: Build, tmp_path: Path) -> None:
    comparison = build(HOSTILE[:1])
    digest = comparison.records[0].clip_hash or ""
    numbers = {digest: {"f0_median_hz": float("nan"), "duration_s": float("inf")}}
    broken = Comparison(
        "x", comparison.records, audio_of=str.encode, pcm_rate_of=lambda _: None, numbers=numbers
    )
    text = export(broken, tmp_path / "t.jsonl").read_text("utf-8")
    row = json.loads(text, parse_constant=pytest.fail)
    assert (row["f0_median_hz"], row["duration_s"]) == (None, None)


def test_parquet_comes_back_as_the_frame(build: Build, tmp_path: Path) -> None:
    comparison = build(HOSTILE)
    path = export(comparison, tmp_path / "t.parquet")
    back, frame = pd.read_parquet(path), comparison.frame.astype({"tone": str})
    assert list(back.columns) == list(frame.columns)
    assert plain_rows(back) == plain_rows(frame)
    assert [str(back[name].dtype) for name in ("rating", "cost", "take")] == [
        "Int64",
        "float64",
        "Int64",
    ]


def plain_rows(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return the rows with None for everything missing, which dtypes have several words for."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_parquet_has_the_same_types_whatever_is_missing(build: Build, tmp_path: Path) -> None:
    empty = export(build([]), tmp_path / "empty.parquet")
    full = export(build(HOSTILE), tmp_path / "full.parquet")
    types = pyarrow.parquet.read_schema(full)
    for field in pyarrow.parquet.read_schema(empty):
        assert field.type == types.field(field.name).type


def test_parquet_explains_its_columns(build: Build, tmp_path: Path) -> None:
    path = export(build(HOSTILE[:2]), tmp_path / "t.parquet")
    schema = pyarrow.parquet.read_schema(path)
    for name, measure in MEASURES.items():
        metadata = schema.field(name).metadata
        assert metadata[b"unit"].decode() == measure.unit
        assert metadata[b"doc"].decode() == measure.doc
    assert schema.field("prompt").metadata[b"doc"].decode() == COLUMNS["prompt"].doc
    about = json.loads(schema.metadata[b"voicelab"])
    assert (about["trials"], about["emulated"]) == (2, 2)


def test_parquet_without_pyarrow_says_how_to_install_it(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = build(HOSTILE[:1])
    assert len(comparison.frame) == 1
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=re.escape('pip install "voicelab[parquet]"')):
        export(comparison, tmp_path / "t.parquet")
    assert not list(tmp_path.glob("*.parquet"))


def test_markdown_shows_every_text_as_it_is_and_renders_none_of_it(
    build: Build, tmp_path: Path
) -> None:
    comparison = build(HOSTILE)
    text = export(comparison, tmp_path / "t.md").read_text("utf-8")
    plugins = ["table", "url", "strikethrough", "footnotes", "math", "mark", "superscript"]
    tree = mistune.create_markdown(renderer=None, plugins=plugins)(text)
    allowed = {"heading", "paragraph", "text", "blank_line", "softbreak"}
    kinds = {node["type"] for node in walk(tree)}
    assert kinds <= allowed | {"table", "table_head", "table_body", "table_row", "table_cell"}
    rows = [cells_of(node) for node in walk(tree) if node["type"] == "table_row"]
    assert [row[0] for row in rows] == [one_line(label) for label in HOSTILE]
    assert [row[1] for row in rows] == [f"{one_line(label)} (emulated)" for label in HOSTILE]
    assert len({len(row) for row in rows}) == 1


def walk(nodes: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from walk(node.get("children", []))


def cells_of(row: dict[str, Any]) -> list[str]:
    return [
        html.unescape("".join(node.get("raw", "") for node in walk(cell["children"]))).replace(
            "\N{WORD JOINER}", ""
        )
        for cell in row["children"]
    ]


LATEX_COMMANDS = frozenset(
    {"begin", "end", "centering", "caption", "label", "textwidth", "toprule", "midrule"}
    | {"bottomrule", "textbackslash", "textasciitilde", "textasciicircum", "textless"}
    | {"textgreater", "textbar", "textasciigrave", "char"}
)
SHOWN = {
    r"\textbackslash{}": "\\",
    r"\textasciitilde{}": "~",
    r"\textasciicircum{}": "^",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\textasciigrave{}": "`",
    r"\char34{}": '"',
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "$-$": "-",
    "{}": "",
    **{f"\\{sign}": sign for sign in "{}$&#_%"},
}


def shown_by_latex(cell: str) -> str:
    pattern = "|".join(re.escape(source) for source in SHOWN)
    return re.sub(pattern, lambda found: SHOWN[found[0]], cell)


def test_latex_has_no_command_but_its_own_and_shows_every_text_as_it_is(
    build: Build, tmp_path: Path
) -> None:
    lines = export(build(HOSTILE), tmp_path / "t.tex").read_text("utf-8").splitlines()
    comments = [line for line in lines if line.startswith("%")]
    body = "\n".join(line for line in lines if not line.startswith("%"))
    assert lines[: len(comments)] == comments
    assert set(re.findall(r"\\([A-Za-z]+)", body)) <= LATEX_COMMANDS
    bare = re.sub(r"\\[{}$&#_%\\]", "", body).replace("$-$", "")
    assert not set('$#_%~^"`') & set(bare)
    assert bare.count("{") == bare.count("}")
    assert not re.search(r"--|''|,,", bare)
    rows = [line.strip().removesuffix(r" \\") for line in lines if line.endswith(r" \\")]
    cells = [[shown_by_latex(cell) for cell in re.split(r"(?<!\\) & ", row)] for row in rows]
    assert {len(row) for row in cells} == {len(cells[0])}
    assert [row[0] for row in cells[1:]] == [one_line(label) for label in HOSTILE]
    assert [row[1] for row in cells[1:]] == [f"{one_line(text)} (emulated)" for text in HOSTILE]


def test_latex_says_what_it_needs(build: Build, tmp_path: Path) -> None:
    plain = export(build(["deep é – “x”"]), tmp_path / "plain.tex").read_text("utf-8")
    assert r"\usepackage{booktabs,adjustbox}" in plain
    assert "XeLaTeX" not in plain


def test_latex_names_the_scripts_pdflatex_cannot_set(build: Build, tmp_path: Path) -> None:
    text = export(build(["中文 🎙 שלום"]), tmp_path / "t.tex").read_text("utf-8")
    assert "% Needs XeLaTeX or LuaLaTeX, and fonts that have: CJK, HEBREW, emoji" in text


@pytest.mark.parametrize("suffix", [".md", ".tex"])
def test_the_short_tables_have_units_and_round_numbers(
    build: Build, tmp_path: Path, suffix: str
) -> None:
    text = export(build(["deep"]), tmp_path / f"t{suffix}").read_text("utf-8")
    assert "Pitch, Hz" in text
    assert re.search(r"[|&] 150 [|&]", text)
    assert "State" not in text


@pytest.mark.parametrize("suffix", [".md", ".tex"])
def test_the_short_tables_leave_out_empty_columns_and_say_what_failed(
    build: Build, tmp_path: Path, suffix: str
) -> None:
    text = export(build(["deep"], fail=True), tmp_path / f"t{suffix}").read_text("utf-8")
    assert "State" in text
    assert "failed" in text
    assert "Pitch" not in text
    assert "Rating" not in text


@pytest.mark.parametrize("suffix", WRITERS)
def test_nobody_can_mistake_an_emulator_for_the_vendor(
    build: Build, tmp_path: Path, suffix: str
) -> None:
    path = export(build(["deep"]), tmp_path / f"t{suffix}")
    if suffix == ".parquet":
        assert pd.read_parquet(path)["emulated"].tolist() == [True]
    elif suffix == ".xlsx":
        assert pd.read_excel(path, sheet_name="trials")["emulated"].tolist() == [True]
    elif suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            notes = [archive.read(name) for name in archive.namelist() if name.endswith(".json")]
        assert len(notes) == 2
        assert all(b"an emulator" in note for note in notes)
    else:
        assert "emulated" in path.read_text("utf-8")


def test_the_main_measures_exist() -> None:
    assert set(MAIN_MEASURES) <= set(MEASURES)


@pytest.mark.parametrize("name", ["table", "table.doc", "table.csv.rar", ".csv"])
def test_an_unknown_suffix_is_told_with_the_known_ones(
    build: Build, tmp_path: Path, name: str
) -> None:
    with pytest.raises(
        UsageError, match=r"\.html, \.csv, \.xlsx, \.parquet, \.jsonl, \.md, \.tex, \.zip"
    ):
        export(build([]), tmp_path / "new" / name)
    assert not (tmp_path / "new").exists()


def test_an_export_that_breaks_leaves_the_old_one_whole(build: Build, tmp_path: Path) -> None:
    path = export(build(["deep"]), tmp_path / "out" / "t.jsonl")
    before = path.read_bytes()
    with pytest.raises(AttributeError):
        export(object(), path)  # type: ignore[arg-type]  # breaks inside the writer
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("in_the_way", ["folder", "file"])
def test_a_place_that_cannot_be_written_is_a_sentence(
    build: Build, tmp_path: Path, in_the_way: str
) -> None:
    if in_the_way == "folder":
        path = tmp_path / "t.csv"
        path.mkdir()
    else:
        (tmp_path / "t").write_text("here")
        path = tmp_path / "t" / "t.csv"
    with pytest.raises(UsageError, match="cannot be written"):
        export(build(["deep"]), path)


def test_the_audio_folder_has_every_clip_as_it_came_under_a_safe_name(
    build: Build, tmp_path: Path
) -> None:
    comparison = build(HOSTILE)
    folder = write_audio_folder(comparison, tmp_path / "new" / "audio")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["AI-generated"] is True
    names = [entry["file"] for entry in manifest["trials"]]
    assert sorted(file.name for file in folder.iterdir()) == sorted([*names, "manifest.json"])
    for name, record in zip(names, comparison.records, strict=True):
        assert (folder / name).read_bytes() == comparison.original(record.trial.id)
        assert re.match(r"\d\d .* \(emulated\) - take 1\.wav$", name)
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f\u202e]', name)
        assert len(name.encode()) < 255


def test_the_manifest_says_of_every_clip_what_it_is(build: Build, tmp_path: Path) -> None:
    comparison = build(HOSTILE)
    folder = write_audio_folder(comparison, tmp_path / "audio")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert f"{len(HOSTILE)} were answered by an emulator" in manifest["notice"]
    for entry, text in zip(manifest["trials"], HOSTILE, strict=True):
        assert entry["AI-generated"] is True
        assert entry["emulated"] is True
        assert (entry["label"], entry["prompt"], entry["voice_id"]) == (text, text, text)
        assert entry["preview_text"] == f"{text} x"
        assert entry["options"] == {"model": text}
        assert entry["evidence"] == {text: [text, 1.5]}
        assert entry["date"].startswith("20")


def test_failed_trials_stand_in_the_manifest_without_a_file(build: Build, tmp_path: Path) -> None:
    folder = write_audio_folder(build(["deep"], fail=True), tmp_path / "audio")
    (entry,) = json.loads((folder / "manifest.json").read_text("utf-8"))["trials"]
    assert (entry["file"], entry["state"], entry["error"]) == (None, "failed", "deep")
    assert [file.name for file in folder.iterdir()] == ["manifest.json"]


def test_headerless_samples_become_wav_sample_for_sample(store: Store, tmp_path: Path) -> None:
    one = planned(0, "deep", emulated=False)
    store.add_batch("b1", experiment="e", spec={}, trials=[one])
    store.move(one.trial.id, TrialState.SENT)
    samples = (8000 * np.sin(np.arange(8000) / 9)).astype("<i2")
    finish(store, one.trial.id, "deep", samples.tobytes(), pcm_rate=RATE)
    folder = write_audio_folder(compare(store, title="t"), tmp_path / "audio")
    clip = decode((folder / "01 deep - deep - take 1.wav").read_bytes())
    assert clip.sr == RATE
    assert np.array_equal(np.rint(clip.y * 32768).astype("<i2"), samples)


def test_a_clip_gone_from_the_disk_is_told_in_the_manifest(build: Build, tmp_path: Path) -> None:
    comparison = build(["deep", "bright"])
    (tmp_path / "lab" / "audio" / f"{comparison.records[0].clip_hash}.wav").unlink()
    folder = write_audio_folder(comparison, tmp_path / "audio")
    lost, kept = json.loads((folder / "manifest.json").read_text("utf-8"))["trials"]
    assert lost["file"] is None
    assert "cannot be read" in lost["error"]
    assert (folder / kept["file"]).exists()


def test_an_audio_folder_written_again_keeps_no_clip_of_before(
    build: Build, store: Store, tmp_path: Path
) -> None:
    comparison = build(["deep", "bright"])
    folder = write_audio_folder(comparison, tmp_path / "audio")
    (folder / "mine.txt").write_text("stays")
    fewer = Comparison(
        "fewer",
        comparison.records[1:],
        audio_of=store.clips.audio,
        pcm_rate_of=lambda _: None,
        numbers={},
    )
    write_audio_folder(fewer, folder)
    names = sorted(file.name for file in folder.iterdir())
    assert names == ["01 bright - bright (emulated) - take 1.wav", "manifest.json", "mine.txt"]


@pytest.mark.parametrize("text", ['{"name": "an app"}', "[]", "not JSON", '{"trials": [1]}'])
def test_the_manifest_of_another_program_is_never_overwritten(
    build: Build, tmp_path: Path, text: str
) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UsageError, match="choose another folder"):
        write_audio_folder(build(["deep"]), tmp_path)
    assert (tmp_path / "manifest.json").read_text() == text


def test_a_forged_manifest_deletes_nothing_outside_the_folder(build: Build, tmp_path: Path) -> None:
    (tmp_path / "precious.wav").write_text("stays")
    folder = tmp_path / "audio"
    folder.mkdir()
    names = ["../precious.wav", "..", "", None, 5, "\0"]
    forged = {"made_by": "voicelab 0", "trials": [{"file": name} for name in names]}
    (folder / "manifest.json").write_text(json.dumps(forged))
    write_audio_folder(build(["deep"]), folder)
    assert (tmp_path / "precious.wav").exists()
