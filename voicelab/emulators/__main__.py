"""`python -m voicelab.emulators`: serve emulators and write the variables a client needs."""

import argparse
import signal
import sys
import threading

from voicelab.emulators import EMULATORS
from voicelab.emulators.serve import serve
from voicelab.errors import UsageError


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m voicelab.emulators", description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(EMULATORS), help="which emulators")
    parser.add_argument("--port", type=int, default=0, help="of the first one; any free when 0")
    wanted = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        sandbox = serve(wanted.names, port=wanted.port)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with sandbox:
        sys.stdout.writelines(f"{name}={value}\n" for name, value in sandbox.environ.items())
        sys.stdout.flush()
        stopped.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
