"""DashScope's server-sent events: speech part by part, in the frames its own client reads.

Sources: the official Python client, and public reports of live answers, for the frames.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from starlette.responses import Response

PART_S = 0.2
"""How much sound a part holds."""


def wanted(headers: Mapping[str, str]) -> bool:
    """Tell whether a call asks for events."""
    return headers.get("x-dashscope-sse", "").lower() == "enable"


def cosyvoice(answer: Mapping[str, Any], parts: Iterable[bytes], said: str) -> Iterator[Any]:
    """Return the outputs of a stream of CosyVoice's: a sentence, its parts, and the link."""
    sentence = {"index": 0, "words": []}
    yield _output("sentence-begin", sentence, original_text=said)
    for part in parts:
        yield _output("sentence-synthesis", sentence, part)
    yield _output("sentence-end", sentence, original_text=said)
    yield answer["output"]


def qwen(answer: Mapping[str, Any], parts: Iterable[bytes]) -> Iterator[Any]:
    """Return the outputs of a stream of Qwen's: bare samples part by part, and the link."""
    last = answer["output"]
    told = {name: last["audio"][name] for name in ("id", "expires_at")}
    for part in parts:
        audio = {"data": base64.b64encode(part).decode(), "url": "", **told}
        yield {"finish_reason": "null", "audio": audio}
    yield last


def cut(sound: bytes, *, duration_s: float) -> list[bytes]:
    """Cut a file or bare samples into parts, which joined are the whole again."""
    each = max(2, 2 * round(len(sound) * PART_S / max(duration_s, PART_S) / 2))
    return [sound[at : at + each] for at in range(0, len(sound), each)]


def response(outputs: Iterable[Any], answer: Mapping[str, Any], request_id: str) -> Response:
    """Return the events, each with what the answer says beside its output."""
    beside = {name: value for name, value in answer.items() if name != "output"}
    frames = (
        f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:"
        + json.dumps({"output": output, **beside, "request_id": request_id}, ensure_ascii=False)
        + "\n\n"
        for number, output in enumerate(outputs, start=1)
    )
    return Response("".join(frames), media_type="text/event-stream")


def _output(
    kind: str, sentence: Mapping[str, Any], part: bytes = b"", **more: str
) -> dict[str, Any]:
    return {
        "finish_reason": "null",
        "type": kind,
        "sentence": sentence,
        "audio": {"data": base64.b64encode(part).decode()},
        **more,
    }
