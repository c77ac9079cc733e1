"""Where the files that travel with voicelab are: sample prompts and notebooks."""

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(kind: str) -> Path:
    """Return the folder of `prompts` or `notebooks`, in an installed package or a checkout."""
    installed = _HERE / "_shipped" / kind
    if installed.is_dir():
        return installed
    checkout = {"prompts": "data/prompts", "notebooks": "notebooks"}
    return _HERE.parent / checkout[kind]
