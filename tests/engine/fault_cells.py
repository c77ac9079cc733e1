"""One cell of the fault matrix: one provider, one step, one thing that goes wrong, played for real.

Every cell has an emulator, a lab and a ledger of its own, so that no cell depends on another.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from voicelab.audio import espeak
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Emulator, Fault
from voicelab.emulators.control import KINDS
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.errors import VoiceLabError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference, TrialRecord, TrialState
from voicelab.providers._tc3 import Credentials
from voicelab.providers.base import Provider
from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
from voicelab.providers.minimax import MiniMax
from voicelab.providers.tencent_mps import TencentMps
from voicelab.providers.tencent_trtc import TencentTrtc
from voicelab.providers.tencent_vod import TencentVodCustom, TencentVodDesign

NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""
PREVIEW_TEXT = "Good evening."
FAST = 6000


@contextmanager
def quick() -> Iterator[None]:
    """Let the engine wait next to nothing: the one place that knows where its waits are kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("voicelab.engine.run.POLL_EVERY_S", 0.01)
        patch.setattr("voicelab.engine.run.UNREACHABLE_WAIT_S", 0.01)
        patch.setattr("voicelab.engine.pace.FIRST_WAIT_S", 0.01)
        patch.setattr("voicelab.engine.pace.LONGEST_WAIT_S", 0.02)
        patch.setattr("voicelab.engine.shelf.FIRST_WAIT_S", 0.01)
        # a TLS context takes 60 ms and no cell speaks TLS
        context = cache(httpx.create_ssl_context)
        patch.setattr("httpx._transports.default.create_ssl_context", context)
        yield


@dataclass(frozen=True, kw_only=True)
class Column:
    """A wire provider, the emulator behind it, and which of its endpoints a step asks."""

    name: str
    emulator: Callable[[], Emulator]
    provider: Callable[[Any, str, "Recording"], Provider]
    endpoints: Mapping[str, str]
    paid: tuple[str, ...]
    """The endpoints that cost something."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Twelve seconds of speech, as a file and behind a link of this machine."""

    path: Path
    url: str

    async def publish(self, audio: bytes, name: str) -> str:
        """Return the link, as a user's own `publish` would."""
        return self.url


def _minimax(emulator: Any, url: str, recording: Recording) -> Provider:
    return MiniMax(api_key=emulator.api_key, base_url=url, requests_per_minute=FAST)


def _cosyvoice(emulator: Any, url: str, recording: Recording) -> Provider:
    return DashScopeCosyVoice(api_key=emulator.api_key, base_url=url)


def _qwen(emulator: Any, url: str, recording: Recording) -> Provider:
    return DashScopeQwen(api_key=emulator.api_key, base_url=url)


def _credentials(emulator: Any) -> Credentials:
    return Credentials(
        secret_id=emulator.secret_id, secret_key=emulator.secret_key, token=emulator.token
    )


