"""Templates, grids and tables of prompts."""

from pathlib import Path
from typing import Any

import pytest

from voicelab.errors import UsageError
from voicelab.template import (
    as_reference,
    fields,
    fill,
    grid,
    read_rows,
    reference_text,
    rows_to_variants,
)


def test_a_grid_is_the_cross_product_in_reading_order() -> None:
    variants = grid(
        "{age} {gender} narrator",
        age=["young", "elderly"],
        gender=["male", "female"],
        preview_text="Hello.",
    )
    assert [variant.prompt for variant in variants] == [
        "young male narrator",
        "young female narrator",
        "elderly male narrator",
        "elderly female narrator",
    ]
    assert variants[1].label == "young · female"
    assert variants[1].variables == {"age": "young", "gender": "female"}


def test_several_texts_are_one_more_dimension() -> None:
    variants = grid("a {tone} voice", tone=["deep"], preview_text=["One.", "Two."])
    assert [(v.label, v.preview_text) for v in variants] == [
        ("deep · text 1", "One."),
        ("deep · text 2", "Two."),
    ]


def test_doubled_braces_are_braces_and_a_value_with_braces_stays_as_it_is() -> None:
    (variant,) = grid("{{literally}} {tone}", tone="{x}", preview_text="Hello.")
    assert variant.prompt == "{literally} {x}"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ({"template": "{age} man"}, "uses 'age', which has no values"),
        ({"template": "a man", "age": ["old"]}, "'age' is given but the template"),
        ({"template": "{age} man", "age": []}, "empty list"),
        ({"template": "{age} man", "age": ["old", " "]}, "empty value"),
        ({"template": "{age} man", "age": ["old", "old"]}, "'old' twice"),
        ({"template": "{age man"}, "cannot be read"),
        ({"template": "{0} man"}, "plain name"),
        ({"template": "{a.b} man"}, "plain name"),
        ({"template": "{} man"}, "plain name"),
        ({"template": "a man", "preview_text": []}, "empty list"),
        ({"template": "a man", "preview_text": "?!"}, "nothing to say"),
        ({"template": "", "preview_text": "Hello."}, "empty prompt"),
    ],
)
def test_what_cannot_be_filled_in_is_a_sentence(call: dict[str, Any], sentence: str) -> None:
    given = {"preview_text": "Hello."} | call
    with pytest.raises(UsageError, match=sentence):
        grid(**given)


def test_a_missing_variable_names_the_row() -> None:
    with pytest.raises(UsageError, match="row 'third' has no value for 'tone'"):
        fill("{age}, {tone}", {"age": "old"}, row="third")


def test_fields_come_once_each_in_order() -> None:
    assert fields("{b} {a} {b}") == ("b", "a")


def test_rows_take_what_they_leave_empty_from_the_table() -> None:
    variants = rows_to_variants(
        [
            {"label": "one", "prompt": "deep", "language": "en-GB"},
            {"tone": "bright", "preview_text": "Own text."},
        ],
        template="a {tone} voice",
        preview_text="Shared text.",
    )
    assert [(v.label, v.prompt, v.preview_text) for v in variants] == [
        ("one", "deep", "Shared text."),
        ("bright", "a bright voice", "Own text."),
    ]
    assert variants[0].language == "en-GB"


def test_a_row_without_a_value_for_the_template_is_named() -> None:
    with pytest.raises(UsageError, match="row 'second' has no value for 'tone'"):
        rows_to_variants(
            [{"label": "first", "tone": "x"}, {"label": "second"}],
            template="a {tone} voice",
            preview_text="Hello.",
        )


def test_csv_with_a_bom_quotes_and_chinese_is_read(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text('label,prompt\n旁白,"低沉, 缓慢"\n', encoding="utf-8-sig")
    assert read_rows(path) == [{"label": "旁白", "prompt": "低沉, 缓慢"}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "needs a header line"),
        (b"label,prompt\n", "needs a header line"),
        (b"label,prompt\na,b,c\n", "row 1 .* more cells than the header"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b'label\n"unclosed\n', "cannot be read"),
    ],
)
def test_a_table_that_is_not_one_is_a_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "prompts.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=sentence):
        read_rows(path)


@pytest.mark.parametrize("name", ["none.csv", "a\0b.csv", ""])
def test_a_path_that_leads_nowhere_is_a_sentence(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_rows(Path(name))


@pytest.mark.parametrize("text", ["https://a.example/x.wav", "trial:vl123", "voices/x.wav"])
def test_a_reference_in_a_cell_is_written_as_it_is_read(text: str) -> None:
    assert reference_text(as_reference(text)) == text


def test_a_row_with_a_reference_alone_has_no_prompt_and_others_have_both() -> None:
    rows = [
        {"label": "clone", "reference": "trial:vl1", "transcript": "What is said."},
        {"label": "both", "reference": "trial:vl1", "tone": "deep"},
        {"label": "own words", "reference": "trial:vl1", "prompt": "a calm voice"},
    ]
    variants = rows_to_variants(rows, template="a {tone} voice", preview_text="Hello.")
    assert [v.prompt for v in variants] == ["", "a deep voice", "a calm voice"]
    assert [v.reference and v.reference.transcript for v in variants] == [
        "What is said.",
        None,
        None,
    ]


def test_a_transcript_of_nothing_is_a_sentence() -> None:
    row = {"label": "one", "prompt": "calm", "transcript": "What is said."}
    with pytest.raises(UsageError, match="row 'one' has a transcript and no reference"):
        rows_to_variants([row], preview_text="Hello.")
