"""How the emulated MiniMax hands out sound: encoded, described, subtitled, streamed, by a link."""

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from starlette.responses import Response

from voicelab.audio.clip import Samples
from voicelab.audio.vendor_formats import encode_as
from voicelab.emulators.base import Call, invisible_share
from voicelab.emulators.minimax_checks import Speech

LINK_S = 24 * 3600.0
MEDIA_TYPES = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pcmu_wav": "audio/wav",
    "flac": "audio/flac",
    "opus": "audio/ogg",
    "json": "application/json",
}
PAUSE = re.compile(r"<#[0-9]+(\.[0-9]+)?#>")
SENTENCE = re.compile(r"[^.!?。！？…\n]+[.!?。！？…\n]*\s*")
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:['’-][^\W_]+)*")
PARTS = 8
"""Into how many parts a stream cuts the sound."""
QUIET = 0.01


class Link(NamedTuple):
    """What is handed out by address, for a while."""

    content: bytes
    media_type: str
    expires_at: float


class Links:
    """What is behind the addresses the vendor hands out."""

    def __init__(self) -> None:
        self._kept: dict[str, Link] = {}

    def add(self, call: Call, content: bytes, format: str) -> str:
        """Return the address under which `content` can be fetched for a day."""
        name = f"{secrets.token_hex(16)}.{format}"
        media_type = MEDIA_TYPES.get(format, "application/octet-stream")
        self._kept[name] = Link(content, media_type, call.at + LINK_S)
        return f"http://{call.headers['host']}/audio/{name}"

    async def fetch(self, call: Call) -> Response:
        """Give out what is behind an address, or say what storage says."""
        link = self._kept.get(call.path.rpartition("/")[2])
        if link is None:
            return Response("NoSuchKey", 404, media_type="text/plain")
        if call.at >= link.expires_at:
            return Response("AccessDenied: Request has expired.", 403, media_type="text/plain")
        return Response(link.content, media_type=link.media_type)


def encoded(y: Samples, wish: Speech) -> bytes:
    """Encode samples [shape=(n,)] as asked for; what is compressed has a rate of its own."""
    return encode_as(y, sr=wish.sample_rate, format=wish.format, channels=wish.channel)


def extra_info(wish: Speech, audio: bytes, *, duration_s: float) -> dict[str, Any]:
    """Return what the vendor tells of a speech beside it."""
    return {
        "audio_length": round(1000 * duration_s),
        "audio_sample_rate": wish.sample_rate,
        "audio_size": len(audio),
        "bitrate": wish.bitrate,
        "word_count": sum(character.isalnum() for character in wish.text),
        "invisible_character_ratio": round(invisible_share(wish.text), 4),
        "usage_characters": len(wish.text),
        "audio_format": wish.format,
        "audio_channel": wish.channel,
    }


def subtitles(y: Samples, wish: Speech) -> bytes:
    """Return the JSON file of subtitles: sentences in order of time, with words where asked for.

    The times share out what is heard of the sound by the characters said, in milliseconds.
    """
    heard = np.flatnonzero(np.abs(y) > QUIET)
    start, end = (heard[0], heard[-1]) if len(heard) else (0, len(y))
    start_ms, spoken_ms = (1000 * float(n) / wish.sample_rate for n in (start, end - start))
    length = max(len(wish.text), 1)

    def at(place: int) -> float:
        return round(start_ms + spoken_ms * place / length, 3)

    entries = [_entry(found, at, wish) for found in SENTENCE.finditer(wish.text)]
    return json.dumps(entries, ensure_ascii=False).encode()


def _entry(found: re.Match[str], at: Any, wish: Speech) -> dict[str, Any]:
    begin, end = found.span()
    entry = {
        "text": found.group(),
        "time_begin": at(begin),
        "time_end": at(end),
        "text_begin": begin,
        "text_end": end,
    }
    if wish.subtitles == "sentence":
        return entry
    words = [
        {
            "word": word.group(),
            "time_begin": at(begin + word.start()),
            "time_end": at(begin + word.end()),
            "word_begin": begin + word.start(),
            "word_end": begin + word.end(),
        }
        for word in WORD.finditer(found.group())
    ]
    return {**entry, "timestamped_words": words}


def stream(answer: Mapping[str, Any], audio: bytes, *, whole_at_end: bool) -> Response:
    """Return server-sent events: the sound part by part, then all of it again with what is told.

    Parameters
    ----------
    whole_at_end
        Whether the last event repeats the sound, as it does unless a client asks it not to.
    """
    body = b"".join(
        b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
        for event in _events(answer, audio, whole_at_end=whole_at_end)
    )
    head = {"Trace-Id": answer["trace_id"]}
    return Response(body, media_type="text/event-stream", headers=head)


def _events(
    answer: Mapping[str, Any], audio: bytes, *, whole_at_end: bool
) -> Iterator[dict[str, Any]]:
    well = {"status_code": 0, "status_msg": ""}
    for part in _cut(audio, -(-len(audio) // PARTS)):
        data = {"audio": part.hex(), "status": 1, "ced": ""}
        yield {"data": data, "trace_id": answer["trace_id"], "base_resp": well}
    last = {**answer["data"], "audio": audio.hex() if whole_at_end else ""}
    success = {"status_code": 0, "status_msg": "success"}
    yield {**answer, "data": last, "base_resp": success}


def _cut(audio: bytes, each: int) -> list[bytes]:
    return [audio[at : at + each] for at in range(0, len(audio), each)]
