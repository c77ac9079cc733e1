"""Emulated vendors from the command line, up until they are stopped."""

from collections.abc import Sequence

from voicelab.errors import UsageError


def sandbox(
    names: Sequence[str] = (),
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    json: bool = False,
    temporary: bool = False,
) -> None:
    """Serve emulated vendors on this machine until SIGINT or SIGTERM, and say how to reach them.

    Parameters
    ----------
    names
        Registry names of providers; every emulated one where none is given.
    json
        Print one JSON object on one line, not environment variables.
    temporary
        Hand out temporary credentials, with a token, for the vendors that have them.

    Raises
    ------
    UsageError
        An unknown name, an address others can reach, a port that is taken, or a package that is
        not installed.
    """
    try:
        from voicelab.emulators import EMULATORS
        from voicelab.emulators.command import stay_up
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        raise UsageError(
            f"the sandbox needs {package}, which is not installed: "
            'pip install "voicelab[sandbox,local]"'
        ) from None
    stay_up(names or tuple(EMULATORS), host=host, port=port, as_json=json, temporary=temporary)
