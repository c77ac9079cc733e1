"""Serving: this machine only, quick to start, clean to stop."""

import ast
import importlib
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

import voicelab.emulators
import voicelab.providers
from voicelab.emulators import EMULATORS
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.errors import UsageError


def test_a_sandbox_hands_out_what_a_client_needs():
    with serve() as sandbox:
        assert sandbox.environ["MINIMAX_API_HOST"] == sandbox.base_url["minimax"]
        assert sandbox.base_url["minimax"].startswith("http://127.0.0.1:")
        assert sandbox["minimax"].api_key == sandbox.environ["MINIMAX_API_KEY"]
        assert httpx.get(sandbox.base_url["minimax"], trust_env=False).status_code == 404


def test_every_emulator_is_registered_under_its_own_name():
    assert {name: make().name for name, make in EMULATORS.items()} == {n: n for n in EMULATORS}


def test_it_can_be_started_and_closed_by_hand_and_again():
    sandbox = serve(["minimax"])
    first = sandbox.base_url["minimax"]
    assert sandbox.start() is sandbox
    assert sandbox.base_url["minimax"] == first
    sandbox.close()
    sandbox.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(first, trust_env=False)
    sandbox.start()
    assert httpx.get(sandbox.base_url["minimax"], trust_env=False).status_code == 404
    sandbox.close()


def test_closed_right_after_the_start_it_leaves_no_thread_behind():
    for _ in range(5):
        serve(["minimax"]).close()
    assert "voicelab-emulators" not in {thread.name for thread in threading.enumerate()}


def test_an_emulator_set_up_by_hand_is_served_as_it_is():
    emulator = MiniMaxEmulator(api_key="another-key")
    with serve([emulator]) as sandbox:
        assert sandbox["minimax"] is emulator
        assert sandbox.environ["MINIMAX_API_KEY"] == "another-key"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.org", ""])
def test_an_address_others_can_reach_is_refused(host):
    with pytest.raises(UsageError, match=r"127\.0\.0\.1"):
        serve(host=host)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_any_address_of_this_machine_will_do(host):
    with serve(host=host) as sandbox:
        assert httpx.get(sandbox.base_url["minimax"], trust_env=False).status_code == 404


def test_an_unknown_emulator_is_answered_with_the_names_there_are():
    with pytest.raises(UsageError, match=r"no emulator 'maximin'; there are: .*minimax"):
        serve(["maximin"])


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} "):
            serve(port=port)
    with pytest.raises(UsageError, match="port 70000"):
        serve(port=70000)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_writes_the_variables_and_stops_at_a_signal(number):
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "voicelab.emulators", "minimax"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        found = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
        assert httpx.get(found["MINIMAX_API_HOST"], trust_env=False).status_code == 404
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")


def test_the_command_tells_an_unknown_name_in_one_sentence():
    done = subprocess.run(
        [sys.executable, "-m", "voicelab.emulators", "maximin"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("there is no emulator 'maximin'")


def _imports(package):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        source = Path(importlib.util.find_spec(module.name).origin).read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module


def test_emulators_and_providers_share_no_line():
    shared = {"voicelab.errors", "voicelab.audio"}
    ours = {name for name in _imports(voicelab.emulators) if name.startswith("voicelab")}
    assert not [
        name
        for name in ours
        if not name.startswith("voicelab.emulators")
        and name not in shared
        and not name.startswith("voicelab.audio.")
    ]
    assert not [
        name for name in _imports(voicelab.providers) if name.startswith("voicelab.emulators")
    ]
