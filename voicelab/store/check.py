"""Whether a lab is whole: what is wrong with it, in sentences, and what can be mended."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace

from voicelab.errors import VoiceLabError
from voicelab.store.check_files import audio_findings, measure_findings
from voicelab.store.check_journal import journal_findings
from voicelab.store.check_plan import plan_findings
from voicelab.store.check_replies import reply_findings
from voicelab.store.check_rows import database_findings, row_findings
from voicelab.store.finding import Finding, Reread
from voicelab.store.store import Store


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What a look at a whole lab found."""

    findings: tuple[Finding, ...]
    trials: int
    """How many trials were looked at."""
    clips: int
    """How many audio files the lab names."""

    @property
    def left(self) -> tuple[Finding, ...]:
        """What is wrong and was not mended."""
        return tuple(f for f in self.findings if not (f.harmless or f.repaired))

    def __str__(self) -> str:
        looked = f"{self.trials} trials and {self.clips} clips were looked at"
        if not self.findings:
            return f"{looked}; all is well."
        head = f"{looked}; {len(self.left)} things are wrong."
        return "\n".join([head, *map(str, self.findings)])


@dataclass(frozen=True, kw_only=True)
class Means:
    """What the store cannot do by itself, and mending needs."""

    reread: Reread
    version: int
    """Of today's measures."""
    measure: Callable[[], int]
    """Measures what was not, and says how many clips there are."""


def check(store: Store, means: Means, *, repair: bool = False) -> CheckReport:
    """Look at every row and every file of a lab; with `repair` mend what can be mended.

    Nothing that cannot be made again is deleted, and nothing is sent.

    Most of what a lab holds stands in it twice, or has a checksum: audio, replies, what was asked
    for, which voice came. What stands there once is not seen to be wrong while it can be read: a
    rating, a star, a note, a time, a charge, a measured number, the words of an error.

    Parameters
    ----------
    means
        What mending needs.
    repair
        Mend; no trial runs meanwhile.

    Raises
    ------
    UsageError
        To repair, when another process is running trials of this lab.
    """
    with store.runner() if repair else nullcontext():
        running = not repair and store.is_running()
        findings = [
            _mended(finding) if repair else finding
            for finding in _findings(store, means, running=running)
        ]
    return CheckReport(
        findings=tuple(findings), trials=_count(store, "trials"), clips=_count(store, "clips")
    )


def _findings(store: Store, means: Means, *, running: bool) -> Iterator[Finding]:
    database = list(database_findings(store))
    yield from database
    if not any(finding.fatal for finding in database):
        yield from row_findings(store)
        yield from plan_findings(store)
        yield from journal_findings(store, running=running)
        yield from reply_findings(store, means.reread)
        yield from audio_findings(store, means.reread, running=running)
        yield from measure_findings(store, means.version, means.measure)


def _mended(finding: Finding) -> Finding:
    if finding.mend is None:
        return finding
    try:
        done = finding.mend()
    except (VoiceLabError, OSError) as error:
        return replace(finding, mend=None, sentence=f"{finding.sentence} Not mended: {error}")
    return replace(finding, repaired=True, sentence=f"{finding.sentence} Mended: {done}")


def _count(store: Store, table: str) -> int:
    try:
        row = store.database.row(f"SELECT count(*) AS n FROM {table}")
    except VoiceLabError:
        return 0
    return 0 if row is None else int(row["n"])
