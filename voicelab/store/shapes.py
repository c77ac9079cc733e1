"""What the names voicelab makes look like: a database or an archive may come from anyone."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""SHA-256 of trial audio: the name of a clip."""
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)
"""Of an audio file."""
AUDIO_FILE = re.compile(rf"({DIGEST.pattern}){SUFFIX.pattern}", re.ASCII)
"""The name of an audio file; its first group is the digest."""
TRIAL_ID = re.compile(r"vl[0-9a-f]{14}", re.ASCII)
BATCH_ID = re.compile(r"b[0-9a-f]{12}", re.ASCII)
LAB_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)

_NAMES = (
    ("lab", "id", LAB_ID),
    ("batches", "id", BATCH_ID),
    ("trials", "id", TRIAL_ID),
    ("clips", "hash", DIGEST),
    ("clips", "suffix", SUFFIX),
)


def foreign_names(ask: Callable[[str], Iterable[Sequence[Any]]]) -> Iterator[tuple[str, str]]:
    """Yield every name of a database that voicelab never gave, after where it stands.

    Parameters
    ----------
    ask
        Returns the rows of a question to the database.
    """
    for table, column, shape in _NAMES:
        for (value,) in ask(f"SELECT {column} FROM {table}"):
            if not isinstance(value, str) or shape.fullmatch(value) is None:
                yield f"table {table}, {column}", str(value)
