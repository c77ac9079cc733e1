"""Speed of the engine: overhead over a bare loop, pace under a limit, and large labs.

Run `python benchmarks/engine.py`; it takes some minutes. Each line is `name value goal ok|short`;
the exit status is 1 where one is short. Vendors are emulated in processes of their own, so that
only the asking side is timed here.
"""

import asyncio
import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

TRIALS = 2000
PACED_S = 20
LONG_RUN = 20_000
LARGE_LAB = 100_000
AT_ONCE = 4
NO_LIMIT = 10**9
PROMPT = "a calm, deep male narrator"


def text(number: int) -> str:
    return f"Good evening, listener number {number}."


@contextmanager
def vendor(kind: str, **settings: Any) -> Iterator[dict[str, str]]:
    """Serve an emulated vendor in another process; give its address and keys."""
    command = [sys.executable, __file__, "--serve", kind, json.dumps(settings)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            yield json.loads(child.stdout.readline())
        finally:
            child.communicate()  # it goes when its input ends


def serve_vendor(kind: str, settings: dict[str, Any]) -> None:
    from voicelab.emulators.minimax import MiniMaxEmulator
    from voicelab.emulators.serve import serve

    made = MiniMaxEmulator(requests_per_minute=NO_LIMIT, balance=1e9) if kind == "minimax" else None
    with serve([made or metronome(**settings)]) as sandbox:
        (found,) = sandbox.credentials.values()
        print(json.dumps(found), flush=True)
        sys.stdin.read()


def metronome(per_second: int) -> Any:
    """Make a vendor that answers at once, with one clip, and enforces a rate to the millisecond."""
    import io

    import numpy as np
    import soundfile
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    from voicelab.emulators._tc3 import Rate
    from voicelab.emulators.base import Answer, Call, Emulator, No

    clip = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 140 * np.arange(8000) / 16000)
    soundfile.write(clip, tone, 16000, format="WAV")
    audio = base64.b64encode(clip.getvalue()).decode()

    @dataclass(kw_only=True, eq=False)
    class Metronome(Emulator):
        name: ClassVar[str] = "metronome"
        rate: Rate = field(default_factory=Rate)

        def routes(self) -> list[Route]:
            seen = Route("/seen", self.seen, methods=["GET"])
            return [Route("/make", self.entry("make", self.make), methods=["POST"]), seen]

        def environ(self, base_url: str) -> dict[str, str]:
            return {}

        def reply(self, answer: Answer | No) -> Response:
            if isinstance(answer, No):
                return JSONResponse({"no": answer.code}, 429)
            return JSONResponse(dict(answer))

        async def make(self, call: Call) -> Answer:
            self.rate.admit(call.at, most=per_second)
            return {"audio": audio}

        async def seen(self, request: Any) -> Response:
            return JSONResponse([[call.at, call.code is None] for call in self.ledger.calls])

    return Metronome(clock=time.monotonic)


def metronome_provider(url: str, *, documented: float | None, parallel: int) -> Any:
    from voicelab.errors import Throttled
    from voicelab.model import Trial, Voice
    from voicelab.providers.base import Limits, Provider, Request, Send

    @dataclass(frozen=True, kw_only=True)
    class Metronome(Provider):
        name: ClassVar[str] = "metronome"
        published: ClassVar[Limits] = Limits(requests_per_second=documented, parallel=parallel)
        base_url: str

        @classmethod
        def from_env(cls) -> "Metronome":
            raise NotImplementedError

        async def submit(self, trial: Trial, send: Send) -> Voice:
            url, body = f"{self.base_url}/make", {"name": trial.name}
            wish = Request(step="make", method="POST", url=url, spends=True, body=body)
            reply = await send(wish)
            if reply.status == 429:
                raise Throttled("metronome asks to slow down.")
            return Voice(voice_id=trial.name, audio=base64.b64decode(reply.json()["audio"]))

    return Metronome(base_url=url)


def batch_of(trials: int, provider: Any) -> Any:
    from voicelab.model import Batch, PromptVariant

    rows = [
        PromptVariant(label=str(n), prompt=f"{PROMPT} {n}", preview_text=text(n))
        for n in range(trials)
    ]
    return Batch(variants=tuple(rows), providers=(provider,), experiment="benchmark")


