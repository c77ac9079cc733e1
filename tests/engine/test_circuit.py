"""A provider that fails in a row rests, is tried, and goes on or is left for the next run."""

import asyncio

import pytest

from voicelab.engine import circuit as module
from voicelab.engine.circuit import FAILURES, PAID_PROBES, PROBES, THROTTLES, Circuit
from voicelab.engine.pace import Away
from voicelab.errors import Throttled, Unreachable

AWAY = Unreachable("acme cannot be reached.")
LATER = Throttled("acme asks to slow down.")


def make(*, busy: bool = False) -> Circuit:
    return Circuit("acme", others_busy=lambda: busy, wait=asyncio.sleep)


async def probe(circuit: Circuit, *, paid: bool = False) -> None:
    who = object()
    await circuit.enter(who)
    circuit.bad(AWAY, paid=paid)
    circuit.leave(who)


async def fail(circuit: Circuit, times: int, *, paid: bool = False) -> None:
    for _ in range(times):
        await probe(circuit, paid=paid)


def test_it_opens_after_failures_in_a_row_says_so_and_closes_after_a_good_probe() -> None:
    async def main() -> list[str]:
        circuit = make()
        await fail(circuit, FAILURES - 1)
        said = [circuit.words]
        await fail(circuit, 1)
        said.append(circuit.words)
        await circuit.enter(object())
        circuit.good()
        return [*said, circuit.words]

    before, opened, after = asyncio.run(main())
    assert before == after == ""
    assert opened.startswith("paused after failures in a row")
    assert opened.endswith("acme cannot be reached.")


def test_an_answer_between_failures_begins_the_row_anew() -> None:
    async def main() -> bool:
        circuit = make()
        for _ in range(4):
            await fail(circuit, FAILURES - 1)
            circuit.good()
        return circuit.is_open

    assert not asyncio.run(main())


def test_one_goes_first_and_the_others_wait_for_what_comes_of_it() -> None:
    async def main() -> list[str]:
        circuit = make()
        await fail(circuit, FAILURES)
        through: list[str] = []

        async def one(name: str) -> None:
            await circuit.enter(name)
            through.append(name)

        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        await asyncio.sleep(0.1)
        first = list(through)
        circuit.good()
        await asyncio.gather(*tasks)
        return [*first, "|", *through]

    said = asyncio.run(main())
    assert said.index("|") == 1
    assert len(said) == 5


@pytest.mark.parametrize(("paid", "probes"), [(False, PROBES), (True, PAID_PROBES)])
def test_after_probes_in_vain_it_is_left_for_the_next_run(paid: bool, probes: int) -> None:
    async def main() -> Circuit:
        circuit = make()
        await fail(circuit, FAILURES + probes, paid=paid)
        with pytest.raises(Away, match="cannot be reached"):
            await circuit.enter(object())
        return circuit

    assert asyncio.run(main()).words.startswith("left for the next run")


def test_while_others_work_a_free_try_is_made_again_and_again_and_a_paid_one_is_not() -> None:
    async def main() -> tuple[bool, bool]:
        patient, careful = make(busy=True), make(busy=True)
        await fail(patient, FAILURES + PROBES + 1)
        await fail(careful, FAILURES + PAID_PROBES, paid=True)
        return patient.away, careful.away

    assert asyncio.run(main()) == (False, True)


def test_only_many_throttles_without_an_answer_open_it() -> None:
    async def main() -> tuple[bool, bool]:
        circuit = make()
        for _ in range(THROTTLES - 1):
            circuit.throttled(LATER)
        before = circuit.is_open
        circuit.throttled(LATER)
        return before, circuit.is_open

    assert asyncio.run(main()) == (False, True)


def test_rests_double_up_to_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module, "_clock", lambda: now[0])
    monkeypatch.setattr(module, "FIRST_REST_S", 4.0)
    circuit, rests = make(busy=True), []
    for _ in range(FAILURES):
        circuit.bad(AWAY, paid=False)
    for _ in range(6):
        rest = float(circuit.words.split("tried again in ")[1].split(" s")[0])
        rests.append(rest)
        now[0] += rest + 0.01
        circuit.bad(AWAY, paid=False)
    assert rests == [4, 8, 16, 32, 60, 60]


def test_where_it_stands_can_be_read_on_any_thread() -> None:
    async def main() -> Circuit:
        circuit = make()
        await fail(circuit, FAILURES)
        return circuit

    assert asyncio.run(main()).words.startswith("paused after failures in a row")  # no loop runs
