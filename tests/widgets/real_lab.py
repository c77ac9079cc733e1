"""A real lab for widgets to drive: the local engine, and MiniMax's emulator over a real socket."""

import time
from collections.abc import Callable
from pathlib import Path

from voicelab.emulators.serve import Sandbox
from voicelab.lab import Lab
from voicelab.model import Batch
from voicelab.providers.minimax import MiniMax
from voicelab.template import grid


def until(condition: Callable[[], object], *, within_s: float = 60.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)


def open_lab(folder: Path, sandbox: Sandbox) -> Lab:
    """Return a lab whose MiniMax is the emulator."""
    key, url = sandbox.environ["MINIMAX_API_KEY"], sandbox.base_url["minimax"]
    return Lab.open(folder, providers=[MiniMax(api_key=key, base_url=url)])


def batch(*providers: str, tones: tuple[str, ...] = ("deep", "bright")) -> Batch:
    """Return a small batch."""
    variants = grid("a {tone} voice", tone=tones, preview_text="Good evening.")
    return Batch(variants=variants, providers=providers, experiment="tones")
