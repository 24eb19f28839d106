"""What was used: total, peak, base load, comparisons, hours and days, and what each building has in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.config_kpis import Carbon, Tariff
from twin.frame import FLAG_SIMULATED
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.reports.hours import Hours, Rise, read_hours
from twin.reports.periods import Period, local
from twin.reports.places import Group, groups, parts
from twin.reports.report import F64, Compared, Course, Coverage, Day, Energy, Money, Names, Part, Peak

WHOLE = 0.9
"""The share of the points' time that has to be known for an hour to be a peak, a lowest hour, or to be compared."""
SPARSE = 0.5
"""Below this share of a period its energy is compared with nothing."""
DIFFERS, SLACK = 0.25, 1.0
"""A register that rose by so much more or less [share, kWh] than its power says was exchanged, or has another unit."""
QUARTER_S = 900.0
QUARTER_MS = 900_000

Expected = Callable[[F64], tuple[F64, F64, F64, str] | None]
"""Hours [s since the epoch] -> expected, low, high [kWh] and the quality of the model; None without a model."""


@dataclass(frozen=True, slots=True)
class Place:
    """Of what: its slot in the tree of ``live``, the names of places and their areas [m2] by id, tariff and factor."""

    live: LiveState
    slot: int
    names: Mapping[str, Names]
    areas: Mapping[str, float]
    tariff: Tariff | None
    co2: Carbon
    co2_is_default: bool

    @property
    def id(self) -> str:
        """The id of the place."""
        return self.live.tree.ids[self.slot]


@dataclass(frozen=True, slots=True)
class Total:
    """The energy [kWh] of groups in a window (None: nothing is known), which of them by registers, of each group too;
    ``flags`` of all that counts."""

    kwh: float | None
    coverage: Coverage
    by_register: frozenset[str]
    each: Mapping[str, tuple[float | None, Coverage]]
    hours: Hours
    flags: int
    broken: tuple[str, ...]


def total(store: SqlStore, of: Sequence[Group], start: int, end: int, now: int) -> Total:
    """The energy of groups from ``start`` to before ``end`` [ms], as far as it is known at ``now``."""
    hours, rise = read_hours(store, of, start, end, now)
    each: dict[str, tuple[float | None, Coverage]] = {}
    by_register: set[str] = set()
    broken: list[str] = []
    flags = hours.flags
    for row, group in enumerate(of):
        counted = rise.get(group.id)
        integral = float(hours.amount[row].sum())
        known = Coverage(int(hours.known[row]), int(hours.size[row]), hours.time(row))
        if counted is not None and not _fits(counted, integral, known):
            broken.append(group.id)
        elif counted is not None and _better(counted, known):
            each[group.id] = counted.amount, Coverage(counted.have, counted.of, min(1.0, _of_have(counted)))
            by_register.add(group.id)
            flags |= counted.flags
        each.setdefault(group.id, ((integral if known.have else None), known))
    have = [(kwh, coverage) for kwh, coverage in each.values() if kwh is not None]
    return Total(
        sum(kwh for kwh, _ in have) if have else None, together([c for _, c in each.values()]),
        frozenset(by_register), each, hours, flags, tuple(broken),
    )  # fmt: skip


def _fits(counted: Rise, integral: float, known: Coverage) -> bool:
    """Whether a rise can be: no register fell (a reset, an exchange), and it is about what its power says, where that
    is known for most of the time."""
    if counted.broken:
        return False
    if known.share < SPARSE or counted.spans < SPARSE:
        return True
    most = integral / known.share * (1.0 + DIFFERS) + SLACK
    return integral * (1.0 - DIFFERS) - SLACK <= counted.amount <= most


def _better(counted: Rise, known: Coverage) -> bool:
    """Registers are believed where all spoke and they span at least as much as power is known of."""
    return counted.have == counted.of and _of_have(counted) + 1e-9 >= min(known.share, 0.999)


def _of_have(counted: Rise) -> float:
    return counted.spans * counted.of / counted.have if counted.have else 0.0


def together(every: Sequence[Coverage]) -> Coverage:
    """The coverage of several things as one."""
    have = sum(each.have for each in every)
    time = sum(each.time * each.have for each in every) / have if have else 0.0
    return Coverage(have, sum(each.of for each in every), time)


