"""The built-in engine as a provider."""

import asyncio
import dataclasses

import pytest
from provider_helpers import PREVIEW_TEXT, make_trial, make_variant, submit

from voicelab.audio.clip import decode
from voicelab.errors import UsageError
from voicelab.providers import provider
from voicelab.providers.local import Local


async def nothing_is_sent(request):
    raise AssertionError(f"the local engine asked for {request}")


def test_a_voice_needs_no_network_and_no_account():
    voice = submit(Local(), make_trial("local"), nothing_is_sent)
    assert decode(voice.audio).format == "wav"
    assert not provider("local").emulated
    assert provider("local").limits.price is None


def test_the_same_take_repeats_byte_for_byte_and_under_the_same_id():
    trial = make_trial("local", take=2)
    assert submit(Local(), trial) == submit(Local(), trial)


def test_takes_and_seeds_differ():
    plain, second = make_trial("local"), make_trial("local", take=2)
    voices = [submit(Local(), t) for t in (plain, second, dataclasses.replace(second, seed=7))]
    assert len({voice.audio for voice in voices}) == 3
    assert len({voice.voice_id for voice in voices}) == 3
    assert all(voice.voice_id.startswith("local:") for voice in voices)


def test_many_trials_at_once_sound_as_they_do_alone():
    trials = [make_trial("local", take=take) for take in range(1, 7)]

    async def together():
        return await asyncio.gather(*(Local().submit(trial, nothing_is_sent) for trial in trials))

    assert asyncio.run(together()) == [submit(Local(), trial) for trial in trials]


def test_the_evidence_tells_the_words_of_the_prompt_and_when_each_word_is_heard():
    voice = submit(Local(), make_trial("local"))
    duration_s = decode(voice.audio).duration_s
    assert [word["text"] for word in voice.evidence["words"]] == (
        PREVIEW_TEXT.replace(",", "").replace(".", "").split()
    )
    starts = [word["start_s"] for word in voice.evidence["words"]]
    assert starts == sorted(starts)
    assert all(
        0 <= word["start_s"] <= word["end_s"] <= duration_s for word in voice.evidence["words"]
    )
    assert "deep" in str(voice.evidence["matched"])
    assert voice.evidence["engine_version"]


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ({"preview_text": "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ"}, {}, "does not read"),
        ({"language": "xx-nowhere"}, {}, "xx"),
        ({}, {"pitch": 3}, "'pitch'"),
    ],
)
def test_what_the_engine_cannot_do_is_refused_before_it_runs(changes, options, told):
    with pytest.raises(UsageError, match=told) as caught:
        Local().check(make_variant(**changes), options)
    assert str(caught.value).endswith(".")


def test_without_an_engine_the_install_line_is_told(monkeypatch):
    monkeypatch.setenv("VOICELAB_ESPEAK_LIBRARY", "/nowhere/libespeak-ng.so")
    with pytest.raises(UsageError, match=r"pip install .voicelab\[local\]"):
        Local().check(make_variant(), {})


def test_chinese_and_other_languages_are_spoken():
    for text in ("在一个风雨交加的夜晚，古老的钟楼敲响了十二下。", "Добрый вечер.", "こんばんは"):
        Local().check(make_variant(preview_text=text), {})
        assert decode(submit(Local(), make_trial(preview_text=text)).audio).duration_s > 0.4
