"""Tencent VOD, both ways to a voice: from a recording's link, and from a description.

Sources: the vendor's pages "CreateAigcCustomVoice", "DesignVoiceAsync", "DescribeTaskDetail",
"DescribeTasks", "DescribeVoices", "DeleteVoice" and "TextToSpeechSync" of Video on Demand, under
https://www.tencentcloud.com/document/product/266 and https://cloud.tencent.com/document/product/266.
"""

import asyncio
import base64
import inspect
import json
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self

from voicelab.audio.clip import sniff
from voicelab.audio.reference import Prepared, examine, is_film, prepare
from voicelab.errors import InDoubt, Refused, UsageError
from voicelab.model import PromptVariant, Task, Trial, Voice, Wants
from voicelab.providers._tc3 import FIELD, Api, Code, Credentials, endpoint, fetch
from voicelab.providers._vod_check import (
    CUSTOM_OPTIONS,
    DESIGN_OPTIONS,
    NAME_CHARACTERS,
    SPEECH_OPTIONS,
    SUB_APP_ID,
    check_app,
    check_link,
    read_app,
)
from voicelab.providers._vod_task import APP as OF_THE_ACCOUNT
from voicelab.providers._vod_task import (
    CUSTOM,
    DESIGN,
    FIRST_USE,
    UNDER_WAY,
    Dialect,
    made_by,
    unreadable,
)
from voicelab.providers.base import (
    Limits,
    Provider,
    Send,
    Shelf,
    ShelvedVoice,
)
from voicelab.providers.options import Option, check_declared
from voicelab.providers.redaction import without_secrets
from voicelab.providers.secret import address_from_env, setting
from voicelab.providers.wire import TEXT, VOICE_ID, check_length, check_options

INTERNATIONAL = "https://vod.intl.tencentcloudapi.com"
MAINLAND = "https://vod.tencentcloudapi.com"
VERSION = "2018-07-17"
PREVIEW_CHARACTERS = 500
SPOKEN_BYTES = 2000
REFERENCE_S = (5.0, 30.0)
REFERENCE_RATE = 44100
"""Hz a published recording has; the vendor names none."""
LINKED_FORMS = ("mp3", "wav")
"""Of what the vendor fetches, beside mp4 and mov."""
SPOKEN_AS = json.dumps({"audio_setting": {"format": "wav", "sample_rate": 32000}})
SPOKEN_OWN = {"SubAppId": OF_THE_ACCOUNT, "Text": TEXT, "VoiceId": VOICE_ID}
PAGE, PAGES = 100, 50
"""Tasks a page of `DescribeTasks` may have, and pages looked through for one."""

APP = f"Set {SUB_APP_ID} to the id of an application of this account; newer accounts must."
DUPLICATE = "InvalidParameterValue.SessionId"

CODES: Mapping[str, Code] = {
    "FailedOperation": Code(Refused, "Look the message up at the vendor."),
    "FailedOperation.InvalidVodUser": Code(Refused, "Activate Video on Demand in the console."),
    "InvalidParameter": Code(Refused, FIELD),
    "InvalidParameterValue.SessionContextTooLong": Code(Refused, "Shorten SessionContext."),
    DUPLICATE: Code(Refused, "This trial was sent within the last three days."),
    "InvalidParameterValue.SessionIdTooLong": Code(Refused, "Shorten the id of the trial."),
    "InvalidParameterValue.SubAppId": Code(Refused, APP),
    "InvalidParameterValue.TaskId": Code(Refused, "The vendor forgets tasks after three days."),
    "ResourceNotFound": Code(
        Refused,
        "The vendor forgets tasks after three days, and finds a new voice only after its first "
        f"use in a synthesis. It may also belong to another application: see {SUB_APP_ID}.",
    ),
}
"""What VOD says in its own way, beside the codes all Tencent products share."""

UNLISTED = (
    "Its task is not in the vendor's list now; look again later, or send it anew for another voice."
)
TAKEN_UP = (
    "The vendor had this trial from an earlier sending; its task was taken up, not paid anew."
)

Publish = Callable[[bytes, str], Awaitable[str] | str]
"""Puts audio under a file name where everyone can fetch it, and returns the link; a plain function
is called in a thread of its own."""


