import io

import matplotlib.font_manager
import numpy as np
import pytest
from IPython.core.formatters import PlainTextFormatter, PNGFormatter
from matplotlib.image import imread

from voicelab.audio.clip import Clip, decode
from voicelab.audio.espeak import speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.errors import UsageError
from voicelab.figures import labels
from voicelab.figures.labels import fitted, wrapped
from voicelab.figures.sheet import sheet
from voicelab.figures.text import describe
from voicelab.measures import measure

TEXT = "On a stormy night, the ancient bell tower struck twelve."
CHINESE = "一位深沉而富有磁性的中年男性旁白，语速缓慢而庄重"


@pytest.fixture(scope="module")
def clips():
    voices = {
        "deep · take 1": VoiceParameters(f0_hz=80),
        CHINESE: VoiceParameters(f0_hz=110, breath=0.4),
        "whisper": VoiceParameters(whispered=True),
    }
    return {label: decode(speak(TEXT, voice).wav) for label, voice in voices.items()}


@pytest.fixture
def fresh_fonts():
    for function in (labels.fitted, labels._drawn_by, labels._wide_families):
        function.cache_clear()
    yield
    for function in (labels.fitted, labels._drawn_by, labels._wide_families):
        function.cache_clear()


def said(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_sheet_shows_every_clip_with_its_label_values_and_one_scale(clips):
    figure = sheet(clips)
    assert "deep · take 1" in said(figure)
    assert any("pitch 8" in text for text in said(figure))
    assert "no pitch" in said(figure)
    assert figure.texts[0].get_text().startswith("one scale:")
    image = imread(io.BytesIO(figure._repr_png_()), format="png")
    assert image.shape[1] > 1000
    assert image[..., :3].std() > 0.1


def test_a_notebook_shows_the_picture_and_its_words(clips):
    figure = sheet({"deep": clips["deep · take 1"]}, kinds=("waveform",))
    assert PNGFormatter()(figure).startswith(b"\x89PNG")
    assert PlainTextFormatter()(figure) == figure.alternative
    assert figure.alternative.startswith("deep: ")


def test_rows_and_columns_are_the_ones_asked_for(clips):
    figure = sheet(clips, kinds=("linear", "mel"), columns=("hnr_db",))
    assert len(figure.axes) == 3 * (1 + 2)
    assert any(text.startswith("HNR") for text in said(figure))


def test_what_cannot_be_drawn_is_a_sentence(clips):
    with pytest.raises(UsageError, match="1 to 100 clips, not 0"):
        sheet({})
    with pytest.raises(UsageError, match="'cepstrum' is none of waveform, mel"):
        sheet(clips, kinds=("cepstrum",))
    with pytest.raises(UsageError, match="'mos' is none of duration_s"):
        sheet(clips, columns=("mos",))
    with pytest.raises(UsageError, match="at least one kind"):
        sheet(clips, kinds=())


@pytest.mark.parametrize(
    "label",
    [
        "$x_1 and $5",
        "你好，世界",
        "مرحبا",
        "😀🎙️",
        "tab\tnew\nline\x00",
        "",
        "w" * 300,
        "\U0010ffff",
    ],
)
def test_no_label_breaks_a_figure(label):
    clip = Clip(y=np.ones(4000, np.float32), sr=8000, format="wav", channels=1)
    sheet({label: clip}, kinds=("waveform",))._repr_png_()


def test_without_a_font_a_character_is_a_box_and_the_caption_says_so(monkeypatch, fresh_fonts):
    monkeypatch.setattr(matplotlib.font_manager.fontManager, "ttflist", [
        font for font in matplotlib.font_manager.fontManager.ttflist if "DejaVu" in font.name
    ])  # fmt: skip
    assert fitted("a你b") == ("a□b", ["DejaVu Sans"])
    clip = Clip(y=np.ones(4000, np.float32), sr=8000, format="wav", channels=1)
    figure = sheet({"你好": clip}, kinds=("waveform",))
    figure._repr_png_()
    assert figure.texts[0].get_text().endswith("□: no installed font has this character")


def test_labels_are_wrapped_by_the_width_of_their_characters():
    assert wrapped("a calm deep narrator in his fifties", width=14, most=3) == [
        "a calm deep",
        "narrator in",
        "his fifties",
    ]
    assert wrapped("深沉的男性旁白声音", width=8, most=2) == ["深沉的男", "性旁白…"]
    assert wrapped("", width=8, most=2) == []


def test_a_clip_is_described_in_plain_sentences():
    clip = decode(speak("Hello there. This is a deep voice.", VoiceParameters(f0_hz=80)).wav)
    text = describe(clip, measure(clip.y, sr=clip.sr))
    assert text.startswith(f"{clip.duration_s:.1f} s of sound, one pause of 0.")
    assert "(very low), range" in text
    assert "syllables a second." in text
    assert "LUFS, brightness" in text
    assert "clipped" not in text


def test_silence_whisper_and_faults_are_described_as_such(clips):
    silence = Clip(y=np.zeros(16_000, np.float32), sr=16_000, format="wav", channels=1)
    assert describe(silence, measure(silence.y, sr=16_000)) == "1.0 s of silence."
    whisper = clips["whisper"]
    assert "No pitch" in describe(whisper, measure(whisper.y, sr=whisper.sr))
    loud = np.clip(clips["deep · take 1"].y * 20, -1, 1)
    clipped = Clip(y=loud, sr=whisper.sr, format="wav", channels=1)
    assert "of samples clipped." in describe(clipped, measure(loud, sr=whisper.sr))
    short = Clip(y=loud[8000:10_000], sr=whisper.sr, format="wav", channels=1)
    assert "Too short or quiet" in describe(short, measure(short.y, sr=short.sr))
