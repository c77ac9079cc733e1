"""The only place that says at which gain voices are heard equally loud.

One voice that is quieter than the others is judged worse for it, so a clip whose peaks leave no
room to be raised does not fall behind: all are played at the loudness that it can reach.

Sources: ITU-R BS.1770-4 (loudness, true peak); EBU R 128 (the loudness aimed at).
"""

from collections.abc import Iterable, Mapping

Numbers = Mapping[str, float | None]

TARGET_LUFS = -23.0
"""Loudness all voices are played at when they are matched (EBU R 128)."""
LOWEST_LUFS = -33.0
"""No single clip brings all others further down than this."""
PEAK_LIMIT_DBTP = -1.0
"""No matched voice may come closer to full scale than this."""


def common_loudness(clips: Iterable[Numbers]) -> float:
    """Return the loudness in LUFS at which all clips can be played with no peak past the limit.

    Parameters
    ----------
    clips
        Measured numbers of each clip: `loudness_lufs` and `true_peak_dbtp`.
    """
    reached = (
        loudness + _room_db(numbers)
        for numbers in clips
        if (loudness := numbers.get("loudness_lufs")) is not None
    )
    return max(LOWEST_LUFS, min([TARGET_LUFS, *reached]))


def playback_gain(numbers: Numbers, *, loudness_lufs: float) -> tuple[float | None, str | None]:
    """Return the gain in dB that plays a clip at a loudness, and a note where there is more to say.

    The gain is for playing only; no audio is changed. It is held back where the true peak would
    pass `PEAK_LIMIT_DBTP`.
    """
    loudness = numbers.get("loudness_lufs")
    if loudness is None:
        return None, "too short or too quiet to match its loudness; played as it is"
    gain, room = loudness_lufs - loudness, _room_db(numbers)
    if gain > room + 1e-9:
        return room, f"{gain - room:.1f} dB quieter than the others: its peaks leave no more room"
    if loudness_lufs < TARGET_LUFS and gain > room - 1e-9:
        lowered = f"{loudness_lufs:.1f}".replace("-", "−")
        return gain, f"its peaks leave no more room, so all are played at {lowered} LUFS"
    return gain, None


def _room_db(numbers: Numbers) -> float:
    peak = numbers.get("true_peak_dbtp")
    return PEAK_LIMIT_DBTP - (peak if peak is not None else 0.0)