@dataclass(frozen=True, kw_only=True)
class TencentVod(Provider):
    """What both calls share: the account, the task, and the way to its voice."""

    deduplicates_for_s: ClassVar[float | None] = 3 * 86400.0
    dialect: ClassVar[Dialect]
    credentials: Credentials
    sub_app_id: int | None = None
    """The application of the account; accounts opened since 25 December 2023 must name one."""
    base_url: str = INTERNATIONAL
    """`INTERNATIONAL`, `MAINLAND`, or an emulator."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for an endpoint or an application that cannot be used."""
        known = (INTERNATIONAL, MAINLAND)
        found = endpoint(self.base_url, variable="TENCENTCLOUD_VOD_ENDPOINT", known=known)
        object.__setattr__(self, "base_url", found)
        check_app(self.sub_app_id)

    @classmethod
    def from_env(cls) -> Self:
        """Read `TENCENTCLOUD_SECRET_ID`, `…_SECRET_KEY`, `…_VOD_SUB_APP_ID`, `…_VOD_ENDPOINT`."""
        return cls(
            credentials=Credentials.from_env(cls.name),
            sub_app_id=read_app(setting(SUB_APP_ID)),
            base_url=address_from_env("TENCENTCLOUD_VOD_ENDPOINT") or INTERNATIONAL,
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key's two halves, and the token of a temporary one."""
        return self.credentials.secrets

    @property
    def account(self) -> str:
        """The endpoint, and enough of a digest of the key to tell two keys apart."""
        return f"{self.base_url} {self.credentials.digest}"

    async def submit(self, trial: Trial, send: Send) -> Task:
        """Ask for the voice of `trial`, under the trial's own name.

        The vendor refuses a name it has seen within three days: what an earlier sending of the
        same trial began is then looked for, and taken up instead of being bought again.
        """
        wish, told = await self._wish(trial)
        body = {"SessionId": trial.name, **wish, **trial.options}
        try:
            answer = await self._ask("submit", self.dialect.action, body, send, spends=True)
        except Refused as error:
            if error.code != DUPLICATE:
                raise
            earlier = await self.settle(trial, send)
            if earlier is None:
                raise InDoubt(
                    f"{error} {UNLISTED}",
                    code=error.code,
                    vendor_message=error.vendor_message,
                    request_id=error.request_id,
                ) from None
            return replace(earlier, detail={**told, "taken_up": TAKEN_UP})
        return Task(id=self._text(answer, "TaskId"), detail=told)

    async def poll(self, task: Task, send: Send) -> Task | Voice:
        """Ask after `task` once; fetch its trial audio when it is done."""
        body = {"TaskId": task.id}
        answer = await self._ask("poll", "DescribeTaskDetail", body, send, app=int)
        if answer.get("Status") in UNDER_WAY:
            return task
        voice_id, link, told = made_by(answer, self.dialect, vendor=self.name)
        audio = await self._fetched(link, voice_id, send)
        evidence = {**task.detail, "task_id": task.id, **told}
        return Voice(voice_id=voice_id, audio=audio, evidence=evidence)

    async def settle(self, trial: Trial, send: Send) -> Task | None:
        """Look for the task of `trial` among those of the last three days; it costs nothing."""
        if trial.variant.voice_id is not None:
            return None  # a kept voice speaks without a task
        order = {"Field": "CreateTime", "Order": "Desc"}
        body: dict[str, Any] = {"Sort": order, "Limit": PAGE}
        for _ in range(PAGES):
            answer = await self._ask("look", "DescribeTasks", body, send, app=int)
            tasks = _objects(answer.get("TaskSet"))
            for found in tasks:
                if found.get("SessionId") == trial.name:
                    return Task(id=self._text(found, "TaskId"))
            if len(tasks) < PAGE or not answer.get("ScrollToken"):
                break
            body["ScrollToken"] = answer["ScrollToken"]
        return None

    @abstractmethod
    async def _wish(self, trial: Trial) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the fields of the call that come from the row, and what to tell of them."""

    async def _ask(
        self,
        step: str,
        action: str,
        body: Mapping[str, Any],
        send: Send,
        *,
        spends: bool = False,
        app: type[int] | type[str] | None = None,
    ) -> dict[str, Any]:
        api = Api(
            vendor=self.name,
            service="vod",
            version=VERSION,
            base_url=self.base_url,
            credentials=self.credentials,
            codes=CODES,
        )
        written = app or self.dialect.app
        where = {} if self.sub_app_id is None else {"SubAppId": written(self.sub_app_id)}
        return await api.ask(step, action, {**where, **body}, spends=spends, send=send)

    async def _fetched(self, link: object, voice_id: str, send: Send) -> bytes:
        what = f"voice {voice_id!r:.100}"
        return await fetch(link, base_url=self.base_url, vendor=self.name, what=what, send=send)

    def _text(self, answer: Mapping[str, Any], name: str) -> str:
        text = answer.get(name)
        if not isinstance(text, str) or not text:
            raise unreadable(f"no {name} but {type(text).__name__}", vendor=self.name)
        return text


@dataclass(frozen=True, kw_only=True)
class TencentVodCustom(TencentVod):
    """VOD's custom voice: from a recording the vendor fetches, with a trial text of the vendor's.

    What it makes is meant for speech in generated video; no call lists it, deletes it, or says
    another text with it.
    """

    name: ClassVar[str] = "tencent-vod"
    wants: ClassVar[Wants] = Wants.REFERENCE
    published: ClassVar[Limits] = Limits(
        requests_per_second=20,
        parallel=10,
        reference_s=REFERENCE_S,
        reference_form="by a public link",
        names=f"names of up to {NAME_CHARACTERS} characters",
    )
    declared: ClassVar[tuple[Option, ...]] = CUSTOM_OPTIONS
    stand_ins: ClassVar[tuple[str, ...]] = ("VideoId",)
    says_preview_text: ClassVar[bool] = False
    follows_links: ClassVar[bool] = True
    lasting: ClassVar[str] = (
        "The vendor names no end of a voice, and no call lists it, deletes it or speaks with it."
    )
    warning: ClassVar[str] = "The trial audio says a text of the vendor's own."
    dialect: ClassVar[Dialect] = CUSTOM
    publish: Publish | None = field(default=None, repr=False, compare=False)
    """For references that are files or earlier trials: the vendor takes links only."""

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        check_options(options, own=self.dialect.own, vendor=self.name)
        check_declared(options, self.declared, vendor=self.name)
        reference = variant.reference
        if "VideoId" in options and reference is not None:
            raise UsageError(
                f"{self.name} makes a voice from a recording or from an earlier work, and both are "
                "given. Take VideoId out of the options, or the reference out of the row."
            )
        if reference is None and "VideoId" not in options:
            raise UsageError(f"{self.name} clones a recording and the row has no reference.")
        if reference is not None and reference.url:
            check_link(reference.url, vendor=self.name, emulated=self.emulated)
        elif reference is not None and self.publish is None:
            raise UsageError(self._needs_link())

    def check_recording(self, audio: bytes) -> None:
        """Raise `UsageError` for a recording that cannot be made into what the vendor clones."""
        _prepared(audio)

    def check_linked(self, audio: bytes) -> str:
        """Raise `UsageError` for a recording behind a link the vendor would not clone.

        The vendor also takes the sound of mp4 and mov, which voicelab does not read.
        """
        if is_film(audio):
            return "it is an MP4 or MOV file."
        form = sniff(audio)
        if form not in (None, *LINKED_FORMS):
            raise UsageError(
                f"the recording behind the link is {form}; {self.name} fetches mp3, wav, mp4 and "
                "mov. Give a link to one of those."
            )
        examine(audio, min_s=REFERENCE_S[0], max_s=REFERENCE_S[1])
        return ""

    async def _wish(self, trial: Trial) -> tuple[dict[str, Any], dict[str, Any]]:
        name = {"VoiceName": trial.name[:NAME_CHARACTERS]}
        reference = trial.variant.reference
        if reference is None:
            return name, {}
        if reference.url:
            return {**name, "VoiceUrl": reference.url}, {}
        link, told = await self._published(trial)
        return {**name, "VoiceUrl": link}, told

    async def _published(self, trial: Trial) -> tuple[str, dict[str, Any]]:
        try:
            if self.publish is None or trial.reference_audio is None:
                raise UsageError(self._needs_link())
            recording = await asyncio.to_thread(_prepared, trial.reference_audio)
            link = await self._link_to(recording.wav, f"{trial.name}.wav", self.publish)
        except UsageError as error:
            raise Refused(f"{self.name} was not asked: {error}") from None
        return link, {
            "reference_changes": list(recording.changes),
            "reference_duration_s": round(recording.duration_s, 3),
        }

    async def _link_to(self, wav: bytes, name: str, publish: Publish) -> str:
        try:
            if inspect.iscoroutinefunction(publish):
                link = await publish(wav, name)
            else:
                link = await asyncio.to_thread(publish, wav, name)
            link = await link if inspect.isawaitable(link) else link
        except Exception as error:  # it is the user's own code
            said = without_secrets(f"{type(error).__name__}: {error}", self.secrets)
            raise UsageError(f"the recording could not be published: {said}.") from error
        if not isinstance(link, str):
            raise UsageError(
                f"the recording could not be published: publish returned {link!r:.100} and no link."
            )
        try:
            check_link(link, vendor=self.name, emulated=self.emulated)
        except UsageError as error:
            raise UsageError(f"the recording could not be published: {error}") from None
        return link

    def _needs_link(self) -> str:
        return (
            f"{self.name} fetches the reference by a public link, and this one is a recording "
            f"here. Give a link, or a provider TencentVodCustom(..., publish=...) that makes one."
        )


@dataclass(frozen=True, kw_only=True)
class TencentVodDesign(TencentVod):
    """VOD's voice design: from a description, saying the row's own preview text."""

    name: ClassVar[str] = "tencent-vod-design"
    published: ClassVar[Limits] = Limits(
        preview_characters=PREVIEW_CHARACTERS,
        requests_per_second=20,
        parallel=10,
        speech_bytes=SPOKEN_BYTES,
    )
    declared: ClassVar[tuple[Option, ...]] = DESIGN_OPTIONS
    declared_for_speech: ClassVar[tuple[Option, ...]] = SPEECH_OPTIONS
    lasting: ClassVar[str] = FIRST_USE
    kept_by_speaking: ClassVar[bool] = True
    dialect: ClassVar[Dialect] = DESIGN

    @property
    def speech_limits(self) -> Limits:
        """What holds for `speak`: its text is counted in bytes."""
        return replace(self.limits, preview_characters=None)

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        if variant.voice_id is not None:
            self._check_spoken(variant.preview_text, options)
            return
        if not variant.prompt.strip():
            raise UsageError(
                f"{self.name} makes voices from a description and the prompt is empty. "
                f"Describe the voice or drop {self.name} from the batch."
            )
        check_length(
            "preview_text", variant.preview_text, most=PREVIEW_CHARACTERS, vendor=self.name
        )
        check_options(options, own=self.dialect.own, vendor=self.name)
        check_declared(options, self.declared, vendor=self.name)

    async def shelf(self, send: Send) -> Shelf:
        """List the designed and cloned voices of the application."""
        voices: list[ShelvedVoice] = []
        for kind in ("design", "clone"):
            answer = await self._ask("shelf", "DescribeVoices", {"VoiceType": kind}, send)
            voices += [_shelved(found) for found in _objects(answer.get("Voices"))]
        return Shelf(voices=tuple(voices), notes=(FIRST_USE,), lists_unused=False)

    async def drop(self, voice_id: str, send: Send) -> None:
        """Delete a voice; the vendor finds none that has never been used."""
        await self._ask("drop", "DeleteVoice", {"VoiceId": voice_id}, send)

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with the voice `trial.variant.voice_id`, as WAV."""
        voice_id = trial.variant.voice_id
        if voice_id is None:
            raise UsageError(f"{self.name} was given no voice_id to speak with.")
        body = {
            "Text": trial.variant.preview_text,
            "VoiceId": voice_id,
            "Output": {"Type": "hex"},  # their word for base64 in the reply itself
            "ExtParam": SPOKEN_AS,
            **trial.options,
        }
        answer = await self._ask("speak", "TextToSpeechSync", body, send, spends=True)
        audio, link = answer.get("AudioData"), answer.get("AudioUrl")
        if audio or not link:
            return Voice(voice_id=voice_id, audio=self._audio(audio))
        return Voice(voice_id=voice_id, audio=await self._fetched(link, voice_id, send))

    def _audio(self, text: object) -> bytes:
        """Read audio the vendor calls hex and describes as base64: no sound is both."""
        for read in (bytes.fromhex, partial(base64.b64decode, validate=True)):
            try:
                audio = read(text) if isinstance(text, str) else b""
            except ValueError:
                continue
            if audio:
                return audio
        raise unreadable("AudioData that is neither hexadecimal nor base64", vendor=self.name)

    async def _wish(self, trial: Trial) -> tuple[dict[str, Any], dict[str, Any]]:
        wish = {
            "Prompt": trial.variant.prompt,
            "PreviewText": trial.variant.preview_text,
            "VoiceSettings": {"Name": trial.name},
        }
        return wish, {}

    def _check_spoken(self, text: str, options: Mapping[str, Any]) -> None:
        check_options(options, own=SPOKEN_OWN, vendor=self.name)
        check_declared(options, self.declared_for_speech, vendor=self.name)
        length = len(text.encode())
        if length > SPOKEN_BYTES:
            raise UsageError(
                f"preview_text has {length} bytes as UTF-8; {self.name} says {SPOKEN_BYTES} with "
                "a kept voice. Shorten it."
            )


def _prepared(audio: bytes) -> Prepared:
    least, most = REFERENCE_S
    return prepare(audio, sr=REFERENCE_RATE, min_s=least, max_s=most)


def _objects(found: object) -> list[dict[str, Any]]:
    """Return the objects in what should be a list of them; the vendor sends null for none."""
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _shelved(found: Mapping[str, Any]) -> ShelvedVoice:
    return ShelvedVoice(
        voice_id=str(found.get("VoiceId") or ""),
        kind=str(found.get("Category") or ""),
        name=str(found.get("Name") or ""),
    )