def energy(store: SqlStore, place: Place, period: Period, now: int, expected: Expected | None) -> tuple[Energy, Total]:
    """The energy of a place in a period, at ``now`` [ms]; and what it was made of."""
    of = groups(place.live, place.slot)
    until = min(period.end, now)
    found = total(store, of, period.start, period.end, now)
    course = _course(found.hours, expected)
    compared, before = _compared(store, of, period, until, found)
    area = sum(place.areas.get(group.id, 0.0) for group in of) or place.areas.get(place.id) or None
    known_area = sum(place.areas.get(g, 0.0) for g, (kwh, _) in found.each.items() if kwh is not None)
    hours = max(1, until - period.start) / 3_600_000
    return Energy(
        kwh=found.kwh, coverage=found.coverage, groups=len(of), registers=len(found.by_register), area_m2=area,
        per_m2=found.kwh / known_area if found.kwh is not None and known_area else None,
        mean_kw=found.kwh / hours if found.kwh is not None else None,
        peak=_peak(store, of, period, now, found.hours), base_kw=_base(found.hours, period),
        cost=_cost(place, found.kwh), co2=_co2(place, found.kwh), compared=compared, course=course,
        days=_days(period, found.hours, course, now), parts=_parts(store, place, period, now, found, before),
    ), found  # fmt: skip


def _cost(place: Place, kwh: float | None) -> Money | None:
    tariff = place.tariff
    if tariff is None or kwh is None:
        return None
    return Money(kwh * tariff.per_kwh, tariff.currency, tariff.per_kwh, tariff.source, tariff.date)


def _co2(place: Place, kwh: float | None) -> Money | None:
    if kwh is None:
        return None
    factor = place.co2
    return Money(kwh * factor.kg_per_kwh, "kg", factor.kg_per_kwh, factor.source, factor.date, place.co2_is_default)


# hours and days


def _course(hours: Hours, expected: Expected | None) -> Course:
    nothing = np.zeros(0)
    told = expected(hours.times / 1000.0) if expected is not None and len(hours.times) else None
    value, low, high, model = told if told is not None else (nothing, nothing, nothing, "")
    if len(value):  # a running hour is compared with as much of what it was to be
        value, low, high = (each * hours.width / 3_600_000 for each in (value, low, high))
    return Course(hours.times, hours.width, hours.amount.sum(axis=0), hours.share, value, low, high, model)


def _days(period: Period, hours: Hours, course: Course, now: int) -> tuple[Day, ...]:
    every = []
    for day in period.days:
        whole = Period.of("day", day, period.zone)
        inside = (hours.times >= whole.start) & (hours.times < whole.end)
        width = float(hours.width[inside].sum())
        known = float((course.known * hours.width)[inside].sum()) / width if width else 0.0
        told = course.expected[inside] if len(course.expected) else np.zeros(0)
        every.append(Day(
            day, float(course.kwh[inside].sum()) if known else None, known,
            float(told.sum()) if told.size and np.isfinite(told).all() and now >= whole.end else None,
            (whole.end - whole.start) / 3_600_000, now >= whole.end,
        ))  # fmt: skip
    return tuple(every)


def _base(hours: Hours, period: Period) -> float | None:
    """The lowest whole hour of a day; of longer periods the median of the days' lowest hours."""
    good = (hours.share >= WHOLE) & (hours.width >= 3_600_000)
    if not good.any():
        return None
    power = hours.mean.sum(axis=0)[good]
    if period.kind == "day":
        return float(power.min())
    days = np.array([local(int(at), period.zone).toordinal() for at in hours.times[good].tolist()])
    # a day of which half was silent has no lowest hour that says anything
    lowest = [power[days == day].min() for day in np.unique(days) if (days == day).sum() >= 18]
    return float(np.median(lowest)) if lowest else None


def _peak(store: SqlStore, of: Sequence[Group], period: Period, now: int, hours: Hours) -> Peak | None:
    """The highest mean: of a quarter of an hour where the readings of a day are there still, else of an hour."""
    quarters = _quarters(store, of, period, now) if period.kind == "day" else None
    if quarters is not None:
        return quarters
    good = (hours.share >= WHOLE) & (hours.width >= QUARTER_MS)
    if not good.any():
        return None
    power = np.where(good, hours.mean.sum(axis=0), -np.inf)
    at = int(power.argmax())
    return Peak(float(power[at]), int(hours.times[at]), 3600.0)


