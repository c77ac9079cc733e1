"""Vendors' services on this machine, for trying and testing without an account or a bill."""

from collections.abc import Mapping

from voicelab.emulators.base import Emulator
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator

EMULATORS: Mapping[str, type[Emulator]] = {
    "minimax": MiniMaxEmulator,
    "dashscope": DashScopeEmulator,
    "tencent-mps": TencentMpsEmulator,
    "tencent-trtc": TencentTrtcEmulator,
    "tencent-vod": TencentVodEmulator,
}
