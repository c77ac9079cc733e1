"""Vendors' services on this machine, for trying and testing without an account or a bill."""

from collections.abc import Callable, Mapping

from voicelab.emulators.base import Emulator
from voicelab.emulators.minimax import MiniMaxEmulator

EMULATORS: Mapping[str, Callable[[], Emulator]] = {
    "minimax": MiniMaxEmulator,
}
