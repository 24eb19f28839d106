"""The estimator on sources that the tests make: what it learns, what drops out, what it does not know."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from twin.occupancy.air import M3_PER_H, Air
from twin.occupancy.fusion import Estimate, Fusion, Said, Source
from twin.occupancy.grid import LEVELS, Grid, levels_of
from twin.occupancy.totals import CORRELATION, Z80, total

UTC = ZoneInfo("UTC")
NOON = 1_767_610_800.0  # Monday, 5 January 2026, 11:00 UTC


def fusion(spaces: int = 1, area: float = 60.0, kinds: list[int] | None = None, **more: object) -> Fusion:
    kind = np.array(kinds if kinds is not None else [0] * spaces, np.intp)
    n = len(kind)
    return Fusion(kind, np.full(n, area), np.full(n, area * 3.0), UTC, **more)  # type: ignore[arg-type]


def said(now: float, *rooms: dict[Source, float]) -> Said:
    value, at = np.full((len(rooms), 4), np.nan), np.full((len(rooms), 4), -np.inf)
    for number, room in enumerate(rooms):
        for source, reading in room.items():
            value[number, source], at[number, source] = reading, now
    return Said(value, at, np.isfinite(value))


def after(f: Fusion, minutes: int, *rooms: dict[Source, float], start: float = NOON) -> Estimate:
    for minute in range(minutes):
        estimate = f.step(start + 60 * minute, said(start + 60 * minute, *rooms))
    return estimate


def test_levels_are_whole_rising_and_reach_the_capacity() -> None:
    rows = levels_of(np.array([8.0, 40.0, 2500.0]))
    assert rows.shape == (3, LEVELS)
    assert (np.diff(rows) >= 1).all()
    assert rows[0].tolist() == list(range(LEVELS))
    assert rows[2, -1] == 2500
    assert rows[2, :5].tolist() == [0, 1, 2, 3, 4]


def test_time_alone_leads_to_the_usual_and_keeps_chances() -> None:
    grid = Grid(np.array([100.0, 8.0]))
    usual = grid.usual(np.array([0.3, 0.1]), np.array([20.0, 2.0]))
    for _ in range(3000):
        grid.spread(1 / 60, usual)
        assert np.allclose(grid.p.sum(axis=1), 1.0)
    assert grid.mean()[0] == pytest.approx(6.0, rel=0.2)
    assert grid.p[1, 0] > 0.6


def test_without_any_source_it_is_not_known_and_never_zero() -> None:
    estimate = after(fusion(2), 5, {Source.CLIENTS: 12.0}, {})
    assert estimate.people[0] > 0
    assert np.isnan([estimate.people[1], estimate.low[1], estimate.high[1]]).all()
    assert estimate.weight[1].sum() == 0


def test_a_counter_is_believed_and_the_interval_is_narrow() -> None:
    estimate = after(fusion(), 10, {Source.COUNTER: 23.0, Source.CLIENTS: 30.0})
    assert estimate.people[0] == pytest.approx(23, abs=1.5)
    assert estimate.low[0] <= 23 <= estimate.high[0]
    assert estimate.high[0] - estimate.low[0] <= 6
    assert estimate.weight[0, Source.COUNTER] > estimate.weight[0, Source.CLIENTS] > 0
    assert estimate.weight[0].sum() == pytest.approx(1.0)


def test_when_the_counter_falls_silent_the_interval_widens_and_the_others_go_on() -> None:
    f = fusion()
    with_counter = after(f, 10, {Source.COUNTER: 23.0, Source.CLIENTS: 30.0})
    without = after(f, 60, {Source.CLIENTS: 30.0}, start=NOON + 600)
    assert without.weight[0, Source.COUNTER] == 0
    assert without.high[0] - without.low[0] > with_counter.high[0] - with_counter.low[0]
    assert 10 < without.people[0] < 35


def play_devices(f: Fusion, devices: float, days: int = 4, kinds: int = 1) -> None:
    rng = np.random.default_rng(5)
    for step in range(days * 288):
        now = NOON + 300 * step
        n = float(rng.integers(5, 30)) if 8 <= step % 288 // 12 < 18 else 0.0
        rooms: list[dict[Source, float]] = [{Source.COUNTER: n, Source.CLIENTS: 3 + rng.poisson(devices * n)}]
        rooms += [{Source.CLIENTS: 3 + float(rng.poisson(devices * 10))} for _ in range(kinds)]
        f.step(now, said(now, *rooms))


def test_devices_a_person_are_learned_where_a_counter_stands_and_shared_by_the_kind() -> None:
    f = fusion(kinds=[0, 0, 1], area=60.0)
    play_devices(f, 2.4, kinds=2)
    f.errors.forget(0.0)
    assert f.errors.devices[:2] == pytest.approx(2.4, rel=0.1)
    assert f.errors.staying[0] == pytest.approx(3.0, abs=0.6)
    assert f.errors.devices[2] == pytest.approx(1.5)
    assert f.errors.devices_error[2] > 3 * f.errors.devices_error[1]
    same = after(f, 60, {}, {Source.CLIENTS: 27.0}, {Source.CLIENTS: 27.0}, start=NOON + 5 * 86_400)
    assert same.people[1] == pytest.approx(10, abs=2.5)
    assert same.high[2] - same.low[2] > same.high[1] - same.low[1]


def test_carbon_dioxide_of_a_room_that_was_calculated_gives_its_people() -> None:
    volume, air, n = 200.0, 3.0, 12
    room, c = Air(np.array([volume])), 420.0
    at = np.zeros(1, np.intp)
    persons = np.zeros(1)
    for minute in range(240):
        c += (n * M3_PER_H * 1e6 / volume - air * (c - 420.0)) / 60
        persons, error = room.take(at, np.array([c]), np.array([NOON + 60.0 * minute]), night=False)
    assert persons[0] == pytest.approx(n, rel=0.05)
    assert error[0] > 3


def test_the_air_change_is_learned_from_nights_and_only_from_them() -> None:
    rooms = {night: Air(np.array([200.0])) for night in (True, False)}
    at = np.zeros(1, np.intp)
    for night, room in rooms.items():
        for day in range(6):
            for minute in range(180):
                c = 420 + 900 * np.exp(-0.8 * minute / 60)
                room.take(at, np.array([c]), np.array([NOON + 86_400.0 * day + 60.0 * minute]), night=night)
    assert rooms[True].air[0] == pytest.approx(0.8, rel=0.15)
    assert rooms[False].air[0] == 3.0


def test_a_presence_detector_knows_of_somebody_but_not_of_how_many() -> None:
    f = fusion(2)
    estimate = after(f, 240, {Source.PIR: 1.0}, {Source.PIR: 0.0})
    assert estimate.people[0] > 0
    assert estimate.people[1] == 0
    assert estimate.high[0] - estimate.low[0] > 5


def test_what_a_door_counter_forgot_is_taken_off_after_a_night_in_which_nobody_else_sees_anybody() -> None:
    f, blind = fusion(), fusion()
    midnight = NOON + 13 * 3600
    for step in range(7 * 12):
        now = midnight + 300 * step
        f.step(now, said(now, {Source.COUNTER: 7.0, Source.PIR: 0.0}))
        blind.step(now, said(now, {Source.COUNTER: 7.0}))
    assert f.drift[0] == 7
    assert blind.drift[0] == 0
    assert after(f, 10, {Source.COUNTER: 27.0}, start=midnight + 8 * 3600).people[0] == pytest.approx(20, abs=1.5)


def test_a_planned_lecture_is_a_source_of_its_own() -> None:
    f = fusion(2)
    for minute in range(240):
        now = NOON + 60 * minute
        estimate = f.step(now, said(now, {}, {}), np.array([30.0, np.nan]))
    assert estimate.people[0] > 15
    assert estimate.weight[0, Source.TIMETABLE] == 1
    assert np.isnan(estimate.people[1])


def test_a_reading_counts_once() -> None:
    f, still = fusion(), said(NOON, {Source.CLIENTS: 30.0})
    first = f.step(NOON, still)
    later = f.step(NOON + 1, still)
    assert later.sd[0] >= first.sd[0]


def test_sums_tell_their_coverage_and_do_not_claim_independence() -> None:
    people, sd = np.array([10.0, 20.0, np.nan]), np.array([2.0, 3.0, np.nan])
    found = total(people, sd)
    assert (found.people, found.have, found.of) == (30, 2, 3)
    half = Z80 * np.sqrt((1 - CORRELATION) * 13 + CORRELATION * 25)
    assert (found.low, found.high) == pytest.approx((30 - half, 30 + half))
    assert found.high - found.low > 2 * Z80 * np.sqrt(13)
    assert np.isnan(total(np.array([np.nan]), sd[:1]).people)


def test_3000_spaces_take_less_than_50_ms() -> None:
    n = 3000
    f = fusion(kinds=[i % 7 for i in range(n)])
    rng = np.random.default_rng(1)
    took = []
    for minute in range(12):
        now = NOON + 60.0 * minute
        value: npt.NDArray[np.float64] = np.column_stack(
            [rng.integers(0, 20, n), rng.integers(0, 40, n), rng.uniform(420, 900, n), rng.integers(0, 2, n)]
        ).astype(np.float64)
        value[n // 10 :, Source.COUNTER] = np.nan
        begin = time.thread_time()  # of the processor: other programs on the machine are not ours
        f.step(now, Said(value, np.full((n, 4), now), np.isfinite(value)))
        took.append(time.thread_time() - begin)
    assert min(took) < 0.05, took
