"""What a model says now: the band of any hour near, and the anomalies of the last days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.anomaly import Anomaly, find_anomalies
from twin.forecast.clock import local_time
from twin.forecast.hourly import Hourly
from twin.forecast.model import Band, MeterModel, Recent
from twin.quality.finding import Finding

F64 = npt.NDArray[np.float64]
Calendar = Callable[[int], str]
"""The mode of a local day [days since 1970-01-01]."""

RECENT_D = 42
"""Days of readings from which the day ahead is told [d]."""
WATCHED_D = 14
"""Days that are searched for anomalies; those before teach [d]."""
AHEAD_D = 8
"""How far ahead is told [d]."""
HOUR_S, DAY_S = 3600.0, 86_400.0


def modes_at(calendar: Calendar | None, times: F64, zone: ZoneInfo) -> list[str] | None:
    """The modes of hours; None without a calendar."""
    if calendar is None:
        return None
    return [calendar(day) for day in local_time(times, zone, HOUR_S).day.tolist()]


@dataclass(frozen=True, slots=True)
class Near:
    """The ``band`` of the hours of today and tomorrow, which begin at ``times`` (n,) [s since the epoch]."""

    times: F64
    band: Band

    def at(self, now: float) -> tuple[float, float, float] | None:
        """What is expected of the hour of ``now`` [s since the epoch]: value, low, high [kW]; None where nothing."""
        place = int(np.searchsorted(self.times, now, side="right")) - 1
        if place < 0 or now >= self.times[place] + HOUR_S or not np.isfinite(self.band.value[place]):
            return None
        return float(self.band.value[place]), float(self.band.low[place]), float(self.band.high[place])


@dataclass(frozen=True, slots=True)
class Outlook:
    """A model with the readings (``hours``, ``temperature`` (n,) [deg C] of the same hours) of its last weeks, as of
    ``at`` [s since the epoch], the ``anomalies`` in them, and what is expected ``near``."""

    at: float
    model: MeterModel
    hours: Hourly
    temperature: F64 | None
    calendar: Calendar | None
    anomalies: tuple[Anomaly, ...] = ()
    near: Near | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The campus's zone."""
        return ZoneInfo(self.model.card.zone)

    @property
    def recent(self) -> Recent:
        """The readings as a model wants them."""
        modes = modes_at(self.calendar, self.hours.times, self.zone)
        return Recent(self.hours.times, self.hours.values, self.temperature, modes)

    @property
    def reach(self) -> tuple[float, float]:
        """From when to when something can be told [s since the epoch]."""
        begin = float(self.hours.times[0]) if len(self.hours.times) else self.at - RECENT_D * DAY_S
        return begin, self.at + AHEAD_D * DAY_S

    def band(self, times: F64) -> Band:
        """What is expected in the hours that begin at ``times`` (n,) [s since the epoch]."""
        return self.model.expected(times, self.warm(times), modes_at(self.calendar, times, self.zone), self.recent)

    def today_and_tomorrow(self) -> Near:
        """What is expected of these two local days, hour by hour."""
        midnight = datetime.combine(datetime.fromtimestamp(self.at, UTC).astimezone(self.zone), time(), self.zone)
        after = datetime.combine(midnight.date() + timedelta(days=2), time(), self.zone)
        times = np.arange(midnight.timestamp(), after.timestamp(), HOUR_S)
        return Near(times, self.band(times))

    def warm(self, times: F64) -> F64 | None:
        """The temperature [deg C] of hours; of those to come that of the same hour of the last day that has one: there
        is no weather forecast."""
        if self.temperature is None:
            return None
        known = np.isfinite(self.temperature)
        at = dict(zip(self.hours.times[known].tolist(), self.temperature[known].tolist(), strict=True))
        last = max(at, default=-np.inf)
        return np.array([at.get(_on(each, last), np.nan) for each in times.tolist()])


def _on(at: float, last: float) -> float:
    """``at``, put back by whole days to the last one that is not after ``last``."""
    return at if at <= last or not np.isfinite(last) else at - DAY_S * np.ceil((at - last) / DAY_S)


def looked(outlook: Outlook, tariff: float | None, findings: Sequence[Finding]) -> Outlook:
    """The outlook with what is expected near and the anomalies of the last two weeks: none where the model has no watch
    or nothing is known of them. ``tariff`` [currency/kWh], ``findings`` of the checks on its meter."""
    hours = outlook.hours
    near = outlook.today_and_tomorrow()
    if outlook.model.watch is None or not np.isfinite(hours.values).any():
        return replace(outlook, near=near)
    since = max(outlook.at - WATCHED_D * DAY_S, float(hours.times[0]))
    found = find_anomalies(outlook.model, outlook.recent, since=since, tariff=tariff, findings=findings)
    return replace(outlook, near=near, anomalies=tuple(found))
