"""The blind page: nothing in its bytes tells which voice is which, and its answers come home."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from shown import LABELS, PROMPTS, comparison_of, record_of

import voicelab as vl
from voicelab.errors import UsageError
from voicelab.model import TrialState
from voicelab.tables import export
from voicelab.tables.blind import read_key
from voicelab.tables.comparison import Comparison
from voicelab.tables.front_end import front_end
from voicelab.tables.page_options import PageOptions
from voicelab.tables.page_rows import page_id

BLIND = PageOptions(blind=True)
PROVIDERS = ("minimax", "dashscope-cosyvoice", "tencent-mps", "acme")


def secretive() -> Comparison:
    """Return eight voices of four providers, with something to give away in every field."""
    records = [
        replace(
            record_of(
                nth,
                provider=PROVIDERS[nth % 4],
                variables={"tone": f"tone-word-{nth}"},
                note=f"note-word-{nth}",
                rating=nth % 5 + 1,
                experiment="secret-experiment",
                evidence={"model": f"model-word-{nth}", "request": f"req-{nth}"},
                cost=0.123456 + nth,
                currency="XTS",
                latency_s=7.654321 + nth,
            ),
            voice_id=f"vendor-voice-{nth}",
            emulated=nth == 2,
        )
        for nth in range(8)
    ]
    failed = record_of(8, state=TrialState.FAILED, error="a telling error", latency_s=98.765_432)
    comparison = comparison_of([*records, failed], title="minimax or acme?")
    comparison.numbers = {
        digest: {name: n if n is None else n + 0.731_000_7 for name, n in numbers.items()}
        for digest, numbers in comparison.numbers.items()
    }
    return comparison


def giveaways(comparison: Comparison) -> list[str]:
    """Return every text that tells something of one trial."""
    found = ["secret-experiment", "XTS", "minimax or acme?", "a telling error", *PROVIDERS]
    for record in comparison.records:
        trial, variant = record.trial, record.trial.variant
        found += [trial.id, page_id(trial.id), variant.label, variant.prompt]
        found += [str(record.voice_id), str(record.clip_hash), *variant.variables.values()]
        found += [*map(str, record.evidence.values()), f"note-word-{trial.index}"]
        found += [str(record.cost), str(record.latency_s)]
        found += map(repr, comparison.numbers.get(record.clip_hash or "", {}).values())
    measured = ["loudness_lufs", "f0_median_hz", "duration_s_value"]
    return [text for text in {*found, *measured} if text not in ("None", "")]


def own_bytes(page: Path) -> str:
    """Return the page without the code that every page has, word for word."""
    text = page.read_text("utf-8")
    for code in (front_end("js"), front_end("css")):
        assert code in text
        text = text.replace(code, "")
    return re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)  # sound and pictures, in base64


def test_nothing_in_the_bytes_tells_which_voice_is_which(tmp_path: Path) -> None:
    comparison = secretive()
    path = export(comparison, tmp_path / "blind.html", BLIND)
    text = own_bytes(path)
    assert sorted(text_ for text_ in giveaways(comparison) if text_ in text) == []
    whole = path.read_bytes()
    for record in comparison.records:
        assert record.trial.id.encode() not in whole
        if record.clip_hash:
            assert record.clip_hash.encode() not in whole
    key = read_key(tmp_path / "blind.key.json")
    assert str(key.seed) not in text
    assert sorted(key.rows.values()) == sorted(comparison.clips())


def test_the_other_page_does_tell_or_the_search_would_prove_nothing(tmp_path: Path) -> None:
    comparison = secretive()
    text = own_bytes(export(comparison, tmp_path / "open.html"))
    for word in ("acme", LABELS[0], PROMPTS[0], "note-word-3", "model-word-3", "req-3"):
        assert word in text


def test_all_voices_are_equally_loud_and_of_one_rate(tmp_path: Path) -> None:
    from voicelab.tables.blind import blinded, draw

    comparison = secretive()
    hidden = blinded(comparison, draw(comparison, seed=1))
    assert len({clip.sr for clip in hidden.clips().values()}) == 1
    gains = {row["clip"]["gain_db"] for row in state_of(tmp_path, comparison)["rows"]}
    assert gains == {0.0}


def state_of(folder: Path, comparison: Comparison) -> dict[str, list[dict[str, dict[str, float]]]]:
    text = export(comparison, folder / "state.html", BLIND).read_text("utf-8")
    found = re.search(r'id="data">(.*?)</script>', text)
    assert found
    state: dict[str, list[dict[str, dict[str, float]]]] = json.loads(found[1])["state"]
    return state


def test_the_order_is_drawn_from_the_seed_in_the_key(tmp_path: Path) -> None:
    comparison = secretive()
    orders = []
    for nth, seed in enumerate((5, 5, 6)):
        export(comparison, tmp_path / f"{nth}.html", PageOptions(blind=True, seed=seed))
        key = read_key(tmp_path / f"{nth}.key.json")
        assert key.seed == seed
        orders.append(list(key.rows.values()))
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_a_page_written_again_keeps_its_key(tmp_path: Path) -> None:
    comparison = secretive()
    export(comparison, tmp_path / "b.html", BLIND)
    before = read_key(tmp_path / "b.key.json")
    export(comparison, tmp_path / "b.html", BLIND)
    assert read_key(tmp_path / "b.key.json") == before


def test_the_key_of_another_page_is_never_overwritten(tmp_path: Path) -> None:
    export(secretive(), tmp_path / "b.html", BLIND)
    before = (tmp_path / "b.key.json").read_bytes()
    with pytest.raises(UsageError, match="key of another blind page"):
        export(comparison_of(2), tmp_path / "b.html", BLIND)
    assert (tmp_path / "b.key.json").read_bytes() == before


def test_a_blind_page_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no voice to listen to"):
        export(comparison_of([]), tmp_path / "b.html", BLIND)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[vl.Lab]:
    with vl.Lab.open(tmp_path / "lab") as lab:
        batch = vl.Batch(
            variants=vl.grid("a {tone} voice", tone=["deep", "bright"], preview_text="Hello."),
            providers=["local"],
            takes=2,
            experiment="tones",
        )
        lab.run(batch).result()
        yield lab


def answered(page: Page, path: Path, to: Path, *, name: str) -> Path:
    """Rate the first voice 4 and the second 2 with a note, and save the answers."""
    page.goto(path.as_uri())
    page.locator(".voicelab-comparer[data-ready='1'] .row[data-drawn='true']").first.wait_for()
    if page.locator("#begin").is_visible():
        page.click("#begin")
    page.locator(".row .star[data-star='4']").nth(0).click()
    page.locator(".row .star[data-star='2']").nth(1).click()
    page.locator(".row .note").nth(1).fill("too thin")
    page.locator(".row .note").nth(1).press("Enter")
    expect(page.locator("#answered")).to_have_text("2 of 4 voices rated.")
    page.fill("#rater", name)
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(to)
    assert page.watched.errors == []
    return to


@pytest.mark.browser
def test_a_listener_s_answers_to_a_blind_page_come_back_under_their_name(
    page: Page, tmp_path: Path, lab: vl.Lab
) -> None:
    path = lab.export("tones", tmp_path / "blind.html", blind=True)
    rows = list(read_key(tmp_path / "blind.key.json").rows.values())
    lab.rate(rows[0], 1)
    lab.note(rows[1], "mine")
    file = answered(page, path, tmp_path / "ann.answers.json", name="Ann")
    taken = lab.import_ratings(file)
    assert taken[["trial", "rater", "rating"]].values.tolist() == [
        [rows[0], "Ann", 4],
        [rows[1], "Ann", 2],
    ]
    again = lab.import_ratings(file)
    assert again.equals(taken)
    ratings = lab.ratings("tones").set_index(["trial", "rater"])["rating"].to_dict()
    assert ratings == {(rows[0], "me"): 1, (rows[0], "Ann"): 4, (rows[1], "Ann"): 2}
    notes = {record.trial.id: record.note for record in lab.records()}
    assert notes[rows[1]] == "mine\nAnn: too thin"


@pytest.mark.browser
def test_an_open_page_can_be_rated_by_its_reader_too(
    page: Page, tmp_path: Path, lab: vl.Lab
) -> None:
    trials = [record.trial.id for record in lab.records()]
    lab.rate(trials[0], 5)
    path = lab.export("tones", tmp_path / "open.html")
    file = answered(page, path, tmp_path / "bo.json", name="Bo")
    assert lab.import_ratings(file)["trial"].tolist() == trials[:2]
    assert lab.records()[0].rating == 5


@pytest.mark.browser
def test_the_answers_stand_as_text_to_copy_where_nothing_can_be_saved(
    page: Page, tmp_path: Path, lab: vl.Lab
) -> None:
    path = lab.export("tones", tmp_path / "blind.html", blind=True)
    file = answered(page, path, tmp_path / "cy.json", name="Cy")
    shown = json.loads(page.input_value("#answer-text"))
    saved = json.loads(file.read_text("utf-8"))
    assert {**shown, "answered_at": 0} == {**saved, "answered_at": 0}


@pytest.mark.browser
def test_a_blind_page_shows_letters_and_asks_for_a_name_before_it_saves(
    page: Page, tmp_path: Path, lab: vl.Lab
) -> None:
    path = lab.export("tones", tmp_path / "blind.html", blind=True)
    page.goto(path.as_uri())
    page.locator(".row[data-drawn='true']").nth(3).wait_for()
    assert page.locator(".row .label").all_inner_texts() == ["A", "B", "C", "D"]
    assert not page.get_by_text("hidden", exact=True).first.is_visible()
    page.click("#save")
    expect(page.locator("#kept")).to_have_text("Write your name first.")
    for useless in (".sorts", ".way", ".groups", ".measuring", ".match", ".differing", ".gain"):
        expect(page.locator(useless).first).to_be_hidden()
    expect(page.get_by_text("measures", exact=True)).to_be_hidden()
    page.locator(".rail").focus()
    page.keyboard.press("2")
    expect(page.locator(".live")).to_have_text("voice 2 of 4, B, paused")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_contain_text("pauses")
    for useless in ("pitch contour", "measures", "group", "loudness", "differences"):
        expect(keys).not_to_contain_text(useless)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+P")
    expect(page.locator(".status")).to_have_text("This page holds no pitch contour.")


def test_a_blind_page_holds_no_pitch(tmp_path: Path) -> None:
    comparison = secretive()
    text = export(comparison, tmp_path / "blind.html", BLIND).read_text("utf-8")
    data = json.loads(re.findall(r'id="data">(.*?)</script>', text)[0])
    assert data["pitch"] == {}
    assert data["state"]["sees"]["overlays"] == ["pauses", "words"]


ANSWERS = {"voicelab_answers": 1, "page": None, "rater": "Ann", "answers": []}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("no json", "holds no answers"),
        ("[" * 100_000, "holds no answers"),
        ("{}", "holds no answers"),
        (json.dumps(ANSWERS | {"rater": " "}), "who answered"),
        (json.dumps(ANSWERS | {"rater": "Me"}), "who answered"),
        (json.dumps(ANSWERS | {"page": "0123"}), "key is not in"),
        (json.dumps(ANSWERS | {"answers": [{"row": "tffff"}]}), "not among these trials"),
        (json.dumps(ANSWERS | {"answers": [{"row": ["A"]}]}), "not among these trials"),
        (json.dumps(ANSWERS | {"answers": ["A"]}), "not among these trials"),
    ],
)
def test_answers_that_are_none_are_a_sentence_and_change_nothing(
    tmp_path: Path, lab: vl.Lab, content: str, words: str
) -> None:
    (tmp_path / "a.json").write_text(content, "utf-8")
    with pytest.raises(UsageError, match=words):
        lab.import_ratings(tmp_path / "a.json")
    assert lab.ratings().empty


@pytest.mark.parametrize("rating", [0, 6, True, 2.5, "4"])
def test_a_rating_that_is_none_takes_up_no_other_of_its_file(
    tmp_path: Path, lab: vl.Lab, rating: object
) -> None:
    first, second = (page_id(record.trial.id) for record in lab.records()[:2])
    rows = [{"row": first, "rating": 3}, {"row": second, "rating": rating}]
    (tmp_path / "a.json").write_text(json.dumps(ANSWERS | {"answers": rows}), "utf-8")
    with pytest.raises(UsageError, match="1 to 5"):
        lab.import_ratings(tmp_path / "a.json")
    assert lab.ratings().empty
