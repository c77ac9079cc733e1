"""The journal of a lab looked at: trials whose state and whose requests contradict each other.

What may have been paid for and has no kept answer is in doubt, whatever its row says: mending
moves it there, so that it is never sent again by itself.
"""

import zlib
from collections.abc import Iterator

from voicelab.errors import InDoubt, StoreError
from voicelab.model import TrialState
from voicelab.store.check_rows import RESTORE
from voicelab.store.finding import Finding
from voicelab.store.store import Store

NEVER_ANSWERED = """
    SELECT a.id, a.trial_id, a.step, a.spends, t.state FROM attempts a
    JOIN trials t ON t.id = a.trial_id
    WHERE a.state = 'asked' AND t.state IN ('done', 'failed')
"""
REPLY_LOST = """
    SELECT a.id, a.trial_id, a.step, a.spends, t.state FROM attempts a
    JOIN trials t ON t.id = a.trial_id
    WHERE a.state = 'answered'
        AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.attempt_id = a.id)
"""
QUEUED_BUT_ASKED = """
    SELECT t.id FROM trials t WHERE t.state = 'queued' AND EXISTS (
        SELECT 1 FROM attempts a WHERE a.trial_id = t.id AND a.resend = t.resends
            AND a.spends = 1 AND a.set_aside = 0 AND a.state IN ('asked', 'in doubt'))
"""
WITHOUT_TASK = "SELECT id FROM trials WHERE state = 'waiting' AND task IS NULL"
WITHOUT_CLIP = "SELECT id FROM trials WHERE state = 'done' AND clip_hash IS NULL"
WITHOUT_REPLY = """
    SELECT id FROM trials t WHERE state = 'done'
        AND EXISTS (SELECT 1 FROM attempts a WHERE a.trial_id = t.id)
        AND NOT EXISTS (SELECT 1 FROM attempts a JOIN exchanges e ON e.attempt_id = a.id
            WHERE a.trial_id = t.id)
"""
DOUBT = InDoubt(
    "the check found it asked and no answer kept: the voice may have been made and charged. "
    "It is not sent again by itself; resend it or give it up."
)


def journal_findings(store: Store, *, running: bool) -> Iterator[Finding]:
    """Yield every contradiction between trials and their requests, and every damaged reply.

    Parameters
    ----------
    running
        Whether a process runs trials now: then some of it is only not done yet.
    """
    if not running:
        yield from _stopped(store)
        yield from _in_doubt(store)
        yield from _attempts(store)
    yield from _done_without(store)
    yield from _damaged_replies(store)


def _stopped(store: Store) -> Iterator[Finding]:
    ids = _ids(store, "SELECT id FROM trials WHERE state = 'sent'")
    if ids:
        yield Finding(
            what="run stopped",
            where=_some(ids),
            sentence="under way when their process ended. Go on with: voicelab resume",
            harmless=True,
        )


def _in_doubt(store: Store) -> Iterator[Finding]:
    for trial_id in _ids(store, QUEUED_BUT_ASKED):
        yield Finding(
            what="state contradicts journal",
            where=f"trial {trial_id}",
            sentence="it is queued, and a paid request of it has no kept answer.",
            mend=lambda id_=trial_id: _call_in_doubt(store, id_),  # type: ignore[misc]  # the default binds this trial
        )
    for trial_id in _ids(store, WITHOUT_TASK):
        yield Finding(
            what="task missing",
            where=f"trial {trial_id}",
            sentence="it waits for a task and none is written down.",
            mend=lambda id_=trial_id: _task_again(store, id_),  # type: ignore[misc]  # the default binds this trial
        )


def _attempts(store: Store) -> Iterator[Finding]:
    for row in store.database.rows(NEVER_ANSWERED):
        yield Finding(
            what="state contradicts journal",
            where=f"trial {row['trial_id']}",
            sentence=f"it is {row['state']}, and its step {row['step']!r} is still asked.",
            mend=lambda r=tuple(row): _close_asking(store, *r),  # type: ignore[misc]  # the default binds this row
        )
    for row in store.database.rows(REPLY_LOST):
        yield Finding(
            what="reply missing",
            where=f"trial {row['trial_id']}",
            sentence=f"its step {row['step']!r} was answered and no reply is kept. {RESTORE}",
            mend=lambda r=tuple(row): _close_asking(store, *r),  # type: ignore[misc]  # the default binds this row
        )


def _done_without(store: Store) -> Iterator[Finding]:
    for trial_id in _ids(store, WITHOUT_CLIP):
        yield Finding(
            what="clip missing",
            where=f"trial {trial_id}",
            sentence=f"it is done and names no trial audio. {RESTORE}",
        )
    for trial_id in _ids(store, WITHOUT_REPLY):
        yield Finding(
            what="reply missing",
            where=f"trial {trial_id}",
            sentence="it is done, was asked of a vendor, and no reply of it is kept: its audio "
            f"cannot be made again. {RESTORE}",
        )


def _damaged_replies(store: Store) -> Iterator[Finding]:
    for row in store.database.rows("SELECT attempt_id FROM exchanges"):
        try:
            found = store.database.row(
                "SELECT e.body, a.trial_id, a.step FROM exchanges e"
                " JOIN attempts a ON a.id = e.attempt_id WHERE e.attempt_id = ?",
                (row["attempt_id"],),
            )
            if found is not None:
                zlib.decompress(found["body"])
        except (zlib.error, StoreError) as error:
            where = f"trial {found['trial_id']}" if found else "table exchanges"
            yield Finding(
                what="reply damaged",
                where=f"{where}, attempt {row['attempt_id']}",
                sentence=f"its kept reply cannot be read ({error}). {RESTORE}",
            )


def _call_in_doubt(store: Store, trial_id: str) -> str:
    with store.database.write() as connection:
        connection.execute(
            "UPDATE trials SET state = ?, error_kind = 'InDoubt', error = ? WHERE id = ?",
            (TrialState.IN_DOUBT.value, str(DOUBT), trial_id),
        )
    return "it is in doubt now; resend it or give it up."


def _task_again(store: Store, trial_id: str) -> str:
    trial = store.record(trial_id).trial
    if any(store.journal.replies(trial_id, resend=trial.resends)):
        store.move(trial_id, TrialState.SENT)
        return "the next resume reads the kept reply again, free."
    return _call_in_doubt(store, trial_id)


def _close_asking(
    store: Store, attempt: int, trial_id: str, step: str, spends: int, state: str
) -> str:
    store.journal.mark(attempt, "in doubt" if spends else "forgotten")
    if spends and not TrialState(state).is_final:
        return _call_in_doubt(store, trial_id)
    return f"the request {step!r} is written down as {'in doubt' if spends else 'forgotten'}."


def _ids(store: Store, sql: str) -> list[str]:
    return [row["id"] for row in store.database.rows(sql)]


def _some(ids: list[str]) -> str:
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return f"trials {', '.join(ids[:3])}{more}"
