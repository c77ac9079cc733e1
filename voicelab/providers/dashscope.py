"""Alibaba DashScope voice design in both of its dialects: trials to requests, replies to voices.

The wire's own words are in `_dashscope`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar, Self

from voicelab.errors import InDoubt, Refused, Throttled, UsageError
from voicelab.model import PromptVariant, Trial, Voice
from voicelab.providers import _dashscope_speech
from voicelab.providers._dashscope import (
    COSYVOICE,
    QWEN,
    SLOTS,
    Dialect,
)
from voicelab.providers._dashscope_check import check_design, language_of
from voicelab.providers._dashscope_options import (
    COSYVOICE_OPTIONS,
    COSYVOICE_SPEECH,
    PARAMETERS,
    QWEN_OPTIONS,
    QWEN_SPEECH,
)
from voicelab.providers._dashscope_replies import (
    fetched,
    judge,
    pcm_rate,
    preview_audio,
    time_of,
    unreadable,
)
from voicelab.providers.base import (
    BearerAuth,
    Limits,
    Provider,
    Reply,
    Request,
    Send,
    Shelf,
    ShelvedVoice,
)
from voicelab.providers.options import Option, check_declared
from voicelab.providers.prices import price_of
from voicelab.providers.secret import Secret, address_from_env, secret_from_env
from voicelab.providers.wire import (
    PROMPT,
    TEXT,
    VOICE_ID,
    check_key,
    check_length,
    check_options,
    host,
)

BEIJING = "https://dashscope.aliyuncs.com"
SINGAPORE = "https://dashscope-intl.aliyuncs.com"
WORKSPACE = "https://{WorkspaceId}.cn-beijing.maas.aliyuncs.com"
REGIONS = {BEIJING: "cn-beijing", SINGAPORE: "ap-southeast-1"}
_WORKSPACES = re.compile(r"https://[^/]+\.([a-z0-9-]+)\.maas\.aliyuncs\.com", re.IGNORECASE)
PATH = "/api/v1"

UNUSED_FOR = timedelta(days=365)
"""A voice no synthesis used for so long is deleted."""
PAGE_SIZE = 100
MOST_PAGES = 201
"""The last page the vendor documents has the index 200."""
OWN_FIELDS = {
    "model": "it names the call here; the model that speaks is the option target_model",
    "action": "voicelab sets it, by what it does with a voice; leave it out",
    "voice_prompt": PROMPT,
    "preview_text": TEXT,
    "text": TEXT,
    "voice": VOICE_ID,
    "url": "it names a recording to clone, and this provider designs; leave it out",
}
UNDER_REVIEW, REJECTED = "DEPLOYING", "UNDEPLOYED"


def region_of(url: str) -> str | None:
    """Return which region of the vendor's a host is in; nothing where its name does not tell."""
    host = url.removesuffix(PATH).lower()
    workspace = _WORKSPACES.fullmatch(host)
    return workspace[1] if workspace else REGIONS.get(host)


