"""The built-in engine as a provider: the one that needs no account, no network and no money."""

import asyncio
import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from voicelab.audio import espeak
from voicelab.audio.description import Reading, read_description
from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers.base import Limits, Provider, Send


@dataclass(frozen=True, kw_only=True)
class Local(Provider):
    """The espeak-ng engine on this machine; a formant synthesiser, clearly heard as one.

    The same prompt, preview text, seed and take give the same bytes.
    """

    name: ClassVar[str] = "local"
    published: ClassVar[Limits] = Limits(parallel=os.cpu_count() or 1, typical_s=0.15, free=True)
    lasting: ClassVar[str] = "There is nothing to keep: the same prompt, seed and take speak again."
    timeout_s: float = 30.0
    """Seconds after which the engine is stopped."""

    @classmethod
    def from_env(cls) -> Self:
        """Make one; it needs nothing from the environment."""
        return cls()

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the engine cannot do, or when there is no engine."""
        if not variant.prompt.strip():
            raise UsageError(
                "local makes voices from a description and the prompt is empty. "
                "Describe the voice or drop local from the batch."
            )
        if options:
            raise UsageError(
                f"options of local hold {', '.join(map(repr, sorted(options)))}; it has none: "
                "everything is said by prompt, seed and take."
            )
        espeak.check(variant.preview_text, _read(variant, take=0, seed=0).parameters)

    async def submit(self, trial: Trial, send: Send) -> Voice:
        """Speak the preview text of `trial`; nothing is sent."""
        reading = _read(trial.variant, take=trial.take - 1, seed=trial.seed)
        speech = await asyncio.to_thread(
            espeak.speak,
            trial.variant.preview_text,
            reading.parameters,
            timeout_s=self.timeout_s,
        )
        return Voice(
            voice_id=f"local:{_digest(reading)}",
            audio=speech.wav,
            evidence={
                **reading.evidence(),
                "engine_version": speech.engine_version,
                "engine_voice": speech.voice,
                "words": [dataclasses.asdict(word) for word in speech.words],
            },
        )


def _read(variant: PromptVariant, *, take: int, seed: int) -> Reading:
    return read_description(
        variant.prompt,
        preview_text=variant.preview_text,
        language=variant.language,
        take=take,
        seed=seed,
    )


def _digest(reading: Reading) -> str:
    parameters = json.dumps(dataclasses.asdict(reading.parameters), sort_keys=True)
    return hashlib.sha256(parameters.encode()).hexdigest()[:16]
