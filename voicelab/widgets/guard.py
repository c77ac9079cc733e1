"""The one guard of every callback: JupyterLab shows nowhere what a callback raises, this does."""

import functools
import html
import logging
from collections.abc import Callable

import ipywidgets as w

from voicelab.errors import VoiceLabError

_log = logging.getLogger("voicelab")


class Guard(w.HTML):  # type: ignore[misc]  # ipywidgets ships no types
    """A line that says what went wrong, and is empty while nothing did."""

    def watch(self, action: Callable[..., object], *, clears: bool = True) -> Callable[..., None]:
        """Return `action` as a callback that shows here what it raises.

        Parameters
        ----------
        clears
            Whether calling it takes away what is shown: so for clicks, not for timers.
        """

        @functools.wraps(action)
        def guarded(*args: object) -> None:
            if clears:
                self.value = ""
            try:
                action(*args)
            except Exception as error:  # noqa: BLE001 - the last edge before Jupyter drops it
                self.show(error)

        return guarded

    def show(self, error: BaseException) -> None:
        """Show an error as one sentence."""
        self.value = problem(sentence(error))

    def say(self, text: str) -> None:
        """Show that something went well."""
        self.value = f'<div class="voicelab-said" role="status">{html.escape(text)}</div>'


def problem(text: str) -> str:
    """Return a sentence about something to mend as HTML."""
    return f'<div class="voicelab-problem" role="alert">{html.escape(text)}</div>'


def sentence(error: BaseException) -> str:
    """Return what to tell a person about an error; one of our own says it itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, VoiceLabError):
        return str(error)
    _log.error("a widget's callback failed", exc_info=error)
    return (
        f"Something went wrong in voicelab itself ({type(error).__name__}: {error}). "
        "What was submitted is safe in the lab; run the cell again, and report this if it comes "
        "back."
    )
