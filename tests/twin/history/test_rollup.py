"""Roll-ups against plain loops over the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.history.oracle import HOUR, Oracle, Row, readings
from twin.history.columns import NO_ROWS, Rows
from twin.history.contract import ROLLUPS
from twin.history.rollup import roll, sum_up

HOLD = {0: 600_000, 1: 7_200_000, 2: 60_000, 3: 3_600_000}
SUSPECT = np.array([False, False, True])

row = st.builds(
    Row, st.integers(0, 3), st.integers(0, 4 * HOUR - 1).map(lambda t: t // 977 * 977),
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-50, 50).map(float)), st.integers(0, 9),
    st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([0, 8]), st.sampled_from([0, 0, 1, 2]),
)  # fmt: skip


def oracle_of(rows: list[Row]) -> Oracle:
    oracle = Oracle(HOLD, {2})
    oracle.append(rows)
    return oracle


def rolled(oracle: Oracle, start: int, hours: int) -> pa.Table:
    before = {r.point: r for r in oracle.rows(None, 0, start)}
    rows = oracle.rows(None, start, start + hours * HOUR)
    return roll(
        np.arange(4, dtype=np.int32), Rows.of(readings([before[p] for p in sorted(before)])), Rows.of(readings(rows)),
        np.arange(start, start + hours * HOUR + 1, HOUR), np.array(list(HOLD.values())), SUSPECT,
    )  # fmt: skip


def check(table: pa.Table, oracle: Oracle, start: int, length: int = HOUR) -> None:
    assert table.schema == ROLLUPS
    for found in table.to_pylist():
        wanted = oracle.hour(found["point"], found["start"], length)
        for name, value in wanted.items():
            if isinstance(value, float):
                assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-6), (name, found)
            else:
                assert found[name] == value, (name, found)
    assert len(table) % 4 == 0
    assert table.column("start")[0].as_py() == start


@settings(max_examples=150, deadline=None)
@given(st.lists(row, max_size=40), st.integers(0, 2), st.integers(1, 2))
def test_roll_ups_are_what_plain_loops_say(rows: list[Row], first: int, hours: int) -> None:
    oracle = oracle_of(rows)
    check(rolled(oracle, first * HOUR, hours), oracle, first * HOUR)


@settings(max_examples=80, deadline=None)
@given(st.lists(row, max_size=40))
def test_longer_roll_ups_are_the_sum_of_shorter_ones(rows: list[Row]) -> None:
    oracle = oracle_of(rows)
    hours = rolled(oracle, 0, 4)
    check(sum_up(hours, np.zeros(len(hours), np.int64)), oracle, 0, 4 * HOUR)


def test_a_mean_is_over_time_and_not_over_readings() -> None:
    """A meter on change: 10 for 50 minutes, then a burst of 30 that lasts ten."""
    rows = [Row(3, 0, 10.0), *(Row(3, 3_000_000 + 1000 * second, 30.0) for second in range(100))]
    found = rolled(oracle_of(rows), 0, 1).to_pylist()[3]
    assert found["mean"] == pytest.approx((10 * 3000 + 30 * 600) / 3600)
    assert found["held"] == HOUR


def test_a_gap_belongs_to_no_mean() -> None:
    rows = [Row(2, 0, 10.0), Row(2, 1_800_000, 20.0)]  # each stands a minute
    found = rolled(oracle_of(rows), 0, 1).to_pylist()[2]
    assert (found["held"], found["mean"]) == (120_000, pytest.approx(15.0))


def test_large_registers_keep_their_small_changes() -> None:
    rows = [Row(3, minute * 60_000, 1e12 + minute / 100) for minute in range(60)]
    found = rolled(oracle_of(rows), 0, 1).to_pylist()[3]
    assert found["mean"] - 1e12 == pytest.approx(0.295, abs=2e-4)
    assert found["low"] <= found["mean"] <= found["high"]


def test_nothing_makes_nothing() -> None:
    assert len(sum_up(ROLLUPS.empty_table(), np.zeros(0, np.int64))) == 0
    none = roll(np.zeros(1, np.int32), NO_ROWS, NO_ROWS, np.array([0, HOUR]), np.ones(1, np.int64), SUSPECT)
    assert none.to_pylist()[0]["last_time"] is None
