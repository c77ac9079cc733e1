"""How a task of emulated Tencent VOD goes by: what it shows while it waits, works, and is over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from voicelab.emulators._vod_fields import NEVER, TASK_OBJECTS
from voicelab.emulators.base import Answer, Call, No
from voicelab.emulators.once import Once

WELL: Mapping[str, Any] = {"ErrCode": 0, "ErrCodeExt": "", "Message": ""}
"""How a task is told that has not failed, or not yet."""
Output = Callable[[Call], Answer]
"""What a task has made, with links at the address the caller knows."""


class Failed(Exception):
    """Why a task comes to nothing; the call that began it was accepted all the same."""

    def __init__(self, number: int, code: str, message: str) -> None:
        super().__init__(message)
        self.told = {"ErrCode": number, "ErrCodeExt": code, "Message": message}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a task has come to."""

    told: Mapping[str, Any]
    """ErrCode, ErrCodeExt and Message."""
    output: Output | None


UNDER_WAY = Outcome(told=WELL, output=None)


@dataclass(frozen=True, kw_only=True)
class VodTask:
    """A task: its work begins with it, and is told of when its time has come."""

    task_id: str
    action: str
    app: int
    at: float
    """When it began, by the emulator's clock, in seconds."""
    wall: float
    """When it began, in seconds since 1970."""
    waiting_s: float
    processing_s: float
    session: Mapping[str, str]
    asked: Mapping[str, Any]
    outcome: Once[Outcome]

    def progress(self, now: float) -> dict[str, str]:
        """Return its status and its times."""
        age = now - self.at
        begun, done = age >= self.waiting_s, age >= self.waiting_s + self.processing_s
        begin = self.wall + self.waiting_s
        return {
            "Status": "FINISH" if done else "PROCESSING" if begun else "WAITING",
            "CreateTime": _iso(self.wall),
            "BeginProcessTime": _iso(begin) if begun else NEVER,
            "FinishTime": _iso(begin + self.processing_s) if done else NEVER,
        }

    def summary(self, now: float) -> dict[str, str]:
        """Return its row in the list of tasks."""
        names = {"TaskId": self.task_id, "FileId": "", "TaskType": self.action}
        return {**names, **self.progress(now), **self.session}

    async def detail(self, call: Call) -> Answer:
        """Return all there is to tell; the objects of other kinds of task are null."""
        progress = self.progress(call.at)
        return {
            "TaskType": self.action,
            **progress,
            **dict.fromkeys(TASK_OBJECTS.split()),
            f"{self.action}Task": await self._result(progress["Status"], call),
        }

    async def _result(self, status: str, call: Call) -> Answer:
        done = status == "FINISH"
        outcome = await self.outcome.result() if done else UNDER_WAY
        made = outcome.output(call) if outcome.output else None
        return {
            "TaskId": self.task_id,
            "Status": "FINISH" if done else "PROCESSING",  # this object has no other words
            **outcome.told,
            "Progress": 100 if made else 0,  # the vendor's example of a failed task shows 0
            "Input": self.asked,
            "Output": made,
            **self.session,
        }


def page(rows: list[dict[str, str]], wish: Mapping[str, Any]) -> Answer:
    """Return the tasks asked for, in order, from the one `ScrollToken` names."""
    order = wish.get("Sort", {"Field": "CreateTime"})
    kept = [row for row in reversed(rows) if _is_wanted(row, wish)]
    kept.sort(key=lambda row: row[order["Field"]], reverse=order.get("Order") != "Asc")
    names = [row["TaskId"] for row in kept]
    token, limit = wish.get("ScrollToken", ""), wish.get("Limit", 10)
    if token and token not in names:
        raise No("InvalidParameterValue", "The ScrollToken is not valid.")
    first = names.index(token) if token else 0
    last = first + limit
    return {"TaskSet": kept[first:last], "ScrollToken": names[last] if last < len(names) else ""}


def _is_wanted(row: Mapping[str, str], wish: Mapping[str, Any]) -> bool:
    same = all(wish.get(name, row[name]) == row[name] for name in ("Status", "FileId"))
    spans = {name: wish.get(name, {}) for name in ("CreateTime", "FinishTime")}
    return same and all(
        span.get("After", "") <= row[name] <= span.get("Before", "9999")
        for name, span in spans.items()
    )


def _iso(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
