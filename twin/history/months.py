"""Months of UTC, which are partitions of tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from twin.history.columns import I64


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month: ``number`` is how many came since the epoch."""

    number: int

    @classmethod
    def of_times(cls, times: I64) -> set[Month]:
        """The months of some times [ms]."""
        numbers = np.unique(times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64))
        return {cls(number) for number in numbers.tolist()}

    @classmethod
    def of_digits(cls, digits: str) -> Month:
        """The month that six digits tell: 202611."""
        return cls(12 * (int(digits[:4]) - 1970) + int(digits[4:]) - 1)

    @classmethod
    def of_name(cls, name: str) -> Month:
        """The month whose partition has this name."""
        return cls.of_digits(name[-6:])

    def __str__(self) -> str:
        return f"{1970 + self.number // 12:04}-{self.number % 12 + 1:02}"

    def name(self, table: str) -> str:
        """The name of its partition of a table."""
        return f"{table}_{str(self).replace('-', '')}"

    @property
    def begin(self) -> int:
        """Where it begins [ms]."""
        return int(np.datetime64(self.number, "M").astype("datetime64[ms]").astype(np.int64))

    @property
    def end(self) -> int:
        """Where the next one begins [ms]."""
        return Month(self.number + 1).begin

    def widening(self, since: int, width: int) -> Iterator[tuple[int, int]]:
        """Its time from ``since`` on in pieces, each eight times as long as the one before; ``width`` the first
        [ms]."""
        at = max(since, self.begin)
        while at < self.end:
            until = min(at + width, self.end)
            yield at, until
            at, width = until, 8 * width

    def narrowing(self, width: int) -> Iterator[tuple[int, int]]:
        """Its time in pieces of ``width`` [ms], the last one first."""
        for end in range(self.end, self.begin, -width):
            yield max(end - width, self.begin), end
