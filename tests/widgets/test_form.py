"""The form: an experiment goes in and comes out the same, and nothing typed ends in a traceback."""

import html
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.widgets.form import Form, sample
from voicelab.widgets.typed import read_options, read_table, read_values, write_values

FULL = Experiment(
    name="narrators & <b>friends</b>",
    providers=("minimax", "local", "acme"),
    takes=3,
    seed=7,
    preview_text="Good evening; it is late, isn't it?\nGood night.",
    language="yue",
    template="a {tone} voice of {age}",
    variables={"tone": ("deep, warm", "bright; clear"), "age": ("fifty",)},
    rows=(
        {"label": "one", "prompt": 'a "quoted", long\nprompt', "mood": "calm"},
        {"label": "二", "prompt": "温柔的女声，语速较慢"},
    ),
    rows_file="more.csv",
    options={"minimax": {"aigc_watermark": False, "nested": {"a": [1, 2.5, "三"]}}},
)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.delenv("MINIMAX_API_KEY", raising=False)
    with Lab.open(tmp_path / "lab") as lab:
        yield lab


@pytest.fixture
def form(lab: Lab) -> Form:
    return Form(lab)


@pytest.mark.parametrize(
    "experiment",
    [
        FULL,
        sample(),
        Experiment(preview_text="Hello.", rows=({"prompt": "a calm voice"},)),
        replace(FULL, language="zh-Hant-TW", variables={"tone": ("a;b",), "age": ("x", "y")}),
    ],
    ids=["everything", "the sample", "only a table", "a language of one's own"],
)
def test_an_experiment_comes_out_of_the_form_as_it_went_in(
    form: Form, experiment: Experiment
) -> None:
    form.load(experiment)
    assert form.experiment == experiment


def test_the_form_starts_with_a_sample_that_runs_on_this_machine(form: Form, lab: Lab) -> None:
    sheet = lab.quote(form.experiment)
    assert sheet.trials > 0
    assert not sheet.refusals
    assert form.experiment.providers == ("local",)


def test_variables_get_their_fields_while_the_template_is_typed(form: Form) -> None:
    form.load(Experiment(preview_text="Hello."))
    for length in range(len("a {tone} {age} voice") + 1):
        form.template.value = "a {tone} {age} voice"[:length]
    assert list(form.values.fields) == ["tone", "age"]
    form.values.fields["tone"].value = "deep, warm; bright"
    form.values.fields["age"].value = "young\n\n old \n"
    assert form.experiment.variables == {"tone": ("deep, warm", "bright"), "age": ("young", "old")}


def test_values_come_back_with_a_variable_that_was_gone(form: Form) -> None:
    form.load(Experiment(template="a {tone} voice", variables={"tone": ("deep",)}))
    form.template.value = "a voice"
    assert not form.values.fields
    form.template.value = "the {tone} voice"
    assert form.experiment.variables == {"tone": ("deep",)}


def test_every_change_is_told_and_loading_is_told_once(form: Form) -> None:
    told: list[int] = []
    form.on_edit = lambda: told.append(1)
    form.load(FULL)
    assert len(told) == 1
    form.values.fields["age"].value = "sixty"
    form.takes.value = "4"
    form.options.of("local").raw.value = "{}"
    form.providers.chosen = ("local",)
    assert len(told) >= 5


@pytest.mark.parametrize("text", ["two", "", "2.5", "1e3", "½", "None"])
def test_a_number_that_is_none_is_a_sentence(form: Form, text: str) -> None:
    form.takes.value = text
    with pytest.raises(UsageError, match=f"takes is {text!r}; it must be a whole number"):
        _ = form.experiment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[1]", "write a JSON object"),
        ('{"a": null}', "null"),
        ('{"a": [NaN]}', "NaN is not a JSON number"),
        ("[" * 100_000, "not valid JSON"),
        ("<script>alert(1)</script>", "not valid JSON"),
    ],
)
def test_options_that_are_no_json_object_are_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_options(text, "minimax")
    assert "minimax" in str(caught.value)


def test_values_with_semicolons_and_commas_survive() -> None:
    for values in [("a, b", "c"), ("a;b", "c; d"), ("a;b",), (), ("深沉；温暖",)]:
        assert read_values(write_values(values)) == values


def test_a_value_with_a_line_break_is_refused_and_not_split(form: Form) -> None:
    with pytest.raises(UsageError, match="line break"):
        form.load(Experiment(template="{a}", variables={"a": ("one\ntwo",)}))


def test_one_prompt_a_line_needs_no_header() -> None:
    text = "a calm, deep voice\n\n  a bright voice  \n温柔的女声，语速较慢\n"
    assert [row["prompt"] for row in read_table(text)] == [
        "a calm, deep voice",
        "a bright voice",
        "温柔的女声，语速较慢",
    ]


