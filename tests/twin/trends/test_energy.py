"""Sums of many points, flows of energy, rankings, and what a course is divided by."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.forecast.kept import keep
from tests.twin.history.test_totals import LIVE
from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.contract import KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.steps import SeriesError, edges
from twin.trends.course import Course, empty, of_point
from twin.trends.flows import flows, parts_of, rooms_of
from twin.trends.lines import Asked, chart
from twin.trends.normalise import Around, degree_days, divided
from twin.trends.pointsums import PointSums, point_sums
from twin.trends.ranking import Candidate, compared_with, rank
from twin.trends.refusal import RefusedError
from twin.trends.subject import read_subjects

ZONE = ZoneInfo("Asia/Shanghai")
T0 = 1_795_708_800_000
"""2026-11-27 00:00 in Shanghai."""
DAYS = 10
HOURS = (T0 / 1000 - DAYS * 86_400 + 3600.0 * np.arange(24 * DAYS)).astype(np.float64)
ROOMS = ["1/1/1.power", "1/1/2.power", "2/1/1.power"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDbStore]:
    """Ten days until T0: building 1 has a meter with 10 kW, rooms have 1, 2 and 4 kW, the last one for two days only;
    it is 8 °C outside by day and 0 by night; people come by day."""
    opened = DuckDbStore(tmp_path_factory.mktemp("energy"), ZONE)
    day = (np.arange(len(HOURS)) % 24 >= 8) & (np.arange(len(HOURS)) % 24 < 20)
    power = {name: np.full(len(HOURS), float(2**n)) for n, name in enumerate(ROOMS)}
    power["2/1/1.power"][48:] = np.nan
    power["meter"] = np.full(len(HOURS), 10.0)
    keep(opened, HOURS, power)
    keep(
        opened,
        HOURS,
        {"out": np.where(day, 8.0, 0.0), "1/1/1.temperature": np.full(len(HOURS), 21.0)},
        quantity="temperature",
    )
    keep(
        opened,
        HOURS,
        {"1/1/1.guess": np.where(day, 4.0, 0.0), "1/1/2.door": np.where(day, 6.0, 0.0)},
        quantity="people",
    )
    yield opened
    opened.close()


def test_sums_of_points_are_what_their_hours_come_to(store: DuckDbStore) -> None:
    for start, end in (
        (T0 - DAYS * DAY_MS, T0),
        (T0 - 9 * DAY_MS + 5 * HOUR_MS, T0 - 7 * HOUR_MS),
        (T0 - 2 * DAY_MS, T0),
    ):
        found = point_sums(store, [*ROOMS, "never"], start, end + 1000)
        hours = (end - start) / HOUR_MS
        assert (found.start, found.end) == (start, end)
        assert found.integral[:2] == pytest.approx([hours, 2 * hours])
        assert found.share[:2] == pytest.approx([1.0, 1.0])
        known = max(0, (T0 - 8 * DAY_MS - start) / HOUR_MS)
        assert found.integral[2:].tolist() == pytest.approx([4 * known, 0.0])
        assert found.share[2:].tolist() == pytest.approx([known / hours, 0.0])
    assert point_sums(store, ROOMS, T0, T0 + HOUR_MS).end == T0, "nothing is rolled up of it"


def course(value: float, hours: int = 10, coverage: float = 1.0) -> Course:
    found = empty(np.arange(hours + 1, dtype=np.int64) * HOUR_MS)
    found.value[:], found.coverage[:], found.known[:] = value, coverage, value * coverage
    return found


def test_flows_add_up_and_what_is_not_metered_is_one() -> None:
    rooms = [("1", "office"), ("1", "office"), ("1", "laboratory"), ("2", "office")]
    sums = PointSums(np.array([10.0, 20.0, 30.0, 70.0]), np.array([1.0, 0.5, 1.0, 1.0]), 0, 1)
    found = flows(course(20.0), [("1", course(10.0)), ("2", course(5.0, coverage=0.8))], rooms, sums, 10 * DAY_MS)
    one, two = found.parts
    assert (found.kwh, found.rest) == (200.0, 200.0 - 100.0 - 40.0)
    assert [(use.category, use.kwh, use.rooms, use.coverage) for use in one.uses] == [
        ("office", 30.0, 2, 0.75), ("laboratory", 30.0, 1, 1.0),
    ]  # fmt: skip
    assert (one.kwh, one.rest, one.over) == (100.0, 40.0, 0.0)
    assert (two.kwh, two.rest, two.over, two.coverage) == (40.0, 0.0, 30.0, 0.8), "sub-meters contradict their meter"
    many = [(str(n), course(float(n))) for n in range(1, 15)]
    told = flows(course(105.0), many, [], PointSums(np.zeros(0), np.zeros(0), 0, 0), 10 * DAY_MS)
    assert [part.ids for part in told.parts[:2]] == [("14",), ("13",)]
    assert len(told.parts) == 11
    assert sum(part.kwh or 0 for part in told.parts) == pytest.approx(1050.0)
    nothing = flows(course(np.nan), [("1", course(np.nan))], [], PointSums(np.zeros(0), np.zeros(0), 0, 0), 10 * DAY_MS)
    assert (nothing.kwh, nothing.parts[0].kwh) == (None, None)


def test_parts_and_rooms_are_those_of_the_tree() -> None:
    assert parts_of(LIVE, "c") == ["1", "2"]
    assert parts_of(LIVE, "1") == ["1/1", "1/2"]
    assert set(rooms_of(LIVE, ["1/1"])) == {"1/1/1.power", "1/1/2.power"}
    assert rooms_of(LIVE, ["1", "2"])["2/2/1.power"] == "2"
    assert "meter" not in rooms_of(LIVE, ["c"])


ROWS = [
    Candidate("a", 100.0, 50.0, 1.0, expected=80.0, compared=100.0), Candidate("b", 200.0, 400.0, 0.9),
    Candidate("c", 900.0, 10.0, 0.2, expected=50.0, compared=40.0), Candidate("d", None, 10.0, 0.0),
    Candidate("e", 50.0, None, 1.0, expected=0.0, compared=1.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "lowest", "order", "out"),
    [
        ("energy", False, "bae", 2), ("energy", True, "eab", 2), ("intensity", False, "ab", 3),
        ("coverage", True, "dcbae", 0), ("deviation", False, "ac", 3), ("deviation", True, "ca", 3),
    ],
)  # fmt: skip
def test_rankings_leave_out_what_is_hardly_known(by: str, lowest: bool, order: str, out: int) -> None:
    found = rank(ROWS, by, 10, lowest=lowest)  # type: ignore[arg-type]
    assert "".join(row.id for row, _ in found.rows) == order
    assert (found.of, found.left_out) == (len(order), out)
    assert [row for row, _ in rank(ROWS, by, 1, lowest=lowest).rows] == [row for row, _ in found.rows][:1]  # type: ignore[arg-type]


def test_deviation_is_of_hours_that_both_tell() -> None:
    assert rank(ROWS, "deviation", 1).rows[0][1] == pytest.approx(25.0)
    both = compared_with(np.array([1.0, np.nan, 5.0]), np.array([2.0, 9.0, 4.0]))
    assert both == (6.0, 6.0)
    assert compared_with(np.array([np.nan]), np.array([1.0])) is None


def test_by_area_people_and_degree_days(store: DuckDbStore) -> None:
    (subject,) = read_subjects(["1:power"], LIVE, store.known_facts())
    begin, now = T0 - 4 * DAY_MS, T0
    asked = Asked([subject], begin, T0, now, "hour")
    (line,) = chart(store, LIVE, asked, lambda _: Around(None, "")).lines
    area = divided("area", subject, line.raw, Around(200.0, ""), store, LIVE, "hour", now)
    assert (area.unit, area.total_unit) == ("W/m²", "kWh/m²")
    assert area.course.value[0] == pytest.approx(50.0)
    assert area.total == pytest.approx(10.0 * 96 / 200)
    people = divided("people", subject, line.raw, Around(None, ""), store, LIVE, "hour", now)
    assert np.isnan(people.course.value[0]), "nobody is there at night"
    assert people.course.value[9] == pytest.approx(1000.0, rel=0.01)
    assert people.total == pytest.approx(960.0 / 5.0, rel=0.05), "five on average, ten by day"
    days = edges(store.calendar, "day", begin, T0)
    assert degree_days("heating", "out", store, days, now) == pytest.approx(np.full(4, 14.0))
    heated = chart(store, LIVE, Asked([subject], begin, T0, now, normalise="heating"), lambda _: Around(None, "out"))
    assert heated.step == "day"
    assert heated.lines[0].course.value == pytest.approx(np.full(4, 240.0 / 14.0))
    assert heated.lines[0].by == pytest.approx(240.0 / 14.0)
    assert heated.lines[0].total.energy == pytest.approx(960.0), "what was used stands beside it"


@pytest.mark.parametrize(
    ("what", "how", "around", "step", "code"),
    [
        ("1:power", "area", Around(None, ""), "hour", "no-area"),
        ("2:power", "people", Around(None, ""), "hour", "no-people"),
        ("1:temperature", "heating", Around(None, "out"), "day", "only-power"),
        ("1:power", "heating", Around(None, "out"), "hour", "only-days"),
        ("1:power", "heating", Around(None, ""), "day", "no-outdoor"),
        ("1:power", "heating", Around(None, "never"), "day", "unknown-outdoor"),
        ("1:power", "cooling", Around(None, "out"), "day", "mild"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_the_reason(
    store: DuckDbStore, what: str, how: str, around: Around, step: str, code: str
) -> None:
    subjects = read_subjects([what], LIVE, store.known_facts())
    asked = Asked(subjects, T0 - 3 * DAY_MS, T0, T0, step, normalise=how)  # type: ignore[arg-type]
    with pytest.raises(RefusedError) as refused:
        chart(store, LIVE, asked, lambda _: around)
    assert refused.value.code == code


def test_subjects_are_read_and_what_is_none_is_told(store: DuckDbStore) -> None:
    found = read_subjects(
        ["1:power", "point:meter", "1:power", "point:out"],
        LIVE,
        {**store.known_facts(), "x": KeptPoint("x", "power", 1)},
    )
    assert [(each.entity, each.quantity, each.point) for each in found] == [
        ("1", "power", ""), ("1", "power", "meter"), ("", "temperature", "out"),
    ]  # fmt: skip
    assert [each.unit for each in found] == ["kW", "kW", "°C"]
    for what, words in (
        ([], "say what"),
        (["1"], "no trend"),
        (["1:magic"], "no trend"),
        ([f"{n}:power" for n in range(9)], "at most 8"),
    ):
        with pytest.raises(SeriesError, match=words):
            read_subjects(what, LIVE, {})
    for each, words in (("nowhere:power", "no place"), ("point:nothing", "never was")):
        with pytest.raises(LookupError, match=words):
            read_subjects([each], LIVE, {})


def test_a_chart_compares_and_falls_back_to_hours(store: DuckDbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    subjects = read_subjects(["1:power", "point:meter"], LIVE, store.known_facts())
    found = chart(store, LIVE, Asked(subjects, T0 - 2 * DAY_MS, T0, T0, "hour", "previous"), lambda _: Around(None, ""))
    assert [line.period for line in found.lines] == [0, 0, 1, 1]
    assert found.other is not None
    assert found.others.tolist() == found.places.tolist()
    assert found.differences["1:power"] is not None
    with pytest.raises(SeriesError, match="too many for one chart"):
        chart(store, LIVE, Asked(subjects, T0 - 9 * DAY_MS, T0, T0, 60_000), lambda _: Around(None, ""))
    monkeypatch.setattr("twin.trends.rolled.MOST_READINGS", -1)
    coarse = chart(store, LIVE, Asked(subjects[:1], T0 - DAY_MS, T0, T0), lambda _: Around(None, ""))
    assert (coarse.step, coarse.coarser) == ("hour", "many")
    with pytest.raises(SeriesError, match="are made from readings"):
        chart(store, LIVE, Asked(subjects[:1], T0 - DAY_MS, T0, T0, 300_000), lambda _: Around(None, ""))
    assert np.isfinite(of_point(store, "meter", "day", edges(store.calendar, "day", T0 - DAY_MS, T0), T0).value).all()
