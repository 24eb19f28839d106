"""The simulated timetable: what stands in it is held, what is held in a term stands in it, the estimate reads it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from datasources.simulate_files import simulate
from datasources.simulator import Settings
from datasources.simulator_campus import CampusModel
from datasources.simulator_timetable import lessons
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.demo_points import use_of
from models3d.tiles import slots
from server.built import demo_timetable
from twin.live import LiveState
from twin.occupancy.fusion import Source
from twin.occupancy.watch import PeopleWatch, derived_points
from twin.point import Point
from twin.slots import SlotTree
from twin.timetable import Lesson, Timetable, misplaced, read_timetable
from twin.timetable_write import as_csv

ZONE = ZoneInfo("Asia/Shanghai")
FIRST, LAST = date(2026, 3, 1), date(2026, 7, 31)


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus(seed=1, spaces=1_500)


@pytest.fixture(scope="module")
def doors(demo: Assembled) -> list[Point]:
    """The counters at the doors of classrooms."""
    return [p for p in demo.points if p.address.startswith("people/room/classroom/")]


@pytest.fixture(scope="module")
def booked(demo: Assembled) -> list[Lesson]:
    return lessons(demo.points, 1, FIRST, LAST)


def at(day: int, hour: int, minute: int = 0, month: int = 4) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp()


@pytest.mark.parametrize("day", [13, 14, 15, 16, 17])
def test_rooms_are_in_use_as_the_timetable_says_and_else_empty(
    doors: list[Point], booked: list[Lesson], day: int
) -> None:
    """On each working day of a week: in the middle of every period, and in the noon break."""
    model, plan = CampusModel(doors, seed=1), Timetable(booked, [p.entity for p in doors], ZONE)
    held = 0
    for hour, minute in ((9, 0), (11, 0), (15, 0), (17, 0), (20, 0)):
        people, expected = model.at([at(day, hour, minute)])[:, 0], plan.planned(at(day, hour, minute))
        used = np.isfinite(expected)
        held += int(used.sum())
        assert (people[~used] == 0).all()
        assert (people[used] >= 0.84 * expected[used] - 1.5).all()
        assert (people[used] <= expected[used] + 1.5).all()
    assert held > len(doors)
    assert np.isnan(plan.planned(at(day, 13))).all()
    assert (model.at([at(day, 13)]) == 0).all()


@pytest.mark.parametrize(("day", "month"), [(6, 4), (18, 4), (1, 5), (19, 6), (1, 7), (20, 7)])
def test_only_working_days_of_a_term_stand_in_it(booked: list[Lesson], day: int, month: int) -> None:
    """After a holiday; on a Saturday, on two holidays, in examinations, in the vacation."""
    held = [lesson for lesson in booked if lesson.holds_on(date(2026, month, day))]
    assert bool(held) == (month == 4 and day == 6)


def test_it_is_read_as_it_was_written(booked: list[Lesson], demo: Assembled, tmp_path: Path) -> None:
    path = tmp_path / "timetable.csv"
    path.write_text(as_csv(booked), encoding="utf-8")
    again, mistakes = read_timetable(path)
    assert not mistakes

    def facts(rows: list[Lesson]) -> list[tuple[object, ...]]:
        return [(r.space, r.days, r.begin, r.end, r.people, r.since, r.until, r.every) for r in rows]

    assert facts(again) == facts(booked)
    spaces = {s.id for b in demo.campus.buildings for st in b.storeys for s in st.spaces}
    assert not misplaced(again, spaces, "timetable.csv")


def test_files_of_the_simulated_campus_bring_their_timetable(doors: list[Point], tmp_path: Path) -> None:
    start, end = (datetime(2026, 4, 13 + k, 16, tzinfo=UTC) for k in (0, 1))  # Tuesday in Xi'an
    simulate(doors, start, end, tmp_path, Settings())
    rows, mistakes = read_timetable(tmp_path / "timetable.csv")
    assert rows
    assert not mistakes
    assert {r.since for r in rows} == {date(2026, 4, 14)}
    assert all(r.holds_on(date(2026, 4, 14)) or r.days == {1, 3} for r in rows)


def test_the_estimate_of_people_takes_the_demos_timetable_up(demo: Assembled) -> None:
    now = at(15, 9, 30)
    booked = demo_timetable(demo, 1, now)
    classrooms = {
        s.id for b in demo.campus.buildings for st in b.storeys for s in st.spaces if use_of(s) == "classroom"
    }
    assert {lesson.space for lesson in booked} == classrooms
    tree = SlotTree.of(demo.campus, slots(demo.campus))
    live = LiveState([*demo.points, *derived_points(demo.points, tree, classrooms)], tree, lambda: now)
    watch = PeopleWatch(live, demo.campus, lessons=booked)
    found = watch.gather()
    watch.publish(found, watch.step(found))
    plan = Timetable(booked, sorted(classrooms), ZONE).planned(now)
    used = {space for space, people in zip(sorted(classrooms), plan.tolist(), strict=True) if people > 0}
    assert 0 < len(used) < len(classrooms)
    for space in used:
        estimate = watch.of_space(space)
        assert estimate is not None
        assert [source for source, _, _ in estimate.sources] == [Source.TIMETABLE]
        assert estimate.people > 1
