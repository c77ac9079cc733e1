"""The voice profile that two products of Tencent share: its fields, under either's name."""

from functools import partial

from voicelab.providers.options import Group, Kind, Option

GENDERS = ("male", "female", "unknown")
AGES = ("child", "teenager", "youth", "middle_aged", "senior", "unknown")
LANGUAGES = (
    *("zh", "en", "ja", "de", "fr", "ko", "ru", "uk", "pt", "it", "es", "id", "nl", "tr", "fil"),
    *("ms", "el", "fi", "hr", "sk", "pl", "sv", "hi", "bg", "ro", "ar", "cs", "da", "ta", "hun"),
    *("vi", "no", "yue", "th", "he", "ca", "nn", "af", "fa", "sl"),
)
NAME = (
    "What the vendor lists the voice under; the trial's own name if left empty, by which a trial "
    "in doubt is looked for."
)


def profile(group: Group, *, source: str) -> tuple[Option, ...]:
    """Return the fields of a voice profile, all of them optional."""
    field = partial(Option, within=group, source=source)
    return (
        field(name="Name", title="Name", kind=Kind.TEXT, help=NAME, example="Calm narrator"),
        field(
            name="Description",
            title="Description",
            kind=Kind.TEXT,
            help="What the vendor lists with the voice.",
            example="For audio books",
        ),
        field(
            name="Gender",
            title="Gender",
            kind=Kind.CHOICE,
            choices=GENDERS,
            help="Whose voice it is listed as.",
        ),
        field(
            name="Age", title="Age", kind=Kind.CHOICE, choices=AGES, help="How old it is listed as."
        ),
        field(
            name="Languages",
            title="Languages",
            kind=Kind.CHOICES,
            choices=LANGUAGES,
            help="What it is listed as speaking; Hungarian is hun there.",
        ),
        field(
            name="Labels",
            title="Labels",
            kind=Kind.WORDS,
            help="Words to find it by.",
            example="Magnetic",
        ),
        field(
            name="Scenes",
            title="Scenes",
            kind=Kind.WORDS,
            help="What it is meant for.",
            example="Narration",
        ),
    )
