"""What the provider tests share: good trials, and a `send` over real HTTP."""

import asyncio
import itertools
from dataclasses import dataclass, field

import httpx

from voicelab.model import PromptVariant, Trial
from voicelab.providers.base import Reply, Request, redacted

PROMPT = "A calm, deep male narrator."
PREVIEW_TEXT = "On a stormy night, the ancient bell tower struck twelve."


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


def make_variant(**changes):
    """Return a prompt variant any vendor takes, with `changes`."""
    return PromptVariant(
        **{"label": "plain", "prompt": PROMPT, "preview_text": PREVIEW_TEXT, **changes}
    )


_numbers = itertools.count()


def make_trial(provider="minimax", *, take=1, options=None, **changes):
    """Return a new trial of such a variant, under an id no other has."""
    return Trial(
        id=f"vl{next(_numbers):014x}",
        batch_id="b",
        index=0,
        variant=make_variant(**changes),
        provider=provider,
        take=take,
        options=options or {},
    )


def submit(provider, trial, send=None):
    """Submit to the end and return the voice."""
    return asyncio.run(provider.submit(trial, send or Wire(secrets=provider.secrets)))
