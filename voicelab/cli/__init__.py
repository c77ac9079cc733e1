"""The `voicelab` command: the only place that prints."""

import io
import sys
import warnings
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; a `VoiceLabError` becomes one sentence and exit code 2.

    Parameters
    ----------
    arguments
        What follows `voicelab`; what this process was started with where not given.
    """
    from voicelab.cli.app import app
    from voicelab.cli.show import complain
    from voicelab.errors import VoiceLabError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of few letters still shows the rest
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: complain(str(message))
            app(arguments)
    except VoiceLabError as error:
        complain(str(error))
        sys.exit(2)
    except OSError as error:
        complain(f"{error.filename or 'a file'}: {error.strerror or error}.")
        sys.exit(2)
