"""Presence detectors of the simulated campus see its people, and the estimate of people takes them up."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from datasources.simulator import Settings, Simulation
from datasources.simulator_address import AddressError
from datasources.simulator_campus import CampusModel
from datasources.simulator_people import STEP_S
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.demo_points import use_of
from models3d.tiles import slots
from twin.ingest import Ingest
from twin.live import LiveState
from twin.occupancy.fusion import Source
from twin.occupancy.watch import SUFFIX, PeopleWatch, derived_points
from twin.point import Point
from twin.slots import SlotTree

MIDNIGHT = datetime(2026, 4, 14, 16, 0, tzinfo=UTC).timestamp()  # of a Wednesday in term, in Xi'an
DAY = MIDNIGHT + np.arange(0, 86_400, 60.0)


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus(seed=1, spaces=1_500)


def of_rooms(use: str, count: int, area: float) -> list[Point]:
    """Rooms with a detector and a counter at the door, the detectors first."""
    ends = [f"room/{use}/{area}/X/01/{k}" for k in range(count)]
    detectors = [Point(f"pir{k}", f"X/01/{k}", "pir", "1", address=f"pir/{end}") for k, end in enumerate(ends)]
    return [
        *detectors,
        *(Point(f"door{k}", f"X/01/{k}", "people", "1", address=f"people/{end}") for k, end in enumerate(ends)),
    ]


def test_a_detector_is_on_while_people_are_there_and_hardly_ever_without_them() -> None:
    count = 60
    values = CampusModel(of_rooms("office", count, 80.0), seed=1).at(DAY)
    on, people = values[:count], values[count:]
    assert set(np.unique(on)) == {0.0, 1.0}
    still = np.diff(people, axis=1, prepend=people[:, :1]) == 0
    assert on[(people == 0) & still].mean() < 0.02
    assert 0.6 < on[(people == 1) & still].mean() < 0.95
    assert on[(people >= 3) & still].mean() > 0.96
    noon, night = on[:, 600:660].mean(), on[:, 180:240].mean()
    assert noon > 0.5 > 0.05 > night


def test_detectors_hold_for_five_minutes_and_do_not_switch_together() -> None:
    count = 60
    on = CampusModel(of_rooms("office", count, 20.0)[:count], seed=1).at(MIDNIGHT + 9 * 3_600 + np.arange(3_600.0))
    switches = [np.flatnonzero(np.diff(row)) + 1 for row in on]
    for row in switches:
        assert len(set((row % STEP_S).tolist())) <= 1
    begins = {int(row[0] % STEP_S) for row in switches if len(row)}
    assert len(begins) > 20


def test_a_detector_says_the_same_in_any_window_and_company() -> None:
    points = of_rooms("office", 30, 30.0)
    whole = CampusModel(points, seed=1).at(DAY)
    some = np.array([900, 4, 611])
    assert np.array_equal(CampusModel(points[:30:3], seed=1).at(DAY[some]), whole[:30:3][:, some])


def test_an_address_that_is_none_is_named_with_what_is_wanted() -> None:
    with pytest.raises(AddressError, match="pir/room/<use>/<m2>/<space>"):
        CampusModel([Point("p", "x", "pir", "1", address="pir/storey/office/20/x")], 1)
    with pytest.raises(AddressError, match="a unit of pir"):
        CampusModel([Point("p", "x", "pir", "%", address="pir/room/office/20/x")], 1)


def test_the_estimate_of_people_takes_the_demos_detectors_up(demo: Assembled) -> None:
    now = MIDNIGHT + 10.5 * 3_600
    tree = SlotTree.of(demo.campus, slots(demo.campus))
    derived = derived_points(demo.points, tree)
    live = LiveState([*demo.points, *derived], tree, lambda: now)
    ingest = Ingest(demo.points, live, lambda: now, {"simulator": "simulated"})
    watch = PeopleWatch(live, demo.campus)
    simulation = Simulation(Settings(), demo.points)
    ingest.accept(simulation.readings(now), "simulator")
    found = watch.gather()
    watch.publish(found, watch.step(found))
    seminars = [s.id for b in demo.campus.buildings for st in b.storeys for s in st.spaces if use_of(s) == "seminar"]
    alone = [s for s in seminars if not any(p.entity == s and p.quantity in ("people", "co2") for p in demo.points)]
    assert alone
    assert {s + SUFFIX for s in seminars} <= {p.id for p in derived}
    on = {s for s in alone if live.latest(f"{s}/pir").value == 1}
    assert 0 < len(on) < len(alone)
    used = {s: watch.of_space(s) for s in alone}
    for space, estimate in used.items():
        assert estimate is not None
        assert Source.PIR in [source for source, _, _ in estimate.sources], space
    known = {s: estimate.people for s, estimate in used.items() if estimate is not None}
    assert min(known[s] for s in on) > 0
    assert np.mean([known[s] for s in on]) > 3 * np.mean([known[s] for s in set(alone) - on])
