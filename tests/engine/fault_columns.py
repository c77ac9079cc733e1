"""The columns of the fault matrix: every wire provider, its emulator, and its words for a step."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waits import quick as quick

from voicelab.audio import espeak
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Emulator
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.model import Batch, PromptVariant, Reference
from voicelab.providers._tc3 import Credentials
from voicelab.providers.base import Provider
from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
from voicelab.providers.minimax import MiniMax
from voicelab.providers.tencent_mps import TencentMps
from voicelab.providers.tencent_trtc import TencentTrtc
from voicelab.providers.tencent_vod import TencentVodCustom, TencentVodDesign

PREVIEW_TEXT = "Good evening."
FAST = 6000


@dataclass(frozen=True, kw_only=True)
class Column:
    """A wire provider, the emulator behind it, and which of its endpoints a step asks."""

    name: str
    emulator: Callable[[], Emulator]
    provider: Callable[[Any, str, "Recording"], Provider]
    endpoints: Mapping[str, str]
    paid: tuple[str, ...]
    """The endpoints that cost something."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Twelve seconds of speech, as a file and behind a link of this machine."""

    path: Path
    url: str

    async def publish(self, audio: bytes, name: str) -> str:
        """Return the link, as a user's own `publish` would."""
        return self.url


def _minimax(emulator: Any, url: str, recording: Recording) -> Provider:
    return MiniMax(api_key=emulator.api_key, base_url=url, requests_per_minute=FAST)


def _cosyvoice(emulator: Any, url: str, recording: Recording) -> Provider:
    return DashScopeCosyVoice(api_key=emulator.api_key, base_url=url)


def _qwen(emulator: Any, url: str, recording: Recording) -> Provider:
    return DashScopeQwen(api_key=emulator.api_key, base_url=url)


def _credentials(emulator: Any) -> Credentials:
    return Credentials(
        secret_id=emulator.secret_id, secret_key=emulator.secret_key, token=emulator.token
    )


def _mps(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentMps(credentials=_credentials(emulator), base_url=url)


def _vod(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentVodCustom(
        credentials=_credentials(emulator), base_url=url, publish=recording.publish
    )


def _vod_design(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentVodDesign(credentials=_credentials(emulator), base_url=url)


def _trtc(emulator: Any, url: str, recording: Recording) -> Provider:
    return TencentTrtc(
        credentials=_credentials(emulator), base_url=url, sdk_app_id=emulator.sdk_app_id
    )


_DASHSCOPE = {
    "make": "design",
    "look": "list",
    "ask": "query",
    "speak": "speak",
    "link": "fetch",
    "list": "list",
    "drop": "delete",
}
_VOD = {"poll": "DescribeTaskDetail", "fetch": "fetch", "look": "DescribeTasks"}
_SHELF = {"list": "DescribeVoices", "drop": "DeleteVoice"}

COLUMNS: Mapping[str, Column] = {
    "minimax": Column(
        name="minimax",
        emulator=lambda: MiniMaxEmulator(requests_per_minute=FAST),
        provider=_minimax,
        endpoints={"make": "design", "speak": "speak", "list": "list", "drop": "delete"},
        paid=("design", "speak"),
    ),
    "cosyvoice": Column(
        name="dashscope-cosyvoice",
        emulator=lambda: DashScopeEmulator(review_s=0.0),
        provider=_cosyvoice,
        endpoints=_DASHSCOPE,
        paid=("design", "speak"),
    ),
    "qwen": Column(
        name="dashscope-qwen",
        emulator=lambda: DashScopeEmulator(free_creates=0),
        provider=_qwen,
        endpoints=_DASHSCOPE,
        paid=("design", "speak"),
    ),
    "mps": Column(
        name="tencent-mps",
        emulator=lambda: TencentMpsEmulator(processing_s=0.0),
        provider=_mps,
        endpoints={
            "make": "DesignVoiceAsync",
            "poll": "DescribeDesignTask",
            "fetch": "fetch",
            "look": "DescribeVoices",
            "speak": "TextToSpeech",
            **_SHELF,
        },
        paid=("DesignVoiceAsync", "TextToSpeech"),
    ),
    "vod": Column(
        name="tencent-vod",
        emulator=lambda: TencentVodEmulator(waiting_s=0.0, processing_s=0.0),
        provider=_vod,
        endpoints={"make": "CreateAigcCustomVoice", **_VOD},
        paid=("CreateAigcCustomVoice",),
    ),
    "vod-design": Column(
        name="tencent-vod-design",
        emulator=lambda: TencentVodEmulator(waiting_s=0.0, processing_s=0.0),
        provider=_vod_design,
        endpoints={"make": "DesignVoiceAsync", **_VOD, "speak": "TextToSpeechSync", **_SHELF},
        paid=("DesignVoiceAsync", "TextToSpeechSync"),
    ),
    "trtc": Column(
        name="tencent-trtc",
        emulator=TencentTrtcEmulator,
        provider=_trtc,
        endpoints={"make": "VoiceClone", "then": "TextToSpeech", "speak": "TextToSpeech"},
        paid=("VoiceClone", "TextToSpeech"),
    ),
}


@contextmanager
def recorded(folder: Path) -> Iterator[Recording]:
    """Speak the recording that is cloned, and put it behind a link."""
    wav = espeak.speak(f"{PREVIEW_TEXT} " * 12, VoiceParameters()).wav
    path = folder / "recording.wav"
    path.write_bytes(wav)
    with serve(["tencent-vod"]) as shelf:
        emulator = shelf["tencent-vod"]
        kept = emulator.keep(wav, suffix=".wav", now=emulator.clock())
        yield Recording(path=path, url=f"{shelf.base_url['tencent-vod']}/storage/{kept}")


def one_trial_each(columns: Mapping[str, Column], recording: Recording) -> Batch:
    """Return a batch of one trial for each of the providers."""
    row = PromptVariant(
        label="a row",
        prompt="A calm, deep male narrator.",
        preview_text=PREVIEW_TEXT,
        reference=Reference(path=recording.path),
    )
    return Batch(variants=[row], providers=[column.name for column in columns.values()])


def sold(column: Column, emulator: Any, endpoint: str) -> int:
    """How many calls of an endpoint made something; a CosyVoice design is free, and counts."""
    free = column.name == "dashscope-cosyvoice" and endpoint == "design"
    calls = emulator.ledger.of(endpoint)
    return sum(call.charged > 0 or (free and call.voice_id is not None) for call in calls)
