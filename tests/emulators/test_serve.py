"""Serving: this machine only, quick to start, clean to stop."""

import ast
import importlib
import json
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

import voicelab.emulators
import voicelab.providers
from voicelab.emulators import EMULATORS
from voicelab.emulators.command import environment_lines
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator
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


def start(*arguments, module="voicelab.emulators"):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_writes_the_variables_and_stops_at_a_signal(number):
    with start("minimax") as process:
        found = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
        assert httpx.get(found["MINIMAX_API_HOST"], trust_env=False).status_code == 404
        assert stop(process, number) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_json_the_command_writes_one_line_and_stops_at_a_signal(number):
    with start("minimax", "--json") as process:
        found = json.loads(process.stdout.readline())
        assert found == {
            "minimax": {
                "base_url": found["minimax"]["base_url"],
                "api_key": "emulated-minimax-key",
            }
        }
        assert httpx.get(found["minimax"]["base_url"], trust_env=False).status_code == 404
        assert stop(process, number) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["maximin"], "there is no emulator 'maximin'"),
        (["minimax", "--host", "0.0.0.0"], "'0.0.0.0' is not an address of this machine alone"),
        (["minimax", "--port", "70000"], "port 70000 of 127.0.0.1 cannot be used"),
    ],
)
def test_the_command_tells_what_is_wrong_in_one_sentence(arguments, told):
    with start(*arguments) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (2, "")
    assert errors.startswith(told)


def test_every_variable_is_written_so_that_a_shell_reads_it():
    odd = MiniMaxEmulator(api_key="a key with 'quotes' & $signs")
    with serve([odd], host="::1") as sandbox:
        lines = environment_lines(sandbox)
        read = subprocess.run(
            ["sh", "-c", f'{lines}printf "%s|%s" "$MINIMAX_API_KEY" "$MINIMAX_API_HOST"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert read.stdout == f"{odd.api_key}|{sandbox.base_url['minimax']}"


@dataclass(kw_only=True, eq=False)
class TwoInOne(MiniMaxEmulator):
    """An emulator that answers for two providers, the way a client of the Cloud API sees it."""

    name: ClassVar[str] = "two-in-one"
    providers: ClassVar[tuple[str, ...]] = ("one", "two")

    def environ(self, base_url):
        return {
            "TENCENTCLOUD_SECRET_ID": "an-id",
            "TENCENTCLOUD_SECRET_KEY": "a-key",
            "ONE_API_HOST": base_url,
        }


@pytest.fixture
def two_in_one(monkeypatch):
    monkeypatch.setattr("voicelab.emulators.serve.EMULATORS", {**EMULATORS, "two-in-one": TwoInOne})


@pytest.mark.parametrize(
    "names", [["two-in-one"], ["one"], ["one", "two"], ["two", "two-in-one", "one"]]
)
def test_the_providers_of_one_emulator_share_it(names, two_in_one):
    with serve(names) as sandbox:
        assert sandbox["one"] is sandbox["two"] is sandbox["two-in-one"]
        url = sandbox.base_url["one"]
        assert sandbox.base_url == {"one": url, "two": url, "two-in-one": url}
        keys = {"base_url": url, "secret_id": "an-id", "secret_key": "a-key"}
        assert sandbox.credentials == {"one": keys, "two": keys}


def test_every_registry_name_has_an_address_and_keys():
    with serve() as sandbox:
        names = {name for kind in EMULATORS.values() for name in kind.registry_names()}
        assert set(sandbox.credentials) == names
        for found in sandbox.credentials.values():
            assert found.keys() >= {"base_url", "api_key"} or found.keys() >= {
                "base_url",
                "secret_id",
                "secret_key",
            }


def test_an_unknown_name_of_a_served_sandbox_is_a_key_error():
    with serve(["minimax"]) as sandbox, pytest.raises(KeyError, match="maximin"):
        sandbox["maximin"]


def _imports(package):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        source = Path(importlib.util.find_spec(module.name).origin).read_text()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module


def test_emulators_and_providers_share_no_line():
    shared = {"audio", "emulators", "errors", "measures", "model"}
    ours = {name for name in _imports(voicelab.emulators) if name.startswith("voicelab.")}
    assert {name.split(".")[1] for name in ours} <= shared
    assert not [
        name for name in _imports(voicelab.providers) if name.startswith("voicelab.emulators")
    ]


def test_what_a_client_needs_of_tencent_beside_its_keys_is_there():
    emulators = [TencentTrtcEmulator(token="temporary"), TencentVodEmulator()]
    with serve(emulators) as sandbox:
        trtc, vod = sandbox.credentials["tencent-trtc"], sandbox.credentials["tencent-vod"]
    assert (trtc["sdk_app_id"], trtc["region"]) == ("1466000000", "ap-singapore")
    assert (trtc["token"], vod["sub_app_id"]) == ("temporary", "221073")


def test_temporary_credentials_are_handed_out_with_their_token_when_asked_for():
    tencent = ("tencent-mps", "tencent-trtc", "tencent-vod", "tencent-vod-design")
    with serve() as lasting, serve(temporary=True) as sandbox:
        known = sandbox.credentials
        assert known.keys() == lasting.credentials.keys()
        for name in known.keys() - set(tencent):
            assert known[name].keys() == lasting.credentials[name].keys()
        for name in tencent:
            usual = lasting.credentials[name]
            assert "token" not in usual
            assert known[name].keys() == {*usual, "token"}
            assert known[name]["secret_id"] != usual["secret_id"]
        assert sandbox.environ["TENCENTCLOUD_TOKEN"] == known["tencent-mps"]["token"]


def test_the_command_hands_temporary_credentials_out_as_json():
    with start("tencent-mps", "--json", "--temporary") as process:
        found = json.loads(process.stdout.readline())
        assert found["tencent-mps"].keys() == {"base_url", "secret_id", "secret_key", "token"}
        assert stop(process) == (0, "", "")


ASKED = {
    "minimax": "/v1/voice_design",
    "dashscope-qwen": "/api/v1/services/audio/tts/customization",
    "tencent-mps": "/",
    "tencent-vod": "/_sandbox/faults",
}


@pytest.mark.parametrize("name", ASKED)
def test_a_client_that_dies_in_the_middle_of_a_request_leaves_no_traceback(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve([name]) as sandbox:
        place = httpx.URL(sandbox.base_url[name])
        with socket.create_connection((place.host, place.port)) as dying:
            head = [f"POST {ASKED[name]} HTTP/1.1", f"Host: {place.host}", "Content-Length: 900"]
            dying.sendall("\r\n".join([*head, "", "{"]).encode())
        for _ in range(2):  # the second answer comes after the first client was given up
            assert httpx.get(f"http://{place.host}:{place.port}/_sandbox/ledger").status_code == 200
        assert not sandbox[name].ledger.calls
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
