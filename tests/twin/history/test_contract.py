"""The contract of a historian, held against plain loops, for every engine."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.history.engines import Engine, Make
from tests.twin.history.oracle import HOUR, Oracle, Row, readings, rows_of
from twin.history.calendar import DAY_MS
from twin.history.contract import EVENTS, GROUPED, READINGS, ROLLUPS, HistoryError, KeptPoint
from twin.history.store import SqlStore

T0 = 1_795_737_600_000
"""2026-11-27 00:00 UTC."""
POINTS = [KeptPoint("a/power", "power", 300.0), KeptPoint("b/co2", "co2", 900.0), KeptPoint("c'\\d", "power", 7200.0)]
HOLD = {0: 300_000, 1: 900_000, 2: 7_200_000}


@pytest.fixture
def store(make: Make) -> SqlStore:
    opened = make("Asia/Shanghai")
    assert opened.keys(POINTS).tolist() == [0, 1, 2]
    assert opened.reason_keys([(), ("clock",), ("spike",)]).tolist() == [0, 1, 2]
    return opened


def both(store: SqlStore, oracle: Oracle, batches: list[list[Row]], first: int = 1) -> None:
    for number, batch in enumerate(batches, first):
        store.append(readings(batch), number)
        oracle.append(batch)


def agrees(store: SqlStore, oracle: Oracle, times: list[int], window: tuple[int, int]) -> None:
    """Every question is answered as the oracle answers it."""
    for time in times:
        assert rows_of(store.at(time)) == oracle.at(time), time
    assert rows_of(store.last()) == oracle.at(2**62)
    assert rows_of(store.rows(None, *window)) == oracle.rows(None, *window)
    one = store.rows(np.array([1], np.int32), *window)
    assert rows_of(one) == oracle.rows([1], *window)
    assert one.schema == READINGS
    hours = store.rollups("hour", None, 0, 2**60)
    assert hours.schema == ROLLUPS
    for found in hours.to_pylist():
        for name, value in oracle.hour(found["point"], found["start"]).items():
            close = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
            assert found[name] == close, (name, found)


def test_names_are_given_once_and_outlive_a_restart(store: SqlStore, make: Make) -> None:
    assert store.keys([KeptPoint("c'\\d", "power", 60.0), KeptPoint("new", "co2", 60.0)]).tolist() == [2, 3]
    assert store.reason_keys([("spike",), ("a b", "c")]).tolist() == [2, 3]
    store.close()
    again = make("Asia/Shanghai")
    assert again.known_points() == {"a/power": 0, "b/co2": 1, "c'\\d": 2, "new": 3}
    assert again.known_facts()["c'\\d"].hold_s == 60.0
    assert again.known_reasons() == {0: (), 1: ("clock",), 2: ("spike",), 3: ("a b", "c")}


def test_a_batch_is_there_once(store: SqlStore, make: Make) -> None:
    rows = readings([Row(0, T0, 1.0), Row(1, T0, 500.0)])
    store.append(rows, 5)
    store.append(rows, 5)
    store.append(readings([Row(0, T0 + 1, 2.0)]), 4)
    assert (store.watermark(), len(store.rows(None, 0, 2**60))) == (5, 2)
    store.close()
    again = make("Asia/Shanghai")
    assert (again.watermark(), len(again.rows(None, 0, 2**60))) == (5, 2)


def test_of_several_rows_of_a_time_the_last_one_counts(store: SqlStore) -> None:
    oracle = Oracle(HOLD)
    both(store, oracle, [
        [Row(0, T0, 1.0), Row(0, T0, 2.0)], [Row(0, T0 + 60_000, 3.0)], [Row(0, T0, 4.0), Row(0, T0 - 5, 9.0)],
        [Row(0, T0, 5.0)],
    ])  # fmt: skip
    assert [row.value for row in rows_of(store.rows(None, 0, 2**60))] == [9.0, 5.0, 3.0]
    agrees(store, oracle, [T0 - 6, T0 - 5, T0, T0 + 59_999, T0 + 60_000], (T0 - 10, T0 + 60_000))


def test_everything_of_a_row_is_kept(store: SqlStore) -> None:
    row = Row(1, T0 + 123, None, -70_000, 2, 136, 2)
    store.append(readings([row]), 1)
    assert rows_of(store.last()) == [row]


def test_roll_ups_wait_for_the_hour_to_be_over_and_come_again_for_late_rows(store: SqlStore) -> None:
    oracle = Oracle(HOLD, {2})
    both(store, oracle, [[Row(0, T0 + m * 60_000, float(m)) for m in range(90)], [Row(1, T0 + 1, 700.0)]])
    assert store.roll(T0 + HOUR + 1000) == 0
    assert store.roll(T0 + HOUR + 120_000) == 2
    assert store.roll(T0 + HOUR + 120_000) == 0
    agrees(store, oracle, [T0, T0 + HOUR - 1, T0 + HOUR, T0 + 2 * HOUR], (T0, T0 + HOUR))
    both(store, oracle, [[Row(0, T0 + 30_000, 1000.0), Row(2, T0 + 7, 3.0, reason=2)]], first=3)
    assert store.roll(T0 + HOUR + 120_000) > 0
    agrees(store, oracle, [T0, T0 + HOUR - 1, T0 + HOUR], (T0, T0 + HOUR))
    assert store.rollups("hour", np.array([0], np.int32), T0, T0 + 1).to_pylist()[0]["high"] == 1000.0


def test_a_long_silence_takes_no_room_and_what_comes_into_it_later_is_right(store: SqlStore) -> None:
    oracle = Oracle(HOLD)
    both(store, oracle, [[Row(0, T0, 1.0), Row(1, T0, 400.0)], [Row(0, T0 + 40 * HOUR, 2.0)]])
    assert store.roll(T0 + 45 * HOUR) == 4
    assert store.rolled_hours.tolist() == [T0, T0 + 40 * HOUR]
    both(store, oracle, [[Row(0, T0 + 7 * HOUR, 5.0)], [Row(1, T0 + 20 * HOUR, 800.0)]], first=3)
    both(store, oracle, [[Row(2, T0 - 30 * HOUR, 5.0)]], first=5)
    store.roll(T0 + 45 * HOUR)
    times = [T0 + h * HOUR + d for h in (-31, -30, 0, 6, 7, 8, 19, 20, 21, 39, 40, 41) for d in (-1, 0, 1)]
    agrees(store, oracle, times, (T0 - 40 * HOUR, T0 + 50 * HOUR))


def test_days_are_local_days_and_those_of_a_change_of_clock_have_their_own_length(make: Make) -> None:
    store = make("Europe/Berlin")
    store.keys([KeptPoint("p", "power", 7200.0)])
    begin = 1_792_792_800_000  # 2026-10-24 00:00 in Berlin, +2; the 25th has 25 hours
    rows = [Row(0, begin + n * HOUR, float(n)) for n in range(24 + 25 + 24)]
    store.append(readings(rows), 1)
    for _ in range(5):
        store.roll(begin + 80 * HOUR)
    days = store.rollups("day", None, 0, 2**60).to_pylist()
    assert [(d["start"], d["n"], d["held"] // HOUR) for d in days] == [
        (begin, 24, 24), (begin + 24 * HOUR, 25, 25), (begin + 49 * HOUR, 24, 24),
    ]  # fmt: skip
    assert [d["mean"] for d in days] == [pytest.approx(11.5), pytest.approx(36.0), pytest.approx(60.5)]
    store.append(readings([Row(0, begin + 30 * HOUR + 1, 1000.0)]), 2)
    store.roll(begin + 80 * HOUR)
    assert store.rollups("day", None, 0, 2**60).to_pylist()[1]["high"] == 1000.0


def test_hours_begin_with_the_hours_of_the_campus(make: Make) -> None:
    store = make("Asia/Kolkata")  # +5:30
    store.keys([KeptPoint("p", "power", 60.0)])
    store.append(readings([Row(0, T0 + m * 60_000, 1.0) for m in range(120)]), 1)
    store.roll(T0 + 3 * HOUR)
    assert store.rolled_hours.tolist() == [T0 - HOUR // 2, T0 + HOUR // 2, T0 + 3 * HOUR // 2]


def test_groups_add_up_and_say_how_many_have_a_value(store: SqlStore) -> None:
    rows = [Row(p, T0 + m * 60_000, 10.0 * (p + 1)) for m in range(0, 120, 5) for p in (0, 1)]
    store.append(readings(rows), 1)
    store.roll(T0 + 3 * HOUR)
    groups = pa.table({"point": pa.array([0, 1, 2, 0], pa.int32()), "group": pa.array([7, 7, 7, 8], pa.int32())})
    found = store.grouped("hour", groups, T0, T0 + 2 * HOUR)
    assert found.schema == GROUPED
    told = [(r["group"], r["start"], r["sum"], r["have"]) for r in found.to_pylist()]
    assert told == [(7, T0, 30.0, 2), (7, T0 + HOUR, 30.0, 2), (8, T0, 10.0, 1), (8, T0 + HOUR, 10.0, 1)]
    assert len(store.grouped("hour", groups.slice(0, 0), T0, T0 + HOUR)) == 0


def test_top_and_lowest_are_by_the_mean_over_known_time(store: SqlStore) -> None:
    rows = [Row(p, T0 + m * 60_000, v) for m in range(0, 60, 5) for p, v in ((0, 5.0), (1, 500.0), (2, -1.0))]
    store.append(readings(rows), 1)
    store.roll(T0 + 2 * HOUR)
    every = np.arange(3, dtype=np.int32)
    assert store.top(every, T0, T0 + HOUR, 2).column("point").to_pylist() == [1, 0]
    low = store.top(every, T0, T0 + HOUR, 1, lowest=True).to_pylist()
    assert (low[0]["point"], low[0]["mean"], low[0]["hours"]) == (2, -1.0, 1)
    assert len(store.top(every[:0], T0, T0 + HOUR, 2)) == 0


def test_how_long_points_were_known_and_how_often_they_were_out_of_bounds(store: SqlStore) -> None:
    rows = [Row(0, T0 + m * 60_000, 5.0 if m < 60 else 50.0) for m in range(0, 120, 5)]
    rows += [Row(1, T0 + m * 60_000, 7.0) for m in range(0, 30, 5)]
    store.append(readings(rows), 1)
    store.roll(T0 + 4 * HOUR)
    first, second = store.hold_ms(np.array([0, 1], np.int32)).tolist()
    known = {row["point"]: row["held"] for row in store.sums("hour", None, T0, T0 + 3 * HOUR).to_pylist()}
    assert known == {0: 115 * 60_000 + min(first, 65 * 60_000), 1: 25 * 60_000 + min(second, 155 * 60_000)}
    found = store.beyond(np.array([0, 1], np.int32), T0, T0 + 2 * HOUR, 6.0, 40.0).to_pylist()
    assert [(row["point"], row["out"]) for row in found] == [(0, 2), (1, 0)]
    assert found[0]["hours"] == 2
    assert len(store.beyond(np.zeros(0, np.int32), T0, T0 + 2 * HOUR, 6.0, 40.0)) == 0
    assert len(store.sums("hour", None, T0 + 90 * HOUR, T0 + 99 * HOUR)) == 0


def test_events_are_kept_in_order_with_the_state_of_each_subject(store: SqlStore, make: Make) -> None:
    rows = [(T0, "source", "mq'tt", "live", "{}"), (T0 + 5, "source", "snmp", "down", "{}"),
            (T0 + 9, "source", "mq'tt", "down", '{"zh": "断线"}'), (T0 + 10, "finding", "x", "open", "{}")]  # fmt: skip
    for number, each in enumerate(rows, 1):
        event = pa.table({n: [v] for n, v in zip(EVENTS.names, each, strict=True)}, schema=EVENTS)
        store.append(READINGS.empty_table(), number, event)
    assert [tuple(r.values()) for r in store.events(T0, T0 + 10).to_pylist()] == rows[:3]
    assert [r["kind"] for r in store.events(T0, T0 + 99, ("finding",)).to_pylist()] == ["finding"]
    assert {r["subject"]: r["state"] for r in store.states(T0 + 8, "source").to_pylist()} == {
        "mq'tt": "live", "snmp": "down",
    }  # fmt: skip
    store.close()
    assert [tuple(r.values()) for r in make("Asia/Shanghai").events(0, T0 + 99).to_pylist()] == rows


def test_an_empty_history_answers_with_nothing(store: SqlStore) -> None:
    assert (store.span(), store.watermark(), len(store.last()), len(store.at(T0))) == (None, 0, 0, 0)
    assert store.roll(T0) == 0
    assert store.seal(T0) == []
    assert store.first_time(0) is None


def test_a_batch_of_nothing_counts_and_an_hour_of_which_nothing_is_left_is_empty(store: SqlStore) -> None:
    store.append(readings([]), 7)
    assert store.watermark() == 7
    store.note_again(np.array([0], np.int32), T0)
    assert store.roll(T0 + 5 * HOUR) == 0
    assert len(store.at(T0 + 9 * HOUR)) == len(store.rollups("hour", None, 0, 2**60)) == 0


def test_tables_of_another_form_are_refused(store: SqlStore) -> None:
    with pytest.raises(HistoryError, match="readings have the columns"):
        store.append(pa.table({"point": [1]}), 1)
    with pytest.raises(HistoryError, match="events have the columns"):
        store.append(READINGS.empty_table(), 1, pa.table({"point": [1]}))


def test_span_is_that_of_the_rows(store: SqlStore) -> None:
    store.append(readings([Row(0, T0 + 5, 1.0), Row(1, T0 + 2 * DAY_MS, 2.0)]), 1)
    store.append(readings([Row(0, T0 - DAY_MS, 1.0)]), 2)
    assert store.span() == (T0 - DAY_MS, T0 + 2 * DAY_MS)


def test_a_moment_has_what_came_late_before_its_hour_is_made_again(make: Make) -> None:
    store = make("Asia/Kolkata")
    keys = store.keys([KeptPoint(p.id, p.quantity, p.hold_s) for p in POINTS])
    rows = [Row(int(keys[0]), T0 + n * HOUR, float(n)) for n in range(12)]
    store.append(readings(rows), 1)
    while store.roll(T0 + 13 * HOUR):
        pass
    late = [Row(int(keys[1]), T0 + 2 * HOUR + 5, 7.0), Row(int(keys[0]), T0 + 4 * HOUR + 5, 8.0)]
    store.append(readings(late), 2)
    assert [r.value for r in rows_of(store.at(T0 + 2 * HOUR + 4))] == [2.0]
    assert [r.value for r in rows_of(store.at(T0 + 3 * HOUR + 1))] == [3.0, 7.0]
    assert [r.value for r in rows_of(store.at(T0 + 5 * HOUR - 1))] == [8.0, 7.0]
    assert [r.value for r in rows_of(store.at(T0 + 9 * HOUR))] == [9.0, 7.0]
    assert [r.value for r in rows_of(store.at(T0 + 9 * HOUR, keys[1:2]))] == [7.0]
    # in more hours than are looked into one by one
    store.append(readings([Row(int(keys[2]), T0 + n * HOUR + 9, 1.0 * n) for n in range(10)]), 3)
    assert [r.value for r in rows_of(store.at(T0 + 9 * HOUR))] == [9.0, 7.0, 8.0]
    while store.roll(T0 + 13 * HOUR):
        pass
    assert [r.value for r in rows_of(store.at(T0 + 9 * HOUR))] == [9.0, 7.0, 8.0]


step = st.one_of(
    st.lists(st.builds(
        Row, st.integers(0, 2), st.integers(0, 60 * 3).map(lambda n: T0 + n * HOUR // 3),
        st.one_of(st.none(), st.integers(0, 99).map(float)), st.just(0), st.sampled_from([0, 1, 2]), st.just(8),
        st.sampled_from([0, 1, 2]),
    ), min_size=1, max_size=8),
    st.integers(0, 130).map(lambda n: T0 + n * HOUR),
)  # fmt: skip


def test_whatever_comes_in_whatever_order_the_answers_are_right(engine: Engine, make: Make) -> None:
    """Batches of rows, and moments at which roll-ups are made and days put away, in any order."""
    store = make("Asia/Shanghai")
    examples = itertools.count()

    @settings(max_examples=engine.examples, database=None)
    @given(st.lists(step, min_size=1, max_size=12))
    def holds(steps: list[list[Row] | int]) -> None:
        whatever_comes(store, steps, next(examples))

    holds()


def whatever_comes(store: SqlStore, steps: list[list[Row] | int], example: int) -> None:
    """The points are those of this example only: the store has those of the ones before it as well."""
    keys = store.keys([KeptPoint(f"{p.id}-{example}", p.quantity, p.hold_s) for p in POINTS])
    store.reason_keys([("clock",), ("spike",)])
    batch = store.watermark()
    oracle = Oracle({int(key): HOLD[n] for n, key in enumerate(keys)}, {2})
    now = T0
    for each in steps:
        if isinstance(each, int):
            now = max(now, each)
            while store.roll(now):
                pass
            store.seal(now)
            store.mark(now - 3 * HOUR, now)
        else:
            batch += 1
            rows = [Row(int(keys[r.point]), r.time, r.value, r.delay, r.quality, r.flags, r.reason) for r in each]
            store.append(readings(rows), batch)
            oracle.append(rows)
    while store.roll(now + 200 * HOUR):
        pass
    mine = set(keys.tolist())
    for time in [T0 - 1, T0, *(T0 + n * 7 * HOUR // 3 for n in range(40))]:
        assert [r for r in rows_of(store.at(time)) if r.point in mine] == oracle.at(time), time
    assert rows_of(store.rows(keys, 0, 2**60)) == oracle.rows(None, 0, 2**60)
    for found in store.rollups("hour", keys, 0, 2**60).to_pylist():
        for name, value in oracle.hour(found["point"], found["start"]).items():
            close = pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value
            assert found[name] == close, (name, found)


def test_how_many_points_are_known_says_where_the_gaps_are(store: SqlStore) -> None:
    rows = [Row(p, T0 + m * 60_000, 1.0) for p in (0, 1) for m in range(0, 60) if p == 1 or m < 30]
    store.append(readings([*rows, Row(0, T0 + 3 * HOUR, 2.0)]), 1)
    store.roll(T0 + 5 * HOUR)
    fine = store.known(T0, T0 + HOUR, 900_000).to_pylist()
    assert [(r["start"] - T0, r["points"]) for r in fine] == [(0, 2), (900_000, 2), (1_800_000, 1), (2_700_000, 1)]
    hours = store.known(T0, T0 + 4 * HOUR, HOUR).to_pylist()
    # the first one knows b for an hour and a for 29 + 5 minutes; b stands 14 minutes into the hour after
    assert [(r["start"] - T0) // HOUR for r in hours] == [0, 3]
    assert hours[0]["points"] == pytest.approx(1 + 34 / 60)
    assert hours[1]["points"] == pytest.approx(5 / 60)


def test_sums_are_of_known_time(store: SqlStore) -> None:
    rows = [Row(p, T0 + m * 60_000, v) for m in range(0, 90, 5) for p, v in ((0, 5.0), (2, -1.0))]
    store.append(readings(rows), 1)
    store.roll(T0 + 3 * HOUR)
    found = store.sums("hour", np.arange(3, dtype=np.int32), T0, T0 + 3 * HOUR).to_pylist()
    assert [row["point"] for row in found] == [0, 2]
    # a stands five minutes after its last reading, c two hours
    assert found[0]["held"] == pytest.approx(90 * 60_000)
    assert found[0]["known"] == pytest.approx(5.0 * 90 * 60_000)
    assert found[1]["known"] == pytest.approx(-1.0 * found[1]["held"])
    assert len(store.sums("hour", np.zeros(0, np.int32), T0, T0 + HOUR)) == 0
