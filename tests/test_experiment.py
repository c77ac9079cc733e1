"""The experiment file: it holds the whole batch, and comes back as it was written."""

from pathlib import Path

import pytest

from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.shipped import shipped

FULL = Experiment(
    name="tones · 声音",
    providers=("local", "minimax"),
    takes=3,
    seed=7,
    preview_text='He said "hello",\nand left.',
    language="en-GB",
    template="a {tone} {age} voice",
    variables={"tone": ("deep", "bright"), "age": ("young",)},
    rows=({"label": "own", "prompt": "嘶哑的声音", "preview_text": "你好。"},),
    options={"minimax": {"aigc_watermark": True}},
)


def test_an_experiment_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert Experiment.load(FULL.save(tmp_path / "x.toml")) == FULL


def test_an_experiment_holds_the_whole_batch() -> None:
    batch = FULL.batch()
    assert batch.size == 3 * 2 * 3
    assert batch.options == {"minimax": {"aigc_watermark": True}}
    assert [variant.label for variant in batch.variants] == [
        "deep · young",
        "bright · young",
        "own",
    ]


def test_rows_of_a_file_are_found_beside_the_experiment(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("tone\ndeep\nbright\n", encoding="utf-8")
    path = tmp_path / "x.toml"
    path.write_text(
        'template = "a {tone} voice"\npreview_text = "Hi."\nrows_file = "rows.csv"\n',
        encoding="utf-8",
    )
    assert [v.prompt for v in Experiment.load(path).variants()] == [
        "a deep voice",
        "a bright voice",
    ]


def test_the_shipped_sample_is_a_batch() -> None:
    batch = Experiment.load(shipped("prompts") / "narrators.toml").batch()
    assert batch.size == 16


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("takes = ", "not valid TOML"),
        ('tempalte = "x"', "unknown key 'tempalte'; known are name"),
        ('takes = "two"', "takes is 'two'; it must be a whole number"),
        ("takes = true", "takes is True; it must be a whole number"),
        ('providers = "local"', "providers is 'local'; it must be a list"),
        ("providers = [[1]]", "text was due"),
        ('variables = "x"', "must be a table of lists"),
        ("rows = [1]", "write each row under"),
        ("[options]\nminimax = 1", "options.minimax is 1; it must be a table"),
    ],
)
def test_a_file_that_is_wrong_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Experiment.from_toml(text)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        Experiment.load(tmp_path / "none.toml")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "folder.toml", tmp_path / "a\0b.toml"):
        with pytest.raises(UsageError, match="cannot be written"):
            FULL.save(path)


def test_a_missing_rows_file_is_a_sentence() -> None:
    experiment = Experiment(preview_text="Hi.", rows_file="none.csv")
    with pytest.raises(UsageError, match=r"none\.csv cannot be read"):
        experiment.batch()


def test_an_experiment_without_prompts_says_so() -> None:
    with pytest.raises(UsageError, match="no prompt variants"):
        Experiment(preview_text="Hi.").batch()


def test_a_variable_with_the_name_of_a_field_is_refused() -> None:
    experiment = Experiment(template="{language}", variables={"language": ("a",)})
    with pytest.raises(UsageError, match="choose another name"):
        experiment.batch()


def test_rows_that_only_clone_stand_beside_a_template_without_variables() -> None:
    experiment = Experiment(
        template="a calm voice",
        preview_text="Hello.",
        rows=({"label": "clone", "reference": "trial:vl1"},),
    )
    assert [(v.label, v.prompt) for v in experiment.variants()] == [
        ("a calm voice", "a calm voice"),
        ("clone", ""),
    ]
