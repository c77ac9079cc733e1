"""Measured numbers of many clips in one array: what a large lab has room for in memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Self

import numpy as np
import numpy.typing as npt

AT_ONCE = 1000
"""Texts that are parsed together: few enough to stay in the processor's cache."""


class NumbersTable(Mapping[str, Mapping[str, float | None]]):
    """Numbers by clip hash, each a mapping by name; what has no meaning for a clip is nothing.

    Parameters
    ----------
    digests
        The hash of each row.
    names
        The name of each column.
    values
        The numbers [shape=(rows, columns)]; NaN is nothing.
    """

    def __init__(
        self, digests: Sequence[str], names: Sequence[str], values: npt.NDArray[np.float64]
    ) -> None:
        self._rows = {digest: row for row, digest in enumerate(digests)}
        self._names = tuple(names)
        self._values = values

    @classmethod
    def parsed(cls, rows: Iterable[tuple[str, str]]) -> Self:
        """Return the table of hashes and JSON objects; raise `ValueError` where one is none."""
        digests: list[str] = []
        names: list[str] = []
        parts: list[npt.NDArray[np.float64]] = []
        rows = iter(rows)
        while some := list(islice(rows, AT_ONCE)):
            digests += [digest for digest, _ in some]
            found = json.loads(f"[{','.join(text for _, text in some)}]")
            alike = dict.fromkeys(map(tuple, found))
            names = list(dict.fromkeys([*names, *(name for keys in alike for name in keys)]))
            parts.append(_array(found, names))
        return cls(digests, names, _stacked(parts, len(names)))

    @classmethod
    def of(cls, numbers: Mapping[str, Mapping[str, float | None]]) -> Self:
        """Return the table of any mapping of the same kind."""
        names = list(dict.fromkeys(name for found in numbers.values() for name in found))
        return cls(list(numbers), names, _array(list(numbers.values()), names))

    def __getitem__(self, digest: str) -> Mapping[str, float | None]:
        found = self._values[self._rows[digest]].tolist()
        return {
            name: None if value != value else value
            for name, value in zip(self._names, found, strict=True)
        }

    def __contains__(self, digest: object) -> bool:
        return digest in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def columns(
        self, digests: Sequence[str | None], names: Sequence[str]
    ) -> dict[str, npt.NDArray[np.float64]]:
        """Return for each name the numbers of these clips [shape=(clips,)]; NaN is nothing."""
        nothing = len(self._values)
        rows = [nothing if d is None else self._rows.get(d, nothing) for d in digests]
        return {name: self._column(name)[rows] for name in names}

    def _column(self, name: str) -> npt.NDArray[np.float64]:
        if name not in self._names:
            return np.full(len(self._values) + 1, np.nan)
        return np.append(self._values[:, self._names.index(name)], np.nan)


def _array(
    found: Sequence[Mapping[str, float | None]], names: Sequence[str]
) -> npt.NDArray[np.float64]:
    rows = [[one.get(name) for name in names] for one in found]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def _stacked(parts: Sequence[npt.NDArray[np.float64]], columns: int) -> npt.NDArray[np.float64]:
    """Return the parts as one; a name that came up late is nothing in the parts before."""
    wide = [
        np.pad(part, ((0, 0), (0, columns - part.shape[1])), constant_values=np.nan)
        for part in parts
    ]
    return np.concatenate(wide) if wide else np.empty((0, columns))
