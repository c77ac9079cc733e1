"""The options drawer: what every vendor declares as fields, and JSON for the rest."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.providers import PROVIDERS
from voicelab.providers.options import Kind
from voicelab.widgets.form import Form

OPTIONS: dict[str, dict[str, Any]] = {
    "tencent-mps": {
        "VoiceProfile": {"Gender": "male", "Languages": ["zh", "hun"], "Labels": ["a", "b; c"]},
        "ExtParam": '{"promptEnhance": true}',
        "NewTomorrow": {"x": [1]},
    },
    "tencent-trtc": {
        "Model": "flow_01_ex",
        "Voice": {"Speed": 1.5, "Pitch": -2},
        "AlignmentMode": 0,
        "PronunciationDict": [{"Word": "bell", "Pronunciation": "ball"}],
    },
    "dashscope-cosyvoice": {"sample_rate": 48000, "language_hints": ["en"], "prefix": "lab1"},
    "minimax": {"aigc_watermark": False, "voice_id": "short"},
    "local": {"made": "up"},
    "acme": {"of": "another"},
}


@pytest.fixture
def form(tmp_path: Path) -> Iterator[Form]:
    with Lab.open(tmp_path / "lab") as lab:
        yield Form(lab)


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_declared_option_has_its_field(form: Form, name: str) -> None:
    fields = form.options.of(name).fields
    assert list(fields) == [option.path for option in PROVIDERS[name].declared]
    for path, made in fields.items():
        option = made.option
        assert made.field.description == option.title
        if option.kind in (Kind.CHOICE, Kind.CHOICES):
            offered = {str(choice) for choice in option.choices}
            shown = {str(o[1]) if isinstance(o, tuple) else str(o) for o in made.field.options}
            assert offered <= shown, path


def test_options_come_out_of_their_fields_as_they_went_in(form: Form) -> None:
    form.load(Experiment(providers=("tencent-mps",), options=OPTIONS))
    assert form.experiment.options == OPTIONS
    mps = form.options.of("tencent-mps")
    assert mps.fields["VoiceProfile.Languages"].field.value == ("zh", "hun")
    assert mps.fields["ExtParam.promptEnhance"].field.value is True
    assert "NewTomorrow" in mps.raw.value
    assert "VoiceProfile" not in mps.raw.value
    assert "voice_id" in form.options.of("minimax").raw.value  # no field can show it as it is


@pytest.mark.parametrize(
    "text", ['{"promptEnhance": true, "other": 1}', '{ "promptEnhance": true}', "no json", "[]"]
)
def test_a_packed_group_that_fields_cannot_show_stays_as_it_is(form: Form, text: str) -> None:
    options = {"tencent-mps": {"ExtParam": text}}
    form.load(Experiment(options=options))
    assert form.experiment.options == options


def test_what_is_filled_in_goes_to_the_batch_and_what_is_emptied_does_not(form: Form) -> None:
    trtc = form.options.of("tencent-trtc")
    trtc.fields["Voice.Speed"].field.value = "1.5"
    trtc.fields["Model"].field.value = "flow_01_ex"
    assert form.experiment.options == {
        "tencent-trtc": {"Model": "flow_01_ex", "Voice": {"Speed": 1.5}}
    }
    trtc.fields["Voice.Speed"].field.value = "  "
    trtc.fields["Model"].field.value = ""
    assert form.experiment.options == {}


@pytest.mark.parametrize(
    ("provider", "path", "typed", "words"),
    [
        ("tencent-trtc", "Voice.Speed", "3", "Voice.Speed is '3'; tencent-trtc takes numbers from"),
        ("tencent-trtc", "Voice.Pitch", "0.5", "whole numbers from -12 to 12"),
        ("tencent-trtc", "Voice.Pitch", "high", "whole numbers"),
        ("tencent-trtc", "Voice.Speed", "nan", "numbers from 0.5 to 2"),
        ("tencent-trtc", "VoiceName", "has-a-dash", "1 to 36 letters"),
        ("tencent-trtc", "PronunciationDict", "bell", "write Word = Pronunciation"),
        ("dashscope-qwen", "target_model", "cosyvoice-v3", "qwen3-tts-vd"),
        ("tencent-vod", "SessionContext", "c" * 1001, "up to 1,000 characters"),
    ],
)
def test_what_a_vendor_does_not_take_is_a_sentence_at_once(
    form: Form, provider: str, path: str, typed: str, words: str
) -> None:
    form.options.of(provider).fields[path].field.value = typed
    with pytest.raises(UsageError, match=words.replace("(", r"\(")):
        _ = form.experiment


def test_a_field_and_json_do_not_say_the_same_twice(form: Form) -> None:
    minimax = form.options.of("minimax")
    minimax.fields["aigc_watermark"].field.value = True
    minimax.raw.value = '{"aigc_watermark": false}'
    with pytest.raises(UsageError, match="in a field and under Other fields"):
        _ = form.experiment


def test_the_options_of_the_chosen_providers_are_shown(form: Form) -> None:
    def shown() -> list[str]:
        return [c._provider for c in form.options.children if isinstance(c, w.VBox)]

    form.load(Experiment(providers=()))
    assert shown() == []
    assert "Choose a provider" in form.options.children[0].value
    form.providers.chosen = ("local", "tencent-mps")
    assert shown() == ["local", "tencent-mps"]
    form.options.of("minimax").fields["aigc_watermark"].field.value = True
    form.providers.chosen = ("local",)
    assert shown() == ["local", "minimax"]  # what is filled in is sent, so it is seen


def test_characters_are_counted_as_each_vendor_counts_them(form: Form) -> None:
    form.load(
        Experiment(
            template="a {tone} voice",
            variables={"tone": ("deep", "very deep")},
            preview_text="字" * 130,
            providers=("minimax", "tencent-trtc", "dashscope-cosyvoice", "local", "tencent-vod"),
        )
    )
    counted = form.preview_count.value
    assert "130 characters" in counted
    assert "minimax 130 of 500" in counted
    assert "tencent-trtc 260 of 255, too long" in counted
    assert "tencent-vod " not in counted  # it says a text of its own
    assert "17 characters with the longest values" in form.prompt_count.value
    assert "dashscope-cosyvoice 17 of 500" in form.prompt_count.value
    form.template.value = "x" * 501 + " {tone"
    assert 'data-over="true"' in form.prompt_count.value


def test_options_are_saved_with_the_experiment_and_loaded(form: Form, tmp_path: Path) -> None:
    form.load(Experiment(preview_text="Hello.", template="a voice", options=OPTIONS))
    form.file.path.value = str(tmp_path / "mine.toml")
    form.file.save.click()
    assert "Saved" in form.file.guard.value
    before = form.experiment
    form.load(replace(before, options={}))
    assert form.experiment.options == {}
    form.file.load.click()
    assert form.experiment == before
