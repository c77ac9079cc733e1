"""A text is spoken in its language, by its script or by the tag the user gives."""

import pytest

from voicelab.audio.espeak import check, find_engine, speak
from voicelab.audio.languages import choose
from voicelab.audio.parameters import VoiceParameters
from voicelab.audio.voice_file import find_language, languages
from voicelab.errors import UsageError


@pytest.mark.parametrize(
    ("text", "voice"),
    [
        ("Hello there", "en-us"),
        ("123", "en-us"),
        ("你好，世界", "cmn"),
        ("请打开 JupyterLab notebook", "cmn"),
        ("Angle π is 3 degrees", "en-us"),
        ("今日天氣好，我哋去公園", "yue"),
        ("こんにちは", "ja"),
        ("カタカナと漢字", "ja"),
        ("안녕하세요", "ko"),
        ("Добрый день", "ru"),
        ("Добрий день, їжак", "uk"),
        ("سلام", "ar"),
        ("سلام، چطور هستید؟", "fa"),
        ("नमस्ते", "hi"),
        ("Καλημέρα", "el"),
        ("שלום", "he"),
        ("สวัสดี", "th"),
        ("வணக்கம்", "ta"),
        ("გამარჯობა", "ka"),
    ],
)
def test_the_script_of_a_text_tells_its_language(text: str, voice: str) -> None:
    assert choose(text, None).voice == voice
    assert speak(text, VoiceParameters(voice=voice)).words


@pytest.mark.parametrize(
    ("tag", "file"),
    [
        ("en", "en-US"),
        ("en-US", "en-US"),
        ("en_GB", "en"),
        ("en-AU", "en"),
        ("zh", "cmn"),
        ("zh-CN", "cmn"),
        ("zh-Hant-TW", "cmn"),
        ("zh-HK", "yue"),
        ("yue", "yue"),
        ("pt", "pt"),
        ("pt-BR", "pt-BR"),
        ("fr-FR", "fr"),
        ("fr-CA", "fr"),
        ("es-MX", "es-419"),
        ("es-AR", "es-419"),
        ("no", "nb"),
        ("ja-JP", "ja"),
    ],
)
def test_a_language_tag_finds_the_nearest_language_of_the_engine(tag: str, file: str) -> None:
    code = choose("Hello", tag).voice
    assert find_language(code, find_engine().data).name == file


def test_an_unknown_language_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no language 'tlh'.* en, .*zh") as refusal:
        check("Hello", VoiceParameters(voice="tlh"))
    assert "cmn" in str(refusal.value)


def test_a_script_the_engine_does_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match="Khmer"):
        choose("សួស្តីពិភពលោក", None)


def test_what_the_engine_reads_badly_is_said_in_a_note() -> None:
    assert "kanji" in choose("東京タワー", "ja").notes[0]
    assert choose("とうきょう", "ja").notes == ()
    assert "Name its language" in choose("Größe und Maß", None).notes[0]
    assert choose("Größe und Maß", "de").notes == ()


def test_every_language_the_engine_lists_makes_sound() -> None:
    data = find_engine().data
    for file in sorted(set(languages(data).values())):
        speech = speak("La la, 1 2 3.", VoiceParameters(voice=file.name.lower()))
        assert speech.voice == file.name
        assert len(speech.wav) > 8000
