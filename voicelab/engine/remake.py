"""Voices made once more from what was kept, with nothing sent: for a lab that lost something."""

from voicelab.engine.reference import with_reference
from voicelab.engine.trial_run import first_step
from voicelab.errors import Unreachable, Unreadable, VoiceLabError
from voicelab.model import Task, Trial, TrialRecord, Voice
from voicelab.providers.base import Provider, Reply, Request, Send
from voicelab.store.journal import Exchange
from voicelab.store.store import Store

MOST_STEPS = 8
"""A vendor's kept replies come to a voice within as many steps, or never."""


async def remake(store: Store, provider: Provider, record: TrialRecord) -> Voice:
    """Return the voice of `record` as its kept replies, or the built-in engine, give it.

    Raises
    ------
    VoiceLabError
        When something would have to be sent for it, or what was kept cannot be read.
    """
    try:
        return await _voice(provider, with_reference(record.trial, store), _Kept(store, record))
    except VoiceLabError:
        raise
    except Exception as error:  # a provider may be the user's own code
        raise Unreadable(
            f"the provider {provider.name} broke on the kept replies "
            f"({type(error).__name__}: {error})."
        ) from error


async def _voice(provider: Provider, trial: Trial, send: Send) -> Voice:
    outcome = await first_step(provider, trial, send)
    for _ in range(MOST_STEPS):
        if not isinstance(outcome, Task):
            return outcome
        outcome = await provider.poll(outcome, send)
    raise Unreachable(f"the kept replies of {provider.name} end with a task that is not done.")


class _Kept:
    """A `send` that only ever returns the newest kept reply of a step."""

    def __init__(self, store: Store, record: TrialRecord) -> None:
        trial = record.trial
        self._kept: dict[str, Exchange] = store.journal.replies(trial.id, resend=trial.resends)

    async def __call__(self, request: Request) -> Reply:
        kept = self._kept.get(request.step)
        if kept is None:
            raise Unreachable(f"no reply to its step {request.step!r} was kept.")
        return Reply(status=kept.status, headers=kept.headers, content=kept.content)
