"""What goes wrong on the simulated campus by itself: each kind, the same for a seed, and only in what is reported."""

from __future__ import annotations

import numpy as np

from datasources.simulator import Settings, Simulation
from datasources.simulator_mishaps import AIR_PPM, KINDS, Mishaps
from twin.point import Point

DAY = 20_558  # a Wednesday of term, 2026-04-15


def _points() -> list[Point]:
    room, switch, up = "14/05/5036", "14/05/SW1", "14/SW0"
    told = [
        ("co2", "co2", "ppm", room, f"co2/room/office/40/{room}"),
        ("temperature", "temperature", "°C", room, f"temperature/room/office/40/{room}"),
        ("power", "power", "kW", room, f"power/room/office/40/{room}"),
        ("panel", "power", "kW", "14/05", "power/storey/research/100/14/05"),
        ("main", "power", "kW", "14", "power/building/research/1000/14"),
        ("clients", "clients", "1", "14/05/AP1", f"clients/room/1/{room}/AP1"),
        ("ap.in", "traffic", "Mbit/s", "14/05/AP1", f"traffic/ap/in/1000/14/05/AP1>{switch}"),
        ("link", "link_state", "1", switch, f"link/storey/{switch}>{up}"),
        ("used", "utilisation", "%", switch, f"utilisation/storey/1000/{switch}>{up}"),
        ("line", "link_state", "1", "CS/BORDER", "link/intercampus/CS/BORDER>CAMPUS-2"),
    ]
    return [Point(name, entity, quantity, unit, address=address) for name, quantity, unit, entity, address in told]


def test_each_kind_takes_what_belongs_to_it() -> None:
    points = _points()
    mishaps = Mishaps(points, 1.0, 1)
    found = {
        kind: sorted(
            (points[row].id, what)
            for thing in mishaps.things[kind]
            for row, what, _, _ in mishaps.takes(kind, thing, warm=False)
        )
        for kind in KINDS
    }
    places = {kind: [mishaps.place_of(kind, thing) for thing in mishaps.things[kind]] for kind in KINDS}
    assert places == {
        "air": ["14/05/5036"], "full": ["14/05/SW1"], "switch": ["14/05/SW1"], "gateway": ["14"], "pump": ["14/05"],
        "line": ["CAMPUS-2"],
    }  # fmt: skip
    assert found == {
        "air": [("co2", "drift")], "full": [("used", "drift")],
        "switch": [("ap.in", "silent"), ("clients", "silent"), ("link", "zero"), ("used", "silent")],
        "gateway": [("main", "silent"), ("panel", "silent")], "pump": [("temperature", "drift")],
        "line": [("line", "zero")],
    }  # fmt: skip
    assert abs(sum(kind.share for kind in KINDS.values()) - 1.0) < 1e-9


def test_a_few_a_day_the_same_for_a_seed_and_none_without_points() -> None:
    points = _points()
    days = [Mishaps(points, 8.0, 1).of(DAY + n) for n in range(30)]
    again = Mishaps(points, 8.0, 1)
    assert [again.of(DAY + n) for n in reversed(range(30))] == days[::-1]
    assert Mishaps(points, 8.0, 2).of(DAY) != days[0]
    begun = [{(fault.start, fault.end) for fault in day} for day in days]
    assert 6 <= sum(map(len, begun)) / 30 <= 8
    assert {fault.kind for day in days for fault in day} == {"drift", "zero", "silent"}
    assert all(fault.start < fault.end < fault.start + 4 * 3600 for day in days for fault in day)
    assert Mishaps([], 8.0, 1).of(DAY) == []
    seldom = [len({fault.start for fault in Mishaps(points, 0.5, 1).of(DAY + n)}) for n in range(100)]
    assert 0.3 <= np.mean(seldom) <= 0.7


def test_air_rises_to_its_level_and_falls_again_and_the_truth_stays() -> None:
    points = _points()
    calm, wild = Simulation(Settings(seed=1), points), Simulation(Settings(seed=1, mishaps=8.0), points)
    drawn = (fault for day in range(DAY, DAY + 30) for fault in wild.faults._by_chance(day))
    fault = next(fault for fault in drawn if fault.level == AIR_PPM)
    middle = (fault.start + fault.end) / 2
    times = [fault.start - 60, fault.start + fault.rise_s / 2, middle, fault.end - 1, fault.end + 60]
    told, true = wild.values_at(times).values[0], calm.values_at(times).values[0]
    assert (told[0], told[4]) == (true[0], true[4])
    assert true[1] < told[1] < AIR_PPM
    assert told[2] == AIR_PPM
    assert abs(told[3] - true[3]) < 10
    assert (wild.model.at(times) == calm.model.at(times)).all()
