"""The studio without a browser: a real lab, the real engine, and fingers on every button."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from real_lab import batch, open_lab, until

from voicelab.emulators.base import Fault
from voicelab.emulators.serve import Sandbox, serve
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.tables import WRITERS
from voicelab.widgets.comparer import Comparer
from voicelab.widgets.exports import AUDIO, BLIND, FORMATS, PUBLISH, file_name
from voicelab.widgets.quoting import ROWS
from voicelab.widgets.studio import Studio

FILES = {
    AUDIO: "tones-audio/manifest.json",
    PUBLISH: "tones-publish/index.html",
    BLIND: "tones-blind.key.json",
}

TONES = Experiment(
    name="tones",
    template="a {tone} voice",
    variables={"tone": ("deep", "bright")},
    preview_text="Good evening.",
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", sandbox) as lab:
        yield lab


@pytest.fixture
def studio(lab: Lab) -> Iterator[Studio]:
    studio = opened(lab)
    yield studio
    assert "went wrong in voicelab itself" not in shown(studio)


def opened(lab: Lab, experiment: Experiment = TONES) -> Studio:
    """Return a studio once it has read the lab and quoted the form."""
    studio = Studio(lab, experiment)
    until(lambda: studio.quote.words.value and studio.panel.overall.value and studio.choice.options)
    return studio


def shown(studio: Studio) -> str:
    """Return everything the studio says about errors."""
    guards = (studio.guard, studio.compare_guard, studio.panel.guard, studio.exports.guard)
    return " ".join([studio.quote.words.value, *(guard.value for guard in guards)])


def heard(studio: Studio, trials: int) -> None:
    """Wait until the comparer shows so many voices."""
    until(
        lambda: (
            isinstance(studio.comparing.children[0], Comparer)
            and f"{trials} done" in repr(studio.comparing.children[0])
        )
    )


def test_submit_brings_every_voice_to_the_comparer(studio: Studio, lab: Lab) -> None:
    assert "Nothing to hear yet" in studio.comparing.children[0].value
    assert not studio.submit.disabled
    studio.submit.click()
    heard(studio, 2)
    until(lambda: "all of them done already" in studio.quote.words.value)
    assert studio.looking_at == lab.batches()[0].id
    assert "2 of 2 done" in studio.panel.overall.value
    until(lambda: studio.stop.disabled and studio.resume.disabled and studio.retry.disabled)
    assert not shown(studio).replace(studio.quote.words.value, "").strip()


def test_a_rating_and_a_note_reach_the_lab(studio: Studio, lab: Lab) -> None:
    studio.submit.click()
    heard(studio, 2)
    trial = lab.records()[0].trial.id
    comparer = studio.comparing.children[0]
    comparer._receive(comparer, {"type": "rate", "id": trial, "rating": 4}, [])
    comparer._receive(comparer, {"type": "note", "id": trial, "note": "keep"}, [])
    assert (lab.records()[0].rating, lab.records()[0].note) == (4, "keep")


def test_the_quote_follows_the_typing(studio: Studio) -> None:
    studio.form.values.fields["tone"].value = "deep; bright; soft"
    until(lambda: 'data-trials="3"' in studio.quote.words.value)
    studio.form.template.value = "a {tone voice"
    until(lambda: "cannot be read" in studio.quote.words.value)
    assert studio.submit.disabled
    studio.form.template.value = "a {tone} voice"
    until(lambda: 'data-trials="3"' in studio.quote.words.value)
    until(lambda: not studio.submit.disabled)


def test_nothing_is_sent_that_was_not_quoted_first(studio: Studio, lab: Lab) -> None:
    studio.form.takes.value = "50"
    assert studio.submit.disabled
    studio.submit.click()
    assert "read the new quote" in studio.guard.value
    assert not lab.batches()


def test_refused_trials_are_left_out_only_when_that_is_asked_for(studio: Studio, lab: Lab) -> None:
    studio.form.providers.chosen = ("local", "minimax")
    studio.form.preview_text.value = "far too long for one of them, " * 20
    until(lambda: "would be refused" in studio.quote.words.value)
    until(lambda: studio.quote.sheet is not None)
    assert studio.submit.disabled
    assert studio.quote.leave_out.layout.display == ""
    studio.quote.leave_out.value = True
    assert not studio.submit.disabled
    studio.submit.click()
    until(lambda: lab.job is not None and lab.job.done())
    assert {record.trial.provider for record in lab.records()} == {"local"}


def test_stop_keeps_what_is_there_and_resume_brings_the_rest(
    studio: Studio, lab: Lab, sandbox: Sandbox
) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.5), times=8)
    studio.form.providers.chosen = ("minimax",)
    studio.form.values.fields["tone"].value = "deep; bright; soft; fast; slow; warm; calm; hoarse"
    until(lambda: 'data-trials="8"' in studio.quote.words.value and not studio.submit.disabled)
    studio.submit.click()
    until(lambda: not studio.stop.disabled)
    studio.stop.click()
    until(lambda: lab.job is not None and lab.job.done())
    until(lambda: "Resume goes on" in studio.panel.overall.value)
    assert not studio.resume.disabled
    studio.resume.click()
    heard(studio, 8)
    assert len(sandbox["minimax"].ledger.of("design")) == 8


def test_what_failed_is_tried_again(studio: Studio, lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(code=1026), times=2)
    studio.form.providers.chosen = ("minimax",)
    until(lambda: not studio.submit.disabled)
    studio.submit.click()
    until(lambda: "2 failed" in studio.panel.overall.value and not studio.retry.disabled)
    until(lambda: "No voice has come yet" in studio.comparing.children[0].value)
    until(lambda: "1026" in studio.panel.table.value)
    studio.retry.click()
    heard(studio, 2)


def test_a_second_studio_finds_the_run_under_way_and_the_first_makes_room(
    lab: Lab, sandbox: Sandbox
) -> None:
    first = opened(lab)
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.5), times=2)
    lab.run(batch("minimax"))
    second = opened(lab)
    until(lambda: not second.stop.disabled)
    heard(second, 2)
    until(lambda: "2 of 2 done" in second.panel.overall.value)
    assert "newer studio" in first.children[0].value
    assert len(lab._hub.listeners) == 2


def test_a_cell_run_again_goes_on_with_what_was_typed(lab: Lab) -> None:
    first = Studio(lab)
    first.form.template.value = "a {mood} voice"
    first.form.values.fields["mood"].value = "calm; bright"
    first.form.takes.value = "two"  # half typed, so to say
    first.form.options.of("local").raw.value = '{"half": '
    with Lab.open(lab.folder) as again:
        second = Studio(again)
        assert second.form.template.value == "a {mood} voice"
        assert second.form.values.value == {"mood": ("calm", "bright")}
        assert second.form.takes.value == "two"
        assert "newer studio" in first.children[0].value
        third = Studio(again, TONES)
        assert third.form.experiment.template == TONES.template


def test_the_form_says_which_rows_will_be_sent_and_which_are_done(studio: Studio) -> None:
    studio.quote.drawers.pull(ROWS)
    until(lambda: studio.quote.rows.value.count("<td>will be sent</td>") == 2)
    studio.submit.click()
    heard(studio, 2)
    until(lambda: studio.quote.rows.value.count("<td>done already</td>") == 2)
    studio.form.takes.value = "3"
    until(lambda: studio.quote.rows.value.count("<td>will be sent</td>") == 2)
    studio.quote.reuse.value = True
    until(lambda: studio.quote.rows.value.count("<td>1 reused, 2 will be sent</td>") == 2)


def test_the_drawer_of_the_table_says_how_many_rows_it_holds(lab: Lab) -> None:
    form = Studio(lab, TONES).form
    button = form.drawers.buttons["Table of prompts"]
    assert button.description == "Table of prompts"
    form.table.value = "a deep voice\na bright voice"
    assert button.description == "Table of prompts · 2 rows"
    form.drawers.pull("Table of prompts")
    assert form.drawers.is_open("Table of prompts")


def test_a_run_that_a_cell_starts_is_followed(studio: Studio, lab: Lab) -> None:
    lab.run(batch("local", tones=("hoarse", "calm", "warm"))).result()
    heard(studio, 3)
    assert studio.looking_at == lab.batches()[0].id


def test_batches_experiments_and_the_whole_lab_can_be_looked_at(studio: Studio, lab: Lab) -> None:
    lab.run(batch("local")).result()
    lab.run(batch("local", tones=("soft",))).result()
    heard(studio, 1)
    until(lambda: len(studio.choice.options) == 4)
    studio.choice.value = "tones"
    heard(studio, 3)
    studio.choice.value = ""
    until(lambda: "3 of 3 done" in studio.panel.overall.value)


def written(studio: Studio, format: str) -> None:
    """Write a report, and wait until it says so."""
    studio.exports.guard.value = ""
    studio.exports.format.value = format
    studio.exports.write.click()
    until(lambda: "Wrote" in studio.exports.guard.value)


def test_every_format_is_written(
    studio: Studio, tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    studio.submit.click()
    heard(studio, 2)
    assert set(FORMATS) == {*WRITERS, *FILES}
    for format in FORMATS:
        written(studio, format)
        name = FILES.get(format, f"tones{format}")
        assert (tmp_path / "exports" / name).stat().st_size > 0


def test_a_page_past_its_budget_is_a_sentence_with_choices(studio: Studio, tmp_path: Path) -> None:
    studio.submit.click()
    heard(studio, 2)
    studio.exports.folder.value = str(tmp_path)
    studio.exports.max_mb.value = 0.01
    studio.exports.write.click()
    until(lambda: "a larger max_mb" in studio.exports.guard.value)
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize("folder", ["/dev/null/there", "\0", "~nobody-here", "x" * 5000])
def test_a_folder_that_cannot_be_is_a_sentence(studio: Studio, folder: str) -> None:
    studio.submit.click()
    heard(studio, 2)
    studio.exports.folder.value = folder
    studio.exports.format.value = ".csv"
    studio.exports.write.click()
    until(lambda: "voicelab-problem" in studio.exports.guard.value)


def test_exporting_nothing_is_a_sentence(studio: Studio) -> None:
    studio.exports.write.click()
    until(lambda: "nothing to export yet" in studio.exports.guard.value)


def test_two_fast_clicks_submit_once(studio: Studio, lab: Lab) -> None:
    clicks = [threading.Thread(target=studio.submit.click) for _ in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    heard(studio, 2)
    assert len(lab.batches()) == 1
    assert all(record.attempts <= 1 for record in lab.records())


GARBAGE = [
    ("experiment_name", "", "trials"),
    ("experiment_name", "<script>alert(1)</script>", "trials"),
    ("template", "", "no prompt variants"),
    ("template", "a {", "cannot be read"),
    ("template", "a {} voice", "plain name"),
    ("template", "a {0} {a.b} {x!r:>9}", "plain name"),
    ("template", "a {language} voice", "no values"),
    ("template", "x" * 10_000, "trials"),
    ("template", "<script>alert(1)</script>", "trial"),
    ("template", "\ud800 voice", "surrogate"),
    ("preview_text", "Good \ud800 evening", "surrogate"),
    ("preview_text", "", "empty"),
    ("preview_text", "…!?", "nothing to say"),
    ("preview_text", "long " * 2_000, "trials"),
    ("takes", "many", "whole number"),
    ("takes", "0", "from 1 up"),
    ("takes", "-1", "from 1 up"),
    ("takes", "9" * 30, "taken for a slip"),
    ("takes", "9" * 5000, "whole number"),
    ("seed", "red", "whole number"),
    ("seed", "9" * 400, "trials"),
    ("table", "label,prompt\na,b,c", "has 3 cells"),
    ("table", "label,prompt\na,x\na,y", "same label"),
    ("table", "label,prompt\na,", "no value"),
    ("table", "\0\n\x1b[0m", ""),
    ("table_file", "/nowhere.csv", "cannot be read"),
    ("table_file", "\0", "cannot be read"),
]


@pytest.fixture(scope="module")
def garbled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Return one studio for all garbage: it must get over each piece."""
    with Lab.open(tmp_path_factory.mktemp("garbage")) as lab:
        yield opened(lab)


