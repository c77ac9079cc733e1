"""The only place that turns voice parameters into a voice file of espeak-ng.

Format: https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md. A voice file is the
language's own file with our lines after it; where both set a thing, the later line counts.
"""

import functools
from pathlib import Path

from voicelab.audio.melody import Melody, pitch_range
from voicelab.audio.parameters import VoiceParameters
from voicelab.errors import UsageError

TONE_LANGUAGES = frozenset({"cmn", "yue", "hak", "vi", "th", "my", "shn"})
SMALLEST_TONE_RANGE_ST = 4.0  # below this the tones can no longer be told apart

BASE_OFFSET_HZ = 9
STOCK_TONE = ((600, 170), (1200, 135), (2000, 110), (3000, 110))
WHISPER = (
    "voicing 17",
    "breath 75 75 50 40 15 10",
    "breathw 150 150 200 200 400 400",
)


def compose(language_file: Path, parameters: VoiceParameters, melody: Melody) -> bytes:
    """Write the voice file that makes a language of the engine sound as the parameters say.

    Parameters
    ----------
    language_file
        The file of the language in the engine's own data.
    melody
        Of the text to be said.
    """
    low, high = pitch_line(language_file, parameters, melody)
    lines = [
        f"pitch {low} {high}",
        f"roughness {parameters.roughness}",
        f"flutter {20 if parameters.whispered else parameters.flutter}",
        f"tone {' '.join(f'{f} {a}' for f, a in tone(parameters.tilt_db))}",
        f"echo {120 if parameters.echo else 0} {round(60 * parameters.echo)}",
        *formants(parameters),
        *breath(parameters),
    ]
    return language_file.read_bytes() + b"\n" + "\n".join(lines).encode() + b"\n"


def pitch_line(language_file: Path, parameters: VoiceParameters, melody: Melody) -> tuple[int, int]:
    """Find the engine's two pitch numbers: 9 Hz above the base of the range, and the width more."""
    smallest = SMALLEST_TONE_RANGE_ST if language_file.name in TONE_LANGUAGES else 0
    base, width = pitch_range(
        melody, f0_hz=parameters.f0_hz, range_st=max(parameters.range_st, smallest)
    )
    low = round(base) + BASE_OFFSET_HZ
    return low, low + round(width)


def tone(tilt_db: float) -> tuple[tuple[int, int], ...]:
    """Tilt the stock frequency response between what is below 600 and what is above 2000 Hz."""
    weights = (-0.3, 0.2, 0.7, 0.7)
    return tuple(
        (frequency, min(255, round(level * 10 ** (weight * tilt_db / 20))))
        for (frequency, level), weight in zip(STOCK_TONE, weights, strict=True)
    )


def formants(parameters: VoiceParameters) -> list[str]:
    """Scale every formant; a whisper also loses the lowest, which is the voice bar."""
    percent = round(parameters.tract_percent)
    lines = [f"formant {number} {percent} -1 -1" for number in range(9)]
    if parameters.whispered:
        lines[0] = f"formant 0 {percent} 0 100"
    return lines


def breath(parameters: VoiceParameters) -> list[str]:
    """Mix breath noise into the voice, or leave nothing but breath."""
    if parameters.whispered:
        return list(WHISPER)
    if not parameters.breath:
        return []
    noise = " ".join(str(round(share * parameters.breath)) for share in (40, 40, 35, 30, 15, 10))
    return [f"voicing {round(100 * (1 - 0.6 * parameters.breath))}", f"breath {noise}"]


def find_language(tag: str, data: Path) -> Path:
    """Find the engine's file for a language tag, or for the tag with its last parts dropped.

    Raises
    ------
    UsageError
        The engine has no such language; the sentence lists what it has.
    """
    files = languages(data)
    parts = tag.lower().replace("_", "-").split("-")
    for count in range(len(parts), 0, -1):
        if found := files.get("-".join(parts[:count])):
            return found
    known = ", ".join(sorted({code.split("-")[0] for code in files}))
    raise UsageError(f"The local engine speaks no language {tag!r}. It speaks: {known}.")


@functools.cache
def languages(data: Path) -> dict[str, Path]:
    """List the languages in an engine's data folder: code -> file, best file first.

    Some builds hold language files whose dictionary is missing; those make no sound.
    """
    claims = [
        (priority, code, file)
        for file in sorted((data / "lang").rglob("*"))
        if file.is_file() and (data / f"{dictionary(file)}_dict").is_file()
        for priority, code in claimed_codes(file)
    ]
    return {code: file for _, code, file in sorted(claims, key=lambda claim: -claim[0])}


def claimed_codes(file: Path) -> list[tuple[int, str]]:
    """Read which language codes a language file claims, each with its priority, 0 the best."""
    rows = settings(file, "language")
    named = [(int(row[1]) if len(row) > 1 else 5, row[0].lower()) for row in rows]
    return [(0, file.name.lower()), *named]


def dictionary(file: Path) -> str:
    """Name the dictionary of a language file: the one it sets, else that of its language."""
    named = settings(file, "dictionary") or settings(file, "language")
    return named[0][0].split("-")[0] if named else file.name


def settings(file: Path, name: str) -> list[list[str]]:
    """Read the values of the lines of a language file that begin with a name."""
    rows = (line.split() for line in file.read_text("utf-8", errors="replace").splitlines())
    return [row[1:] for row in rows if len(row) > 1 and row[0] == name]
