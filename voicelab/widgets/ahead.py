"""What a page asks first, made before it asks: the rows, and the pictures of the first of them."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from voicelab.errors import TrialError
from voicelab.tables.columns import values_of
from voicelab.widgets.pictures import picture

if TYPE_CHECKING:
    from voicelab.tables.comparison import Comparison

Row = dict[str, Any]
Answer = tuple[Row, bytes]

FIRST = 12
"""Voices that a page can show before it is scrolled."""


class Ahead:
    """Works on the first picture of a comparison while its page is being made.

    Parameters
    ----------
    comparison
        What will be shown.
    pool
        Where the work is done.
    """

    def __init__(self, comparison: "Comparison", pool: Executor) -> None:
        self.comparison = comparison
        hashes = zip(
            values_of(comparison.trials, "trial.id"),
            values_of(comparison.trials, "clip_hash"),
            strict=True,
        )
        first = [id_ for id_, digest in hashes if digest is not None][:FIRST]
        self._pictures = [(id_, pool.submit(_pictures, comparison, id_)) for id_ in first]
        self.rows: Future[list[Row]] = pool.submit(comparison.light_rows)

    def pictures(self) -> Iterator[tuple[str, list[Answer]]]:
        """Yield the peaks and the pixels of the first voices that can be read, by trial id."""
        for id_, future in self._pictures:
            if answers := future.result():
                yield id_, answers


def _pictures(comparison: "Comparison", trial_id: str) -> list[Answer]:
    try:
        return [picture(comparison, {"what": what, "id": trial_id}) for what in ("peaks", "pixels")]
    except TrialError:
        return []  # its row says so when the page asks
