"""Pushed rows judged: which point, is it a number, which unit, which time; each that is refused with its reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from datasources.payload import epoch
from server.push_body import KEYS, Row
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.reading import RawReading

SHOWN = 100


class Refused(NamedTuple):
    """A row that is not taken in. ``code`` is stable, ``reason`` in words; ``raw`` is what came."""

    row: int
    point: str
    code: str
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What of a request is taken in, what came twice in it, and what is refused."""

    readings: list[RawReading]
    duplicate: int
    refused: list[Refused]


class RowError(ValueError):
    """Why a row is refused, with its code."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class RowReader:
    """The points of one source, by id and by address. ``all_points`` lets it tell a foreign point from none."""

    def __init__(self, source: str, all_points: Iterable[Point], timezone: str) -> None:
        self._source = source
        self._zone = ZoneInfo(timezone)
        self._ids: dict[str, Point] = {}
        self._addresses: dict[str, Point] = {}
        self._foreign: set[str] = set()
        for point in all_points:
            if point.source == source:
                self._ids[point.id] = point
                self._addresses[point.address or point.id] = point
            else:
                self._foreign.add(point.id)

    def judge(self, rows: Sequence[Row], received: float) -> Judged:
        """Every row of a request that came at ``received`` [s since epoch, UTC]."""
        readings: list[RawReading] = []
        refused: list[Refused] = []
        seen: dict[tuple[str, float], tuple[int, float]] = {}
        duplicate = 0
        for row in rows:
            try:
                reading, value = self._reading(row, received)
                if reading.time is not None:
                    number, before = seen.setdefault((reading.address, reading.time), (row.number, value))
                    if before != value:
                        reason = f"row {number} has another value for the same point and time: send one of them"
                        raise RowError("two-values", reason)
                    if number != row.number:
                        duplicate += 1
                        continue
                readings.append(reading)
            except RowError as error:
                name = row.keys.get("point", row.keys.get("address", ""))
                refused.append(Refused(row.number, str(name)[:SHOWN], error.code, str(error), _raw(row)))
        return Judged(readings, duplicate, refused)

    def _reading(self, row: Row, received: float) -> tuple[RawReading, float]:
        if row.broken:
            raise RowError("broken-row", row.broken)
        unknown = next((key for key in row.keys if key not in KEYS), None)
        if unknown is not None:
            raise RowError("unknown-key", f"'{unknown[:SHOWN]}' is no key of a reading: use {', '.join(KEYS)}")
        point = self._point(row.keys)
        value = _number(row.keys.get("value"))
        if (unit := row.keys.get("unit")) is not None:
            value = _in_unit(value, unit, point)
        moment = None
        if (told := row.keys.get("time")) is not None:
            moment = epoch(told, self._zone)
            if moment is None or not math.isfinite(moment):
                reason = f"'{str(told)[:SHOWN]}' is no time: write 2026-03-01T12:00:00Z, or s or ms since 1970"
                raise RowError("no-time", reason)
        return RawReading(point.address or point.id, value, received, moment), value

    def _point(self, keys: dict[str, Any]) -> Point:
        name, address = keys.get("point"), keys.get("address")
        if (name is None) == (address is None):
            raise RowError("no-point", "it says not which point: give either 'point' (its id) or 'address'")
        found = self._ids.get(str(name)) if name is not None else self._addresses.get(str(address))
        if found is not None:
            return found
        if name is not None and str(name) in self._foreign:
            raise RowError(
                "foreign-point", f"'{name}' is no point of source '{self._source}': its token may not write it"
            )
        if name is not None:
            raise RowError("unknown-point", f"there is no point '{str(name)[:SHOWN]}': see /api/v1/points")
        raise RowError("unknown-point", f"no point of source '{self._source}' has the address '{str(address)[:SHOWN]}'")


def _number(value: Any) -> float:
    if value is None:
        raise RowError("no-value", "it has no value: leave the row out, or send a number")
    try:
        if isinstance(value, list | dict) or (isinstance(value, str) and "_" in value):
            raise ValueError
        number = float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise RowError(
            "not-a-number", f"'{str(value)[:SHOWN]}' is no number: send the number alone, its unit in 'unit'"
        )
    return number


def _in_unit(value: float, unit: Any, point: Point) -> float:
    """The value in the unit that the point's source sends."""
    quantity = QUANTITIES[point.quantity]
    if unit == point.unit:
        return value
    if not isinstance(unit, str) or unit not in quantity.units:
        known = ", ".join(quantity.units)
        raise RowError("unknown-unit", f"'{str(unit)[:SHOWN]}' is no unit of {point.quantity}: use one of {known}")
    factor, offset = quantity.units[point.unit]
    return (quantity.to_canonical(value, unit) - offset) / factor


def _raw(row: Row) -> str:
    return row.broken or str(row.keys)
