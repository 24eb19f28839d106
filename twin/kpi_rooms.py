"""KPIs that count rooms: those in comfort, those with somebody in them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from twin.domains.records import Kpi, RoomTest
from twin.kpi_value import KpiValue, Place, nothing, of_rows
from twin.quantity import QUANTITIES
from twin.slots import Level

F64 = npt.NDArray[np.float64]


def rooms(place: Place, kpi: Kpi) -> KpiValue:
    """Rooms that pass. ``all_of``: a room is judged by the first test and by those others that it has values for;
    ``any_of``: it is judged by any that it has values for.
    """
    tests = kpi.all_of or kpi.any_of
    month = datetime.fromtimestamp(place.live.clock(), UTC).astimezone(place.facts.zone).month
    columns = [_passes(place, test, month) for test in tests]
    asked = columns[0][0] if kpi.all_of else np.logical_or.reduce([has_point for has_point, _, _ in columns])
    known = columns[0][1] if kpi.all_of else np.logical_or.reduce([has for _, has, _ in columns])
    if kpi.all_of:
        passed = np.logical_and.reduce([ok | ~has for _, has, ok in columns]) & known
    else:
        passed = np.logical_or.reduce([ok & has for _, has, ok in columns])
    of, have = int(asked.sum()), int(known.sum())
    rows = place.rows_of(*(test.quantity for test in tests))
    rows = rows[(asked if have == 0 else known)[place.live.slot[rows]]]
    if have == 0:
        return nothing(place, kpi, rows, covers="rooms", of=of)
    number = int(passed.sum())
    oldest, quality, origin = of_rows(place, rows[place.counting(rows)])
    value = 100.0 * number / have if kpi.share else float(number)
    return KpiValue(kpi, value, kpi.unit, have, of, "rooms", oldest, quality, origin)


def _passes(place: Place, test: RoomTest, month: int) -> tuple[npt.NDArray[np.bool_], ...]:
    """Of every slot: is it a room with a point of the quantity, does one count, does its value lie in the band."""
    tree, live = place.live.tree, place.live
    rows = place.rows_of(test.quantity)
    rows = rows[tree.level[live.slot[rows]] == Level.SPACE]
    n = len(tree.ids)
    asked = np.zeros(n, np.bool_)
    asked[live.slot[rows]] = True
    rows = rows[place.counting(rows)]
    slot = live.slot[rows]
    number = np.bincount(slot, minlength=n)
    value = np.bincount(slot, live.value[rows], n)
    how = QUANTITIES[test.quantity].rollup
    if how == "max":
        value = np.full(n, -np.inf)
        np.maximum.at(value, slot, live.value[rows])
    elif how != "sum":  # two thermometers in a room: their mean
        value = np.divide(value, number, out=np.zeros(n), where=number > 0)
    band = test.band(month)
    inside = (value >= band.low) & (value <= band.high) if band is not None else np.zeros(n, np.bool_)
    return asked, number > 0, inside
