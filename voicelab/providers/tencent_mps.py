"""Tencent MPS voice design: the only place with its words.

Sources: the vendor's page "DesignVoiceAsync" and those of the calls around it, under
https://www.tencentcloud.com/document/product/1041, and the fields of its published SDK.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

from voicelab.errors import Refused, TrialError, Unreadable, UsageError
from voicelab.model import PromptVariant, Task, Trial, Voice
from voicelab.providers._tc3 import FIELD, Api, Code, Credentials, endpoint, error_of, fetch
from voicelab.providers._tencent_profile import profile
from voicelab.providers.base import Limits, Provider, Send, Shelf, ShelvedVoice
from voicelab.providers.options import Group, Kind, Option, check_declared
from voicelab.providers.secret import address_from_env
from voicelab.providers.wire import PROMPT, TEXT, VOICE_ID, check_length, check_options, told

VENDOR = "tencent-mps"
INTERNATIONAL = "https://mps.intl.tencentcloudapi.com"
MAINLAND = "https://mps.tencentcloudapi.com"
VARIABLE = "TENCENTCLOUD_MPS_ENDPOINT"
VERSION = "2019-06-12"
PREVIEW_CHARACTERS = 500
SLOTS = 100
"""Designed and cloned voices an account may have by default."""
WORKING = 100
"""`ErrorCode` of a task that is still under way."""
WAV = '{"synExt": {"format": "wav", "sampleRate": 16000}}'

PAGE = "https://www.tencentcloud.com/document/product/1041"
PROFILE = Group(name="VoiceProfile", title="Voice profile")
CHANGED = Group(name="VoiceFields", title="Voice fields", closed=True)
"""What `update` changes; a field nobody knows there is a slip."""
EXTRA = Group(name="ExtParam", title="Extra parameters", packed=True)
OPTIONS = (
    *profile(PROFILE, source=PAGE),
    Option(
        name="promptEnhance",
        title="Enhance the prompt",
        kind=Kind.YES_NO,
        within=EXTRA,
        help="The vendor shows it and does not say what it does; by its name it rewrites prompts.",
        source=PAGE,
    ),
)
_synthesis = partial(
    Option, within=Group(name="synExt", title="Synthesis", within=EXTRA), source=PAGE
)
SPEECH_OPTIONS = (
    Option(
        name="TextLang",
        title="Language",
        kind=Kind.TEXT,
        help="Language of the text; found by the vendor where empty.",
        source=PAGE,
        example="en",
    ),
    _synthesis(
        name="format",
        title="Format",
        kind=Kind.CHOICE,
        choices=("wav", "mp3"),
        help="Of the speech.",
    ),
    _synthesis(
        name="sampleRate",
        title="Sample rate",
        kind=Kind.CHOICE,
        choices=(16000, 8000, 22050, 24000, 32000, 44100),
        unit="Hz",
        help="Of the speech.",
    ),
    _synthesis(
        name="speed",
        title="Speed",
        kind=Kind.NUMBER,
        low=0,
        above=True,
        help="How fast it speaks; the vendor shows it and names no bounds.",
        usual="1",
    ),
    _synthesis(
        name="duration",
        title="Duration",
        kind=Kind.NUMBER,
        low=0,
        above=True,
        unit="s",
        help="How long the speech should last.",
    ),
)
"""Of `TextToSpeech`; an `ExtParam` of one's own takes the place of voicelab's, which asks for WAV
at 16 kHz."""

OWN = {"Prompt": PROMPT, "Text": TEXT, "VoiceId": VOICE_ID}
USER = "Open the product Media Processing Service for this account in the console."
CODES: Mapping[str, Code] = {
    "FailedOperation.InvalidMpsUser": Code(Refused, USER),
    "InvalidParameterValue.Definitions": Code(Refused, FIELD),
    "InvalidParameterValue.Limit": Code(Refused, FIELD),
    "LimitExceeded": Code(Refused, "Delete voices that are not needed: 100 is the default quota."),
    "ResourceNotFound.TemplateNotExist": Code(Refused, "The task or the voice is not there."),
}
"""The product's own, beside the common ones."""
BUSINESS = Code(Refused, "The number is undocumented; go by the message.")


