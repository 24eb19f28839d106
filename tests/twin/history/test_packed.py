"""What is put away comes back: decimals exactly, anything else to seven digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.history.columns import Rows
from twin.history.packed import PACKED_READINGS, pack, packed_readings, runs, unpack, writer

decimals = st.builds(lambda whole, places: whole / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 6))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), decimals), max_size=60))
def test_decimals_come_back_as_they_were(pairs: list[tuple[int, float]]) -> None:
    pairs.sort(key=lambda pair: pair[0])
    point = np.array([p for p, _ in pairs], np.int32)
    value = np.array([v for _, v in pairs])
    assert np.array_equal(unpack(*pack(runs(point), value)), value)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(1e-12, 1e14) | st.floats(-1e14, -1e-12), min_size=1, max_size=60))
def test_anything_else_keeps_seven_digits(values: list[float]) -> None:
    value = np.array(values)
    assert np.allclose(unpack(*pack(np.zeros(1, np.int64), value)), value, rtol=5.1e-7, atol=0)


def test_watts_in_kilowatts_are_decimals_still() -> None:
    value = np.array([237.5, 1234.1, 0.7]) * 1e-3
    base, offset, places, none = pack(np.zeros(1, np.int64), value)
    assert (places.tolist(), base.tolist(), offset.tolist()) == ([4, 4, 4], [7, 7, 7], [2368, 12334, 0])
    assert np.allclose(unpack(base, offset, places, none), value, rtol=1e-15)


def test_no_value_stays_none_and_each_run_has_its_own_decimals() -> None:
    begin = runs(np.array([0, 0, 1, 1, 2], np.int32))
    packed = pack(begin, np.array([np.nan, 21.4, np.inf, 3.0, np.nan]))
    assert packed[3].tolist() == [True, False, True, False, True]
    assert packed[2].tolist() == [1, 1, 0, 0, 0]
    assert (packed[1] >= 0).all()
    back = unpack(*packed)
    assert np.isnan(back[[0, 2, 4]]).all()
    assert back[[1, 3]].tolist() == [21.4, 3.0]


def test_nothing_is_packed_as_nothing() -> None:
    begin = runs(np.zeros(0, np.int32))
    assert unpack(*pack(begin, np.zeros(0))).size == 0


def test_a_file_tells_the_value_to_any_reader(tmp_path: Path) -> None:
    rows = Rows(
        np.array([0, 0, 5], np.int32), np.array([1, 2, 3], np.int64), np.array([21.4, np.nan, -3e9 / 7]),
        np.zeros(3, np.int32), np.zeros(3, np.uint8), np.zeros(3, np.uint8), np.zeros(3, np.int32),
    )  # fmt: skip
    with writer(tmp_path / "f.parquet", PACKED_READINGS) as file:
        file.write_table(packed_readings(rows))
    found = pq.read_table(tmp_path / "f.parquet")
    assert found.schema.equals(PACKED_READINGS)
    told = [
        None if r["value_offset"] is None else (r["value_base"] + r["value_offset"]) / 10.0 ** r["value_decimals"]
        for r in found.to_pylist()
    ]
    assert told == [21.4, None, pytest.approx(-3e9 / 7, rel=5e-7)]
