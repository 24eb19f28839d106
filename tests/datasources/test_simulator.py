"""The simulated campus: the same in any window, sums that add up, a plausible year, labelled faults, a live source."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from datasources.contract import MisconfiguredError, is_source, source_types
from datasources.faults import SENTINEL, SPIKE_FACTOR
from datasources.simulate_files import simulate
from datasources.simulator import Settings, Simulation, batches
from datasources.simulator_address import AddressError
from datasources.simulator_faults import FaultSettings
from datasources.simulator_loads import LOADS, LOSS
from datasources.simulator_power import PowerModel
from datasources.simulator_turns import TICKS
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.demo_layout import GROSS_M2
from models3d.demo_names import USES
from twin.point import Point

NOON = datetime(2026, 4, 15, 4, 0, tzinfo=UTC)  # a Wednesday in term, 12:00 in Xi'an


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus()


@pytest.fixture(scope="module")
def power(demo: Assembled) -> list[Point]:
    return [p for p in demo.points if p.quantity == "power"]


@pytest.fixture(scope="module")
def model(power: list[Point]) -> PowerModel:
    return PowerModel(power, seed=1)


@pytest.fixture(scope="module")
def few(demo: Assembled) -> list[Point]:
    """One building's points."""
    return [p for p in demo.points if p.entity.split("/")[0] == "GX"]


@pytest.fixture(scope="module")
def few_meters(few: list[Point]) -> list[Point]:
    return [p for p in few if p.quantity == "power"]


