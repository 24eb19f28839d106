"""What is learned: centres and scatters of hours of the week, merged, kept, bounded; and the watch as it runs."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.quality.replay import HOUR, MONDAY, Replay, hourly, office
from twin.ingest import Judged
from twin.live import Columns
from twin.point import Point
from twin.quality import engine, kept, ledger
from twin.quality.finding import Hit
from twin.quality.hours import DAYS, WEEK_H, Hour, Week, hour_of_week
from twin.quality.profile import Profiles
from twin.quality.recent import Recent, rounds
from twin.quality.view import Meta


def hour_of(start: float, *values: float) -> Hour:
    hour = Hour.begin(start, 1)
    for value in values:
        hour.add(np.array([0]), np.array([value]), np.array([True]), np.array([False]))
    return hour


def taught(values: list[float], place: int = 5) -> Profiles:
    profiles = Profiles(1)
    for week, value in enumerate(values):
        profiles.learn(hour_of(MONDAY + week * WEEK_H * HOUR, value), place)
    return profiles


def test_one_bad_week_hardly_moves_what_is_usual() -> None:
    profiles = taught([10.0, 10.4, 9.8, 10.2, 500.0])
    assert profiles.centre[0, 5] == pytest.approx(10.1, abs=0.5)
    assert profiles.expect(5).days[0] == 5


def test_other_working_days_stand_in_until_an_hour_has_weeks_of_its_own() -> None:
    profiles = Profiles(1)
    for day in range(4):
        profiles.learn(hour_of(MONDAY, 10.0 + day), day * 24 + 9)
    friday, saturday = profiles.expect(4 * 24 + 9), profiles.expect(5 * 24 + 9)
    assert (friday.centre[0], friday.days[0]) == (11.5, 4)
    assert np.isnan(saturday.centre[0])
    assert saturday.days[0] == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(5, 15), min_size=1, max_size=6), st.lists(st.floats(5, 15), min_size=1, max_size=6))
def test_two_profiles_merge_to_what_both_saw(first: list[float], second: list[float]) -> None:
    profiles, other = taught(first), taught(second)
    a, b = float(profiles.centre[0, 5]), float(other.centre[0, 5])
    profiles.merge(other)
    assert min(a, b) - 1e-3 <= profiles.centre[0, 5] <= max(a, b) + 1e-3
    assert profiles.weeks[0, 5] == profiles.hours[0] == len(first) + len(second)
    assert profiles.scatter[0, 5] >= 0
    assert np.isnan(profiles.centre[0, 6])


def test_numbers_of_weeks_stay_within_a_byte() -> None:
    profiles = taught([10.0] * 600)
    assert 127 <= profiles.weeks[0, 5] <= 255
    assert profiles.moved[0, 5] / profiles.weeks[0, 5] > 0.98
    profiles.merge(taught([10.0] * 250))
    assert profiles.weeks[0, 5] <= 255


def test_days_and_hours_that_nobody_saw_are_empty() -> None:
    week = Week(1)
    for hour in (0, 1, 2, 50):
        week.take(hour_of(MONDAY + hour * HOUR, 5.0 + hour))
    assert np.isnan(week.last(51)[0]).sum() == 47
    low, high = week.reach()
    assert (low[0], high[0]) == (5.0, 55.0)
    week.take(hour_of(MONDAY + (DAYS + 3) * 24 * HOUR, 1.0))
    assert week.reach()[1][0] == 1.0


def test_hours_of_the_week_follow_the_campuss_clock_over_dst() -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    assert hour_of_week(MONDAY, zone) == 1
    assert [hour_of_week(1_667_088_000 + k * HOUR, zone) for k in range(3)] == [146, 146, 147]  # 30 Oct 2022


@given(st.lists(st.integers(0, 3), max_size=40))
def test_rounds_hold_each_point_once_and_keep_the_order(points: list[int]) -> None:
    order: dict[int, list[int]] = {}
    at = np.array(points, np.intp)
    for part in rounds(at, most=5):
        assert len(set(at[part].tolist())) == len(part)
        for row in part.tolist():
            order.setdefault(points[row], []).append(row)
    assert order == {p: [n for n, q in enumerate(points) if q == p][-5:] for p in set(points)}


def test_states_and_registers_have_no_curve() -> None:
    points = [
        Point("s", "A", "state", "1"), Point("k", "A", "temperature", "°C", "state"),
        Point("e", "A", "energy", "kWh", "counter"),
        Point("t", "A", "traffic", "B/s", "counter"), Point("p", "A", "power", "kW"),
    ]  # fmt: skip
    assert Meta.of(points).curve.tolist() == [False, False, False, True, True]


def test_a_file_of_another_form_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    profiles, week, recent = Profiles(1), Week(1), Recent(1, np.array([900.0]))
    kept.save(tmp_path / "a.npz", ["p"], profiles, week, recent)
    assert kept.load(tmp_path / "a.npz", ["q"], profiles, week, recent) == 0
    with np.load(tmp_path / "a.npz") as old:
        columns = dict(old)
    np.savez(tmp_path / "b.npz", **{**columns, "version": np.array(99)})
    assert kept.load(tmp_path / "b.npz", ["p"], profiles, week, recent) == 0
    assert "another form" in caplog.text
    np.savez(tmp_path / "c.npz", **{**columns, "ids": np.array([{}], dtype=object)})
    assert kept.load(tmp_path / "c.npz", ["p"], profiles, week, recent) == 0, "no pickle is opened"


@pytest.mark.asyncio
async def test_a_check_that_fails_is_logged_and_the_watch_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "PERIOD_S", 0.01)
    monkeypatch.setattr(engine, "SAVE_S", -1.0)
    replay = Replay(hourly("m"), memory=tmp_path / "q.npz")
    replay.play({"m": office(0.1)})
    turns = 0
    inspect = replay.watch.inspect

    def failing() -> engine.Outcome:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise RuntimeError("boom")
        return inspect()

    monkeypatch.setattr(replay.watch, "inspect", failing)
    task = asyncio.create_task(replay.watch.run())
    async with asyncio.timeout(10):
        while turns < 3 or not (tmp_path / "q.npz").exists():
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert "the checks of the data failed" in caplog.text


def test_a_disk_that_refuses_is_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    replay = Replay(hourly("m"), memory=tmp_path / "file" / "q.npz")
    replay.play({"m": office(0.1)})
    with caplog.at_level(logging.WARNING):
        replay.watch.remember()
    assert "cannot be kept" in caplog.text


def test_more_open_findings_than_there_is_room_for_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MAX_OPEN", 2)
    book = ledger.Ledger([Point(f"p{k}", "A", "power", "kW") for k in range(5)])
    book.update("flat", book.keyed([Hit((k,), 1.0, {}) for k in range(5)]), 2.0)
    assert len(book.findings()) == 2
    assert book.tally["flat"].dropped == 3


@pytest.mark.alone
def test_20000_readings_cost_the_event_loop_little_and_memory_is_fixed() -> None:
    """Measured about 9 ms on one core of the reference machine; the limit leaves room for a busy one."""
    n = 20_000
    points = [
        Point(f"p{k}", "A/1/1", "power", "kW", interval_s=1, stale_s=30, source="s", address=f"p{k}") for k in range(n)
    ]
    replay = Replay(points)
    live, watch, at = replay.live, replay.watch, np.arange(n)
    rng = np.random.default_rng(1)
    spent = []
    for _ in range(5):
        replay.now += 1
        when = np.full(n, replay.now)
        none = np.zeros(n, np.uint8)
        rows = Columns(at, rng.normal(10, 2, n), when, when, when, none.copy(), none, np.zeros(n, np.uint16))
        start = time.perf_counter()
        watch.judge(rows)
        spent.append(time.perf_counter() - start)
        applied = live.apply(rows)
        start = time.perf_counter()
        watch.take(Judged("s", rows, applied, rows.value, when))
        spent[-1] += time.perf_counter() - start
    assert min(spent) < 0.05
    columns = [c for part in (watch.profiles, watch.week, watch.recent) for c in vars(part).values()]
    assert sum(c.nbytes for c in columns if isinstance(c, np.ndarray)) < 70e6
