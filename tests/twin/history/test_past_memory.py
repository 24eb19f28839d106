"""What figures of a past moment remember: today's energy, registers and the course of the day, from the historian."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.history.oracle import HOUR, Row, readings
from tests.twin.trees import TREE
from twin.history.contract import KeptPoint, Keys
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.moment import Moments
from twin.history.past_memory import remembered
from twin.history.store import Step
from twin.kpi_memory import DAY, MINUTES, Memory, PastHour
from twin.live import LiveState
from twin.point import Point

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = 1_795_708_800_000
"""2026-11-27 00:00 in Shanghai [ms]."""
POINTS = [Point("p", "A/1/1", "power", "kW", stale_s=300), Point("e", "A", "energy", "kWh", stale_s=300)]
GAP = range(3 * 60, 5 * 60)
"""Minutes of the day in which nothing came."""


@pytest.fixture
def moments(tmp_path: Path) -> Iterator[Moments]:
    store = DuckDbStore(tmp_path, ZONE, memory="128MB")
    store.keys([KeptPoint(p.id, p.quantity, p.stale_s) for p in POINTS])
    minutes = [m for m in range(-26 * 60, 12 * 60 + 31) if m not in GAP]
    rows = [Row(0, MIDNIGHT + m * 60_000, power(m)) for m in minutes]
    rows += [Row(1, MIDNIGHT + m * 60_000, 1000.0 + m / 10) for m in minutes]
    store.append(readings(rows), 1)
    while store.roll(MIDNIGHT + 13 * HOUR):
        pass
    yield Moments(LiveState(POINTS, TREE, lambda: 2e9), store)
    store.close()


def power(minute: int) -> float:
    return 10.0 if minute < 6 * 60 else 40.0


def memory_at(moments: Moments, minute: int, kept: dict[int, PastHour] | None = None) -> tuple[LiveState, Memory]:
    at = MIDNIGHT / 1000 + 60 * minute
    live = moments.at(at)
    return live, remembered(moments, live, ["power"], ZONE, {} if kept is None else kept)


def test_the_energy_of_the_day_is_that_of_its_hours_and_of_the_one_that_runs(moments: Moments) -> None:
    live, memory = memory_at(moments, 12 * 60 + 30)
    row = memory.row[TREE.index["A"]]
    # six hours at 10 kW with a gap of two, six and a half at 40 kW; of a value of five minutes more is known in the gap
    assert memory.kwh[row] == pytest.approx(4 * 10 + 6.5 * 40, rel=0.01)
    assert memory.known_s[row] == pytest.approx(10.5 * 3600, rel=0.02)
    assert memory.since[row] == MIDNIGHT / 1000
    # the register: a tenth of a kWh a minute since midnight
    risen = memory.risen(live)
    assert risen.rolled.value[TREE.index["A"]] == pytest.approx(75.0, abs=0.2)
    assert risen.own[TREE.index["A"]]


def test_yesterday_is_no_part_of_today(moments: Moments) -> None:
    _, memory = memory_at(moments, 60)
    assert memory.kwh[memory.row[TREE.index["A"]]] == pytest.approx(10.0)
    assert memory.since[memory.row[TREE.index["A"]]] == MIDNIGHT / 1000


def test_the_course_of_the_day_has_its_gap(moments: Moments) -> None:
    _, memory = memory_at(moments, 12 * 60)
    day = memory.last_day("power", TREE.index["A"])
    assert len(day) == DAY <= MINUTES
    of_today = day[-12 * 60 - 1 : -1]
    assert np.isnan(of_today[4 * 60 : 5 * 60]).all()
    assert of_today[60] == 10.0
    assert of_today[-60] == 40.0


def test_a_moment_before_everything_remembers_nothing(moments: Moments) -> None:
    _, memory = memory_at(moments, -40 * 60)
    assert not memory.kwh.any()
    assert np.isnan(memory.last_day("power", TREE.index["A"])).all()


def test_hours_that_were_asked_for_are_not_asked_for_again(moments: Moments, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[int, PastHour] = {}
    _, first = memory_at(moments, 11 * 60 + 30, kept)
    assert len(kept) == 23, "a day and an hour, without the two in which nothing came"
    asked: list[int] = []
    plain = moments.store.rollups

    def counted(step: Step, points: Keys | None, start: int, end: int) -> pa.Table:
        asked.append((end - start) // HOUR)
        return plain(step, points, start, end)

    monkeypatch.setattr(moments.store, "rollups", counted)
    _, again = memory_at(moments, 11 * 60 + 30, kept)
    assert not [hours for hours in asked if hours > 0]
    assert np.array_equal(again.kwh, first.kwh)
    memory_at(moments, 12 * 60 + 30, kept)
    assert len(kept) == 24
