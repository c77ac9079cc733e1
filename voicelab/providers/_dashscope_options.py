"""What a batch may set in DashScope's calls beside its rows, for each of the two dialects."""

from functools import partial

from voicelab.providers._dashscope import COSYVOICE, LANGUAGE_TYPES, QWEN, Dialect
from voicelab.providers.options import Kind, Option

PAGE = "https://help.aliyun.com/zh/model-studio"
PARAMETERS = ("sample_rate", "response_format")
"""Options that the request has among its `parameters`."""


def _design(dialect: Dialect, *, targets: tuple[str, ...], targets_by: str) -> tuple[Option, ...]:
    field = partial(Option, source=PAGE)
    choice = partial(field, kind=Kind.CHOICE)
    return (
        choice(
            name="target_model",
            title="Model",
            choices=targets,
            others=True,
            pattern=dialect.targets.pattern,
            rule=dialect.target_words,
            help=f"The model that will speak with the voice{targets_by}.",
        ),
        choice(
            name="sample_rate",
            title="Sample rate",
            choices=(24000, *(rate for rate in dialect.rates if rate != 24000)),
            unit="Hz",
            help="Of the trial audio.",
        ),
        choice(
            name="response_format",
            title="Format",
            choices=dialect.formats,
            help="Of the trial audio.",
        ),
        field(
            name=dialect.language_field,
            title="Language",
            kind=Kind.CHOICES if dialect.language_is_a_list else Kind.CHOICE,
            choices=dialect.languages,
            low=1,
            help="Of the preview text, where it is not that of the row.",
            usual="the language of the row",
        ),
        field(
            name=dialect.name_field,
            title="Name",
            kind=Kind.TEXT,
            pattern=dialect.name_rule.pattern,
            rule=dialect.name_words,
            help="Stands in the id of the voice; a trial in doubt is looked for by it.",
            usual="the end of the trial's own name",
            example="narrator1",
        ),
    )


COSYVOICE_OPTIONS = _design(
    COSYVOICE,
    targets=(
        *("cosyvoice-v3.5-plus", "cosyvoice-v3.5-flash", "cosyvoice-v3-plus", "cosyvoice-v3-flash"),
        *("qwen-audio-3.0-tts-plus", "qwen-audio-3.0-tts-flash", "qwen-audio-3.1-tts-flash"),
    ),
    targets_by="; it cannot be changed later",
)
QWEN_OPTIONS = _design(
    QWEN,
    targets=(
        "qwen3-tts-vd-2026-01-26",
        "qwen3-tts-vd-realtime-2026-01-15",
        "qwen3-tts-vd-realtime-2025-12-16",
    ),
    targets_by="; the realtime ones cannot speak here afterwards",
)
_number = partial(Option, kind=Kind.NUMBER, source=PAGE)
COSYVOICE_SPEECH = (
    Option(
        name="format",
        title="Format",
        kind=Kind.CHOICE,
        choices=("wav", "mp3", "pcm", "opus"),
        help="Of the speech.",
        source=PAGE,
    ),
    Option(
        name="sample_rate",
        title="Sample rate",
        kind=Kind.CHOICE,
        choices=(24000, 8000, 16000, 22050, 44100, 48000),
        unit="Hz",
        help="Of the speech.",
        source=PAGE,
    ),
    _number(name="volume", title="Volume", low=0, high=100, usual="50", help="How loud it is."),
    _number(name="rate", title="Speed", low=0.5, high=2, usual="1", help="How fast it speaks."),
    _number(name="pitch", title="Pitch", low=0.5, high=2, usual="1", help="How high it speaks."),
    Option(
        name="seed",
        title="Seed",
        kind=Kind.WHOLE,
        low=0,
        high=65535,
        help="The same seed gives the same speech.",
        source=PAGE,
    ),
    Option(
        name="instruction",
        title="Instruction",
        kind=Kind.TEXT,
        characters=128,
        help="How the text is to be said, in words.",
        source=PAGE,
        example="Say it slowly, as if telling a secret.",
    ),
    Option(
        name="language_hints",
        title="Language",
        kind=Kind.WORDS,
        help="Of the text; the vendor reads the first.",
        source=PAGE,
        usual="the language of the row, where it names one",
        example="en",
    ),
    Option(
        name="enable_ssml",
        title="SSML",
        kind=Kind.YES_NO,
        help="Whether the text is marked up.",
        source=PAGE,
        usual="no",
    ),
    Option(
        name="word_timestamp_enabled",
        title="Times of words",
        kind=Kind.YES_NO,
        help="Whether the answer tells when each word is said; voicelab keeps it and reads it not.",
        source=PAGE,
        usual="no",
    ),
    Option(
        name="bit_rate",
        title="Bit rate",
        kind=Kind.WHOLE,
        low=1,
        help="Of Opus.",
        source=PAGE,
    ),
)
QWEN_SPEECH = (
    Option(
        name="language_type",
        title="Language",
        kind=Kind.CHOICE,
        choices=("Auto", *LANGUAGE_TYPES.values()),
        help="Of the text.",
        source=PAGE,
    ),
)
