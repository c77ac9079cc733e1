"""Firefox for the tests that need one, driven by its own Marionette protocol over a socket."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAMES = (
    "firefox-esr",
    "firefox",
    "/Applications/Firefox.app/Contents/MacOS/firefox",
)
NO_FIREFOX = "no Firefox found: install firefox-esr, or set VOICELAB_FIREFOX to its path"
PREFERENCES = {
    "marionette.port": 0,
    "media.autoplay.default": 0,
    "media.volume_scale": "0.0",
    "network.proxy.type": 1,  # a proxy that is not there: nothing leaves the machine
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "toolkit.telemetry.server": "",
    "print.always_print_silent": True,
}


def find_firefox() -> str | None:
    """Return the path of a Firefox on this machine."""
    names = (os.environ.get("VOICELAB_FIREFOX"), *NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


class Firefox:
    """One page of a running Firefox."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._buffer = b""
        self._count = 0
        self._receive()  # its greeting
        self.ask("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {}}})

    def ask(self, command: str, arguments: dict[str, Any] | None = None) -> Any:
        """Send one command; return its answer."""
        self._count += 1
        text = json.dumps([0, self._count, command, arguments or {}]).encode()
        self._stream.sendall(b"%d:%s" % (len(text), text))
        _, _, error, answer = self._receive()
        assert error is None, error
        return answer

    def _receive(self) -> Any:
        while b":" not in self._buffer:
            self._more()
        size, _, self._buffer = self._buffer.partition(b":")
        while len(self._buffer) < int(size):
            self._more()
        whole, self._buffer = self._buffer[: int(size)], self._buffer[int(size) :]
        return json.loads(whole)

    def _more(self) -> None:
        part = self._stream.recv(1 << 20)
        assert part, "Firefox has gone away"
        self._buffer += part

    def open(self, address: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.ask("WebDriver:Navigate", {"url": address})

    def run(self, script: str) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return self.ask("WebDriver:ExecuteScript", {"script": script, "args": []})["value"]

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression of the page is true."""
        end = time.monotonic() + seconds
        while not self.run(f"return Boolean({condition})"):
            assert time.monotonic() < end, f"not in {seconds} s: {condition}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click, as a person does, on the first element a selector finds."""
        how = {"using": "css selector", "value": selector}
        found = self.ask("WebDriver:FindElement", how)["value"]
        self.ask("WebDriver:ElementClick", {"id": next(iter(found.values()))})

    def type(self, keys: str) -> None:
        """Press keys, one after another, wherever the focus is."""
        presses = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": presses}]
        self.ask("WebDriver:PerformActions", {"actions": actions})

    def console(self) -> list[str]:
        """Return the errors and the policy violations of pages since Firefox was started."""
        self.ask("Marionette:SetContext", {"value": "chrome"})
        try:
            return list(self.run(_ERRORS))
        finally:
            self.ask("Marionette:SetContext", {"value": "content"})

    def print(self, **how: Any) -> str:
        """Return the page as PDF, in base64."""
        return str(self.ask("WebDriver:Print", how)["value"])


_ERRORS = """
return Services.console.getMessageArray()
  .filter((message) => message instanceof Ci.nsIScriptError)
  .filter((message) => /^(file|http|blob|data):/.test(message.sourceName)
    || /Content.Security.Policy/i.test(message.errorMessage))
  .map((message) => message.errorMessage);
"""


@contextlib.contextmanager
def firefox(profile: Path) -> Iterator[Firefox]:
    """Run a Firefox without a window, with a profile of its own."""
    path = find_firefox()
    assert path is not None, NO_FIREFOX
    profile.mkdir(parents=True, exist_ok=True)
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
    (profile / "user.js").write_text("\n".join(lines), "utf-8")
    with contextlib.ExitStack() as stack:
        home = {"HOME": str(profile), **stack.enter_context(_sound_server(profile))}
        yield from _driven(path, profile, home)


def _driven(path: str, profile: Path, home: dict[str, str]) -> Iterator[Firefox]:
    command = [
        path,
        "--headless",
        "--marionette",
        "--remote-allow-system-access",
        "--no-remote",
        "--profile",
        str(profile),
    ]
    window = {"MOZ_HEADLESS_WIDTH": "1400", "MOZ_HEADLESS_HEIGHT": "1000"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, **home, **window}, **quiet) as process:
        try:
            with socket.create_connection(("127.0.0.1", _port(profile, process))) as stream:
                stream.settimeout(120)
                yield Firefox(stream)
        finally:
            process.terminate()


@contextlib.contextmanager
def _sound_server(folder: Path) -> Iterator[dict[str, str]]:
    """Give Firefox a sound card that is none: without any, its audio clock stands still."""
    path, address = shutil.which("pulseaudio"), folder / "sound"
    if path is None:
        yield {}
        return
    parts = ("module-null-sink", f"module-native-protocol-unix socket={address} auth-anonymous=1")
    command = [path, "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    command += ["--disable-shm=yes", *(f"--load={part}" for part in parts)]
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env={**os.environ, **home}, **quiet) as process:
        try:
            _wait(address.exists, process, "the sound server")
            yield {"PULSE_SERVER": f"unix:{address}"}
        finally:
            process.terminate()


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    """Return the port Firefox writes down once it listens."""
    file = profile / "MarionetteActivePort"
    _wait(lambda: file.exists() and bool(file.read_text().strip()), process, "Firefox")
    return int(file.read_text())


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str) -> None:
    end = time.monotonic() + 90
    while not ready():
        assert process.poll() is None, f"{what} ended before it was up"
        assert time.monotonic() < end, f"{what} does not come up"
        time.sleep(0.1)
