"""Descriptions are read as meant, with the words that counted and those that did not."""

import json
import math

import pytest

from voicelab.audio.description import Reading, read_description
from voicelab.audio.parameters import LIMITS, VoiceParameters
from voicelab.errors import UsageError

HELLO = "Hello there."
NIHAO = "你好，世界。"


def read(prompt: str, text: str = HELLO, **how: object) -> Reading:
    return read_description(prompt, preview_text=text, **how)  # type: ignore[arg-type]


def traits(prompt: str) -> dict[str, float]:
    return {match.trait: match.degree for match in read(prompt).matched}


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("deep", {"deep": 1}),
        ("very deep", {"deep": 1.5}),
        ("very, very deep", {"deep": 2}),
        ("extremely very really deep", {"deep": 2}),
        ("slightly deep", {"deep": 0.5}),
        ("a touch of hoarseness", {"hoarse": 0.5}),
        ("slightly hoarse and trembling", {"hoarse": 0.5, "trembling": 1}),
        ("raspier, warmly, deepest", {"hoarse": 1, "warm": 1, "deep": 1}),
        ("middle-aged, high-pitched", {"middle-aged": 1, "high-pitched": 1}),
        ("HIGH PITCHED", {"high-pitched": 1}),
        ("低沉", {"deep": 1}),
        ("非常低沉", {"deep": 1.5}),
        ("略带沙哑", {"hoarse": 0.5}),
        ("声音低沉一点", {"deep": 0.5}),
        ("语速慢一些，有点沙哑", {"slow": 0.5, "hoarse": 0.5}),
        ("溫柔、親切的聲音", {"calm": 1}),
    ],
)
def test_a_trait_is_found_with_its_degree(prompt: str, found: dict[str, float]) -> None:
    assert traits(prompt) == found


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("not deep", {"deep": 0}),
        ("not deep or hoarse", {"deep": 0, "hoarse": 0}),
        ("not too deep, but warm", {"deep": 0, "warm": 1}),
        ("not deep but warm", {"deep": 0, "warm": 1}),
        ("neither fast nor slow", {"fast": 0, "slow": 0}),
        ("warm without being breathy", {"warm": 1, "breathy": 0}),
        ("isn’t hoarse", {"hoarse": 0}),
        ("never shrill. Bright.", {"high-pitched": 0, "bright": 1}),
        ("less deep and warm", {"deep": 0, "warm": 1}),
        ("not only deep but also warm", {"deep": 1, "warm": 1}),
        ("不低沉", {"deep": 0}),
        ("不低沉的温暖声音", {"deep": 0, "warm": 1}),
        ("不要太低沉、沙哑", {"deep": 0, "hoarse": 0}),
        ("没有沙哑，清亮", {"hoarse": 0, "bright": 1}),
        ("不仅低沉而且温暖", {"deep": 1, "warm": 1}),
        ("不紧不慢", {"measured": 1}),
        ("非常温暖", {"warm": 1.5}),
    ],
)
def test_a_negation_reaches_as_far_as_it_is_meant(prompt: str, found: dict[str, float]) -> None:
    assert traits(prompt) == found


def test_not_deep_is_the_plain_voice() -> None:
    assert read("a man, not deep").parameters == read("a man").parameters
    assert read("男声，不低沉").parameters == read("男声").parameters


@pytest.mark.parametrize(
    ("prompt", "gender", "age"),
    [
        ("a voice", "neutral", "adult"),
        ("a deep voice", "male", "adult"),
        ("a man", "male", "adult"),
        ("an elderly gentleman", "male", "elder"),
        ("lady in her fifties", "female", "middle"),
        ("a narrator in his mid-30s", "male", "adult"),
        ("a 60-year-old woman", "female", "elder"),
        ("a woman aged 25", "female", "young"),
        ("twenty-one year old man", "male", "young"),
        ("a boy", "male", "child"),
        ("a teenage boy", "male", "teen"),
        ("little girl", "female", "child"),
        ("young woman", "female", "young"),
        ("grandmother", "female", "elder"),
        ("grandpa", "male", "elder"),
        ("a young-sounding grandmother", "female", "young"),
        ("she has thirty years of experience", "female", "adult"),
        ("五十多岁的男人", "male", "middle"),
        ("二十出头的姑娘", "female", "young"),
        ("七旬老人", "neutral", "elder"),
        ("老年女声", "female", "elder"),
        ("少女", "female", "teen"),
        ("大叔", "male", "middle"),
        ("老奶奶", "female", "elder"),
        ("小男孩", "male", "child"),
        ("中年女性", "female", "middle"),
    ],
)
def test_gender_and_age_are_understood(prompt: str, gender: str, age: str) -> None:
    reading = read(prompt)
    assert (reading.gender, reading.age) == (gender, age)


