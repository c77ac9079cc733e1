"""Speed of the comparer in a real JupyterLab, against a plain loop over the same clips.

Run `python benchmarks/comparer.py`; it takes some minutes and needs Chromium. Each line is
`name value goal ok|short`; the exit status is 1 where one is short. Names of parts (`picture`,
`sound`, `rows`) run these alone. What lies behind a figure is told on standard error.

It makes a lab of 200 clips of 6 s (24 kHz, mono; kept in the temporary folder for the next run),
and starts one JupyterLab and one headless Chromium, for both sides. Each notebook has a page and a
kernel of its own. A first cell imports, opens the lab, and shows one other clip in the same way,
so that neither side pays for what is loaded once; the second cell is measured.

picture
    The plain loop plays (`IPython.display.Audio`) and draws (`librosa.display.specshow`) each
    clip; it is timed once, over all clips. Ours is `lab.audition(...)`, in five pages; the median
    counts. The time is the page's own, from running the cell to the drawing of the frame in
    which the picture is complete: for the plain loop when every player and every picture stands
    loaded in the page (JupyterLab's limit of 50 outputs a cell is lifted), for ours when every row
    in view shows its waveform and its spectrogram. Bytes are those of all messages on the page's
    WebSockets meanwhile. The notebook file is what JupyterLab saves then. Memory is taken in pages
    of their own, as collecting garbage throws compiled code away, too: the resident memory of
    Chromium's renderers after a collection, with the picture over before the cell ran, each three
    seconds later, when pixels that were replaced are let go.
sound
    `click_to_sound`: rows far apart are scrolled to; once their pictures stand, the
    pointer jumps to Play and clicks at once; from the time stamp of the press, not of the release,
    to the time for which the page schedules the sound.
    `switch`: likewise from an arrow key while a voice plays, to the next one's sound. Position
    error: eight clips that rise in a line, so that each sample tells its place, are switched every
    70 ms for 4 s. The output is captured in the page's audio graph. The line of the
    first second, before any switch, is carried on; the error is the greatest distance from it in
    time, crossfades (20 ms) left out.
rows
    2,000 trials are scrolled through at 30, 300 and 1,500 pixels a frame, 200 frames each; the
    figure is the 95th percentile of the intervals of `requestAnimationFrame`. Then 10,000 are
    opened: the rows the comparer has, and the time to its first picture.
"""

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import comparer_lab
import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
REPEATS = 5
FAR_ROWS = 21
SWITCHES = 20
FADING_S = 0.02
SETTLED_MS = 3000
MOST_MS = 600_000
"""No picture is waited for longer."""
SPEEDS = (30, 300, 1500)

PLAIN_COMPLETE = f"""node => {{
  const images = [...node.querySelectorAll("img")];
  return images.length === {comparer_lab.CLIPS} && images.every((i) => i.complete && i.naturalWidth)
    && node.querySelectorAll("audio").length === {comparer_lab.CLIPS};
}}"""
OURS_COMPLETE = """node => {
  const rows = [...node.querySelectorAll(".voicelab-comparer[data-ready='1'] .row")];
  return rows.length > 0 && rows.every((row) => row.dataset.drawn === "true");
}"""
COMPARER = ".jp-Cell:nth-of-type(2) .voicelab-comparer"
Figures = Iterator[tuple[str, float, float]]


@dataclass(kw_only=True)
class Stage:
    """A JupyterLab and a Chromium with the lab in it."""

    server: Any
    browser: "Browser"
    root: Path

    @contextmanager
    def notebook(self, name: str, *, tapped: bool = False) -> Iterator["Page"]:
        """Open a notebook without outputs in a page of its own and run its first cell."""
        blank = (file := self.root / f"{name}.ipynb").read_bytes()
        context = self.browser.new_context(viewport={"width": 1400, "height": 1000})
        context.add_init_script(path=HERE / "comparer_watch.js")
        page = context.new_page()
        self.server.open(page, f"{name}.ipynb")
        page.evaluate("tapped => { watch.tapped = tapped }", tapped)
        complete = PLAIN_COMPLETE.replace("200", "1") if name == "plain" else OURS_COMPLETE
        told(f"{name}: first cell, imports and one clip, s", picture_s(page, 0, complete))
        try:
            yield page
        finally:
            page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
            context.close()
            file.write_bytes(blank)  # the next page begins as this one did

    def renderers_mib(self, page: "Page") -> dict[int, float]:
        """Return the resident memory of Chromium's renderers at rest, garbage collected."""
        page.wait_for_timeout(SETTLED_MS)
        page.context.new_cdp_session(page).send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(500)
        processes = self.browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
        ids = [p["id"] for p in processes["processInfo"] if p["type"] == "renderer"]
        pages = {id_: int(Path(f"/proc/{id_}/statm").read_text().split()[1]) for id_ in ids}
        return {id_: n * os.sysconf("SC_PAGE_SIZE") / 2**20 for id_, n in pages.items()}


