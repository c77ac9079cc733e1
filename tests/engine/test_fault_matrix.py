"""Every fault at every step of every wire provider: how the trial ends, and what was paid."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from fault_cells import Outcome, play
from fault_columns import COLUMNS, quick, recorded

from voicelab.providers import PROVIDERS

TABLE = """
make                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              done:1    done:1    done:1    done:1    done:1    done:1     done:2
throttle-always       later:0>1 later:0>1 later:0>1 later:0>1 later:0>1 later:0>1  later:0>2
5xx                   doubt:0+1 doubt:0+1 doubt:0+1 doubt:0+1 done:1    done:1     doubt:0+2
slow                  done:1    done:1    done:1    done:1    done:1    done:1     done:2
drop                  doubt:0+1 doubt:0+1 doubt:0+1 doubt:0+1 done:1    done:1     doubt:0+2
drop-after-accepting  doubt:1+1 found:1+1 found:1+1 done:1    done:1    done:1     doubt:1+2
truncate              doubt:1+1 found:1+1 found:1+1 done:1    done:1    done:1     doubt:1+2
garbage               odd:1=    odd:1=    odd:1=    odd:1=    odd:1=    odd:1=     odd:1=
wrong-content-type    done:1    done:1    done:1    done:1    done:1    done:1     done:2
clock-skew            no:0+1    no:0+1    no:0+1    done:1    done:1    done:1     done:2
retired-model         no:0+1    no:0+1    no:0+1    no:0+1    no:0+1    no:0+1     no:0+2
key-echo              no:0+1    no:0+1    no:0+1    no:0+1    no:0+1    no:0+1     no:0+2
unreachable           away:0>1  away:0>1  away:0>1  away:0>1  away:0>1  away:0>1   away:0>2

then                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         -         -         -         -         -          done:2
throttle-always       -         -         -         -         -         -          later:1>2
5xx                   -         -         -         -         -         -          doubt:1+1
slow                  -         -         -         -         -         -          done:2
drop                  -         -         -         -         -         -          doubt:1+1
drop-after-accepting  -         -         -         -         -         -          doubt:2+1
truncate              -         -         -         -         -         -          doubt:2+1
garbage               -         -         -         -         -         -          odd:2=
wrong-content-type    -         -         -         -         -         -          done:2
clock-skew            -         -         -         -         -         -          done:2
retired-model         -         -         -         -         -         -          no:1+1
key-echo              -         -         -         -         -         -          no:1+1

poll                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         -         -         done:1    done:1    done:1     -
throttle-always       -         -         -         later:1>1 later:1>1 later:1>1  -
5xx                   -         -         -         done:1    done:1    done:1     -
slow                  -         -         -         done:1    done:1    done:1     -
drop                  -         -         -         done:1    done:1    done:1     -
drop-after-accepting  -         -         -         done:1    done:1    done:1     -
truncate              -         -         -         done:1    done:1    done:1     -
garbage               -         -         -         odd:1+0   odd:1+0   odd:1+0    -
wrong-content-type    -         -         -         done:1    done:1    done:1     -
clock-skew            -         -         -         done:1    done:1    done:1     -
retired-model         -         -         -         no:1+0   no:1+0   no:1+0    -
key-echo              -         -         -         no:1+0   no:1+0   no:1+0    -
unreachable           -         -         -         away:1>1  away:1>1  away:1>1   -

fetch                 minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         -         -         done:1    done:1    done:1     -
throttle-always       -         -         -         later:1>1 later:1>1 later:1>1  -
5xx                   -         -         -         done:1    done:1    done:1     -
slow                  -         -         -         done:1    done:1    done:1     -
drop                  -         -         -         done:1    done:1    done:1     -
drop-after-accepting  -         -         -         done:1    done:1    done:1     -
truncate              -         -         -         done:1    done:1    done:1     -
garbage               -         -         -         odd:1+0   odd:1+0   odd:1+0    -
wrong-content-type    -         -         -         done:1    done:1    done:1     -
expired-link          -         -         -         no:1+0   no:1+0   no:1+0    -
unreachable           -         -         -         done:1    done:1    done:1     -

