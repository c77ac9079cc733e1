"""The only place that looks for faults of a recording rather than traits of a voice."""

import numpy as np

from voicelab.audio.clip import Samples

FULL_SCALE = 0.999
"""From here up a sample counts as clipped: 16-bit files and coders rarely hold exactly 1."""


def clipped_share(y: Samples) -> float:
    """Return the share of samples at or beyond full scale (99.9 %); NaN without samples."""
    return float(np.mean(np.abs(y) >= FULL_SCALE)) if len(y) else np.nan


def dc_offset(y: Samples) -> float:
    """Return the mean of the samples, as a share of full scale; NaN without samples."""
    return float(np.mean(y, dtype=np.float64)) if len(y) else np.nan
