import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from voicelab.audio.clip import Clip, decode
from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.errors import UsageError
from voicelab.figures import FIGURES
from voicelab.figures.scale import common_scale

TEXT = "On a stormy night, the ancient bell tower struck twelve."


def clip_of(y, sr=16_000):
    return Clip(y=np.asarray(y, np.float32), sr=sr, format="wav", channels=1)


@pytest.fixture(scope="module")
def speech():
    return decode(speak(TEXT, VoiceParameters(f0_hz=110)).wav)


@pytest.fixture(scope="module")
def child():
    return decode(speak(TEXT, VoiceParameters(f0_hz=320, tract_percent=125, rate_wpm=120)).wav)


def drawn(name, clip, scale):
    figure = Figure()
    canvas = FigureCanvasAgg(figure)
    ax = figure.subplots()
    FIGURES[name](clip, ax, scale=scale)
    canvas.draw()
    return ax, np.asarray(canvas.buffer_rgba())


@pytest.mark.parametrize("name", FIGURES)
def test_all_clips_of_a_comparison_are_drawn_to_one_scale(name, speech, child):
    scale = common_scale([speech, child])
    limits = set()
    for clip in (speech, child):
        ax, image = drawn(name, clip, scale)
        limits.add((ax.get_xlim(), ax.get_ylim()))
        for mesh in ax.collections:
            if mesh.get_array() is not None:
                assert mesh.get_clim() == (-80, 0)
        assert len(np.unique(image.reshape(-1, 4), axis=0)) > 5
    assert len(limits) == 1
    assert limits.pop()[0] == (0, child.duration_s)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(
    "y",
    [np.zeros(1), np.ones(1), np.zeros(16_000), np.ones(100), np.random.default_rng(0).random(500)],
    ids=["zero", "one sample", "silence", "6 ms", "30 ms"],
)
def test_odd_clips_can_be_drawn(name, y):
    clip = clip_of(y)
    drawn(name, clip, common_scale([clip]))


@pytest.mark.parametrize("name", ["mel", "linear"])
def test_a_clip_of_low_rate_is_drawn_beside_one_of_high_rate(name):
    rng = np.random.default_rng(0)
    low, high = clip_of(rng.normal(0, 0.1, 8000), 8000), clip_of(rng.normal(0, 0.1, 48_000), 48_000)
    scale = common_scale([low, high])
    assert scale.f_max_hz == 8000
    for clip in (low, high):
        assert drawn(name, clip, scale)[0].get_ylim() == (0, 8000)


def test_the_loudest_clip_alone_reaches_the_top_of_the_scale():
    rng = np.random.default_rng(0)
    loud = clip_of(rng.normal(0, 0.1, 16_000))
    quiet = clip_of(loud.y / 10)
    scale = common_scale([loud, quiet])
    for name in ("mel", "linear"):
        tops = [
            drawn(name, clip, scale)[0].collections[0].get_array().max() for clip in (loud, quiet)
        ]
        assert tops == pytest.approx([0, -20], abs=0.01)


def test_the_scale_covers_every_clip_and_says_so(speech, child):
    scale = common_scale([speech, child])
    assert scale.duration_s == child.duration_s
    assert scale.peak == max(np.abs(speech.y).max(), np.abs(child.y).max())
    assert scale.f0_min_hz < 110 < 320 < scale.f0_max_hz
    caption = scale.caption()
    assert caption.startswith(f"one scale: 0–{child.duration_s:.1f} s · 0–8 kHz · −80–0 dB")
    assert f"{scale.f0_min_hz:.0f}–{scale.f0_max_hz:.0f} Hz" in caption


def test_a_comparison_without_clips_has_no_scale():
    with pytest.raises(UsageError, match="no clip"):
        common_scale([])


def test_figures_are_drawn_without_our_importing_pyplot():
    ours = [module for name, module in sys.modules.items() if name.startswith("voicelab.figures")]
    assert ours
    assert not any("pyplot" in vars(module) or "plt" in vars(module) for module in ours)
