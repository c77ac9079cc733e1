"""References that are links: fetched under the rules of links, judged and prepared before money."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.serve import Sandbox, serve
from voicelab.engine import linked, received
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference
from voicelab.providers._tc3 import Credentials
from voicelab.providers.tencent_trtc import TencentTrtc
from voicelab.providers.tencent_vod import TencentVodCustom
from voicelab.widgets.quote_text import quote_html

SENTENCE = "On a stormy night, the ancient bell tower struck twelve. "
BOTH = ("tencent-trtc", "tencent-vod")
CALLS = ("VoiceClone", "TextToSpeech", "CreateAigcCustomVoice")
KEY = Credentials(secret_id="AKIDa-key-nobody-has", secret_key="a-key-nobody-has")


@dataclass
class Site:
    """Files at links on this machine, and who asked for them."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    later: dict[str, tuple[int, bytes | None]] = field(default_factory=dict)
    """What a path answers after so many askings: another file, or a server's fault."""
    waits_s: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path, and the headers as text."""

    def holds(self, name: str, content: bytes) -> Reference:
        self.files[f"/{name}"] = content
        return Reference(url=f"{self.url}/{name}")

    def asked_for(self, name: str) -> int:
        return sum(path == f"/{name}" for path, _ in self.asked)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            moved, content, missing = site.moved.get(self.path), site.files.get(self.path), 404
            after, other = site.later.get(self.path, (0, None))
            if after and site.asked_for(self.path[1:]) >= after:
                content, missing = other, 503
            site.asked.append((self.path, str(self.headers)))
            time.sleep(site.waits_s.get(self.path, 0))
            self.send_response(302 if moved else missing if content is None else 200)
            if moved:
                self.send_header("Location", moved)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = Site(url=f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with serve(["tencent-trtc", "tencent-vod"]) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    with Lab.open(tmp_path / "lab") as lab:
        yield lab


def spoken(times: int) -> bytes:
    return espeak.speak(SENTENCE * times, VoiceParameters()).wav


def clones(*references: Reference, providers: tuple[object, ...] = ("tencent-trtc",)) -> Batch:
    rows = [
        PromptVariant(label=str(row), prompt="", preview_text="Good evening.", reference=reference)
        for row, reference in enumerate(references)
    ]
    return Batch(variants=rows, providers=providers)  # type: ignore[arg-type]  # names or objects


def paid(sandbox: Sandbox) -> int:
    ledgers = [sandbox[name].ledger for name in BOTH]
    return sum(len(ledger.of(call)) for ledger in ledgers for call in CALLS)


def test_trtc_clones_the_recording_behind_a_link_as_it_clones_a_file(
    lab: Lab, sandbox: Sandbox, site: Site, tmp_path: Path
) -> None:
    path = tmp_path / "her.wav"
    path.write_bytes(spoken(4))
    batch = clones(site.holds("her.wav", path.read_bytes()), Reference(path=path))
    assert not lab.quote(batch).refusals
    comparison = lab.run(batch).result()
    assert comparison.frame["state"].tolist() == ["done", "done"]
    calls = sandbox["tencent-trtc"].ledger.of("VoiceClone")
    by_link, by_file = (json.loads(call.content)["PromptAudio"] for call in calls)
    assert by_link == by_file
    assert decode(base64.b64decode(by_link)).sr == 16000
    changes = [record.evidence["reference_changes"] for record in comparison.records]
    assert changes[0] == changes[1] != []


def test_a_link_is_asked_once_for_a_quote_and_its_run_and_nothing_of_ours_goes_along(
    lab: Lab, site: Site
) -> None:
    reference = site.holds("her.wav", spoken(3))
    batch = clones(reference, reference, providers=("tencent-trtc", "tencent-vod"))
    for _ in range(3):
        assert not lab.quote(batch).refusals
    assert site.asked_for("her.wav") == 1
    lab.run(batch).result()
    by_us = [headers for _, headers in site.asked if "python-httpx" in headers]
    assert len(by_us) == 1
    assert "authorization" not in by_us[0].lower()
    assert "cookie" not in by_us[0].lower()


def test_vod_gets_the_link_itself_and_its_recording_is_judged_before(
    lab: Lab, sandbox: Sandbox, site: Site
) -> None:
    reference = site.holds("her.wav", spoken(3))
    batch = clones(reference, providers=("tencent-vod",))
    assert lab.run(batch).result().frame["state"].tolist() == ["done"]
    (call,) = sandbox["tencent-vod"].ledger.of("CreateAigcCustomVoice")
    assert json.loads(call.content)["VoiceUrl"] == reference.url


def damaged(how: Callable[[np.ndarray], np.ndarray]) -> bytes:
    clip = decode(spoken(4))
    return encode(how(clip.y), sr=clip.sr, format="wav")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: spoken(1), "Take a longer recording."),
        (lambda: spoken(60), "Cut it to its best part."),
        (lambda: damaged(lambda y: 0 * y), "is silent or nearly so"),
        (lambda: damaged(lambda y: np.clip(30 * y, -1, 1)), "is clipped"),
        (lambda: b"<html>Log in</html>", "leads to text and no sound"),
        (lambda: b"\0\1\2\3" * 99, "cannot be used"),
    ],
)
def test_a_link_to_what_nobody_can_clone_is_refused_in_the_quote_and_by_the_run(
    lab: Lab, sandbox: Sandbox, site: Site, content: Callable[[], bytes], sentence: str
) -> None:
    batch = clones(site.holds("bad.wav", content()), providers=BOTH)
    reasons = [refusal.reason for refusal in lab.quote(batch).refusals]
    assert len(reasons) == len(BOTH)
    assert all(sentence in reason for reason in reasons)
    assert paid(sandbox) == 0


@pytest.mark.parametrize("name", ["tencent-trtc", "tencent-vod"])
def test_a_recording_that_changed_after_the_quote_costs_nothing(
    lab: Lab, sandbox: Sandbox, site: Site, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(linked, "KEPT_S", -1.0)
    batch = clones(site.holds("a.wav", spoken(3)), providers=(name,))
    site.later["/a.wav"] = (2, spoken(1))
    (record,) = lab.run(batch).result().records
    assert (record.state.value, record.error_kind) == ("failed", "Refused")
    assert "Take a longer recording." in str(record.error)
    assert paid(sandbox) == 0


def test_a_link_that_leads_nowhere_is_refused_in_the_quote(
    lab: Lab, sandbox: Sandbox, site: Site
) -> None:
    site.moved["/round.wav"] = "/round.wav"
    links = {
        f"{site.url}/gone.wav": "answered HTTP 404 and no recording",
        f"{site.url}/round.wav": "redirected more than 3 times",
        "https://example.org/a.wav": "leads off this machine",
    }
    batch = clones(*(Reference(url=url) for url in links), providers=BOTH)
    told = {(r.label, r.provider): r.reason for r in lab.quote(batch).refusals}
    for row, sentence in enumerate(links.values()):
        for name in BOTH:
            assert sentence in told[str(row), name]
    assert paid(sandbox) == 0


def test_where_only_the_vendor_may_get_further_its_note_stands_in_the_quote(
    lab: Lab, sandbox: Sandbox
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as closed:
        url = f"http://127.0.0.1:{closed.server_port}/a.wav"
    sheet = lab.quote(clones(Reference(url=url), providers=BOTH))
    (refusal,) = sheet.refusals
    assert refusal.provider == "tencent-trtc"
    assert f"the reference {url} cannot be fetched" in refusal.reason
    (note,) = sheet.notes
    assert note.startswith("tencent-vod fetches its recording itself")
    assert note in str(sheet)
    assert note.replace("'", "&#x27;") in quote_html(sheet)


def test_the_sound_of_a_film_is_left_to_the_vendor_that_hears_it(lab: Lab, site: Site) -> None:
    film = b"\0\0\0\x18ftypmp42" + bytes(5000)
    sheet = lab.quote(clones(site.holds("her.mp4", film), providers=BOTH))
    (refusal,) = sheet.refusals
    assert (refusal.provider, "MP4" in refusal.reason) == ("tencent-trtc", True)
    assert "MP4 or MOV" in sheet.notes[0]


def test_a_form_that_vod_does_not_take_is_refused_where_nobody_converts_it(
    lab: Lab, site: Site
) -> None:
    clip = decode(spoken(4))
    flac = encode(clip.y, sr=clip.sr, format="flac")
    (refusal,) = lab.quote(clones(site.holds("her.flac", flac), providers=BOTH)).refusals
    assert refusal.provider == "tencent-vod"
    assert "is flac; tencent-vod fetches mp3, wav, mp4 and mov" in refusal.reason


def test_a_link_to_more_than_any_recording_has_is_given_up(
    lab: Lab, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (linked, received):
        monkeypatch.setattr(module, "MAX_REPLY_BYTES", 2**20)
    batch = clones(site.holds("long.wav", bytes(2**22)), providers=BOTH)
    reasons = [refusal.reason for refusal in lab.quote(batch).refusals]
    assert len(reasons) == 2
    assert all("has more than 1 MiB" in reason for reason in reasons)


def test_a_link_that_never_ends_is_given_up(
    lab: Lab, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linked, "TIMEOUT_S", 0.2)
    site.waits_s["/slow.wav"] = 1.0
    (refusal,) = lab.quote(clones(site.holds("slow.wav", b"RIFF"))).refusals
    assert "cannot be fetched (TimeoutError)" in refusal.reason


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a.wav",
        "https://127.0.0.1:{port}/a.wav",
        "https://[::1]:{port}/a.wav",
        "https://10.0.0.1/a.wav",
        "http://169.254.169.254/latest/meta-data",
        "https://me:secret@127.0.0.1:{port}/a.wav",
    ],
)
def test_for_a_live_vendor_no_link_leads_into_this_machine_or_its_network(
    url: str, site: Site, tmp_path: Path
) -> None:
    site.holds("a.wav", spoken(4))
    reference = Reference(url=url.format(port=site.url.rpartition(":")[2]))
    vendors = (TencentTrtc(credentials=KEY, sdk_app_id=1), TencentVodCustom(credentials=KEY))
    with Lab.open(tmp_path / "live", live=True) as lab:
        sheet = lab.quote(clones(reference, providers=vendors))
    assert {refusal.provider for refusal in sheet.refusals} == set(BOTH)
    assert "secret" not in str(sheet)
    assert site.asked == []


def test_a_batch_that_is_done_needs_its_links_no_more(
    lab: Lab, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linked, "KEPT_S", -1.0)
    batch = clones(site.holds("a.wav", spoken(3)), providers=BOTH)
    lab.run(batch).result()
    site.files.clear()
    assert not lab.quote(batch).refusals
    assert lab.run(batch).result().frame["state"].tolist() == ["done", "done"]


def test_a_clone_whose_link_cannot_be_fetched_in_the_run_is_retried_free(
    lab: Lab, sandbox: Sandbox, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KEPT_S", "FAILED_S"):
        monkeypatch.setattr(linked, name, -1.0)
    batch = clones(site.holds("a.wav", spoken(4)))
    site.later["/a.wav"] = (2, None)
    (record,) = lab.run(batch).result().records
    assert (record.state.value, record.error_kind) == ("failed", "Unreachable")
    assert paid(sandbox) == 0
    del site.later["/a.wav"]
    lab.retry()
    (record,) = lab.resume().result().records
    assert record.state.value == "done"
    assert len(sandbox["tencent-trtc"].ledger.of("VoiceClone")) == 1
