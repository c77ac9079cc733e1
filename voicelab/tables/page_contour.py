"""The pitch of a clip as a page holds it: a byte for each value, so that it takes little."""

import numpy as np

from voicelab.figures.contour import F0_MAX_HZ, F0_MIN_HZ, Contour

_TOP = 254
"""Steps on the pitch axis: each is a sixth of a semitone."""


def pitch_bytes(contour: Contour) -> bytes:
    """Return the places of a contour on the pitch axis, which is logarithmic.

    A value is 0 where there is no pitch, else 1 at `F0_MIN_HZ` to 255 at `F0_MAX_HZ`.
    """
    place = np.log(contour.f0_hz / F0_MIN_HZ) / np.log(F0_MAX_HZ / F0_MIN_HZ)
    levels = 1 + np.clip(np.round(_TOP * place), 0, _TOP)
    return bytes(np.nan_to_num(levels, nan=0.0).astype(np.uint8).tobytes())
