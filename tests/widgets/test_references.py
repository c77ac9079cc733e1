"""Design at one vendor, clone at another: recordings chosen in the form become ordinary rows."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from real_lab import until

from voicelab.audio.clip import encode
from voicelab.emulators.serve import serve
from voicelab.errors import UsageError
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.widgets.form import Form
from voicelab.widgets.references import NONE_YET
from voicelab.widgets.studio import Studio

LONG = "On a stormy night, the ancient bell tower struck twelve. " * 3
DESIGNS = Experiment(
    name="chain",
    template="a {tone} voice",
    variables={"tone": ("deep", "bright")},
    preview_text=LONG.strip(),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with two voices of the local engine, and the emulator of a vendor that clones."""
    with serve(["tencent-trtc"]) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environ.items():
            patch.setenv(name, value)
        with Lab.open(tmp_path_factory.mktemp("chain") / "lab") as lab:
            lab.run(DESIGNS.batch()).result()
            lab.rate(lab.records()[1].trial.id, 5)
            yield lab


@pytest.fixture
def form(lab: Lab) -> Form:
    form = Form(lab, DESIGNS)
    form.drawers.pull("References to clone")
    until(lambda: form.references.trials.options)
    return form


def test_trials_with_audio_are_listed_with_what_tells_them_apart_the_best_first(form: Form) -> None:
    first, second = (line for line, _ in form.references.trials.options)
    assert first.startswith("bright — local, take 1 · ")
    assert "★★★★★" in first
    assert "★" not in second
    assert "chain" in second


def test_a_search_keeps_what_was_chosen_in_sight(form: Form, lab: Lab) -> None:
    deep, bright = (record.trial.id for record in lab.records()[:2])
    form.references.trials.value = (deep,)
    form.references.find.value = "BRIGHT take"
    assert [id_ for _, id_ in form.references.trials.options] == [deep, bright]
    assert form.references.trials.value == (deep,)
    form.references.find.value = "no such words"
    assert [id_ for _, id_ in form.references.trials.options] == [deep]


def test_chosen_trials_become_rows_that_clone_and_say_the_same(form: Form, lab: Lab) -> None:
    deep, bright = (record.trial.id for record in lab.records()[:2])
    form.references.trials.value = (deep, bright)
    form.references.add.click()
    assert "Added 2 rows" in form.references.guard.value
    rows = form.experiment.rows
    assert {row["reference"] for row in rows} == {f"trial:{deep}", f"trial:{bright}"}
    assert {row["transcript"] for row in rows} == {LONG.strip()}
    variants = form.experiment.variants()
    assert [v.prompt for v in variants] == ["a deep voice", "a bright voice", "", ""]
    assert {v.reference and v.reference.transcript for v in variants[2:]} == {LONG.strip()}
    assert {v.preview_text for v in variants[2:]} == {LONG.strip()}
    assert not any("preview_text" in row for row in rows)


def test_a_reference_is_put_into_the_table_once(form: Form, lab: Lab) -> None:
    for _ in range(2):
        form.references.trials.value = (lab.records()[0].trial.id,)
        form.references.add.click()
    assert len(form.experiment.rows) == 1
    assert "Added 0 rows" in form.references.guard.value
    assert "1 of the chosen were in it already" in form.references.guard.value


def test_a_typed_path_is_found_from_wherever_the_experiment_is_saved(
    form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "me.wav").write_bytes(tone(12.0))
    monkeypatch.chdir(tmp_path)
    form.references.recording.value = "me.wav"
    form.references.transcript.value = 'Hello, "you", it\'s me'
    form.references.add.click()
    saved = form.experiment.save(tmp_path / "mine.toml")
    (tmp_path / "elsewhere").mkdir()
    moved = saved.rename(tmp_path / "elsewhere" / "mine.toml")
    found = Experiment.load(moved)
    assert found == form.experiment
    reference = found.variants()[-1].reference
    assert reference is not None
    assert reference.path == tmp_path / "me.wav"
    assert reference.transcript == 'Hello, "you", it\'s me'


def test_a_relative_reference_is_found_after_saving_elsewhere(form: Form, tmp_path: Path) -> None:
    rows = ({"label": "me", "reference": "me.wav"},)
    form.load(Experiment(preview_text="Hello.", rows=rows, folder=tmp_path))
    (tmp_path / "elsewhere").mkdir()
    form.file.path.value = str(tmp_path / "elsewhere" / "saved.toml")

    form.file.save.click()
    assert "Saved" in form.file.guard.value
    reference = Experiment.load(form.file.path.value).variants()[0].reference
    assert reference is not None
    assert reference.path == tmp_path / "me.wav"


