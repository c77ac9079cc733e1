"""The recordings an account of the emulated MiniMax has uploaded, and what is asked of them.

Sources: the vendor's pages "File Upload" and "Voice Clone" under https://platform.minimax.io/docs.
"""

import itertools
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from voicelab.audio.clip import Caps, decode
from voicelab.emulators.base import Call, No
from voicelab.errors import Unreadable

MOST_BYTES = 20 * 1024 * 1024
SUFFIX = re.compile(r"\.(mp3|m4a|wav)", re.IGNORECASE)
LASTS_S = {"voice_clone": (10.0, 300.0), "prompt_audio": (0.0, 8.0)}
"""Seconds of a recording, from and to, by what it is for."""
TOO_SHORT_OR_LONG = {
    "voice_clone": (2037, "voice duration too short or too long"),
    "prompt_audio": (2048, "prompt audio too long"),
}
READ = Caps(max_bytes=MOST_BYTES, max_duration_s=3600.0)


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A file of the account."""

    file_id: int
    purpose: str
    filename: str
    created_at: float
    content: bytes = field(repr=False)

    def told(self) -> dict[str, Any]:
        """Return what the vendor says of it."""
        return {
            "file_id": self.file_id,
            "bytes": len(self.content),
            "created_at": int(self.created_at),
            "filename": self.filename,
            "purpose": self.purpose,
        }


class Files:
    """The recordings of one account."""

    def __init__(self) -> None:
        self._kept: dict[int, Recording] = {}
        self._ids = itertools.count(205_258_526_306_433)  # as the page's example has them

    def add(self, call: Call) -> Recording:
        """Keep what a call uploads."""
        parts = form(call)
        purpose = parts.get("purpose", ("", b""))[1].decode("utf-8", "replace")
        if purpose not in LASTS_S:
            raise No(2013, f"invalid params, purpose: one of {', '.join(LASTS_S)} is required")
        if "file" not in parts:
            raise No(2013, "invalid params, file: a file is required")
        filename, content = parts["file"]
        if not SUFFIX.fullmatch(filename[filename.rfind(".") :] if "." in filename else ""):
            raise No(2013, "invalid params, file: mp3, m4a or wav is required")
        if not 0 < len(content) <= MOST_BYTES:
            raise No(2013, "invalid params, file: up to 20 MB are required")
        kept = Recording(
            file_id=next(self._ids),
            purpose=purpose,
            filename=filename,
            created_at=call.at,
            content=content,
        )
        self._kept[kept.file_id] = kept
        return kept

    def find(self, file_id: object, purpose: str) -> bytes:
        """Return the recording with an id, its length what it must be for its purpose."""
        recording = self._kept.get(file_id) if type(file_id) is int else None
        if recording is None or recording.purpose != purpose:
            raise No(2013, "invalid params, file_id: there is no such file")
        try:
            duration_s = decode(recording.content, caps=READ).duration_s
        except Unreadable:  # also M4A, which the vendor reads and the emulator does not
            raise No(2013, "invalid params, file: it cannot be decoded") from None
        shortest_s, longest_s = LASTS_S[purpose]
        if not shortest_s <= duration_s <= longest_s:
            raise No(*TOO_SHORT_OR_LONG[purpose])
        return recording.content


def form(call: Call) -> dict[str, tuple[str, bytes]]:
    """Return the parts of a multipart body by their names, each with its file name."""
    head = Message()
    head["Content-Type"] = call.headers.get("content-type", "")
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise No(2013, "invalid params, Content-Type must be multipart/form-data")
    found: dict[str, tuple[str, bytes]] = {}
    for part in (b"\r\n" + call.content).split(b"\r\n--" + boundary.encode())[1:-1]:
        headers, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = BytesHeaderParser().parsebytes(headers)
        name = told.get_param("name", header="content-disposition")
        found[str(name)] = (str(told.get_filename("")), content)
    return found
