"""Every vendor's voices in one frame: what the vendor tells, and what only the lab knows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voicelab.audio.clip import encode
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine import trial_run
from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference, TrialRecord

DESIGN = ("minimax", "dashscope-cosyvoice", "dashscope-qwen", "tencent-mps", "tencent-vod-design")
EVERYONE = (*DESIGN, "tencent-trtc")


@pytest.fixture(scope="module")
def vendors() -> Iterator[Sandbox]:
    with serve(EVERYONE) as sandbox, pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environ.items():
            patch.setenv(name, value)
        patch.setattr(trial_run, "POLL_FIRST_S", 0.01)
        yield sandbox


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, vendors: Sandbox) -> Iterator[Lab]:
    """A lab with one voice of every vendor that keeps any."""
    folder = tmp_path_factory.mktemp("voices")
    hum = 0.3 * np.sin(2 * np.pi * 220 * np.arange(12 * 16000) / 16000)
    (folder / "me.wav").write_bytes(encode(hum, sr=16000, format="wav"))
    with Lab.open(folder / "lab") as lab:
        rows = (
            PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening."),
            PromptVariant(
                label="me",
                prompt="",
                preview_text="Good evening.",
                reference=Reference(path=folder / "me.wav"),
            ),
        )
        made = lab.run(Batch(variants=rows, providers=EVERYONE, experiment="all")).result()
        assert made.frame["state"].tolist() == ["done"] * len(EVERYONE)
        yield lab


def rows_of(lab: Lab) -> dict[str, dict[Any, Any]]:
    """Return the one row of each provider."""
    frame = lab.voices().astype(object)
    rows = frame.where(frame.notna(), None).to_dict("records")
    return {row["provider"]: row for row in rows}


def made_at(lab: Lab, provider: str) -> TrialRecord:
    return next(
        r
        for r in lab.records()
        if r.trial.provider == provider and r.trial.variant.voice_id is None
    )


def test_each_vendors_voice_is_a_row_with_all_that_is_known_of_it(lab: Lab) -> None:
    rows = rows_of(lab)
    assert set(rows) == set(EVERYONE)
    for name, row in rows.items():
        record = made_at(lab, name)
        assert row["emulated"] is True, name
        assert (row["trial"], row["voice_id"]) == (record.trial.id, record.voice_id), name
        assert row["created_at"], name
        assert row["kind"] == ("clone" if name == "tencent-trtc" else "design"), name


def test_status_slots_and_expiry_are_told_where_the_vendor_tells_them(lab: Lab) -> None:
    rows = rows_of(lab)
    assert {name: row["slots"] for name, row in rows.items() if row["slots"]} == {
        "dashscope-cosyvoice": 1000,
        "dashscope-qwen": 1000,
        "tencent-mps": 100,
    }
    assert rows["tencent-mps"]["slots_used"] == 1
    assert rows["dashscope-cosyvoice"]["status"] in {"DEPLOYING", "OK"}
    silent = {name for name, row in rows.items() if row["status"] == "not listed"}
    assert silent == {"minimax", "tencent-vod-design", "tencent-trtc"}
    expires = datetime.fromisoformat(rows["minimax"]["expires_at"])
    week = timedelta(days=7)
    assert abs(expires - datetime.now(UTC) - week) < timedelta(minutes=10)
    assert "keeps no list" not in lab.voices().attrs["notes"]["tencent-trtc"]


def test_days_are_in_utc_so_that_sorting_by_their_text_sorts_by_time(lab: Lab) -> None:
    frame = lab.voices().sort_values("created_at")
    made = [datetime.fromisoformat(text) for text in frame["created_at"]]
    assert {moment.utcoffset() for moment in made} == {timedelta(0)}
    assert made == sorted(made)
    assert all(abs(moment - datetime.now(UTC)) < timedelta(hours=1) for moment in made)
    assert all(text.endswith("+00:00") for text in frame["expires_at"].dropna())


@pytest.mark.parametrize("name", ["dashscope-cosyvoice", "dashscope-qwen"])
def test_when_a_listed_voice_expires_is_what_the_last_trial_with_it_says(
    lab: Lab, name: str
) -> None:
    record = made_at(lab, name)
    assert record.expires_at is not None
    assert rows_of(lab)[name]["expires_at"] == record.expires_at.isoformat()
    (spoken,) = lab.speak(record.trial.id, "And good night.").result().records
    assert spoken.expires_at is not None
    assert spoken.expires_at > record.expires_at
    assert rows_of(lab)[name]["expires_at"] == spoken.expires_at.isoformat()


def test_keeping_is_free_where_the_vendor_has_a_call_or_nothing_to_do(
    lab: Lab, vendors: Sandbox
) -> None:
    mps = made_at(lab, "tencent-mps").trial.id
    assert "'Narrator of the house'" in lab.keep(mps, "Narrator of the house")
    assert rows_of(lab)["tencent-mps"]["name"] == "Narrator of the house"
    assert "'deep, take 1'" in lab.keep(mps)
    before = len(vendors["dashscope-qwen"].ledger.calls)
    assert "a year after its last use" in lab.keep(made_at(lab, "dashscope-qwen").trial.id)
    assert len(vendors["dashscope-qwen"].ledger.calls) == before


@pytest.mark.parametrize(
    ("name", "step", "price"),
    [
        ("minimax", "speak", "USD 0.0013 for 13 characters and USD 3.00 for keeping it"),
        (
            "tencent-vod-design",
            "TextToSpeechSync",
            "what the vendor charges for 13 characters (no published price)",
        ),
    ],
)
def test_what_is_kept_by_speaking_names_its_price_and_waits_for_a_yes(
    lab: Lab, vendors: Sandbox, name: str, step: str, price: str
) -> None:
    trial = made_at(lab, name).trial.id
    with pytest.raises(UsageError, match="nothing was sent") as caught:
        lab.keep(trial)
    assert price in str(caught.value)
    assert "spend=True" in str(caught.value)
    assert not vendors[name].ledger.of(step)
    assert "keeps the voice" in lab.keep(trial, spend=True)
    row = rows_of(lab)[name]
    assert (row["status"], row["expires_at"]) == ("", None)
    assert "kept already" in lab.keep(trial)
    assert len(vendors[name].ledger.of(step)) == 1


def test_a_voice_that_lapsed_cannot_be_kept_and_is_no_row(tmp_path: Path, vendors: Sandbox) -> None:
    with Lab.open(tmp_path / "lab") as lab:
        row = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
        lab.run(Batch(variants=[row], providers=["minimax"], experiment="one")).result()
        (record,) = lab.records()
        lab._store.update(record.trial.id, expires_at="2026-01-01T00:00:00+00:00")
        with pytest.raises(UsageError, match="lapsed on 2026-01-01"):
            lab.keep(record.trial.id, spend=True)
        assert record.voice_id not in lab.voices()["voice_id"].tolist()


def test_an_unlisted_voice_that_was_deleted_is_gone_from_the_rows(
    tmp_path: Path, vendors: Sandbox
) -> None:
    with Lab.open(tmp_path / "lab") as lab:
        row = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
        lab.run(Batch(variants=[row], providers=["minimax"], experiment="one")).result()
        voice_id = str(lab.records()[0].voice_id)
        assert voice_id in lab.voices()["voice_id"].tolist()
        lab.drop("minimax", voice_id)
        assert voice_id not in lab.voices()["voice_id"].tolist()


def test_a_trial_without_a_voice_has_nothing_to_keep(tmp_path: Path) -> None:
    with Lab.open(tmp_path / "lab") as lab:
        row = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
        lab.run(Batch(variants=[row], providers=["local"], experiment="one")).result()
        (record,) = lab.records()
        assert "same prompt, seed and take" in lab.keep(record.trial.id)
        with pytest.raises(UsageError, match="no trial 'vl0'"):
            lab.keep("vl0")