def told(what: str, value: object) -> None:
    shown = f"{value:.3f}" if isinstance(value, float) else json.dumps(value)
    print(f"# {what}: {shown}", file=sys.stderr, flush=True)


@contextmanager
def stage() -> Iterator[Stage]:
    from chromium import find_chromium, launch
    from drive_lab import jupyterlab
    from playwright.sync_api import sync_playwright

    if (path := find_chromium()) is None:
        raise SystemExit("no Chromium found; name one in VOICELAB_CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "work"
        comparer_lab.prepare(root)
        with (
            jupyterlab(root, Path(folder) / "jupyter") as server,
            sync_playwright() as playwright,
            launch(playwright, path) as browser,
        ):
            yield Stage(server=server, browser=browser, root=root)


def picture_s(page: "Page", cell: int, complete: str) -> float:
    """Run a cell; return the seconds until its picture is complete."""
    ms = page.evaluate(f"([cell, most]) => watch.picture(cell, {complete}, most)", [cell, MOST_MS])
    return float(ms or "inf") / 1000


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one page came to."""

    time_s: float
    wire_mb: float
    file_kb: float


def seen(stage: Stage, name: str, complete: str) -> Seen:
    with stage.notebook(name) as page:
        page.wait_for_timeout(SETTLED_MS)
        page.evaluate("() => { watch.bytes = 0; watch.wire = {} }")
        time_s = picture_s(page, 1, complete)
        wire, by_message = page.evaluate("() => [watch.bytes, watch.wire]")
        page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
        size = (stage.root / f"{name}.ipynb").stat().st_size
    found = Seen(time_s=time_s, wire_mb=wire / 1e6, file_kb=size / 1e3)
    told(name, {**found.__dict__, "wire": by_message})
    return found


def grown_mib(stage: Stage, name: str, complete: str) -> float:
    with stage.notebook(name) as page:
        before = stage.renderers_mib(page)
        picture_s(page, 1, complete)
        after = stage.renderers_mib(page)
    # a renderer of an earlier page may be gone
    grown = sum(after[id_] - before.get(id_, 0) for id_ in after)
    told(f"{name}: memory, MiB", grown)
    return grown


def picture(stage: Stage) -> Figures:
    """Yield the first complete picture against the plain loop's."""
    plain = seen(stage, "plain", PLAIN_COMPLETE)
    ours = [seen(stage, "ours", OURS_COMPLETE) for _ in range(REPEATS)]
    grown_mib(stage, "plain", PLAIN_COMPLETE)
    grown = [grown_mib(stage, "ours", OURS_COMPLETE) for _ in range(REPEATS)]

    def median(of: Callable[[Seen], float]) -> float:
        return statistics.median(map(of, ours))

    yield "first_picture_times_faster", plain.time_s / median(lambda o: o.time_s), 100
    yield "bytes_at_first_picture_mb", median(lambda o: o.wire_mb), -1
    yield "browser_memory_growth_mib", statistics.median(grown), -25
    yield "notebook_file_kb", median(lambda o: o.file_kb), -50


def latency_ms(page: "Page", gesture: Callable[[], object]) -> float:
    """Do something; return the time from its event to the sound it starts."""
    before = page.evaluate("() => watch.starts.length")
    gesture()
    page.wait_for_function("before => watch.starts.length > before", arg=before)
    return float(page.evaluate("() => watch.starts.at(-1).at - watch.gestures.at(-1)"))


def show_row(page: "Page", place: int) -> Any:
    """Scroll to a row, counted from 1; return it once its pictures stand."""
    page.evaluate(
        "([comparer, place]) => { const list = document.querySelector(`${comparer} .list`);"
        " const rows = Number(document.querySelector(comparer).dataset.count);"
        " list.scrollTop = (place - 2) * (list.scrollHeight / rows); }",
        [COMPARER, place],
    )
    row = page.locator(f"{COMPARER} .row[aria-posinset='{place}'][data-drawn='true']")
    row.wait_for()
    return row


def sound(stage: Stage) -> Figures:
    """Yield the time from a gesture to the sound, and where a switched voice goes on."""
    with stage.notebook("ours") as page:
        picture_s(page, 1, OURS_COMPLETE)
        yield "click_to_sound_ms", statistics.median(clicks(page)), -80
        yield "switch_ms", statistics.median(switches(page)), -20
    with stage.notebook("ramps", tapped=True) as page:
        picture_s(page, 1, OURS_COMPLETE)
        yield "switch_position_error_ms", position_error_ms(page), -5


def clicks(page: "Page") -> list[float]:
    places = np.random.default_rng(5).permutation(np.linspace(5, comparer_lab.CLIPS - 5, FAR_ROWS))
    found = []
    for place in places:
        play = show_row(page, int(place)).locator(".play")
        found.append(latency_ms(page, play.click))
        page.wait_for_timeout(300)
    told("click to sound, ms", sorted(round(ms) for ms in found))
    return found


def switches(page: "Page") -> list[float]:
    show_row(page, 100).locator(".play").click()
    found = []
    for n in range(SWITCHES):
        page.wait_for_timeout(500)
        page.keyboard.press("Home")  # or the clips would end
        press = "ArrowDown" if n < SWITCHES / 2 else "ArrowUp"
        page.wait_for_timeout(100)
        found.append(latency_ms(page, lambda key=press: page.keyboard.press(key)))
    told("switch, ms", sorted(round(ms) for ms in found))
    return found


def position_error_ms(page: "Page") -> float:
    show_row(page, 2).locator(".play").click()
    for key in ["ArrowDown"] * 3 + ["ArrowUp"] * 3:
        page.wait_for_timeout(500)  # each is fetched before it counts
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    starts, heard = page.evaluate("comparer => watch.switched(comparer)", COMPARER)
    told("switches heard", len(starts) - 1)
    return 1000 * farthest_s(np.array(starts), np.array(heard))


def farthest_s(starts: np.ndarray, heard: np.ndarray) -> float:
    """Return how far the sound strays from the line of its first second, in seconds of it."""
    times, levels = heard.T
    end = starts[0] + 5.0
    fading = [(start - 0.005 < times) & (times < start + FADING_S) for start in starts]
    steady = (times > starts[0]) & (times < end) & ~np.any(fading, axis=0)
    first = steady & (times < starts[0] + 1.0)
    slope, offset = np.polyfit(times[first], levels[first], 1)
    strays = (levels[steady] - offset) / slope - times[steady]
    return float(np.abs(strays).max())


def rows(stage: Stage) -> Figures:
    """Yield how smoothly 2,000 rows scroll, and whether 10,000 open."""
    with stage.notebook("two_thousand") as page:
        told("2,000 rows, first picture, s", picture_s(page, 1, OURS_COMPLETE))
        intervals = scrolled(page)
        yield "frame_interval_p95_ms", float(np.percentile(intervals, 95)), -33.4
    with stage.notebook("ten_thousand") as page:
        time_s = picture_s(page, 1, OURS_COMPLETE)
        shown = page.locator(COMPARER).get_attribute("data-count") if time_s < MOST_MS else 0
        told("10,000 rows, wire", page.evaluate("() => watch.wire"))
        yield "rows_opened", float(shown or 0), 10_000
        yield "rows_opened_s", time_s, -10


def scrolled(page: "Page") -> list[float]:
    intervals: list[float] = []
    for pixels in SPEEDS:
        found = page.evaluate(
            "([comparer, pixels]) =>"
            " watch.scroll(document.querySelector(`${comparer} .list`), pixels, 200)",
            [COMPARER, pixels],
        )
        told(
            f"{pixels} pixels a frame, p50 p95 max ms", np.percentile(found, [50, 95, 100]).tolist()
        )
        intervals += found
    return intervals


PARTS = {"picture": picture, "sound": sound, "rows": rows}


def main(parts: list[str]) -> int:
    """Print every result; return how many fell short. A goal below 0 is a most, not a least."""
    short = 0
    with stage() as on:
        for name in parts or PARTS:
            for figure, value, goal in PARTS[name](on):
                value = round(value, 3)
                good = value <= -goal if goal < 0 else value >= goal
                short += not good
                print(f"{figure} {value:.3f} {abs(goal):g} {'ok' if good else 'short'}", flush=True)
    return short


if __name__ == "__main__":
    sys.path.append(str(HERE.parent / "tests"))  # what drives JupyterLab is there
    with tempfile.TemporaryDirectory() as state:
        os.environ.setdefault("VOICELAB_STATE", state)
        sys.exit(1 if main(sys.argv[1:]) else 0)
