"""Measured numbers of many clips in one array: what a large lab has room for in memory.

A clip's numbers are kept packed: little-endian float64 in the order of the names of their version;
NaN is nothing, and so is what a clip measured earlier has no place for.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

KEPT = np.dtype("<f8")
"""How a number is kept, whatever machine the lab is carried to."""
_NOTHING = np.array(np.nan, KEPT).tobytes()


def packed(numbers: Mapping[str, float | None], names: Sequence[str]) -> bytes:
    """Return numbers as they are kept, in the order of `names`."""
    return _array([numbers], names).astype(KEPT).tobytes()


def packed_json(numbers: str, names: str) -> bytes | None:
    """Return what was kept as a JSON object as it is kept now; nothing where it cannot be read."""
    try:
        return packed(json.loads(numbers), json.loads(names))
    except (ValueError, TypeError, AttributeError):
        return None


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
    def unpacked(cls, digests: Sequence[str], names: Sequence[str], kept: Sequence[bytes]) -> Self:
        """Return the table of packed numbers; raise `ValueError` where they are none."""
        if {*map(len, kept)} - {len(names) * KEPT.itemsize}:
            kept = [_filled(one, len(names)) for one in kept]
        values = np.frombuffer(b"".join(kept), KEPT)
        return cls(digests, names, values.reshape(len(digests), len(names)))

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


def _filled(kept: bytes, names: int) -> bytes:
    missing = names * KEPT.itemsize - len(kept)
    if missing < 0 or missing % KEPT.itemsize:
        raise ValueError(f"{len(kept)} bytes are not up to {names} numbers")
    return kept + _NOTHING * (missing // KEPT.itemsize)
