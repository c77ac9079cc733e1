"""The `voicelab` command: the only place that prints."""

import sys


def main() -> None:
    """Run the command line; a `VoiceLabError` becomes one sentence and exit code 2."""
    from voicelab.cli.app import app
    from voicelab.cli.show import complain
    from voicelab.errors import VoiceLabError

    try:
        app()
    except VoiceLabError as error:
        complain(str(error))
        sys.exit(2)
