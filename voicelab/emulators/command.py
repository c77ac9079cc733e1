"""The only place that keeps a sandbox up for a command: it says what a client needs, and waits."""

import json
import shlex
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from voicelab.emulators.serve import Sandbox, serve


def stay_up(
    names: Iterable[str], *, host: str, port: int, as_json: bool, temporary: bool = False
) -> None:
    """Serve emulators until SIGINT or SIGTERM, and write what a client needs once they answer.

    Parameters
    ----------
    names
        Registry names of providers or names of emulators.
    host
        An address of this machine only.
    port
        Of the first emulator; the others follow. Any free ones when 0.
    as_json
        Write one JSON object on one line, by registry name, in place of environment variables.
    temporary
        Hand out temporary credentials, with a token, for the vendors that have them.

    Raises
    ------
    UsageError
        As `serve` does.
    """
    served = partial(serve, names, host=host, port=port, temporary=temporary)
    with _until_told() as stopped, served() as sandbox:
        sys.stdout.write(credentials_line(sandbox) if as_json else environment_lines(sandbox))
        sys.stdout.flush()
        while not stopped.wait(1.0):  # on Windows a wait without an end cannot be interrupted
            pass


def credentials_line(sandbox: Sandbox) -> str:
    """Return addresses and keys by registry name, as JSON on one line."""
    return json.dumps(sandbox.credentials) + "\n"


def environment_lines(sandbox: Sandbox) -> str:
    """Return the vendors' own variables, a line each, as a shell reads them."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sandbox.environ.items())


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set, and put their handlers back at the end."""
    stopped = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int, frame: Any) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
