"""People, clients, traffic, CO2 and temperature of the simulated campus: one chain of causes, in any window."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pytest

from datasources.faults import SENTINEL
from datasources.simulator import Settings, Simulation
from datasources.simulator_address import AddressError
from datasources.simulator_campus import CampusModel
from datasources.simulator_clients import DEVICES_A_PERSON, LAG_S
from datasources.simulator_co2 import AIR_CHANGES, HEIGHT_M, NOISE_PPM, OUTDOOR_PPM, generation
from datasources.simulator_faults import FaultSettings
from datasources.simulator_people import POPULATION
from datasources.simulator_traffic import IDLE_MBIT_S, OVERHEAD, PARTS, WIFI_MBIT_S, WIRED_MBIT_S
from models3d.campus import Assembled
from models3d.demo import demo_campus
from twin.point import Point
from twin.quantity import QUANTITIES

F64 = npt.NDArray[np.float64]
MIDNIGHT = datetime(2026, 4, 14, 16, 0, tzinfo=UTC).timestamp()  # of a Wednesday in term, in Xi'an
HOURS = MIDNIGHT + np.arange(24) * 3_600.0


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus()


@pytest.fixture(scope="module")
def model(demo: Assembled) -> CampusModel:
    return CampusModel(demo.points, seed=1)


@pytest.fixture(scope="module")
def day(model: CampusModel) -> F64:
    return model.at(HOURS)


@pytest.fixture(scope="module")
def few(demo: Assembled) -> list[Point]:
    """The library's points, and those of the border router."""
    return [p for p in demo.points if p.entity.split("/")[0] == "TSG" or p.entity == "CS/BORDER"]


def rows(points: list[Point], start: str) -> npt.NDArray[np.bool_]:
    return np.array([p.address.startswith(start) for p in points], np.bool_)


def of_rooms(space: str, use: str = "classroom", area: float = 100.0) -> list[Point]:
    """A room with everything that is simulated of one."""
    ends = f"room/{use}/{area}/{space}"
    return [
        Point(f"{space}/people", space, "people", "1", address=f"people/{ends}"),
        Point(f"{space}/co2", space, "co2", "ppm", address=f"co2/{ends}"),
        Point(f"{space}/temperature", space, "temperature", "°C", address=f"temperature/{ends}"),
        Point(f"{space}/AP/clients", f"{space}/AP", "clients", "1", address=f"clients/room/1.0/{space}/AP"),
    ]


def test_values_are_the_same_in_any_window_order_and_model(few: list[Point]) -> None:
    model = CampusModel(few, seed=7)
    times = MIDNIGHT + np.arange(0, 2 * 86_400, 1_234.5)
    whole = model.at(times)
    some = np.array([100, 3, 77, 4])
    assert np.array_equal(model.at(times[some]), whole[:, some])
    fresh = CampusModel(few, seed=7)
    for k in (130, 5):
        assert np.array_equal(fresh.at(times[k])[:, 0], whole[:, k])
    assert not np.array_equal(CampusModel(few, seed=8).at(times), whole)


def test_a_rooms_values_do_not_depend_on_which_other_rooms_are_simulated(few: list[Point]) -> None:
    alone = [p for p in few if p.quantity in ("people", "co2", "temperature")]
    every, third = CampusModel(alone, 1).at(HOURS), CampusModel(alone[::3], 1).at(HOURS)
    assert np.array_equal(every[::3], third)


def test_every_value_lies_within_the_bounds_of_its_point_and_quantity(demo: Assembled, model: CampusModel) -> None:
    low = np.array([QUANTITIES[p.quantity].low if p.low is None else p.low for p in demo.points])[:, None]
    high = np.array([QUANTITIES[p.quantity].high if p.high is None else p.high for p in demo.points])[:, None]
    for month in (1, 2, 7, 10):
        values = model.at(datetime(2026, month, 17, 16, tzinfo=UTC).timestamp() + np.arange(0, 86_400, 5_400.0))
        assert np.isfinite(values).all()
        assert (values >= low).all()
        assert (values <= high).all()


