"""A cloned voice and its recording: how near they come, in measured numbers."""

import asyncio
from itertools import combinations, pairwise

import numpy as np
import pytest

from voicelab.audio import espeak
from voicelab.audio.clip import encode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.houses import HOUSES
from voicelab.emulators.likeness import say_like
from voicelab.emulators.serve import serve
from voicelab.emulators.speech import said
from voicelab.errors import Unreadable
from voicelab.lab import Lab
from voicelab.measures import measure
from voicelab.model import Batch, PromptVariant

SAID = "On a stormy night, the ancient bell tower struck twelve. Nobody came to open the gate."
TEXT = "The harbour was quiet, and every lamp along the water had been lit before the ships came."


def recording(**voice):
    return espeak.speak(SAID, VoiceParameters(**voice)).wav


def clone(audio, text=TEXT, *, key="a", sr=24000):
    return asyncio.run(say_like(audio, text, key=key, sr=sr))


def designed(prompt, house, take=1):
    return measure(said(prompt, TEXT, key=f"{house}/take {take}", sr=24000), sr=24000)


def numbers(audio, **options):
    return measure(clone(audio, **options), sr=options.get("sr", 24000))


@pytest.mark.parametrize("f0_hz", [75, 110, 155, 210, 290, 380])
def test_a_clone_has_the_pitch_of_its_recording(f0_hz):
    found = numbers(recording(f0_hz=f0_hz))["f0_median_hz"]
    assert abs(12 * np.log2(found / f0_hz)) < 1.0


def test_the_wider_the_pitch_of_a_recording_the_wider_that_of_its_clone():
    ranges = [numbers(recording(range_st=st))["f0_range_st"] for st in (2, 6, 11)]
    assert all(wider > narrow + 1 for narrow, wider in pairwise(ranges))


def test_the_faster_a_recording_the_faster_its_clone():
    lasting = [len(clone(recording(rate_wpm=rate))) for rate in (110, 165, 230, 320)]
    assert all(slow > 1.1 * fast for slow, fast in pairwise(lasting))


def test_a_clone_of_a_whisper_whispers():
    assert np.isnan(numbers(recording(whispered=True))["f0_median_hz"])


def test_a_clone_speaks_the_language_of_its_text():
    audio = recording()
    for text in ("在一个暴风雨的夜晚，钟楼敲响了十二下。", "Добрый вечер, друзья."):
        assert len(clone(audio, text)) > 24000


def test_one_voice_stays_itself_and_another_id_is_another_voice():
    audio = recording()
    assert np.array_equal(clone(audio, key="a"), clone(audio, key="a"))
    assert not np.array_equal(clone(audio, key="a"), clone(audio, key="b"))


@pytest.mark.parametrize("sr", [8000, 16000, 24000])
def test_the_clip_comes_at_the_rate_that_was_asked_for(sr):
    audio = recording()
    assert len(clone(audio, sr=sr)) / sr == pytest.approx(len(clone(audio)) / 24000, abs=0.01)


def test_noise_and_a_single_sample_still_give_a_voice():
    noise = np.random.default_rng(1).normal(0, 0.1, 16000)
    for y in (noise, [0.5], np.zeros(16000)):
        assert abs(clone(encode(y, sr=16000, format="wav"))).max() > 0.01


def test_what_is_no_recording_is_said_to_be_none():
    with pytest.raises(Unreadable):
        clone(b"no audio at all")


PROMPTS = ("a deep, calm male narrator", "a bright young woman", "an old man", "低沉的男声")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_house_hears_another_voice_in_the_same_description(prompt):
    heard = [designed(prompt, house)["f0_median_hz"] for house in HOUSES]
    assert all(abs(12 * np.log2(a / b)) > 0.25 for a, b in combinations(heard, 2))
    assert abs(12 * np.log2(max(heard) / min(heard))) < 4.5


def test_two_houses_differ_in_pace_and_two_takes_of_one_by_less_than_two_houses():
    lasting = {
        (house, take): designed(PROMPTS[0], house, take)["duration_s"]
        for house in HOUSES
        for take in (1, 2, 3)
    }
    takes = [[lasting[house, take] for take in (1, 2, 3)] for house in HOUSES]
    assert all(len(set(of_one)) == 3 for of_one in takes)
    spread = max(max(of_one) / min(of_one) for of_one in takes)
    between = [np.mean(of_one) for of_one in takes]
    assert max(between) / min(between) > 1.05
    assert spread < max(between) / min(between)


@pytest.mark.parametrize("house", HOUSES)
def test_a_deep_voice_is_deep_and_a_fast_one_fast_at_every_house(house):
    plain, deep = designed("a male narrator", house), designed("a deep male narrator", house)
    assert deep["f0_median_hz"] < 0.97 * plain["f0_median_hz"]
    slow, fast = designed("a slow man", house), designed("a fast man", house)
    assert fast["duration_s"] < 0.9 * slow["duration_s"]


def test_one_description_gives_another_voice_at_every_vendor(tmp_path, monkeypatch):
    vendors = ["minimax", "dashscope-cosyvoice", "dashscope-qwen"]
    vendors += ["tencent-mps", "tencent-vod-design"]
    with serve() as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        variants = [PromptVariant(label="deep", prompt=PROMPTS[0], preview_text=TEXT)]
        with Lab.open(tmp_path) as lab:
            frame = lab.run(Batch(variants=variants, providers=vendors, takes=2)).result().frame
    assert frame["state"].tolist() == ["done"] * 10
    heard = frame.groupby("provider")["f0_median_hz"].agg(["min", "max"])
    for (_, one), (_, other) in combinations(heard.iterrows(), 2):
        low, high = sorted((one, other), key=lambda row: row["min"])
        assert high["min"] > 1.01 * low["max"]