@pytest.mark.parametrize(("field", "text", "words"), GARBAGE)
def test_garbage_in_a_field_is_a_sentence(
    garbled: Studio, field: str, text: str, words: str
) -> None:
    garbled.form.load(TONES)
    getattr(garbled.form, field).value = text
    garbled.quote.words.value = ""
    garbled.quote.poke()
    until(lambda: garbled.quote.words.value or garbled.guard.value)
    said = shown(garbled)
    assert words in said
    assert "<script" not in said
    assert "Traceback" not in said
    assert "went wrong in voicelab itself" not in said


def test_a_file_is_named_after_its_experiment() -> None:
    assert file_name("Narrators / 2: 说书人?") == "Narrators-2-说书人"
    assert file_name("../../etc/passwd") == "etc-passwd"
    assert file_name("   ") == "voices"


def test_nothing_is_submitted_past_a_budget(studio: Studio, lab: Lab) -> None:
    studio.form.load(replace(TONES, providers=("minimax",)))
    studio.form.budget.value = "USD 0.0005"
    until(lambda: "Budget of the batch" in studio.quote.words.value)
    assert studio.submit.disabled
    studio.form.budget.value = "USD 0.001"
    until(lambda: not studio.submit.disabled)
    studio.submit.click()
    heard(studio, 2)
    assert lab.bill()["billed"].tolist() == pytest.approx([2 * len("Good evening.") * 30e-6])


