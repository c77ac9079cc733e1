"""What widgets ask of a lab: the one seam between them and the object that a notebook opens."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from voicelab.engine.job import Job
from voicelab.engine.keep import Keeping
from voicelab.engine.sheet import Quote
from voicelab.experiment import Experiment
from voicelab.model import TrialRecord
from voicelab.providers.base import Provider
from voicelab.store.store import BatchRow

if TYPE_CHECKING:
    import pandas as pd

    from voicelab.tables.comparison import Comparison


class Bench(Protocol):
    """A lab, as far as widgets need one; `voicelab.Lab` says what each method does.

    `what` is the id of a batch, the name of an experiment, or nothing for the whole lab.
    """

    @property
    def folder(self) -> Path:
        """Where everything is kept."""

    @property
    def live(self) -> bool:
        """Whether anything beyond this machine may be called."""

    @property
    def budget_texts(self) -> list[str]:
        """Each line of the lab's budget with what is spent of it, in words."""

    @property
    def job(self) -> "Job[Comparison] | None":
        """The run under way or the last one."""

    def provider(self, name: str) -> Provider:
        """Return a provider, or raise `UsageError` with the reason there is none."""

    def quote(self, what: Experiment, *, reuse: bool | None = None) -> Quote:
        """Say what a batch will take."""

    def run(
        self, what: Experiment, *, leave_out_refused: bool = False, reuse: bool | None = None
    ) -> "Job[Comparison]":
        """Submit a batch."""

    def settle(self, what: str | None = None) -> "Job[Comparison]":
        """Look for what became of trials in doubt."""

    @property
    def conditions(self) -> Mapping[str, str]:
        """What is the matter with providers in the run under way, by name."""

    def paces(self) -> "pd.DataFrame":
        """Return how the rate of each provider changed, and why."""

    def retries(self) -> Mapping[str, int]:
        """Return for each trial how many of its requests were asked again, where any was."""

    def resume(self, what: str | None = None) -> "Job[Comparison]":
        """Bring everything unfinished to its end."""

    def stop(self) -> None:
        """Let nothing new start."""

    def retry(self, what: str | None = None) -> list[str]:
        """Queue failed trials again."""

    def resend(self, trial_id: str) -> None:
        """Queue a trial in doubt to be sent anew."""

    def give_up(self, trial_id: str) -> None:
        """Call a trial in doubt failed."""

    def batches(self) -> list[BatchRow]:
        """Return every batch, the newest first."""

    def records(self, what: str | None = None) -> tuple[TrialRecord, ...]:
        """Return trials."""

    def compare(
        self, what: str | None = None, *, trials: Sequence[str] | None = None
    ) -> "Comparison":
        """Return trials side by side."""

    def rate(self, trial_id: str, rating: int | None) -> None:
        """Rate a trial."""

    def star(self, trial_id: str, starred: bool) -> None:
        """Star a trial, or take the star back."""

    def note(self, trial_id: str, text: str) -> None:
        """Write a note on a trial."""

    def voices(self) -> "pd.DataFrame":
        """Return the voices every vendor keeps."""

    def drop(self, provider: str, voice_id: str) -> None:
        """Delete a voice at its vendor."""

    def keeping(self, trial_id: str) -> Keeping:
        """Say what keeping the voice of a trial takes."""

    def keep(self, trial_id: str, name: str | None = None, *, spend: bool = False) -> str:
        """Make the vendor keep the voice of a trial; return a sentence on it."""

    def on_change(self, listener: Callable[[TrialRecord], None]) -> Callable[[], None]:
        """Call `listener` on the I/O thread with every trial that changes; return how to end it."""
