"""What the provider tests share: good trials, and a `send` over real HTTP."""

import asyncio
import functools
import itertools
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from voicelab.audio import espeak
from voicelab.audio.parameters import VoiceParameters
from voicelab.model import PromptVariant, Reference, Task, Trial
from voicelab.providers.base import Reply, Request
from voicelab.providers.redaction import redacted

PROMPT = "A calm, deep male narrator."
PREVIEW_TEXT = "On a stormy night, the ancient bell tower struck twelve."
REFERENCES = {"tencent-trtc": Reference(path=Path("recording.wav"))}
"""What the rows of providers that clone refer to."""


@dataclass
class Wire:
    """A `send` over real HTTP that remembers every request, and the bytes that left."""

    timeout_s: float = 30.0
    secrets: tuple[str, ...] = ()
    requests: list[Request] = field(default_factory=list)
    sent: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        async with httpx.AsyncClient(trust_env=False, timeout=self.timeout_s) as client:
            response = await client.request(
                request.method,
                request.url,
                json=request.body,
                headers=request.headers,
                auth=request.auth,
            )
        self.sent.append(response.request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        reply = Reply(status=response.status_code, headers=headers, content=response.content)
        return redacted(reply, self.secrets)


@functools.cache
def recording():
    """Return twelve seconds of speech in a WAV file: within every vendor's window."""
    return espeak.speak(f"{PREVIEW_TEXT} " * 3, VoiceParameters()).wav


def make_variant(provider=None, **changes):
    """Return a prompt variant that `provider`, or any vendor of designs, takes, with `changes`."""
    good = {"label": "plain", "prompt": PROMPT, "preview_text": PREVIEW_TEXT}
    return PromptVariant(**{**good, "reference": REFERENCES.get(provider), **changes})


_numbers = itertools.count()


def make_trial(provider="minimax", *, take=1, options=None, **changes):
    """Return a new trial of such a variant, under an id no other has."""
    variant = make_variant(provider, **changes)
    from_file = variant.reference is not None and variant.reference.path is not None
    return Trial(
        id=f"vl{next(_numbers):014x}",
        batch_id="b",
        index=0,
        variant=variant,
        provider=provider,
        take=take,
        options=options or {},
        reference_audio=recording() if from_file else None,
    )


def submit(provider, trial, send=None):
    """Submit, ask after the task where one comes, and return the voice."""
    return asyncio.run(_to_the_end(provider, trial, send or Wire(secrets=provider.secrets)))


async def _to_the_end(provider, trial, send):
    outcome = await provider.submit(trial, send)
    while isinstance(outcome, Task):
        await asyncio.sleep(0.1)
        outcome = await provider.poll(outcome, send)
    return outcome
