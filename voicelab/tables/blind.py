"""The only place that hides who made which voice, and that keeps the key to it."""

import json
import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import numpy as np

from voicelab.audio.clip import Samples, encode, resample
from voicelab.errors import UsageError
from voicelab.model import PromptVariant, Trial, TrialRecord, TrialState
from voicelab.tables.comparison import Comparison

if TYPE_CHECKING:
    from voicelab.tables.page_options import PageOptions

HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True)
class Key:
    """Which voice of a blind page is which trial."""

    page: str
    """What the page calls itself; its listeners' answers name it."""
    seed: int
    """What the order was drawn from."""
    rows: Mapping[str, str]
    """Trial ids by the letters of the page."""


def draw(comparison: Comparison, *, seed: int | None = None) -> Key:
    """Return a new key: the trials that can be heard, in an order drawn from `seed`.

    Raises
    ------
    UsageError
        When no trial can be heard.
    """
    trials = sorted(comparison.clips())
    if not trials:
        raise UsageError("there is no voice to listen to; run the batch first.")
    seed = secrets.randbits(62) if seed is None else seed
    random.Random(seed).shuffle(trials)
    rows = {letters(place): trial for place, trial in enumerate(trials)}
    return Key(page=secrets.token_hex(8), seed=seed, rows=rows)


def letters(place: int) -> str:
    """Return the name of a row.

    Examples
    --------
    >>> [letters(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    before, last = divmod(place, 26)
    return (letters(before - 1) if before else "") + ascii_uppercase[last]


def blinded(comparison: Comparison, key: Key) -> Comparison:
    """Return the voices of `key` as a comparison that knows nothing else of them.

    They are equally loud and of one sample rate: both would tell which vendor is which.
    """
    rate = max(comparison.clip(trial).sr for trial in key.rows.values())
    records = [
        _nobody(comparison.record(trial), name, place)
        for place, (name, trial) in enumerate(key.rows.items())
    ]

    def audio_of(name: str) -> bytes:
        return encode(_levelled(comparison, key.rows[name], rate), sr=rate, format="wav")

    title = f"Blind listening: {len(records)} voice{'' if len(records) == 1 else 's'}"
    return Comparison(title, records, audio_of=audio_of, pcm_rate_of=lambda _: None, numbers={})


def _levelled(comparison: Comparison, trial: str, rate: int) -> Samples:
    clip = comparison.clip(trial)
    gain_db, _ = comparison.playback_gain(trial)
    y: Samples = clip.y * np.float32(10 ** ((gain_db or 0.0) / 20))
    return resample(y, sr=clip.sr, to=rate)


def _nobody(record: TrialRecord, name: str, place: int) -> TrialRecord:
    said = record.trial.variant
    variant = PromptVariant(
        label=name, prompt=HIDDEN, preview_text=said.preview_text, language=said.language
    )
    trial = Trial(id=name, batch_id=HIDDEN, index=place, variant=variant, provider=HIDDEN, take=1)
    return TrialRecord(
        trial=trial,
        experiment=HIDDEN,
        state=TrialState.DONE,
        emulated=False,
        created_at=record.created_at,
        clip_hash=name,
    )


def blind_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the rows of a blinded comparison for its page: no number that a measure was."""
    return [
        {**row, "measures": {}, "description": "", "clip": _level_of(row["clip"])}
        for row in comparison.rows()
    ]


def _level_of(clip: Mapping[str, Any]) -> dict[str, Any]:
    duration_s = round(clip["duration_s"], 1)
    return {"duration_s": duration_s, "gain_db": 0.0, "gain_note": None, "error": None}


def key_path(page: Path) -> Path:
    """Return where the key of a page is kept."""
    return page.with_suffix(".key.json")


def key_for(comparison: Comparison, path: Path, options: "PageOptions") -> Key:
    """Return the key of an earlier export of these trials to `path`, or a new one.

    Raises
    ------
    UsageError
        When the key there is of another page: whoever answers that one needs it.
    """
    if not path.exists():
        return draw(comparison, seed=options.seed)
    key = read_key(path)
    same = set(key.rows.values()) == set(comparison.clips())
    if not same or options.seed not in (None, key.seed):
        raise UsageError(
            f"{path} is the key of another blind page, whose answers need it; "
            "give this page another name, or move the key away."
        )
    return key


def key_text(comparison: Comparison, key: Key, made_by: str) -> str:
    """Return what the author keeps, with what each row is for whoever reads it."""
    rows = {name: _about(comparison.record(trial)) for name, trial in key.rows.items()}
    whole = {"made_by": made_by, "page": key.page, "seed": key.seed, "rows": rows}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _about(record: TrialRecord) -> dict[str, Any]:
    trial = record.trial
    return {
        "trial": trial.id,
        "label": trial.variant.label,
        "provider": record.source,
        "take": trial.take,
        "prompt": trial.variant.prompt,
    }


def read_key(path: Path) -> Key:
    """Read a key.

    Raises
    ------
    UsageError
        When the file cannot be read, or is no key.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        rows = {str(name): str(row["trial"]) for name, row in found["rows"].items()}
        return Key(page=str(found["page"]), seed=int(found["seed"]), rows=rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is no key of a blind page ({error}).") from error


def find_key(page: str, folders: Sequence[Path]) -> Key:
    """Return the key of a page from the `.key.json` files in `folders`.

    Raises
    ------
    UsageError
        When none of them is.
    """
    for folder in folders:
        for path in sorted(folder.glob("*.key.json")):
            try:
                key = read_key(path)
            except UsageError:
                continue  # some other program's
            if key.page == page:
                return key
    raise UsageError(
        f"these answers are to a blind page, and its key is not in {folders[0]}; "
        "say where it is: key="
    )
