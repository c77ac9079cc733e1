"""The only place that knows how an MP3 stream is laid out (ISO/IEC 11172-3, 13818-3, Xing header).

libsndfile believes a stream's own header and stops there, so MP3 files that were joined lose all
but the first, and a variable-rate stream without a header is cut to a guess. Both come from real
services; here the frames are counted instead.
"""

import re
from dataclasses import dataclass

_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]")
_LONGEST_JUNK = 65_536
"""Bytes searched for the next frame before the rest counts as something else."""
_SHORTEST_TAIL = 3
"""Frames past a stream's own end below which they are its miscount and not another stream."""
_MPEG1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_HEADER_ROOM = 156
"""Bytes libmpg123 wants in a frame before it looks for a Xing header in it."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One Layer III frame, as its four header bytes describe it."""

    start: int
    length: int
    side_info: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stream of a file that may hold several."""

    start: int
    end: int
    frames: int
    declared: int | None
    """Sound frames its own header promises; None without a usable header."""
    first: Frame


def frame_at(data: bytes, at: int) -> Frame | None:
    """Read the Layer III frame header at a byte offset, or return None where there is none."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, kbps_index, rate_index = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbps_index in (0, 15) or rate_index == 3:
        return None
    is_mpeg1, is_mono = version == 3, head[3] >> 6 == 3
    kbps = (_MPEG1_KBPS if is_mpeg1 else _MPEG2_KBPS)[kbps_index]
    samples = 1152 if is_mpeg1 else 576
    return Frame(
        start=at,
        length=samples * 125 * kbps // _RATES[version][rate_index] + (head[2] >> 1 & 1),
        side_info=(17 if is_mono else 32) if is_mpeg1 else (9 if is_mono else 17),
    )


def is_stream(data: bytes) -> bool:
    """Say whether the bytes begin with two MP3 frames in a row, or with one and no more."""
    frame = frame_at(data, 0)
    return frame is not None and (
        frame.length >= len(data) or frame_at(data, frame.length) is not None
    )


def parts(data: bytes) -> list[Part]:
    """Count the frames of every stream in the bytes, skipping tags and damage between them."""
    found: list[Part] = []
    frame = _next_frame(data, 0)
    while frame is not None:
        part = _part_from(data, frame)
        if not found or part.declared or part.frames >= _SHORTEST_TAIL:
            found.append(part)
        frame = _next_frame(data, part.end)
    return found


def rewritten(data: bytes, part: Part) -> bytes:
    """Cut one stream out, with a header that states its true length where it had none."""
    body = data[part.start : part.end]
    return body if part.declared is not None else _header_frame(data, part) + body


def _part_from(data: bytes, first: Frame) -> Part:
    declared = _declared_frames(data, first)
    at = first.start + first.length if declared else first.start
    frames = 0
    while (frame := _next_frame(data, at)) is not None:
        is_full = declared is not None and frames >= declared
        if is_full or (frames and _has_header(data, frame)):
            break
        frames, at = frames + 1, frame.start + frame.length
    return Part(
        start=first.start,
        end=min(at, len(data)),
        frames=frames,
        declared=declared,
        first=first,
    )


def _next_frame(data: bytes, at: int) -> Frame | None:
    if (frame := frame_at(data, at)) is not None:
        return frame
    at = _after_tags(data, at)
    for sync in _SYNC.finditer(data, at, at + _LONGEST_JUNK):
        frame = frame_at(data, sync.start())
        if frame is not None and _is_followed(data, frame):
            return frame
    return None


def _after_tags(data: bytes, at: int) -> int:
    while (tag := data[at : at + 3]) in (b"ID3", b"TAG"):
        at += 128 if tag == b"TAG" else 10 + _synchsafe(data[at + 6 : at + 10])
    return at


def _synchsafe(size: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(size, (21, 14, 7, 0), strict=False))


def _is_followed(data: bytes, frame: Frame) -> bool:
    end = frame.start + frame.length
    return end >= len(data) or frame_at(data, end) is not None


def _has_header(data: bytes, frame: Frame) -> bool:
    at = frame.start + 4 + frame.side_info
    return data[at : at + 4] in (b"Xing", b"Info")


def _declared_frames(data: bytes, frame: Frame) -> int | None:
    at = frame.start + 4 + frame.side_info
    if not _has_header(data, frame) or not data[at + 7 : at + 8] or not data[at + 7] & 1:
        return None
    return int.from_bytes(data[at + 8 : at + 12], "big") or None


def _header_frame(data: bytes, part: Part) -> bytes:
    _, version, bits, mode = data[part.start : part.start + 4]
    heads = (
        bytes((0xFF, version | 1, kbps_index << 4 | bits & 0x0C, mode))
        for kbps_index in range(1, 15)
    )
    room = 4 + part.first.side_info + _HEADER_ROOM
    head, length = next(
        (head, frame.length)
        for head in heads
        if (frame := frame_at(head, 0)) is not None and frame.length >= room
    )
    tag = b"Xing" + (1).to_bytes(4, "big") + part.frames.to_bytes(4, "big")
    return (head + bytes(part.first.side_info) + tag).ljust(length, b"\0")
