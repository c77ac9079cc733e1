"""The lab: the one object a notebook opens."""

import asyncio
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from voicelab.engine.budget import Budget, read_budget, spent_texts
from voicelab.engine.follow_up import clones_of, spoken_by
from voicelab.engine.hub import hub_of
from voicelab.engine.job import Job
from voicelab.engine.keep import Keeping, keeping
from voicelab.engine.land import measured_all
from voicelab.engine.linked import Linked
from voicelab.engine.plan import batch_id, spec
from voicelab.engine.quote import History, quote
from voicelab.engine.reference import Recordings
from voicelab.engine.remake import remake
from voicelab.engine.roster import Roster
from voicelab.engine.run import OPEN, OnChange, Runner
from voicelab.engine.sheet import Quote
from voicelab.engine.shelf import ask_shelf, drop_voice, keep_voice
from voicelab.errors import LabWarning, Refused, Unreadable, UsageError, VoiceLabError
from voicelab.experiment import Experiment
from voicelab.measures import VERSION
from voicelab.model import Batch, PromptVariant, TrialRecord, TrialState, Voice
from voicelab.providers.base import Keeper, Provider, Shelf
from voicelab.store.archive import archive, restore
from voicelab.store.check import CheckReport, Means, check
from voicelab.store.half_copied import empty_but_for_audio, require_whole
from voicelab.store.pace_book import PaceBook
from voicelab.store.records import to_json
from voicelab.store.store import BatchRow, Store
from voicelab.tables import export
from voicelab.tables.answers import Answer, ratings_frame, read_answers
from voicelab.tables.columns import values_of
from voicelab.tables.comparison import Comparison
from voicelab.tables.ledger import bill_frame, ledger_frame, paces_frame
from voicelab.tables.page_options import MAX_MB, PageOptions
from voicelab.tables.publish import publish_folder
from voicelab.tables.voices import voices_frame
from voicelab.tables.write_audio import write_audio_folder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from voicelab.tables.embed import EmbeddedPage
    from voicelab.widgets.comparer import Comparer
    from voicelab.widgets.progress import ProgressPanel
    from voicelab.widgets.studio import Studio

What: TypeAlias = Batch | Experiment | str | None
"""A batch, an experiment, the name of either, or nothing for the whole lab."""


DEFAULT_FOLDER = "data/lab"


