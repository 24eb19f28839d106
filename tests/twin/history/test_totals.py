"""Totals of buildings and the campus in every bucket, against plain loops and against the live roll-up."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.twin.history.engines import Make
from tests.twin.history.oracle import HOUR, Oracle, Row, readings
from twin.history import totals as totals_
from twin.history.contract import KeptPoint
from twin.history.series import Asked
from twin.history.steps import SeriesError, Step
from twin.history.store import SqlStore
from twin.history.totals import Under, totals, under
from twin.live import LiveState
from twin.point import DERIVED, Point
from twin.slots import SlotTree
from twin.space import Building, Campus, Site, Space, Storey

T0 = 1_795_737_600_000
MINUTE = 60_000
HOLD_S = 1200.0


def campus() -> LiveState:
    """Two buildings of two storeys of two rooms, each room with a power and a temperature; building 1 has a meter."""
    built = Campus("c", {"en": "c"}, sites=[Site("s", {"en": "s"})])
    points: list[Point] = []
    for b in "12":
        building = Building(b, {"en": b}, site="s", category="office")
        for s in "12":
            storey = Storey(f"{b}/{s}", ordinal=int(s))
            for r in "12":
                room = Space(f"{b}/{s}/{r}", r, {"en": r}, "office", None, area_m2=10.0 * int(r))
                storey.spaces.append(room)
                points += [Point(f"{room.id}.{q}", room.id, q, u) for q, u in (("power", "kW"), ("temperature", "°C"))]
            building.storeys.append(storey)
        built.buildings.append(building)
    points.append(Point("meter", "1", "power", "kW"))
    points.append(Point("1/1/1.guess", "1/1/1", "people", "1", source=DERIVED))
    points.append(Point("1/1/1.door", "1/1/1", "people", "1"))
    points.append(Point("1/1/2.door", "1/1/2", "people", "1"))
    ids = ["c", "1", "2", *(f"{b}/{s}" for b in "12" for s in "12")]
    ids += [f"{b}/{s}/{r}" for b in "12" for s in "12" for r in "12"]
    return LiveState(points, SlotTree.of(built, ids))


LIVE = campus()


def filled(make: Make, rows: list[tuple[str, int, float]], now: int = 0) -> tuple[SqlStore, Oracle, dict[str, int]]:
    store = make("UTC")
    names = [point.id for point in LIVE.points if point.id != "2/2/2.power"]  # that one never came
    keys = store.keys([KeptPoint(name, "power", HOLD_S) for name in names]).tolist()
    known = dict(zip(names, keys, strict=True))
    oracle = Oracle(dict.fromkeys(keys, round(HOLD_S * 1000)))
    batch = [Row(known[name], time, value, flags=8) for name, time, value in rows]
    store.append(readings(batch), 1)
    oracle.append(batch)
    while now and store.roll(now):
        pass
    return store, oracle, known


def minutes(name: str, value: float, first: int = 0, last: int = 240) -> list[tuple[str, int, float]]:
    return [(name, T0 + n * MINUTE, value + n / 100) for n in range(first, last, 10)]


@pytest.mark.parametrize("step", ["hour", 1_200_000, 2 * HOUR, "day"])
@pytest.mark.parametrize("rolled", [0, 120, 240])
def test_a_building_without_a_meter_is_the_sum_of_its_rooms(
    make: Make, step: Step, rolled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals_, "CELLS", 20)
    rooms = ["2/1/1.power", "2/1/2.power", "2/2/1.power"]
    rows = [row for n, name in enumerate(rooms) for row in minutes(name, 1.0 + n, last=240 if n else 90)]
    now = T0 + 240 * MINUTE
    store, oracle, known = filled(make, rows, T0 + rolled * MINUTE)
    found = totals(store, under(LIVE, "2", "power"), Asked([], T0, now, now), step)
    width = {"hour": HOUR, "day": 24 * HOUR}.get(step, step) if isinstance(step, str) else step
    told = found.table.to_pylist()
    assert [row["start"].timestamp() * 1000 for row in told] == list(range(T0, now, int(width)))
    for row in told:
        start = round(row["start"].timestamp() * 1000)
        each = [oracle.hour(known[name], start, min(int(width), now - start))["mean"] for name in rooms]
        means = [float(value) for value in each if isinstance(value, float)]
        assert row["value"] == pytest.approx(sum(means), rel=1e-6)
        assert (row["have"], row["of"]) == (len(means), 4)
        assert row["coverage"] == pytest.approx(len(means) / 4)
        assert (row["entity"], row["quantity"], row["unit"]) == ("2", "power", "kW")
        assert (row["origin"], row["estimated"], row["quality"]) == ("simulated", False, "good")
    assert found.gaps == []


def test_the_meter_wins_while_it_speaks_and_the_rooms_stand_in_for_it(make: Make) -> None:
    rows = [*minutes("meter", 50.0, last=60), *minutes("1/1/1.power", 1.0), *minutes("1/2/2.power", 2.0)]
    store, _, _ = filled(make, rows)
    now = T0 + 240 * MINUTE
    of = under(LIVE, "1", "power")
    told = totals(store, of, Asked([], T0, now, now), "hour").table.to_pylist()
    assert [(round(r["value"]), r["have"], r["of"], r["estimated"]) for r in told] == [
        (50, 1, 1, False), (50, 1, 1, False), (6, 2, 5, True), (7, 2, 5, True),
    ]  # fmt: skip
    campus_ = totals(store, under(LIVE, "c", "power"), Asked([], T0, now, now), "hour").table.to_pylist()
    assert [(round(r["value"]), r["have"], r["of"]) for r in campus_] == [(50, 1, 5), (50, 1, 5), (6, 2, 9), (7, 2, 9)]
    storey = totals(store, under(LIVE, "1/1", "power"), Asked([], T0, now, now), "hour").table.to_pylist()
    assert [round(r["value"]) for r in storey] == [1, 2, 2, 3]


def test_means_are_weighted_by_area_and_derived_values_replace_measured_ones(make: Make) -> None:
    rows = [*minutes("1/1/1.temperature", 20.0), *minutes("1/1/2.temperature", 26.0)]
    rows += [*minutes("1/1/1.guess", 5.0), *minutes("1/1/1.door", 9.0), *minutes("1/1/2.door", 1.0)]
    store, _, _ = filled(make, rows)
    now = T0 + 10 * MINUTE
    (warm,) = totals(store, under(LIVE, "1", "temperature"), Asked([], T0, now, now), "hour").table.to_pylist()
    assert (warm["value"], warm["have"], warm["of"]) == (pytest.approx(24.0), 2, 4)
    assert under(LIVE, "1", "people").ids == ["1/1/1.guess", "1/1/2.door"]
    (people,) = totals(store, under(LIVE, "1", "people"), Asked([], T0, now, now), "hour").table.to_pylist()
    assert people["value"] == pytest.approx(6.0)


def test_totals_have_gaps_where_no_point_was_known(make: Make) -> None:
    store, _, _ = filled(make, [*minutes("2/1/1.power", 1.0, last=30), *minutes("2/1/2.power", 1.0, first=180)])
    now = T0 + 230 * MINUTE
    found = totals(store, under(LIVE, "2", "power"), Asked([], T0, T0 + 9 * HOUR, now), "hour")
    assert found.gaps == [("2", T0 + HOUR, T0 + 3 * HOUR)]
    assert found.table.column("finished").to_pylist() == [False, False]  # nothing was rolled up yet
    assert pc.all(pc.greater(found.table.column("have"), 0)).as_py()
    nothing = totals(store, under(LIVE, "2", "co2"), Asked([], T0, now, now), "hour")
    assert (len(nothing.table), nothing.gaps) == (0, [("2", T0, now)])
    ahead = totals(store, under(LIVE, "2", "power"), Asked([], now, now, now), "hour")
    assert (len(ahead.table), ahead.gaps) == (0, [])


def test_too_much_at_once_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _, _ = filled(make, minutes("2/1/1.power", 1.0))
    of, asked = under(LIVE, "2", "power"), Asked([], T0, T0 + 9 * HOUR, T0 + 9 * HOUR)
    monkeypatch.setattr(totals_, "MOST_READINGS", 10)
    with pytest.raises(SeriesError, match=r"of '2' there are 24 in the window.*ask for step=hour"):
        totals(store, of, asked, 900_000)
    monkeypatch.setattr(totals_, "MOST_CELLS", 10)
    with pytest.raises(SeriesError, match=r"4 points under '2' in 9 steps are too many.*a building"):
        totals(store, of, asked, "hour")
    empty = Under("x", "power", of.tree, [], np.zeros(0, np.int32))
    assert len(totals(store, empty, asked, 900_000).table) == 0


def test_what_is_not_there_has_nothing_under_it() -> None:
    with pytest.raises(KeyError):
        under(LIVE, "9", "power")
