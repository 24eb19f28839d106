"""Anomalies of a meter: when one began and ended, how large it is, what it has cost so far, and what may be behind it.

Day after day the model forecasts from the days before; every third hour the last three days are searched for a block
of hours in which the meter used more, or less, than was expected (``watch``, ``patrol``). An anomaly needs at least
eight hours and two looks that agree: no single reading makes one. While one lasts, its hours teach the forecast
nothing; what has lasted a week is taken for the new normal, and said to be so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.bands import BandRoller, places_of
from twin.forecast.base_step import daily_minima
from twin.forecast.causes import Cause, Shape, rank
from twin.forecast.clock import LocalTime, local_time
from twin.forecast.days import WORKING, DayKinds, at_times, by_day, day_kinds, mode_of_days
from twin.forecast.model import MeterModel, Recent
from twin.forecast.patrol import Episode, Patrol, Settings
from twin.forecast.unfit import UnfitError
from twin.forecast.watch import HOURS, to_hours
from twin.quality.finding import Finding

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Unit = Literal["kW", "kWh"]

BASE_D = 28
"""Days of which the base load is taken [d]."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A block of hours in which a meter was not as expected.

    From ``begins`` to ``ends`` (None while it lasts), first ``seen`` [s since the epoch, UTC]; ``size`` mean power
    above the expected [kW], below 0 for less; ``energy`` so far above the expected value, and ``beyond`` the nearer
    end of its band [kWh]; ``cost`` of the energy [currency] where there is a tariff; ``share`` of the base load [1];
    ``statistic`` [1]; ``accepted``: it lasted a week and became the new normal; ``causes`` that fit, the
    likeliest first.
    """

    begins: float
    ends: float | None
    seen: float
    size: float
    energy: float
    beyond: float
    cost: float | None
    share: float
    statistic: float
    accepted: bool
    causes: tuple[Cause, ...]


def find_anomalies(
    model: MeterModel, recent: Recent, *, since: float = -np.inf, unit: Unit = "kW", tariff: float | F64 | None = None,
    findings: Sequence[Finding] = (), settings: Settings | None = None,
) -> list[Anomaly]:  # fmt: skip
    """What was not as expected in ``recent`` readings from the local day of ``since`` [s since the epoch, UTC] on.

    Days before ``since`` only teach; three weeks of them are good. ``unit`` is what the model's values are in: mean
    power, or energy of each interval; ``tariff`` [currency/kWh], one figure or one for each reading (n,); ``findings``
    of the checks on this meter's data.
    UnfitError for a model without a watch (readings rarer than hourly).
    """
    if model.watch is None:
        raise UnfitError(
            "interval",
            f"A meter read every {model.card.interval_s:g} s cannot be watched: that needs hours. Read it hourly.",
        )
    if len(recent.times) == 0:
        return []
    when = local_time(recent.times, ZoneInfo(model.card.zone), model.card.interval_s)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    kinds = day_kinds(first, days, mode_of_days(when, recent.modes, first, days))
    warm = None if recent.temperature is None else to_hours(by_day(when, recent.temperature, first, days))
    left = model.left(recent)
    patrol = Patrol(
        model, model.watch, kinds, by_day(when, left, first, days),
        model.watch.bins(warm, (days, HOURS)), _base_load(by_day(when, recent.values, first, days), model),
        settings or Settings(),
    )  # fmt: skip
    local = when.day - first
    begin_day = int(local[np.searchsorted(recent.times, since)]) if since <= recent.times[-1] else days
    scene = _Scene(
        model, left, patrol, recent, when, first, kinds, 1.0 if unit == "kW" else HOUR_S / model.card.interval_s
    )
    return [_anomaly(episode, scene, tariff, findings) for episode in patrol.walk(begin_day)]


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where episodes play: ``left`` (n,) of the readings [unit]; ``power`` turns a value into kW."""

    model: MeterModel
    left: F64
    patrol: Patrol
    recent: Recent
    when: LocalTime
    first: int
    kinds: DayKinds
    power: float


def _base_load(table: F64, model: MeterModel) -> F64:
    """The base load (days,) [unit] of each day: the median of the minima of the 28 days before."""
    minima = daily_minima(table)
    before = [minima[max(day - BASE_D, 0) : day] for day in range(len(table))]
    return np.array(
        [float(np.median(m[np.isfinite(m)])) if np.isfinite(m).any() else model.card.base_load for m in before]
    )


def _anomaly(episode: Episode, scene: _Scene, tariff: float | F64 | None, findings: Sequence[Finding]) -> Anomaly:
    when, recent, model = scene.when, scene.recent, scene.model
    left, day, stop = scene.patrol.expected(episode)
    hour = (when.day - scene.first) * HOURS + when.slot * HOURS // when.slots
    inside = (hour >= episode.begin) & (hour < (episode.end or np.iinfo(np.int64).max)) & np.isfinite(recent.values)
    local = LocalTime(when.day[inside], when.slot[inside], when.slots)
    off = (scene.left[inside] - at_times(left, scene.first + day, local)) * scene.power
    places = places_of(scene.kinds, when.slots)[day:stop]
    half = np.array([BandRoller(when.slots, model.bands).half(row) for row in places])
    width = at_times(half, scene.first + day, local) * scene.power
    hours = model.card.interval_s / HOUR_S
    begins = float(recent.times[_first(hour, episode.begin)])
    ends = None
    if episode.end is not None:
        ends = float(recent.times[max(_first(hour, episode.end) - 1, 0)]) + model.card.interval_s
    price = None if tariff is None else np.broadcast_to(np.asarray(tariff, np.float64), hour.shape)[inside]
    size = float(off.mean())
    shape = Shape(
        hour=local.slot * HOURS // when.slots, excess=off, expected=recent.values[inside] * scene.power - off,
        off=scene.kinds.group[local.day - scene.first] != WORKING, beyond=_beyond(model, recent)[inside], size=size,
        begins=begins, ends=float(recent.times[-1]) if ends is None else ends,
    )  # fmt: skip
    return Anomaly(
        begins=begins, ends=ends, seen=float(recent.times[min(_first(hour, episode.seen), len(hour) - 1)]),
        size=size, energy=float(off.sum()) * hours,
        beyond=float((np.sign(off) * np.maximum(np.abs(off) - width, 0.0)).sum()) * hours,
        cost=None if price is None else float(off @ price) * hours,
        share=size / (float(scene.patrol.base_load[day]) * scene.power or np.nan), statistic=episode.statistic,
        accepted=episode.accepted, causes=rank(shape, findings),
    )  # fmt: skip


def _first(hour: I64, at: int) -> int:
    """Where the hours reach ``at``."""
    return int(np.count_nonzero(hour < at))


def _beyond(model: MeterModel, recent: Recent) -> Bools:
    """Where the temperature lies outside of the model's outermost knots."""
    if recent.temperature is None or not model.towt.knots:
        return np.zeros(len(recent.times), np.bool_)
    outside: Bools = (recent.temperature < model.towt.knots[0]) | (recent.temperature > model.towt.knots[-1])
    return outside
