"""The words of DashScope's wire: its two dialects and its codes.

Sources: the vendor's pages "Voice Design API reference", "Error codes" and "Rate limits" under
https://help.aliyun.com/zh/model-studio (Beijing) and
https://www.alibabacloud.com/help/en/model-studio (Singapore); public reports of live answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from voicelab.errors import InDoubt, Refused, Throttled, TrialError

SLOTS = 1000
"""Voices an account may have, for each dialect."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One family's words on the endpoint both share; the vendor tells them apart by `model`."""

    model: str
    create: str
    list: str
    query: str
    delete: str
    id_field: str
    id_shape: re.Pattern[str]
    """Of a designed voice's id, with the group `name`."""
    name_field: str
    name_rule: re.Pattern[str]
    name_characters: int
    """How much of the end of a trial's name its voice is called by."""
    name_words: str
    language_field: str
    language_is_a_list: bool
    languages: tuple[str, ...]
    rates: tuple[int, ...]
    formats: tuple[str, ...]
    prompt_characters: int
    preview_characters: int
    targets: re.Pattern[str]
    target_words: str
    speech_path: str
    speech_characters: int
    regions: tuple[str, ...]
    """Where its voices are designed, by the names in the hosts of workspaces."""
    retirement: str = ""
    """What a 403 or 404 most likely means, where the vendor has announced an end."""


COSYVOICE = Dialect(
    model="voice-enrollment",
    create="create_voice",
    list="list_voice",
    query="query_voice",
    delete="delete_voice",
    id_field="voice_id",
    id_shape=re.compile(r".+-vd-(?P<name>[A-Za-z0-9]+)-[A-Za-z0-9]+"),
    name_field="prefix",
    name_rule=re.compile(r"[A-Za-z0-9]{1,10}"),
    name_characters=9,  # the page allows ten, the vendor's own client says fewer than ten
    name_words="1 to 10 letters and digits",
    language_field="language_hints",
    language_is_a_list=True,
    languages=("zh", "en"),
    rates=(16000, 24000, 48000),
    formats=("wav", "mp3", "pcm"),
    prompt_characters=500,
    preview_characters=200,
    # That only v3.5 models take designs is said by a third party and not by the vendor.
    targets=re.compile(r"(cosyvoice|qwen-audio)-[a-z0-9.-]+"),
    target_words="cosyvoice-v3.5-plus, cosyvoice-v3.5-flash or a qwen-audio model",
    speech_path="/services/audio/tts/SpeechSynthesizer",
    speech_characters=20_000,
    regions=("cn-beijing",),  # an older page had Singapore, too; the newest has Beijing alone
)
QWEN = Dialect(
    model="qwen-voice-design",
    create="create",
    list="list",
    query="query",
    delete="delete",
    id_field="voice",
    id_shape=re.compile(r"qwen-tts-vd-(?P<name>[A-Za-z0-9_]+)-voice-.+"),
    name_field="preferred_name",
    name_rule=re.compile(r"[A-Za-z0-9_]{1,16}"),
    name_characters=16,
    name_words="1 to 16 letters, digits and '_'",
    language_field="language",
    language_is_a_list=False,
    languages=("zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"),
    rates=(8000, 16000, 24000, 48000),
    formats=("wav", "mp3", "pcm", "opus"),
    prompt_characters=2048,
    preview_characters=1024,
    targets=re.compile(r"qwen3?-tts-vd-[a-z0-9.-]+"),
    target_words="qwen3-tts-vd-2026-01-26 or another qwen3-tts-vd model",
    speech_path="/services/aigc/multimodal-generation/generation",
    speech_characters=600,
    regions=("cn-beijing", "ap-southeast-1"),
    retirement="Alibaba announced the retirement of qwen-voice-design for 2026-10-10; "
    "if it is gone, use dashscope-cosyvoice.",
)
LANGUAGE_TYPES = {
    "zh": "Chinese",
    "en": "English",
    "de": "German",
    "it": "Italian",
    "pt": "Portuguese",
    "es": "Spanish",
    "ja": "Japanese",
    "ko": "Korean",
    "fr": "French",
    "ru": "Russian",
}
"""How the Qwen synthesis calls a language."""


