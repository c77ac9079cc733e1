"""The store: real SQLite, real files, every promise on the disk."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from voicelab.errors import Refused, StoreError, Unreadable, UsageError
from voicelab.model import PromptVariant, Reference, Task, Trial, TrialState
from voicelab.store.lab_folder import DATABASE
from voicelab.store.records import Planned
from voicelab.store.schema import MIGRATIONS
from voicelab.store.store import Store


def planned(nth: int = 0, **changes: Any) -> Planned:
    trial = Trial(
        id=f"vl{nth}",
        batch_id="b1",
        index=nth,
        variant=PromptVariant(
            label=f"row {nth}",
            prompt="低沉",
            preview_text="Hello.",
            language="en",
            variables={"tone": "deep"},
            reference=Reference(path=Path("a b.wav"), transcript="Hi"),
        ),
        provider="local",
        take=1,
        seed=3,
        options={"x": [1, "二"]},
    )
    return Planned(trial=trial, **({"emulated": False, "characters": 6} | changes))


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path / "lab") as store:
        store.add_batch("b1", experiment="e1", spec={"a": 1}, trials=[planned(0), planned(1)])
        yield store


def test_a_trial_comes_back_as_it_was_written(store: Store) -> None:
    record = store.record("vl1")
    assert record.trial == planned(1).trial
    assert (record.state, record.experiment, record.attempts) == (TrialState.QUEUED, "e1", 0)


def test_the_same_batch_twice_is_there_once(store: Store) -> None:
    store.add_batch("b1", experiment="e1", spec={"a": 1}, trials=[planned(n) for n in range(3)])
    assert [record.trial.id for record in store.records(batch_id="b1")] == ["vl0", "vl1", "vl2"]
    assert [(batch.trials, batch.done) for batch in store.batches()] == [(3, 0)]


def test_records_are_found_by_batch_and_by_experiment(store: Store) -> None:
    assert len(store.records(experiment="e1")) == 2
    assert store.records(batch_id="b2") == ()


def test_a_move_writes_its_fields_and_an_illegal_one_writes_nothing(store: Store) -> None:
    store.move("vl0", TrialState.SENT, sent_at="2026-01-01T00:00:00+00:00")
    record = store.move("vl0", TrialState.DONE, voice_id="v/=1", latency_s=0.5)
    assert (record.voice_id, record.latency_s) == ("v/=1", 0.5)
    assert record.finished_at is not None
    with pytest.raises(ValueError, match="cannot go"):
        store.move("vl0", TrialState.QUEUED, voice_id="gone")
    assert store.record("vl0").voice_id == "v/=1"


def test_a_failure_stands_on_the_row_with_the_vendors_words(store: Store) -> None:
    store.move("vl0", TrialState.SENT)
    record = store.fail("vl0", Refused("no.", code="1026", request_id="r1"))
    assert (record.state, record.error_kind, record.error) == (TrialState.FAILED, "Refused", "no.")
    assert (record.error_code, record.request_id) == ("1026", "r1")
    assert store.requeue("vl0").error is None


def test_a_task_is_kept(store: Store) -> None:
    store.move("vl0", TrialState.SENT)
    task = Task(id="t/1", detail={"n": [1]})
    store.move("vl0", TrialState.WAITING, **store.task_fields(task))
    assert store.task("vl0") == task
    assert store.task("vl1") is None


def ask(store: Store, *, resend: int = 0, spends: bool = True) -> int:
    return store.journal.ask(
        "vl0",
        step="design",
        resend=resend,
        spends=spends,
        method="POST",
        url="https://host.example/a?Signature=secret",
        body={"prompt": "低沉"},
    )


def test_a_kept_reply_comes_back_byte_for_byte(store: Store) -> None:
    attempt = ask(store)
    store.journal.keep(attempt, status=200, headers={"x": "y"}, content=b"\x00\xff" * 1000)
    kept = store.journal.kept("vl0", step="design", resend=0)
    assert kept is not None
    assert (kept.status, kept.headers, kept.content) == (200, {"x": "y"}, b"\x00\xff" * 1000)


@pytest.mark.parametrize("state", ["declined", "in doubt", "forgotten"])
def test_a_reply_that_was_no_answer_is_not_kept_as_one(store: Store, state: str) -> None:
    attempt = ask(store)
    store.journal.keep(attempt, status=200, headers={}, content=b"later")
    store.journal.mark(attempt, state)
    assert store.journal.kept("vl0", step="design", resend=0) is None


def test_a_resend_does_not_find_the_reply_of_the_time_before(store: Store) -> None:
    store.journal.keep(ask(store), status=200, headers={}, content=b"old")
    assert store.journal.kept("vl0", step="design", resend=1) is None


def test_a_free_look_is_never_replayed(store: Store) -> None:
    store.journal.keep(ask(store, spends=False), status=200, headers={}, content=b"not yet")
    assert store.journal.kept("vl0", step="design", resend=0) is None


def test_an_asking_without_an_answer_is_found_again(store: Store) -> None:
    ask(store)
    (asking,) = store.journal.open_askings("vl0", resend=0)
    assert asking.spends
    assert store.record("vl0").attempts == 1


def test_signatures_in_links_and_cookies_are_not_stored(store: Store) -> None:
    attempt = ask(store)
    store.journal.keep(attempt, status=200, headers={"set-cookie": "secret"}, content=b"")
    store.close()
    everything = b"".join(path.read_bytes() for path in store.folder.iterdir())
    assert b"secret" not in everything
    assert b"host.example" in everything


def test_a_kept_reply_that_was_damaged_is_never_asked_for_again(store: Store) -> None:
    store.journal.keep(ask(store), status=200, headers={}, content=b"reply")
    with store.database.write() as connection:
        connection.execute("UPDATE exchanges SET body = x'00'")
    with pytest.raises(Unreadable, match="damaged on the disk"):
        store.journal.kept("vl0", step="design", resend=0)


def test_a_row_that_cannot_be_read_is_a_sentence(store: Store) -> None:
    def harm(sql: str) -> None:
        with store.database.write() as connection:
            connection.execute(sql)

    harm("UPDATE trials SET evidence = '[' WHERE id = 'vl0'")
    with pytest.raises(StoreError, match="voicelab check"):
        dict(store.record("vl0").evidence)
    harm("UPDATE trials SET state = 'asleep' WHERE id = 'vl1'")
    with pytest.raises(StoreError, match="row of trial vl1"):
        store.records()


def add_clip(store: Store, data: bytes) -> Any:
    return store.clips.add(
        data,
        suffix=".wav",
        format="wav",
        pcm_rate=None,
        sr=8000,
        channels=1,
        duration_s=1.0,
        notes=("repaired",),
    )


def test_audio_is_stored_once_under_the_hash_of_its_bytes(store: Store) -> None:
    first, second = add_clip(store, b"sound"), add_clip(store, b"sound")
    assert first == second == store.clips.row(first.hash)
    assert store.clips.audio(first.hash) == b"sound"
    assert [path.name for path in (store.folder / "audio").iterdir()] == [f"{first.hash}.wav"]


def test_audio_that_was_changed_or_removed_is_said_to_be(store: Store) -> None:
    clip = add_clip(store, b"sound")
    path = store.folder / "audio" / f"{clip.hash}.wav"
    path.write_bytes(b"other")
    with pytest.raises(Unreadable, match="was changed on disk"):
        store.clips.audio(clip.hash)
    path.unlink()
    with pytest.raises(Unreadable, match="cannot be read"):
        store.clips.audio(clip.hash)


def test_the_newest_rating_and_note_count_and_can_be_taken_back(store: Store) -> None:
    store.rate("vl0", 2)
    store.rate("vl0", 5)
    store.note("vl0", "好听")
    assert (store.record("vl0").rating, store.record("vl0").note) == (5, "好听")
    store.rate("vl0", None)
    store.note("vl0", "")
    assert (store.record("vl0").rating, store.record("vl0").note) == (None, "")


def test_a_star_counts_until_it_is_taken_back_and_is_read_in_every_way(store: Store) -> None:
    assert not store.record("vl0").starred
    store.star("vl0", True)
    assert store.record("vl0").starred
    assert [record.trial.id for record in store.records() if record.starred] == ["vl0"]
    store.star("vl0", False)
    assert not store.record("vl0").starred
    with pytest.raises(UsageError, match="no trial 'nobody'"):
        store.star("nobody", True)


def test_half_of_a_surrogate_pair_harms_nothing(store: Store) -> None:
    store.note("vl0", "a\ud800b")
    store.move("vl0", TrialState.SENT)
    record = store.fail("vl0", Refused("no \udfff", code="\ud800"))
    assert (record.note, record.error, record.error_code) == ("a�b", "no �", "�")


@pytest.mark.parametrize("rating", [0, 6, 2.5, True, "3"])
def test_a_rating_is_a_whole_number_from_1_to_5(store: Store, rating: Any) -> None:
    with pytest.raises(UsageError, match="from 1 to 5"):
        store.rate("vl0", rating)


def test_an_unknown_trial_is_a_sentence(store: Store) -> None:
    for call in (store.record, lambda id_: store.rate(id_, 3), lambda id_: store.note(id_, "x")):
        with pytest.raises(UsageError, match="no trial 'vl9'"):
            call("vl9")


def test_measurements_are_kept_by_version(store: Store) -> None:
    clip = add_clip(store, b"sound")
    store.clips.save_numbers(clip.hash, 1, {"f0_median_hz": 100.5, "hnr_db": None})
    assert store.clips.numbers(1) == {clip.hash: {"f0_median_hz": 100.5, "hnr_db": None}}
    assert store.clips.numbers(2) == {}


def test_one_runner_at_a_time_and_a_second_opener_may_look(store: Store) -> None:
    look = (
        "import sys; from voicelab.store.store import Store\n"
        "store = Store.open(sys.argv[1]); store.rate('vl0', 4); print(len(store.records()))\n"
        "with store.runner(): print('ran')\n"
    )
    command = [sys.executable, "-c", look, str(store.folder)]
    with store.runner():
        held = subprocess.run(command, capture_output=True, text=True)
    free = subprocess.run(command, capture_output=True, text=True)
    assert held.stdout == "2\n"
    assert "another process is running trials" in held.stderr
    assert free.stdout == "2\nran\n"
    assert store.record("vl0").rating == 4


def test_threads_share_the_store(store: Store) -> None:
    def rate(nth: int) -> None:
        for _ in range(20):
            store.rate(f"vl{nth % 2}", 1 + nth % 5)

    threads = [threading.Thread(target=rate, args=(nth,)) for nth in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.record("vl0").rating in {1, 3}


def test_a_lab_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(UsageError, match="Update voicelab"):
        Store.open(tmp_path)


def test_a_file_that_is_no_lab_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_text("not a database, but long enough to be read as one" * 10)
    with pytest.raises(UsageError, match="cannot be opened"):
        Store.open(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="cannot be made"):
        Store.open(tmp_path / "file" / "lab")
