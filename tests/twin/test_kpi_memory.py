"""What is remembered: a value a minute, today's energy by meters and by power, over midnight, gaps and replacements."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.kpi_campus import NOON, KpiCampus
from twin.kpi_memory import DAY, Memory, midnight

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_midnight_is_that_of_the_campus_also_when_clocks_change() -> None:
    assert datetime.fromtimestamp(midnight(NOON, SHANGHAI), UTC).isoformat() == "2026-04-14T16:00:00+00:00"
    berlin = ZoneInfo("Europe/Berlin")
    change = datetime(2026, 3, 29, 12, tzinfo=berlin).timestamp()
    assert (change - midnight(change, berlin)) / 3600 == 11


def test_a_minute_holds_the_mean_of_what_was_taken_in_it_and_a_gap_is_a_gap() -> None:
    campus = KpiCampus()
    for value in (1.0, 2.0, 6.0):
        campus.say({"A/1/1/p": value, "A/1/2/p": 0.0})
        campus.take()
        campus.now += 10
    campus.now += 170
    campus.say({"A/1/1/p": 8.0})
    campus.take()
    day = campus.kpis.memory.last_day("power", campus.slot("A"))
    assert day[-1] == 8.0
    assert np.isnan(day[-2])
    assert np.isnan(day[-3])
    assert day[-4] == pytest.approx(3.0)
    assert np.isnan(day[:-4]).all()


def test_the_integral_of_power_leaves_gaps_out() -> None:
    campus = KpiCampus()
    for _ in range(61):
        campus.say({"A/1/1/p": 6.0})
        campus.take()
        campus.now += 60
    row = campus.kpis.memory.row[campus.slot("A")]
    assert campus.kpis.memory.kwh[row] == pytest.approx(6.0)
    campus.now += 7200
    campus.say({"A/1/1/p": 6.0})
    campus.take()
    assert campus.kpis.memory.kwh[row] == pytest.approx(6.0)
    assert campus.kpis.memory.known_s[row] == pytest.approx(3600)


def test_a_new_day_begins_at_zero_from_the_last_reading_of_the_old_one() -> None:
    campus = KpiCampus(now=midnight(NOON, SHANGHAI) - 90)
    for meter in (1000.0, 1001.0, 1002.5, 1004.0):
        campus.say({"B/energy": meter, "B/1/1/p": 60.0})
        campus.take()
        campus.now += 60
    risen = campus.kpis.memory.risen(campus.live)
    assert risen.rolled.value[campus.slot("B")] == pytest.approx(3.0)
    assert risen.since[campus.slot("B")] == midnight(NOON, SHANGHAI)
    # 90 s of 60 kW after midnight: the step over midnight counts for the part behind it
    assert campus.kpis.memory.kwh[campus.kpis.memory.row[campus.slot("B")]] == pytest.approx(1.5)


def test_another_meter_that_begins_elsewhere_is_no_consumption() -> None:
    campus = KpiCampus()
    for meter in (5000.0, 5001.0, 12.0, 12.5, 13.0, 13.5):
        campus.say({"B/energy": meter})
        campus.take()
        campus.now += 60
    value = campus.kpis.memory.risen(campus.live).rolled.value[campus.slot("B")]
    assert 1.0 <= value <= 4.0


def test_a_reading_counts_once_however_often_it_is_looked_at() -> None:
    campus = KpiCampus()
    campus.say({"B/energy": 100.0})
    for _ in range(3):
        campus.take()
        campus.now += 10
    campus.say({"B/energy": 103.0})
    campus.take()
    campus.take()
    assert campus.kpis.memory.risen(campus.live).rolled.value[campus.slot("B")] == pytest.approx(3.0)


def test_a_clock_that_is_set_back_begins_anew() -> None:
    campus = KpiCampus()
    campus.say({"A/1/1/p": 5.0})
    campus.take()
    memory: Memory = campus.kpis.memory
    campus.now -= 3600
    campus.take()
    assert int((~np.isnan(memory.last_day("power", 0))).sum()) <= 1
    assert len(memory.last_day("power", campus.slot("A"))) == DAY
    assert np.isnan(memory.last_day("power", campus.slot("A/1/1"))).all(), "rooms are not remembered"
