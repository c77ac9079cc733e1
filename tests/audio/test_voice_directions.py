"""Each word of a description moves the sound the way it says, measured with Praat."""

import functools
import io
import wave
from dataclasses import dataclass

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call

from voicelab.audio.description import read_description
from voicelab.audio.espeak import Speech, speak

ENGLISH = (
    "On a stormy night, the ancient bell tower struck twelve. "
    "Nobody in the village had wound the clock for years."
)
CHINESE = "夜深了，古屋里只有他一人。窗外传来若有若无的脚步声，他屏住呼吸，慢慢地走向那扇门。"

PROMPTS = {
    "Movie narration male voice, with varied intonation, deep and magnetic.": ENGLISH,
    "A cheerful young woman with a bright, high-pitched voice, full of energy.": ENGLISH,
    "An elderly British grandmother, slightly hoarse and trembling, slow and gentle.": ENGLISH,
    "A very deep, gravelly pirate, angry and loud.": ENGLISH,
    "A little girl telling a happy story.": ENGLISH,
    "A calm, breathy woman in her fifties.": ENGLISH,
    "讲述悬疑故事的播音员，声音低沉富有磁性，语速时快时慢，营造紧张神秘的氛围。": CHINESE,
    "温柔甜美的年轻女声，音色清亮，语速较慢。": CHINESE,
    "五十多岁的大叔，声音沙哑。": CHINESE,
    "活泼可爱的小女孩，语速很快。": CHINESE,
    "威严的老年男声，浑厚有力。": CHINESE,
}

