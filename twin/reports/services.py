"""The other services of a place: people (never fewer than five are told), network, water; and the comfort of rooms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from twin.history.columns import numbers
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.reports.energy import total
from twin.reports.places import Group, makes_up
from twin.reports.report import Comfort, Coverage, Service

K = 5
"""Fewer persons than this are never told apart: the report says 'fewer than 5'."""
LIMITS: Mapping[str, tuple[float | None, float | None]] = {"temperature": (18.0, 28.0), "co2": (None, 1000.0)}
"""Temperature [deg C]: the bands of GB 50736-2012, 18 to 24 in winter and 24 to 28 in summer, as one. CO2 [ppm]: the
limit of GB/T 18883-2022."""
FAR = 1e12


@dataclass(frozen=True, slots=True)
class Ways:
    """The points of traffic over the border of a place, into it and out of it."""

    into: tuple[str, ...] = ()
    out: tuple[str, ...] = ()


def services(
    store: SqlStore,
    live: LiveState,
    slot: int,
    ways: Ways,
    start: int,
    end: int,
    now: int,
    rolled: int,
    held: Mapping[str, int],
) -> tuple[Service, ...]:
    """What is measured of the services of a place in a window [ms], whose hours are rolled up until ``rolled``;
    ``held`` [ms] is how long each point was known until then."""
    window = start, rolled
    told = [
        *_water(store, live, slot, start, end, now),
        *_summed(store, live, "people", "people", makes_up(live, "people").get(slot, ()), window, held),
        *_summed(store, live, "clients", "clients", makes_up(live, "clients").get(slot, ()), window, held),
        *_summed(store, live, "traffic-in", "traffic", ways.into, window, held),
        *_summed(store, live, "traffic-out", "traffic", ways.out, window, held),
    ]
    return tuple(told)


def _water(store: SqlStore, live: LiveState, slot: int, start: int, end: int, now: int) -> list[Service]:
    flow, volume = makes_up(live, "flow").get(slot, ()), makes_up(live, "volume").get(slot, ())
    if not flow and not volume:
        return []
    found = total(store, [Group(live.tree.ids[slot], flow, volume)], start, end, now)
    power = found.hours.mean.sum(axis=0)
    good = found.hours.share > 0.9
    at = int(np.where(good, power, -np.inf).argmax()) if good.any() else -1
    return [Service(
        "water", "m³/h", found.kwh, "m³", None, float(power[at]) if at >= 0 else None,
        int(found.hours.times[at]) if at >= 0 else None, found.coverage,
    )]  # fmt: skip


def coverage(points: Sequence[str], held: Mapping[str, int], length: int) -> Coverage:
    """How well points are known over ``length`` [ms]."""
    known = [held[point] for point in points if held.get(point, 0) > 0]
    time = sum(known) / (len(known) * length) if known and length > 0 else 0.0
    return Coverage(len(known), len(points), min(1.0, time))


def _summed(
    store: SqlStore, live: LiveState, key: str, quantity: str, points: Sequence[str], window: tuple[int, int],
    held: Mapping[str, int],
) -> list[Service]:  # fmt: skip
    """The sum of points hour by hour: its mean and its highest hour, of the hours in which most of them are known."""
    if not points:
        return []
    unit = QUANTITIES[quantity].unit
    start, end = window
    known = store.known_points()
    keys = np.array(sorted(known[point] for point in points if point in known), np.int32)
    covered = coverage(points, held, end - start)
    blank = Service(key, unit, None, "", None, None, None, covered)
    if not len(keys) or not covered.have:
        return [blank]
    table = pa.table({"point": keys, "group": pa.array(np.zeros(len(keys)), pa.int32())})
    found = store.grouped("hour", table, start, end)
    have, value, begin = (numbers(found, name) for name in ("have", "sum", "start"))
    # an hour in which a tenth of the counters spoke has no total that could be held against another
    good = (have >= 0.5 * max(int(have.max(initial=0)), 1)) & np.isfinite(value)
    if not good.any():
        return [blank]
    at = int(np.where(good, value, -np.inf).argmax())
    mean, high = float(value[good].mean()), float(value[at])
    small = quantity in ("people", "clients") and high < K
    amount = float(value[good].sum()) * 3600 / 8 / 1e6 if quantity == "traffic" else None
    return [Service(
        key, unit, amount, "TB" if amount is not None else "", None if small or _few(quantity, mean) else mean,
        None if small else high, None if small else int(begin[at]), covered, small or _few(quantity, mean),
    )]  # fmt: skip


def _few(quantity: str, value: float) -> bool:
    return quantity in ("people", "clients") and value < K


def comfort(
    store: SqlStore, live: LiveState, slot: int, start: int, end: int, held: Mapping[str, int]
) -> tuple[Comfort, ...]:
    """Hours of rooms out of bounds, of all rooms together, from ``start`` to before ``end`` [ms]."""
    known = store.known_points()
    inside = live.tree.under(slot)
    told = []
    for quantity, (low, high) in LIMITS.items():
        rows = live.rows(quantity)
        points = [live.points[row].id for row in rows[inside[live.slot[rows]]].tolist()]
        if not points:
            continue
        keys = np.array(sorted(known[point] for point in points if point in known), np.int32)
        found = store.beyond(keys, start, end, -FAR if low is None else low, FAR if high is None else high)
        hours, out = numbers(found, "hours"), numbers(found, "out")
        told.append(Comfort(
            quantity, QUANTITIES[quantity].unit, low, high, float(hours.sum()), float(out.sum()),
            int((out > 0).sum()), coverage(points, held, end - start),
        ))  # fmt: skip
    return tuple(told)


def standing(store: SqlStore, start: int, end: int) -> dict[str, int]:
    """For how long something was known of each point from ``start`` to before ``end`` [ms]: of days that are rolled
    up from those, of the rest from hours."""
    rolled = min(max(store.meta("days"), start), end)
    split = store.calendar.day_of(rolled) if rolled > start else start
    names = {key: name for name, key in store.known_points().items()}
    told: dict[str, int] = {}
    for step, first, last in (("day", start, split), ("hour", split, end)):
        if last > first:
            found = store.sums(step, None, first, last)  # type: ignore[arg-type]
            for key, held in zip(numbers(found, "point").tolist(), numbers(found, "held").tolist(), strict=True):
                told[names[key]] = told.get(names[key], 0) + round(held)
    return told
