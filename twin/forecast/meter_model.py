"""The entrance: a year of readings in, a model of the meter with its bands and its card out.

``train`` fits TOWT (TOW without temperature) with the calendar's modes. Each month is then predicted by a model fitted
to the others: that gives the long-term band and the held-out figures of the card. What those predictions leave is
rolled through from day to day: that gives the carries and the bands of the day ahead, and what is usual for a watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.bands import GROUPS, BandState, places_of, roll_bands
from twin.forecast.card import Card
from twin.forecast.clock import LocalTime, local_time
from twin.forecast.conformal import ALPHA, Scores, scatter
from twin.forecast.dayahead import CarryState, roll_leads
from twin.forecast.days import DayKinds, at_times, by_day, day_kinds, mode_of_days
from twin.forecast.goodness import goodness
from twin.forecast.held_out import blocks_of, by_month, coverage_held_out, predict_held_out
from twin.forecast.model import TRUST, Band, MeterModel, Recent
from twin.forecast.towt import Towt, fit_towt
from twin.forecast.unfit import UnfitError
from twin.forecast.watch import HOURS, LEADS, LEAST_SHARE, THRESHOLD, Watch, learn, to_hours

__all__ = ["Band", "MeterModel", "Recent", "UnfitError", "train"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

LEAST_DAYS = 28
"""Days with readings from which a model is made [d]."""
LEAST_COVERAGE = 0.5
"""Share of the time from the first to the last reading that has to be known."""
SETTLED = 28
"""Days of training after which the day ahead is judged [d]."""


@dataclass(frozen=True, slots=True)
class _Data:
    """What a model is trained on, and where it lies in local time."""

    times: F64
    values: F64
    interval_s: float
    zone: ZoneInfo
    temperature: F64 | None
    modes: Sequence[str] | None
    why: list[str]
    when: LocalTime
    first: int
    days: int
    kinds: DayKinds


@dataclass(frozen=True, slots=True)
class _Unseen:
    """Residuals [unit] of data that the models had not seen: ``off`` (n,) in the long term, at ``place`` (n,), and the
    day ahead's ``surprise`` (n,), with half the ``width`` (n,) of its band.
    """

    off: F64
    place: I64
    block: I64
    blocks: str
    surprise: F64
    width: F64
    carry: CarryState | None
    bands: BandState
    watch: Watch | None


def train(
    times: F64, values: F64, *, interval_s: float, zone: ZoneInfo, temperature: F64 | None = None,
    modes: Sequence[str] | None = None, excluded: Bools | Sequence[str] | None = None,
) -> MeterModel:  # fmt: skip
    """The model of readings ``values`` (n,) [any unit] at ``times`` (n,) [s since the epoch, UTC], rising.

    ``interval_s`` [s] is what a reading stands for; ``zone`` decides the hours of the week; ``temperature`` (n,)
    [deg C] and ``modes`` (n,) from the calendar, if given. ``excluded`` (n,) marks readings not to be believed: True,
    or the reason ('' for none). UnfitError if the data are too few, too thin, constant, or of unequal lengths.
    """
    data = _prepare(times, values, interval_s, zone, temperature, modes, excluded)
    coverage = _check(data)
    towt = fit_towt(
        times, data.values, interval_s=interval_s, zone=zone, temperature=temperature, modes=modes
    )  # fmt: skip
    unseen = _unseen(data)
    scale = scatter(unseen.off, unseen.place, GROUPS * data.when.slots)
    return MeterModel(
        towt=towt, carry=unseen.carry, bands=unseen.bands, scale=scale,
        scores=Scores.of(np.abs(unseen.off) / scale[unseen.place]),
        floor=0.0 if np.nanmin(data.values) >= 0 else -np.inf, watch=unseen.watch,
        card=_card(data, towt, unseen, coverage),
    )  # fmt: skip


def _prepare(
    times: F64, values: F64, interval_s: float, zone: ZoneInfo, temperature: F64 | None, modes: Sequence[str] | None,
    excluded: Bools | Sequence[str] | None,
) -> _Data:  # fmt: skip
    columns = {"times": times, "temperature": temperature, "modes": modes, "excluded": excluded}
    for name, column in columns.items():
        if column is not None and len(column) != len(values):
            raise UnfitError(
                "shape", f"The column '{name}' has {len(column)} entries for {len(values)} values. Give one for each."
            )
    if len(times) == 0:
        raise UnfitError("too-little", "A model of a meter needs readings: there are none. Give some months.")
    if (np.diff(times) <= 0).any():
        raise UnfitError("shape", "The times do not rise. Sort the readings and drop those that come twice.")
    why = [""] * len(values) if excluded is None else [_reason(mark) for mark in excluded]
    believed = np.where([bool(reason) for reason in why], np.nan, values)
    when = local_time(times, zone, interval_s)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    kinds = day_kinds(first, days, mode_of_days(when, modes, first, days))
    return _Data(times, believed, interval_s, zone, temperature, modes, why, when, first, days, kinds)


def base_load(table: F64) -> float:
    """Median of the daily minima of ``table`` (days, slots) [unit]."""
    lowest = np.min(np.where(np.isfinite(table), table, np.inf), axis=1)
    return float(np.median(lowest[np.isfinite(lowest)]))


def _reason(mark: object) -> str:
    return mark if isinstance(mark, str) else "excluded" if mark else ""


def _check(data: _Data) -> float:
    """Share [1] of the time that is known; UnfitError where no model should be made."""
    known = np.isfinite(data.values if data.temperature is None else data.values + data.temperature)
    days = len(np.unique(data.when.day[known]))
    with_temperature = "" if data.temperature is None else " and a temperature"
    if days < LEAST_DAYS:
        raise UnfitError(
            "too-little",
            f"The meter has {days} days with believable readings{with_temperature}; a model needs {LEAST_DAYS}. "
            "Wait until there are more, or give older readings.",
        )
    span = (data.times[-1] - data.times[0]) / data.interval_s + 1
    coverage = float(known.sum() / span)
    if coverage < LEAST_COVERAGE:
        raise UnfitError(
            "gaps",
            f"The meter has believable readings{with_temperature} for {100 * coverage:.0f} % of the time; a model "
            f"needs {100 * LEAST_COVERAGE:.0f} %. Fill the gaps from the source, or choose a period with fewer.",
        )
    low, high = np.quantile(data.values[known], (0.01, 0.99))
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        raise UnfitError(
            "constant",
            f"The meter shows {low:g} nearly all the time, so that there is nothing to learn. "
            "Check whether it is stuck, or bind another point.",
        )
    return coverage


def _unseen(data: _Data) -> _Unseen:
    block, blocks = blocks_of(data.when)
    expected = predict_held_out(
        data.times, data.values, block, interval_s=data.interval_s, zone=data.zone, temperature=data.temperature,
        modes=data.modes,
    )  # fmt: skip
    off = data.values - expected
    left = by_day(data.when, off, data.first, data.days)
    leads, carry = roll_leads(left, data.kinds, LEADS, trust=TRUST)
    ahead = leads[0]
    half, bands = roll_bands(left - ahead, data.kinds)
    place = places_of(data.kinds, data.when.slots)[data.when.day - data.first, data.when.slot]
    return _Unseen(
        off, place, block, blocks, off - at_times(ahead, data.first, data.when),
        at_times(half, data.first, data.when), carry, bands, _watch(data, [left - table for table in leads]),
    )  # fmt: skip


def _watch(data: _Data, off: list[F64]) -> Watch | None:
    """What is usual in the settled part of the residuals; None for slots that make no hours."""
    if data.when.slots % HOURS:
        return None
    hourly = [to_hours(table)[SETTLED // 2 :] for table in off]
    warm = None
    if data.temperature is not None:
        warm = to_hours(by_day(data.when, data.temperature, data.first, data.days))[SETTLED // 2 :]
    return learn(hourly, places_of(data.kinds, HOURS)[SETTLED // 2 :], warm)


def _card(data: _Data, towt: Towt, unseen: _Unseen, coverage: float) -> Card:
    judged = np.isfinite(unseen.surprise) & (data.when.day >= data.first + SETTLED)
    surprise = unseen.surprise[judged]
    load, watch = base_load(by_day(data.when, data.values, data.first, data.days)), unseen.watch
    reasons = {reason: data.why.count(reason) for reason in sorted(set(data.why)) if reason}
    return Card(
        model="TOW" if data.temperature is None else "TOWT", since=float(data.times[0]),
        until=float(data.times[-1]) + data.interval_s, interval_s=float(data.interval_s), zone=str(data.zone),
        n=int(np.isfinite(data.values).sum()), coverage=coverage, excluded=reasons,
        parameters=towt.goodness.parameters, knots=towt.knots, modes=() if data.modes is None else towt.modes,
        fit=towt.goodness, held_out=goodness(data.values, data.values - unseen.off),
        monthly=by_month(data.values, data.values - unseen.off, data.when),
        day_ahead=goodness(data.values[judged], data.values[judged] - surprise), blocks=unseen.blocks,
        band=1.0 - ALPHA,
        band_coverage=coverage_held_out(unseen.off, unseen.place, GROUPS * data.when.slots, unseen.block),
        day_ahead_coverage=float((np.abs(surprise) <= unseen.width[judged]).mean()) if judged.any() else np.nan,
        base_load=load, detectable=np.nan if watch is None else max(watch.detectable(THRESHOLD), LEAST_SHARE * load),
    ).judged()  # fmt: skip