class Code(NamedTuple):
    """What a no of the vendor's means here."""

    error: type[TrialError]
    words: str
    """The vendor's, shown where a reply brings none."""
    advice: str = ""


KEY = "Check the key, and that DASHSCOPE_HTTP_BASE_URL is the region it was made in."
CONSOLE = "Look at the account in the Model Studio console."
ACCESS = f"{CONSOLE} The key or its workspace may not use this model."
MODEL = "Check target_model and the region; not every model is in every region."
GONE = "It may have been deleted, or lapsed after a year unused; look at the shelf."
FULL = f"{CONSOLE} If its {SLOTS} voices are all taken, delete some; waiting does not help."

CODES: Mapping[str, Code] = {
    "InvalidParameter": Code(Refused, "invalid parameter", "Mend the field it names."),
    "DataInspectionFailed": Code(Refused, "inappropriate content", "Change the wording."),
    "Arrearage": Code(Refused, "the account is in arrears", "Top it up, then send it anew."),
    "VoiceNotFound": Code(Refused, "voice not found", GONE),
    "BadRequest.VoiceNotFound": Code(Refused, "voice not found", GONE),
    "BadRequest.ResourceNotExist": Code(Refused, "the resource does not exist", GONE),
    "Throttling.AllocationQuota": Code(Refused, "the quota is used up", FULL),
    "invalid_value": Code(
        Refused,
        "the voice is not supported",
        "Speak with the model the voice was designed for.",
    ),
    "InvalidApiKey": Code(Refused, "invalid API key", KEY),
    "NOT AUTHORIZED": Code(Refused, "not authorised for this workspace", KEY),
    "AccessDenied": Code(Refused, "access denied", ACCESS),
    "AccessDenied.Unpurchased": Code(Refused, "Model Studio is not activated", CONSOLE),
    "Model.AccessDenied": Code(Refused, "no access to the model", ACCESS),
    "Workspace.AccessDenied": Code(Refused, "no access to the workspace", ACCESS),
    "Endpoint.AccessDenied": Code(Refused, "no access to the endpoint", ACCESS),
    "AllocationQuota.FreeTierOnly": Code(Refused, "the free tier is used up", CONSOLE),
    "ModelNotFound": Code(Refused, "the model cannot be found", MODEL),
    "WorkSpaceNotFound": Code(Refused, "the workspace cannot be found", KEY),
    "NotFound": Code(Refused, "not found", MODEL),
    "Throttling": Code(Throttled, "rate limit"),
    "Throttling.RateQuota": Code(Throttled, "rate limit"),
    "Throttling.BurstRate": Code(Throttled, "the request rate rose too quickly"),
    "Throttling.Concurrency": Code(Throttled, "too many requests at once"),
    "CommodityNotPurchased": Code(Refused, "not purchased", CONSOLE),
    "PrepaidBillOverdue": Code(Refused, "the prepaid bill is overdue", CONSOLE),
    "PostpaidBillOverdue": Code(Refused, "the postpaid bill is overdue", CONSOLE),
    "Audio": Code(
        Refused,
        "a fault of a clone's recording",
        "A design should never get this; report it with the request id.",
    ),
    "InternalError": Code(InDoubt, "internal error"),
    "InternalError.Algo": Code(InDoubt, "internal error of the algorithm"),
    "SystemError": Code(InDoubt, "system error"),
    "RequestTimeOut": Code(InDoubt, "request timed out"),
    "ServiceUnavailable": Code(InDoubt, "service unavailable"),
    "ModelUnavailable": Code(InDoubt, "model unavailable"),
}
"""Every documented code. What may have been carried out is in doubt; a free reading is asked again.

A longer code that begins with one of these and a dot means the same (`Audio.DecoderError`).
`Throttling.AllocationQuota` is no rate: asked again it says the same until something is deleted.
"""