look                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         found:1=  found:1=  done:1    done:1    done:1     -
throttle-always       -         doubt:1~  doubt:1~  doubt:1+0 doubt:1+0 doubt:1+0  -
5xx                   -         found:1=  found:1=  done:1    done:1    done:1     -
slow                  -         found:1=  found:1=  done:1    done:1    done:1     -
drop                  -         found:1=  found:1=  done:1    done:1    done:1     -
drop-after-accepting  -         found:1=  found:1=  done:1    done:1    done:1     -
truncate              -         found:1=  found:1=  done:1    done:1    done:1     -
garbage               -         doubt:1~  doubt:1~  doubt:1+0 doubt:1+0 doubt:1+0  -
wrong-content-type    -         found:1=  found:1=  done:1    done:1    done:1     -
clock-skew            -         doubt:1~  doubt:1~  done:1    done:1    done:1     -
retired-model         -         doubt:1~  doubt:1~  doubt:1+0 doubt:1+0 doubt:1+0  -
key-echo              -         doubt:1~  doubt:1~  doubt:1+0 doubt:1+0 doubt:1+0  -
unreachable           -         doubt:1~  doubt:1~  doubt:1+0 doubt:1+0 doubt:1+0  -

ask                   minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         done:1    done:1    -         -         -          -
throttle-always       -         later:0>1 later:0>1 -         -         -          -
5xx                   -         done:1    done:1    -         -         -          -
slow                  -         done:1    done:1    -         -         -          -
drop                  -         done:1    done:1    -         -         -          -
drop-after-accepting  -         done:1    done:1    -         -         -          -
truncate              -         done:1    done:1    -         -         -          -
garbage               -         odd:0+1   odd:0+1   -         -         -          -
wrong-content-type    -         done:1    done:1    -         -         -          -
clock-skew            -         no:0+1    no:0+1    -         -         -          -
retired-model         -         no:0+1    no:0+1    -         -         -          -
key-echo              -         no:0+1    no:0+1    -         -         -          -

speak                 minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              done:1    done:1    done:1    done:1    -         done:1     done:1
throttle-always       later:0>1 later:0>1 later:0>1 later:0>1 -         later:0>1  later:0>1
5xx                   doubt:0+1 doubt:0+1 doubt:0+1 doubt:0+1 -         doubt:0+1  doubt:0+1
slow                  done:1    done:1    done:1    done:1    -         done:1     done:1
drop                  doubt:0+1 doubt:0+1 doubt:0+1 doubt:0+1 -         doubt:0+1  doubt:0+1
drop-after-accepting  doubt:1+1 doubt:1+1 doubt:1+1 doubt:1+1 -         doubt:1+1  doubt:1+1
truncate              doubt:1+1 doubt:1+1 doubt:1+1 doubt:1+1 -         doubt:1+1  doubt:1+1
garbage               odd:1=    odd:1=    odd:1=    odd:1=    -         odd:1=     odd:1=
wrong-content-type    done:1    done:1    done:1    done:1    -         done:1     done:1
clock-skew            no:0+1    no:0+1    no:0+1    done:1    -         done:1     done:1
retired-model         no:0+1    no:0+1    no:0+1    no:0+1    -         no:0+1     no:0+1
key-echo              no:0+1    no:0+1    no:0+1    no:0+1    -         no:0+1     no:0+1
unreachable           away:0>1  away:0>1  away:0>1  away:0>1  -         away:0>1   away:0>1

link                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              -         done:1    done:1    -         -         -          -
throttle-always       -         later:1>1 later:1>1 -         -         -          -
5xx                   -         done:1    done:1    -         -         -          -
slow                  -         done:1    done:1    -         -         -          -
drop                  -         done:1    done:1    -         -         -          -
drop-after-accepting  -         done:1    done:1    -         -         -          -
truncate              -         done:1    done:1    -         -         -          -
garbage               -         odd:1+0   odd:1+0   -         -         -          -
wrong-content-type    -         done:1    done:1    -         -         -          -
expired-link          -         no:1+1    no:1+1    -         -         -          -

list                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              listed    listed    listed    listed    -         listed     -
throttle-always       note      note      note      note      -         note       -
5xx                   listed    listed    listed    listed    -         listed     -
slow                  listed    listed    listed    listed    -         listed     -
drop                  note      note      note      note      -         note       -
drop-after-accepting  note      note      note      note      -         note       -
truncate              note      note      note      note      -         note       -
garbage               note      note      note      note      -         note       -
wrong-content-type    listed    listed    listed    listed    -         listed     -
clock-skew            note      note      note      listed    -         listed     -
retired-model         note      note      note      note      -         note       -
key-echo              note      note      note      note      -         note       -
unreachable           note      note      note      note      -         note       -

