"""Every piece of HTML a widget shows has the same elements, whatever the words in it are."""

from dataclasses import replace
from html.parser import HTMLParser
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hostile import PAYLOADS
from shown import record_of

from voicelab.errors import UsageError
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, TrialState
from voicelab.tables.voices import COLUMNS
from voicelab.widgets.exports import file_name
from voicelab.widgets.guard import problem, sentence
from voicelab.widgets.progress_text import bars_html, table_html
from voicelab.widgets.quote_text import quote_html
from voicelab.widgets.voices import _voice, _words


class Outline(HTMLParser):
    """The elements of a text and the names of their attributes, without the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("!", ()))

    def handle_data(self, data: str) -> None:
        self.words += data


def progress(text: str) -> str:
    record = record_of(0, label=text, provider=text, error=text, state=TrialState.FAILED)
    record = replace(record, trial=replace(record.trial, id=text))
    return table_html([record]) + bars_html([record])


def quoted(text: str) -> str:
    variant = PromptVariant(label=text, prompt=text, preview_text=f"{text} x", language="xx")
    with TemporaryDirectory() as folder, Lab.open(folder) as lab:
        batch = Batch(variants=(variant,), providers=["local", "minimax"], experiment=text)
        return quote_html(lab.quote(batch))


def kept(text: str) -> str:
    row: dict[str, Any] = dict.fromkeys(COLUMNS, text) | {"trial": "another"}
    frame = pd.DataFrame([{**row, "slots": 9.0, "slots_used": 1}])
    frame.attrs["notes"] = {text: text}
    return _voice({**row, "emulated": True}) + _words(frame)


def told(text: str) -> str:
    return problem(sentence(UsageError(text)))


@pytest.mark.parametrize("text", PAYLOADS)
@pytest.mark.parametrize("make", [progress, quoted, kept, told])
def test_words_are_never_elements(make: Any, text: str) -> None:
    shown, harmless = Outline(make(text)), Outline(make("words"))
    assert shown.found == harmless.found
    assert text.replace("\x00", "\ufffd")[:20] in shown.words.replace("\x00", "\ufffd")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("CON", "CON-voices"),
        ("lpt1", "lpt1-voices"),
        ("nul.", "nul-voices"),
        ("../../etc/passwd", "etc-passwd"),
        ("..", "voices"),
        ("C:\\x.exe", "C-x-exe"),
        ("a" * 300, "a" * 60),
        ("-rf", "rf"),
        ("console", "console"),
    ],
)
def test_a_title_makes_a_file_name_for_any_system(title: str, name: str) -> None:
    assert file_name(title) == name