@pytest.mark.parametrize(
    ("prompt", "trait"),
    [
        ("low volume", "quiet"),
        ("the pitch is low", "low-pitched"),
        ("high voice", "high-pitched"),
        ("high tempo", "fast"),
        ("low energy", "calm"),
        ("音量较小", "quiet"),
        ("音调偏高", "high-pitched"),
        ("声音低", "low-pitched"),
    ],
)
def test_low_and_high_mean_what_the_clause_speaks_of(prompt: str, trait: str) -> None:
    assert list(traits(prompt)) == [trait]


@pytest.mark.parametrize(
    ("prompt", "ignored"),
    [
        ("A man from Texas with a strong Australian accent", ("Texas", "Australian")),
        ("a voice like Zanzibar at dawn", ("Zanzibar", "dawn")),
        ("a warm voice", ()),
        ("像老师一样温柔", ("老师",)),
        ("带有四川口音的男声", ("四川",)),
        ("一个低沉的声音", ()),
        ("eine tiefe Stimme", ("eine", "tiefe", "Stimme")),
        ("", ()),
        ("🙂 …", ()),
    ],
)
def test_words_without_effect_are_reported_in_order(prompt: str, ignored: tuple[str, ...]) -> None:
    assert read(prompt).ignored == ignored


def test_a_word_inside_a_longer_phrase_does_not_count_again() -> None:
    assert list(traits("varied intonation")) == ["varied intonation"]
    assert list(traits("a soft spoken little girl")) == ["quiet", "girl"]
    assert list(traits("欢快")) == ["cheerful"]


def test_a_trait_named_twice_counts_once_at_its_highest_degree() -> None:
    twice = read("a deep man, a very deep bass")
    assert twice.parameters == read("a very deep man").parameters
    assert next(m.effect for m in twice.matched if m.trait == "deep") == {}


def test_an_accent_counts_only_for_the_language_of_the_text() -> None:
    assert read("a Scottish man").parameters.voice == "en-gb-scotland"
    assert read("粤语男声", NIHAO).parameters.voice == "yue"
    foreign = read("a British man", NIHAO)
    assert (foreign.parameters.voice, foreign.ignored) == ("cmn", ("British",))
    named = read("an American man", language="en-GB")
    assert (named.parameters.voice, named.ignored) == ("en-gb", ("American",))


def test_takes_are_related_and_repeatable() -> None:
    plain, above, below = (read("a calm man", take=take, seed=3).parameters for take in range(3))
    assert 0.9 < 12 * math.log2(above.f0_hz / plain.f0_hz) < 1.6
    assert above.f0_hz > plain.f0_hz > below.f0_hz
    assert above.tract_percent > plain.tract_percent > below.tract_percent
    assert above == read("a calm man", take=1, seed=3).parameters
    assert above != read("a calm man", take=1, seed=4).parameters
    assert len({read("a calm man", take=take).parameters for take in range(20)}) == 20


def test_the_evidence_is_plain_data() -> None:
    evidence = read("a very deep man from Texas").evidence()
    assert json.loads(json.dumps(evidence)) == evidence
    assert evidence["matched"][0] == {
        "words": "very deep",
        "trait": "deep",
        "degree": 1.5,
        "effect": {"pitch_st": -6.0, "tract_percent": -9.0},
    }
    assert evidence["ignored"] == ["Texas"]
    assert evidence["f0_target_hz"] == evidence["numbers"]["f0_hz"] == 79.2
    assert "formant synthesiser" in evidence["engine"]
    assert read("a whispering man").evidence()["f0_target_hz"] is None


def test_no_description_leaves_what_the_engine_can_do() -> None:
    everything = " ".join(
        ["extremely deep low-pitched ogre bass very slow very dark very hoarse very breathy"] * 3
    )
    extremes = ("squeaky mouse elf girl extremely high-pitched very fast bright loud", everything)
    for prompt in extremes:
        parameters = read(prompt, take=1).parameters
        for name, (low, high) in LIMITS.items():
            assert low <= getattr(parameters, name) <= high


def test_parameters_outside_the_limits_are_refused_in_a_sentence() -> None:
    with pytest.raises(UsageError, match="f0_hz is 5000; the local engine takes 55 to 420"):
        VoiceParameters(f0_hz=5000)
    with pytest.raises(UsageError, match="range_st is nan"):
        VoiceParameters(range_st=float("nan"))


@pytest.mark.parametrize(
    "prompt", ["\0", "İstanbul ıssız", "a" * 20000, "不" * 5000, "very " * 5000]
)
def test_odd_descriptions_are_read_without_complaint(prompt: str) -> None:
    assert read(prompt).parameters.f0_hz == 155
