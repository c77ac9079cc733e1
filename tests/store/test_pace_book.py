"""The starts of all accounts: windows, one cut a burst, growing back, other processes, clocks."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from voicelab.store.pace_book import PaceBook
from voicelab.store.pace_rules import CLEAN_SPANS, SPREAD, Window

SECOND = (Window(span_s=1.0, most=4),)


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(clock: Clock) -> Iterator[PaceBook]:
    opened = PaceBook(None, clock=clock)
    yield opened
    opened.close()


def take(book: PaceBook, windows: tuple[Window, ...] = SECOND, account: str = "a") -> int | None:
    return book.take(account, windows=windows, parallel=100, lasts_s=60.0).start


def taken_within(
    book: PaceBook, clock: Clock, seconds: float, windows: tuple[Window, ...] = SECOND
) -> list[int]:
    """Take every turn there is for a while, looking again every millisecond."""
    found: list[int] = []
    for _ in range(round(seconds * 1000)):
        if (start := take(book, windows)) is not None:
            book.over(start)
            found.append(start)
        clock.now += 0.001
    return found


def test_a_window_is_full_and_free_again_after_its_span(book: PaceBook, clock: Clock) -> None:
    assert len(taken_within(book, clock, 1.0)) == 4
    assert len(taken_within(book, clock, 1.0)) == 4


def test_the_seconds_starts_are_spread_and_not_all_at_its_beginning(
    book: PaceBook, clock: Clock
) -> None:
    take(book)
    assert take(book) is None
    clock.now += SPREAD / 4 + 0.001
    assert take(book) is not None


def test_a_minutes_starts_may_go_at_once(book: PaceBook) -> None:
    windows = (Window(span_s=60.0, most=20),)
    assert [take(book, windows) is not None for _ in range(21)] == [True] * 20 + [False]


def test_of_two_windows_both_hold(book: PaceBook, clock: Clock) -> None:
    windows = (*SECOND, Window(span_s=60.0, most=6))
    assert len(taken_within(book, clock, 3.0, windows)) == 6


def test_a_start_counts_until_the_vendor_must_have_seen_it(book: PaceBook, clock: Clock) -> None:
    one = (Window(span_s=1.0, most=1),)
    start = take(book, one)
    assert start is not None
    clock.now += 0.5
    book.left(start, windows=one)
    clock.now += 1.0
    assert take(book, one) is None  # it left later than its turn came
    clock.now += 0.5 + 0.001
    assert take(book, one) is not None


def refuse(book: PaceBook, start: int) -> None:
    book.declined("a", start, retry_after=None)


def test_one_burst_of_noes_is_one_cut_to_what_was_taken_before_it(
    book: PaceBook, clock: Clock
) -> None:
    windows = (Window(span_s=1.0, most=20),)
    ten = taken_within(book, clock, 1.0, windows)
    assert len(ten) == 20
    clock.now += 2
    burst = taken_within(book, clock, 1.0, windows)
    for start in burst[10:]:
        refuse(book, start)
    assert book.allowed("a") is None  # nothing is cut before the hold is over
    clock.now += 1.0
    turn = book.take("a", windows=windows, parallel=100, lasts_s=1.0)
    assert turn.change == (10, "the vendor asked to slow down")
    for start in burst[15:]:
        refuse(book, start)  # late replies to the same burst
    clock.now += 2
    assert len(taken_within(book, clock, 1.0, windows)) == 10


def test_after_a_clean_while_one_more_is_tried_and_a_relapse_doubles_the_while(
    book: PaceBook, clock: Clock
) -> None:
    taken = taken_within(book, clock, 1.0)
    refuse(book, taken[2])
    refuse(book, taken[3])
    clock.now += 1.1
    take(book)
    assert book.allowed("a") == 2
    clock.now += CLEAN_SPANS + 1
    take(book)
    assert book.allowed("a") == 3
    clock.now += 2
    taken = taken_within(book, clock, 1.0)
    refuse(book, taken[-1])
    clock.now += 2.1
    take(book)
    assert book.allowed("a") == 2
    clock.now += CLEAN_SPANS + 1
    take(book)
    assert book.allowed("a") == 2
    clock.now += CLEAN_SPANS
    take(book)
    assert book.allowed("a") == 3
    clock.now += 2 * CLEAN_SPANS + 1
    take(book)
    assert book.allowed("a") is None  # as published again


def settle(book: PaceBook, clock: Clock, window: Window, *, true: int, seconds: float) -> list[int]:
    """Ask as fast as the book lets one, of a vendor that takes `true` in a span; return cuts."""
    cuts, seen, end = [], [], clock.now + seconds
    while clock.now < end:
        turn = book.take("a", windows=(window,), parallel=100, lasts_s=60.0)
        if turn.change is not None and "slow down" in turn.change[1]:
            cuts.append(turn.change[0])
        if turn.start is None:
            clock.now += max(turn.wait_s, 0.001)
            continue
        clock.now += 0.001
        book.over(turn.start)
        if sum(at > clock.now - window.span_s for at in seen) >= true:
            refuse(book, turn.start)
        else:
            seen.append(clock.now)
            book.answered("a")
    return cuts


def test_one_no_on_a_limit_by_the_minute_is_made_good_within_minutes(
    book: PaceBook, clock: Clock
) -> None:
    minute = (Window(span_s=60.0, most=20),)
    starts = [take(book, minute) for _ in range(11)]
    assert starts[-1] is not None
    book.declined("a", starts[-1], retry_after=2.0)
    clock.now += 2.1
    take(book, minute)
    assert book.allowed("a") == 10
    began = clock.now
    while book.allowed("a") is not None:
        clock.now += 1.0
        take(book, minute)
    assert clock.now - began <= 5 * 60


@pytest.mark.parametrize("span_s", [1.0, 60.0])
def test_a_true_limit_of_half_is_found_with_few_noes_and_kept_to(
    book: PaceBook, clock: Clock, span_s: float
) -> None:
    window = Window(span_s=span_s, most=20)
    cuts = settle(book, clock, window, true=10, seconds=120 * min(span_s, 5.0))
    assert set(cuts[1:]) == {10}
    assert len(cuts) <= 4


@pytest.mark.parametrize("windows", [SECOND, (Window(span_s=60.0, most=20),), ()])
def test_an_account_left_alone_for_a_night_is_asked_as_published_again(
    book: PaceBook, clock: Clock, windows: tuple[Window, ...]
) -> None:
    for _ in range(8):
        clock.now += 0.25
        start = take(book, windows)
        assert start is not None
        book.over(start)
    refuse(book, start)
    clock.now += 1.1
    take(book, windows)
    assert book.allowed("a") is not None
    clock.now += 8 * 3600
    take(book, windows)
    assert book.allowed("a") is None


def test_holds_double_until_the_vendor_answers(book: PaceBook, clock: Clock) -> None:
    for expected in (1.0, 2.0, 4.0):
        start = take(book, ())
        assert start is not None
        refuse(book, start)
        clock.now += expected - 0.01
        assert take(book, ()) is None
        clock.now += 0.02
        start = take(book, ())
        assert start is not None
        book.over(start)
        clock.now += 60
    book.answered("a")
    start = take(book, ())
    assert start is not None
    refuse(book, start)
    clock.now += 1.01
    assert take(book, ()) is not None


def test_what_the_vendor_said_to_wait_is_waited(book: PaceBook, clock: Clock) -> None:
    start = take(book)
    assert start is not None
    book.declined("a", start, retry_after=30.0)
    clock.now += 29.9
    assert take(book) is None
    clock.now += 0.2
    assert take(book) is not None


def test_a_clock_set_back_holds_nobody_up(book: PaceBook, clock: Clock) -> None:
    for start in taken_within(book, clock, 1.0):
        refuse(book, start)
    clock.now -= 3600
    assert take(book) is not None


def test_another_process_sees_what_this_one_took_and_what_a_dead_one_held_is_free(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state" / "pace.db"
    mine = PaceBook(path)
    code = (
        "import sys; from pathlib import Path;"
        "from voicelab.store.pace_book import PaceBook;"
        "from voicelab.store.pace_rules import Window;"
        "book = PaceBook(Path(sys.argv[1]));"
        "print([book.take('a', windows=(Window(span_s=60.0, most=3),), parallel=2,"
        " lasts_s=60.0).start for _ in range(2)])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "None" not in said
    windows = (Window(span_s=60.0, most=3),)
    turns = [mine.take("a", windows=windows, parallel=2, lasts_s=60.0) for _ in range(3)]
    mine.close()
    assert turns[0].start is None  # both places are held, by a process that has just ended
    assert turns[0].wait_s < 1
    assert turns[1].start is not None
    assert turns[2].start is None
    assert turns[2].wait_s > 50


def test_where_no_file_can_be_written_the_book_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    book = PaceBook(tmp_path / "file" / "pace.db")
    assert take(book) is not None
    (tmp_path / "broken.db").write_bytes(b"not a database" * 100)
    other = PaceBook(tmp_path / "broken.db")
    assert take(other) is not None
    book.close()
    other.close()


def test_a_file_that_goes_bad_in_the_middle_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voicelab.store.pace_book.BUSY_S", 0.05)
    locked, damaged = PaceBook(tmp_path / "locked.db"), PaceBook(tmp_path / "damaged.db")
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    for book in (locked, damaged):
        assert take(book, account="b") is not None or book is locked
    for path in tmp_path.glob("damaged.db*"):
        path.write_bytes(b"garbage" * 4096)
    for book in (locked, damaged):
        start = take(book)
        assert start is not None
        refuse(book, start)
        book.over(start)
        book.close()
    other.close()