def test_nobody_is_in_two_places_and_clients_are_the_devices_of_those_who_are_there(
    demo: Assembled, model: CampusModel, day: F64
) -> None:
    clients = day[rows(demo.points, "clients/")].sum(axis=0)
    everyone = CampusModel(
        [
            Point(f"{p.id}#", p.entity, "people", "1", address=p.address.replace("power/", "people/", 1))
            for p in demo.points
            if p.address.startswith("power/room/")
        ],
        seed=1,
    )
    people = everyone.at(HOURS).sum(axis=0)
    late = everyone.at(HOURS - LAG_S).sum(axis=0)
    assert (people <= POPULATION).all()
    assert people.max() > 0.8 * POPULATION
    assert (clients <= 1.1 * DEVICES_A_PERSON * late).all()
    assert clients == pytest.approx(DEVICES_A_PERSON * late, rel=0.04)
    festival = everyone.at(
        HOURS + (datetime(2026, 2, 17, tzinfo=UTC) - datetime(2026, 4, 15, tzinfo=UTC)).total_seconds()
    )
    assert festival.sum(axis=0).max() < 0.1 * people.max()


def test_an_access_point_follows_the_people_of_its_room_some_minutes_late() -> None:
    points = of_rooms("X/01/1", area=400.0)
    times = MIDNIGHT + np.arange(0, 86_400, 60.0)
    values = CampusModel(points, seed=1).at(times)
    people, clients = values[0], values[3]
    assert (clients == np.round(clients)).all()
    assert (people == np.round(people)).all()
    assert people.max() > 20
    late = {
        lag: float(np.corrcoef(people[10 : 10 + 1_400], clients[10 + lag : 1_410 + lag])[0, 1]) for lag in range(10)
    }
    assert max(late, key=late.__getitem__) == LAG_S / 60
    assert (clients[people == 0][:300] == 0).all()  # at night nobody is there, nor was


def test_an_uplink_carries_what_its_buildings_clients_cause_and_parents_add_up(demo: Assembled, day: F64) -> None:
    by_address = {p.address: day[k] for k, p in enumerate(demo.points)}

    def total(scope: str, way: str) -> F64:
        chosen = [v for a, v in by_address.items() if a.startswith(f"traffic/{scope}/{way}/")]
        summed: F64 = np.sum(chosen, axis=0)
        return summed

    for way in ("in", "out"):
        buildings, egress, campuses = (total(scope, way) for scope in ("building", "egress", "intercampus"))
        assert egress == pytest.approx(PARTS["egress"] * buildings, rel=1e-4)
        assert (egress + campuses < buildings).all()
        assert (campuses > 0.3 * 3 * PARTS["intercampus"] * buildings).all()
    egress = total("egress", "in")
    assert 0.3 < egress.max() / 34_000 < 0.7
    assert egress.argmin() in (2, 3, 4, 5)
    assert egress.argmax() in (20, 21, 22)
    of_storeys: Counter[str] = Counter()
    for address, values in by_address.items():
        if address.startswith("traffic/storey/in/"):
            of_storeys[address.split("/")[4]] += float(values[12])  # type: ignore[assignment]
    of_buildings = {a.split("/")[4]: v[12] for a, v in by_address.items() if a.startswith("traffic/building/in/")}
    assert {b: of_storeys[b] * 1.01 for b in of_buildings} == pytest.approx(of_buildings, rel=1e-3)
    clients = Counter[str]()
    for k, p in enumerate(demo.points):
        if p.quantity == "clients":
            clients[p.entity.split("/")[0]] += int(day[k, 21])
    carried = {a.split("/")[4]: v[21] for a, v in by_address.items() if a.startswith("traffic/building/in/")}
    names = sorted(carried)
    assert np.corrcoef([clients[n] for n in names], [carried[n] for n in names])[0, 1] > 0.99


