"""How a voice speaks, in the fields that MiniMax has and Tencent VOD has taken over from it."""

from functools import partial

from voicelab.providers.options import Group, Kind, Option


def voice_setting(within: Group | None, *, source: str) -> tuple[Option, ...]:
    """Return the fields of `voice_setting`, which stands in `within` or in the request itself."""
    group = Group(name="voice_setting", title="Voice", within=within)
    field = partial(Option, within=group, source=source, kind=Kind.NUMBER)
    return (
        field(name="speed", title="Speed", low=0.5, high=2, usual="1", help="How fast it speaks."),
        field(
            name="vol",
            title="Volume",
            low=0,
            above=True,
            high=10,
            usual="1",
            help="How loud it is.",
        ),
        field(
            name="pitch",
            title="Pitch",
            kind=Kind.WHOLE,
            low=-12,
            high=12,
            unit="semitones",
            usual="0",
            help="How much higher it speaks.",
        ),
    )
