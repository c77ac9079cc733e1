"""The plain fields of the form: how they look, and the languages to choose from."""

import ipywidgets as w

LANGUAGES = {
    "by its script": "",
    "Arabic": "ar",
    "Chinese (Cantonese)": "yue",
    "Chinese (Mandarin)": "zh",
    "Dutch": "nl",
    "English": "en",
    "English (British)": "en-GB",
    "French": "fr",
    "German": "de",
    "Hindi": "hi",
    "Indonesian": "id",
    "Italian": "it",
    "Japanese": "ja",
    "Korean": "ko",
    "Polish": "pl",
    "Portuguese": "pt",
    "Portuguese (Brazil)": "pt-BR",
    "Russian": "ru",
    "Spanish": "es",
    "Swedish": "sv",
    "Thai": "th",
    "Turkish": "tr",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
}
LABELS = {"description_width": "110px"}


def text(label: str, hint: str, *, width: str = "auto") -> w.Text:
    """Return a field of one line."""
    layout = w.Layout(width=width)
    return w.Text(description=label, tooltip=hint, style=LABELS, layout=layout)


def area(label: str, hint: str, *, rows: int) -> w.Textarea:
    """Return a field of several lines."""
    layout = w.Layout(width="auto")
    return w.Textarea(description=label, tooltip=hint, rows=rows, style=LABELS, layout=layout)


class Language(w.Dropdown):  # type: ignore[misc]  # ipywidgets ships no types
    """The language of the preview text; a tag that is not in the list may be loaded."""

    def __init__(self) -> None:
        super().__init__(
            description="Language",
            tooltip="Language of the preview text",
            style=LABELS,
            layout=w.Layout(width="330px"),
        )

    def show(self, tag: str) -> None:
        """Choose a language by its tag."""
        known = [*LANGUAGES.items()]
        self.options = known if tag in LANGUAGES.values() else [*known, (tag, tag)]
        self.value = tag