def test_a_table_may_be_pasted_from_a_spreadsheet() -> None:
    text = "label\tprompt\ttone\r\none\ta voice, calm\tdeep\r\n\r\ntwo\ta voice\t\r\n"
    assert read_table(text) == (
        {"label": "one", "prompt": "a voice, calm", "tone": "deep"},
        {"label": "two", "prompt": "a voice"},
    )


def test_a_table_of_variables_alone_is_known_by_the_template(form: Form) -> None:
    form.load(Experiment(preview_text="Hello.", template="a {tone} voice"))
    form.table.value = "tone,age\ndeep,old\n"
    assert form.experiment.rows == ({"tone": "deep", "age": "old"},)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label,prompt\none,a calm, deep voice\n", "row 1 .* has 3 cells"),
        ("label,prompt\n", "a header and no rows"),
        ("label,label\na,b\n", "a column twice"),
        ('label,prompt\none,"a voice\n', "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_read_is_a_sentence(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_table(text)


def click(form: Form, name: str) -> str:
    """Press a button of the form; return what it says."""
    found = [w for w in widgets(form) if getattr(w, "description", "") == name]
    found[0].click()
    return str(form.file.guard.value)


def widgets(widget: object) -> Iterator[object]:
    """Return a widget and all within it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets(child)


def test_a_file_is_saved_and_loaded_and_not_replaced_unasked(form: Form, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("name = 'of another'")
    form.load(replace(FULL, rows_file=None))
    form.file.path.value = str(path)
    assert "is there already" in click(form, "Save")
    assert "Saved" in click(form, "Save")
    form.load(Experiment())
    assert "Loaded" in click(form, "Load")
    assert form.experiment == replace(FULL, rows_file=None)


def test_a_prompt_file_is_found_from_wherever_the_experiment_is_saved(
    form: Form, tmp_path: Path
) -> None:
    (tmp_path / "more.csv").write_text("label,prompt\none,a calm voice\n")
    (tmp_path / "elsewhere").mkdir()
    form.load(Experiment(rows_file="more.csv", preview_text="Hello.", folder=tmp_path))
    form.file.path.value = str(tmp_path / "elsewhere" / "saved.toml")
    assert "Saved" in click(form, "Save")
    assert Experiment.load(form.file.path.value).batch().size == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "ends in .toml"),
        ("/nowhere/at/all.toml", "cannot be"),
        ("/dev/null/x.toml", "cannot be"),
        ("<script>.toml", "&lt;script&gt;"),
        ("\0.toml", "no file can"),
        ("~nobody-here/x.toml", "no such home folder"),
        ("x" * 5000 + ".toml", "cannot be"),
    ],
)
def test_a_path_that_leads_nowhere_is_a_sentence(form: Form, path: str, words: str) -> None:
    form.file.path.value = path
    loaded = click(form, "Load")
    assert words in loaded
    assert "went wrong in voicelab itself" not in loaded
    if words != "&lt;script&gt;":
        assert words in click(form, "Save")


def test_what_cannot_be_called_says_why(form: Form) -> None:
    words = " ".join(
        w.value for w in widgets(form.providers) if isinstance(getattr(w, "value", 0), str)
    )
    assert "MINIMAX_API_KEY is not set" in words
    assert "On this machine, free." in words


def test_everything_a_vendor_limits_is_said_before_it_is_chosen(form: Form) -> None:
    words = {name: html.unescape(line.value) for name, (_, line) in form.providers._lines.items()}
    for name, parts in {
        "minimax": (
            "USD 0.03 per 1,000 characters and USD 3.00 for each voice you keep (read 2026-09-18",
            'title="https://platform.minimax.io',
            "dropped 7 days after its design unless it is spoken with; the first time costs",
            "ids of 8 to 256 letters",
        ),
        "dashscope-cosyvoice": ("languages zh en", "1,000 voices in the account", "24, 16, 48 kHz"),
        "dashscope-qwen": ("retirement on 2026-10-10", "USD 0.20 for each voice", "up to 2,048"),
        "tencent-mps": ("Up to 100 voices in the account", "no published price"),
        "tencent-vod": (
            "Clones a recording of 5 to 30 s, by a public link",
            "a text of the vendor's",
        ),
        "tencent-vod-design": ("neither listed nor deleted before its first use",),
        "tencent-trtc": ("Clones a recording of 10 to 180 s", "A Chinese character counts as two"),
    }.items():
        for part in parts:
            assert part in words[name], name
    assert "price" not in words["local"]