@dataclass(frozen=True, kw_only=True)
class TencentMps(Provider):
    """Tencent MPS: a voice from a description, by way of a task, with a link to its sound."""

    name: ClassVar[str] = VENDOR
    published: ClassVar[Limits] = Limits(
        preview_characters=PREVIEW_CHARACTERS,
        requests_per_second=20,
        parallel=10,
        typical_s=15.0,
        slots=SLOTS,
    )
    declared: ClassVar[tuple[Option, ...]] = OPTIONS
    declared_for_speech: ClassVar[tuple[Option, ...]] = SPEECH_OPTIONS
    lasting: ClassVar[str] = "A voice is kept until it is deleted; renaming it is free."
    credentials: Credentials = field(repr=False)
    base_url: str = INTERNATIONAL
    """`INTERNATIONAL`, `MAINLAND`, or an emulator."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for an endpoint a key may not go to."""
        found = endpoint(self.base_url, variable=VARIABLE, known=(INTERNATIONAL, MAINLAND))
        object.__setattr__(self, "base_url", found)

    @classmethod
    def from_env(cls) -> Self:
        """Read the key, and `TENCENTCLOUD_MPS_ENDPOINT` where it is not the international one."""
        chosen = address_from_env(VARIABLE)
        return cls(credentials=Credentials.from_env(VENDOR), base_url=chosen or INTERNATIONAL)

    @property
    def speech_limits(self) -> Limits:
        """What holds for `speak`; how long its text may be is not published."""
        return replace(self.limits, preview_characters=None)

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
        if variant.voice_id is None:
            if not variant.prompt.strip():
                raise UsageError(
                    f"{VENDOR} makes voices from a description and the prompt is empty. "
                    f"Describe the voice or drop {VENDOR} from the batch."
                )
            check_length(
                "preview_text", variant.preview_text, most=PREVIEW_CHARACTERS, vendor=VENDOR
            )
        check_options(options, own=OWN, vendor=VENDOR)
        declared = self.declared if variant.voice_id is None else self.declared_for_speech
        check_declared(options, declared, vendor=VENDOR)

    async def submit(self, trial: Trial, send: Send) -> Task:
        """Ask for the voice of `trial`, under the trial's own name."""
        wish = {
            "Prompt": trial.variant.prompt,
            "Text": trial.variant.preview_text,
            "VoiceProfile": {},
            **trial.options,
        }
        if isinstance(wish["VoiceProfile"], Mapping):
            wish["VoiceProfile"] = {"Name": trial.name, **wish["VoiceProfile"]}
        answer = await self._ask("design", "DesignVoiceAsync", wish, spends=True, send=send)
        return Task(id=_text(answer, "TaskId"))

    async def poll(self, task: Task, send: Send) -> Task | Voice:
        """Ask after a task once; its `Status` goes before its `ErrorCode`, which is 100 till then.

        Raises
        ------
        Refused
            When the vendor failed to make the voice.
        """
        answer = await self._api.ask(
            "poll", "DescribeDesignTask", {"TaskId": task.id}, spends=False, send=send
        )
        status = answer.get("Status") or _status(answer)
        if status == "processing":
            return task
        if status != "success":
            raise _refused(answer, spends=False)
        voice_id = _text(answer, "VoiceId")
        return await self._fetched(voice_id, answer.get("AudioUrl"), {"task_id": task.id}, send)

    async def settle(self, trial: Trial, send: Send) -> Voice | None:
        """Look for the voice of a trial in doubt by its name among the designed ones.

        Raises
        ------
        Unreadable
            When the vendor made the voice, and lists it without its sound.
        """
        wish = {"VoiceType": "design", "VoiceName": trial.name}
        answer = await self._ask("settle", "DescribeVoices", wish, spends=False, send=send)
        found = [voice for voice in _voices(answer) if voice.get("Name") == trial.name]
        if not found:
            return None
        voice_id = _text(found[0], "VoiceId")
        return await self._fetched(
            voice_id, found[0].get("AudioUrl"), {"found_by": trial.name}, send
        )

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with the voice `trial.variant.voice_id`."""
        voice_id = trial.variant.voice_id
        wish = {
            "Text": trial.variant.preview_text,
            "VoiceId": voice_id,
            "Output": {"Type": "data"},
            "ExtParam": WAV,
            **trial.options,
        }
        answer = await self._ask("speak", "TextToSpeech", wish, spends=True, send=send)
        if answer.get("AudioData"):
            return Voice(voice_id=str(voice_id), audio=_decoded(answer))
        return await self._fetched(str(voice_id), answer.get("AudioUrl"), {}, send)

    async def shelf(self, send: Send) -> Shelf:
        """List the account's designed and cloned voices; no page is named, so all come."""
        voices: list[ShelvedVoice] = []
        notes: list[str] = []
        for kind in ("design", "clone"):
            answer = await self._ask(
                f"shelf-{kind}", "DescribeVoices", {"VoiceType": kind}, spends=False, send=send
            )
            listed = _voices(answer)
            voices += [_shelved(voice, kind) for voice in listed]
            total = answer.get("TotalCount")
            if isinstance(total, int) and total > len(listed):
                notes.append(
                    f"{VENDOR} counts {told(total)} voices of kind {kind}, listed {len(listed)}."
                )
        return Shelf(voices=tuple(voices), slots=SLOTS, notes=tuple(notes))

    async def drop(self, voice_id: str, send: Send) -> None:
        """Delete a voice."""
        await self._ask("drop", "DeleteVoice", {"VoiceId": voice_id}, spends=False, send=send)

    async def update(self, voice_id: str, fields: Mapping[str, Any], send: Send) -> None:
        """Change what a voice is listed under: fields of its profile, such as `Name`.

        Raises
        ------
        UsageError
            For a field or a word the vendor does not have.
        """
        wish = {"VoiceId": voice_id, CHANGED.name: dict(fields)}
        check_declared(wish, profile(CHANGED, source=PAGE), vendor=VENDOR)
        await self._ask("update", "UpdateVoice", wish, spends=False, send=send)

    async def keep(self, voice_id: str, name: str, send: Send) -> str:
        """List a voice under a name a person can read; it is kept in any case."""
        await self.update(voice_id, {"Name": name}, send)
        return f"{VENDOR} keeps the voice until it is deleted, and now lists it as {name!r}."

    @property
    def _api(self) -> Api:
        return Api(
            vendor=VENDOR,
            service="mps",
            version=VERSION,
            base_url=self.base_url,
            credentials=self.credentials,
            codes=CODES,
        )

    async def _ask(
        self, step: str, action: str, wish: Mapping[str, Any], *, spends: bool, send: Send
    ) -> dict[str, Any]:
        """Make a call that is answered at once: there, every other number than 0 is a no."""
        answer = await self._api.ask(step, action, wish, spends=spends, send=send)
        if answer.get("ErrorCode"):
            raise _refused(answer, spends=spends)
        return answer

    async def _fetched(
        self, voice_id: str, url: object, evidence: Mapping[str, Any], send: Send
    ) -> Voice:
        what = f"voice {voice_id!r:.100}"
        audio = await fetch(url, base_url=self.base_url, vendor=VENDOR, what=what, send=send)
        return Voice(voice_id=voice_id, audio=audio, evidence=evidence)