def test_a_switchs_access_points_and_its_wired_share_add_up_to_its_uplink(demo: Assembled, day: F64) -> None:
    clients = {p.entity: day[k] for k, p in enumerate(demo.points) if p.quantity == "clients"}
    into: dict[str, dict[str, F64]] = {}
    uplinks, switches = {}, Counter[str]()
    for k, p in enumerate(demo.points):
        if p.address.startswith("traffic/ap/in/"):
            station, switch = p.address.split("/", 4)[4].split(">")
            assert (p.entity, p.unit) == (station, "bit/s")
            into.setdefault(switch, {})[station] = day[k] / 1e6
        elif p.address.startswith("traffic/storey/in/"):
            uplinks[p.entity] = day[k]
            switches[p.entity.rsplit("/", 1)[0]] += 1
    assert set(into) == set(uplinks)
    assert sum(len(stations) for stations in into.values()) == len(clients)
    wired = {switch: uplinks[switch] - np.sum(list(of.values()), axis=0) for switch, of in into.items()}
    of_storey: Counter[str] = Counter()
    for switch, of in into.items():
        storey = switch.rsplit("/", 1)[0]
        of_storey[storey] += np.sum([clients[station] for station in of], axis=0)
    for switch, left in wired.items():
        storey = switch.rsplit("/", 1)[0]
        most = (IDLE_MBIT_S[0] + WIRED_MBIT_S[0] * 1.25 * np.asarray(of_storey[storey])) / switches[storey]
        assert (left > 0.99 * IDLE_MBIT_S[0] / switches[storey]).all(), switch
        assert (left <= most + 1e-3).all(), switch
    assert max(switches.values()) > 1
    for of in into.values():
        for station, values in of.items():
            assert (values <= 1.25 * WIFI_MBIT_S[0] * clients[station] + 1e-6).all()
            assert ((values > 0) == (clients[station] > 0)).all()


def test_a_building_without_clients_carries_its_storeys_idle_traffic() -> None:
    points = [
        Point("ap", "X/02/AP", "clients", "1", address="clients/storey/1.0/X/02/AP"),
        Point("in", "X/SW0", "traffic", "Gbit/s", address="traffic/building/in/10000/X/SW0>C/CORE"),
        Point("used", "X/SW0", "utilisation", "%", address="utilisation/building/10000/X/SW0>C/CORE"),
        Point("up", "X/SW0", "link_state", "1", address="link/building/X/SW0>C/CORE"),
    ]
    clients, into, used, up = CampusModel(points, seed=1).at([MIDNIGHT])[:, 0].tolist()
    assert clients == 0
    assert into == pytest.approx(IDLE_MBIT_S[0] * (1 + OVERHEAD) / 1e3)
    assert used == pytest.approx(into * 1e3 / 10_000 * 100)
    assert up == 1


def test_utilisation_is_traffic_over_capacity_and_never_more_than_all_of_it() -> None:
    points = [
        *of_rooms("X/01/1", "canteen", 3_000.0),
        Point("in", "X/SW0", "traffic", "Mbit/s", address="traffic/building/in/100/X/SW0>C/CORE"),
        Point("used", "X/SW0", "utilisation", "%", address="utilisation/building/100/X/SW0>C/CORE"),
    ]
    values = CampusModel(points, seed=1).at(MIDNIGHT + np.arange(0, 86_400, 600.0))
    assert values[4].max() == 100
    assert values[5] == pytest.approx(values[4], rel=1e-5)


def test_co2_is_the_solution_of_the_mass_balance_of_its_room() -> None:
    """Against Euler's method in steps of 15 s on the people that the door counts."""
    points = of_rooms("X/01/1", area=150.0)
    times = MIDNIGHT + np.arange(-8 * 3_600, 86_400, 15.0)
    people, co2 = CampusModel(points, seed=1).at(times)[:2].astype(np.float64)
    changes, volume = AIR_CHANGES["classroom"] / 3_600, 150.0 * HEIGHT_M
    ppm = np.zeros(len(times))
    for k in range(1, len(times)):
        gain = generation() / 3_600 * people[k - 1] / volume * 1e6
        ppm[k] = ppm[k - 1] + 15.0 * (gain - changes * ppm[k - 1])
    started = times >= MIDNIGHT
    assert ppm.max() > 200
    assert np.abs(co2 - OUTDOOR_PPM - ppm)[started].max() < NOISE_PPM / 2 + 0.06 * ppm.max()
    assert np.abs(co2 - OUTDOOR_PPM - ppm)[started].mean() < NOISE_PPM


def test_a_person_gives_off_the_published_amount_of_co2() -> None:
    assert generation() / 3.6 == pytest.approx(0.0048, abs=0.0004)  # [L/s]: 0.0044 to 0.0056 for sitting students


def test_classrooms_are_stuffy_in_lessons_and_fresh_at_night(demo: Assembled, day: F64) -> None:
    rooms = day[rows(demo.points, "co2/room/classroom/")]
    assert rooms.shape[0] == 700
    assert (rooms[:, 5] < OUTDOOR_PPM + 25).all()
    assert rooms[:, 11].mean() > rooms[:, 5].mean() + 200
    assert 800 < rooms.max() < 2_000