def test_what_the_lab_has_already_is_offered_for_reuse(studio: Studio, lab: Lab) -> None:
    studio.submit.click()
    heard(studio, 2)
    studio.form.experiment_name.value = "again"
    until(lambda: "made anew unless you reuse them" in studio.quote.words.value)
    assert studio.quote.reuse.layout.display == ""
    studio.quote.reuse.value = True
    until(lambda: "taken over, free" in studio.quote.words.value and not studio.submit.disabled)
    studio.submit.click()
    until(lambda: len(lab.batches()) == 2 and lab.batches()[0].done == 2)
    assert all(record.evidence["reused_from"] for record in lab.records("again"))


def test_a_trial_in_doubt_can_be_looked_for_again(
    studio: Studio, lab: Lab, sandbox: Sandbox
) -> None:
    sandbox["minimax"].faults.add("design", Fault(hang_up=True))
    lab.run(batch("minimax")).result()
    until(lambda: studio.panel.look.layout.display == "")
    studio.panel.look.click()
    until(lambda: lab.job is not None and lab.job.done())
    assert [record.state for record in lab.records()].count("in doubt") == 1


def test_every_row_of_the_batch_says_what_each_provider_makes_of_it(studio: Studio) -> None:
    studio.form.providers.chosen = ("local", "minimax")
    studio.form.table.value = f"label,prompt,preview_text\nlong,a voice,{'word ' * 101}\n"
    studio.quote.drawers.pull("Every row of the batch")
    until(lambda: "refused" in studio.quote.rows.value)
    rows = studio.quote.rows.value
    assert rows.index(">long<") < rows.index(">deep<")  # what needs mending comes first
    assert "504 characters; minimax takes 500" in rows
    assert "a deep voice" in rows