def _status(answer: Mapping[str, Any]) -> str:
    number = answer.get("ErrorCode")
    return "processing" if number == WORKING else "fail" if number else "success"


def _refused(answer: Mapping[str, Any], *, spends: bool) -> TrialError:
    return error_of(
        BUSINESS,
        shown=told(answer.get("ErrorCode") or answer.get("Status")),
        said=str(answer.get("Msg") or ""),
        vendor=VENDOR,
        spends=spends,
        request_id=told(answer.get("RequestId")) or None,
    )


def _text(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise Unreadable(
            f"{VENDOR} said yes and sent no {name} but {found!r:.80}. The reply is kept.",
            request_id=told(answer.get("RequestId")) or None,
        )
    return found


def _voices(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = answer.get("Voices") or []
    if not isinstance(found, list) or not all(isinstance(voice, dict) for voice in found):
        raise Unreadable(f"{VENDOR} listed no voices but {found!r:.80}.")
    return found


def _shelved(voice: Mapping[str, Any], kind: str) -> ShelvedVoice:
    return ShelvedVoice(
        voice_id=_text(voice, "VoiceId"),
        kind=str(voice.get("Category") or kind),
        name=str(voice.get("Name") or ""),
    )


def _decoded(answer: Mapping[str, Any]) -> bytes:
    try:
        audio = base64.b64decode(answer["AudioData"], validate=True)
    except (TypeError, ValueError) as error:
        raise Unreadable(
            f"{VENDOR} said yes and sent AudioData that is not base64 ({error}). "
            "The reply is kept.",
            request_id=told(answer.get("RequestId")) or None,
        ) from None
    return audio
