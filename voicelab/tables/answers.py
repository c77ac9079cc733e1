"""What listeners answered in a page: the only place that reads their files."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.errors import UsageError
from voicelab.model import TrialRecord
from voicelab.tables.blind import find_key, read_key
from voicelab.tables.page_rows import page_id
from voicelab.tables.text import legal, one_line

if TYPE_CHECKING:
    import pandas as pd

ME = "me"
"""The rater of whoever sits at the notebook: nobody else may be called that."""
_LONGEST_NOTE = 10_000
_LONGEST_NAME = 200


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one listener said of one trial."""

    trial: str
    """Its id in the lab."""
    rater: str
    rating: int | None
    """1 to 5."""
    note: str


def read_answers(
    path: Path, trials: Iterable[str], *, key: Path | None = None, rater: str | None = None
) -> list[Answer]:
    """Read the answers a listener saved in a page.

    Parameters
    ----------
    trials
        Ids of the trials the page may be about.
    key
        The key of a blind page; looked for beside the answers where not given.
    rater
        Who answered, instead of the name in the file.

    Raises
    ------
    UsageError
        When the file holds no answers, its key is missing, or they are to other trials.
    """
    found = _read(path)
    name = one_line(str(found.get("rater") or "") if rater is None else rater)[:_LONGEST_NAME]
    if not name or name.casefold() == ME:
        raise UsageError(f"{path.name} does not say who answered; say it: rater=")
    page = found.get("page")
    names = _names(page if isinstance(page, str) else None, trials, path, key)
    return [_answer(row, names, path, name) for row in found["answers"]]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["voicelab_answers"] == 1 and isinstance(found["answers"], list):
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} holds no answers of a page ({error}).") from error
    raise UsageError(f"{path} holds no answers of a page that this voicelab reads.")


def _names(
    page: str | None, trials: Iterable[str], path: Path, key: Path | None
) -> Mapping[str, str]:
    """Return the trials by what the page calls them."""
    if page is None:
        return {page_id(trial): trial for trial in trials}
    if key is None:
        return find_key(page, [path.parent]).rows
    found = read_key(key)
    if found.page != page:
        raise UsageError(f"{key} is the key of another page than the one {path.name} answers.")
    return found.rows


def _answer(row: object, names: Mapping[str, str], path: Path, rater: str) -> Answer:
    if not isinstance(row, dict) or str(row.get("row")) not in names:
        raise UsageError(f"{path.name} answers to a voice that is not among these trials: {row!r}.")
    rating, note = row.get("rating"), row.get("note") or ""
    if rating is not None and (type(rating) is not int or not 1 <= rating <= 5):
        raise UsageError(f"{path.name}: a rating is a whole number from 1 to 5; found {rating!r}.")
    note = legal(str(note)).strip()[:_LONGEST_NOTE]
    return Answer(trial=names[str(row["row"])], rater=rater, rating=rating, note=note)


def ratings_frame(records: Iterable[TrialRecord], ratings: Iterable[Answer]) -> "pd.DataFrame":
    """Return one row for each trial and rater, with what was rated."""
    import pandas as pd

    known = {record.trial.id: record for record in records}
    rows = [
        {
            "label": known[given.trial].trial.variant.label,
            "provider": known[given.trial].source,
            "take": known[given.trial].trial.take,
            "rater": given.rater,
            "rating": given.rating,
            "note": given.note,
            "trial": given.trial,
        }
        for given in ratings
        if given.trial in known
    ]
    columns = ["label", "provider", "take", "rater", "rating", "note", "trial"]
    return pd.DataFrame(rows, columns=columns).astype({"rating": "Int64"})