def test_rooms_are_warm_by_season_and_drift_without_people(demo: Assembled, model: CampusModel) -> None:
    rooms = rows(demo.points, "temperature/room/office/")

    def mean(month: int, on: int, hour: int) -> float:
        return float(model.at([datetime(2026, month, on, hour - 8, tzinfo=UTC).timestamp()])[rooms].mean())

    assert 19.5 < mean(1, 7, 15) < 22
    assert 25.5 < mean(7, 1, 15) < 28
    assert mean(1, 7, 8) < mean(1, 7, 16) - 1


def test_a_fault_spoils_a_point_of_any_family(few: list[Point]) -> None:
    start = datetime.fromtimestamp(HOURS[10], UTC)
    names = {
        q: next(p.id for p in few if p.quantity == q) for q in ("clients", "people", "co2", "temperature", "traffic")
    }
    kinds = dict(zip(names, ("sentinel", "flat", "spike", "silent", "zero"), strict=True))
    faults = [
        FaultSettings.model_validate({"kind": kinds[q], "points": n, "start": start, "end": start + timedelta(hours=2)})
        for q, n in names.items()
    ]
    simulation = Simulation(Settings(faults=faults), few)
    times = HOURS[10] + np.arange(0, 7_200, 30.0)
    truth, told = simulation.model.at(times), simulation.values_at(times)
    row = {q: next(k for k, p in enumerate(few) if p.id == n) for q, n in names.items()}
    assert (told.values[row["clients"]] == SENTINEL).all()
    assert (told.values[row["people"]] == truth[row["people"], 0]).all()
    assert told.values[row["co2"]].max() > 15 * truth[row["co2"]].max()
    assert told.missing[row["temperature"]].all()
    assert (told.values[row["traffic"]] == 0).all()
    others = ~np.isin(np.arange(len(few)), list(row.values()))
    assert np.array_equal(told.values[others], truth[others])


@pytest.mark.parametrize(
    ("address", "quantity", "unit", "wanted"),
    [
        ("heat/room/office/20/x", "power", "kW", "begins with power, energy"),
        ("", "power", "kW", "begins with power, energy"),
        ("energy/building/x", "energy", "kWh", "energy/building/<building>, with its power/building/"),
        ("people/room/ballroom/20/x", "people", "1", "people/room/<use>/<m2>/<space>"),
        ("people/room/office/0/x", "people", "1", "people/room/<use>/<m2>/<space>"),
        ("co2/storey/office/20/x", "co2", "ppm", "co2/room/<use>/<m2>/<space>"),
        ("temperature/room/office/20", "temperature", "°C", "temperature/room/<use>/<m2>/<space>"),
        ("co2/room/office/20/x", "co2", "%", "a unit of co2: ppm"),
        ("clients/room/1.5/x/AP", "clients", "1", "clients/room/<share>/<space>/<access point>"),
        ("clients/building/1/x/AP", "clients", "1", "clients/room/<share>/<space>/<access point>"),
        ("clients/room/1/x", "clients", "1", "clients/room/<share>/<space>/<access point>"),
        ("traffic/building/up/100/x/SW0>c", "traffic", "Mbit/s", "<in|out>"),
        ("traffic/building/in/100/x/SW0", "traffic", "Mbit/s", "<in|out>"),
        ("traffic/room/in/100/x/SW0>c", "traffic", "Mbit/s", "building, intercampus, egress"),
        ("utilisation/building/0/x/SW0>c", "utilisation", "%", "utilisation/<scope>/<capacity>"),
        ("link/building", "link_state", "1", "link/<scope>"),
    ],
)
def test_an_address_that_is_none_is_named_with_what_is_wanted(
    address: str, quantity: str, unit: str, wanted: str
) -> None:
    with pytest.raises(AddressError) as refused:
        CampusModel([Point("p", "x", quantity, unit, address=address)], 1)
    assert str(refused.value).startswith(f"point p: the simulator cannot make '{address}' in '{unit}'")
    assert wanted in str(refused.value)


def test_units_are_the_points_own() -> None:
    points = of_rooms("X/01/1")
    kelvin = Point("k", "X/01/1", "temperature", "K", address=points[2].address)
    celsius = CampusModel(points, 1).at(HOURS)[2]
    assert CampusModel([kelvin], 1).at(HOURS)[0] == pytest.approx(celsius + 273.15, abs=1e-3)
