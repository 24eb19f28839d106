"""A batch on its way through the ingest, as columns: which points it is for, its numbers, what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.live import F64, Bools, Index
from twin.point import Point
from twin.reading import RawReading

UNMAPPED, MANY = -1, -2
NO_ROWS: Index = np.zeros(0, np.intp)


class Route(dict[str, int]):
    """Address -> row of its point; where several points have it, ``MANY - n``: they are ``several[n]``."""

    def __init__(self) -> None:
        super().__init__()
        self.several: list[list[int]] = []

    def add(self, address: str, row: int) -> None:
        """One more point of an address."""
        first = self.setdefault(address, row)
        if first <= MANY:
            self.several[MANY - first].append(row)
        elif first != row:
            self[address] = MANY - len(self.several)
            self.several.append([first, row])


NO_ROUTE = Route()


def routes(points: Sequence[Point]) -> dict[str, Route]:
    """The points of each source by their addresses."""
    found: dict[str, Route] = {}
    for row, point in enumerate(points):
        if point.source:
            found.setdefault(point.source, Route()).add(point.address or point.id, row)
    return found


@dataclass(slots=True)
class Draft:
    """Rows of a batch while they are being judged; ``reasons`` and ``remarks`` by row, only where there are any."""

    readings: Sequence[RawReading]
    point: Index
    value: F64
    time: F64
    received: F64
    retained: Bools
    reasons: dict[int, list[str]] = field(default_factory=dict)
    remarks: dict[int, str] = field(default_factory=dict)
    unmapped: int = 0

    @classmethod
    def of(cls, readings: Sequence[RawReading], point: Index) -> Draft:
        """Row n is ``readings[n]``, for the point ``point[n]``."""
        if not readings:
            return cls(readings, point, np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
        _, values, received, times, retained, bad, _, _, _, remarks = zip(*readings, strict=True)
        numbers, reasons = _numbers(values, bad)
        said = {row: word for row, word in enumerate(remarks) if word} if any(remarks) else {}
        return cls(
            readings, point, numbers, np.array(times, np.float64), np.array(received, np.float64),
            np.array(retained, np.bool_), reasons, said,
        )  # fmt: skip


_PLAIN = frozenset((float, int, bool))


def _numbers(values: Sequence[object], bad: Sequence[str]) -> tuple[F64, dict[int, list[str]]]:
    """Values as numbers; NaN, and why not, by row."""
    if _PLAIN.issuperset(map(type, values)) and not any(bad):
        try:
            numbers = np.array(values, np.float64)
        except OverflowError:  # an integer larger than any float: one by one
            pass
        else:
            odd = np.flatnonzero(~np.isfinite(numbers))
            numbers[odd] = np.nan
            return numbers, {row: ["not a finite number"] for row in odd.tolist()}
    found = [_number(value, word) for value, word in zip(values, bad, strict=True)]
    numbers = np.array([number for number, _ in found], np.float64)
    return numbers, {row: [word] for row, (_, word) in enumerate(found) if word}


def _number(value: object, bad: str) -> tuple[float, str]:
    """The value as a number, or NaN and why not."""
    if bad:
        return math.nan, bad
    if value is None:
        return math.nan, "no value"
    try:
        if isinstance(value, str) and "_" in value:  # Python reads 1_000, devices do not mean it
            return math.nan, "not a finite number"
        number = float(value)  # type: ignore[arg-type]
    except ValueError:
        return math.nan, "not a number"
    except OverflowError:
        return math.nan, "not a finite number"
    return (number, "") if math.isfinite(number) else (math.nan, "not a finite number")