@dataclass(frozen=True, kw_only=True)
class _DashScope(Provider):
    """What both dialects do alike."""

    dialect: ClassVar[Dialect]
    lasting: ClassVar[str] = "A voice is kept for a year after its last use."
    api_key: str = field(repr=False)
    base_url: str = BEIJING + PATH
    """The host of Beijing, Singapore or a workspace, or an emulator; a key is good for one
    region only."""
    target_model: str
    """The model that will speak with the voices."""

    def __post_init__(self) -> None:
        """Raise `UsageError` for a key, a host or a model that cannot be used."""
        object.__setattr__(self, "api_key", Secret(self.api_key))
        found = host(
            self.base_url.strip().rstrip("/").removesuffix(PATH),
            variable="DASHSCOPE_HTTP_BASE_URL",
            known=(BEIJING, SINGAPORE, WORKSPACE),
        )
        object.__setattr__(self, "base_url", found + PATH)
        check_key(self.api_key, variable="DASHSCOPE_API_KEY", console="Model Studio console")
        self._check_target(self.target_model)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self.api_key,)

    @classmethod
    def from_env(cls) -> Self:
        """Read `DASHSCOPE_API_KEY`, and `DASHSCOPE_HTTP_BASE_URL` where it is not Beijing's."""
        key = secret_from_env("DASHSCOPE_API_KEY")
        if not key:
            raise UsageError(
                "DASHSCOPE_API_KEY is not set; set it to a key of your Model Studio account, "
                f"or drop {cls.name} from the batch."
            )
        url = address_from_env("DASHSCOPE_HTTP_BASE_URL")
        return cls(api_key=key, base_url=url or BEIJING + PATH)  # type: ignore[call-arg]  # both dialects have a default model

    @property
    def account(self) -> str:
        """The host, and enough of a digest of the key to tell two keys apart."""
        return f"{self.base_url} {hashlib.sha256(self.api_key.encode()).hexdigest()[:8]}"

    @property
    def speech_limits(self) -> Limits:
        """What holds for `speak` with voices of the usual model."""
        return _dashscope_speech.limits(self.target_model, self.dialect)

    def limits_of(self, variant: PromptVariant) -> Limits:
        """Return what holds for one row: a kept voice speaks with the model it was made for."""
        if variant.voice_id is None:
            return self.limits
        model = _dashscope_speech.model_of(variant.voice_id) or self.target_model
        return _dashscope_speech.limits(model, self.dialect)

    def check(self, variant: PromptVariant, options: Mapping[str, Any]) -> None:
        """Raise `UsageError` for what the vendor would refuse; free, before money is spent."""
        check_options(options, own=OWN_FIELDS, vendor=self.name)
        if variant.voice_id:
            most = self.dialect.speech_characters
            check_length("preview_text", variant.preview_text, most=most, vendor=self.name)
            check_declared(options, self.declared_for_speech, vendor=self.name)
            return
        check_design(variant, options, self.dialect, self.declared, vendor=self.name)
        self._check_target(options.get("target_model", self.target_model))

    def _check_target(self, target: object) -> None:
        if not isinstance(target, str) or not self.dialect.targets.fullmatch(target):
            raise UsageError(
                f"target_model is {target!r}; {self.name} takes {self.dialect.target_words}."
            )
        region, regions = region_of(self.base_url), self.dialect.regions
        if region is not None and region not in regions:
            raise UsageError(
                f"DASHSCOPE_HTTP_BASE_URL is that of {region}, and voices of {self.dialect.model} "
                f"are designed in {' and '.join(regions)} only. Use {BEIJING} with a key made "
                "there."
            )

    async def submit(self, trial: Trial, send: Send) -> Voice:
        """Ask for the voice of `trial`, under the end of the trial's own name."""
        body = self._wish(trial)
        reply = await self._customize(send, step="design", spends=True, **body)
        return self._read(reply, body)

    async def settle(self, trial: Trial, send: Send) -> None:
        """Look whether the voice of a trial in doubt is in the account; free.

        The vendor gives the trial audio once, with the answer that was lost, so a voice that is
        there is told by its id and nothing more. One that is not listed may yet be under way.

        Raises
        ------
        InDoubt
            When it is there, naming it.
        """
        if trial.variant.voice_id:
            return  # speech has no name to be looked for by
        name = self._wish(trial)["input"][self.dialect.name_field]
        narrow = {"prefix": name} if self.dialect is COSYVOICE else {}
        found = [
            voice.voice_id
            for voice in map(self._shelved, await self._listed(send, **narrow))
            if voice.name == name
        ]
        if found:
            raise InDoubt(
                f"{self.name} made the voice, as {' and '.join(found)}, and gives its trial audio "
                "no second time. Say a text with it, which is paid as any synthesis, or give the "
                "trial up; sent anew it takes another place among the account's voices.",
                voice_id=found[0],
            )

    async def shelf(self, send: Send) -> Shelf:
        """List this dialect's voices, clones included, all pages of them."""
        voices = tuple(map(self._shelved, await self._listed(send)))
        rejected = sum(voice.status == REJECTED for voice in voices)
        notes = ["A voice no synthesis uses for a year is deleted; the last use is not listed."]
        if rejected:
            notes.append(
                f"{rejected} rejected in review ({REJECTED}): they cannot be used and may be "
                "deleted."
            )
        return Shelf(voices=voices, slots=SLOTS, notes=tuple(notes))

    async def look(self, voice_id: str, send: Send) -> Mapping[str, Any]:
        """Return what the vendor says of one voice: its target model and, in CosyVoice, status."""
        wish = {"action": self.dialect.query, self.dialect.id_field: voice_id}
        reply = await self._customize(send, step="query", input=wish)
        return self._output(reply)

    async def drop(self, voice_id: str, send: Send) -> None:
        """Delete a voice."""
        wish = {"action": self.dialect.delete, self.dialect.id_field: voice_id}
        self._output(await self._customize(send, step="delete", input=wish))

    async def speak(self, trial: Trial, send: Send) -> Voice:
        """Say the preview text of `trial` with the voice `trial.variant.voice_id`."""
        voice_id = trial.variant.voice_id or ""
        known = await self.look(voice_id, send)
        self._require_usable(voice_id, str(known.get("status") or ""))
        model = known.get("target_model") or self.target_model
        self._require_plain_http(str(model))
        wish = _dashscope_speech.body(trial, self.dialect)
        reply = await send(
            self._request(
                self.dialect.speech_path, step="speak", spends=True, model=model, input=wish
            )
        )
        url = self._link(reply)
        link = Request(step="fetch", method="GET", url=url, spends=False, link_from=self.base_url)
        return Voice(
            voice_id=voice_id,
            audio=fetched(await send(link), name=self.name),
            pcm_rate=pcm_rate(wish.get("format"), wish.get("sample_rate")),
            kept_for=UNUSED_FOR,
            evidence={"target_model": str(model)},
        )

    def _require_usable(self, voice_id: str, status: str) -> None:
        if status == REJECTED:
            raise Refused(
                f"{self.name} rejected the voice {voice_id} in review ({status}), so it cannot "
                "speak. Delete it and design another with other words.",
                code=status,
            )
        if status == UNDER_REVIEW:
            raise Throttled(
                f"{self.name} still has the voice {voice_id} under review ({status}). "
                "Try again in a moment.",
                code=status,
            )

    def _require_plain_http(self, model: str) -> None:
        if "-realtime" in model:
            raise Refused(
                f"{self.name}: {model} speaks over a WebSocket alone, which voicelab has not. "
                "Design the voice for qwen3-tts-vd-2026-01-26 to speak with it here."
            )

    def _wish(self, trial: Trial) -> dict[str, Any]:
        dialect, variant = self.dialect, trial.variant
        language = language_of(variant)
        extra = {key: value for key, value in trial.options.items() if key not in PARAMETERS}
        further = extra.pop("parameters", {})
        chosen = {key: trial.options[key] for key in PARAMETERS if key in trial.options}
        return {
            "input": {
                "action": dialect.create,
                "target_model": self.target_model,
                "voice_prompt": variant.prompt,
                "preview_text": variant.preview_text,
                dialect.name_field: trial.name[-dialect.name_characters :],
                dialect.language_field: [language] if dialect.language_is_a_list else language,
                **extra,
            },
            "parameters": {"sample_rate": 24000, "response_format": "wav", **chosen, **further},
        }

    async def _customize(
        self, send: Send, *, step: str, spends: bool = False, **body: Any
    ) -> Reply:
        path, model = "/services/audio/tts/customization", self.dialect.model
        return await send(self._request(path, step=step, spends=spends, model=model, **body))

    def _request(self, path: str, *, step: str, spends: bool, **body: Any) -> Request:
        return Request(
            step=step,
            method="POST",
            url=self.base_url + path,
            spends=spends,
            body=body,
            auth=BearerAuth(self.api_key),
            timeout_s=330.0,  # the vendor itself gives up after 300
        )

    def _output(
        self, reply: Reply, *, spends: bool = False, speech: bool = False
    ) -> dict[str, Any]:
        retirement = "" if speech else self.dialect.retirement
        judge(reply, name=self.name, spends=spends, retirement=retirement)
        output = reply.json().get("output")
        if not isinstance(output, dict):
            raise unreadable(reply, f"no output but {type(output).__name__}", name=self.name)
        return output

    def _read(self, reply: Reply, asked: Mapping[str, Any]) -> Voice:
        output = self._output(reply, spends=True)
        voice_id, preview = output.get(self.dialect.id_field), output.get("preview_audio")
        if not isinstance(voice_id, str) or not voice_id:
            found = f"no {self.dialect.id_field} but {type(voice_id).__name__}"
            raise unreadable(reply, found, name=self.name)
        if not isinstance(preview, dict):
            found = f"no preview_audio but {type(preview).__name__}"
            raise unreadable(reply, found, name=self.name)
        form = asked["parameters"] | {key: value for key, value in preview.items() if value}
        target = output.get("target_model") or asked["input"]["target_model"]  # left out by some
        status = output.get("status") or UNDER_REVIEW  # as all new voices are
        return Voice(
            voice_id=voice_id,
            audio=preview_audio(reply, preview.get("data"), name=self.name),
            pcm_rate=pcm_rate(form["response_format"], form["sample_rate"]),
            kept_for=UNUSED_FOR,
            evidence={"target_model": target}
            | ({"status": status} if self.dialect is COSYVOICE else {}),
        )

    def _link(self, reply: Reply) -> str:
        audio = self._output(reply, spends=True, speech=True).get("audio")
        url = audio.get("url") if isinstance(audio, dict) else None
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise unreadable(reply, "no link to the speech", name=self.name)
        return url

    async def _listed(self, send: Send, **narrow: str) -> list[dict[str, Any]]:
        """Return every entry; CosyVoice tells no total: a page with nothing new is the end."""
        entries: dict[str, dict[str, Any]] = {}
        for page in range(MOST_PAGES):
            wish = {"action": self.dialect.list, "page_index": page, "page_size": PAGE_SIZE}
            reply = await self._customize(send, step="list", input=wish | narrow)
            output = self._output(reply)
            listed = output.get("voice_list")
            if not isinstance(listed, list) or not all(isinstance(e, dict) for e in listed):
                raise unreadable(reply, "no voice_list", name=self.name)
            before = len(entries)
            entries |= {str(entry.get(self.dialect.id_field)): entry for entry in listed}
            if len(entries) in (before, output.get("total_count")):
                break
        return list(entries.values())

    def _shelved(self, entry: Mapping[str, Any]) -> ShelvedVoice:
        voice_id = str(entry.get(self.dialect.id_field) or "")
        designed = self.dialect.id_shape.fullmatch(voice_id)
        return ShelvedVoice(
            voice_id=voice_id,
            kind="design" if designed else "clone",
            name=designed["name"] if designed else "",
            status=str(entry.get("status") or ""),
            created_at=time_of(entry.get("gmt_create")),
        )


