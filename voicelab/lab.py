"""The lab: the one object a notebook opens."""

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from voicelab.engine.budget import Budget, read_budget
from voicelab.engine.follow_up import clones_of, spoken_by
from voicelab.engine.job import Job
from voicelab.engine.keep import Keeping, keeping
from voicelab.engine.land import measured_all
from voicelab.engine.plan import batch_id, spec
from voicelab.engine.quote import History, Quote, quote
from voicelab.engine.reference import Recordings
from voicelab.engine.remake import remake
from voicelab.engine.roster import Roster
from voicelab.engine.run import OPEN, OnChange, Runner
from voicelab.engine.shelf import ask_shelf, drop_voice, keep_voice
from voicelab.errors import Refused, Unreadable, UsageError, VoiceLabError
from voicelab.experiment import Experiment
from voicelab.measures import VERSION
from voicelab.model import Batch, PromptVariant, TrialRecord, TrialState
from voicelab.providers.base import Keeper, Provider, Shelf
from voicelab.store.archive import archive, restore
from voicelab.store.check import CheckReport, Means, check
from voicelab.store.pace_book import PaceBook
from voicelab.store.records import to_json
from voicelab.store.store import BatchRow, Store
from voicelab.tables import export
from voicelab.tables.comparison import Comparison
from voicelab.tables.ledger import bill_frame, ledger_frame, paces_frame
from voicelab.tables.voices import voices_frame
from voicelab.tables.write_audio import write_audio_folder

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from voicelab.widgets.comparer import Comparer
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

    def __init__(self, store: Store, roster: Roster, *, budget: Budget | str | None = None) -> None:
        self._store = store
        self._roster = roster
        self._budget = read_budget(budget)
        self._book = PaceBook.open()
        self._runner: Runner | None = None
        self._recordings = Recordings(store)
        self._listeners: list[OnChange] = []
        self._dropped: set[tuple[str, str | None]] = set()
        """What this session deleted: a vendor that lists no unused voice says nothing of it."""
        self.job: Job[Comparison] | None = None
        """The run under way or the last one, so that a cell run again finds it."""

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
            what is in doubt count.
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
        read = read_budget(budget)
        return cls(Store.open(folder, create=create), Roster(providers, live=live), budget=read)

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
    def live(self) -> bool:
        """Whether anything beyond this machine may be called."""
        return self._roster.live

    def close(self) -> None:
        """Stop what runs, wait for what is under way, and close the store."""
        if self.job is not None and not self.job.done():
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
        own = self._budget_of(what, budget)
        if own is None:
            own = self._store.budget(key)
        return quote(
            batch,
            ready,
            refused,
            lab_id=self._store.id,
            check_reference=self._recordings.check,
            history=History(
                done={record.trial.id for record in done}, done_like=self._store.done_like
            ),
            budgets=(
                ("the lab", self._budget, self._store.charges() if self._budget else ()),
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
            the batch is sent all the same. Also where a budget would be passed, and while another
            run of this lab goes on.
        """
        self._require_idle()
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
        self._require_idle()
        pending = self.records(what, states=OPEN)
        self._require_callable(pending)
        return self._start(self._key(what), [record.trial.id for record in pending])

    def settle(self, what: What = None) -> Job[Comparison]:
        """Look for what became of the trials in doubt, and send nothing new; looking is free.

        The voice is taken up where its vendor lets one look and it was made. VOD refuses a name it
        has seen, so there a request that never arrived is sent once more, under the same name.
        """
        self._require_idle()
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
        task goes on. What was refused, or given up in doubt, is asked anew under a new name.
        """
        failed = [record for record in self.records(what) if record.state is TrialState.FAILED]
        for record in failed:
            has_task = self._store.task(record.trial.id) is not None
            goes_on = record.error_kind in {"Unreadable", "Unreachable", "Throttled"}
            self._store.requeue(record.trial.id, resend=not (goes_on or has_task))
        return [record.trial.id for record in failed]

    def resend(self, trial_id: str) -> None:
        """Queue a trial in doubt to be sent anew, which may be paid for twice: your decision.

        So can a trial be whose kept answer cannot be read, whatever is done.
        """
        record = self._store.record(trial_id)
        unread = record.state is TrialState.FAILED and record.error_kind == Unreadable.__name__
        if not unread:
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
    ) -> Job[Comparison]:
        """Let the voice of a trial say another text: a new trial of the same voice.

        Parameters
        ----------
        options
            Extra request fields of the vendor's speech call, sent unchanged. Those the trial
            itself was spoken with stand where they are not given.

        Raises
        ------
        UsageError
            When the trial has no voice, its vendor cannot speak with one, or the text is refused.
        """
        record = self._store.record(trial_id)
        provider = self._roster.get(record.trial.provider)
        return self.run(spoken_by(record, provider, text, label=label, options=options))

    def voices(self) -> "pd.DataFrame":
        """Return the voices every vendor keeps for you, joined to the trials that made them.

        A voice of this lab that its vendor keeps and leaves out of its list is a row all the
        same, `not listed`. Vendors that cannot be asked, or keep no list, are told in
        `.attrs["notes"]`, by name.
        """
        shelves: dict[str, Shelf] = {}
        callable_: dict[str, Provider] = {}
        notes: dict[str, str] = {}
        for name in self._roster.names:
            try:
                callable_[name] = self._roster.get(name)
                asked = ask_shelf(callable_[name], self._roster)
                shelves[name] = Job(asked, lambda: None).result()
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

        States: asked (left, no answer yet), answered, declined (the vendor said later), forgotten
        (nothing left this machine, or it was free), in doubt.
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
        return self._runner.conditions if self._runner is not None else {}

    def compare(self, what: What = None, *, trials: Sequence[str] | None = None) -> Comparison:
        """Return trials side by side: a frame, clips, pictures, exports.

        Parameters
        ----------
        what
            A batch, an experiment, the name of either, or nothing for the whole lab.
        trials
            Ids of the trials to keep, in this order; all where not given.
        """
        records = self.records(what)
        if trials is not None:
            records = tuple(self._store.record(trial_id) for trial_id in trials)
        return Comparison(
            records[0].experiment if records and what is not None else self.folder.name,
            records,
            audio_of=self._store.audio,
            pcm_rate_of=lambda digest: self._store.clip(digest).pcm_rate,
            numbers=measured_all(self._store, records),
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

    def audition(self, what: What = None) -> "Comparer":
        """Hear and see trials side by side, in a notebook."""
        from voicelab.widgets.comparer import Comparer

        return Comparer(self.compare(what), on_rate=self.rate, on_note=self.note, on_star=self.star)

    def studio(self, experiment: Experiment | str | Path | None = None) -> "Studio":
        """Describe, submit, watch, compare and export with widgets."""
        from voicelab.widgets.studio import Studio

        if isinstance(experiment, (str, Path)):
            experiment = Experiment.load(experiment)
        return Studio(self, experiment)

    def export(self, what: What, path: str | Path) -> Path:
        """Write the table of `what`, or its page that plays, by the suffix of `path`.

        Suffixes: `.html` (plays offline), `.csv`, `.xlsx`, `.parquet`, `.jsonl`, `.md`, `.tex`.

        Raises
        ------
        UsageError
            For any other suffix, a place that cannot be written, or Parquet without pyarrow.
        """
        return export(self.compare(what), Path(path))

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
        deleted.

        Raises
        ------
        UsageError
            To repair, while trials of this lab run.
        """
        means = Means(
            remake=self._remade,
            version=VERSION,
            measure=lambda: len(measured_all(self._store, self.records())),
        )
        return check(self._store, means, repair=repair)

    def _remade(self, trial_id: str) -> bytes:
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
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _start(self, key: str | None, trial_ids: list[str]) -> Job[Comparison]:
        runners: list[Runner] = []

        async def work() -> Comparison:
            self._runner = Runner(
                self._store, self._roster, self._changed, budget=self._budget, book=self._book
            )
            runners.append(self._runner)
            if stopped:
                runners[0].stop()
            await runners[0].run(trial_ids)
            return await asyncio.to_thread(self.compare, key)

        stopped: list[bool] = []

        def stop() -> None:
            stopped.append(True)
            for runner in runners:
                runner.stop()

        self.job = Job(work(), stop)
        if "ipykernel" in sys.modules:
            from voicelab.widgets.progress import show_progress

            show_progress(self, key)
        return self.job

    def _changed(self, record: TrialRecord) -> None:
        for listener in list(self._listeners):
            listener(record)

    def _filed(self, what: What) -> dict[str, str]:
        """Return how the store finds the trials of `what`."""
        key = self._key(what)
        if key is None:
            return {}
        is_batch = any(batch.id == key for batch in self._store.batches())
        return {"batch_id" if is_batch else "experiment": key}

    @staticmethod
    def _budget_of(
        what: Batch | Experiment, budget: Budget | str | None
    ) -> dict[str, float] | None:
        """Return the budget that was said now, or nothing where none was."""
        if budget is not None:
            return read_budget(budget)
        own = what.budget if isinstance(what, Experiment) else None
        return read_budget(own) if own else None

    def _key(self, what: What) -> str | None:
        """Return the batch id or experiment name `what` stands for; nothing for the whole lab."""
        if isinstance(what, Experiment):
            what = what.batch()
        if isinstance(what, Batch):
            return self._batch_key(what)
        if what is not None:
            known = {key for batch in self._store.batches() for key in (batch.id, batch.experiment)}
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

    def _require_idle(self) -> None:
        if self.job is not None and not self.job.done():
            raise UsageError("a run of this lab is under way; wait for it, or lab.stop() it.")

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
