"""The sandbox from the command line's side: one call, up until it is told to stop."""

import json
import signal
import subprocess
import sys

import httpx
import pytest

OPEN = (
    "0.0.0.0",
    "::",
    "::0",
    "0",
    "",
    "192.168.1.1",
    "fe80::1",
    "example.org",
    "127.0.0.1.nip.io",
)
CALL = "from voicelab.cli.sandbox import sandbox; sandbox({arguments})"


def start(arguments="", before=""):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", before + CALL.format(arguments=arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_json_it_prints_one_line_once_everything_answers_and_ends_well(number):
    with start("json=True") as process:
        found = json.loads(process.stdout.readline())
        assert found["minimax"]["api_key"] == "emulated-minimax-key"
        for keys in found.values():
            reply = httpx.get(f"{keys['base_url']}/nothing", trust_env=False)
            assert "x-voicelab-emulator" in reply.headers
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")


def test_temporary_credentials_are_printed_with_their_token():
    with start("['tencent-vod'], json=True, temporary=True") as process:
        found = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert all(found[name]["token"] for name in ("tencent-vod", "tencent-vod-design"))
    assert (process.returncode, output, errors) == (0, "", "")


def test_it_prints_the_variables_of_the_emulators_asked_for():
    with start("['minimax']") as process:
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert [line.partition("=")[0] for line in lines] == ["MINIMAX_API_KEY", "MINIMAX_API_HOST"]
    assert (process.returncode, output, errors) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("['maximin']", "there is no emulator 'maximin'"),
        *((f"host={host!r}", f"{host!r} is not an address of this machine alone") for host in OPEN),
        ("port=70000", "port 70000 of 127.0.0.1 cannot be used"),
    ],
)
def test_what_is_wrong_is_a_usage_error(arguments, told):
    with start(arguments) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (1, "")
    assert f"UsageError: {told}" in errors


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_its_packages_it_names_the_line_that_installs_them(package):
    with start(before=f"import sys; sys.modules['{package}'] = None; ") as process:
        errors = process.communicate(timeout=30)[1]
    assert f'the sandbox needs {package}, which is not installed: pip install "voicelab[' in errors


@pytest.mark.parametrize("host", OPEN)
def test_it_is_never_served_where_others_can_reach_it(host):
    asked = [sys.executable, "-m", "voicelab", "sandbox", "--host", host]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not an address of this machine alone" in done.stderr
    assert "Traceback" not in done.stderr