@dataclass(frozen=True, kw_only=True)
class DashScopeCosyVoice(_DashScope):
    """CosyVoice and Qwen-Audio: a voice from a description, its trial audio in the same reply."""

    name: ClassVar[str] = "dashscope-cosyvoice"
    dialect: ClassVar[Dialect] = COSYVOICE
    declared: ClassVar[tuple[Option, ...]] = COSYVOICE_OPTIONS
    declared_for_speech: ClassVar[tuple[Option, ...]] = COSYVOICE_SPEECH
    published: ClassVar[Limits] = Limits(
        prompt_characters=COSYVOICE.prompt_characters,
        preview_characters=COSYVOICE.preview_characters,
        languages=COSYVOICE.languages,
        slots=SLOTS,
        sample_rates=(24000, *(rate for rate in COSYVOICE.rates if rate != 24000)),
        names=f"names of {COSYVOICE.name_words}",
        speech_characters=COSYVOICE.speech_characters,
        parallel=2,  # no rate is published for the endpoint, and bursts trip a limiter
        price=price_of("dashscope-cosyvoice-design"),
    )
    warning: ClassVar[str] = "Designs in Beijing only; a new voice is reviewed before it speaks."
    target_model: str = "cosyvoice-v3.5-plus"

    @property
    def limits(self) -> Limits:
        """Published, but that nobody says what a Qwen-Audio voice costs."""
        free = self.target_model.startswith("cosyvoice-")
        return self.published if free else replace(self.published, price=None)


@dataclass(frozen=True, kw_only=True)
class DashScopeQwen(_DashScope):
    """Qwen-TTS: as CosyVoice, in ten languages; announced for retirement on 2026-10-10."""

    name: ClassVar[str] = "dashscope-qwen"
    dialect: ClassVar[Dialect] = QWEN
    declared: ClassVar[tuple[Option, ...]] = QWEN_OPTIONS
    declared_for_speech: ClassVar[tuple[Option, ...]] = QWEN_SPEECH
    published: ClassVar[Limits] = Limits(
        prompt_characters=QWEN.prompt_characters,
        preview_characters=QWEN.preview_characters,
        languages=QWEN.languages,
        slots=SLOTS,
        sample_rates=(24000, *(rate for rate in QWEN.rates if rate != 24000)),
        names=f"names of {QWEN.name_words}",
        speech_characters=QWEN.speech_characters,
        parallel=2,
        price=price_of("dashscope-qwen-design"),
    )
    warning: ClassVar[str] = "Announced for retirement on 2026-10-10."
    target_model: str = "qwen3-tts-vd-2026-01-26"
