"""Keys kept out of tracebacks and pickles, and the only place that reads the environment."""

import os
from pickle import PicklingError
from typing import NoReturn, Self

from voicelab.errors import UsageError


class Secret(str):
    """A key: text to whoever sends it, and dots to whoever shows it.

    Debuggers and verbose tracebacks show variables by their `repr`, which this has none of.

    Examples
    --------
    >>> key = Secret("sk-0123456789")
    >>> key, f"{key!r}", [key], len(key)
    (Secret('…'), "Secret('…')", [Secret('…')], 13)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret('…')"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise PicklingError(
            "a key is never written down, so a provider that holds one cannot be pickled. Name the "
            "provider instead, and let the other process read its key from the environment."
        )


def secret_from_env(name: str) -> Secret:
    """Return the key in an environment variable, without the space around it; or an empty one."""
    return Secret(setting(name))


def address_from_env(name: str) -> str:
    """Return the address in an environment variable, or an empty text.

    Raises
    ------
    UsageError
        When a password is in it, before any variable holds that.
    """
    if "@" in setting(name):
        raise UsageError(
            f"{name} is an address with a password in it; give a host alone and over https."
        )
    return setting(name)


def setting(name: str) -> str:
    """Return what an environment variable is set to, without the space around it.

    Whatever reads `os.environ` in a statement that fails has all of the environment in a verbose
    traceback, so nobody else does.
    """
    return os.environ.get(name, "").strip()
