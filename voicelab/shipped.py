"""Where the files that travel with voicelab are: sample prompts, notebooks, prices."""

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(kind: str) -> Path:
    """Return where `prompts`, `notebooks` or `prices.toml` is, installed or in a checkout."""
    installed = _HERE / "_shipped" / kind
    if installed.exists():
        return installed
    checkout = {
        "prompts": "data/prompts",
        "notebooks": "notebooks",
        "prices.toml": "data/prices.toml",
    }
    return _HERE.parent / checkout[kind]