def _mps(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentMps(credentials=_credentials(emulator), base_url=url)


def _vod(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentVodCustom(
        credentials=_credentials(emulator), base_url=url, publish=recording.publish
    )


def _vod_design(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentVodDesign(credentials=_credentials(emulator), base_url=url)


def _trtc(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentTrtc(
        credentials=_credentials(emulator), base_url=url, sdk_app_id=emulator.sdk_app_id
    )


_DASHSCOPE = {
    "make": "design",
    "look": "list",
    "ask": "query",
    "speak": "speak",
    "link": "fetch",
    "list": "list",
    "drop": "delete",
}
_VOD = {"poll": "DescribeTaskDetail", "fetch": "fetch", "look": "DescribeTasks"}
_SHELF = {"list": "DescribeVoices", "drop": "DeleteVoice"}

COLUMNS: Mapping[str, Column] = {
    "minimax": Column(
        name="minimax",
        emulator=lambda: MiniMaxEmulator(requests_per_minute=FAST),
        provider=_minimax,
        endpoints={"make": "design", "speak": "speak", "list": "list", "drop": "delete"},
        paid=("design", "speak"),
    ),
    "cosyvoice": Column(
        name="dashscope-cosyvoice",
        emulator=lambda: DashScopeEmulator(review_s=0.0),
        provider=_cosyvoice,
        endpoints=_DASHSCOPE,
        paid=("design", "speak"),
    ),
    "qwen": Column(
        name="dashscope-qwen",
        emulator=lambda: DashScopeEmulator(free_creates=0),
        provider=_qwen,
        endpoints=_DASHSCOPE,
        paid=("design", "speak"),
    ),
    "mps": Column(
        name="tencent-mps",
        emulator=lambda: TencentMpsEmulator(processing_s=0.0),
        provider=_mps,
        endpoints={
            "make": "DesignVoiceAsync",
            "poll": "DescribeDesignTask",
            "fetch": "fetch",
            "look": "DescribeVoices",
            "speak": "TextToSpeech",
            **_SHELF,
        },
        paid=("DesignVoiceAsync", "TextToSpeech"),
    ),
    "vod": Column(
        name="tencent-vod",
        emulator=lambda: TencentVodEmulator(waiting_s=0.0, processing_s=0.0),
        provider=_vod,
        endpoints={"make": "CreateAigcCustomVoice", **_VOD},
        paid=("CreateAigcCustomVoice",),
    ),
    "vod-design": Column(
        name="tencent-vod-design",
        emulator=lambda: TencentVodEmulator(waiting_s=0.0, processing_s=0.0),
        provider=_vod_design,
        endpoints={"make": "DesignVoiceAsync", **_VOD, "speak": "TextToSpeechSync", **_SHELF},
        paid=("DesignVoiceAsync", "TextToSpeechSync"),
    ),
    "trtc": Column(
        name="tencent-trtc",
        emulator=TencentTrtcEmulator,
        provider=_trtc,
        endpoints={"make": "VoiceClone", "then": "TextToSpeech", "speak": "TextToSpeech"},
        paid=("VoiceClone", "TextToSpeech"),
    ),
}

WORDS = {
    "Refused": "no",
    "Throttled": "later",
    "Unreachable": "away",
    "Unreadable": "odd",
    "InDoubt": "doubt",
}
"""How a row that is not done is told in the table, by the class of its error."""
ALWAYS = 1000
"""More times than the engine asks."""


@contextmanager
def recorded(folder: Path) -> Iterator[Recording]:
    """Speak the recording that is cloned, and put it behind a link."""
    wav = espeak.speak(f"{PREVIEW_TEXT} " * 12, VoiceParameters()).wav
    path = folder / "recording.wav"
    path.write_bytes(wav)
    with serve(["tencent-vod"]) as shelf:
        emulator = shelf["tencent-vod"]
        kept = emulator.keep(wav, suffix=".wav", now=emulator.clock())
        yield Recording(path=path, url=f"{shelf.base_url['tencent-vod']}/storage/{kept}")


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

    def batch(self) -> Batch:
        """Return one trial of the provider."""
        row = PromptVariant(
            label="a row",
            prompt="A calm, deep male narrator.",
            preview_text=PREVIEW_TEXT,
            reference=Reference(path=self.recording.path),
        )
        return Batch(variants=[row], providers=[self.column.name])

    def made(self) -> str:
        """Make a voice with nothing going wrong; return its trial."""
        with self.lab() as lab:
            lab.run(self.batch()).result()
            (record,) = lab.records()
        assert record.state is TrialState.DONE, record.error
        self.emulator.ledger.calls.clear()
        return record.trial.id

    @property
    def charged(self) -> int:
        """How many calls were carried out that cost something; a CosyVoice design is free."""
        return sum(self.sold(endpoint) for endpoint in self.column.paid)

    def sold(self, endpoint: str) -> int:
        """How many calls of one endpoint made something."""
        free = self.column.name == "dashscope-cosyvoice" and endpoint == "design"
        calls = self.emulator.ledger.of(endpoint)
        return sum(call.charged > 0 or (free and call.voice_id is not None) for call in calls)


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
        return STEPS[step](Bench(chosen, sandbox, folder, recording), step, kind)


def _making(bench: Bench, step: str, kind: str) -> Outcome:
    if kind == "unreachable":
        return _unreachable(bench, step)
    if step == "look":
        bench.spoil("make", "drop-after-accepting")
    bench.spoil(step, kind)
    with bench.lab() as lab:
        lab.run(bench.batch()).result()
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
        lab.run(bench.batch()).result()
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
        told = lab.voices().attrs["notes"].get(bench.column.name, "")
    bench.emulator.faults.clear()
    with bench.lab() as lab:
        usual = lab.voices().attrs["notes"].get(bench.column.name, "")
    listed = told == usual
    complaints = _said_badly(bench, "" if listed else told)
    return Outcome(cell="listed" if listed else "note", complaints=complaints, sentence=told)


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
    told = str(first or "")
    return Outcome(cell=cell, complaints=_said_badly(bench, told), sentence=told)


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
        cell = _told(first)
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
        complaints += _bought_twice(bench, once=1 + _last(lab).trial.resends)
    complaints += _keys_kept(bench)
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
    if _told(last) == _told(first) and not more:
        return "="
    if _told(last) == "found" and not more:
        return "~"
    return f">{_told(last)}+{more}"


def _last(lab: Lab) -> TrialRecord:
    return max(lab.records(), key=lambda record: record.created_at)


def _told(record: TrialRecord) -> str:
    if record.state is TrialState.DONE:
        return "done"
    if record.state not in (TrialState.FAILED, TrialState.IN_DOUBT):
        return record.state.value
    found = record.state is TrialState.IN_DOUBT and "made the voice, as " in (record.error or "")
    return "found" if found else WORDS[record.error_kind or ""]


def _changed(before: TrialRecord, after: TrialRecord, what: str, *, looks: bool) -> Iterator[str]:
    """Complain where resuming changed a row that had come to rest; looking may settle one."""
    if not looks and (before.state, before.error) != (after.state, after.error):
        yield f"{what} made {after.state.value} ({after.error}) of {before.state.value}"


def _bought_twice(bench: Bench, *, once: int) -> Iterator[str]:
    for endpoint in bench.column.paid:
        if (sold := bench.sold(endpoint)) > once:
            yield f"{endpoint} was paid {sold} times, where {once} were asked for"


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
