"""At which gain voices are heard equally loud."""

import pytest

from voicelab.tables.fair_levels import LOWEST_LUFS, TARGET_LUFS, common_loudness, playback_gain


def clip(loudness: float | None, peak: float | None) -> dict[str, float | None]:
    return {"loudness_lufs": loudness, "true_peak_dbtp": peak}


def test_voices_with_room_are_played_at_the_loudness_aimed_at() -> None:
    clips = [clip(-30.0, -12.0), clip(-18.0, -3.0)]
    assert common_loudness(clips) == TARGET_LUFS
    assert playback_gain(clips[0], loudness_lufs=TARGET_LUFS) == (7.0, None)


def test_one_voice_without_room_brings_all_down_and_says_so() -> None:
    clips = [clip(-30.0, -6.0), clip(-18.0, -3.0)]
    common = common_loudness(clips)
    gains = [playback_gain(each, loudness_lufs=common) for each in clips]
    assert [gain for gain, _ in gains] == [5.0, -7.0]
    assert gains[0][1] == "its peaks leave no more room, so all are played at −25.0 LUFS"
    assert gains[1][1] is None


def test_a_voice_of_hardly_more_than_a_click_does_not_silence_the_others() -> None:
    clips = [clip(-50.0, -1.0), clip(-18.0, -3.0)]
    common = common_loudness(clips)
    gain, note = playback_gain(clips[0], loudness_lufs=common)
    assert (common, gain) == (LOWEST_LUFS, 0.0)
    assert note == "17.0 dB quieter than the others: its peaks leave no more room"


def test_what_is_too_short_or_silent_says_so_and_moves_nobody() -> None:
    gain, note = playback_gain(clip(None, None), loudness_lufs=TARGET_LUFS)
    assert common_loudness([clip(None, None)]) == TARGET_LUFS
    assert gain is None
    assert note is not None
    assert note.startswith("too short or too quiet")


@pytest.mark.parametrize("peak", [-3.0, -0.2, 0.4])
def test_no_peak_passes_the_limit(peak: float) -> None:
    clips = [clip(-24.0, peak), clip(-20.0, -1.0)]
    common = common_loudness(clips)
    for each in clips:
        gain, _ = playback_gain(each, loudness_lufs=common)
        assert gain is not None
        assert each["true_peak_dbtp"] + gain <= -1.0 + 1e-9
