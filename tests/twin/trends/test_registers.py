"""Courses of registers: what was counted as a rate, through silences, dips and exchanged meters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.history.oracle import HOUR, Row, readings
from twin.frame import FLAG_ESTIMATED
from twin.history.contract import KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.steps import SeriesError, Step, edges
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.point import Point
from twin.reading import Quality
from twin.slots import Level, SlotTree
from twin.trends.course import Course
from twin.trends.lines import course_of
from twin.trends.registers import of_registers, registers_of
from twin.trends.subject import read_subjects
from twin.trends.sums import total_of

MINUTE = 60_000
T0 = 1_790_000_000_000 // (24 * HOUR) * 24 * HOUR
NOW = T0 + 12 * HOUR
HOLD_S = 1800.0
Tuples = list[tuple[int, float]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = DuckDbStore(tmp_path, ZoneInfo("UTC"))
    yield store
    store.close()


def keep(store: SqlStore, **registers: Tuples) -> None:
    keys = store.keys([KeptPoint(name, "energy", HOLD_S) for name in registers]).tolist()
    rows = [Row(key, at, value) for key, each in zip(keys, registers.values(), strict=True) for at, value in each]
    store.append(readings(sorted(rows, key=lambda row: row.time)), 1)
    while store.roll(NOW):
        pass


def rising(kw: float, first: int, last: int, begin: float = 5000.0) -> Tuples:
    """What a register shows each ten minutes from one minute to before another, at a constant power."""
    return [(T0 + m * MINUTE, begin + kw * (m - first) / 60) for m in range(first, last, 10)]


def told(store: SqlStore, *names: str, step: Step = "hour", hours: tuple[int, int] = (0, 12)) -> Course:
    borders = edges(store.calendar, step, T0 + hours[0] * HOUR, T0 + hours[1] * HOUR)
    return of_registers(store, names, step, borders, NOW)


@pytest.mark.parametrize("step", ["hour", 900_000, 3 * HOUR, "day"])
def test_a_register_is_told_as_the_power_that_it_counted(store: SqlStore, step: Step) -> None:
    keep(store, a=rising(24.0, 0, 730))
    course = told(store, "a", step=step)
    assert course.value == pytest.approx(np.full(len(course.value), 24.0), rel=0.02)
    assert not course.estimated.any()
    # ten minutes are missing at the end: the last reading stands for nothing that it has not counted
    assert total_of(course, NOW, energy=True).energy == pytest.approx(24.0 * 12, abs=4.1)


def test_what_was_counted_through_a_silence_is_shared_out_and_marked(store: SqlStore) -> None:
    before, after = rising(10.0, 0, 185), rising(10.0, 540, 730, begin=5000.0 + 30.0 + 6 * 40.0)
    keep(store, a=before + after)
    course = told(store, "a")
    assert course.value[:3] == pytest.approx(np.full(3, 10.0), rel=0.05)
    assert course.estimated.tolist() == [False] * 3 + [True] * 5 + [False] * 4 or course.estimated[4:8].all()
    assert course.value[4:8] == pytest.approx(np.full(4, course.value[5]), rel=1e-6)
    assert (course.quality[4:8] == Quality.UNCERTAIN).all()
    assert (course.flags[:3] & FLAG_ESTIMATED == 0).all()
    total = total_of(course, NOW, energy=True)
    shown = after[-1][1] - before[0][1]
    assert total.energy == pytest.approx(shown, rel=0.01), "a register counts through what a feed missed"
    assert total.coverage > 0.98


def test_another_meter_and_a_fall_are_no_negative_power(store: SqlStore) -> None:
    keep(store, a=rising(12.0, 0, 360) + rising(12.0, 360, 730, begin=3.0))
    course = told(store, "a")
    assert np.nanmin(course.value) >= 0
    assert np.nanmax(course.value) < 14.0
    # what was counted between the last reading of the one and the first of the other in an hour, nobody knows
    assert total_of(course, NOW, energy=True).energy == pytest.approx(12.0 * 11, abs=3.0)


def test_before_the_first_reading_nothing_is_known(store: SqlStore) -> None:
    keep(store, a=rising(6.0, 330, 730))
    course = told(store, "a")
    assert np.isnan(course.value[:5]).all()
    # known from half past five on: at that power, for half of the hour
    assert course.value[5] == pytest.approx(6.0, rel=0.05)
    assert course.coverage[5] == pytest.approx(0.5, abs=0.02)
    assert course.have.tolist() == [0] * 5 + [1] * 7


def test_registers_of_a_place_are_its_own_else_those_below(store: SqlStore) -> None:
    live = campus()
    assert registers_of(live, "c", "energy") == ["1/energy", "2/a/energy", "2/b/energy"]
    assert registers_of(live, "1", "energy") == ["1/energy"]
    assert registers_of(live, "2/a", "energy") == ["2/a/energy"]
    keep(store, **{"2/a/energy": rising(4.0, 0, 730), "2/b/energy": rising(8.0, 360, 730)})
    (subject,) = read_subjects(["2:energy"], live, store.known_facts())
    assert (subject.unit, subject.summed, subject.told) == ("kW", True, "power")
    borders = edges(store.calendar, "hour", T0, NOW)
    course = course_of(store, live, subject, "hour", borders, NOW)
    assert course.value[2] == pytest.approx(4.0, rel=0.03)
    assert course.value[9] == pytest.approx(12.0, rel=0.03)
    assert (course.have[2], course.of[2], course.have[9]) == (1, 2, 2)
    assert course.coverage[2] == pytest.approx(0.5)
    (point,) = read_subjects(["point:2/a/energy"], live, store.known_facts())
    assert point.registers == ("2/a/energy",)


def test_a_place_without_registers_says_what_to_ask_for() -> None:
    with pytest.raises(SeriesError, match="ask for 3:power"):
        read_subjects(["3:energy"], campus(), {})


def campus() -> LiveState:
    """Building 1 has a register and a room with one; of building 2 only rooms have; building 3 has a gauge."""
    ids = ("c", "1", "1/a", "2", "2/a", "2/b", "3")
    levels = (Level.CAMPUS, Level.BUILDING, Level.SPACE, Level.BUILDING, Level.SPACE, Level.SPACE, Level.BUILDING)
    parent = np.array([0, 0, 1, 0, 3, 3, 0], np.int32)
    places = {each: at for at, each in enumerate(ids)}
    tree = SlotTree(ids, parent, np.array(levels, np.uint8), np.ones(len(ids)), places, {})

    def point(place: str, kind: str = "counter") -> Point:
        return Point(f"{place}/energy", place, "energy", unit="kWh", kind=kind)  # type: ignore[arg-type]

    points = [point("1"), point("1/a"), point("2/a"), point("2/b"), point("3", "gauge")]
    return LiveState(points, tree, clock=lambda: NOW / 1000)
