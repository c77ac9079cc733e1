"""Faults and the ledger: what goes wrong on demand, and what the vendor would have charged."""

import asyncio
import threading
import time

import httpx
import pytest

from voicelab.emulators.base import Fault, Window
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve

GOOD = {
    "prompt": "A calm narrator.",
    "preview_text": "Good evening to everyone.",
    "voice_id": "narrator-01",
}


@pytest.fixture
def sandbox():
    with serve(["minimax"]) as sandbox:
        yield sandbox


@pytest.fixture
def emulator(sandbox):
    return sandbox["minimax"]


def design(sandbox, **options):
    return httpx.post(
        f"{sandbox.environ['MINIMAX_API_HOST']}/v1/voice_design",
        json=GOOD,
        headers={"Authorization": f"Bearer {sandbox.environ['MINIMAX_API_KEY']}"},
        trust_env=False,
        **options,
    )


def test_faults_are_taken_in_order_and_then_all_is_well(sandbox, emulator):
    emulator.faults.add("design", Fault(code=1002), times=2)
    emulator.faults.add("design", Fault(status=503, body=b"busy", headers={"Retry-After": "3"}))
    replies = [design(sandbox) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 503, 200]
    assert replies[0].json()["base_resp"]["status_code"] == 1002
    assert replies[2].headers["retry-after"] == "3"
    assert [call.code for call in emulator.ledger.calls] == [1002, 1002, None, None]
    assert emulator.ledger.bought("narrator-01") == 1


def test_a_connection_is_closed_without_a_byte(sandbox, emulator):
    emulator.faults.add("design", Fault(hang_up=True))
    with pytest.raises(httpx.TransportError):
        design(sandbox)
    assert len(emulator.ledger.of("design")) == 1
    assert emulator.ledger.charged == 0


def test_a_connection_is_closed_after_the_work_was_done_and_charged(sandbox, emulator):
    emulator.faults.add("design", Fault(hang_up=True, carried_out=True))
    with pytest.raises(httpx.TransportError):
        design(sandbox)
    assert emulator.ledger.bought("narrator-01") == 1
    assert design(sandbox).json()["base_resp"]["status_code"] == 2039
    assert emulator.ledger.asked("narrator-01") == 2


def test_an_error_can_hide_that_the_work_was_done(sandbox, emulator):
    emulator.faults.add("design", Fault(code=1001, carried_out=True))
    assert design(sandbox).json()["base_resp"]["status_code"] == 1001
    assert emulator.ledger.bought("narrator-01") == 1


def test_a_caller_that_leaves_a_hanging_call_is_charged_all_the_same(sandbox, emulator):
    emulator.faults.add("design", Fault(delay_s=60))
    with pytest.raises(httpx.ReadTimeout):
        design(sandbox, timeout=httpx.Timeout(5, read=1.5))
    assert emulator.ledger.bought("narrator-01") == 1


def test_a_slow_answer_is_whole(sandbox, emulator):
    emulator.faults.add("design", Fault(delay_s=0.3))
    started = time.monotonic()
    assert design(sandbox).json()["base_resp"]["status_code"] == 0
    assert time.monotonic() - started >= 0.3


def test_a_good_answer_can_be_damaged(sandbox, emulator):
    emulator.faults.add("design", Fault(damage=lambda a: a | {"trial_audio": "abc"}))
    assert design(sandbox).json()["trial_audio"] == "abc"


def test_an_answer_can_break_off_half_way(sandbox, emulator):
    emulator.faults.add("design", Fault(truncate=True))
    with pytest.raises(httpx.TransportError):
        design(sandbox)
    assert emulator.ledger.bought("narrator-01") == 1


def test_a_good_answer_can_be_called_something_else(sandbox, emulator):
    emulator.faults.add("design", Fault(headers={"Content-Type": "text/html"}))
    answer = design(sandbox)
    assert answer.headers["content-type"] == "text/html"
    assert answer.json()["base_resp"]["status_code"] == 0


def test_faults_that_wait_are_counted_and_can_be_called_off(sandbox, emulator):
    emulator.faults.add("design", Fault(code=1002), times=3)
    design(sandbox)
    assert emulator.faults.waiting == {"design": 2}
    emulator.faults.clear()
    assert emulator.faults.waiting == {}
    assert design(sandbox).json()["base_resp"]["status_code"] == 0


def test_the_clock_can_be_set_forward_again_and_again():
    emulator = MiniMaxEmulator(clock=lambda: 1000.0)
    for _ in range(2000):
        emulator.advance(0.5)
    assert emulator.clock() == 2000.0


def test_closing_does_not_wait_for_calls_that_hang_and_says_nothing(sandbox, emulator, caplog):
    emulator.faults.add("design", Fault(delay_s=600))
    ended = threading.Event()

    def call():
        with pytest.raises(httpx.TransportError):
            design(sandbox, timeout=600)
        ended.set()

    caller = threading.Thread(target=call)
    caller.start()
    while not emulator.ledger.charged:
        time.sleep(0.01)
    sandbox.close()
    caller.join(timeout=20)
    assert ended.is_set()
    assert not caplog.records


def test_in_process_a_hang_up_is_a_reset_connection():
    emulator = MiniMaxEmulator()
    emulator.faults.add("design", Fault(hang_up=True))

    async def ask():
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport, base_url="http://emulated") as client:
            await client.post("/v1/voice_design", json=GOOD)

    with pytest.raises(ConnectionResetError):
        asyncio.run(ask())


def test_a_window_slides():
    window = Window(2)
    assert [window.admits(now) for now in (0, 30, 59, 60, 61, 90, 91)] == [
        True,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_a_window_tells_when_a_place_is_free_and_one_can_be_taken_ahead():
    window = Window(2, span_s=1.0)
    assert [window.wait(5.0), window.take(5.0), window.wait(5.0)] == [0.0, None, 0.0]
    window.take(5.5)
    assert window.wait(5.75) == 0.25
    window.take(6.0)
    assert window.wait(6.0) == 0.5
    assert window.wait(7.0) == 0.0
