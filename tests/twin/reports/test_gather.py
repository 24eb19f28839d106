"""What a report says of a history that is known to the last reading: totals, coverage, comparisons, what is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.memory import in_memory
from tests.twin.reports.world import BERLIN, CARBON, DAY, HOUR, MINUTE, STEP, TARIFF, Value, World
from twin.history.contract import HistoryError
from twin.reports.periods import PeriodError
from twin.reports.report import Report, plain
from twin.reports.services import Ways

TODAY = date(2026, 11, 26)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with in_memory(tmp_path) as found:
        yield found


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    made = World(folder)
    yield made
    made.store.close()


def codes(report: Report) -> list[str]:
    return [row.code for row in report.unknown]


def test_a_day_adds_up_by_meter_and_by_room_and_says_how_much_of_it_is_known(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/power", begin, end, lambda at: 10.0 + 5.0 * (at >= begin + 12 * HOUR))
    world.tell("A/1/1/power", begin, end, 999.0)  # below A's own meter: in no total
    world.tell("B/1/1/power", begin, end, 2.0)
    world.tell("B/1/2/power", begin, begin + 6 * HOUR, 4.0)  # then it falls silent, and stands for 15 min
    world.roll(end + HOUR)
    told = world.report("day", TODAY, end + HOUR, tariff=TARIFF, co2=CARBON).energy
    silent = 6 * 4.0 + 4.0 * (STEP and 5 / 60)  # the last reading at 5:50 stands until 6:05
    assert told.kwh == pytest.approx(12 * 10 + 12 * 15 + 24 * 2 + silent, rel=1e-6)
    assert (told.coverage.have, told.coverage.of) == (3, 3)
    assert told.coverage.time == pytest.approx((24 + 24 + 6 + 5 / 60) / 72, rel=1e-6)
    assert (told.groups, told.registers) == (2, 0)
    assert told.area_m2 == 400.0
    assert told.per_m2 == pytest.approx(told.kwh / 400)
    assert told.mean_kw == pytest.approx(told.kwh / 24)
    assert told.cost is not None
    assert (told.cost.value, told.cost.unit, told.cost.source) == (pytest.approx(told.kwh / 2), "CNY", "Contract 7")
    assert told.co2 is not None
    assert (told.co2.value, told.co2.is_default) == (pytest.approx(0.4 * told.kwh), False)
    first, second = told.parts
    assert (first.id, first.kwh, first.coverage.time) == ("A", pytest.approx(300.0), pytest.approx(1.0))
    assert (second.id, second.coverage.have, second.coverage.of) == ("B", 2, 2)
    assert first.share == pytest.approx(300 / told.kwh)
    assert (first.area_m2, first.per_m2) == (200.0, pytest.approx(1.5))
    assert len(told.course.times) == 24
    assert told.course.kwh.sum() == pytest.approx(told.kwh)
    # no hour after the sixth is known for nine tenths: neither peak nor lowest hour may come from there
    assert told.peak is not None
    assert told.peak.kw == pytest.approx(16.0)
    assert told.base_kw == pytest.approx(16.0)


def test_a_register_counts_through_an_outage_and_is_not_believed_when_it_falls(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    before = world.at(YESTERDAY)

    def there(at: int) -> bool:
        return not begin + 3 * HOUR <= at < begin + 9 * HOUR

    for start in (before, begin):
        world.tell("A/power", start, start + DAY, lambda at: 10.0 if there(at) else None)
        world.tell("A/energy", start, start + DAY, lambda at: 1000 + 10 * (at - before) / HOUR if there(at) else None)
    world.roll(end + HOUR)
    told = world.report("day", TODAY, end + HOUR, "A").energy
    assert told.kwh == pytest.approx(240.0, abs=2.0)  # the feed was silent for six hours, the meter was not
    assert told.coverage.time == pytest.approx(1.0)
    assert (told.groups, told.registers) == (1, 1)
    assert told.course.kwh.sum() == pytest.approx(10 * (18 + 5 / 60), rel=1e-3)
    assert (told.course.known[4:8] == 0).all()
    assert told.days[0].known == pytest.approx((18 + 5 / 60) / 24, rel=1e-3)
    # a reset at noon: the difference says nothing any longer
    world.tell("A/energy", begin + 12 * HOUR, end, lambda at: 10 * (at - begin) / HOUR - 120)
    world.roll(end + HOUR)
    told = world.report("day", TODAY, end + HOUR, "A").energy
    assert told.registers == 0
    assert told.kwh == pytest.approx(10 * (18 + 5 / 60), rel=1e-3)
    assert told.coverage.time == pytest.approx((18 + 5 / 60) / 24, rel=1e-3)
    assert "register-fell" in codes(world.report("day", TODAY, end + HOUR, "A"))


def test_a_register_alone_is_enough_until_it_falls(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/energy", begin, end, lambda at: 500 + (at - begin) / HOUR)
    world.roll(end + HOUR)
    told = world.report("day", TODAY, end + HOUR, "A").energy
    assert told.kwh == pytest.approx(24.0, abs=0.2)
    assert (told.coverage.have, told.coverage.of, told.registers) == (1, 1, 1)
    world.tell("A/energy", begin + 12 * HOUR, end, lambda at: (at - begin) / HOUR)
    world.roll(end + HOUR)
    report = world.report("day", TODAY, end + HOUR, "A")
    assert report.energy.kwh is None
    assert {"no-energy", "register-fell"} <= set(codes(report))


def test_a_register_that_was_exchanged_for_one_that_stands_higher_is_not_believed(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/power", begin, end, 10.0)
    world.tell("A/energy", begin, end, lambda at: (at - begin) / HOUR * 10 + 5e6 * (at > begin + 9 * HOUR))
    world.roll(end + HOUR)
    told = world.report("day", TODAY, end + HOUR, "A")
    assert told.energy.kwh == pytest.approx(240.0)
    assert "register-fell" in codes(told)


def test_other_periods_are_compared_by_mean_power_over_the_same_length(world: World) -> None:
    week = world.at(TODAY - timedelta(days=7))
    begin = world.at(TODAY)
    world.tell("A/power", week, week + DAY, 8.0)
    world.tell("A/power", begin - DAY, begin, lambda at: 20.0 if at >= begin - 9 * HOUR else None)
    world.tell("A/power", begin, begin + 14 * HOUR, 12.0)
    now = begin + 14 * HOUR + 5 * MINUTE
    world.roll(now)
    report = world.report("day", TODAY, now, "A")
    assert not report.complete
    assert report.until == now
    before, last_week, last_year = report.energy.compared
    assert (before.which, before.percent, before.why) == ("before", None, "no-data")  # silent until 15:00 of that day
    assert last_week.until == week + 14 * HOUR + 5 * MINUTE
    assert last_week.percent == pytest.approx(50.0, abs=0.5)
    assert (last_year.kwh, last_year.percent, last_year.why) == (None, None, "no-data")
    assert {"compare-before.no-data", "compare-year-before.no-data"} <= set(codes(report))
    later = world.report("day", TODAY, begin + DAY, "A").energy.compared[0]
    assert (later.percent, later.why) == (None, "sparse")  # nine of 24 hours


def test_days_of_23_and_25_hours_are_whole(folder: Path) -> None:
    world = World(folder, BERLIN)
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        begin = world.at(day)
        world.tell("A/power", begin - DAY, begin + hours * HOUR, 6.0)
        world.roll(begin + 3 * DAY)
        told = world.report("day", day, begin + 3 * DAY, "A").energy
        assert len(told.course.times) == hours
        assert told.kwh == pytest.approx(6.0 * hours)
        assert told.days[0].hours == hours
        assert told.compared[0].percent == pytest.approx(0.0, abs=1e-6)  # by mean power an hour more is no change
    month = world.report("month", date(2026, 10, 2), world.at(date(2026, 11, 9)), "A").energy
    assert [day.hours for day in month.days if day.hours != 24] == [25]
    assert [day.kwh for day in month.days if day.kwh] == [
        pytest.approx(144.0), pytest.approx(150.0), pytest.approx(0.5),
    ]  # fmt: skip  # the last value stands for a quarter of an hour


def test_a_week_has_its_days_and_the_median_of_their_lowest_hours(world: World) -> None:
    monday = date(2026, 11, 23)

    def course(begin: int, night: float) -> Value:
        return lambda at: night if at - begin < 5 * HOUR else 20.0

    for n in range(4):
        begin = world.at(monday + timedelta(days=n))
        world.tell("A/power", begin, begin + DAY, course(begin, 5.0 + n))
    now = world.at(monday + timedelta(days=4))
    world.roll(now)
    report = world.report("week", TODAY, now, "A")
    assert [day.kwh for day in report.energy.days] == [
        pytest.approx(5 * (5 + n) + 19 * 20) for n in range(4)
    ] + [None] * 3  # fmt: skip
    assert report.energy.base_kw == pytest.approx(6.5)
    assert report.energy.peak is not None
    assert (report.energy.peak.kw, report.energy.peak.width_s) == (pytest.approx(20.0), 3600.0)


def test_the_peak_of_a_day_is_a_quarter_of_an_hour_while_its_readings_are_there(world: World) -> None:
    begin = world.at(TODAY)
    world.tell(
        "A/power",
        begin,
        begin + DAY,
        lambda at: 90.0 if at == begin + 10 * HOUR + 30 * MINUTE else 10.0,
        step=5 * MINUTE,
    )
    world.roll(begin + 2 * DAY)
    peak = world.report("day", TODAY, begin + 2 * DAY, "A").energy.peak
    assert peak is not None
    assert (peak.at, peak.width_s) == (begin + 10 * HOUR + 30 * MINUTE, 900.0)
    assert peak.kw == pytest.approx((90 + 2 * 10) / 3)


def test_fewer_than_five_persons_are_not_told(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/1/1/people.fused", begin, end, lambda at: 4.0 if at < begin + 20 * HOUR else 3.0)
    world.tell("A/1/1/people", begin, end, 50.0)  # replaced by the estimate
    world.roll(end + HOUR)
    (people,) = [s for s in world.report("day", TODAY, end + HOUR, "A").services if s.key == "people"]
    assert (people.mean, people.high, people.at, people.small) == (None, None, None, True)
    world.tell("B/1/1/people", begin, end, 40.0)
    world.roll(end + HOUR)
    (people,) = [s for s in world.report("day", TODAY, end + HOUR).services if s.key == "people"]
    assert (people.high, people.small) == (pytest.approx(44.0), False)


def test_water_network_and_comfort(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/water", begin, end, 0.5)
    world.tell("in", begin, end, lambda at: 80.0 if at < begin + HOUR else 8.0)
    world.tell("A/1/1/co2", begin, end, lambda at: 1500.0 if at < begin + 3 * HOUR else 600.0)
    world.tell("A/1/2/co2", begin, end, 600.0)
    world.roll(end + HOUR)
    report = world.report("day", TODAY, end + HOUR, ways=Ways(("in",), ("out",)))
    by_key = {service.key: service for service in report.services}
    assert by_key["water"].amount == pytest.approx(12.0)
    assert by_key["traffic-in"].amount == pytest.approx((80 + 23 * 8) * 3600 / 8 / 1e6)
    assert (by_key["traffic-in"].high, by_key["traffic-in"].at) == (pytest.approx(80.0), begin)
    assert (by_key["traffic-out"].mean, by_key["traffic-out"].coverage.have) == (None, 0)
    temperature, co2 = report.comfort
    assert (co2.out, co2.hours, co2.rooms_out) == (3, 48, 1)
    assert (co2.coverage.have, co2.coverage.of) == (2, 2)
    assert (temperature.hours, temperature.coverage.have) == (0, 0)


def test_what_happened_with_its_length_and_what_stood_before(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/power", begin, end, 1.0)
    detail = json.dumps({"check": "energy", "severity": "warning", "entity": "A", "zh": "多用", "en": "More"})
    flat = json.dumps({"check": "flat", "severity": "warning", "entity": "B/1/1", "zh": "不变", "en": "Flat"})
    world.happen([
        (begin - 5 * HOUR, "source", "mqtt", "down", "{}"), (begin + 2 * HOUR, "source", "mqtt", "live", "{}"),
        (begin + 3 * HOUR, "source", "snmp", "silent", "{}"),
        (begin + 3 * HOUR + 30_000, "source", "snmp", "live", "{}"),
        (begin + 20 * HOUR, "source", "snmp", "down", "{}"),
        (begin - 3 * HOUR, "finding", "gone", "open", flat), (begin - HOUR, "finding", "gone", "ended", "{}"),
        (begin - 3 * HOUR, "finding", "old", "open", flat), (begin + HOUR, "finding", "more", "open", detail),
        (begin + 4 * HOUR, "finding", "more", "ended", "{}"),
        (begin + 6 * HOUR, "configuration", "campus.yaml", "applied", json.dumps({"message": "new sources x"})),
    ])  # fmt: skip
    world.roll(end + HOUR)
    past = world.report("day", TODAY, end + HOUR).happened
    assert [(o.source, o.state, o.lasts, o.began_before, o.until) for o in past.outages] == [
        ("snmp", "down", 4 * 3600.0, False, None), ("mqtt", "down", 2 * 3600.0, True, begin + 2 * HOUR),
    ]  # fmt: skip
    assert [(f.id, f.until) for f in past.findings] == [("more", begin + 4 * HOUR), ("old", None)]
    assert [(c.kind, c.state, c.message) for c in past.changes] == [("configuration", "applied", "new sources x")]
    of_a = world.report("day", TODAY, end + HOUR, "A").happened
    assert [f.id for f in of_a.findings] == ["more"]
    assert len(of_a.outages) == 2


def test_the_quality_of_the_data_names_what_is_known_least(world: World) -> None:
    begin, end = world.at(TODAY), world.at(TODAY) + DAY
    world.tell("A/power", begin, end, 1.0)
    world.tell("B/1/1/power", begin, begin + 12 * HOUR, 1.0)
    world.roll(end + HOUR)
    report = world.report("day", TODAY, end + HOUR)
    (power,) = [row for row in report.trust.quantities if row.quantity == "power"]
    assert (power.coverage.have, power.coverage.of) == (2, 4)
    assert power.coverage.share == pytest.approx((24 + 12 + 5 / 60) / 96, rel=1e-3)
    assert [(row.id, row.known) for row in report.trust.worst] == [("B/1/1/power", pytest.approx(0.503, abs=0.002))]
    assert report.trust.silent == len(world.live.points) - 2
    assert report.trust.places[0].id == "A"
    assert report.origin == "simulated"
    assert {"silent-meters", "no-tariff", "co2-default", "no-model", "silent-points"} <= set(codes(report))


def test_what_was_measured_is_not_called_simulated(world: World) -> None:
    begin = world.at(TODAY)
    world.tell("A/power", begin, begin + DAY, 1.0, flags=0)
    world.roll(begin + 2 * DAY)
    assert world.report("day", TODAY, begin + 2 * DAY).origin == "measured"


def test_nothing_kept_is_a_report_that_says_so(world: World) -> None:
    now = world.at(TODAY) + 2 * DAY
    report = world.report("month", TODAY, now)
    assert report.empty
    assert (report.oldest, report.energy.kwh, report.energy.peak, report.origin) == (None, None, None, "none")
    assert "no-energy" in codes(report)
    world.tell("A/power", world.at(TODAY), world.at(TODAY) + DAY, 1.0)
    world.roll(now)
    before = world.report("month", date(2026, 9, 1), now)
    assert before.empty
    assert before.oldest == world.at(TODAY)
    json.dumps(plain(before))
    json.dumps(plain(world.report("day", TODAY, now)), allow_nan=False)


def test_what_is_to_come_and_what_is_nowhere_is_refused(world: World) -> None:
    with pytest.raises(PeriodError, match="lies in the future: a report is of a week that has begun"):
        world.report("week", date(2026, 12, 9), world.at(TODAY))
    for entity in ("Z", "A/1", "A/1/1"):
        with pytest.raises(KeyError):
            world.report("day", TODAY, world.at(TODAY) + DAY, entity)
    assert not issubclass(PeriodError, HistoryError)


def test_what_a_model_expects_is_told_for_its_hours(world: World) -> None:
    begin = world.at(TODAY)
    world.tell("A/power", begin, begin + DAY, 1.0)
    world.roll(begin + 2 * DAY)

    def expected(times: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        value = np.where(times * 1000 >= begin + 12 * HOUR, 3.0, np.nan)
        return value, value - 1, value + 1, "indicative"

    told = world.report("day", TODAY, begin + 2 * DAY, "A", expected=expected)
    assert np.isnan(told.energy.course.expected[:12]).all()
    assert told.energy.course.expected[12:].tolist() == [3.0] * 12
    assert told.energy.course.model == "indicative"
    assert "part-model" in codes(told)
    assert told.energy.days[0].expected is None
