"""A small task vendor over real HTTP: it hands out a task, makes one wait, and then speaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.description import read_description
from voicelab.audio.espeak import speak
from voicelab.emulators.base import Answer, Call, Emulator, No, json_object
from voicelab.errors import Refused, Throttled
from voicelab.model import Task, Trial, Voice, Wants
from voicelab.providers.base import Limits, Provider, Request, Send, Shelf, ShelvedVoice


@dataclass(kw_only=True, eq=False)
class ClockworkEmulator(Emulator):
    """Answers `submit` with a task and `poll` with a voice after `polls` times of waiting."""

    name: ClassVar[str] = "clockwork"
    polls: int = 2
    tasks: dict[str, int] = field(default_factory=dict, init=False)

    def routes(self) -> list[Route]:
        return [
            Route("/submit", self.entry("submit", self._submit), methods=["POST"]),
            Route("/poll", self.entry("poll", self._poll), methods=["POST"]),
            Route("/speak", self.entry("speak", self._speak), methods=["POST"]),
            Route("/voices", self.entry("voices", self._voices), methods=["POST"]),
            Route("/drop", self.entry("drop", self._drop), methods=["POST"]),
        ]

    def environ(self, base_url: str) -> dict[str, str]:
        return {}

    def reply(self, answer: Answer | No) -> Response:
        if isinstance(answer, No):
            return JSONResponse({"error": answer.code}, answer.status)
        return JSONResponse(dict(answer))

    async def _submit(self, call: Call) -> Answer:
        wish = json_object(call.content) or {}
        call.voice_id, call.charged = wish["name"], 1.0
        self.tasks[wish["name"]] = 0
        return {"task": wish["name"]}

    async def _poll(self, call: Call) -> Answer:
        name = (json_object(call.content) or {})["task"]
        self.tasks[name] += 1
        if self.tasks[name] <= self.polls:
            return {"status": "working"}
        parameters = read_description("a calm voice", preview_text="Good evening.").parameters
        return {"status": "ready", "audio": speak("Good evening.", parameters).wav.hex()}

    async def _speak(self, call: Call) -> Answer:
        wish = json_object(call.content) or {}
        call.voice_id, call.charged = wish["voice"], 1.0
        parameters = read_description("a calm voice", preview_text=wish["text"]).parameters
        return {"audio": speak(wish["text"], parameters).wav.hex()}

    async def _voices(self, call: Call) -> Answer:
        return {"voices": list(self.tasks)}

    async def _drop(self, call: Call) -> Answer:
        name = (json_object(call.content) or {})["voice"]
        if name not in self.tasks:
            raise No("gone", "no such voice", status=404)
        del self.tasks[name]
        return {}


@dataclass(frozen=True, kw_only=True)
class Clockwork(Provider):
    """The provider of that vendor, as a user would write one."""

    name: ClassVar[str] = "clockwork"
    published: ClassVar[Limits] = Limits(parallel=2)
    base_url: str
    broken: bool = False
    """Whether its reading of replies has a bug."""
    timeout_s: float = 120.0
    """Of what is free."""

    @classmethod
    def from_env(cls) -> Self:
        raise NotImplementedError

    async def submit(self, trial: Trial, send: Send) -> Task:
        body: dict[str, Any] = {"name": trial.name}
        if trial.reference_audio is not None:
            body |= {"bytes": len(trial.reference_audio), "audio": trial.reference_audio.hex()}
        answer = await self._ask(send, "submit", body, spends=True)
        return Task(id=answer["tusk" if self.broken else "task"], detail={"for": trial.id})

    async def poll(self, task: Task, send: Send) -> Task | Voice:
        answer = await self._ask(send, "poll", {"task": task.id}, spends=False)
        if answer["status"] == "working":
            return task
        return Voice(voice_id=task.id, audio=bytes.fromhex(answer["audio"]))

    async def settle(self, trial: Trial, send: Send) -> Task | None:
        answer = await self._ask(send, "voices", {}, spends=False)
        return Task(id=trial.name) if trial.name in answer["voices"] else None

    async def speak(self, trial: Trial, send: Send) -> Voice:
        assert trial.variant.voice_id is not None
        body = {"voice": trial.variant.voice_id, "text": trial.variant.preview_text}
        answer = await self._ask(send, "speak", body, spends=True)
        return Voice(voice_id=trial.variant.voice_id, audio=bytes.fromhex(answer["audio"]))

    async def shelf(self, send: Send) -> Shelf:
        answer = await self._ask(send, "voices", {}, spends=False)
        voices = tuple(ShelvedVoice(voice_id=name, kind="design") for name in answer["voices"])
        return Shelf(voices=voices, slots=10)

    async def drop(self, voice_id: str, send: Send) -> None:
        await self._ask(send, "drop", {"voice": voice_id}, spends=False)

    async def _ask(
        self, send: Send, step: str, body: Mapping[str, Any], *, spends: bool
    ) -> dict[str, Any]:
        url = f"{self.base_url}/{step}"
        request = Request(
            step=step,
            method="POST",
            url=url,
            spends=spends,
            body=body,
            timeout_s=120.0 if spends else self.timeout_s,
        )
        reply = await send(request)
        if reply.status == 429:
            raise Throttled("clockwork asks to slow down.", retry_after=0.01)
        if reply.status == 404:
            raise Refused("clockwork has no such voice.")
        return reply.json()


@dataclass(frozen=True, kw_only=True)
class CloneClockwork(Clockwork):
    """The same vendor's call that clones a recording."""

    name: ClassVar[str] = "clockwork-clone"
    wants: ClassVar[Wants] = Wants.REFERENCE
