"""One thing that a look at a lab found."""

from collections.abc import Callable
from dataclasses import dataclass, field

from voicelab.model import Voice

Reread = Callable[[str], Voice]
"""Gives the voice of a trial, by its id, once more from what is kept; or raises `VoiceLabError`."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong, where, and whether it can be mended."""

    what: str
    """The kind, in a word or two, such as `audio missing`."""
    where: str
    """The file, the trial or the table."""
    sentence: str
    """What was found and what to do."""
    harmless: bool = False
    """Whether nothing is lost by leaving it so."""
    repaired: bool = False
    mend: Callable[[], str] | None = field(default=None, repr=False, compare=False)
    """Mends it and says how; nothing where nothing can."""
    fatal: bool = field(default=False, repr=False)
    """Whether the rest cannot be looked at because of it."""

    @property
    def repairable(self) -> bool:
        """Whether `repair` can mend it."""
        return self.mend is not None and not self.repaired

    def __str__(self) -> str:
        mark = "mended" if self.repaired else "note" if self.harmless else "WRONG"
        hint = " Can be mended: voicelab check --repair" if self.repairable else ""
        return f"{mark}  {self.what}, {self.where}: {self.sentence}{hint}"
