"""The only place that warps one sequence of feature vectors onto another: dynamic time warping.

Source: H. Sakoe and S. Chiba (1978), "Dynamic programming algorithm optimization for spoken word
recognition", IEEE Transactions on Acoustics, Speech, and Signal Processing 26, 43-49; its search
coarse and then fine, so that memory and time grow with the length and not with its square, is that
of S. Salvador and P. Chan (2007), "Toward accurate dynamic time warping in linear time and space",
Intelligent Data Analysis 11, 561-580.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int_]
Window = tuple[Places, Places]
"""For each vector of the first sequence, the first of the second it may meet and the one past the
last; neither ever falls, and each row reaches the next."""

_ONLY_A, _ONLY_B = 1, 2  # 0 is a step in both
_ROWS_AT_ONCE = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """Which vectors of two sequences belong together."""

    a: Places
    """Places in the first sequence, never falling [shape=(steps,)]."""
    b: Places
    """Places in the second sequence, never falling [shape=(steps,)]."""
    cost: float
    """Sum of the distances along the path."""


def warp(a: Floats, b: Floats, *, window: Window | None = None) -> Path:
    """Find the path of the least sum of Euclidean distances, from both starts to both ends.

    Every step goes on by one in either sequence or in both, and all steps weigh the same, as with
    `librosa.sequence.dtw`. A row of the table is two cumulative operations, so that no loop runs
    over its cells: going along a row costs the row's running sum, and the best place to have
    entered it is a running minimum.

    Parameters
    ----------
    a, b
        Feature vectors [shape=(n, features), (m, features)], neither empty.
    window
        Where the path may run; everywhere when not given.
    """
    first, past = window or (np.zeros(len(a), int), np.full(len(a), len(b)))
    total = np.full(len(b) + 1, np.inf)
    total[0] = 0
    rows = distances(a, b, first, past)
    steps = [_advance(total, row, start) for row, start in zip(rows, first.tolist(), strict=True)]
    path = np.array(list(_back(steps, first.tolist(), len(b) - 1))[::-1])
    return Path(a=path[:, 0], b=path[:, 1], cost=float(total[-1]))


def near(path: Path, *, times: int, radius: int, shape: tuple[int, int]) -> Window:
    """Return the window around a path that was found on sequences `times` as coarse.

    Parameters
    ----------
    radius
        How far the fine path may leave the coarse one to either side.
    shape
        Lengths of the fine sequences.
    """
    rows, columns = shape
    starts = np.flatnonzero(np.diff(path.a, prepend=-1))
    ends = np.append(starts[1:], len(path.a)) - 1
    row = np.minimum(np.arange(rows) // times, len(starts) - 1)
    first = np.clip(path.b[starts] * times - radius, 0, columns - 1)[row]
    past = np.clip((path.b[ends] + 1) * times + radius, 1, columns)[row]
    return first, past


def distances(a: Floats, b: Floats, first: Places, past: Places) -> Iterator[Floats]:
    """Yield the Euclidean distances from each vector of `a` to those of `b` in its window."""
    square_a, square_b = (a**2).sum(axis=1), (b**2).sum(axis=1)
    for at in range(0, len(a), _ROWS_AT_ONCE):
        rows = slice(at, at + _ROWS_AT_ONCE)
        low, high = int(first[rows][0]), int(past[rows][-1])
        squares = square_a[rows, None] + square_b[low:high] - 2 * a[rows] @ b[low:high].T
        lengths = np.sqrt(np.maximum(squares, 0))
        for row, start, end in zip(lengths, first[rows] - low, past[rows] - low, strict=True):
            yield row[start:end]


def _advance(total: Floats, row: Floats, start: int) -> npt.NDArray[np.uint8]:
    """Go on by one in `a`: bring the least costs up to date, and return the steps that gave them.

    `total[j + 1]` is the least cost up to place `j` of `b`, infinite outside the window.
    """
    end = start + len(row)
    both, only_a = total[start:end], total[start + 1 : end + 1]
    steps = (only_a < both).astype(np.uint8)
    along = np.add.accumulate(row)
    entered = np.minimum(both, only_a) + row - along
    best = np.minimum.accumulate(entered)
    steps[best < entered] = _ONLY_B
    total[start + 1 : end + 1] = best + along
    total[start] = np.inf
    return steps


def _back(
    steps: list[npt.NDArray[np.uint8]], first: list[int], column: int
) -> Iterator[tuple[int, int]]:
    """Follow the steps from both ends to both starts."""
    row = len(steps) - 1
    yield row, column
    while row or column:
        step = steps[row][column - first[row]]
        row -= step != _ONLY_B
        column -= step != _ONLY_A
        yield int(row), int(column)
