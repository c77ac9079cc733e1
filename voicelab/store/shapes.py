"""What the names voicelab makes look like: a database or an archive may come from anyone."""

import re

DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""SHA-256 of trial audio: the name of a clip."""
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)
"""Of an audio file."""
AUDIO_FILE = re.compile(rf"({DIGEST.pattern}){SUFFIX.pattern}", re.ASCII)
"""The name of an audio file; its first group is the digest."""
TRIAL_ID = re.compile(r"vl[0-9a-f]{14}", re.ASCII)
BATCH_ID = re.compile(r"b[0-9a-f]{12}", re.ASCII)
