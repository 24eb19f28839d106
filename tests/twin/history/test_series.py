"""Series against plain loops over the same rows: buckets of every step, gaps, lines, readings."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.history.engines import Engine, Make
from tests.twin.history.oracle import HOUR, Oracle, Row, readings
from twin.history import series as asking
from twin.history.calendar import DAY_MS, Calendar
from twin.history.contract import KeptPoint
from twin.history.gaps import NOWHERE, gaps
from twin.history.outward import BUCKETS_OUT, DRAWING_OUT, READINGS_OUT, Agg, origins
from twin.history.series import Asked, Series, buckets, drawing
from twin.history.series import readings as kept_readings
from twin.history.steps import SeriesError, Step, edges, read_step
from twin.history.store import SqlStore

T0 = 1_795_737_600_000
"""2026-11-27 00:00 UTC."""
POINTS = [KeptPoint("a/power", "power", 300.0), KeptPoint("b/co2", "co2", 900.0), KeptPoint("c/power", "power", 7200.0)]
HOLD = {0: 300_000, 1: 900_000, 2: 7_200_000}
NAMES = [point.id for point in POINTS]
MINUTE = 60_000


def filled(make: Make, zone: str, *batches: list[Row], now: int = 0) -> tuple[SqlStore, Oracle]:
    """A store and plain loops with the same rows; rolled up at ``now`` after the first batch, if told."""
    store, oracle = make(zone), Oracle(HOLD, {2})
    store.keys(POINTS)
    store.reason_keys([("clock",), ("spike",)])
    for number, batch in enumerate(batches, store.watermark() + 1):
        store.append(readings(batch), number)
        oracle.append(batch)
        while number == 1 and now and store.roll(now):
            pass
    return store, oracle


def ms(instant: datetime | None) -> int:
    assert instant is not None
    return round(instant.timestamp() * 1000)


def agrees(found: Series, oracle: Oracle, borders: list[int], now: int) -> None:
    """Every bucket is what the loops say, and those that are not there had nothing to say."""
    rows = {(row["point"], ms(row["start"])): row for row in found.table.to_pylist()}
    assert len(rows) == len(found.table)
    for key, name in enumerate(NAMES):
        for start, end in pairwise(borders):
            length = min(end, now) - start
            wanted: dict[str, Any] = oracle.hour(key, start, length) if length > 0 else {"n": 0, "held": 0}
            row = rows.pop((name, start), None)
            if row is None:
                assert (wanted["n"], wanted["held"]) == (0, 0), (name, start)
                continue
            assert ms(row["end"]) == end
            assert row["n"] == wanted["n"]
            assert row["coverage"] == pytest.approx(wanted["held"] / length, abs=1e-9)
            for word, field in (("mean", "mean"), ("low", "low"), ("high", "high"), ("last", "last_value")):
                value = wanted[field]
                close = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
                assert row[word] == close, (word, row)
            assert row["quality"] == ("good", "uncertain", "bad", "none")[wanted["quality"]]
    assert rows == {}


def known_at(oracle: Oracle, point: int, time: int) -> bool:
    mine = oracle.rows([point], 0, time + 1)
    return bool(mine) and oracle.counts(mine[-1]) and time < mine[-1].time + HOLD[point]


def gaps_agree(found: Series, oracle: Oracle, now: int, times: list[int]) -> None:
    for key, name in enumerate(NAMES):
        mine = [(a, b) for point, a, b in found.gaps if point == name]
        assert all(a < b for a, b in mine)
        assert all(b < c for (_, b), (c, _) in pairwise(mine)), "they neither touch nor overlap"
        for time in times:
            if found.start <= time < min(found.end, now):
                assert known_at(oracle, key, time) != any(a <= time < b for a, b in mine), (name, time)


row = st.builds(
    Row, st.integers(0, 2), st.integers(0, 60 * 5).map(lambda n: T0 + n * 5 * MINUTE),
    st.one_of(st.none(), st.integers(-99, 99).map(float)), st.just(0), st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([0, 8]), st.sampled_from([0, 1, 2]),
)  # fmt: skip


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kolkata"])
def test_buckets_and_gaps_are_what_plain_loops_say(make: Make, engine: Engine, zone: str) -> None:
    @settings(max_examples=max(2, engine.examples // 2), deadline=None)
    @given(
        st.lists(row, max_size=30), st.lists(row, max_size=8),
        st.sampled_from([600_000, 1_800_000, "hour", 2 * HOUR, 6 * HOUR, "day"]), st.integers(0, 29),
        st.integers(0, 50), st.integers(1, 30),
    )  # fmt: skip
    def holds(rows: list[Row], late: list[Row], step: Step, rolled: int, first: int, hours: int) -> None:
        whatever_comes(make(zone), zone, rows, late, step, rolled, first, hours)

    holds()


def whatever_comes(
    store: SqlStore, zone: str, rows: list[Row], late: list[Row], step: Step, rolled: int, first: int, hours: int
) -> None:
    """Rows, a moment at which roll-ups are made, and rows that come late, in any window."""
    base = len(store.known_points())
    keys = store.keys([KeptPoint(f"{point.id}-{base}", point.quantity, point.hold_s) for point in POINTS])
    store.reason_keys([("clock",), ("spike",)])
    oracle = Oracle(HOLD, {2})
    now = T0 + 30 * HOUR
    for number, batch in enumerate((rows, late)):
        mine = [Row(int(keys[r.point]), r.time, r.value, 0, r.quality, r.flags, r.reason) for r in batch]
        store.append(readings(mine), store.watermark() + 1)
        oracle.append(batch)
        while not number and store.roll(T0 + rolled * HOUR):
            pass
    start = T0 + first * HOUR // 2 + 7 * MINUTE
    asked = Asked([f"{name}-{base}" for name in NAMES], start, start + hours * HOUR, now)
    found = buckets(store, asked, step)
    told = pa.array([name.removesuffix(f"-{base}") for name in found.table.column("point").to_pylist()], pa.string())
    found = Series(
        found.table.set_column(0, "point", told), [(name.removesuffix(f"-{base}"), a, b) for name, a, b in found.gaps],
        found.method, found.start, found.end,
    )  # fmt: skip
    borders = edges(Calendar(ZoneInfo(zone)), step, asked.start, asked.end).tolist()
    agrees(found, oracle, borders, now)
    if isinstance(step, int) and step < HOUR:
        gaps_agree(found, oracle, now, [T0 + n * 7 * MINUTE + n % 3 for n in range(600)])
    store.close()


def test_days_of_a_change_of_clock_have_their_own_length(make: Make) -> None:
    begin = 1_792_792_800_000  # 2026-10-24 00:00 in Berlin, +2; the 25th has 25 hours
    rows = [Row(2, begin + n * HOUR, float(n)) for n in range(24 + 25 + 24 + 5)]
    now = begin + 78 * HOUR - 30 * MINUTE
    store, oracle = filled(make, "Europe/Berlin", rows, now=now)
    found = buckets(store, Asked(NAMES, begin + HOUR, now, now), "day")
    borders = [begin, begin + 24 * HOUR, begin + 49 * HOUR, begin + 73 * HOUR, begin + 97 * HOUR]
    agrees(found, oracle, borders, now)
    assert [row["n"] for row in found.table.to_pylist()] == [24, 25, 24, 5]
    assert [row["coverage"] for row in found.table.to_pylist()] == [1.0, 1.0, 1.0, 1.0]
    assert [row["finished"] for row in found.table.to_pylist()] == [True, True, True, False]
    spring = 1_774_566_000_000  # 2026-03-27 00:00 in Berlin, +1; the 29th has 23 hours
    days = edges(store.calendar, "day", spring, spring + 3 * DAY_MS)
    assert (np.diff(days) // HOUR).tolist() == [24, 24, 23, 24]


def test_a_day_in_which_all_fell_silent_is_made_of_its_hours(make: Make) -> None:
    """The last value stands two hours, into hours that have no roll-up because nothing came from anywhere."""
    store, oracle = filled(
        make, "UTC", [Row(2, T0 + 50 * MINUTE, 5.0), Row(2, T0 + 40 * HOUR, 6.0)], now=T0 + 60 * HOUR
    )
    for step, borders in (("day", [T0, T0 + DAY_MS]), ("hour", [T0 + h * HOUR for h in range(25)])):
        agrees(buckets(store, Asked(NAMES, T0, T0 + DAY_MS, T0 + 60 * HOUR), step), oracle, borders, T0 + 60 * HOUR)  # type: ignore[arg-type]
    later = buckets(store, Asked(NAMES, T0 + HOUR, T0 + 4 * HOUR, T0 + 60 * HOUR), "hour")
    assert [row["coverage"] for row in later.table.to_pylist()] == [1.0, pytest.approx(50 / 60)]


def test_days_whose_hours_are_gone_are_answered_from_the_days(make: Make) -> None:
    store, _ = filled(
        make, "UTC", [Row(0, T0 + n * MINUTE, float(n % 7)) for n in range(0, 3000, 4)], now=T0 + 60 * HOUR
    )
    asked = Asked(["a/power"], T0, T0 + DAY_MS, T0 + 60 * HOUR)
    before = buckets(store, asked, "day").table
    store.execute(f"DELETE FROM rolled WHERE start < {T0 + DAY_MS}")
    store.forget_rolled()
    assert buckets(store, asked, "day").table == before
    assert len(before) == 1


def test_the_hour_that_is_running_is_there_and_marked(make: Make) -> None:
    rows = [Row(0, T0 + n * MINUTE, float(n)) for n in range(150)]
    now = T0 + 150 * MINUTE
    store, _ = filled(make, "UTC", rows, now=now)
    found = buckets(store, Asked(["a/power"], T0, now, now), "hour")
    told = [(ms(r["start"]), ms(r["end"]), r["n"], r["coverage"], r["finished"]) for r in found.table.to_pylist()]
    assert told == [
        (T0, T0 + HOUR, 60, 1.0, True), (T0 + HOUR, T0 + 2 * HOUR, 60, 1.0, True),
        (T0 + 2 * HOUR, T0 + 3 * HOUR, 30, 1.0, False),
    ]  # fmt: skip
    assert found.gaps == []
    short = buckets(store, Asked(["a/power"], T0 + 2 * HOUR, T0 + 9 * HOUR, now), 1_200_000).table.to_pylist()
    assert [(r["n"], r["finished"]) for r in short] == [(20, True), (10, False)]


def test_late_rows_show_before_their_hour_is_made_again(make: Make) -> None:
    rows = [Row(0, T0 + n * MINUTE, 1.0) for n in range(300)]
    late = [Row(0, T0 + 90 * MINUTE + 1, 500.0), Row(2, T0 + 110 * MINUTE, 7.0)]
    now = T0 + 300 * MINUTE
    store, oracle = filled(make, "UTC", rows, late, now=now)
    borders = [T0 + h * HOUR for h in range(6)]
    found = buckets(store, Asked(NAMES, T0, now, now), "hour")
    agrees(found, oracle, borders, now)
    mine = [r for r in found.table.to_pylist() if r["point"] == "a/power"]
    assert [r["high"] for r in mine][:3] == [1.0, 500.0, 1.0]
    assert [r["finished"] for r in mine][:2] == [True, False]
    while store.roll(now):
        pass
    agrees(buckets(store, Asked(NAMES, T0, now, now), "hour"), oracle, borders, now)


def test_readings_are_told_as_they_were_kept(make: Make) -> None:
    rows = [
        Row(1, T0 + 5, 640.0, 3, 1, 8, 1), Row(1, T0 + MINUTE, None, 0, 2, 128, 0), Row(0, T0 + 7, 2.5, -70, 0, 0, 2),
        Row(0, T0 + 9, math.nan, 0, 0, 16, 0),
    ]  # fmt: skip
    store, _ = filled(make, "UTC", rows)
    found = kept_readings(store, Asked(["b/co2", "a/power", "never"], T0, T0 + HOUR, T0 + HOUR))
    assert found.table.schema == READINGS_OUT
    assert [tuple(r.values()) for r in found.table.to_pylist()] == [
        ("b/co2", "co2", "ppm", at(5), 640.0, "uncertain", "simulated", ["clock"], at(3005)),
        ("b/co2", "co2", "ppm", at(MINUTE), None, "bad", "derived", [], at(MINUTE)),
        ("a/power", "power", "kW", at(7), 2.5, "good", "measured", ["spike"], at(7 - 70_000)),
        ("a/power", "power", "kW", at(9), None, "good", "forecast", [], at(9)),
    ]
    assert found.gaps == [
        ("b/co2", T0, T0 + 5), ("b/co2", T0 + MINUTE, T0 + HOUR), ("a/power", T0, T0 + HOUR),
        ("never", T0, T0 + HOUR),
    ]  # fmt: skip


def at(after: int) -> datetime:
    return datetime.fromtimestamp((T0 + after) / 1000, UTC)


def test_a_value_from_before_the_window_stands_into_it(make: Make) -> None:
    store, _ = filled(make, "UTC", [Row(2, T0, 4.0)])
    found = kept_readings(store, Asked(["c/power"], T0 + HOUR, T0 + 5 * HOUR, T0 + 4 * HOUR))
    assert found.gaps == [("c/power", T0 + 2 * HOUR, T0 + 4 * HOUR)]
    assert len(found.table) == 0
    ahead = kept_readings(store, Asked(["c/power"], T0 + 5 * HOUR, T0 + 6 * HOUR, T0 + 4 * HOUR))
    assert ahead.gaps == [], "of what is yet to come nothing is missing"
    assert len(buckets(store, Asked(["c/power"], T0 + 5 * HOUR, T0 + 6 * HOUR, T0 + 4 * HOUR), "hour").table) == 0
    assert len(drawing(store, Asked(["c/power"], T0 + 5 * HOUR, T0 + 6 * HOUR, T0 + 4 * HOUR), 100).table) == 0


def test_a_new_name_is_told_from_then_on(make: Make) -> None:
    store, _ = filled(make, "UTC", [Row(0, T0, 4.0)])
    asked = Asked(["a/power", "new"], T0, T0 + HOUR, T0 + HOUR)
    assert kept_readings(store, asked).table.column("point").to_pylist() == ["a/power"]
    key = int(store.keys([KeptPoint("new", "co2", 60.0)])[0])
    store.append(readings([Row(key, T0 + 1, 5.0)]), 9)
    for _ in range(2):
        assert kept_readings(store, asked).table.column("point").to_pylist() == ["a/power", "new"]


def test_points_that_nobody_knows_have_no_rows(make: Make) -> None:
    store = make("UTC")
    asked = Asked(["x"], T0, T0 + HOUR, T0 + HOUR)
    for found in (kept_readings(store, asked), buckets(store, asked, 900_000), buckets(store, asked, "day"),
                  drawing(store, asked, 100)):  # fmt: skip
        assert len(found.table) == 0
        assert [name for name, _, _ in found.gaps] == ["x"]
    assert len(buckets(store, Asked(["x"], T0, T0, T0), "hour").table) == 0


@pytest.mark.parametrize("agg", ["mean", "low", "high", "last"])
def test_one_figure_of_the_buckets_may_be_asked(make: Make, agg: Agg) -> None:
    store, _ = filled(make, "UTC", [Row(0, T0 + n * MINUTE, float(n)) for n in range(60)])
    asked = Asked(["a/power"], T0, T0 + HOUR, T0 + HOUR)
    found, every = buckets(store, asked, 900_000, agg).table, buckets(store, asked, 900_000).table
    assert every.schema == BUCKETS_OUT
    assert set(every.column_names) - set(found.column_names) == {"mean", "low", "high", "last"} - {agg}
    assert found.column(agg) == every.column(agg)


def line(found: Series) -> list[tuple[int, float]]:
    return [(ms(r["time"]), r["value"]) for r in found.table.to_pylist()]


@pytest.mark.parametrize("places", [90, 101, 5000])
def test_a_line_keeps_its_peaks_and_has_no_more_places_than_asked(make: Make, places: int) -> None:
    noise = np.random.default_rng(7)
    rows = [Row(0, T0 + n * MINUTE, float(noise.normal())) for n in range(2000) if not 700 < n < 900]
    rows[333] = Row(0, rows[333].time, 1e6)
    rows[1500] = Row(0, rows[1500].time, -1e6)
    rows[40] = Row(0, rows[40].time, 1e9, quality=2)  # bad: not drawn
    store, oracle = filled(make, "UTC", rows)
    now = T0 + 2000 * MINUTE
    found = drawing(store, Asked(["a/power"], T0, now, now), places)
    assert found.table.schema == DRAWING_OUT
    told = line(found)
    fit = [(r.time, r.value) for r in rows if r.value is not None and oracle.counts(r)]
    assert 2 <= len(told) <= places
    assert set(told) <= set(fit), "no place is invented"
    assert told == sorted(told)
    stretch = (now - T0) / (places // 2)
    for n in range(places // 2):
        inside = [v for t, v in fit if int(T0 + n * stretch) <= t < int(T0 + (n + 1) * stretch)]
        drawn = [v for t, v in told if int(T0 + n * stretch) <= t < int(T0 + (n + 1) * stretch)]
        if inside:
            assert (min(drawn), max(drawn)) == (min(inside), max(inside))
        else:
            assert drawn == []
    assert [(a, b) for _, a, b in found.gaps if b - a > 100 * MINUTE] == [(T0 + 705 * MINUTE, T0 + 900 * MINUTE)]


def test_a_line_over_weeks_comes_from_the_hours(make: Make) -> None:
    rows = [Row(2, T0 + n * 20 * MINUTE, float(n % 50)) for n in range(72 * 9)]
    rows[200] = Row(2, rows[200].time, 1e6)
    now = T0 + 9 * DAY_MS
    store, _ = filled(make, "UTC", rows, now=now)
    found = drawing(store, Asked(["c/power", "a/power"], T0 + MINUTE, now, now), 40)
    told = line(found)
    assert len(told) <= 40
    assert max(value for _, value in told) == 1e6
    assert told[0][0] >= T0 + MINUTE
    assert "hours" in found.method
    assert [name for name, _, _ in found.gaps] == ["a/power"]


def test_what_is_too_much_is_refused_with_what_to_ask(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = filled(make, "UTC", [Row(0, T0 + n * MINUTE, 1.0) for n in range(60)])
    day, years = Asked(["a/power"], T0, T0 + DAY_MS, T0 + DAY_MS), Asked(["a/power"], T0, T0 + 401 * DAY_MS, T0)
    monkeypatch.setattr(asking, "MOST_PLACES", 10_000_000)
    monkeypatch.setattr(asking, "MOST_ROWS", 10_000_000)
    with pytest.raises(SeriesError, match=r"readings are answered for at most 400 days: ask for step=hour"):
        kept_readings(store, years)
    with pytest.raises(SeriesError, match=r"steps below an hour are answered for at most 400 days"):
        buckets(store, years, 900_000)
    with pytest.raises(SeriesError, match=r"below an hour are answered for at most 400 days"):
        drawing(store, years, 10_000_000)
    monkeypatch.setattr(asking, "MOST_ROWS", 50)
    with pytest.raises(SeriesError, match=r"60 readings, an answer at most 50: ask for a step"):
        kept_readings(store, day)
    with pytest.raises(
        SeriesError, match=r"1 points in 96 steps are 96 rows, an answer has at most 50: ask for longer"
    ):
        buckets(store, day, 900_000)
    with pytest.raises(SeriesError, match="more than 100000 steps"):
        edges(store.calendar, 1000, T0, T0 + 2 * DAY_MS)
    with pytest.raises(SeriesError, match="at least 2 places"):
        drawing(store, day, 1)


@pytest.mark.parametrize(
    ("text", "step"), [("hour", "hour"), ("day", "day"), ("3600", "hour"), ("900", 900_000), ("86400", 86_400_000)]
)
def test_steps_are_read(text: str, step: Step) -> None:
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["", "0", "-5", "1.5", "hours", "٣", "99999999999999", "40000000"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(SeriesError, match="use whole seconds as in 900, or hour, or day"):
        read_step(text)


def test_long_steps_are_whole_hours() -> None:
    with pytest.raises(SeriesError, match="from an hour on use whole hours"):
        read_step("5000")


def test_steps_are_counted_from_the_midnight_of_the_campus() -> None:
    shanghai = Calendar(ZoneInfo("Asia/Shanghai"))
    found = edges(shanghai, 6 * HOUR, T0 + 3 * HOUR, T0 + 9 * HOUR)  # 11:00 to 17:00
    assert found.tolist() == [T0 - 2 * HOUR, T0 + 4 * HOUR, T0 + 10 * HOUR]
    assert edges(shanghai, "hour", T0, T0).tolist() == []
    assert edges(shanghai, "hour", T0, T0 + HOUR).tolist() == [T0, T0 + HOUR]


def test_origins_in_words() -> None:
    flags = np.array([0, 8, 16, 32, 128, 136, 8 | 32, 64, 72], np.uint8)
    assert origins(flags).to_pylist() == [
        "measured", "simulated", "forecast", "manual", "derived", "derived", "mixed", "measured", "simulated",
    ]  # fmt: skip


def test_no_time_has_no_gaps() -> None:
    assert len(gaps(np.zeros(1, np.int32), NOWHERE, 5, 5).point) == 0
    assert len(gaps(np.zeros(0, np.int32), NOWHERE, 5, 9).point) == 0
