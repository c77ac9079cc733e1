"""The local engine: repeatable, safe in threads, and clear when something is wrong."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from voicelab.audio import espeak
from voicelab.audio.espeak import find_engine, speak
from voicelab.audio.parameters import VoiceParameters
from voicelab.errors import Unreadable, UsageError

TEXT = "On a stormy night, it's the ancient bell tower that struck 12."


@pytest.fixture
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def children() -> list[Path]:
    """The living and unreaped children of this process, where the system has /proc."""
    statuses = Path("/proc").glob("[0-9]*/status")
    own = f"PPid:\t{os.getpid()}\n"
    found = []
    for path in statuses:
        with contextlib.suppress(OSError):  # it may end while we look
            found += [path] if own in path.read_text() else []
    return sorted(found)


def at_once(text: str) -> float:
    """A timeout shorter than the start of a process, in spite of what a long text is granted."""
    return 0.001 - espeak.SECONDS_PER_CHARACTER * len(text)


def test_speech_is_a_wav_of_22050_hz_with_timed_words() -> None:
    speech = speak(TEXT, VoiceParameters())
    with wave.open(io.BytesIO(speech.wav)) as file:
        duration = file.getnframes() / file.getframerate()
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
    assert speech.sr == 22050
    spoken = [word.text for word in speech.words]
    assert " ".join(spoken) == "On a stormy night it's the ancient bell tower that struck 12"
    for word in speech.words:
        assert TEXT[word.offset : word.offset + len(word.text)] == word.text
    times = [time for word in speech.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times)
    assert times[-1] <= duration
    night, its = speech.words[3:5]
    assert its.start_s - night.end_s > 0.05, "a comma is a pause"


def test_chinese_words_are_timed_and_numbers_are_one_word() -> None:
    text = "夜深了，古屋里只有他一人，2024年。"
    words = speak(text, VoiceParameters(voice="cmn")).words
    assert "".join(word.text for word in words) == "夜深了古屋里只有他一人2024年"
    assert all(text[word.offset :].startswith(word.text) for word in words)


def test_words_keep_their_places_when_the_pace_swings() -> None:
    text = 'He said "Tom & Jerry <loud> 5 > 3.5", then left 1,000 behind; nobody followed.'
    steady = speak(text, VoiceParameters()).words
    swaying = speak(text, VoiceParameters(sway_percent=24)).words
    assert [w.text for w in swaying] == [w.text for w in steady]
    assert [w.offset for w in swaying] == [w.offset for w in steady]


def test_the_same_request_gives_the_same_bytes_in_any_number_of_threads() -> None:
    voices = [VoiceParameters(seed=seed, f0_hz=100 + 20 * seed) for seed in range(4)]
    serial = [speak(TEXT, voice).wav for voice in voices]
    assert len(set(serial)) == 4
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(lambda voice: speak(TEXT, voice).wav, voices * 6))
    assert parallel == serial * 6


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib; from voicelab.audio.espeak import speak; "
        "from voicelab.audio.parameters import VoiceParameters as P; "
        f"print(hashlib.sha256(speak({TEXT!r}, P(flutter=9)).wav).hexdigest())"
    )
    done = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(2)]
    assert done[0] == done[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_speaks_too() -> None:
    expected = speak(TEXT, VoiceParameters()).wav
    if (child := os.fork()) == 0:
        os._exit(0 if speak(TEXT, VoiceParameters()).wav == expected else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_nothing_is_left_behind(own_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = children()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: speak(TEXT, VoiceParameters(seed=n)), range(12)))
    with pytest.raises(Unreadable):
        speak(TEXT * 2000, VoiceParameters(), timeout_s=at_once(TEXT * 2000))
    assert list(own_tmp.iterdir()) == []
    assert children() == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", "   ", "…", "?!", "🙂🙂", "\0", "。，"])
def test_a_text_with_nothing_to_say_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no letter and no digit"):
        speak(text, VoiceParameters())


@pytest.mark.parametrize(
    "text",
    [
        "before\0after",
        "pitch \x0190P command",
        "lone \ud800 surrogate",
        "private \ue123 use",
        "<speak><break time='9s'/></speak> &amp; [[h@l'oU]]",
        "emoji 🙂 inside",
        "tab\tand\nnewline\r\nand bell\a",
        "a",
        "x" * 3000,
        "zero\u200bwidth and \u202ertl",
    ],
)
def test_odd_texts_are_spoken(text: str) -> None:
    for sway in (0, 20):
        words = speak(text, VoiceParameters(sway_percent=sway)).words
        assert words
        assert all(text[w.offset : w.offset + len(w.text)] == w.text for w in words)


def test_what_follows_a_nul_is_heard() -> None:
    words = speak("before\0after", VoiceParameters()).words
    assert [word.text for word in words] == ["before", "after"]


def test_a_long_text_is_spoken_whole() -> None:
    text = "The bell tower struck twelve and nobody heard it. " * 200
    speech = speak(text, VoiceParameters(rate_wpm=400))
    assert speech.words[-1].offset > len(text) - 10
    assert speech.words[-1].text == "it"


def test_an_engine_that_takes_too_long_is_killed_and_said_so() -> None:
    with pytest.raises(Unreadable, match="stopped: no sound after"):
        speak(TEXT, VoiceParameters(), timeout_s=at_once(TEXT))


def test_a_crashed_engine_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find_engine()
    child = tmp_path / "child.py"
    monkeypatch.setattr(espeak, "CHILD", child)
    child.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(Unreadable, match=f"code -{signal.SIGSEGV.value}"):
        speak("A text said to no one else.", VoiceParameters())
    child.write_text("import sys; sys.exit('something broke.')")
    with pytest.raises(Unreadable, match=r"failed: something broke\."):
        speak("A text said to no one else.", VoiceParameters())
    child.write_text("print('1.52.0')")
    with pytest.raises(Unreadable, match="cut short after"):
        speak("A text said to no one else.", VoiceParameters())


def test_an_engine_of_the_users_own_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged = find_engine()
    deep = tmp_path / ("long-folder-name-" * 8) / ("and another " * 8)
    shutil.copytree(packaged.data, deep)
    monkeypatch.setenv(espeak.LIBRARY_VARIABLE, str(packaged.library))
    monkeypatch.setenv(espeak.DATA_VARIABLE, str(deep))
    own = find_engine()
    assert (own.source, own.data, own.version) == ("environment", deep, packaged.version)
    assert len(str(deep)) > 200, "longer than the engine itself allows"
    spoken = speak(TEXT, VoiceParameters()).wav
    monkeypatch.delenv(espeak.LIBRARY_VARIABLE)
    monkeypatch.delenv(espeak.DATA_VARIABLE)
    assert spoken == speak(TEXT, VoiceParameters()).wav


def test_a_named_engine_that_does_not_work_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(espeak.LIBRARY_VARIABLE, str(tmp_path / "nothing.so"))
    with pytest.raises(UsageError, match=r"nothing\.so"):
        find_engine()
    monkeypatch.delenv(espeak.LIBRARY_VARIABLE)
    engine = find_engine()
    monkeypatch.setenv(espeak.LIBRARY_VARIABLE, str(engine.library))
    monkeypatch.setenv(espeak.DATA_VARIABLE, str(tmp_path))
    with pytest.raises(UsageError, match="environment"):
        find_engine()


def test_a_data_folder_without_a_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(espeak.DATA_VARIABLE, "/somewhere")
    with pytest.raises(UsageError, match=espeak.LIBRARY_VARIABLE):
        find_engine()


def test_without_any_engine_the_sentence_has_the_install_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(espeak, "find_library", lambda name: None)
    espeak.system_library.cache_clear()
    try:
        with pytest.raises(UsageError, match=r'pip install "voicelab\[local\]"'):
            find_engine()
    finally:
        espeak.system_library.cache_clear()


def test_the_system_engine_is_the_second_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    espeak.system_library.cache_clear()
    if not espeak.system_library():
        pytest.skip("no libespeak-ng installed on this system")
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    engine = find_engine()
    assert engine.source == "system"
    one, again, other = (speak(TEXT, VoiceParameters(breath=0.1, seed=n)) for n in (1, 1, 2))
    assert one.engine_version == engine.version
    assert one.wav == again.wav
    assert one.wav != other.wav


def test_a_long_name_of_the_folder_for_temporary_files_does_no_harm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    expected = speak(TEXT, VoiceParameters()).wav
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    assert speak(TEXT, VoiceParameters()).wav == expected


def test_the_engine_stays_out_of_the_callers_process() -> None:
    code = (
        "import sys; from voicelab.audio.espeak import speak; "
        "from voicelab.audio.parameters import VoiceParameters; "
        "speak('Hello.', VoiceParameters()); "
        "maps = open('/proc/self/maps').read(); "
        "sys.exit('libespeak' in maps)"
    )
    if not Path("/proc/self/maps").exists():
        pytest.skip("this system does not list the libraries of a process")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_band_keeps_the_samples_finite() -> None:
    wav = speak("Hi.", VoiceParameters(band="telephone", volume_db=6)).wav
    y = np.frombuffer(wav[44:], "<i2")
    assert 1000 < np.abs(y.astype(int)).max() <= 32767
