"""Which model or engine made a voice: the only place that knows where that stands."""

from collections.abc import Mapping
from typing import Any

_FIELDS = ("target_model", "model", "Model")
"""What vendors call it, in what they answered or were asked."""


def made_with(evidence: Mapping[str, Any], options: Mapping[str, Any]) -> str | None:
    """Return the model or the engine of a trial; nothing where it was not named.

    Parameters
    ----------
    evidence
        What the provider said of the voice.
    options
        The request fields beside the prompt.
    """
    if version := evidence.get("engine_version"):
        return f"espeak-ng {version}"
    named = [found.get(field) for found in (evidence, options) for field in _FIELDS]
    return next((name for name in named if isinstance(name, str) and name), None)
