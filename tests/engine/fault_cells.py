"""One cell of the fault matrix: one provider, one step, one thing that goes wrong, played for real.

Every cell has an emulator, a lab and a ledger of its own, so that no cell depends on another.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fault_columns import COLUMNS, Column, Recording, one_trial_each, sold

from voicelab.emulators.base import Emulator, Fault
from voicelab.emulators.control import KINDS
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.errors import VoiceLabError
from voicelab.lab import Lab
from voicelab.model import TrialRecord, TrialState

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""
WORDS = {
    "Refused": "no",
    "Throttled": "later",
    "Unreachable": "away",
    "Unreadable": "odd",
    "InDoubt": "doubt",
}
"""How a row that is not done is told in the table, by the class of its error."""
SLOWING = {"throttle", "throttle-always", "clock-skew"}
"""After these alone a provider may be asked more slowly; after a wrong clock, for one answer."""
ALWAYS = 1000
"""More times than the engine asks."""


def fault_of(kind: str, step: str, column: Column, emulator: Emulator) -> tuple[Fault, int]:
    """Return what goes wrong and how often; storage knows none of the vendor's own codes."""
    storage = column.endpoints[step] == "fetch"
    known = {**KINDS, **({} if storage else emulator.named_faults)}
    if kind == "throttle-always":
        return replace(known["throttle"], headers={}), ALWAYS
    if kind == "drop-always":
        return known["drop"], ALWAYS
    if kind == "slow":
        return replace(known["slow"], delay_s=0.3), 1
    if kind == "key-echo":
        return _echo(emulator), 1
    return known[kind], 1


def _echo(emulator: Any) -> Fault:
    keys = secrets_of(emulator)
    code: int | str = {
        MiniMaxEmulator: 2049,
        DashScopeEmulator: "InvalidApiKey",
    }.get(type(emulator), "AuthFailure.SecretIdNotFound")
    status = 401 if isinstance(emulator, DashScopeEmulator) else 200
    said = f"bad key {' '.join(keys)} in 'Authorization: Bearer {keys[0]}'"
    return Fault(code=code, message=said, status=status, headers={"Trace-Id": keys[0]})


def secrets_of(emulator: Any) -> tuple[str, ...]:
    """Return the keys an emulator takes."""
    names = ("api_key", "secret_key", "secret_id", "token")
    return tuple(filter(None, (getattr(emulator, name, "") for name in names)))


