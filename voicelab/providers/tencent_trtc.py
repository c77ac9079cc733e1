"""Tencent TRTC voice cloning: the only place with its words.

Sources: the vendor's pages "VoiceClone" and "TextToSpeech" of the TRTC API (version 2019-07-22)
under https://www.tencentcloud.com/document/api/647, the API models of its command line tools, and
its examples at https://github.com/Tencent-RTC/FlowTTS.
"""

import asyncio
import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from voicelab.audio.reference import Prepared, prepare
from voicelab.errors import InDoubt, Refused, Throttled, Unreadable, UsageError
from voicelab.model import PromptVariant, Trial, Voice, Wants
from voicelab.providers import tencent_trtc_fields as fields
from voicelab.providers._tc3 import Api, Code, Credentials, endpoint
from voicelab.providers.base import Limits, Provider, Send
from voicelab.providers.options import Option
from voicelab.providers.secret import address_from_env, setting
from voicelab.providers.tencent_trtc_fields import VENDOR, Site
from voicelab.providers.wire import told

INTERNATIONAL = "https://trtc.intl.tencentcloudapi.com"
MAINLAND = "https://trtc.tencentcloudapi.com"
SAMPLE_RATE = 24000
"""Hz: the higher of the two offered."""
LONGEST_S = 180.0
SPEAK_FIELDS = ("Voice", "AudioFormat", "PronunciationDict", "AlignmentMode")
"""Options that go to the second call only."""
BOTH_FIELDS = ("Model",)
"""Options that go to both calls: a voice is spoken with the model that cloned it.

All others go to the first call only."""
RECORDING = "Take another recording: one voice, clean, 16 kHz or more."
OPTION = "Mend the option it names."
FIELD = "voicelab should never cause this; report it with the request id."

CODES: Mapping[str, Code] = {
    "FailedOperation.RestrictedConcurrency": Code(Throttled),
    "FailedOperation.RestrictedFrequency": Code(Throttled),
    "InvalidParameter.AudioPrompt": Code(Refused, RECORDING),
    "InvalidParameter.Language": Code(Refused, "Name another language, or none."),
    "InvalidParameter.Model": Code(Refused, OPTION),
    "InvalidParameter.Pitch": Code(Refused, OPTION),
    "InvalidParameter.PronunciationDict": Code(Refused, OPTION),
    "InvalidParameter.SampleRate": Code(Refused, FIELD),
    "InvalidParameter.SdkAppId": Code(Refused, "Check TENCENTCLOUD_SDK_APP_ID."),
    "InvalidParameter.Speed": Code(Refused, OPTION),
    "InvalidParameter.Text": Code(Refused, "Change the preview text."),
    "InvalidParameter.TextLength": Code(Refused, "Shorten the preview text."),
    "InvalidParameter.VoiceId": Code(Refused, "Use the id of a voice of this SdkAppId."),
    "InvalidParameter.VoiceName": Code(Refused, OPTION),
    "InvalidParameter.Volume": Code(Refused, OPTION),
    "LimitExceeded.ConcurrencyLimit": Code(Throttled),
    "LimitExceeded.VoiceCloneMaxNumLimit": Code(
        Refused, "No call of the API deletes a clone; ask the vendor to raise the number."
    ),
    "MissingParameter.APIKey": Code(
        Refused, "Look in the TRTC console whether speech synthesis is enabled for the SdkAppId."
    ),
    "UnsupportedOperation.InternalError": Code(InDoubt),
    "UnsupportedOperation.NotAllowed": Code(Refused, "Ask the vendor to allow it."),
    "UnsupportedOperation.VoiceCloneError": Code(Refused, RECORDING),
}
"""Every documented code of the two calls, of both sites, beside the common ones."""


