"""Hours of power from a historian: sums, gaps, what is left out and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.forecast.kept import F64, keep
from tests.twin.forecast.made import MONDAY
from twin.forecast import hourly
from twin.forecast.exclusions import Mark
from twin.forecast.hourly import Hourly, read, summed
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.store import SqlStore

HOURS = 60
TIMES = np.asarray(MONDAY + 3600.0 * np.arange(HOURS), np.float64)
MS = round(MONDAY * 1000)
END = MS + HOURS * 3_600_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = DuckDbStore(tmp_path, SHANGHAI, memory="128MB")
    yield opened
    opened.close()


def level(value: float, *gone: int) -> F64:
    values = np.full(HOURS, value)
    values[list(gone)] = np.nan
    return values


def test_points_are_summed_hour_by_hour_in_pieces(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "CELLS", 1)
    ramp = np.arange(HOURS, dtype=np.float64)
    keep(store, TIMES, {"a": ramp, "b": level(10.0), "other": level(99.0)})
    found = read(store, ["b", "a", "never"], MS + 1_800_000, END, {})
    np.testing.assert_array_equal(found.times, TIMES)
    np.testing.assert_allclose(found.values, ramp + 10)
    assert set(found.reasons) == {""}


def test_an_hour_of_which_less_than_half_is_known_is_a_gap(store: SqlStore) -> None:
    keep(store, TIMES, {"a": level(5.0, 3, 4)})
    found = read(store, ["a"], MS, END, {})
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [3, 4]
    assert set(found.reasons) == {""}, "a gap has no reason: nothing came"


def test_half_an_hour_is_enough_and_less_is_not(store: SqlStore) -> None:
    keep(store, TIMES, {"half": level(5.0)}, held=0.5)
    keep(store, TIMES, {"less": level(5.0)}, held=0.49)
    assert np.isfinite(read(store, ["half"], MS, END, {}).values).all()
    assert np.isnan(read(store, ["less"], MS, END, {}).values).all()


def test_a_total_of_too_few_is_left_out_with_its_reason(store: SqlStore) -> None:
    keep(store, TIMES, {"large": level(90.0, 7), "small": level(4.0, 7, 8, 9), "tiny": level(1.0)})
    found = read(store, ["large", "small", "tiny"], MS, END, {})
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [7]
    assert found.reasons[7] == "coverage"
    assert found.values[8] == pytest.approx(91.0), "four in a hundred may be missing, and nothing is scaled up"


def test_hours_that_a_check_doubts_are_left_out_with_its_name(store: SqlStore) -> None:
    keep(store, TIMES, {"a": level(90.0, 30), "b": level(10.0, 31)})
    marks = {"a": (Mark(MS + 5 * 3_600_000 + 1, MS + 7 * 3_600_000, "flat"), Mark(MS + 31 * 3_600_000, END, "unit"))}
    found = read(store, ["a", "b"], MS, END, marks)
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [5, 6, *range(30, HOURS)]
    assert found.reasons[5] == found.reasons[6] == "flat"
    assert found.reasons[30] == found.reasons[31] == "coverage", "it would have been too little without the doubt"
    assert found.reasons[32] == "unit"
    alone = read(store, ["b"], MS, END, marks)
    assert np.flatnonzero(np.isnan(alone.values)).tolist() == [31]


def test_a_meter_of_nothing_but_zeros_is_known(store: SqlStore) -> None:
    keep(store, TIMES, {"a": level(0.0, 3), "b": level(0.0)})
    found = read(store, ["a", "b"], MS, END, {})
    assert np.flatnonzero(np.isnan(found.values)).tolist() == [3]
    assert found.values[0] == 0.0


def test_of_points_that_never_spoke_nothing_is_known(store: SqlStore) -> None:
    keep(store, TIMES, {"a": level(1.0), "silent": level(np.nan)})
    for points in (["never"], ["silent"], []):
        found = read(store, points, MS, END, {})
        assert np.isnan(found.values).all()
        assert len(found.times) == HOURS
        assert set(found.reasons) == {""}
    assert len(read(store, ["a"], MS, MS, {}).times) == 0


def hours(*values: float) -> Hourly:
    return Hourly(TIMES[: len(values)], np.array(values), ("",) * len(values))


def test_a_campus_is_the_sum_of_its_buildings_by_the_same_rule() -> None:
    nan = np.nan
    found = summed({"A": hours(90, nan, 90, nan), "B": hours(7, 7, nan, nan), "C": hours(3, 3, 3, nan)})
    np.testing.assert_array_equal(found.values, [100, nan, nan, nan])
    assert found.reasons == ("", "coverage", "coverage", "")
    np.testing.assert_array_equal(summed({"A": hours(0, nan), "B": hours(0, 0)}).values, [0, nan])
    np.testing.assert_array_equal(summed({"A": hours(nan, nan)}).values, [nan, nan])


def test_days_are_local_and_the_ends_can_be_trimmed() -> None:
    values = level(1.0, *range(5), *range(30, HOURS))
    found = Hourly(TIMES, values, tuple(str(n) for n in range(HOURS)))
    assert (found.days(SHANGHAI), found.days(ZoneInfo("UTC"))) == (2, 2)
    assert Hourly(TIMES[:17], np.ones(17), ("",) * 17).days(SHANGHAI) == 2, "eight o'clock to one at night"
    assert (found.trimmed.reasons[0], found.trimmed.reasons[-1]) == ("5", "29")
    nothing = Hourly(TIMES, level(np.nan), ("",) * HOURS)
    assert (nothing.days(SHANGHAI), len(nothing.trimmed.times)) == (0, 0)