def test_a_link_is_called_by_the_end_of_its_path(form: Form) -> None:
    form.references.recording.value = "https://voices.example/a/narrator.mp3?x=1"
    form.references.add.click()
    assert form.experiment.rows == (
        {"label": "narrator", "reference": "https://voices.example/a/narrator.mp3?x=1"},
    )


@pytest.mark.parametrize(
    ("recording", "transcript", "words"),
    [
        ("", "", "nothing is chosen"),
        ("", "Hello.", "a transcript is given and no recording"),
        ("/nowhere/me.wav", "", "there is no recording /nowhere/me.wav"),
        ("/", "", "there is no recording /"),
        ("a\0b.wav", "", "no file can be called that"),
        ("x" * 5000, "", "there is no recording"),
    ],
)
def test_what_cannot_be_added_is_a_sentence(
    form: Form, recording: str, transcript: str, words: str
) -> None:
    form.references.recording.value = recording
    form.references.transcript.value = transcript
    form.references.add.click()
    assert words in form.references.guard.value
    assert "went wrong in voicelab itself" not in form.references.guard.value
    assert not form.experiment.rows


def test_labels_that_are_taken_get_a_number(form: Form, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "me.wav").write_bytes(tone(1.0))
        form.references.recording.value = str(tmp_path / folder / "me.wav")
        form.references.add.click()
    assert [row["label"] for row in form.experiment.rows] == ["me", "me (2)"]


def test_an_empty_lab_says_where_recordings_come_from(tmp_path: Path) -> None:
    with Lab.open(tmp_path / "empty") as empty:
        form = Form(empty)
        form.references.refresh()
        until(lambda: form.references.words.value)
        assert NONE_YET in form.references.words.value


def test_designing_and_cloning_are_one_batch_without_refusals(form: Form, lab: Lab) -> None:
    form.references.trials.value = (lab.records()[0].trial.id,)
    form.references.add.click()
    form.providers.chosen = ("local", "tencent-trtc")
    sheet = lab.quote(form.experiment)
    assert sheet.refusals == ()
    assert {p.trial.variant.label: p.trial.provider for p in sheet.sendable} == {
        "deep": "local",
        "bright": "local",
        "deep — local, take 1": "tencent-trtc",
    }
    assert "1 row without a prompt goes to the others" in str(sheet)
    assert "2 rows without a reference go to the others" in str(sheet)
    done = lab.run(form.experiment).result()
    assert done.frame["state"].tolist() == ["done"] * 3


def test_favourites_are_cloned_with_one_click(lab: Lab) -> None:
    studio = Studio(lab, DESIGNS)
    until(lambda: studio.choice.options and studio.quote.words.value)
    studio.choice.value = ""
    studio.clone.click()
    assert "Added 1 row to the table of prompts" in studio.compare_guard.value
    (row,) = studio.form.experiment.rows
    assert row["label"] == "bright — local, take 1"


def test_without_favourites_the_click_says_what_to_do(tmp_path: Path) -> None:
    with Lab.open(tmp_path / "empty") as empty:
        studio = Studio(empty)
        studio.clone.click()
        assert "4 stars or more" in studio.compare_guard.value


def test_a_table_that_cannot_be_read_stays_as_it_is(form: Form) -> None:
    form.table.value = "label,prompt\na,b,c\n"
    form.references.recording.value = "https://voices.example/x.wav"
    form.references.add.click()
    assert "row 1 of the table of prompts has 3 cells" in form.references.guard.value
    assert form.table.value == "label,prompt\na,b,c\n"
    with pytest.raises(UsageError):
        _ = form.experiment


def tone(seconds: float) -> bytes:
    """Return a WAV file of a hum."""
    samples = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(16000 * seconds)) / 16000)
    return encode(samples, sr=16000, format="wav")


def test_a_recording_too_short_for_the_vendor_is_refused_in_the_quote(
    form: Form, lab: Lab, tmp_path: Path
) -> None:
    (tmp_path / "short.wav").write_bytes(tone(3.0))
    (tmp_path / "long.wav").write_bytes(tone(12.0))
    for name in ("short", "long"):
        form.references.recording.value = str(tmp_path / f"{name}.wav")
        form.references.add.click()
    form.providers.chosen = ("local", "tencent-trtc")
    (refusal,) = lab.quote(form.experiment).refusals
    assert (refusal.provider, refusal.label) == ("tencent-trtc", "short")
    assert "lasts 3.00 s; the vendor takes 10 to 180 s" in refusal.reason


def test_a_clone_says_what_its_original_said_whatever_the_form_says(form: Form, lab: Lab) -> None:
    form.preview_text.value = "Another text."
    form.references.trials.value = (lab.records()[0].trial.id,)
    form.references.add.click()
    assert form.experiment.rows[0]["preview_text"] == LONG.strip()