def test_the_bar_of_sections_says_what_stands_where(studio: Studio) -> None:
    until(lambda: studio.frame.news.get("Describe") == "2 trials")
    studio.submit.click()
    heard(studio, 2)
    until(lambda: studio.frame.news.get("Run") == "2 of 2 done")


def test_a_report_has_its_own_title_and_holds_the_favourites_alone(
    studio: Studio, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    studio.submit.click()
    heard(studio, 2)
    studio.exports.title.value = "For Monday"
    studio.exports.included.value = "the favourites"
    studio.exports.write.click()
    until(lambda: "none of these trials is among the favourites" in studio.exports.guard.value)
    lab.rate(lab.records()[0].trial.id, 5)
    written(studio, ".csv")
    lines = (tmp_path / "exports" / "For-Monday.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert studio.exports.link.beside == "exports/For-Monday.csv"
    studio.exports.audio.value = "flac"
    written(studio, ".html")
    page = (tmp_path / "exports" / "For-Monday.html").read_text(encoding="utf-8")
    assert "audio/flac" in page
    assert "For Monday" in page


def test_a_cell_that_opens_the_lab_anew_finds_the_run_under_way(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=1.0), times=2)
    job = lab.run(batch("minimax"))
    with open_lab(tmp_path / "lab", sandbox) as again:
        assert again.job is job
        studio = opened(again)
        until(lambda: not studio.stop.disabled)
        assert studio.submit.disabled
        heard(studio, 2)
        until(lambda: "2 of 2 done" in studio.panel.overall.value)
    assert job.result().frame["state"].tolist() == ["done", "done"]


def test_closing_another_lab_of_the_folder_stops_nothing(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.5), times=2)
    job = lab.run(batch("minimax"))
    open_lab(tmp_path / "lab", sandbox).close()
    assert job.result().frame["state"].tolist() == ["done", "done"]


