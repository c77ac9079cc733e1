"""A small task vendor over real HTTP: it hands out a task, makes one wait, and then speaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from voicelab.audio.description import read_description
from voicelab.audio.espeak import speak
from voicelab.emulators.base import Answer, Call, Emulator, No, json_object
from voicelab.model import Task, Trial, Voice
from voicelab.providers.base import Limits, Provider, Request, Send


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


@dataclass(frozen=True, kw_only=True)
class Clockwork(Provider):
    """The provider of that vendor, as a user would write one."""

    name: ClassVar[str] = "clockwork"
    published: ClassVar[Limits] = Limits(parallel=2)
    base_url: str
    broken: bool = False
    """Whether its reading of replies has a bug."""

    @classmethod
    def from_env(cls) -> Self:
        raise NotImplementedError

    async def submit(self, trial: Trial, send: Send) -> Task:
        answer = await self._ask(send, "submit", {"name": trial.name}, spends=True)
        return Task(id=answer["tusk" if self.broken else "task"], detail={"for": trial.id})

    async def poll(self, task: Task, send: Send) -> Task | Voice:
        answer = await self._ask(send, "poll", {"task": task.id}, spends=False)
        if answer["status"] == "working":
            return task
        return Voice(voice_id=task.id, audio=bytes.fromhex(answer["audio"]))

    async def _ask(
        self, send: Send, step: str, body: Mapping[str, Any], *, spends: bool
    ) -> dict[str, Any]:
        url = f"{self.base_url}/{step}"
        request = Request(step=step, method="POST", url=url, spends=spends, body=body)
        return (await send(request)).json()