async def bare_loop(found: dict[str, str], folder: Path, trials: int, name: str) -> None:
    """Send the same requests at the same concurrency, and save the audio to files."""
    import httpx

    places = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(timeout=120.0) as client:

        async def one(number: int) -> None:
            async with places:
                reply = await client.post(
                    f"{found['base_url']}/v1/voice_design",
                    json={
                        "prompt": f"{PROMPT} {number}",
                        "preview_text": text(number),
                        "voice_id": f"{name}{number:08d}",
                    },
                    headers={"Authorization": f"Bearer {found['api_key']}"},
                )
                audio = bytes.fromhex(reply.json()["trial_audio"])
                (folder / f"{number}.mp3").write_bytes(audio)

        await asyncio.gather(*map(one, range(trials)))


def overhead() -> Iterator[tuple[str, float, float]]:
    """Yield wall time of a run over that of the bare loop; both warm, halves taken in turns."""
    import voicelab as vl

    ours = bare = 0.0
    with vendor("minimax") as found, tempfile.TemporaryDirectory() as folder:
        provider = vl.MiniMax(
            api_key=found["api_key"], base_url=found["base_url"], requests_per_minute=NO_LIMIT
        )
        asyncio.run(bare_loop(found, Path(folder), AT_ONCE, "warm"))
        for half in range(2):
            start = time.perf_counter()
            asyncio.run(bare_loop(found, Path(folder), TRIALS // 2, f"half{half}"))
            bare += time.perf_counter() - start
            with vl.Lab.open(Path(folder) / f"lab{half}", providers=[provider]) as lab:
                batch = batch_of(TRIALS // 2, "minimax")
                start = time.perf_counter()
                lab.run(batch).result()
                ours += time.perf_counter() - start
                assert all(record.state == "done" for record in lab.records())
    yield "run_over_bare_loop", ours / bare, -1.25


def paced(true: int, documented: int) -> tuple[list[tuple[float, bool]], int]:
    """Run for a while against an enforced rate; return the calls as seen there, and the cuts."""
    import httpx

    import voicelab as vl

    with vendor("metronome", per_second=true) as found, tempfile.TemporaryDirectory() as folder:
        url = found["base_url"]
        provider = metronome_provider(url, documented=documented, parallel=8)
        with vl.Lab.open(folder, providers=[provider]) as lab:
            lab.run(batch_of(true * PACED_S, provider)).result()
            cuts = sum("slow down" in why for why in lab.paces()["why"])
        return [(at, taken) for at, taken in httpx.get(f"{url}/seen").json()], cuts


def pace() -> Iterator[tuple[str, float, float]]:
    calls, _ = paced(20, 20)
    span_s = calls[-1][0] - calls[0][0]
    yield "share_of_the_allowed_rate", (len(calls) - 1) / span_s / 20, 0.97
    yield "refused_requests", float(sum(not taken for _, taken in calls)), -0.0
    calls, cuts = paced(10, 20)
    noes = [at for at, taken in calls if not taken]
    bursts = sum(b - a > 1.0 for a, b in zip([float("-inf"), *noes], noes, strict=False))
    last = [at for at, taken in calls if taken and at > calls[-1][0] - PACED_S / 2]
    yield "settled_rate_of_the_true_one", (len(last) - 1) / (last[-1] - last[0]) / 10, 0.9
    yield "settled_rate_not_above", (len(last) - 1) / (last[-1] - last[0]) / 10, -1.1
    yield "cuts_a_burst", cuts / max(bursts, 1), -1.0


def in_child(what: str, *arguments: str) -> dict[str, float]:
    """Run a part of this file in a fresh process; return the figures it prints."""
    command = [sys.executable, __file__, f"--{what}", *arguments]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(said.splitlines()[-1]))


def large_lab() -> Iterator[tuple[str, float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        figures = in_child("large", folder)
    for name in ("open_s", "plan_resume_s", "frame_s"):
        yield f"lab_of_100000_{name}", figures[name], -3.0
    yield "lab_of_100000_peak_mb", figures["peak_mb"], -600.0


def fill(folder: Path) -> None:
    """Make a lab of many trials, all but a few done, by copying the rows of one that ran."""
    import sqlite3

    import voicelab as vl

    with vendor("minimax") as found:
        key, url = found["api_key"], found["base_url"]
        with vl.Lab.open(folder, providers=[vl.MiniMax(api_key=key, base_url=url)]) as lab:
            lab.run(batch_of(1, "minimax")).result()
    with sqlite3.connect(folder / "lab.db") as db:
        names = [row[1] for row in db.execute("PRAGMA table_info(trials)")]
        given = {
            "id": "printf('vl%014x', n)",
            "idx": "n",
            "state": "CASE WHEN n % 1000 THEN 'done' ELSE 'queued' END",
            "clip_hash": "CASE WHEN n % 1000 THEN printf('%064x', n) END",
            "variant": """json_set(variant, '$.label', 'row ' || n, '$.variables',
                          json_object('tone', 'deep', 'n', n % 50))""",
        }
        numbers = (
            "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
            f" WHERE n < {LARGE_LAB - 1})"
        )
        for table, key in (("clips", "hash"), ("measurements", "clip_hash")):
            others = [r[1] for r in db.execute(f"PRAGMA table_info({table})") if r[1] != key]
            db.execute(
                f"{numbers} INSERT INTO {table} ({key}, {', '.join(others)})"
                f" SELECT printf('%064x', n), {', '.join(others)} FROM {table}, numbers"
            )
        chosen = ", ".join(given.get(name, name) for name in names)
        db.execute(
            f"{numbers} INSERT INTO trials ({', '.join(names)})"
            f" SELECT {chosen} FROM trials, numbers WHERE idx = 0"
        )
        db.execute(
            "INSERT INTO ratings (trial_id, rater, rating, rated_at)"
            " SELECT id, 'me', 1 + idx % 5, created_at FROM trials WHERE idx % 3 = 0"
        )
    db.close()


def time_large_lab(folder: str) -> None:
    import pandas as pd

    import voicelab as vl
    from voicelab.engine.run import OPEN

    assert pd.__version__
    figures = {}
    start = time.perf_counter()
    lab = vl.Lab.open(folder)
    figures["open_s"] = time.perf_counter() - start
    start = time.perf_counter()
    assert len(lab.records(states=OPEN)) == LARGE_LAB // 1000 - 1
    figures["plan_resume_s"] = time.perf_counter() - start
    start = time.perf_counter()
    assert len(lab.compare().frame) == LARGE_LAB
    figures["frame_s"] = time.perf_counter() - start
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lab.close()
    print(json.dumps(figures))


def long_run() -> Iterator[tuple[str, float, float]]:
    with (
        vendor("metronome", per_second=NO_LIMIT) as found,
        tempfile.TemporaryDirectory() as folder,
    ):
        figures = in_child("long", found["base_url"], folder)
    yield "memory_of_20000_trials_over_2000", figures["growth"], -1.15


def watch_long_run(url: str, folder: str) -> None:
    import voicelab as vl

    provider = metronome_provider(url, documented=None, parallel=8)
    seen: dict[int, int] = {}
    with vl.Lab.open(folder, providers=[provider]) as lab:
        done = 0

        def changed(record: Any) -> None:
            nonlocal done
            done += record.state == "done"
            if done in (LONG_RUN // 10, LONG_RUN) and done not in seen:
                seen[done] = resident_kb()

        lab.on_change(changed)
        lab.run(batch_of(LONG_RUN, provider)).result()
    print(json.dumps({"growth": seen[LONG_RUN] / seen[LONG_RUN // 10]}))


def resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


PARTS = {"overhead": overhead, "pace": pace, "large_lab": large_lab, "long_run": long_run}


def main(parts: list[str]) -> int:
    """Print every result; return how many fell short. A goal below 0 is a most, not a least."""
    short = 0
    for name in parts or PARTS:
        for figure, value, goal in PARTS[name]():
            good = value <= -goal if str(goal).startswith("-") else value >= goal
            short += not good
            print(f"{figure} {value:.3f} {abs(goal):g} {'ok' if good else 'short'}", flush=True)
    return short


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as state:
        os.environ.setdefault("VOICELAB_STATE", state)
        match sys.argv[1:]:
            case ["--serve", kind, settings]:
                serve_vendor(kind, json.loads(settings))
            case ["--large", folder]:
                time_large_lab(folder)
            case ["--long", url, folder]:
                watch_long_run(url, folder)
            case parts:
                sys.exit(1 if main(parts) else 0)
