"""The simulated past of a new demo: months of main meters, a day of all points with the estimate of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datasources.simulator import Settings, Simulation
from models3d import tiles
from models3d.demo import demo_campus
from server.built import demo_timetable
from server.simulated_past import DAY_S, FIRST_BATCH, Length, Simulated, fill
from twin.frame import FLAG_DERIVED, FLAG_SIMULATED
from twin.history.contract import HistoryLaterError
from twin.history.open import open_history
from twin.history.retention import Retention
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.occupancy.watch import derived_points
from twin.slots import SlotTree

NOW = 1_795_750_000.0  # 27 November 2026, 10:46 in Xi'an
LENGTH = Length(days=0.05, mains_days=2.0)
START = NOW - LENGTH.days * DAY_S

Opened = Callable[[str], SqlStore]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    assembled = demo_campus(seed=1, spaces=300)
    assembled.timetable = demo_timetable(assembled, 1, NOW)
    tree = SlotTree.of(assembled.campus, tiles.slots(assembled.campus))
    booked = {lesson.space for lesson in assembled.timetable}
    live = LiveState([*assembled.points, *derived_points(assembled.points, tree, booked)], tree, lambda: NOW)
    cache = tmp_path_factory.mktemp("cache")  # what registers showed before is worked out once
    return Simulated(Settings.model_validate({"seed": 1}, context={"cache": cache}), assembled, live)


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    def make(name: str) -> SqlStore:
        return open_history(None, tmp_path / name, ZoneInfo("Asia/Shanghai"), Retention(readings=1, points={"*": 90}))

    return make


def of(rows: pa.Table, store: SqlStore, end: str) -> pa.Table:
    keys = [key for name, key in store.known_points().items() if name.endswith(end)]
    return rows.filter(pc.is_in(rows.column("point"), value_set=pa.array(keys, pa.int32())))


def test_a_new_history_has_weeks_of_main_meters_and_a_day_of_everything(simulated: Simulated, opened: Opened) -> None:
    store = opened("a")
    assert fill(store, simulated, LENGTH, lambda: NOW) == len(every := store.rows(None, 0, 2**60))
    assert set(np.unique(every.column("flags").to_numpy()).tolist()) == {
        FLAG_SIMULATED, FLAG_SIMULATED | FLAG_DERIVED
    }  # fmt: skip
    told = {row["start"] for row in store.rollups("hour", None, 0, 2**60).to_pylist()}
    assert len(told) >= 2 * 24 - 2, "rolled up"
    points = simulated.assembled.points
    mains = [row for row, p in enumerate(points) if p.address.startswith("power/building/")]
    key = store.known_points()[points[mains[0]].id]
    hours = store.rollups("hour", np.array([key], np.int32), 0, 2**60)
    assert min(hours.column("held").to_pylist()[1:]) == 3_600_000, "no gap: a main meter told often enough"
    at = float(np.floor((NOW - 1.5 * DAY_S) / 30) * 30)
    value = store.at(round(at * 1000), np.array([key], np.int32)).column("value")[0].as_py()
    alive = Simulation(Settings(seed=1), points).values_at([at]).values[mains[0], 0]
    assert value == pytest.approx(round(float(alive), 4), abs=1e-9), "what it would have told live"
    before = store.at(round((START - 3600) * 1000))
    assert len(before) == 2 * len(mains), "of before there are only main meters, power and registers"
    assert any("-" in path.name for path in Path(store.folder / "readings").rglob("*.parquet"))  # type: ignore[attr-defined]


def test_the_estimate_of_people_is_in_it(simulated: Simulated, opened: Opened) -> None:
    store = opened("a")
    fill(store, simulated, Length(days=0.05), lambda: NOW)
    (source,) = store.states(round(NOW * 1000), "source").to_pylist()
    assert source["state"] == "live", "and its source speaks"
    rows = of(store.rows(None, round((NOW - 3600) * 1000), round(NOW * 1000)), store, "/people.fused")
    assert len(rows) > 100
    assert float(pc.sum(rows.column("value")).as_py()) > 0, "people on a Friday morning"
    then = simulated.live.as_of(NOW - 60, _columns(store, simulated.live, NOW - 60))
    derived = [row for row, point in enumerate(then.points) if point.id.endswith("/people.fused")]
    assert then.counting(np.array(derived)).mean() > 0.9, "none is stale in between"


def _columns(store: SqlStore, live: LiveState, at: float):  # type: ignore[no-untyped-def]
    from twin.history.moment import Moments

    return Moments(live, store).columns(store.at(round(at * 1000)))


def test_ended_half_way_it_goes_on_and_is_the_same(simulated: Simulated, opened: Opened) -> None:
    whole, broken = opened("whole"), opened("broken")
    fill(whole, simulated, LENGTH, lambda: NOW)
    for calls in (1, 2, 2):
        left = iter(range(calls))
        with pytest.raises(HistoryLaterError, match="next start"):
            fill(broken, simulated, LENGTH, lambda: NOW, lambda: next(left, None) is not None)  # noqa: B023
    fill(broken, simulated, LENGTH, lambda: NOW)
    one, other = (_readings(store) for store in (whole, broken))
    assert one.equals(other)
    assert _hours(whole).equals(_hours(broken))


def _readings(store: SqlStore) -> pa.Table:
    """What was told; the estimates begin anew where it was ended."""
    rows = store.rows(None, 0, 2**60)
    return rows.filter(pc.equal(rows.column("flags"), FLAG_SIMULATED))


def _hours(store: SqlStore) -> pa.Table:
    return store.rollups("hour", None, 0, round(START * 1000) - 3_600_000)


def test_where_live_readings_are_nothing_is_written(simulated: Simulated, opened: Opened) -> None:
    store = opened("a")
    store.append(store.rows(None, 0, 1), FIRST_BATCH + 1)
    assert fill(store, simulated, LENGTH, lambda: NOW) == 0
    assert store.span() is None
    assert fill(opened("b"), simulated, Length(), lambda: NOW) == 0
