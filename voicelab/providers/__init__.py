"""Every vendor voicelab knows, by name."""

import difflib
from collections.abc import Mapping

from voicelab.errors import UsageError
from voicelab.providers.base import Provider
from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
from voicelab.providers.local import Local
from voicelab.providers.minimax import MiniMax
from voicelab.providers.tencent_mps import TencentMps
from voicelab.providers.tencent_trtc import TencentTrtc
from voicelab.providers.tencent_vod import TencentVodCustom, TencentVodDesign

PROVIDERS: Mapping[str, type[Provider]] = {
    "local": Local,
    "minimax": MiniMax,
    "dashscope-cosyvoice": DashScopeCosyVoice,
    "dashscope-qwen": DashScopeQwen,
    "tencent-mps": TencentMps,
    "tencent-trtc": TencentTrtc,
    "tencent-vod": TencentVodCustom,
    "tencent-vod-design": TencentVodDesign,
}


def provider(name: str) -> Provider:
    """Make the provider called `name`, with its keys from the environment.

    Raises
    ------
    UsageError
        An unknown name, or a variable that is not set.
    """
    return kind_of(name).from_env()


def kind_of(name: str) -> type[Provider]:
    """Return the class of the provider called `name`.

    Raises
    ------
    UsageError
        When there is none.
    """
    if name not in PROVIDERS:
        close = difflib.get_close_matches(name, PROVIDERS, n=2)
        hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise UsageError(
            f"there is no provider {name!r}.{hint} There are: {', '.join(sorted(PROVIDERS))}."
        )
    return PROVIDERS[name]