def test_a_run_can_be_stopped_from_another_lab_of_the_folder(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    tones = ("deep", "bright", "soft", "fast", "slow", "warm", "calm", "hoarse")
    sandbox["minimax"].faults.add("design", Fault(delay_s=0.5), times=8)
    job = lab.run(batch("minimax", tones=tones))
    with open_lab(tmp_path / "lab", sandbox) as again:
        again.stop()
        assert "queued" in job.result().frame["state"].tolist()


def test_rates_and_retries_are_told_by_provider(lab: Lab, sandbox: Sandbox) -> None:
    panel = lab.progress()
    panel.drawers.pull("Rates, limits and retries")
    sandbox["minimax"].faults.add("design", Fault(code=1002), times=1)
    lab.run(batch("minimax", "local")).result()
    panel.look_at(None)
    until(lambda: "published: 20 in 60 s" in panel.rates.value)

    def row() -> str:
        after = panel.rates.value.partition('<tr data-provider="minimax"')[2]
        return after.partition("</tr>")[0]

    until(lambda: "<td>2</td><td>1</td>" in row())  # two ended, one asked again
    assert not panel.guard.value
    panel.end()


def test_the_budget_of_the_lab_is_shown_and_follows_what_is_set(studio: Studio, lab: Lab) -> None:
    assert studio.quote.budget.value == ""
    lab.budget = {"USD": 5, "tencent-mps": 20}
    studio.quote.poke()
    until(lambda: "0 of USD 5 spent; 0 of tencent-mps 20 spent" in studio.quote.budget.value)


def test_a_budget_that_names_nothing_is_told_in_the_form(studio: Studio) -> None:
    studio.form.budget.value = "minimaxx 5"
    until(lambda: "Did you mean &#x27;minimax&#x27;?" in studio.quote.words.value)
    assert studio.submit.disabled


def test_retrying_leaves_out_what_was_given_up_in_doubt(lab: Lab, sandbox: Sandbox) -> None:
    sandbox["minimax"].faults.add("design", Fault(hang_up=True, carried_out=True))
    lab.run(batch("minimax", tones=("deep",))).result()
    trial = lab.records()[0].trial.id
    lab.give_up(trial)
    studio = opened(lab)
    until(lambda: not studio.retry.disabled)
    studio.retry.click()
    until(lambda: f"such as {trial}" in studio.guard.value)
    assert len(sandbox["minimax"].ledger.calls) == 1