OTHER_LANGUAGES = {
    "en-GB": "Good morning, and welcome to the history of the city.",
    "yue": "歡迎收聽今晚嘅新聞報道，以下係主要內容。",
    "ja": "こんにちは、わたしのなまえはユキです。",
    "ko": "안녕하세요, 오늘은 날씨가 정말 좋습니다.",
    "es": "En una noche de tormenta, el viejo campanario dio las doce.",
    "fr": "Par une nuit d'orage, le vieux clocher sonna minuit.",
    "de": "Guten Tag, heute sprechen wir über die Geschichte der Stadt.",
    "pt-BR": "Bom dia, hoje vamos falar sobre a história da cidade.",
    "ru": "Добрый день, сегодня мы поговорим об истории города.",
    "hi": "नमस्ते, आज हम शहर के इतिहास के बारे में बात करेंगे।",
    "ar": "مرحبا، اليوم سنتحدث عن تاريخ المدينة.",
    "vi": "Xin chào, hôm nay chúng ta sẽ nói về lịch sử của thành phố.",
    "tr": "Merhaba, bugün şehrin tarihi hakkında konuşacağız.",
}


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What Praat measures of a clip; f0 is nan without voiced frames."""

    f0: float
    range_st: float
    hnr_db: float
    jitter: float
    tilt_db: float
    duration_s: float


@functools.cache
def say(prompt: str, text: str = ENGLISH, take: int = 0, language: str | None = None) -> Speech:
    reading = read_description(prompt, preview_text=text, take=take, language=language, seed=7)
    return speak(text, reading.parameters)


def target(prompt: str, text: str = ENGLISH, take: int = 0, language: str | None = None) -> float:
    reading = read_description(prompt, preview_text=text, take=take, language=language, seed=7)
    return reading.parameters.f0_hz


def samples(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


@functools.cache
def hear(wav: bytes, expected_hz: float) -> Heard:
    y = samples(wav)
    sound = parselmouth.Sound(y, 22050)
    floor, ceiling = max(40, 0.5 * expected_hz), min(800, 2.2 * expected_hz)
    f0 = sound.to_pitch_ac(0.01, floor, pitch_ceiling=ceiling).selected_array["frequency"]
    f0 = f0[f0 > 0]
    voiced = len(f0) > 20
    harmonicity = sound.to_harmonicity_cc(0.01, floor).values
    pulses = call(sound, "To PointProcess (periodic, cc)", floor, ceiling)
    power = np.abs(np.fft.rfft(y)) ** 2
    hz = np.fft.rfftfreq(len(y), 1 / 22050)
    high, low = power[(hz > 1000) & (hz < 5000)].sum(), power[(hz > 50) & (hz < 1000)].sum()
    return Heard(
        f0=float(np.median(f0)) if voiced else float("nan"),
        range_st=float(12 * np.log2(np.percentile(f0, 95) / np.percentile(f0, 5)))
        if voiced
        else float("nan"),
        hnr_db=float(harmonicity[harmonicity > -100].mean()),
        jitter=call(pulses, "Get jitter (local)", 0, 0, 0.0001, 0.03, 1.3),
        tilt_db=float(10 * np.log10(high / low)),
        duration_s=len(y) / 22050,
    )


def measure(prompt: str, **how: object) -> Heard:
    return hear(say(prompt, **how).wav, target(prompt, **how))  # type: ignore[arg-type]


@pytest.mark.parametrize("take", [0, 1, 2])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_median_pitch_is_the_one_aimed_at(prompt: str, take: int) -> None:
    heard = measure(prompt, text=PROMPTS[prompt], take=take)
    assert heard.f0 == pytest.approx(target(prompt, PROMPTS[prompt], take), rel=0.08)


@pytest.mark.parametrize("prompt", ["an old man", "a young woman", "a little girl", "a deep voice"])
@pytest.mark.parametrize("language", OTHER_LANGUAGES)
def test_the_median_pitch_is_the_one_aimed_at_in_any_language(language: str, prompt: str) -> None:
    how = {"text": OTHER_LANGUAGES[language], "language": language}
    assert measure(prompt, **how).f0 == pytest.approx(target(prompt, **how), rel=0.08)


@pytest.mark.parametrize(
    "text", ["Yes!", "Who goes there?", "Buy now and save fifty percent! Only today!", "One, two."]
)
def test_a_question_or_a_shout_does_not_miss_its_pitch(text: str) -> None:
    prompt = "an expressive woman"
    speech = say(prompt, text)
    f0 = parselmouth.Sound(samples(speech.wav), 22050).to_pitch_ac(0.01, 90, pitch_ceiling=500)
    voiced = f0.selected_array["frequency"]
    assert np.median(voiced[voiced > 0]) == pytest.approx(target(prompt, text), rel=0.08)


def test_deep_is_lower_than_high_pitched() -> None:
    assert measure("a deep male voice").f0 < 0.75 * measure("a high-pitched male voice").f0


def test_a_man_is_lower_than_a_woman_and_she_than_a_little_girl() -> None:
    man, woman, girl = (measure(p).f0 for p in ("a man", "a woman", "a little girl"))
    assert man * 1.5 < woman < girl / 1.3


def test_degrees_of_deep_come_in_order() -> None:
    prompts = ("very, very deep", "very deep", "deep", "slightly deep", "plain")
    pitches = [measure(f"a {degree} male voice").f0 for degree in prompts]
    assert pitches == sorted(pitches)
    assert len({round(pitch) for pitch in pitches}) == len(pitches)


def test_monotone_has_less_range_than_varied_intonation() -> None:
    flat, plain, varied = (
        measure(f"a {how} male voice").range_st for how in ("monotone", "plain", "expressive")
    )
    assert flat < 2.5 < plain < varied - 2


def test_slow_takes_longer_than_fast() -> None:
    slow, plain, fast = (
        measure(f"a {how} male voice").duration_s for how in ("slow", "plain", "fast")
    )
    assert slow > 1.15 * plain > 1.3 * fast


def test_warm_is_darker_than_bright() -> None:
    warm, plain, bright = (
        measure(f"a {how} male voice").tilt_db for how in ("warm", "plain", "bright")
    )
    assert warm + 1.5 < plain < bright - 2


def test_hoarse_and_breathy_are_less_harmonic_than_plain() -> None:
    plain = measure("a male voice").hnr_db
    assert measure("a hoarse male voice").hnr_db < plain - 3
    assert measure("a very hoarse male voice").hnr_db < plain - 5
    assert measure("a breathy male voice").hnr_db < plain - 2


def test_trembling_has_more_jitter_than_plain() -> None:
    assert measure("a trembling male voice").jitter > 2.5 * measure("a male voice").jitter


def test_a_whisper_has_no_pitch() -> None:
    assert np.isnan(measure("a whispering man").f0)
    assert np.isnan(measure("男声耳语", text=CHINESE).f0)


def test_a_negated_word_changes_nothing_at_all() -> None:
    assert say("a male voice, not deep").wav == say("a male voice").wav
    assert say("一位男士，声音不低沉", CHINESE).wav == say("一位男士", CHINESE).wav


def test_an_erratic_pace_swings_between_clauses() -> None:
    def rates(speech: Speech) -> list[float]:
        words = [w for w in speech.words if len(w.text) > 3]
        return [(w.end_s - w.start_s) / len(w.text) for w in words]

    steady, erratic = rates(say("a man")), rates(say("a man with an erratic pace"))
    ratios = np.array(erratic) / np.array(steady)
    assert ratios.max() > 1.1
    assert ratios.min() < 0.9


def test_a_telephone_has_no_bass_and_a_door_no_treble() -> None:
    def share(prompt: str, low: float, high: float) -> float:
        y = samples(say(prompt).wav)
        power = np.abs(np.fft.rfft(y)) ** 2
        hz = np.fft.rfftfreq(len(y), 1 / 22050)
        return float(power[(hz >= low) & (hz < high)].sum() / power.sum())

    assert share("a man on the telephone", 0, 200) < 0.1 * share("a man", 0, 200)
    assert share("a man on the telephone", 4500, 11025) < 0.1 * share("a man", 4500, 11025)
    assert share("a muffled man", 1500, 11025) < 0.1 * share("a man", 1500, 11025)


def test_loud_is_louder_than_quiet_and_neither_clips() -> None:
    loud, quiet = (samples(say(f"a {how} man").wav) for how in ("loud", "quiet"))
    assert np.sqrt(np.mean(loud**2)) > 1.4 * np.sqrt(np.mean(quiet**2))
    assert np.abs(loud).max() < 1


def test_an_accent_changes_the_words_and_not_the_voice() -> None:
    plain, british = say("a man"), say("a British man")
    assert (plain.voice, british.voice) == ("en-US", "en")
    assert plain.wav != british.wav


def test_another_take_is_another_voice_and_the_same_take_the_same_bytes() -> None:
    prompt = "a calm, deep narrator"
    pitches = [measure(prompt, take=take).f0 for take in range(3)]
    assert pitches[1] > 1.03 * pitches[0] > 1.06 * pitches[2]
    for take in range(3):
        again = speak(
            ENGLISH, read_description(prompt, preview_text=ENGLISH, take=take, seed=7).parameters
        )
        assert again.wav == say(prompt, take=take).wav


def test_another_seed_gives_other_bytes() -> None:
    clips = {
        speak(ENGLISH, read_description("a man", preview_text=ENGLISH, seed=seed).parameters).wav
        for seed in (0, 1, 2)
    }
    assert len(clips) == 3