class Lab:
    """A folder of trials and everything one does with them.

    Examples
    --------
    >>> import tempfile, voicelab as vl
    >>> folder = tempfile.TemporaryDirectory()
    >>> lab = vl.Lab.open(folder.name)
    >>> batch = vl.Batch(
    ...     variants=vl.grid("a {tone} male voice", tone=["deep", "bright"], preview_text="Hello."),
    ...     providers=["local"],
    ... )
    >>> lab.quote(batch).trials
    2
    >>> lab.run(batch).result().frame["state"].tolist()
    ['done', 'done']
    >>> lab.close(); folder.cleanup()
    """

    def __init__(self, store: Store, roster: Roster) -> None:
        self._store = store
        self._roster = roster
        self._book = PaceBook.open()
        self._hub = hub_of(store.folder)
        self._recordings = Recordings(store, Linked(live=roster.live))
        self._dropped: set[tuple[str, str | None]] = set()
        """What this session deleted: a vendor that lists no unused voice says nothing of it."""

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        live: bool = False,
        budget: Budget | str | None = None,
        providers: Iterable[Provider] = (),
        create: bool = True,
    ) -> "Lab":
        """Open the lab in `folder`; make it where there is none.

        A lab that may only be read is opened to look and to export, as it stands at this moment:
        whatever would write into it, such as a run or a rating, says so. One that was copied
        without its log is opened to look, with a warning, and not run.

        Parameters
        ----------
        folder
            Where everything is kept; copy it to move the lab. Where not given: the folder that
            the environment variable `VOICELAB_LAB` names, else `data/lab`.
        live
            Whether anything beyond this machine may be called: that is what spends money.
        budget
            The most the whole lab may spend, ever: by currency, and in trials by provider, such as
            `{"USD": 5, "tencent-mps": 20}` or `"USD 5, tencent-mps 20"`. What is in flight and
            what is in doubt count. It is kept in the lab and holds whoever opens it; where not
            given the one that is kept stands, and an empty one takes it away.
        providers
            Provider objects to use under their names; all others come from the environment.
        create
            Whether to make a lab where there is none.

        Raises
        ------
        UsageError
            When the folder cannot be used, was written by a newer voicelab, or is no lab and none
            is to be made; or when the budget cannot be read.
        """
        folder = folder or os.environ.get("VOICELAB_LAB") or DEFAULT_FOLDER
        roster = Roster(providers, live=live)
        read = None if budget is None else read_budget(budget, providers=roster.names)
        store = Store.open(folder, create=create, budget=read)
        if told := empty_but_for_audio(store):
            warnings.warn(told, LabWarning, stacklevel=2)
        return cls(store, roster)

    @classmethod
    def restore(
        cls,
        archive: str | Path,
        folder: str | Path,
        *,
        live: bool = False,
        providers: Iterable[Provider] = (),
    ) -> "Lab":
        """Unpack an archive into a new folder, and open that lab: it goes on where it stood.

        Let only one copy of a lab go on: both would ask for the same unfinished trials.

        Raises
        ------
        UsageError
            When the archive is damaged, cut off, or of a newer voicelab, or the folder is not
            empty; then nothing is left there.
        """
        folder = restore(Path(archive).expanduser(), Path(folder))
        return cls.open(folder, live=live, providers=providers, create=False)

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        mode = "live" if self.live else "offline"
        return f"<Lab {str(self.folder)!r}, {mode}, {len(self._store.batches())} batches>"

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self._store.folder

    @property
    def budget(self) -> dict[str, float]:
        """The most the whole lab may spend, whoever opens it; empty where nothing was set.

        Set it as in `Lab.open`; nothing, or an empty one, takes it away.
        """
        return self._store.lab_budget()

    @budget.setter
    def budget(self, given: Budget | str | None) -> None:
        self._store.set_lab_budget(read_budget(given, providers=self._roster.names))

    @property
    def budget_texts(self) -> list[str]:
        """Each line of the lab's budget with what is spent of it, in words."""
        budget = self.budget
        return spent_texts(budget, self._store.charges()) if budget else []

    @property
    def job(self) -> Job[Comparison] | None:
        """The run under way or the last one, so that a cell run again finds it.

        It is that of the folder, whichever lab object of this process began it.
        """
        return self._hub.job

    @property
    def live(self) -> bool:
        """Whether anything beyond this machine may be called."""
        return self._roster.live

    def close(self) -> None:
        """Stop what runs, wait for what is under way, and close the store."""
        if self.job is not None and not self.job.done() and self._hub.owner is self._store:
            self.job.stop()
            self.job.wait()
        self._store.close()
        self._book.close()

    def provider(self, name: str) -> Provider:
        """Return the provider `name` as this lab would use it.

        Raises
        ------
        UsageError
            When there is none, its key is missing, or the lab is offline and it is not.
        """
        return self._roster.get(name)

    def quote(
        self,
        what: Batch | Experiment,
        *,
        budget: Budget | str | None = None,
        reuse: bool | None = None,
    ) -> Quote:
        """Say what a batch will take, and what would be refused; nothing is sent.

        References that are links are fetched to be listened to, from where the lab may go.

        Parameters
        ----------
        budget
            The most the batch may spend; its experiment's own where not given.
        reuse
            Whether trials that another batch of this lab has, word for word, are taken over, free,
            or made anew.
        """
        batch = _as_batch(what)
        ready, refused = self._roster.of(batch)
        key = batch_id(batch, ready, lab_id=self._store.id)
        done = self._store.records(batch_id=key, states=[TrialState.DONE])
        own, whole = self._budget_of(what, budget), self.budget
        if own is None:
            own = self._store.budget(key)
        return quote(
            batch,
            ready,
            refused,
            lab_id=self._store.id,
            recordings=self._recordings,
            history=History(
                done={record.trial.id for record in done},
                done_like=self._store.done_like,
                used_voices=lambda p: self._store.used_voices(p.name, emulated=p.emulated),
            ),
            budgets=(
                ("the lab", whole, self._store.charges() if whole else ()),
                ("the batch", own, self._store.charges(key) if own else ()),
            ),
            reuse=reuse,
        )

    def run(
        self,
        what: Batch | Experiment,
        *,
        leave_out_refused: bool = False,
        budget: Budget | str | None = None,
        reuse: bool | None = None,
    ) -> Job[Comparison]:
        """Submit a batch; running the same batch again only brings it to its end.

        Every trial is written down before anything is sent. `await` the job for the comparison.

        Parameters
        ----------
        leave_out_refused
            Whether to send the others where some trials would be refused.
        budget
            The most the batch may spend, as in `Lab.open`; it holds for `resume`, too.
        reuse
            Whether trials that another batch of this lab has, word for word, are taken over, free,
            or made anew. It must be said where that would cost something.

        Raises
        ------
        UsageError
            Naming every refusal, before anything is sent; with `leave_out_refused` the rest of
            the batch is sent all the same. Also where a budget would be passed, while another
            run of this lab goes on, and where the database is less than the audio beside it.
        """
        self._require_idle_and_whole()
        batch = _as_batch(what)
        sheet = self.quote(what, budget=budget, reuse=reuse)
        sheet.require_sendable(leave_out_refused=leave_out_refused)
        self._store.add_batch(
            sheet.batch_id,
            experiment=batch.experiment,
            spec=spec(batch),
            trials=sheet.sendable,
            budget=self._budget_of(what, budget),
        )
        if reuse:
            for trial_id, source_id in sheet.alike.items():
                self._store.reuse(trial_id, source_id)
        return self._start(sheet.batch_id, [planned.trial.id for planned in sheet.sendable])

    def resume(self, what: What = None) -> Job[Comparison]:
        """Bring everything unfinished to its end, by default in the whole lab.

        A trial in doubt is looked for where its vendor lets one look; it is never sent again.

        Raises
        ------
        UsageError
            When a provider of an unfinished trial cannot be called, or is now emulated where it
            was the vendor, or the other way round.
        """
        self._require_idle_and_whole()
        pending = self.records(what, states=OPEN)
        self._require_callable(pending)
        return self._start(self._key(what), [record.trial.id for record in pending])

    def settle(self, what: What = None) -> Job[Comparison]:
        """Look for what became of the trials in doubt, and send nothing new; looking is free.

        The voice is taken up where its vendor lets one look and it was made. VOD refuses a name it
        has seen, so there a request that never arrived is sent once more, under the same name.
        """
        self._require_idle_and_whole()
        pending = self.records(what, states=[TrialState.IN_DOUBT])
        self._require_callable(pending)
        return self._start(self._key(what), [record.trial.id for record in pending])

    def stop(self) -> None:
        """Let nothing new start; `resume` goes on from there."""
        if self.job is not None:
            self.job.stop()

    def retry(self, what: What = None) -> list[str]:
        """Queue failed trials again for the next `resume`; return their ids.

        What was kept of them is used: a reply that could not be read is read again, free, and a
        task goes on. What was refused is asked anew under a new name. What was given up in doubt
        may have been paid for and is left out: `resend` sends it, one by one.
        """
        retried = []
        for record in self.records(what, states=[TrialState.FAILED]):
            has_task = self._store.task(record.trial.id) is not None
            if record.given_up and not has_task:
                continue
            goes_on = record.error_kind in {"Unreadable", "Unreachable", "Throttled"}
            self._store.requeue(record.trial.id, resend=not (goes_on or has_task))
            retried.append(record.trial.id)
        return retried

    def resend(self, trial_id: str) -> None:
        """Queue a trial in doubt to be sent anew, which may be paid for twice: your decision.

        So can a trial be that was given up in doubt, or whose kept answer cannot be read, whatever
        is done.
        """
        record = self._store.record(trial_id)
        unread = record.state is TrialState.FAILED and record.error_kind == Unreadable.__name__
        if not (unread or record.given_up):
            self._require_in_doubt(trial_id)
        self._store.requeue(trial_id, resend=True)

    def give_up(self, trial_id: str) -> None:
        """Call a trial in doubt failed."""
        self._require_in_doubt(trial_id)
        self._store.move(trial_id, TrialState.FAILED)

    def references(
        self, trials: Sequence[str], *, preview_text: str | None = None
    ) -> tuple[PromptVariant, ...]:
        """Return prompt variants that clone the trial audio of earlier trials.

        Parameters
        ----------
        trials
            Ids of trials with trial audio.
        preview_text
            What the clones say; what the originals said where not given.
        """
        return clones_of([self._store.record(id_) for id_ in trials], preview_text=preview_text)

    def speak(
        self,
        trial_id: str,
        text: str,
        *,
        label: str | None = None,
        options: Mapping[str, Any] | None = None,
        budget: Budget | str | None = None,
    ) -> Job[Comparison]:
        """Let the voice of a trial say another text: a new trial of the same voice.

        Where its vendor takes a fee for the first use of a voice, that is part of the quote, the
        budgets and the bill.

        Parameters
        ----------
        options
            Extra request fields of the vendor's speech call, sent unchanged. Those the trial
            itself was spoken with stand where they are not given.
        budget
            The most it may spend, as in `Lab.open`.

        Raises
        ------
        UsageError
            When the trial has no voice, its vendor cannot speak with one, the text is refused, or
            a budget would be passed.
        """
        record = self._store.record(trial_id)
        provider = self._roster.get(record.trial.provider)
        batch = spoken_by(record, provider, text, label=label, options=options)
        return self.run(batch, budget=budget)

    def voices(self) -> "pd.DataFrame":
        """Return the voices every vendor keeps for you, joined to the trials that made them.

        A voice of this lab that its vendor keeps and leaves out of its list is a row all the
        same, `not listed`. Vendors that cannot be asked, or keep no list, are told in
        `.attrs["notes"]`, by name. `created_at` and `expires_at` are ISO 8601 in UTC.
        """
        shelves: dict[str, Shelf] = {}
        callable_: dict[str, Provider] = {}
        notes: dict[str, str] = {}
        asked: dict[str, Job[Shelf]] = {}
        for name in self._roster.names:
            try:
                callable_[name] = self._roster.get(name)
            except VoiceLabError as error:
                notes[name] = str(error)
            else:
                asked[name] = Job(ask_shelf(callable_[name], self._roster), lambda: None)
        for name, job in asked.items():
            try:
                shelves[name] = job.result()
            except VoiceLabError as error:
                notes[name] = str(error)
            else:
                notes |= {name: " ".join(shelves[name].notes)} if shelves[name].notes else {}
        records = [r for r in self._store.records() if _voice_key(r) not in self._dropped]
        return voices_frame(shelves, notes, records, providers=callable_)

    def drop(self, provider: str, voice_id: str) -> None:
        """Delete a voice at its vendor, for good.

        Raises
        ------
        VoiceLabError
            When the vendor cannot be asked, or refuses.
        """
        Job(drop_voice(self._roster.get(provider), voice_id, self._roster), lambda: None).result()
        self._dropped.add((provider, voice_id))

    def keeping(self, trial_id: str) -> Keeping:
        """Say what keeping the voice of a trial takes, and costs; nothing is sent.

        Raises
        ------
        UsageError
            When it has none, it has lapsed, or its vendor cannot be called.
        """
        record = self._store.record(trial_id)
        self._require_callable([record])
        provider = self._roster.get(record.trial.provider)
        return keeping(provider, record, self._store.records())

    def keep(self, trial_id: str, name: str | None = None, *, spend: bool = False) -> str:
        """Make the vendor keep the voice of a trial; return a sentence on how long it does.

        Parameters
        ----------
        name
            What it is listed under, where the vendor has names; the row's label if not given.
        spend
            Whether to pay where the vendor keeps a voice only once it was spoken with: its
            preview text is then said once more, as a trial of its own.

        Raises
        ------
        UsageError
            When it can be kept only by paying and `spend` is not given, naming the price.
        Refused
            When the vendor does not speak with it.
        """
        how, record = self.keeping(trial_id), self._store.record(trial_id)
        variant, voice_id = record.trial.variant, record.voice_id
        provider = self._roster.get(record.trial.provider)
        if how.spends:
            if not spend:
                raise UsageError(
                    f"nothing was sent. {how.words} To do so: lab.keep({trial_id!r}, spend=True)"
                )
            (spoken,) = self.speak(trial_id, variant.preview_text).result().records
            if spoken.state is not TrialState.DONE:
                raise Refused(f"the voice is not kept: {spoken.error or spoken.state.value}")
            return f"{provider.name} keeps the voice {voice_id} from now on; it was spoken with."
        if isinstance(provider, Keeper) and voice_id is not None:
            called = name or f"{variant.label}, take {record.trial.take}"
            kept = keep_voice(provider, voice_id, called, self._roster)
            return Job(kept, lambda: None).result()
        return how.words

    def batches(self) -> list[BatchRow]:
        """Return every batch of the lab, the newest first."""
        return self._store.batches()

    def records(
        self, what: What = None, *, states: Collection[TrialState] = tuple(TrialState)
    ) -> tuple[TrialRecord, ...]:
        """Return the trials of a batch, an experiment, or the whole lab.

        Raises
        ------
        UsageError
            When this lab has no such batch or experiment.
        """
        return self._store.records(**self._filed(what), states=states)

    def ledger(self, what: What = None) -> "pd.DataFrame":
        """Return every request that was asked, with its state, its charge and its reply's status.

        States: asked (left, no answer yet), answered, declined (the vendor said later or no, or
        came to make it under the same name but once), forgotten (nothing left this machine, or it
        was free), in doubt, settled (no answer came, and looking found what was made).
        """
        return ledger_frame(self.records(what), self._store.journal.rows)

    def bill(self, what: What = None) -> "pd.DataFrame":
        """Return quoted against billed by provider and currency; in flight and in doubt count.

        Nobody but the vendor knows what it charged: `billed` is its published price of what it
        counted, where its answers say that, and else of what was sent.
        """
        return bill_frame(self._store.bills(**self._filed(what)))

    def paces(self) -> "pd.DataFrame":
        """Return how the rate of each provider changed, and why: the history of its limit."""
        return paces_frame(self._store.paces())

    @property
    def conditions(self) -> dict[str, str]:
        """What is the matter with providers in the run under way, in words, by name."""
        return self._hub.runner.conditions if self._hub.runner is not None else {}

    def retries(self) -> dict[str, int]:
        """Return for each trial how many of its requests were asked again, where any was."""
        return self._store.journal.retries()

    def compare(self, what: What = None, *, trials: Sequence[str] | None = None) -> Comparison:
        """Return trials side by side: a frame, clips, pictures, exports.

        Parameters
        ----------
        what
            A batch, an experiment, the name of either, or nothing for the whole lab.
        trials
            Ids of the trials to keep, in this order; all where not given.
        """
        filed = self._filed(what)
        shown: Sequence[TrialRecord] = (
            self._store.trials(**filed)
            if trials is None
            else tuple(self._store.record(trial_id) for trial_id in trials)
        )
        return Comparison(
            shown[0].experiment if shown and what is not None else self.folder.name,
            shown,
            audio_of=self._store.clips.audio,
            pcm_rate_of=lambda digest: self._store.clips.row(digest).pcm_rate,
            numbers=measured_all(self._store, values_of(shown, "clip_hash")),
        )

    def figure(
        self, what: What = None, *, trials: Sequence[str] | None = None, **kinds: Any
    ) -> "Figure":
        """Draw trials side by side to one scale; keywords go to `figures.sheet.sheet`."""
        from voicelab.figures.sheet import sheet

        comparison = self.compare(what, trials=trials)
        names = {
            record.trial.id: f"{record.trial.variant.label} — {record.source}, "
            f"take {record.trial.take}"
            for record in comparison.records
        }
        return sheet({names[id_]: clip for id_, clip in comparison.clips().items()}, **kinds)

    @overload
    def audition(self, what: What = None, *, embed: Literal[False] = False) -> "Comparer": ...

    @overload
    def audition(self, what: What = None, *, embed: Literal[True]) -> "EmbeddedPage": ...

    def audition(self, what: What = None, *, embed: bool = False) -> "Comparer | EmbeddedPage":
        """Hear and see trials side by side, in a notebook.

        Parameters
        ----------
        embed
            Whether to put sound and pictures into the notebook file itself: a page of at most 5 MB
            that plays without a kernel, also in what `nbconvert` makes of the notebook. Nothing in
            it can be rated or changed for the lab.

        Raises
        ------
        UsageError
            When that would be larger.
        """
        if embed:
            from voicelab.tables.embed import EmbeddedPage

            return EmbeddedPage(self.compare(what))
        from voicelab.widgets.comparer import Comparer

        return Comparer(self.compare(what), on_rate=self.rate, on_note=self.note, on_star=self.star)

    def studio(self, experiment: Experiment | str | Path | None = None) -> "Studio":
        """Describe, submit, watch, compare and export with widgets."""
        from voicelab.widgets.studio import Studio

        if isinstance(experiment, (str, Path)):
            experiment = Experiment.load(experiment)
        return Studio(self, experiment)

    def progress(self, what: What = None) -> "ProgressPanel":
        """Watch the trials of `what`, and the run under way, of whichever cell began it."""
        from voicelab.widgets.progress import ProgressPanel

        return ProgressPanel(self, self._key(what))

    def export(
        self,
        what: What,
        path: str | Path,
        *,
        audio: str = "mp3",
        max_mb: float = MAX_MB,
        voice_ids: bool = False,
        blind: bool = False,
        seed: int | None = None,
    ) -> Path:
        """Write the table of `what`, its page that plays, or its audio, by the suffix of `path`.

        Suffixes: `.html` (plays offline), `.csv`, `.xlsx`, `.parquet`, `.jsonl`, `.md`, `.tex`,
        `.zip` (every recording as it came, and a `.json` beside each of what it is).

        Parameters
        ----------
        audio
            The sound of a page: `mp3`, `mp3-small` (half as large), or `flac` (lossless).
        max_mb
            The most a page may take, in millions of bytes.
        voice_ids
            Whether a page holds the vendors' ids of the voices.
        blind
            Whether a page hides who made which voice, and from which words. Its rows are A, B, C,
            in an order drawn from `seed`, equally loud; the key is written beside the page, as
            `x.key.json` beside `x.html`: keep it, and send the page alone.
        seed
            What the order of a blind page is drawn from; drawn itself where not given.

        Raises
        ------
        UsageError
            For any other suffix, a place that cannot be written, Parquet without pyarrow, or a
            page that would be larger than allowed, with every choice there is.
        """
        page = PageOptions(audio=audio, max_mb=max_mb, voice_ids=voice_ids, blind=blind, seed=seed)
        return export(self.compare(what), Path(path), page)

    def publish_folder(
        self, what: What, folder: str | Path, *, audio: str = "mp3", voice_ids: bool = False
    ) -> Path:
        """Write a folder for any web server: the page, its sounds as files beside it, the table.

        Served, everything plays; opened from the disk, the page shows everything and its sounds
        are opened one by one, as browsers let no page read the files beside it. The page that
        plays from the disk is `lab.export(batch, "x.html")`.

        Raises
        ------
        UsageError
            When the folder cannot be written, or holds files called like these that are not ours.
        """
        options = PageOptions(audio=audio, voice_ids=voice_ids)
        return publish_folder(self.compare(what), folder, options)

    def import_ratings(
        self,
        path: str | Path,
        *,
        key: str | Path | None = None,
        rater: str | None = None,
    ) -> "pd.DataFrame":
        """Take up the answers a listener saved in an exported page; return them as a frame.

        Ratings are kept under the listener's name, and yours stay as they are. A note is added to
        the trial's own, after the listener's name. Reading a file again changes nothing.

        Parameters
        ----------
        key
            The key of a blind page; looked for beside the answers where not given.
        rater
            Who answered, instead of the name in the file.

        Raises
        ------
        UsageError
            When the file holds no answers to trials of this lab, or the key is missing; then
            nothing is taken up.
        """
        records = {record.trial.id: record for record in self.records()}
        answers = read_answers(
            Path(path).expanduser(),
            records,
            key=Path(key).expanduser() if key is not None else None,
            rater=rater,
        )
        missing = [answer.trial for answer in answers if answer.trial not in records]
        if missing:
            raise UsageError(f"{path} is about trials of another lab: {', '.join(missing[:3])}.")
        for answer in answers:
            self._take_up(answer, records[answer.trial])
        return ratings_frame(records.values(), answers)

    def _take_up(self, answer: Answer, record: TrialRecord) -> None:
        if answer.rating is not None:
            self._store.rate(answer.trial, answer.rating, rater=answer.rater)
        line = f"{answer.rater}: {answer.note}"
        if answer.note and line not in record.note:
            self._store.note(answer.trial, f"{record.note}\n{line}".strip())

    def ratings(self, what: What = None) -> "pd.DataFrame":
        """Return every rater's stars: one row for each trial and rater; you are `me`."""
        given = [
            Answer(trial=trial, rater=rater, rating=rating, note="")
            for trial, rater, rating in self._store.ratings()
        ]
        return ratings_frame(self.records(what), given).drop(columns="note")

    def export_audio(self, what: What, folder: str | Path) -> Path:
        """Write the trial audio as files with readable names, and a manifest of what they are."""
        return write_audio_folder(self.compare(what), folder)

    def rate(self, trial_id: str, rating: int | None) -> None:
        """Rate a trial from 1 to 5, or take the rating back with nothing."""
        self._store.rate(trial_id, rating)

    def note(self, trial_id: str, text: str) -> None:
        """Write a note on a trial; an empty one takes it back."""
        self._store.note(trial_id, text)

    def star(self, trial_id: str, starred: bool = True) -> None:
        """Star a trial as one to come back to, or take the star back."""
        self._store.star(trial_id, starred)

    def check(self, *, repair: bool = False) -> CheckReport:
        """Look at every row and every file; with `repair` mend what can be mended.

        Nothing is sent. Lost trial audio is made again from kept replies, or by the built-in
        engine, where the bytes come out the very same; nothing that cannot be made again is
        deleted. What stands in a lab once and can be read is taken as it is: ratings, stars, notes,
        times, charges, measured numbers, the words of errors.

        Raises
        ------
        UsageError
            To repair, while trials of this lab run.
        """
        means = Means(
            reread=self._reread,
            version=VERSION,
            measure=lambda: len(
                measured_all(self._store, self._store.trials().values("clip_hash"))
            ),
        )
        return check(self._store, means, repair=repair)

    def _reread(self, trial_id: str) -> Voice:
        record = self._store.record(trial_id)
        provider = self._roster.reader(record.trial.provider)
        return Job(remake(self._store, provider, record), lambda: None).result()

    def archive(self, path: str | Path, *, anyway: bool = False) -> Path:
        """Write the whole lab into one `.zip`, as it stands now; it may run meanwhile.

        Raises
        ------
        UsageError
            When it cannot be written, or audio of the lab is missing or changed; with `anyway`
            that is left out.
        """
        from voicelab import __version__

        made_by = f"voicelab {__version__}"
        return archive(self._store, Path(path).expanduser(), made_by=made_by, anyway=anyway)

    def on_change(self, listener: OnChange) -> Callable[[], None]:
        """Call `listener` with the record of every trial that changes; return how to end that.

        It is called on the thread that runs the trials.
        """
        self._hub.listeners.append(listener)
        return lambda: self._hub.listeners.remove(listener)

    def _start(self, key: str | None, trial_ids: list[str]) -> Job[Comparison]:
        runners: list[Runner] = []

        async def work() -> Comparison:
            runner = Runner(
                self._store,
                self._roster,
                self._changed,
                book=self._book,
                recordings=self._recordings,
            )
            self._hub.runner = runner
            runners.append(runner)
            if stopped:
                runners[0].stop()
            await runners[0].run(trial_ids)
            return await asyncio.to_thread(self.compare, key)

        stopped: list[bool] = []

        def stop() -> None:
            stopped.append(True)
            for runner in runners:
                runner.stop()

        job = self._hub.job = Job(work(), stop)
        self._hub.owner = self._store
        if "ipykernel" in sys.modules:
            from voicelab.widgets.progress import show_progress

            show_progress(self, key)
        return job

    def _changed(self, record: TrialRecord) -> None:
        for listener in list(self._hub.listeners):
            listener(record)

    def _filed(self, what: What) -> dict[str, str]:
        """Return how the store finds the trials of `what`."""
        key = self._key(what)
        if key is None:
            return {}
        return {"batch_id" if key in self._store.experiments() else "experiment": key}

    def _budget_of(
        self, what: Batch | Experiment, budget: Budget | str | None
    ) -> dict[str, float] | None:
        """Return the budget that was said now, or nothing where none was."""
        own = what.budget if isinstance(what, Experiment) else None
        said = budget if budget is not None else own or None
        if said is None:
            return None
        return read_budget(said, providers={*self._roster.names, *_as_batch(what).provider_names})

    def _key(self, what: What) -> str | None:
        """Return the batch id or experiment name `what` stands for; nothing for the whole lab."""
        if isinstance(what, Experiment):
            what = what.batch()
        if isinstance(what, Batch):
            return self._batch_key(what)
        if what is not None:
            known = {key for pair in self._store.experiments().items() for key in pair}
            if what not in known:
                raise UsageError(
                    f"this lab has no batch or experiment {what!r}; "
                    f"it has {', '.join(sorted(known)) or 'none yet'}."
                )
        return what

    def _batch_key(self, batch: Batch) -> str:
        key = batch_id(batch, self._roster.of(batch)[0], lab_id=self._store.id)
        if any(row.id == key for row in self._store.batches()):
            return key
        same = self._store.batch_with_spec(to_json(spec(batch)))
        if same is None:
            raise UsageError(
                f"this batch of experiment {batch.experiment!r} was not run in this lab; "
                "run it first: await lab.run(batch)"
            )
        return same

    def _require_idle_and_whole(self) -> None:
        if self.job is not None and not self.job.done():
            raise UsageError("a run of this lab is under way; wait for it, or lab.stop() it.")
        require_whole(self._store)

    def _require_callable(self, pending: Sequence[TrialRecord]) -> None:
        for record in pending:
            provider = self._roster.get(record.trial.provider)
            if provider.emulated != record.emulated:
                was, is_ = ("an emulator", "the vendor")[:: 1 if record.emulated else -1]
                raise UsageError(
                    f"trial {record.trial.variant.label!r} was planned for {was} of "
                    f"{provider.name}, which now is {is_}; point it back, or run the batch anew."
                )

    def _require_in_doubt(self, trial_id: str) -> None:
        state = self._store.record(trial_id).state
        if state is not TrialState.IN_DOUBT:
            raise UsageError(f"trial {trial_id} is {state.value}, not in doubt.")


def _voice_key(record: TrialRecord) -> tuple[str, str | None]:
    return record.trial.provider, record.voice_id


def _as_batch(what: Batch | Experiment) -> Batch:
    return what.batch() if isinstance(what, Experiment) else what