@dataclass(frozen=True, kw_only=True)
class TencentTrtc(Provider):
    """Tencent TRTC: a voice cloned from a recording, then a second call to hear it."""

    name: ClassVar[str] = VENDOR
    wants: ClassVar[Wants] = Wants.REFERENCE
    speak_options: ClassVar[tuple[str, ...]] = SPEAK_FIELDS + BOTH_FIELDS
    published: ClassVar[Limits] = Limits(
        preview_characters=fields.INTERNATIONAL.text_characters,
        requests_per_second=fields.INTERNATIONAL.requests_per_second,
        typical_s=10.0,
        reference_s=(fields.INTERNATIONAL.shortest_s, LONGEST_S),
        reference_form="a file, a link or an earlier trial, sent as 16 kHz mono WAV",
        sample_rates=fields.INTERNATIONAL.rates,
        names="names of 1 to 36 letters, digits and '_'",
    )
    lasting: ClassVar[str] = (
        "The vendor names no end of a clone, and no call lists or deletes it; it is spoken with "
        "by its id."
    )
    warning: ClassVar[str] = "A Chinese character counts as two."
    declared: ClassVar[tuple[Option, ...]] = (
        fields.NAME,
        *fields.spoken_options(fields.INTERNATIONAL),
    )
    declared_for_speech: ClassVar[tuple[Option, ...]] = declared[1:]
    credentials: Credentials
    sdk_app_id: int
    """The TRTC application the voices belong to."""
    base_url: str = INTERNATIONAL
    """`INTERNATIONAL`, `MAINLAND`, or an emulator."""
    region: str = ""
    """The usual one of the site where empty."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for an endpoint, a region or an application that cannot be used."""
        known = (INTERNATIONAL, MAINLAND)
        found = endpoint(self.base_url, variable="TENCENTCLOUD_TRTC_ENDPOINT", known=known)
        object.__setattr__(self, "base_url", found)
        object.__setattr__(self, "region", self.region or self.site.regions[0])
        if self.region not in self.site.regions and not self.emulated:
            raise UsageError(
                f"TENCENTCLOUD_REGION is {self.region!r}; {urlsplit(self.base_url).hostname} "
                f"clones voices in {' or '.join(self.site.regions)}."
            )
        if type(self.sdk_app_id) is not int or not 0 < self.sdk_app_id < 2**32:
            raise UsageError(
                f"TENCENTCLOUD_SDK_APP_ID is {self.sdk_app_id!r}; it is a whole number such as "
                "1400000000. Copy it from the TRTC console."
            )

    @classmethod
    def from_env(cls) -> Self:
        """Read the key of the Cloud API and `TENCENTCLOUD_SDK_APP_ID`.

        Where it is not the international site, also `TENCENTCLOUD_TRTC_ENDPOINT` and
        `TENCENTCLOUD_REGION`.
        """
        credentials = Credentials.from_env(VENDOR)
        read = {name: setting(f"TENCENTCLOUD_{name}") for name in ("SDK_APP_ID", "REGION")}
        if not re.fullmatch(r"[0-9]{1,10}", read["SDK_APP_ID"]):
            found = repr(read["SDK_APP_ID"]) if read["SDK_APP_ID"] else "not set"
            raise UsageError(
                f"TENCENTCLOUD_SDK_APP_ID is {found}; set it to the SdkAppId of your TRTC "
                f"application, a number, or drop {VENDOR} from the batch."
            )
        return cls(
            credentials=credentials,
            sdk_app_id=int(read["SDK_APP_ID"]),
            base_url=address_from_env("TENCENTCLOUD_TRTC_ENDPOINT") or INTERNATIONAL,
            region=read["REGION"],
        )

    @property
    def site(self) -> Site:
        """Whose bounds hold, by the endpoint."""
        return fields.MAINLAND if self.base_url == MAINLAND else fields.INTERNATIONAL

    @property
    def limits(self) -> Limits:
        """Published, by the site."""
        return replace(
            self.published,
            preview_characters=self.site.text_characters,
            requests_per_second=self.site.requests_per_second,
            reference_s=(self.site.shortest_s, LONGEST_S),
            sample_rates=self.site.rates,
        )

    @property
    def options(self) -> tuple[Option, ...]:
        """Declared, by the site."""
        return (fields.NAME, *fields.spoken_options(self.site))

    @classmethod
    def characters(cls, text: str) -> int:
        """Return how many characters a text has as the vendor counts: a Chinese one is two."""
        return fields.characters(text)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return self.credentials.secrets

    @property
    def account(self) -> str:
        """The endpoint, and enough of a digest of the key to tell two keys apart."""
        return f"{self.base_url} {self.credentials.digest}"

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        speaking = variant.voice_id is not None
        if not speaking:
            fields.check_reference(variant)
        fields.check_text(variant, self.site)
        fields.check_options(options, self.options, speaking=speaking)

    def check_recording(self, audio: bytes) -> None:
        """Raise `UsageError` for a recording that cannot be made into what the vendor clones."""
        self._prepared(audio)

    async def submit(self, trial: Trial, send: Send) -> Voice:
        """Clone the reference under the trial's own name, then say its preview text."""
        recording = await asyncio.to_thread(self._prepared_for, trial)
        cloned = await self._api.ask(
            "clone", "VoiceClone", self._clone_body(trial, recording), spends=True, send=send
        )
        voice_id = cloned.get("VoiceId")
        if not isinstance(voice_id, str) or not voice_id:
            raise _unreadable(cloned, f"sent no VoiceId but {type(voice_id).__name__}")
        chosen = {
            name: value for name, value in trial.options.items() if name in self.speak_options
        }
        try:
            spoken = await self._said(trial, voice_id, chosen, send)
        except (Refused, InDoubt) as error:
            raise type(error)(
                f"{error} The voice itself was cloned: "
                f"speak with it as voice_id={voice_id!r:.300}.",
                code=error.code,
                vendor_message=error.vendor_message,
                request_id=error.request_id,
            ) from None
        return replace(
            spoken,
            evidence={
                "reference_changes": list(recording.changes),
                "reference_duration_s": round(recording.duration_s, 3),
            },
        )

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with its kept voice.

        Raises
        ------
        UsageError
            When the row names no voice.
        """
        voice_id = trial.variant.voice_id
        if not voice_id:
            raise UsageError(f"row {trial.variant.label!r} names no voice to speak with.")
        return await self._said(trial, voice_id, trial.options, send)

    @property
    def _api(self) -> Api:
        return Api(
            vendor=VENDOR,
            service="trtc",
            version="2019-07-22",
            base_url=self.base_url,
            credentials=self.credentials,
            codes=CODES,
            region=self.region,
        )

    def _prepared(self, audio: bytes) -> Prepared:
        return prepare(audio, min_s=self.site.shortest_s, max_s=LONGEST_S)

    def _prepared_for(self, trial: Trial) -> Prepared:
        if trial.reference_audio is None:
            raise Refused(f"{VENDOR} was not asked: the trial has no recording to clone.")
        try:
            return self._prepared(trial.reference_audio)
        except UsageError as error:
            raise Refused(f"{VENDOR} was not asked: {error}") from None

    def _clone_body(self, trial: Trial, recording: Prepared) -> dict[str, Any]:
        reference = trial.variant.reference
        transcript = reference.transcript if reference else None
        return {
            "SdkAppId": self.sdk_app_id,
            "VoiceName": trial.name,
            "PromptAudio": base64.b64encode(recording.wav).decode(),
            **({"PromptText": transcript} if transcript else {}),
            **{name: value for name, value in trial.options.items() if name not in SPEAK_FIELDS},
        }

    async def _said(
        self, trial: Trial, voice_id: str, options: Mapping[str, Any], send: Send
    ) -> Voice:
        language = fields.language(trial.variant)
        # Unless asked for WAV, the vendor sends samples without a header.
        sound = {"Format": "wav", "SampleRate": SAMPLE_RATE, **options.get("AudioFormat", {})}
        body = {
            "SdkAppId": self.sdk_app_id,
            "Text": trial.variant.preview_text,
            **({"Language": language} if language else {}),
            **options,
            "AudioFormat": sound,
            "Voice": {**options.get("Voice", {}), "VoiceId": voice_id},
        }
        said = await self._api.ask("speak", "TextToSpeech", body, spends=True, send=send)
        bare = sound["Format"] == "pcm"
        pcm_rate = sound["SampleRate"] if bare else None
        return Voice(voice_id=voice_id, audio=_audio(said), pcm_rate=pcm_rate)


def _audio(said: Mapping[str, Any]) -> bytes:
    text = said.get("Audio")
    if not isinstance(text, str):
        raise _unreadable(said, f"sent no Audio but {type(text).__name__}")
    try:
        audio = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _unreadable(
            said, f"sent Audio that is not base64 ({len(text)} characters: {error})"
        ) from None
    if not audio:
        raise _unreadable(said, "sent an empty Audio")
    return audio


def _unreadable(response: Mapping[str, Any], found: str) -> Unreadable:
    return Unreadable(
        f"{VENDOR} said yes and {found}. The reply is kept.",
        request_id=told(response.get("RequestId")) or None,
    )
