"""Render one utterance with the espeak-ng library, in a process of its own.

The library keeps global state: it is not thread-safe, it is repeatable only when fresh, and it may
crash. One process an utterance answers all three, and keeps the GPL code out of the notebook's
process. Run by file path as ``python -I -S``, with ctypes as the only import of any size: JSON
would add a third to the start-up time, so the request comes as arguments and the reply is lines.

Arguments: library, data folder ("" for the library's own), voice file, words per minute, seed,
1 for SSML, seconds to live. Text: UTF-8 on stdin. Without a voice file only the version is asked.
The engine cuts data paths at 160 characters and voice paths at 60: give them from the folder the
child is started in.

Reply on stdout: lines with version, data folder and sampling rate; then in order of time
``<ms> <character from 1>`` for each word and ``<ms>`` for each pause; then ``pcm <bytes>`` and the
16-bit samples. A failure is exit code 1 and one sentence on stderr.
"""

import ctypes
import faulthandler
import os
import sys

SYNCHRONOUS = 2
PHONEME_EVENTS_AND_NO_EXIT = 0x8001
RATE = 1
UTF8, SSML = 1, 0x10
WORD, END, PHONEME = 1, 5, 7


class Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event)
)


def start(library: str, data: str) -> tuple[ctypes.CDLL, int, str, str]:
    """Load the library and its data; give it with sampling rate, version and data folder."""
    try:
        engine = ctypes.CDLL(library)
    except OSError as error:
        sys.exit(f"the library cannot be loaded: {error}")
    path = os.fsencode(data) or None
    rate = engine.espeak_Initialize(SYNCHRONOUS, 0, path, PHONEME_EVENTS_AND_NO_EXIT)
    if rate <= 0:
        sys.exit(f"the data folder {data or '(the default)'} was refused")
    engine.espeak_Info.restype = ctypes.c_char_p
    folder = ctypes.c_char_p()
    version = engine.espeak_Info(ctypes.byref(folder)) or b""
    return engine, rate, version.decode(), os.fsdecode(folder.value or b"")


def set_voice(engine: ctypes.CDLL, voice: str, words_per_minute: str, seed: str) -> None:
    """Load the voice file, the rate and the seed, each checked."""
    if engine.espeak_SetVoiceByFile(os.fsencode(voice)) != 0:
        sys.exit("the voice was refused")
    if engine.espeak_SetParameter(RATE, int(words_per_minute), 0) != 0:
        sys.exit(f"the rate {words_per_minute} was refused")
    if hasattr(engine, "espeak_ng_SetRandSeed"):
        engine.espeak_ng_SetRandSeed(ctypes.c_long(int(seed)))
    if os.name == "posix":  # some of the noise is drawn from the C library's own generator
        ctypes.CDLL(None).srand(ctypes.c_uint(int(seed)))


def render(engine: ctypes.CDLL, text: bytes, flags: int) -> tuple[bytes, list[str]]:
    """Speak the text; give the samples and the lines that say what is heard when."""
    samples: list[bytes] = []
    lines: list[str] = []

    def keep(
        wave: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes._Pointer[Event]"
    ) -> int:
        if count > 0:
            samples.append(ctypes.string_at(wave, 2 * count))
        index = 0
        while events[index].type:
            lines.extend(line(events[index]))
            index += 1
        return 0

    callback = Callback(keep)
    engine.espeak_SetSynthCallback(callback)
    status = engine.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 1, 0, flags, None, None)
    if status != 0:
        sys.exit(f"the text was refused with status {status}")
    return b"".join(samples), lines


def line(event: Event) -> list[str]:
    """Write one event as a line, or as none."""
    if event.type == WORD:
        return [f"{event.audio_position} {event.text_position}"]
    if event.type == END or (event.type == PHONEME and event.name.startswith(b"_")):
        return [str(event.audio_position)]
    return []


def main(arguments: list[str]) -> None:
    """Answer the request in the arguments."""
    library, data, voice, words_per_minute, seed, ssml, seconds = arguments
    faulthandler.dump_traceback_later(float(seconds), exit=True)  # should the parent be killed
    reply = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the library prints must not mix with the samples
    engine, rate, version, folder = start(library, data)
    pcm, lines = b"", list[str]()
    if voice:
        set_voice(engine, voice, words_per_minute, seed)
        pcm, lines = render(engine, sys.stdin.buffer.read(), UTF8 | (SSML if int(ssml) else 0))
    head = [version, folder, str(rate), *lines, f"pcm {len(pcm)}\n"]
    reply.write("\n".join(head).encode("utf-8", "surrogateescape") + pcm)
    reply.flush()
    os._exit(0)  # the library's own clean-up has nothing to give and may crash


if __name__ == "__main__":
    main(sys.argv[1:])
