import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from provider_helpers import REFERENCES, recording

from voicelab.emulators import EMULATORS
from voicelab.emulators.serve import serve
from voicelab.model import Reference


class Recording(BaseHTTPRequestHandler):
    """Answers every request with the recording."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "audio/wav")
        self.end_headers()
        self.wfile.write(recording())

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture(scope="session", autouse=True)
def recording_link():
    """Let rows of vendors that take links only refer to the recording."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Recording) as server:
        threading.Thread(target=server.serve_forever).start()
        REFERENCES["tencent-vod"] = Reference(url=f"http://127.0.0.1:{server.server_port}/a.wav")
        yield
        server.shutdown()


@pytest.fixture(scope="module")
def served():
    """All emulators, on a clock that moves on a minute between calls: no rate limit is met."""
    with serve() as sandbox:
        for name in EMULATORS:
            sandbox[name].clock = itertools.count(0, 60).__next__
        yield sandbox


@pytest.fixture
def sandbox(served, monkeypatch):
    """All emulators with an empty ledger, and the environment a user would set for them."""
    for name in EMULATORS:
        served[name].ledger.calls.clear()
    for name, value in served.environ.items():
        monkeypatch.setenv(name, value)
    return served
