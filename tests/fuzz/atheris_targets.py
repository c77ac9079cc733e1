"""Coverage-guided fuzzing, by hand and for as long as you like; not part of the test suite.

::

    pip install atheris                                  # Linux, Python 3.11 or later
    PYTHONPATH=tests/fuzz python tests/fuzz/atheris_targets.py audio -max_total_time=600
    PYTHONPATH=tests/fuzz python tests/fuzz/atheris_targets.py replies -max_total_time=600

What it finds lands as `crash-…` in the current folder: make a regression case of it, under
`corpus/` for a reply, in `tests/audio/test_hostile_audio.py` for a sound.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["voicelab"]):
    from conversations import conversations, read
    from test_decoders import FILES, decoded_or_refused


def audio(data: bytes) -> None:
    """Decode the bytes."""
    decoded_or_refused(data)


def replies(data: bytes) -> None:
    """Read the bytes as one reply of a conversation, which the first two of them name."""
    place, content = int.from_bytes(data[:2], "big"), data[2:]
    places = [(held, at) for held in conversations() for at in range(len(held.replies))]
    held, at = places[place % len(places)]
    spoilt = list(held.replies)
    spoilt[at] = replace(spoilt[at], content=content)
    read(held, spoilt)


def seeds(target: Callable[[bytes], None]) -> list[bytes]:
    """Return good inputs to begin with."""
    if target is audio:
        return list(FILES)
    contents = [reply.content for held in conversations() for reply in held.replies]
    return [at.to_bytes(2, "big") + content for at, content in enumerate(contents)]


def main() -> None:
    """Fuzz the target named first; all else is libFuzzer's."""
    target = {"audio": audio, "replies": replies}[sys.argv.pop(1)]
    with TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(target)):
            (Path(folder) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, "-max_len=300000", folder], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
