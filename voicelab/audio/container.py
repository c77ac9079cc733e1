"""The only place that tells audio files apart by their first bytes and mends what services break.

Nothing here decodes: a file is named, refused with a sentence, or handed on as one or more parts
that libsndfile reads to the end.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from voicelab.audio import mpeg
from voicelab.errors import Unreadable

_FOREIGN = (
    (4, b"ftyp", "MP4 or M4A"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"ADIF", "AAC"),
    (0, b"#!AMR", "AMR"),
    (0, b"#!SILK", "SILK"),
    (0, b"\x02#!SILK", "SILK"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "Windows Media"),
    (0, b"caff", "Core Audio"),
    (0, b"riff.\x91\xcf\x11", "Wave64"),
    (0, b"\x1f\x8b", "gzip-compressed"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"%PDF", "PDF"),
    (0, b"\x89PNG", "PNG"),
)
_READABLE = "Ask the service for WAV, FLAC, MP3 or Ogg."
_SHOWN = 200
_MOST_PARTS = 500
"""Files joined in one; opening tens of thousands of empty ones would take minutes."""
_STREAMED = 0x7FFF_0000
"""Sizes from here up are a streaming writer's way of saying that it does not know yet."""


@dataclass(frozen=True, kw_only=True)
class Mended:
    """A file as parts which each decode to their end, and what was done to get them."""

    parts: tuple[bytes, ...]
    notes: tuple[str, ...] = ()


def sniff(data: bytes) -> str | None:
    """Name the format by the first bytes, or return None for anything voicelab does not read."""
    if data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"OggS":
        return "opus" if b"OpusHead" in data[:64] else "ogg"
    if data[:4] == b"FORM" and data[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if data[:3] == b"ID3" or mpeg.is_stream(data):
        return "mp3"
    return {b"fLaC": "flac", b".snd": "au"}.get(data[:4])


def text_in(data: bytes) -> str | None:
    """Return the beginning of a body that is text (an error page, say), or None for other bytes."""
    try:
        text = data[:_SHOWN].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < min(len(data), _SHOWN) - 3:
            return None
        text = data[: error.start].decode("utf-8-sig")
    if any(not (character.isprintable() or character in "\r\n\t") for character in text):
        return None
    return " ".join(text.split())


def refusal(data: bytes) -> Unreadable:
    """Say in one sentence what bytes of no readable format seem to be."""
    if (text := text_in(data)) is not None:
        return Unreadable(f"The reply is text, not audio: “{text}”.")
    for at, magic, name in _FOREIGN:
        if data[at : at + len(magic)] == magic:
            return Unreadable(
                f"The bytes are {name} data, which voicelab does not read. {_READABLE}"
            )
    return Unreadable(
        f"The {len(data):,} bytes begin with {data[:8].hex(' ')}, which is no audio format "
        f"voicelab reads; headerless PCM needs its sample rate stated. {_READABLE}"
    )


def mend(data: bytes, *, format: str) -> Mended:
    """Repair what streaming writers and joiners leave behind, and split joined files.

    Raises
    ------
    Unreadable
        An MP3 label with no MP3 frame behind it, or too many files joined.
    """
    if format == "wav":
        return _mend_wav(data)
    if format == "mp3":
        return _mend_mp3(data)
    if format in ("ogg", "opus"):
        return _joined(tuple(_ogg_parts(data)))
    return Mended(parts=(data,))


def _joined(parts: tuple[bytes, ...], *notes: str) -> Mended:
    if len(parts) > _MOST_PARTS:
        raise Unreadable(
            f"The file is {len(parts):,} files joined; voicelab reads up to {_MOST_PARTS}."
        )
    if len(parts) > 1:
        notes = (f"The file is {len(parts)} files joined; all were decoded, end to end.", *notes)
    return Mended(parts=parts, notes=notes)


def _mend_wav(data: bytes) -> Mended:
    """Give a WAV its data size back where a streaming writer left 0 (soundfile would read 0)."""
    order = ">" if data[:4] == b"RIFX" else "<"
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from(order + "I", data, at + 4)[0]
        if name == b"data":
            return _mend_wav_data(data, at=at, size=size, order=order)
        at += 8 + size + size % 2
    return Mended(parts=(data,))


def _mend_wav_data(data: bytes, *, at: int, size: int, order: str) -> Mended:
    arrived = len(data) - at - 8
    if size == 0 and arrived and not _is_chunk(data, at + 8, order):
        whole = bytearray(data)
        struct.pack_into(order + "I", whole, 4, len(data) - 8)
        struct.pack_into(order + "I", whole, at + 4, arrived)
        note = "The WAV header gave its length as 0 (written while streaming); it was repaired."
        return Mended(parts=(bytes(whole),), notes=(note,))
    if arrived < size < _STREAMED:
        return Mended(parts=(data,), notes=(_cut_short(arrived / size),))
    return Mended(parts=(data,))


def _is_chunk(data: bytes, at: int, order: str) -> bool:
    name, size = data[at : at + 4], data[at + 4 : at + 8]
    return (
        len(size) == 4
        and name.isalpha()
        and at + 8 + struct.unpack(order + "I", size)[0] <= len(data)
    )


def _mend_mp3(data: bytes) -> Mended:
    streams = mpeg.parts(data)
    if not streams:
        raise Unreadable(f"The bytes are labelled MP3 but hold no MP3 frame. {_READABLE}")
    last = streams[-1]
    is_short = last.declared is not None and last.frames < last.declared
    notes = (_cut_short(last.frames / last.declared),) if is_short and last.declared else ()
    return _joined(tuple(mpeg.rewritten(data, stream) for stream in streams), *notes)


def _cut_short(share: float) -> str:
    return f"The file is cut short: {share:.0%} of the sound its header promises arrived."


def _ogg_parts(data: bytes) -> Iterator[bytes]:
    """Split chained Ogg streams; libsndfile reads the first and says nothing of the others."""
    start = at = 0
    was_first_page = True
    while (at := data.find(b"OggS\0", at)) >= 0:
        is_first_page = bool(data[at + 5 : at + 6] and data[at + 5] & 2)
        if is_first_page and not was_first_page:
            yield data[start:at]
            start = at
        was_first_page = is_first_page
        at += 5
    yield data[start:]
