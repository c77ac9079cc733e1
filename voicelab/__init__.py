"""Design synthetic voices from text descriptions: describe, submit, hear, see, measure, export.

Everything here is loaded when it is first used, so that importing voicelab is instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicelab.errors import (
        InDoubt,
        Refused,
        StoreError,
        Throttled,
        TrialError,
        Unreachable,
        Unreadable,
        UsageError,
        VoiceLabError,
    )
    from voicelab.experiment import Experiment
    from voicelab.lab import Lab
    from voicelab.model import Batch, PromptVariant, Reference
    from voicelab.providers import PROVIDERS
    from voicelab.providers.base import Provider
    from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
    from voicelab.providers.minimax import MiniMax
    from voicelab.providers.tencent_mps import TencentMps
    from voicelab.providers.tencent_trtc import TencentTrtc
    from voicelab.providers.tencent_vod import TencentVodCustom, TencentVodDesign
    from voicelab.tables.columns import describe_columns
    from voicelab.template import grid

__version__ = "0.1.0"

_HOMES = {
    "Batch": "voicelab.model",
    "DashScopeCosyVoice": "voicelab.providers.dashscope",
    "DashScopeQwen": "voicelab.providers.dashscope",
    "Experiment": "voicelab.experiment",
    "InDoubt": "voicelab.errors",
    "Lab": "voicelab.lab",
    "MiniMax": "voicelab.providers.minimax",
    "PROVIDERS": "voicelab.providers",
    "PromptVariant": "voicelab.model",
    "Provider": "voicelab.providers.base",
    "Reference": "voicelab.model",
    "Refused": "voicelab.errors",
    "StoreError": "voicelab.errors",
    "TencentMps": "voicelab.providers.tencent_mps",
    "TencentTrtc": "voicelab.providers.tencent_trtc",
    "TencentVodCustom": "voicelab.providers.tencent_vod",
    "TencentVodDesign": "voicelab.providers.tencent_vod",
    "Throttled": "voicelab.errors",
    "TrialError": "voicelab.errors",
    "Unreachable": "voicelab.errors",
    "Unreadable": "voicelab.errors",
    "UsageError": "voicelab.errors",
    "VoiceLabError": "voicelab.errors",
    "describe_columns": "voicelab.tables.columns",
    "grid": "voicelab.template",
}

__all__ = [
    "PROVIDERS",
    "Batch",
    "DashScopeCosyVoice",
    "DashScopeQwen",
    "Experiment",
    "InDoubt",
    "Lab",
    "MiniMax",
    "PromptVariant",
    "Provider",
    "Reference",
    "Refused",
    "StoreError",
    "TencentMps",
    "TencentTrtc",
    "TencentVodCustom",
    "TencentVodDesign",
    "Throttled",
    "TrialError",
    "Unreachable",
    "Unreadable",
    "UsageError",
    "VoiceLabError",
    "describe_columns",
    "grid",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'voicelab' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