class Bench:
    """One provider on its own emulator, with a lab that can be opened again and again."""

    def __init__(self, column: Column, sandbox: Sandbox, folder: Path, recording: Recording):
        self.column, self.folder, self.recording = column, folder, recording
        self.emulator: Any = sandbox[column.name]
        self.url = sandbox.base_url[column.name]

    @contextmanager
    def lab(self, *, reachable: bool = True) -> Iterator[Lab]:
        """Open the lab, its provider pointed at the emulator or at nobody."""
        url = self.url if reachable else NOBODY
        provider = self.column.provider(self.emulator, url, self.recording)
        with Lab.open(self.folder / "lab", providers=[provider]) as lab:
            yield lab

    def spoil(self, step: str, kind: str) -> None:
        """Let the next call of a step go wrong."""
        fault, times = fault_of(kind, step, self.column, self.emulator)
        self.emulator.faults.add(self.column.endpoints[step], fault, times=times)

    def made(self) -> str:
        """Make a voice with nothing going wrong; return its trial."""
        with self.lab() as lab:
            lab.run(one_trial_each({"": self.column}, self.recording)).result()
            (record,) = lab.records()
        assert record.state is TrialState.DONE, record.error
        self.emulator.ledger.calls.clear()
        return record.trial.id

    @property
    def charged(self) -> int:
        """How many calls were carried out that cost something."""
        return sum(self.sold(endpoint) for endpoint in self.column.paid)

    def sold(self, endpoint: str) -> int:
        """How many calls of one endpoint made something."""
        return sold(self.column, self.emulator, endpoint)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a cell came to, in the notation of the table, and whatever must never be."""

    cell: str
    complaints: tuple[str, ...]
    sentence: str


def play(column: str, step: str, kind: str, *, folder: Path, recording: Recording) -> Outcome:
    """Play one cell from an empty lab to its end."""
    chosen = COLUMNS[column]
    with serve([chosen.emulator()]) as sandbox:
        bench = Bench(chosen, sandbox, folder, recording)
        before = noes(bench.url)
        outcome = STEPS[step](bench, step, kind)
        if kind in SLOWING or noes(bench.url) == before:
            return outcome
    slowed = f"the pace heard {kind} as a no to how fast it asks"
    return replace(outcome, complaints=(*outcome.complaints, slowed))


def noes(url: str) -> dict[str, float]:
    """Return when the vendor behind an address last asked to slow down, by account."""
    path = Path(os.environ["VOICELAB_STATE"]) / "pace.db"
    connection = sqlite3.connect(path, timeout=30.0)
    try:
        sql = "SELECT account, held_at FROM accounts WHERE instr(account, ?)"
        return dict(connection.execute(sql, (url,)).fetchall())
    except sqlite3.OperationalError:  # nothing was asked yet, so there are no tables
        return {}
    finally:
        connection.close()


def _making(bench: Bench, step: str, kind: str) -> Outcome:
    if kind == "unreachable":
        return _unreachable(bench, step)
    if step == "look":
        bench.spoil("make", "drop-after-accepting")
    bench.spoil(step, kind)
    with bench.lab() as lab:
        lab.run(one_trial_each({"": bench.column}, bench.recording)).result()
    return _followed(bench, step)


def _unreachable(bench: Bench, step: str) -> Outcome:
    """Let the vendor go away before the step, and come back after it."""
    if step == "fetch":
        bench.emulator.faults.add(bench.column.endpoints["poll"], Fault(damage=_moved(bench.url)))
    with bench.lab(reachable=step != "make") as lab:
        if step == "poll":
            lab.on_change(lambda record: record.state is TrialState.WAITING and lab.stop())
        if step == "look":
            bench.spoil("make", "drop-after-accepting")
            bench.spoil("look", "drop-always")
        lab.run(one_trial_each({"": bench.column}, bench.recording)).result()
    bench.emulator.faults.clear()
    if step in ("poll", "look"):
        with bench.lab(reachable=False) as lab:
            lab.resume().result()
    return _followed(bench, step)


def _moved(url: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what points the links of an answer to where nobody listens."""

    def moved(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: moved(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [moved(inner) for inner in value]
        return value.replace(url, NOBODY) if isinstance(value, str) else value

    return moved


def _speaking(bench: Bench, step: str, kind: str) -> Outcome:
    trial = bench.made()
    if kind != "unreachable":
        bench.spoil(step, kind)
    with bench.lab(reachable=kind != "unreachable") as lab:
        lab.speak(trial, "And good night.").result()
    return _followed(bench, step)


def _listing(bench: Bench, step: str, kind: str) -> Outcome:
    bench.made()
    if kind != "unreachable":
        bench.spoil(step, kind)
    with bench.lab(reachable=kind != "unreachable") as lab:
        said = lab.voices().attrs["notes"].get(bench.column.name, "")
    bench.emulator.faults.clear()
    with bench.lab() as lab:
        usual = lab.voices().attrs["notes"].get(bench.column.name, "")
    listed = said == usual
    complaints = _said_badly(bench, "" if listed else said)
    return Outcome(cell="listed" if listed else "note", complaints=complaints, sentence=said)


def _dropping(bench: Bench, step: str, kind: str) -> Outcome:
    trial = bench.made()
    with bench.lab() as lab:
        lab.speak(trial, "And good night.").result()  # some vendors delete no voice before that
        voice_id = lab.records()[0].voice_id
    assert voice_id is not None
    if kind != "unreachable":
        bench.spoil(step, kind)
    first = _dropped(bench, voice_id, reachable=kind != "unreachable")
    bench.emulator.faults.clear()
    again = _dropped(bench, voice_id)
    words = [_word(error) for error in (first, again)]
    cell = words[0] if words[0] == "gone" else f"{words[0]}>{words[1]}"
    said = str(first or "")
    return Outcome(cell=cell, complaints=_said_badly(bench, said), sentence=said)


def _dropped(bench: Bench, voice_id: str, *, reachable: bool = True) -> VoiceLabError | None:
    with bench.lab(reachable=reachable) as lab:
        try:
            lab.drop(bench.column.name, voice_id)
        except VoiceLabError as error:
            return error
    return None


def _word(error: VoiceLabError | None) -> str:
    return "gone" if error is None else WORDS[type(error).__name__]


STEPS: Mapping[str, Callable[[Bench, str, str], Outcome]] = {
    **dict.fromkeys(("make", "then", "poll", "fetch", "look"), _making),
    **dict.fromkeys(("ask", "speak", "link"), _speaking),
    "list": _listing,
    "drop": _dropping,
}


def _followed(bench: Bench, step: str) -> Outcome:
    """Tell how the trial stands, and what `resume`, then `retry` or `resend`, make of it."""
    complaints: list[str] = []
    with bench.lab() as lab:
        first, charged = _last(lab), bench.charged
        complaints += _bought_twice(bench, once=1)
        bench.emulator.faults.clear()
        cell = told(first)
        if not first.state.is_final:
            return _gone_on(bench, lab, first, complaints)
        for again in ("a resume", "a second resume"):
            before = _last(lab)
            lab.resume().result()
            complaints += _changed(before, _last(lab), again, looks=step == "look")
        if bench.charged != charged:
            complaints.append(f"resuming bought {bench.charged - charged} more")
        if first.state is not TrialState.DONE:
            complaints += _said_badly(bench, first.error or "")
            cell += f":{charged}{_follow_up(bench, lab, first, looks=step == 'look')}"
        else:
            cell += f":{charged}"
        complaints += _bought_twice(bench, once=1 + _last(lab).trial.resends, again=step)
    complaints += _keys_kept(bench)
    return Outcome(cell=cell, complaints=tuple(complaints), sentence=first.error or "")


def _gone_on(bench: Bench, lab: Lab, first: TrialRecord, complaints: list[str]) -> Outcome:
    """Tell what resuming makes of a trial that waits for it."""
    charged = bench.charged
    lab.resume().result()
    last = _last(lab)
    complaints += _said_badly(bench, first.error or "")
    complaints += _bought_twice(bench, once=1)
    complaints += _keys_kept(bench)
    end = bench.charged if last.state is TrialState.DONE else told(last)
    cell = f"{told(first)}:{charged}>{end}"
    return Outcome(cell=cell, complaints=tuple(complaints), sentence=first.error or "")


def _follow_up(bench: Bench, lab: Lab, first: TrialRecord, *, looks: bool) -> str:
    charged, now = bench.charged, _last(lab)
    if not looks and now.state is TrialState.IN_DOUBT:
        lab.resend(now.trial.id)
    elif now.state is TrialState.FAILED:
        assert lab.retry() == [now.trial.id]
    lab.resume().result()
    last = _last(lab)
    more = bench.charged - charged
    if last.state is TrialState.DONE:
        return f"+{more}"
    if told(last) == told(first) and not more:
        return "="
    if told(last) == "found" and not more:
        return "~"
    return f">{told(last)}+{more}"


def _last(lab: Lab) -> TrialRecord:
    return max(lab.records(), key=lambda record: record.created_at)


def told(record: TrialRecord) -> str:
    if record.state is TrialState.DONE:
        return "done"
    if not record.state.is_final:
        return WORDS[record.error_kind or ""]
    found = record.state is TrialState.IN_DOUBT and "made the voice, as " in (record.error or "")
    return "found" if found else WORDS[record.error_kind or ""]


def _changed(before: TrialRecord, after: TrialRecord, what: str, *, looks: bool) -> Iterator[str]:
    """Complain where resuming changed a row that had come to rest; looking may settle one."""
    if not looks and (before.state, before.error) != (after.state, after.error):
        yield f"{what} made {after.state.value} ({after.error}) of {before.state.value}"


def _bought_twice(bench: Bench, *, once: int, again: str = "") -> Iterator[str]:
    """Complain of calls nobody asked for; `again` is the step a person let be asked once more."""
    for endpoint in bench.column.paid:
        twice = len(bench.column.paid) > 1 and endpoint == bench.column.endpoints.get(again)
        if (sold := bench.sold(endpoint)) > (most := 2 if twice else once):
            yield f"{endpoint} was paid {sold} times, where {most} were asked for"


def _said_badly(bench: Bench, sentence: str) -> tuple[str, ...]:
    """Complain about what a person could not read; an empty sentence is none."""
    wrong = {
        "does not end in a full stop": sentence and not sentence.endswith("."),
        "does not name the provider": sentence and bench.column.name not in sentence,
        "holds a traceback": "Traceback" in sentence,
        "has a line break or a space too many": re.search(r"\s\s|\n", sentence),
        "holds a key": any(key in sentence for key in secrets_of(bench.emulator)),
    }
    return tuple(f"the sentence {what}: {sentence!r}" for what, is_so in wrong.items() if is_so)


def _keys_kept(bench: Bench) -> Iterator[str]:
    for path in bench.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for key in secrets_of(bench.emulator):
            if key.encode() in content:
                yield f"{path.name} holds a key"
