"""What makes two trials the same: all that is asked for, whatever the row is called."""

import hashlib
import json

_NAMES = ("label", "variables")
"""Fields of a variant that name a row and ask for nothing."""


def identity_of(
    variant: str, provider: str, take: int, seed: int, options: str, emulated: int
) -> str:
    """Return the digest of a trial's wish; `variant` and `options` are JSON.

    A take is part of it: two takes of one prompt are two wishes. So is whether an emulator is
    asked, since its voice is never the vendor's.
    """
    wish = {name: value for name, value in json.loads(variant).items() if name not in _NAMES}
    text = json.dumps(
        [wish, provider, take, seed, json.loads(options), bool(emulated)], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:24]
