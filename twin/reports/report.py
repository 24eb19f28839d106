"""A report as numbers: what was used, how well it is known, what happened, what is not known.

Nothing here is in a language. Times are milliseconds since the epoch (UTC); a figure that is not known is None and
stands in ``unknown`` with the reason. Every total has its ``Coverage``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.reports.periods import Period

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Names = Mapping[str, str]
Origin = Literal["measured", "simulated", "mixed", "none"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of a total is known: of ``have`` of ``of`` points anything, and of these ``time`` [0..1] of the time
    that is over."""

    have: int
    of: int
    time: float

    @property
    def share(self) -> float:
        """The known share [0..1] of all points' time."""
        return self.time * self.have / self.of if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Peak:
    """The highest mean power [kW] of a stretch of ``width_s`` [s] that begins ``at`` [ms]."""

    kw: float
    at: int
    width_s: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Another period beside this one, over the same length of it (``until`` [ms]): its energy [kWh], how well that is
    known, and how the mean power of this one differs [%]; ``why`` says why there is no number: 'no-data', 'sparse'."""

    which: Literal["before", "week-before", "year-before"]
    period: Period
    until: int
    kwh: float | None
    coverage: Coverage
    percent: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """Energy hour by hour: hours begin at ``times`` (h,) [ms] and last ``width`` (h,) [ms] so far; ``kwh`` (h,) [kWh]
    of what is known, ``known`` (h,) [0..1] how much of the points' time that is; ``expected``, ``low``, ``high`` (h,)
    [kWh] where a model knows it (else empty), NaN where it does not."""

    times: I64
    width: I64
    kwh: F64
    known: F64
    expected: F64
    low: F64
    high: F64
    model: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: its energy [kWh], how much of its time is known [0..1], the energy that was expected [kWh], its
    ``hours`` (23, 24 or 25), and whether it is ``over``."""

    day: date
    kwh: float | None
    known: float
    expected: float | None
    hours: float
    over: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A building's share of the campus (or a storey's of a building)."""

    id: str
    names: Names
    kwh: float | None
    coverage: Coverage
    area_m2: float | None
    per_m2: float | None
    share: float | None
    percent: float | None
    """How its mean power differs from that of the period before [%], None where that is not known well enough."""


@dataclass(frozen=True, slots=True)
class Money:
    """Energy times a factor of the campus's configuration, and where that comes from."""

    value: float
    unit: str
    factor: float
    source: str
    date: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Energy:
    """What was used. ``registers`` of ``groups`` are counted by their registers, the others by the integral of power;
    ``base_kw``: the lowest hour of a day, of longer periods the median of the days' lowest hours."""

    kwh: float | None
    coverage: Coverage
    groups: int
    registers: int
    area_m2: float | None
    per_m2: float | None
    mean_kw: float | None
    peak: Peak | None
    base_kw: float | None
    cost: Money | None
    co2: Money | None
    compared: tuple[Compared, ...]
    course: Course
    days: tuple[Day, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """Another service: the total ``amount`` [amount_unit] where it has one, mean and highest hourly value [unit], and
    when that began [ms]. ``small``: numbers of persons below 5 are not told."""

    key: str
    unit: str
    amount: float | None
    amount_unit: str
    mean: float | None
    high: float | None
    at: int | None
    coverage: Coverage
    small: bool = False


@dataclass(frozen=True, slots=True)
class Comfort:
    """Hours of rooms outside of ``low`` to ``high`` [unit]: ``out`` of ``hours`` known room hours, in ``rooms_out`` of
    ``coverage.have`` rooms."""

    quantity: str
    unit: str
    low: float | None
    high: float | None
    hours: float
    out: float
    rooms_out: int
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Outage:
    """A source that did not bring its values: from ``since`` to ``until`` [ms] (None: it lasts); ``began_before`` the
    period."""

    source: str
    state: str
    since: int
    until: int | None
    began_before: bool
    lasts: float
    """How long within the period [s]."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding of the checks: since when, until when [ms] (None: open at the end), what it says in both languages;
    anomalies of energy have ``kwh`` and ``cost``."""

    id: str
    check: str
    severity: str
    entity: str
    since: int
    until: int | None
    says: Names
    kwh: float | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed, or a start of the program."""

    time: int
    kind: Literal["configuration", "program"]
    state: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened: outages, findings that opened or ended (the longest-standing open ones too), changes. Of each at
    most so many are told as fit; ``more_*`` is how many there were besides."""

    outages: tuple[Outage, ...] = ()
    findings: tuple[Found, ...] = ()
    changes: tuple[Change, ...] = ()
    more_outages: int = 0
    more_findings: int = 0
    more_changes: int = 0


@dataclass(frozen=True, slots=True)
class QuantityCoverage:
    """How well a quantity is known."""

    quantity: str
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class PlaceCoverage:
    """How well a building's (storey's) points are known, of all quantities."""

    id: str
    names: Names
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class WorstPoint:
    """A point that was known for least of the time [0..1]."""

    id: str
    quantity: str
    known: float


@dataclass(frozen=True, slots=True)
class Trust:
    """The quality of the data."""

    quantities: tuple[QuantityCoverage, ...] = ()
    places: tuple[PlaceCoverage, ...] = ()
    worst: tuple[WorstPoint, ...] = ()
    silent: int = 0
    """Points of which nothing at all was known."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that is not known, and its figures: the words are ``report.unknown.<code>``."""

    code: str
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. ``until`` [ms] is up to when there may be data: the end, or ``made`` where the period is not over;
    ``newest`` [ms] the newest reading that the history has, None where it has none."""

    period: Period
    entity: str
    entity_kind: Literal["campus", "building"]
    names: Names
    campus: str
    campus_names: Names
    made: int
    until: int
    newest: int | None
    oldest: int | None
    origin: Origin
    energy: Energy
    services: tuple[Service, ...]
    comfort: tuple[Comfort, ...]
    happened: Happened
    trust: Trust
    unknown: tuple[Unknown, ...]

    @property
    def complete(self) -> bool:
        """Whether the period is over."""
        return self.until >= self.period.end

    @property
    def empty(self) -> bool:
        """Whether nothing at all is known of it."""
        return not any(row.coverage.have for row in self.trust.quantities)


def plain(value: Any) -> Any:
    """A report, or a part of it, as JSON has it: dates in ISO 8601, NaN as null, arrays as lists."""
    if isinstance(value, Period):
        return {"kind": value.kind, "first": value.first.isoformat(), "last": value.last.isoformat(),
                "start": value.start, "end": value.end, "timezone": value.zone.key}  # fmt: skip
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value.tolist()]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    return value.key if isinstance(value, ZoneInfo) else value
