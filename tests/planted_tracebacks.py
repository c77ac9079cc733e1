"""Tracebacks that show every variable, as IPython's `%xmode Verbose` and Rich print them.

Run as a program, it prints those of everything that may go wrong with a key; the environment has
the planted ones.
"""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Mapping

from IPython.core.interactiveshell import InteractiveShell
from rich.console import Console
from rich.traceback import Traceback

SETTINGS = """
import pickle, tempfile
import voicelab as vl
lab = vl.Lab.open(tempfile.mkdtemp())
"""
NOWHERE = "http://127.0.0.1:9"
ADDRESSES = (
    "MINIMAX_API_HOST",
    "DASHSCOPE_HTTP_BASE_URL",
    "TENCENTCLOUD_MPS_ENDPOINT",
    "TENCENTCLOUD_VOD_ENDPOINT",
    "TENCENTCLOUD_TRTC_ENDPOINT",
)
SHELVES = ("minimax", "dashscope-qwen", "tencent-mps", "tencent-vod")


class Shell:
    """IPython with the fullest tracebacks there are."""

    def __init__(self) -> None:
        self._shell = InteractiveShell.instance(colors="NoColor")  # type: ignore[no-untyped-call]
        self._shell.run_line_magic("xmode", "Verbose")
        self.run(SETTINGS)

    def run(self, code: str) -> str:
        """Return all that is shown when a cell is run, and what Rich makes of its error."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            error = self._shell.run_cell(code).error_in_exec
        if error is not None:
            console = Console(file=told, width=300)
            trace = (type(error), error, error.__traceback__)
            console.print(Traceback.from_exception(*trace, show_locals=True, max_frames=0))
        return told.getvalue()


@contextlib.contextmanager
def set_to(values: Mapping[str, str]) -> Iterator[None]:
    """Hold environment variables at other values."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def main() -> None:
    """Print every traceback after a line of what went wrong."""
    from planted_day import WRONG

    shell = Shell()
    for variable, (provider, value) in WRONG.items():
        with set_to({variable: value}):
            _print(
                f"{variable} cannot be used", shell.run(f"vl.PROVIDERS[{provider!r}].from_env()")
            )
    with set_to(dict.fromkeys(ADDRESSES, NOWHERE)):
        for name in SHELVES:
            _print(f"{name} is not there", shell.run(f"lab.drop({name!r}, 'a-voice')"))
    for name in with_keys():
        with set_to({"TENCENTCLOUD_SDK_APP_ID": "1400000000"}):
            _print(f"pickling {name}", shell.run(f"pickle.dumps(lab.provider({name!r}))"))


def with_keys() -> list[str]:
    """Return the providers that hold a key."""
    from voicelab import PROVIDERS

    return [name for name in PROVIDERS if name != "local"]


def _print(what: str, told: str) -> None:
    sys.stdout.write(f"\n===== {what}\n{told}")


if __name__ == "__main__":
    main()
