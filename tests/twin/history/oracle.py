"""The historian's answers the slow, obvious way: plain loops over a dictionary of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from twin.history.contract import READINGS
from twin.reading import Quality

HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class Row:
    point: int
    time: int
    value: float | None
    delay: int = 0
    quality: int = 0
    flags: int = 0
    reason: int = 0


def readings(rows: Sequence[Row]) -> pa.Table:
    return pa.table({name: [getattr(row, name) for row in rows] for name in READINGS.names}, schema=READINGS)


def rows_of(table: pa.Table) -> list[Row]:
    return [Row(*row.values()) for row in table.to_pylist()]


class Oracle:
    """Everything that was appended; the last row of a point and time counts."""

    def __init__(self, hold_ms: dict[int, int], suspect: set[int] | None = None) -> None:
        self.kept: dict[tuple[int, int], Row] = {}
        self.hold = hold_ms
        self.suspect = suspect or set()

    def append(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self.kept[row.point, row.time] = row

    def rows(self, points: Sequence[int] | None, start: int, end: int) -> list[Row]:
        found = [r for r in self.kept.values() if start <= r.time < end and (points is None or r.point in points)]
        return sorted(found, key=lambda r: (r.point, r.time))

    def at(self, time: int) -> list[Row]:
        newest: dict[int, Row] = {}
        for row in self.rows(None, 0, time + 1):
            newest[row.point] = row
        return [newest[point] for point in sorted(newest)]

    def counts(self, row: Row) -> bool:
        return row.value is not None and row.quality <= Quality.UNCERTAIN and row.reason not in self.suspect

    def hour(self, point: int, start: int, length: int = HOUR) -> dict[str, object]:
        """The roll-up of one point over one hour."""
        mine = self.rows([point], 0, start + length)
        end = start + length
        pieces: list[tuple[Row, int]] = []
        for row, following in zip(mine, [*mine[1:], None], strict=False):
            begin = max(row.time, start)
            finish = min(row.time + self.hold[point], end, following.time if following else end)
            if self.counts(row) and finish > begin:
                pieces.append((row, finish - begin))
        held = sum(ms for _, ms in pieces)
        values = [row.value for row, _ in pieces if row.value is not None]
        flags = 0
        for row, _ in pieces:
            flags |= row.flags
        last = mine[-1] if mine else None
        return {
            "n": sum(row.time >= start for row in mine),
            "held": held,
            "mean": math.fsum((row.value or 0.0) * ms for row, ms in pieces) / held if held else None,
            "low": min(values, default=None),
            "high": max(values, default=None),
            "quality": max((row.quality for row, _ in pieces), default=int(Quality.NONE)),
            "flags": flags,
            "last_time": last.time if last else None,
            "last_value": last.value if last else None,
        }
