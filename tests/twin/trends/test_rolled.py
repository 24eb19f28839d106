"""Courses of places: what the totals of the history say, from fewer rows; gaps and silences stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.history.oracle import HOUR, Row, readings
from tests.twin.history.test_totals import HOLD_S, LIVE, MINUTE, T0
from twin.frame import FLAG_ESTIMATED
from twin.history import buckets
from twin.history.columns import numbers
from twin.history.contract import KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.series import Asked
from twin.history.steps import SeriesError, Step, edges
from twin.history.store import SqlStore
from twin.history.totals import totals, under
from twin.trends import rolled
from twin.trends.course import of_point
from twin.trends.rolled import of_places
from twin.trends.sums import difference_of, total_of

NOW = T0 + 6 * HOUR
Filled = Callable[[list[tuple[str, int, float]]], SqlStore]


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Filled]:
    stores: list[SqlStore] = []

    def make(rows: list[tuple[str, int, float]], rolled_until: int = NOW) -> SqlStore:
        store = DuckDbStore(tmp_path / f"{len(stores)}", ZoneInfo("UTC"))
        stores.append(store)
        names = [point.id for point in LIVE.points]
        keys = dict(zip(names, store.keys([KeptPoint(name, "power", HOLD_S) for name in names]).tolist(), strict=True))
        store.append(readings([Row(keys[name], at, value, flags=8) for name, at, value in rows]), 1)
        while store.roll(rolled_until):
            pass
        return store

    yield make
    for store in stores:
        store.close()


def every_ten(name: str, value: float, first: int, last: int) -> list[tuple[str, int, float]]:
    """A reading each ten minutes, from one minute to before another."""
    return [(name, T0 + n * MINUTE, value + n / 1000) for n in range(first, last, 10)]


def campus_rows() -> list[tuple[str, int, float]]:
    """Building 1 has a meter that is silent from 2:00 to 4:00 and rooms; building 2 only rooms, one of which stops."""
    rows = every_ten("meter", 100.0, 0, 120) + every_ten("meter", 100.0, 240, 360)
    for n, room in enumerate(("1/1/1", "1/1/2", "1/2/1", "2/1/1", "2/1/2", "2/2/1")):
        rows += every_ten(f"{room}.power", 10.0 * (n + 1), 0, 150 if room == "2/1/2" else 360)
    return rows


@pytest.mark.parametrize("step", ["hour", 1_200_000, 2 * HOUR, "day"])
@pytest.mark.parametrize("place", ["c", "1", "2", "1/1", "2/1/2"])
@pytest.mark.parametrize("at_once", [500_000, 6])
def test_places_are_what_totals_say(
    filled: Filled, step: Step, place: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolled, "CELLS", at_once)
    store = filled(campus_rows())
    borders = edges(store.calendar, step, T0, NOW)
    (course,) = of_places(store, LIVE, "power", [place], step, borders, NOW)
    told = totals(store, under(LIVE, place, "power"), Asked((), T0, NOW, NOW), step).table
    at = np.searchsorted(borders, numbers(told, "start").astype("datetime64[ms]").astype(np.int64))
    assert np.flatnonzero(np.isfinite(course.value)).tolist() == at.tolist()
    assert course.value[at] == pytest.approx(numbers(told, "value"))
    assert course.have[at].tolist() == numbers(told, "have").tolist()
    assert course.of[at].tolist() == numbers(told, "of").tolist()
    assert ((course.flags[at] & FLAG_ESTIMATED) > 0).tolist() == numbers(told, "estimated").tolist()


def test_what_is_below_a_meter_is_read_only_while_it_is_silent(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(campus_rows())
    asked: list[tuple[int, int]] = []
    made = buckets.made

    def counted(store: SqlStore, points: np.ndarray, step: Step, borders: np.ndarray, now: int) -> buckets.Made:
        asked.append((len(points), len(borders) - 1))
        return made(store, points, step, borders, now)

    monkeypatch.setattr(rolled, "made", counted)
    (course,) = of_places(store, LIVE, "power", ["1"], "hour", edges(store.calendar, "hour", T0, NOW), NOW)
    assert asked[0] == (1, 6), "the meter in all hours"
    assert sum(points * hours for points, hours in asked[1:]) <= 4 * 2, "its rooms in the hours of its silence"
    # a value stands 20 min: the first silent hour has the meter still
    assert course.have.tolist() == [1, 1, 1, 3, 1, 1]
    assert course.estimated.tolist() == [False, False, False, True, False, False]
    assert course.coverage[2] == pytest.approx(10 / 60)


def test_coverage_is_of_time_and_points_and_no_energy_is_invented(filled: Filled) -> None:
    store = filled(every_ten("2/1/1.power", 6.0, 0, 30) + every_ten("2/1/2.power", 12.0, 0, 60))
    borders = edges(store.calendar, "hour", T0, T0 + 2 * HOUR)
    (course,) = of_places(store, LIVE, "power", ["2/1"], "hour", borders, T0 + 2 * HOUR)
    # one was known 40 min of the first hour, the other all of it and 10 min of the next
    assert course.coverage[0] == pytest.approx((40 / 60 + 1) / 2, abs=1e-3)
    assert course.have.tolist() == [2, 1]
    total = total_of(course, T0 + 2 * HOUR, energy=True)
    assert total.energy == pytest.approx(6.0 * 40 / 60 + 12.0 + 12.0 * 10 / 60, rel=0.01)
    assert total.coverage == pytest.approx(((40 / 60 + 1) / 2 + (10 / 60) / 2) / 2, abs=1e-3)
    assert (total.hours, total.low is not None) == (2.0, True)


def test_of_one_meter_the_peaks_survive_and_of_a_sum_nobody_knows_them(filled: Filled) -> None:
    rows = [*every_ten("meter", 5.0, 0, 60), ("meter", T0 + 35 * MINUTE, 900.0), ("meter", T0 + 36 * MINUTE, 5.0)]
    store = filled(rows + every_ten("2/1/1.power", 1.0, 0, 60) + every_ten("2/1/2.power", 1.0, 0, 60))
    borders = edges(store.calendar, "hour", T0, T0 + HOUR)
    one, two = of_places(store, LIVE, "power", ["1", "2"], "hour", borders, NOW)
    assert (one.high[0], one.low[0]) == (900.0, 5.0)
    assert np.isnan(two.high[0])
    point = of_point(store, "meter", "hour", borders, NOW)
    assert (point.high[0], point.value[0]) == (900.0, one.value[0])
    assert not np.isfinite(of_point(store, "never", "hour", borders, NOW).value).any()


def test_a_difference_is_made_of_what_both_know(filled: Filled) -> None:
    store = filled(every_ten("meter", 10.0, 0, 240) + every_ten("2/1/1.power", 5.0, 0, 120))
    borders = edges(store.calendar, "hour", T0, T0 + 4 * HOUR)
    now = T0 + 4 * HOUR
    one, two = (of_places(store, LIVE, "power", [place], "hour", borders, now)[0] for place in ("1", "2/1/1"))
    found = difference_of(one, borders[:-1], two, borders[:-1], now, energy=True)
    assert found is not None
    assert (found.buckets, found.of) == (2, 4), "the third hour is known for a third only"
    assert found.change == pytest.approx(10.0, rel=0.01)
    assert found.percent == pytest.approx(100.0, rel=0.02)
    assert difference_of(one, borders[:-1], two, borders[:-1] + 1, now, energy=True) is None


def test_too_much_is_refused_with_what_to_do(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(campus_rows())
    borders = edges(store.calendar, 60_000, T0, NOW)
    monkeypatch.setattr(rolled, "MOST_READINGS", 10)
    with pytest.raises(SeriesError, match="ask for step=hour"):
        of_places(store, LIVE, "power", ["1"], 60_000, borders, NOW)
    monkeypatch.setattr(rolled, "MOST_CELLS", 3)
    with pytest.raises(SeriesError, match="longer steps"):
        of_places(store, LIVE, "power", ["1"], "hour", edges(store.calendar, "hour", T0, NOW), NOW)
    with pytest.raises(KeyError):
        of_places(store, LIVE, "power", ["nowhere"], "hour", borders, NOW)
