"""`python -m voicelab.emulators`: serve emulators and write the variables a client needs."""

import argparse
import sys

from voicelab.emulators import EMULATORS
from voicelab.emulators.command import stay_up
from voicelab.errors import UsageError


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m voicelab.emulators", description=__doc__)
    parser.add_argument("names", nargs="*", default=sorted(EMULATORS), help="which emulators")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine")
    parser.add_argument("--port", type=int, default=0, help="of the first one; any free when 0")
    parser.add_argument("--json", action="store_true", help="one JSON object on one line instead")
    parser.add_argument("--temporary", action="store_true", help="credentials with a token")
    wanted = parser.parse_args()
    try:
        stay_up(
            wanted.names,
            host=wanted.host,
            port=wanted.port,
            as_json=wanted.json,
            temporary=wanted.temporary,
        )
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
