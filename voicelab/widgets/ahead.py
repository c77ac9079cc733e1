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

FIRST = 8
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
        # in the order in which they are waited for
        self._pixels = [(id_, pool.submit(_answer, comparison, "pixels", id_)) for id_ in first]
        self._peaks = [pool.submit(_answer, comparison, "peaks", id_) for id_ in first]
        self.rows: Future[list[Row]] = pool.submit(comparison.light_rows)

    def pixels(self) -> Iterator[tuple[str, Answer]]:
        """Yield the spectrograms of the first voices that can be read, by trial id."""
        for id_, future in self._pixels:
            if answer := future.result():
                yield id_, answer

    def answers(self) -> list[Answer]:
        """Return all that is made for the first voices that can be read."""
        futures = [*self._peaks, *(future for _, future in self._pixels)]
        return [answer for future in futures if (answer := future.result())]


def _answer(comparison: "Comparison", what: str, trial_id: str) -> Answer | None:
    try:
        return picture(comparison, {"what": what, "id": trial_id})
    except TrialError:
        return None  # its row says so when the page asks
