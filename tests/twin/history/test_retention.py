"""What need not be kept any longer is dropped, by every engine."""

from __future__ import annotations

import pytest

from tests.twin.history.engines import Make
from tests.twin.history.oracle import HOUR, Row, readings
from twin.history.calendar import DAY_MS
from twin.history.contract import KeptPoint
from twin.history.retention import Retention
from twin.history.store import SqlStore

T0 = 1_795_737_600_000
NOW = T0 + 100 * DAY_MS


def sealed(store: SqlStore) -> list[str]:
    """Everything that was done until there was nothing left to do."""
    done: list[str] = []
    while more := store.seal(NOW):
        done += more
    return done


@pytest.fixture
def store(make: Make) -> SqlStore:
    """Readings of two quantities, 100 and 40 days old and of today, rolled up."""
    store = make("Asia/Shanghai")
    store.keys([KeptPoint("p", "power", 300.0), KeptPoint("m", "motion", 300.0)])
    rows = [Row(p, T0 + day * DAY_MS, float(day)) for day in (0, 60, 100) for p in (0, 1)]
    store.append(readings(rows), 1)
    while store.roll(NOW + HOUR + 120_000):
        pass
    return store


def kept(store: SqlStore) -> list[tuple[int, int]]:
    rows = store.rows(None, 0, 2**60).to_pylist()
    return [(row["point"], (row["time"] - T0) // DAY_MS) for row in rows]


def test_readings_are_kept_by_their_quantity_and_roll_ups_stay(store: SqlStore) -> None:
    store.retention = Retention(readings=90, quantities={"motion": 30})  # type: ignore[attr-defined]
    assert sealed(store)
    assert kept(store) == [(0, 60), (0, 100), (1, 100)]
    hours = store.rollups("hour", None, 0, 2**60).to_pylist()
    assert [(row["start"] - T0) // DAY_MS for row in hours] == [0, 60, 100] * 2
    assert store.at(T0 + DAY_MS).column("value").to_pylist() == [0.0, 0.0]
    assert sealed(store) == []


def test_hours_are_dropped_and_days_stay(store: SqlStore) -> None:
    store.retention = Retention(readings=30, hours=95)  # type: ignore[attr-defined]
    assert any("hours need not be kept" in done for done in sealed(store))
    hours = store.rollups("hour", None, 0, 2**60).to_pylist()
    assert {(row["start"] - T0) // DAY_MS for row in hours} == {60, 100}
    assert [(start - T0) // DAY_MS for start in store.rolled_hours.tolist()] == [60, 100]
    assert len(store.rollups("day", None, 0, 2**60)) == 4
    assert store.last().column("value").to_pylist() == [100.0, 100.0]
    assert kept(store)[-1] == (1, 100)


def test_readings_of_single_points_are_kept_by_their_own_time(store: SqlStore) -> None:
    store.retention = Retention(readings=30, quantities={"motion": 50}, points={"p": 90, "m*": 200})  # type: ignore[attr-defined]
    assert sealed(store)
    assert kept(store) == [(0, 60), (0, 100), (1, 0), (1, 60), (1, 100)]
    assert sealed(store) == []


def test_the_time_of_a_point_is_that_of_its_id_then_of_the_first_pattern_then_of_its_quantity() -> None:
    keep = Retention(readings=30, quantities={"motion": 50}, points={"14/*": 90, "14/05/*": 80, "14/05/7": 70})
    assert [keep.readings_days(KeptPoint(point, "power", 1.0)) for point in ("14/05/7", "14/05/8", "15/1")] == [
        70, 90, 30,
    ]  # fmt: skip
    assert keep.readings_days(KeptPoint("15/1", "motion", 1.0)) == 50