drop                  minimax   cosyvoice qwen      mps       vod       vod-design trtc
throttle              gone      gone      gone      gone      -         gone       -
throttle-always       later>gone later>gone later>gone later>gone -     later>gone -
5xx                   gone      gone      gone      gone      -         gone       -
slow                  gone      gone      gone      gone      -         gone       -
drop                  away>gone away>gone away>gone away>gone -         away>gone  -
drop-after-accepting  away>no   away>no   away>no   away>no   -         away>no    -
truncate              away>no   away>no   away>no   away>no   -         away>no    -
garbage               odd>no    odd>no    odd>no    odd>no    -         odd>no     -
wrong-content-type    gone      gone      gone      gone      -         gone       -
clock-skew            no>gone   no>gone   no>gone   gone      -         gone       -
retired-model         no>gone   no>gone   no>gone   no>gone   -         no>gone    -
key-echo              no>gone   no>gone   no>gone   no>gone   -         no>gone    -
unreachable           away>gone away>gone away>gone away>gone -         away>gone  -
"""
"""A block for each step, a row for what goes wrong there, a column for each provider.

The steps: `make` is the first paid request of a trial, `then` the second (TRTC clones, then
speaks); `poll` and `fetch` follow a task; `look` is the search after a trial in doubt, here one
whose voice was made; `speak` is a new text with a kept voice, `ask` the free question before it
and `link` the download after it; `list` and `drop` are the shelf's. `-` where a provider has no
such step.

A cell is how the trial ends, what had been paid by then, and what the person's next move brings:

- `done`, `doubt` (in doubt), `found` (in doubt, and told that the vendor made the voice); or
  failed as `no` (Refused), `later` (Throttled), `away` (Unreachable), `odd` (Unreadable)
- `:1` calls were paid; a TRTC trial that is done has paid two
- `+1`: `retry` of what failed, or `resend` of what is in doubt, ends done with one more paid
- `>1`: the trial waits, queued or with its task, and `resume` ends done with so many paid in all
- `=`: it changes nothing and costs nothing; `~`: resuming looks again, and finds the voice
- `listed`, or a `note` beside the list; `gone`, or why not `>` what dropping it again says

Why cells of a row differ: VOD refuses a name it has seen, so a request that was lost is sent once
more; MPS and VOD let one look for a lost voice or task, so it is done;
DashScope lists the voice and not its trial audio, so a person is told; MiniMax and TRTC let nobody
look. Tencent's no to a wrong clock brings the right time, so it is asked again by that. A new text
has no name to look for. DashScope's link to speech is kept with the reply and not renewed.
"""
Key = tuple[str, str, str]


def cells() -> Iterator[tuple[Key, str]]:
    """Yield step, fault and column, and what should come of it."""
    for block in TABLE.strip().split("\n\n"):
        (step, *columns), *rows = (line.split() for line in block.splitlines())
        for fault, *written in rows:
            for column, cell in zip(columns, written, strict=True):
                if cell != "-":
                    yield (step, fault, column), cell


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Key], Outcome]]:
    """Play all the cells that were asked for, some at once: each is alone on its emulator."""
    asked = [
        item.callspec.params["key"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and item.path == FILE
    ]
    folder = tmp_path_factory.mktemp("cells")
    playing: dict[Key, Future[Outcome]] = {}
    with quick(), recorded(folder) as recording, ThreadPoolExecutor(6) as pool:
        for key in asked:
            step, fault, column = key
            own = folder / "-".join(key)
            own.mkdir()
            playing[key] = pool.submit(play, column, step, fault, folder=own, recording=recording)
        yield lambda key: playing[key].result()


FILE = Path(__file__)


@pytest.mark.parametrize(
    ("key", "cell"), [pytest.param(key, cell, id="-".join(key)) for key, cell in cells()]
)
def test_a_fault_ends_where_the_table_says_and_nothing_is_paid_twice(
    outcomes: Callable[[Key], Outcome], key: Key, cell: str
) -> None:
    outcome = outcomes(key)
    assert outcome.complaints == ()
    assert outcome.cell == cell, outcome.sentence


def test_the_table_has_every_wire_provider_at_every_step_it_has() -> None:
    assert {column.name for column in COLUMNS.values()} == set(PROVIDERS) - {"local"}
    asked = {(step, column) for (step, _, column), _ in cells()}
    assert asked == {(step, name) for name, column in COLUMNS.items() for step in column.endpoints}
