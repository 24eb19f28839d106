"""Estimates of people in a served campus: derived points, totals that count nobody twice, the route, the restart."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from models3d.campus import Assembled
from pages._parts.context import Context
from pages._parts.details import details
from server.runtime import Runtime, runtime_of
from tests.pages.test_application import text_of
from tests.server.serving import Served, serve, small_campus
from twin.domains import Channel
from twin.frame import FLAG_DERIVED, FLAG_SIMULATED
from twin.occupancy.watch import PeopleWatch
from twin.point import Point
from twin.reading import Quality, RawReading
from twin.timetable import Lesson

ROOM, OTHER, THIRD = "1/01/101", "1/01/102", "1/01/103"
PEOPLE = Channel(
    key="t.people", domain="t", quantity="people", unit="1", zh="人数", en="People", low=0, high=100,
    breaks=(1, 2, 5, 10, 20, 50), rollup="sum", decimals=0,
)  # fmt: skip


def campus() -> Assembled:
    found = small_campus()
    for room in found.campus.buildings[0].storeys[0].spaces:
        room.area_m2, room.volume_m3 = 60.0, 180.0
    for space, quantity, name in (
        (ROOM, "people", "door"), (ROOM, "clients", "wifi"), (OTHER, "clients", "wifi"), (OTHER, "co2", "air"),
        (THIRD, "pir", "pir"),
    ):  # fmt: skip
        unit = "ppm" if quantity == "co2" else "1"
        found.points.append(Point(f"{space}/{name}", space, quantity, unit, source="feed", stale_s=600))
    return found


def turn(people: PeopleWatch) -> None:
    now = people.gather()
    people.publish(now, people.step(now))


def bring(runtime: Runtime, **values: float) -> None:
    """``bring(runtime, door_101=20)``."""
    now = runtime.live.clock()
    batch = []
    for name, value in values.items():
        kind, room = name.split("_")
        batch.append(RawReading(f"1/01/{room}/{kind}", value, now, time=now))
    runtime.ingest.accept(batch, "feed")


class Clock:
    def __init__(self) -> None:
        self.now = 1_767_610_800.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runtime(tmp_path: Path, clock: Clock) -> Runtime:
    return runtime_of(campus(), [], tmp_path, clock=clock)


def minutes(runtime: Runtime, clock: Clock, number: int, **values: float) -> None:
    for _ in range(number):
        clock.now += 60
        bring(runtime, **values)
        turn(runtime.people)


def test_every_space_with_a_source_has_a_derived_point_and_no_other(runtime: Runtime) -> None:
    derived = [point.id for point in runtime.live.points if point.source == "derived"]
    assert derived == [f"{space}/people.fused" for space in (ROOM, OTHER, THIRD)]
    assert runtime.live.latest(derived[0]).quality == Quality.NONE


def test_it_is_derived_and_says_from_what_until_nobody_speaks_any_more(runtime: Runtime, clock: Clock) -> None:
    minutes(runtime, clock, 10, door_101=20, wifi_101=31)
    latest = runtime.live.latest(f"{ROOM}/people.fused")
    assert latest.value == pytest.approx(20, abs=1.5)
    assert (latest.origin, latest.quality, latest.stale) == ("derived", Quality.GOOD, False)
    found = runtime.people.of_space(ROOM)
    assert found is not None
    assert found.low <= 20 <= found.high
    assert [source.name for source, _, _ in found.sources] == ["COUNTER", "CLIENTS"]
    assert runtime.live.latest(f"{OTHER}/people.fused").quality == Quality.NONE
    clock.now += 700
    runtime.live.tick()
    turn(runtime.people)
    gone = runtime.live.latest(f"{ROOM}/people.fused")
    assert (gone.value, gone.quality, gone.reasons) == (None, Quality.BAD, ("no source speaks",))


def test_a_total_counts_nobody_twice(runtime: Runtime, clock: Clock) -> None:
    minutes(runtime, clock, 10, door_101=20, wifi_101=31, pir_103=0)
    rolled = runtime.live.rolled(PEOPLE)
    slot = runtime.live.tree.index["1/01"]
    rooms = [runtime.live.latest(f"{space}/people.fused").value or 0.0 for space in (ROOM, THIRD)]
    assert rolled.value[slot] == pytest.approx(sum(rooms))
    assert (rolled.have[slot], rolled.of[slot]) == (2, 3)
    assert rolled.flags[slot] & FLAG_DERIVED


def test_before_the_first_estimate_the_counter_stands_for_itself(runtime: Runtime) -> None:
    bring(runtime, door_101=20)
    rolled = runtime.live.rolled(PEOPLE)
    assert rolled.value[runtime.live.tree.index[ROOM]] == 20


def test_one_silent_access_point_of_two_silences_the_clients(tmp_path: Path, clock: Clock) -> None:
    found = campus()
    found.points.append(Point(f"{OTHER}/wifi2", OTHER, "clients", "1", source="feed", stale_s=600))
    two = runtime_of(found, [], tmp_path, clock=clock)
    minutes(two, clock, 3, wifi_102=30)
    assert two.live.latest(f"{OTHER}/people.fused").value is None
    minutes(two, clock, 3, wifi_102=30, wifi2_102=10)
    assert (two.live.latest(f"{OTHER}/people.fused").value or 0) > 5


def test_what_is_simulated_stays_simulated(tmp_path: Path, clock: Clock) -> None:
    from datasources.runner import SourceConfig

    made = runtime_of(campus(), [SourceConfig("feed", "simulator", {})], tmp_path, clock=clock)
    minutes(made, clock, 2, wifi_102=30)
    found = made.people.of_space(OTHER)
    assert found is not None
    assert found.simulated
    whole = made.people.under("1")
    assert whole is not None
    assert whole.simulated
    assert made.live.latest(f"{OTHER}/people.fused").origin == "derived"
    assert made.live.rolled(PEOPLE).flags[made.live.tree.index[OTHER]] & 0x08


def test_one_simulated_source_of_several_is_enough(tmp_path: Path, clock: Clock) -> None:
    more = campus()
    more.points.append(Point(f"{OTHER}/more", OTHER, "clients", "1", source="feed", stale_s=600))
    made = runtime_of(more, [], tmp_path, clock=clock)
    bring(made, wifi_102=3, more_102=4)
    live = made.live
    live.flags[live.index[f"{OTHER}/wifi"]] |= FLAG_SIMULATED
    assert live.index[f"{OTHER}/wifi"] < live.index[f"{OTHER}/more"]
    assert made.people.gather().simulated[made.people.index[OTHER]]


def test_what_was_learned_outlives_a_restart(runtime: Runtime, clock: Clock, tmp_path: Path) -> None:
    for step in range(200):
        n = 5 + step % 20
        minutes(runtime, clock, 1, door_101=n, wifi_101=2.5 * n)
    runtime.people.fusion.errors.forget(0.0)
    learned = runtime.people.fusion.errors.devices.copy()
    assert learned[0] > 1.8
    runtime.people.remember()
    again = runtime_of(campus(), [], tmp_path, clock=clock)
    assert again.people.recall() == 3
    assert again.people.fusion.errors.devices == pytest.approx(learned)
    (tmp_path / "occupancy" / "demo.npz").write_bytes(b"rubbish")
    assert again.people.recall() == 0


def get(served: Served, path: str, status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_route_and_the_task(tmp_path: Path) -> None:
    with serve(tmp_path, campus()) as served:
        empty = get(served, f"occupancy?space={OTHER}")
        assert (empty["people"], empty["have"]) == (None, 0)
        now = time.time()
        served.readings([RawReading(f"{ROOM}/door", 20, now), RawReading(f"{ROOM}/wifi", 30, now)])
        served.call(lambda: turn(served.runtime.people))
        room = get(served, f"occupancy?space={ROOM}")
        assert room["low"] <= room["people"] <= room["high"]
        assert (room["origin"], room["point"]) == ("derived", f"{ROOM}/people.fused")
        assert {row["source"] for row in room["sources"]} == {"people", "clients"}
        assert sum(row["weight"] for row in room["sources"]) == pytest.approx(1, abs=0.01)
        assert get(served, f"points/{ROOM}/people.fused/latest")["origin"] == "derived"
        whole = get(served, "occupancy")
        assert (whole["id"], whole["have"], whole["of"]) == ("demo", 1, 3)
        assert whole["people"] == pytest.approx(room["people"], abs=0.1)
        get(served, "occupancy?space=1/01/104", 404)
        get(served, "occupancy?space=nowhere", 404)


def test_the_task_runs_by_itself_and_keeps_what_it_learned(tmp_path: Path) -> None:
    made = runtime_of(campus(), [], tmp_path)

    async def run() -> None:
        bring(made, wifi_102=30)
        await made.start()
        for _ in range(100):
            await asyncio.sleep(0.05)
            if made.people.estimate is not None:
                break
        await made.stop()

    asyncio.run(run())
    assert made.live.latest(f"{OTHER}/people.fused").value is not None
    assert (tmp_path / "occupancy" / "demo.npz").is_file()


def test_the_panel_shows_the_interval_and_the_sources_in_both_languages(runtime: Runtime, clock: Clock) -> None:
    minutes(runtime, clock, 10, door_101=20, wifi_101=31)
    found = runtime.people.of_space(ROOM)
    assert found is not None
    for lang, word in (("zh", "客流计数器"), ("en", "people counter")):
        words = text_of(details(Context(runtime, lang), ROOM, "energy.power"))  # type: ignore[arg-type]
        assert f"{found.people:.0f} ({found.low:.0f} – {found.high:.0f})" in words
        assert word in words
        assert "1 / 3" in text_of(details(Context(runtime, lang), "1/01", "energy.power"))  # type: ignore[arg-type]


def test_a_booked_room_without_any_sensor_has_people_while_it_is_booked(cache: Path, clock: Clock) -> None:
    found = campus()
    room = "1/01/104"
    found.timetable = [Lesson(room, frozenset(range(1, 8)), 0, 1440, 40.0)]
    runtime = runtime_of(found, [], cache, clock=clock)
    for _ in range(240):
        turn(runtime.people)
        clock.now += 60
    estimate = runtime.people.of_space(room)
    assert estimate is not None
    assert 20 < estimate.people < 60
    assert [(source.name, age) for source, _, age in estimate.sources] == [("TIMETABLE", 0.0)]
    assert "timetable" in text_of(details(Context(runtime, "en"), room, "occupancy.people"))
    assert runtime.people.of_space("1/01/105") is None
