"""Change of unit: values that are a known factor of what these hours usually bring (x10, x1000, kW and W, °C and °F).

Loads add, units multiply: only a ratio that stays the same over hours with different loads is a unit. Small factors (up
to 60) take a day to be sure of, large ones six hours; six readings beyond the limit of spikes that sit on a large
factor are enough.

A building that is left on a holiday looks much like another unit too. What tells them apart: the holiday moves others
of the quantity the same way, each by its own amount; and a count has no unit that is 3.6 times another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from twin.quality.finding import Figure, Hit
from twin.quality.hours import HOUR_S
from twin.quality.view import F64, Bools, CheckOf, Index, Rescaled, View, each
from twin.quantity import QUANTITIES

LEARNED_H = 96
NEAR = math.log(1.15)
"""How far the middle ratio may lie from the factor."""
STEADY = math.log(1.15)
"""How far ratios of hours may scatter (median distance from their median)."""
USUAL = math.log(1.7)
"""A ratio within this of 1 is the old unit."""
QUICK_FACTOR, QUICK_READINGS = 60.0, 6
WINDOWS = ((6, 60.0), (24, 3.0))
"""Hours to look at, and the least factor that so many hours can tell."""
OLD_H = 48
ALIKE, QUIET = 0.8, 0.1
"""Correlation with the usual hours, or scatter as a share of the centre, that a small factor needs to be believed."""
BACK_H = 3
"""Usual hours in a row after which the old unit is back."""
HEARD = 0.75
GENERAL = (10.0, 0.1, 100.0, 0.01, 1000.0, 0.001)
HOURLY = (3.6, 1 / 3.6)
"""kWh and MJ, m³/h and l/s: only what flows, or has flowed, by the hour or by the second."""
BY_THE_HOUR = frozenset({"power", "energy", "flow"})
MOVED = math.log(1.25)
"""Others that moved the same way by this, though not by the same factor, were moved by something else than a unit."""
OTHERS, MANY = 5, 0.25
"""Fewer others of the quantity say nothing; a larger share of them that moved says that the day is another one."""
OFF_K, APART_K = 2.5, 10.0
"""A temperature that is degrees Fahrenheit lies within OFF_K of the conversion and at least APART_K from the usual."""


def look(view: View) -> list[Hit]:
    """Points whose unit changed; ``view.units`` keeps them until they are as they were."""
    for row in _back(view):
        del view.units[row]
    for row, new in [*_quick(view), *(_slow(view) if view.new_hour else ())]:
        view.units.setdefault(row, new)
    return [_hit(view, row, found) for row, found in sorted(view.units.items())]


def _hit(view: View, row: int, found: Rescaled) -> Hit:
    figures: dict[str, Figure] = {
        "usual": found.usual, "value": found.came, "hours": found.hours, "declared": view.meta.points[row].unit,
        "likely": likely(view, row, found.factor),
    }  # fmt: skip
    if math.isnan(found.factor):
        return Hit((row,), found.since, figures, "fahrenheit")
    figures["factor"] = found.factor
    return Hit((row,), found.since, figures, "" if figures["likely"] else "scale")


def ready(view: View) -> Bools:
    """Points whose usual hours are known for four days."""
    return view.meta.curve & (view.profiles.hours >= LEARNED_H)


def likely(view: View, row: int, factor: float) -> str:
    """The unit of the quantity that explains ``factor``: declared in kW and 1,000 times too large, it comes in W."""
    point = view.meta.points[row]
    units = QUANTITIES[point.quantity].units
    if math.isnan(factor):
        return "°F" if point.unit != "°F" else "°C"
    wanted = units[point.unit][0] / factor
    return next((name for name, (f, offset) in units.items() if offset == 0 and abs(math.log(f / wanted)) < 0.01), "")


def _quick(view: View) -> list[tuple[int, Rescaled]]:
    recent, centre = view.recent, view.expected.centre
    at = np.flatnonzero(ready(view) & (recent.outside_n >= QUICK_READINGS))
    came = np.median(recent.latest(QUICK_READINGS)[at], axis=1).astype(np.float64)
    usual = centre[at]
    factor = _factor(came, usual, _by_the_hour(view, at))
    factor[(factor < QUICK_FACTOR) & (factor > 1 / QUICK_FACTOR)] = 1.0
    fahrenheit = _fahrenheit(view, at, came, usual)
    found = []
    for n in np.flatnonzero((factor != 1.0) | fahrenheit).tolist():
        row = int(at[n])
        scale = math.nan if fahrenheit[n] else float(factor[n])
        found.append((row, Rescaled(scale, float(recent.outside_since[row]), float(usual[n]), float(came[n]), 0.0)))
    return found


def _slow(view: View) -> list[tuple[int, Rescaled]]:
    can = np.flatnonzero(ready(view))
    can = can[[row not in view.units for row in can.tolist()]]
    means, past = view.week.last(OLD_H)[can].astype(np.float64), view.past[can].astype(np.float64)
    found: dict[int, Rescaled] = {}
    for hours, least in WINDOWS:
        for n, new in _of_window(view, can, means, past, hours, least):
            found.setdefault(int(can[n]), new)
    return list(found.items())


def _of_window(
    view: View, can: Index, means: F64, past: F64, hours: int, least: float
) -> Iterator[tuple[int, Rescaled]]:
    """(row within ``can``, what changed) by the last ``hours`` hours against what they usually bring."""
    ratio = _log_ratio(means, past)
    new, old = ratio[:, -hours:], ratio[:, : OLD_H - hours]
    heard = ((~np.isnan(new)).sum(axis=1) >= HEARD * hours) & ((~np.isnan(old)).sum(axis=1) >= HEARD * hours)
    rows = np.flatnonzero(heard)
    if not rows.size:
        return
    new, old, came, usual = new[rows], old[rows], means[rows, -hours:], past[rows, -hours:]
    middle = np.nanmedian(new, axis=1)
    hourly = _by_the_hour(view, can[rows])
    factor = _factor(np.exp(middle), np.ones(len(rows)), hourly)
    size = np.maximum(factor, 1 / factor)
    scaled = (size >= least) & (np.nanmedian(np.abs(new - middle[:, None]), axis=1) <= STEADY)
    scaled &= (np.nanmin(np.abs(new), axis=1) > USUAL / 2) & (np.abs(np.nanmedian(old, axis=1)) <= USUAL)
    scaled &= (size >= QUICK_FACTOR) | _same_shape(came, usual, view.expected.scatter[can[rows]])
    small = scaled & (size < QUICK_FACTOR)
    scaled[small] = ~_another_day(view, can, means[:, -hours:], past[:, -hours:], rows[small], middle[small])
    came, usual = np.nanmedian(came, axis=1), np.nanmedian(usual, axis=1)
    fahrenheit = _fahrenheit(view, can[rows], came, usual) & (hours == WINDOWS[0][0])
    since = (view.week.newest + 1 - hours) * HOUR_S
    for n in np.flatnonzero(scaled | fahrenheit).tolist():
        scale = math.nan if fahrenheit[n] else float(factor[n])
        yield int(rows[n]), Rescaled(scale, since, float(usual[n]), float(came[n]), float(hours))


def _by_the_hour(view: View, at: Index) -> Bools:
    """Points of a quantity that has units by the hour and by the second."""
    return np.array([view.meta.points[row].quantity in BY_THE_HOUR for row in at.tolist()], np.bool_)


def _another_day(view: View, can: Index, came: F64, usual: F64, rows: Index, middle: F64) -> Bools:
    """Whether many others of the quantity moved the same way by other amounts; for each of ``rows`` (within ``can``),
    whose hours came ``middle`` [log] times as large as usual.
    """
    if not rows.size:
        return np.zeros(0, np.bool_)
    both = ~np.isnan(came) & ~np.isnan(usual)
    total, wont = np.where(both, came, 0.0).sum(axis=1), np.where(both, usual, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.log(np.where((wont > 0) & (total >= 0), total / wont, np.nan))  # -inf: nothing at all came
    quantity = view.meta.quantity[can]
    found = np.zeros(len(rows), np.bool_)
    for n, (row, own) in enumerate(zip(rows.tolist(), middle.tolist(), strict=True)):
        others = moved[(quantity == quantity[row]) & ~np.isnan(moved)]
        others = others[np.abs(others - own) > NEAR]  # those of the very same factor may have the very same new unit
        found[n] = len(others) >= OTHERS and (others * math.copysign(1.0, own) > MOVED).mean() >= MANY
    return found


def _same_shape(came: F64, usual: F64, scatter: F64) -> Bools:
    """Hours that go up and down as they usually do, or that usually hardly scatter at all."""
    both = ~np.isnan(came) & ~np.isnan(usual)
    a, b = (np.where(both, side, np.nan) for side in (came, usual))
    a, b = (np.nan_to_num(side - np.nanmean(side, axis=1, keepdims=True)) for side in (a, b))
    size = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    alike = np.divide((a * b).sum(axis=1), size, out=np.zeros(len(size)), where=size > 0)
    with np.errstate(invalid="ignore"):
        quiet = scatter <= QUIET * np.abs(np.nanmedian(usual, axis=1))
    shape: Bools = (alike >= ALIKE) | quiet
    return shape


def _back(view: View) -> list[int]:
    """Points whose last hours are as usual again."""
    rows = np.array(sorted(view.units), np.intp)
    if not view.new_hour or not rows.size:
        return []
    ratio = _log_ratio(view.week.last(BACK_H)[rows].astype(np.float64), view.past[rows, -BACK_H:].astype(np.float64))
    with np.errstate(invalid="ignore"):
        usual = (np.abs(ratio) <= USUAL) | np.isnan(ratio)
    return each(rows[usual.all(axis=1) & ~np.isnan(ratio[:, -1])])


def _log_ratio(came: F64, usual: F64) -> F64:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(usual > 0, came / usual, np.nan)
        found: F64 = np.log(np.where(ratio > 0, ratio, np.nan))
    return found


def _factor(came: F64, usual: F64, hourly: Bools) -> F64:
    """The factor that is nearest to the ratio, 1 where none is near; ``hourly`` points have those of ``HOURLY`` too."""
    logs = _log_ratio(came, usual)
    every = np.array((*GENERAL, *HOURLY))
    known = np.log(every)
    off = np.abs(np.nan_to_num(logs)[:, None] - known[None, :])
    off[~hourly, len(GENERAL) :] = np.inf
    best = off.argmin(axis=1)
    near = np.take_along_axis(off, best[:, None], axis=1)[:, 0] <= NEAR
    factor: F64 = np.where(near & ~np.isnan(logs), every[best], 1.0)
    return factor


def _fahrenheit(view: View, at: Index, came: F64, usual: F64) -> Bools:
    """Temperatures that read as the other of the two scales."""
    temperature = np.array([view.meta.points[row].quantity == "temperature" for row in at.tolist()], np.bool_)
    with np.errstate(invalid="ignore"):
        to_f = np.abs(came - (usual * 1.8 + 32)) <= OFF_K
        to_c = np.abs(came - (usual - 32) / 1.8) <= OFF_K
        return temperature & (to_f | to_c) & (np.abs(came - usual) >= APART_K)


CHECK = CheckOf(look, ready, f"{LEARNED_H} h")
