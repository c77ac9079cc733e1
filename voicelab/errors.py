"""The errors of voicelab: one class for each thing the engine does differently.

::

    VoiceLabError
    ├── UsageError       found before anything was sent  -> told at once, nothing stored
    ├── StoreError       the lab cannot be read or kept  -> the whole run stops; mend, resume
    └── TrialError       happened to one trial           -> on its row; the batch goes on
        ├── Refused      the vendor said no              -> failed; do not retry
        ├── Throttled    the vendor said later           -> slow that provider; ask this step again
        ├── Unreachable  nothing came of it, and free    -> forget the asking; try again
        ├── InDoubt      sent, and no answer kept        -> settle by asking; else a person decides
        └── Unreadable   answered, and we cannot read it -> reply kept; fix, re-read free
"""

import re

_QUERY = re.compile(r"(https?:\\*/\\*/[^\s?\"'<>]+)\?[^\s\"'<>]*[^\s\"'<>.,;:)]")


def without_queries(text: str) -> str:
    """Return `text` with the queries of its links taken out: those are what opens a signed link."""
    return _QUERY.sub(r"\1?…", text)


class VoiceLabError(Exception):
    """Anything voicelab says no to."""


class UsageError(VoiceLabError):
    """Something to mend before a request is sent; nothing was stored and nothing was spent."""


class LabWarning(UserWarning):
    """What to know of a lab that was opened: it can be looked at, and not run."""


class StoreError(VoiceLabError):
    """The lab's folder could not be read or written: nothing may go on until that is mended.

    What was kept before stays; a run stops whole, and resumes where it stood.
    """


class TrialError(VoiceLabError):
    """What happened to one trial, with the vendor's own words as attributes.

    Parameters
    ----------
    message
        One sentence: what was wrong, what was found, what to do. Links in it lose their query,
        which is what opens them: sentences are stored, shown and exported.
    code
        The vendor's code, as text, where there was one.
    vendor_message
        The vendor's message, unchanged.
    request_id
        The vendor's request or trace id.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        vendor_message: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(without_queries(message))
        self.code = code and without_queries(code)
        self.vendor_message = vendor_message
        self.request_id = request_id and without_queries(request_id)


class Refused(TrialError):
    """The vendor said no; asking again would give the same answer."""

    ended = True
    """Whether what was asked for is over with it. A no to asking after a task is not the end of
    the task: that can be asked after again, free, once what was wrong is mended."""


class Throttled(TrialError):
    """The vendor said later: nothing was made and nothing was charged.

    Parameters
    ----------
    retry_after
        Seconds the vendor asked us to wait, if it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: str | None = None,
        vendor_message: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, vendor_message=vendor_message, request_id=request_id)
        self.retry_after = retry_after


class Unreachable(TrialError):
    """No request left this machine, or a free one failed at the vendor: trying again is free."""

    retry_after: float | None = None
    """Seconds the vendor asked us to wait, if it answered and said so."""


class InDoubt(TrialError):
    """A request left and no answer was kept: it may or may not have been carried out.

    Parameters
    ----------
    voice_id
        The voice that was found to have been made, where only its sound is lost.
    """

    def __init__(
        self,
        message: str,
        *,
        voice_id: str | None = None,
        code: str | None = None,
        vendor_message: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code, vendor_message=vendor_message, request_id=request_id)
        self.voice_id = voice_id


class Unreadable(TrialError):
    """An answer or a clip came that cannot be read; its bytes are kept."""