def level(points: list[Point], name: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.array([p.address.split("/")[1] == name for p in points])


def test_every_use_with_something_plugged_in_has_loads() -> None:
    assert {key for key, use in USES.items() if use.plugged} == LOADS.keys()


def test_values_are_the_same_in_any_window_order_and_company(few_meters: list[Point]) -> None:
    model = PowerModel(few_meters, seed=7)
    times = NOON.timestamp() + np.arange(0, 3 * 86_400, 1_234.5)
    whole = model.at(times)
    some = np.array([150, 3, 77, 4])
    assert np.array_equal(model.at(times[some]), whole[:, some])
    assert np.array_equal(PowerModel(few_meters, seed=7).at(times), whole)
    rooms = level(few_meters, "room")
    alone = PowerModel([p for p, room in zip(few_meters, rooms, strict=True) if room][::3], seed=7)
    assert np.array_equal(alone.at(times), whole[rooms][::3])
    assert not np.array_equal(PowerModel(few_meters, seed=8).at(times), whole)


def test_panels_add_up_rooms_and_mains_add_up_panels_within_losses(
    demo: Assembled, power: list[Point], model: PowerModel
) -> None:
    values = model.at(NOON.timestamp() + np.arange(0, 86_400, 7_200.0)).astype(np.float64)
    rows = {p.entity: k for k, p in enumerate(power)}
    for building in demo.campus.buildings:
        panels = np.zeros(values.shape[1])
        for storey in building.storeys:
            rooms = sum((values[rows[s.id]] for s in storey.spaces if s.id in rows), np.zeros(values.shape[1]))
            panel = values[rows[storey.id]]
            assert (panel > rooms).all()
            assert (panel < rooms + 0.006 * (storey.outline.area if storey.outline else 0.0)).all()
            panels += panel
        main = values[rows[building.id]]
        gross = sum(s.outline.area for s in building.storeys if s.outline)
        assert (main > panels * (1 + LOSS) - 1e-3).all()
        assert (main < panels * (1 + LOSS) + 0.0015 * gross).all()


def test_a_year_uses_39_to_79_kwh_a_square_metre_peaks_about_24_mw_with_a_load_factor_of_about_0_4(
    demo: Assembled, power: list[Point], model: PowerModel
) -> None:
    mains = level(power, "building")
    start = datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp()  # midnight in Xi'an
    days = np.arange(0, 365, 6)
    hottest = np.arange(172, 190)  # the last weeks of the summer term, where the peak of the year lies

    def by_hour(which: npt.NDArray[np.int64]) -> npt.NDArray[np.floating[Any]]:
        hours = np.arange(24) * 3_600.0
        return np.stack([model.at(start + d * 86_400 + hours)[mains].sum(axis=0) for d in which.tolist()]) / 1e3

    total = by_hour(days)
    mean, peak = total.mean(), max(total.max(), by_hour(hottest).max())
    assert 48 <= mean * 8_760 * 1e3 / GROSS_M2 <= 60  # the accepted range is 39 to 79 kWh/m2
    assert 22 <= peak <= 27
    assert 0.35 <= mean / peak <= 0.45
    festival = (days >= 43) & (days <= 55)  # 13 to 25 February, round the new year of the 17th
    night, afternoon = total[:, 3], total[:, 15]
    assert (night < 0.8 * afternoon)[~festival].all()
    by_day = total.mean(axis=1)
    june = (days >= 155) & (days <= 185)
    april = (days >= 95) & (days <= 115)
    assert by_day[festival].max() < 0.65 * by_day[april].max()
    assert by_day[june].max() > 1.15 * by_day[april].max()


def test_classrooms_follow_the_timetable(demo: Assembled, power: list[Point], model: PowerModel) -> None:
    rooms = np.array([p.address.startswith("power/room/classroom/") for p in power])
    area = np.array([float(p.address.split("/")[3]) for p in power])[rooms]
    lesson = model.at([NOON.timestamp() - 3 * 3_600])[rooms, 0] * 1e3 / area  # 9:00
    lunch = model.at([NOON.timestamp() + 3_600])[rooms, 0] * 1e3 / area  # 13:00
    assert rooms.sum() == 700
    assert 0.5 < (lesson > 4).mean() < 0.8
    assert (lunch < 1.5).all()


def test_power_is_never_negative_and_has_no_holes(model: PowerModel) -> None:
    values = model.at(NOON.timestamp() + np.arange(0, 86_400, 3_600.0))
    assert np.isfinite(values).all()
    assert (values > 0).all()


def test_units_are_the_points_own(few_meters: list[Point]) -> None:
    kilo = PowerModel(few_meters, 1).at([NOON.timestamp()])
    watts = [Point(p.id, p.entity, p.quantity, "W", source=p.source, address=p.address) for p in few_meters]
    assert PowerModel(watts, 1).at([NOON.timestamp()]) == pytest.approx(kilo * 1e3)


@pytest.mark.parametrize(
    "address",
    ["", "power/room/laboratory/20", "power/room/ballroom/20.0/x", "heat/room/office/20/x", "power/room/office/big/x"],
)
def test_an_address_that_is_none_is_named_with_what_is_wanted(address: str) -> None:
    point = Point("p", "x", "power", "kW", address=address)
    with pytest.raises(AddressError, match=r"point p: .*power/room/<use>/<m2>/<space>"):
        PowerModel([point], 1)


def test_a_live_step_takes_under_50_ms(demo: Assembled) -> None:
    simulation = Simulation(Settings(fault_rate=0.001), demo.points)
    now = NOON.timestamp()
    simulation.readings(now)
    spans = []
    for k in range(1, 31):
        begin = time.process_time()
        simulation.turn(round(now) + k - 1, round(now) + k)
        spans.append(time.process_time() - begin)
    assert sorted(spans)[len(spans) // 2] < 0.05  # s of CPU; 0.003 on a busy core


# -- faults ---------------------------------------------------------------------------------------------------------


def fault(kind: str, point: Point) -> FaultSettings:
    return FaultSettings.model_validate(
        {"kind": kind, "points": point.id, "start": NOON, "end": NOON + timedelta(hours=2)}
    )


@pytest.mark.parametrize("kind", ["silent", "sentinel", "flat", "spike", "zero"])
def test_a_fault_spoils_its_point_only_while_it_lasts_and_leaves_the_truth_alone(few: list[Point], kind: str) -> None:
    row = 5
    simulation = Simulation(Settings(faults=[fault(kind, few[row])]), few)
    times = NOON.timestamp() + np.arange(-3_600, 3 * 3_600, 60.0)
    inside = (times >= NOON.timestamp()) & (times < NOON.timestamp() + 7_200)
    truth, reported = simulation.model.at(times), simulation.values_at(times)
    others = np.arange(len(few)) != row
    assert np.array_equal(reported.values[others], truth[others])
    assert not reported.missing[others].any()
    assert np.array_equal(reported.values[row, ~inside], truth[row, ~inside])
    seen = reported.values[row, inside]
    if kind == "silent":
        assert np.array_equal(reported.missing[row], inside)
    elif kind == "sentinel":
        assert (seen == SENTINEL).all()
    elif kind == "zero":
        assert (seen == 0).all()
    elif kind == "flat":
        assert len(set(seen.tolist())) == 1
        assert seen[0] == pytest.approx(truth[row, inside][0])
    else:
        ratio = seen / truth[row, inside]
        assert (ratio == pytest.approx(SPIKE_FACTOR)) or (np.isclose(ratio, SPIKE_FACTOR) | np.isclose(ratio, 1)).all()
        assert np.isclose(ratio, SPIKE_FACTOR).sum() == 12
    piece = simulation.values_at(times[70:75])
    assert np.array_equal(piece.values, reported.values[:, 70:75])
    assert np.array_equal(piece.missing, reported.missing[:, 70:75])


def test_a_silent_meter_sends_nothing(few: list[Point]) -> None:
    simulation = Simulation(Settings(faults=[fault("silent", few[0])]), few)
    sent = {r.address for r in simulation.readings(NOON.timestamp() + 60)}
    assert sent == {p.address for p in few[1:]}
    assert len(simulation.readings(NOON.timestamp() - 60)) == len(few)


def test_a_pattern_names_many_points(few: list[Point]) -> None:
    listed = FaultSettings.model_validate(
        {"kind": "zero", "points": "GX/02/*", "start": NOON, "end": NOON + timedelta(hours=1)}
    )
    simulation = Simulation(Settings(faults=[listed]), few)
    labelled = {f.point for f in simulation.faults.between(NOON.timestamp(), NOON.timestamp() + 60)}
    assert labelled == {p.id for p in few if p.id.startswith("GX/02/")}


def test_faults_by_chance_have_the_stated_rate_and_the_same_labels_each_time(demo: Assembled) -> None:
    labels = []
    for _ in range(2):
        simulation = Simulation(Settings(fault_rate=0.01), demo.points)
        start = NOON.timestamp() - 12 * 3_600
        labels.append([f for f in simulation.faults.between(start, start + 86_400) if f.start >= start])
    assert labels[0] == labels[1]
    assert len(labels[0]) == pytest.approx(0.01 * len(demo.points), rel=0.25)
    assert {f.kind for f in labels[0]} == {"silent", "sentinel", "flat", "spike", "zero"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"end": NOON - timedelta(hours=1)}, "ends before"),
        ({"start": "2026-04-15T10:00:00"}, "zone"),
        ({"kind": "x"}, "kind"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(change: dict[str, object], words: str) -> None:
    good = {"kind": "zero", "points": "*", "start": NOON, "end": NOON + timedelta(hours=1)}
    with pytest.raises(ValidationError, match=words):
        FaultSettings.model_validate(good | change)


# -- the source -----------------------------------------------------------------------------------------------------


def test_it_is_a_source_and_its_helpers_are_none() -> None:
    kinds = source_types()
    assert "simulator" in kinds
    assert not any(name.startswith(("simulator_", "simulate_")) for name in kinds)
    assert is_source(kinds["simulator"])  # type: ignore[arg-type]


async def take(settings: Settings, points: list[Point], count: int) -> list[list[tuple[str, float, float]]]:
    taken = []
    async with aclosing(batches(settings, points)) as stream:  # type: ignore[type-var]
        async for batch in stream:
            taken.append([(r.address, float(r.value or 0.0), r.received) for r in batch])
            if len(taken) == count:
                break
    return taken


@pytest.mark.asyncio
async def test_live_equals_replay(few: list[Point]) -> None:
    settings = Settings(seed=3, interval_s=0.5)
    before = time.time()
    taken = await take(settings, few, 1 + 2 * TICKS)
    assert time.time() - before < 5
    assert {a for a, _, _ in taken[0]} == {p.address for p in few}
    assert len(taken[0]) == len(few)
    once = sorted(p.address for p in few if p.kind != "state")
    for start in range(1, TICKS + 2):  # any full interval names every point once, but for states that change
        sent = [address for batch in taken[start : start + TICKS] for address, _, _ in batch]
        assert sorted(address for address in sent if not address.startswith("pir/")) == once
    replay = Simulation(settings, few)
    rows = {p.address: k for k, p in enumerate(few)}
    for batch in filter(None, taken):
        values = replay.values_at([batch[0][2]]).values[:, 0]
        assert all(value == pytest.approx(float(values[rows[a]]), abs=1e-4) for a, value, _ in batch)


@pytest.mark.alone
@pytest.mark.asyncio
async def test_the_event_loop_stays_free_while_the_model_is_made(demo: Assembled) -> None:
    gaps = []
    gc.collect()
    gc.freeze()  # the collector's own pause over a whole campus is not this source's

    async def watch() -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.01)
            gaps.append(time.perf_counter() - last)
            last = time.perf_counter()

    watcher = asyncio.create_task(watch())
    await take(Settings(interval_s=0.5), demo.points, 3)
    watcher.cancel()
    gc.unfreeze()
    assert max(gaps) < 0.25


@pytest.mark.asyncio
async def test_without_points_or_with_foreign_ones_it_says_what_is_wrong() -> None:
    with pytest.raises(MisconfiguredError, match="give points"):
        await take(Settings(), [], 1)
    with pytest.raises(MisconfiguredError, match="point p"):
        await take(Settings(), [Point("p", "x", "power", "kW", address="site/1/power")], 1)


# -- files ----------------------------------------------------------------------------------------------------------


def test_files_hold_what_is_reported_with_labels_and_say_that_it_is_simulated(few: list[Point], tmp_path: Path) -> None:
    settings = Settings(seed=2, faults=[fault("silent", few[0]), fault("zero", few[1])])
    start = NOON - timedelta(hours=6)
    written = simulate(few, start, NOON + timedelta(hours=18), tmp_path, settings)
    assert [f.name for f in written.files] == [
        "points.parquet",
        "faults.parquet",
        "timetable.csv",
        "2026-04-14.parquet",
        "2026-04-15.parquet",
    ]
    table = pa.concat_tables([pq.read_table(path) for path in written.files[3:]], promote_options="permissive")
    assert table.num_rows == written.readings == 96 * len(few) - 8  # two silent hours, four readings each
    assert set(table["origin"].to_pylist()) == {"simulated"}
    assert str(table.schema.field("time").type) == "timestamp[ms, tz=UTC]"
    one = table.filter(np.array(table["point"].to_pylist()) == few[2].id)
    truth = Simulation(settings, few).values_at([t.timestamp() for t in one["time"].to_pylist()]).values[2]
    assert np.array(one["value"].to_pylist()) == pytest.approx(truth, abs=1e-3)
    labels = pq.read_table(tmp_path / "faults.parquet").to_pylist()
    assert {(row["kind"], row["point"]) for row in labels} == {("silent", few[0].id), ("zero", few[1].id)}
    assert labels[0]["start"] == NOON
    assert pq.read_table(tmp_path / "points.parquet").num_rows == len(few)


def test_the_same_seed_writes_the_same_bytes(few: list[Point], tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate(few[:40], NOON, NOON + timedelta(hours=3), tmp_path / name, Settings(fault_rate=0.2))
    for path in sorted((tmp_path / "a").rglob("*.parquet")):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_files_are_not_mixed_with_older_ones_and_windows_are_checked(few: list[Point], tmp_path: Path) -> None:
    simulate(few[:3], NOON, NOON + timedelta(hours=1), tmp_path, Settings())
    with pytest.raises(ValueError, match="already holds"):
        simulate(few[:3], NOON, NOON + timedelta(hours=1), tmp_path, Settings())
    with pytest.raises(ValueError, match="empty"):
        simulate(few[:3], NOON, NOON, tmp_path / "x", Settings())
    with pytest.raises(ValueError, match="step"):
        simulate(few[:3], NOON, NOON + timedelta(hours=1), tmp_path / "x", Settings(), step_s=0)


def test_only_some_points_are_written_and_the_others_are_still_their_causes(few: list[Point], tmp_path: Path) -> None:
    main, register = (next(p for p in few if p.address.startswith(f"{q}/building/")) for q in ("power", "energy"))
    settings = Settings(seed=2, faults=[fault("zero", few[0]), fault("silent", main)])
    window = (NOON - timedelta(hours=6), NOON + timedelta(hours=18))
    every = simulate(few, *window, tmp_path / "all", settings)
    some = simulate(few, *window, tmp_path / "some", settings, only=["power/building/*", register.id])
    assert (every.faults, some.faults) == (2, 1)
    tables = [
        pa.concat_tables([pq.read_table(path) for path in w.files[3:]], promote_options="permissive")
        for w in (every, some)
    ]
    named = np.isin(np.array(tables[0]["point"].to_pylist()), [main.id, register.id])
    assert tables[0].filter(named).to_pylist() == tables[1].to_pylist()
    assert some.readings == 2 * 96 - 8  # the main meter is silent for two hours
    assert pq.read_table(tmp_path / "some" / "points.parquet")["id"].to_pylist() == [main.id, register.id]
    with pytest.raises(ValueError, match=r"no point has .* like water"):
        simulate(few, *window, tmp_path / "none", settings, only=["water/*"])


def test_a_year_of_the_main_meters_of_48_buildings_takes_less_than_a_minute(demo: Assembled, tmp_path: Path) -> None:
    """Ten days of it, every 15 minutes; the year is 36.5 times that, and a second to begin with."""
    spans = []
    for days in (1, 11):
        begin = time.process_time()
        end, only = NOON + timedelta(days=days), ["power/building/*", "energy/building/*"]
        written = simulate(demo.points, NOON, end, tmp_path / str(days), Settings(), only=only)
        spans.append(time.process_time() - begin)
        assert written.readings == 2 * 48 * 96 * days
    assert spans[0] + 36.4 * (spans[1] - spans[0]) < 60  # s of CPU; 20 to 25 on two busy cores
