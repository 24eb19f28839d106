"""Registers of the simulated main meters: the integral of their power, in any window, once in a figure of energy."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from datasources.simulator import Settings, Simulation
from datasources.simulator_address import AddressError
from datasources.simulator_campus import CampusModel
from datasources.simulator_daysums import DaySums
from datasources.simulator_energy import INSTALLED_DAY
from datasources.simulator_power import NODES, PowerModel
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.tiles import slots
from twin.ingest import Ingest
from twin.kpi import Kpis
from twin.kpi_value import KpiValue
from twin.live import LiveState
from twin.point import Point
from twin.slots import SlotTree
from twin.topology import Topology, kinds_of

NIGHT = datetime(2026, 4, 15, 15, 0, tzinfo=UTC).timestamp()  # 23:00 in Xi'an, a Wednesday in term
INSTALLED = INSTALLED_DAY * 86_400 - 8 * 3_600.0


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus(seed=1, spaces=600)


@pytest.fixture(scope="module")
def meters(demo: Assembled) -> list[Point]:
    return [p for p in demo.points if p.quantity in ("power", "energy")]


@pytest.fixture(scope="module")
def model(meters: list[Point]) -> CampusModel:
    return CampusModel(meters, seed=1)


def rows(points: list[Point], start: str) -> list[int]:
    return [k for k, p in enumerate(points) if p.address.startswith(start)]


def test_a_register_rises_by_the_integral_of_its_meters_power(meters: list[Point], model: CampusModel) -> None:
    """Over two hours round midnight: against the power in the middle of every three seconds."""
    power, energy = rows(meters, "power/building/"), rows(meters, "energy/building/")
    assert [meters[k].entity for k in power] == [meters[k].entity for k in energy]
    middles = NIGHT + 1.5 + np.arange(0, 7_200, 3.0)
    blocks = [model.at(middles[k : k + 400])[power] for k in range(0, len(middles), 400)]
    counted = np.concatenate(blocks, axis=1).sum(axis=1) * 3 / 3_600
    register = model.at([NIGHT, NIGHT + 7_200])[energy]
    assert register[:, 1] - register[:, 0] == pytest.approx(counted, rel=1e-5)
    assert (counted > 10).all()


def test_a_register_can_be_read_without_its_past_and_never_falls(meters: list[Point], model: CampusModel) -> None:
    energy = rows(meters, "energy/building/")
    times = NIGHT + np.arange(0, 4 * 86_400, 5_432.1)
    whole = model.at(times)[energy]
    assert (np.diff(whole, axis=1) > 0).all()
    assert np.array_equal(model.at(times[[40, 3, 17]])[energy], whole[:, [40, 3, 17]])
    assert np.array_equal(CampusModel(meters, seed=1).at([times[33]])[energy][:, 0], whole[:, 33])
    by_second = model.at(NIGHT + 3_600 + np.arange(-30, 30, 1.0))[energy]
    assert (np.diff(by_second, axis=1) > 0).all()


def test_it_began_at_0_when_it_was_installed(meters: list[Point], model: CampusModel) -> None:
    shown = model.at([INSTALLED - 86_400, INSTALLED, INSTALLED + 900])[rows(meters, "energy/building/")]
    assert (shown[:, :2] == 0).all()
    assert (shown[:, 2] > 0).all()


@pytest.mark.parametrize("day", [INSTALLED_DAY, 20_501, 20_556, 20_575, 20_640])
def test_the_sum_of_a_day_is_that_of_its_nodes(demo: Assembled, day: int) -> None:
    """A holiday in winter, the Spring Festival, a working day, a Monday, a hot day of examinations."""
    power = PowerModel([p for p in demo.points if p.quantity == "power"], seed=1)
    first = day * NODES - 32
    nodes = power.mains_at_nodes(range(first, first + NODES)).sum(axis=1)
    assert DaySums(power).of(day) == pytest.approx(nodes, rel=1e-6)


def test_units_are_the_points_own_and_a_register_wants_its_meter(meters: list[Point], model: CampusModel) -> None:
    power = [p for p in meters if p.quantity == "power"]
    register = next(p for p in meters if p.quantity == "energy")
    mega = Point("m", register.entity, "energy", "MWh", address=register.address)
    shown = model.at([NIGHT])[meters.index(register), 0]
    assert CampusModel([*power, mega], 1).at([NIGHT])[-1, 0] == pytest.approx(shown / 1e3)
    with pytest.raises(AddressError, match="among the points"):
        CampusModel([register], 1)
    with pytest.raises(AddressError, match="a unit of energy"):
        CampusModel([*power, Point("m", register.entity, "energy", "kW", address=register.address)], 1)


def energy_today(kpis: Kpis, entity: str) -> KpiValue:
    return next(figure for figure in kpis.of("energy", entity) if figure.kpi.key.endswith("energy_today"))


def test_energy_today_counts_a_building_once_by_its_register(demo: Assembled, meters: list[Point]) -> None:
    now = NIGHT
    tree = SlotTree.of(demo.campus, slots(demo.campus))
    live = LiveState(meters, tree, lambda: now)
    ingest = Ingest(meters, live, lambda: now, {"simulator": "simulated"})
    kpis = Kpis(demo.campus, live, Topology(demo.topology.edges, kinds_of(demo.campus, demo.topology.nodes)))
    simulation = Simulation(Settings(), meters)
    seen = [simulation.values_at([t]).values[rows(meters, "energy/building/"), 0] for t in (NIGHT, NIGHT + 1_800)]
    for minute in range(31):
        now = NIGHT + 60.0 * minute
        ingest.accept(simulation.readings(now), "simulator")
        kpis.memory.take(live)
    counted = seen[1] - seen[0]
    today = energy_today(kpis, "")
    assert today.value == pytest.approx(counted.sum(), rel=1e-4)
    assert today.notes[0].figures["metered"] == len(counted)
    assert today.notes[0].figures["integrated"] == 0
    assert today.origin == "simulated"
    building = demo.campus.buildings[0]
    assert energy_today(kpis, building.id).value == pytest.approx(counted[0], rel=1e-4)
    storey = energy_today(kpis, building.storeys[0].id)
    assert storey.notes[0].figures["metered"] == 0  # a panel has no register: its power is integrated


def test_main_meters_alone_are_the_same_to_the_bit(demo: Assembled) -> None:
    rows = np.array([k for k, p in enumerate(demo.points) if p.address.startswith(("power/building", "energy/"))])
    some = np.array([NIGHT + 450.0, NIGHT + 900.0, *(NIGHT + 30.0 * np.arange(300)), NIGHT + 90_001.5])
    alone, all_of_them = (Simulation(Settings(), demo.points, only).values_at(some) for only in (rows, None))
    assert alone.values.tolist() == all_of_them.values[rows].tolist()
    with_a_panel = np.append(rows, next(k for k, p in enumerate(demo.points) if p.address.startswith("power/storey")))
    assert Simulation(Settings(), demo.points, with_a_panel).values_at(some).values[-1].all(), "a panel is made too"


def test_a_load_half_way_between_nodes_is_half_way(demo: Assembled) -> None:
    power = PowerModel([p for p in demo.points if p.quantity == "power"], 1)
    at_nodes = power.loads.at(np.array([NIGHT, NIGHT + 900.0]))
    half, node = power.loads.at(np.array([NIGHT + 450.0, NIGHT + 900.0])).T
    assert half == pytest.approx(at_nodes.mean(axis=1), rel=1e-5)
    assert node.tolist() == at_nodes[:, 1].tolist()