def _quarters(store: SqlStore, of: Sequence[Group], period: Period, now: int) -> Peak | None:
    points = sum(len(group.points) for group in of)
    if not points or points > MOST_FOR_QUARTERS:
        return None
    bare = [Group(group.id, group.points, ()) for group in of]
    found, _ = read_hours(store, bare, period.start, period.end, now, QUARTER_MS)
    good = (found.share >= WHOLE) & (found.width >= QUARTER_MS)
    # readings are dropped before their hours are: what is left of a day has no peak of its own
    if not good.any() or good.sum() < WHOLE * len(good):
        return None
    power = np.where(good, found.mean.sum(axis=0), -np.inf)
    at = int(power.argmax())
    return Peak(float(power[at]), int(found.times[at]), QUARTER_S)


MOST_FOR_QUARTERS = 500
"""Points whose readings of a day are worked through for quarters of an hour."""


# other periods


def _compared(
    store: SqlStore, of: Sequence[Group], period: Period, until: int, found: Total
) -> tuple[tuple[Compared, ...], Total | None]:
    """The other periods, each over as much of it as there is of this one; and the one before in full detail."""
    others = {"before": period.before(), "year-before": period.year_before()}
    if period.kind == "day":
        others = {"before": period.before(), "week-before": period.week_before(), "year-before": period.year_before()}
    told, first = [], None
    for which, other in others.items():
        end = other.end if until >= period.end else min(other.end, other.start + until - period.start)
        past = total(store, of, other.start, end, end)
        first = past if which == "before" else first
        told.append(_comparison(which, other, end, past, found, until - period.start))
    return tuple(told), first


def _comparison(which: str, other: Period, end: int, past: Total, found: Total, length: int) -> Compared:
    percent, why = None, ""
    if past.kwh is None:
        why = "no-data"
    elif found.kwh is None:
        why = "nothing-now"
    elif min(past.coverage.share, found.coverage.share) < SPARSE:
        why = "sparse"
    else:
        percent = _percent(found.kwh, length, past.kwh, end - other.start)
    return Compared(which, other, end, past.kwh, past.coverage, percent, why)  # type: ignore[arg-type]


def _percent(kwh: float, length: int, past: float, past_length: int) -> float | None:
    """How the mean power differs [%]: months have 28 to 31 days, and a day may have 23 hours."""
    if past <= 0 or not length or not past_length:
        return None
    return 100.0 * (kwh / length / (past / past_length) - 1.0)


def _parts(
    store: SqlStore, place: Place, period: Period, now: int, found: Total, before: Total | None
) -> tuple[Part, ...]:
    """What each building (storey) used, most first; those of which nothing is known last."""
    below = parts(place.live, place.slot)
    if not below:
        return ()
    same = [group.id for group in below] == list(found.each)
    own = found if same else total(store, below, period.start, period.end, now)
    past = before if same else None
    whole = found.kwh or 0.0
    length = min(period.end, now) - period.start
    told = []
    for group in below:
        kwh, coverage = own.each[group.id]
        area = place.areas.get(group.id) or None
        percent = None
        if past is not None and kwh is not None:
            then, known = past.each[group.id]
            if then is not None and min(known.share, coverage.share) >= WHOLE:
                earlier = period.before()
                span = min(earlier.end - earlier.start, length if now < period.end else earlier.end - earlier.start)
                percent = _percent(kwh, length, then, span)
        per_m2 = kwh / area if kwh is not None and area else None
        share = kwh / whole if kwh is not None and whole > 0 and kwh >= 0 else None
        told.append(Part(group.id, place.names.get(group.id, {}), kwh, coverage, area, per_m2, share, percent))
    return tuple(sorted(told, key=lambda part: (part.kwh is None, -(part.kwh or 0.0), part.id)))


def is_simulated(found: Total) -> bool:
    """Whether any of the energy is simulated."""
    return bool(found.flags & FLAG_SIMULATED)
