"""The models of a campus from its history: when they are made, kept, refused, and what they say."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.forecast.kept import F64, keep
from tests.twin.forecast.made import office
from twin.forecast import keeper as keeping
from twin.forecast.clock import local_time
from twin.forecast.exclusions import Mark
from twin.forecast.keeper import AGAIN_S, OLD_S, Keeper, Surroundings
from twin.forecast.outlook import AHEAD_D, RECENT_D, Outlook
from twin.forecast.shelf import VERSION, Shelf
from twin.forecast.subjects import Subject
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.store import SqlStore
from twin.quality.finding import Finding

DAYS, HOUR, DAY = 120, 3600.0, 86_400.0
ZONE = ZoneInfo("Asia/Shanghai")
OFFICE, COOLED = office(DAYS, 1), office(DAYS, 1, warm=1.0)
TIMES = OFFICE.times - 8 * HOUR  # its days are days of Shanghai
END = float(TIMES[-1]) + HOUR
NOW = END + 90.0
FAULT = slice(-40, -16)
A, B = Subject("A", "building", ("a",)), Subject("B/1", "building", ("b", "b2"))
CAMPUS, NEW = Subject("c", "campus", (), ("A", "B/1")), Subject("new", "meter", ("new",))


def faulty() -> F64:
    values = OFFICE.values.copy()
    values[FAULT] += 20.0
    return values


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    opened = DuckDbStore(tmp_path_factory.mktemp("history"), ZONE)
    other = office(DAYS, 2).values
    young = np.where(np.arange(DAYS * 24) >= (DAYS - 2) * 24, 5.0, np.nan)
    power = {"a": faulty(), "b": other / 2, "b2": other / 2, "w": COOLED.values, "new": young,
             "same": np.full(len(TIMES), 7.0)}  # fmt: skip
    keep(opened, TIMES, power)
    keep(opened, TIMES, {"out": OFFICE.temperature}, quantity="temperature")
    yield opened
    opened.close()


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    return Keeper(ZONE, Shelf(tmp_path / "models"))


def local(at: float) -> str:
    return datetime.fromtimestamp(at, ZONE).strftime("%d %H:%M")


def test_a_load_left_on_for_a_day_is_found_with_its_kilowatt_hours(store: SqlStore, keeper: Keeper) -> None:
    around = Surroundings(NOW, tariff=0.5)
    keeper.follow([A, B, CAMPUS])
    for subject in keeper.due(NOW):
        assert keeper.train(store, subject, around).refusal is None
    keeper.forget_readings()
    found = {subject.id: keeper.look(store, subject, around) for subject in (A, B, CAMPUS)}
    assert found["B/1"] is not None
    assert found["B/1"].anomalies == ()
    for entity in ("A", "c"):
        outlook = found[entity]
        assert outlook is not None
        (anomaly,) = outlook.anomalies
        assert anomaly.begins == pytest.approx(TIMES[FAULT][0], abs=2 * HOUR)
        assert anomaly.ends == pytest.approx(TIMES[FAULT][-1] + HOUR, abs=2 * HOUR)
        assert anomaly.energy == pytest.approx(24 * 20.0, rel=0.15)
        assert anomaly.cost == pytest.approx(0.5 * anomaly.energy)
        assert anomaly.causes[0].name == "base-load"


def test_today_and_tomorrow_are_local_days_and_their_band_holds_what_came(store: SqlStore, keeper: Keeper) -> None:
    around = Surroundings(NOW)
    keeper.follow([B])
    keeper.train(store, B, around)
    outlook = keeper.look(store, B, around)
    assert outlook is not None
    assert outlook.near is not None
    assert [local(at) for at in outlook.near.times[[0, -1]]] == ["05 00:00", "06 23:00"]
    other = office(DAYS + 2, 2).values[-48:]
    inside = (other >= outlook.near.band.low) & (other <= outlook.near.band.high)
    assert inside[:24].mean() > 0.7
    hour = outlook.near.at(NOW)
    assert hour is not None
    assert hour[1] < hour[0] < hour[2]
    assert outlook.near.at(NOW + 2 * DAY) is outlook.near.at(NOW - 2 * DAY) is None
    assert outlook.reach[0] == pytest.approx(NOW - RECENT_D * DAY, abs=HOUR)
    assert outlook.reach[1] == NOW + AHEAD_D * DAY


def test_all_are_trained_once_a_night_and_at_once_what_is_missing_or_a_week_old(
    store: SqlStore, keeper: Keeper
) -> None:  # fmt: skip
    two = datetime(2026, 5, 5, 2, 0, tzinfo=ZONE).timestamp()
    noon = two + 10 * HOUR
    assert (keeper.night(two - 1), keeper.night(two), keeper.next_night(noon)) == (two - DAY, two, two + DAY)
    keeper.follow([A, NEW])
    assert keeper.due(noon) == [A, NEW]
    trained = keeper.train(store, A, Surroundings(noon))
    refused = keeper.train(store, NEW, Surroundings(noon))
    assert refused.refusal is not None
    assert keeper.due(noon + 60) == keeper.due(two + DAY - 1) == []
    assert keeper.due(two + DAY) == [A, NEW], "the next night"
    keeper.trained = {"A": replace(trained, at=two + DAY), "new": replace(refused, at=two + DAY)}
    assert keeper.due(two + DAY + HOUR) == []
    keeper.trained = {"A": replace(trained, at=noon), "new": replace(refused, at=noon)}
    assert keeper.due(noon + AGAIN_S + 1) == [NEW], "a refused one is tried again after a day, nights apart"
    assert keeper.due(noon + OLD_S + 1) == [A, NEW]


def test_a_refusal_says_what_is_missing_and_is_kept(store: SqlStore, keeper: Keeper) -> None:
    silent, same = Subject("s", "meter", ("never",)), Subject("same", "meter", ("same",))
    keeper.follow([NEW, silent, same])
    refusals = {subject.id: keeper.train(store, subject, Surroundings(NOW)).refusal for subject in (NEW, silent, same)}
    assert {entity: (r.reason, r.days) for entity, r in refusals.items() if r} == {
        "new": ("too-little", 2), "s": ("too-little", 0), "same": ("constant", DAYS),
    }  # fmt: skip
    again = Keeper(ZONE, keeper.shelf)
    again.follow([NEW, silent])
    assert again.trained["new"].refusal == refusals["new"]
    assert again.due(NOW + 60) == []
    assert again.look(store, NEW, Surroundings(NOW)) is None


def test_a_restart_keeps_models_and_other_points_make_another_one(store: SqlStore, keeper: Keeper) -> None:
    keeper.follow([A])
    first = keeper.train(store, A, Surroundings(NOW))
    again = Keeper(ZONE, keeper.shelf)
    again.follow([A])
    assert first.model is not None
    kept = again.trained["A"].model
    assert kept is not None
    assert kept.card == first.model.card
    assert again.due(NOW + 60) == []
    before = keeper.look(store, A, Surroundings(NOW))
    after = again.look(store, A, Surroundings(NOW))
    assert before is not None
    assert after is not None
    times = np.asarray(NOW + HOUR * np.arange(24), np.float64)
    np.testing.assert_allclose(after.band(times).value, before.band(times).value)
    moved = Subject("A", "building", ("b",))
    again.follow([moved])
    assert again.due(NOW + 60) == [moved]
    assert again.outlooks == {}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("{", "JSONDecodeError"), ('{"version": 0, "entity": "A"}', "version 0"), ("[]", "TypeError"),
        (f'{{"version": {VERSION}, "entity": "A"}}', "KeyError"), ("model", "of version 99"),
        ("both", "either a model"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_made_anew_and_said(
    damage: str, words: str, store: SqlStore, keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    keeper.follow([A])
    keeper.train(store, A, Surroundings(NOW))
    path = keeper.shelf.path("A")
    whole = json.loads(path.read_text("utf-8"))
    text = {
        "model": json.dumps({**whole, "model": {"version": 99}}), "both": json.dumps({**whole, "model": None}),
    }.get(damage, damage)  # fmt: skip
    path.write_text(text, "utf-8")
    again = Keeper(ZONE, keeper.shelf)
    again.follow([A])
    assert again.due(NOW + 60) == [A]
    assert words in caplog.text
    assert "made anew" in caplog.text
    again.train(store, A, Surroundings(NOW))
    assert keeper.shelf.get("A") is not None


def test_a_disk_that_refuses_is_said_and_the_model_serves(
    store: SqlStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("no folder")
    keeper = Keeper(ZONE, Shelf(tmp_path / "models"))
    keeper.follow([A])
    assert keeper.train(store, A, Surroundings(NOW)).model is not None
    assert keeper.look(store, A, Surroundings(NOW)) is not None
    assert "cannot be kept" in caplog.text


def test_a_fault_of_the_program_is_a_refusal_and_no_end(
    store: SqlStore, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(keeping, "train", broken)
    keeper.follow([A])
    with caplog.at_level(logging.ERROR):
        refusal = keeper.train(store, A, Surroundings(NOW)).refusal
    assert refusal is not None
    assert (refusal.reason, refusal.days) == ("failed", DAYS)
    assert "by nothing" in caplog.text


def test_temperature_is_used_where_it_is_known_and_stands_in_for_that_to_come(
    store: SqlStore, keeper: Keeper
) -> None:  # fmt: skip
    around = Surroundings(NOW, outdoor="out")
    warmed = Subject("W", "building", ("w",))
    keeper.follow([warmed, Subject("s", "meter", ("never",))])
    found = keeper.train(store, warmed, around)
    assert found.model is not None
    assert (found.outdoor, found.model.card.model) == ("out", "TOWT")
    outlook = keeper.look(store, warmed, around)
    assert outlook is not None
    assert outlook.near is not None
    assert np.isfinite(outlook.near.band.value).all()
    warm = outlook.warm(np.array([END - HOUR, END + 2 * DAY, END - 900 * DAY]))
    assert warm is not None
    np.testing.assert_allclose(warm[:2], OFFICE.temperature[[-1, -24]])
    assert np.isnan(warm[2])
    spoilt = {"out": (Mark(0, round(TIMES[DAYS * 3] * 1000), "flat"),)}
    assert keeper.train(store, warmed, replace(around, marks=spoilt)).outdoor == "", "an eighth is not known"
    assert keeper.train(store, keeper.subjects["s"], around).refusal is not None
    empty = Outlook(NOW, found.model, outlook.hours, np.full(len(outlook.hours.times), np.nan), None)
    told = empty.warm(np.array([NOW]))
    assert told is not None
    assert np.isnan(told).all()


def test_modes_come_from_the_calendar_and_only_for_models_that_know_it(store: SqlStore, keeper: Keeper) -> None:
    def calendar(day: int) -> str:
        return "holiday" if day % 10 == 0 else "term"

    around = Surroundings(NOW, calendar=calendar)
    keeper.follow([A])
    found = keeper.train(store, A, around)
    assert found.model is not None
    assert set(found.model.card.modes) == {"term", "holiday"}
    outlook = keeper.look(store, A, around)
    assert outlook is not None
    modes = outlook.recent.modes
    assert modes is not None
    days = local_time(outlook.recent.times, ZONE, HOUR).day.tolist()
    assert list(modes) == [calendar(day) for day in days]
    keeper.train(store, A, Surroundings(NOW))
    plain = keeper.look(store, A, around)
    assert plain is not None
    assert plain.recent.modes is None


def test_hours_that_a_check_doubts_are_no_part_of_training_nor_of_anomalies(store: SqlStore, keeper: Keeper) -> None:
    marks = {"a": (Mark(round(TIMES[FAULT][0] * 1000), round((TIMES[FAULT][-1] + HOUR) * 1000), "unit"),)}
    keeper.follow([A])
    found = keeper.train(store, A, Surroundings(NOW, marks))
    assert found.model is not None
    assert found.model.card.excluded == {"unit": 24}
    outlook = keeper.look(store, A, Surroundings(NOW, marks))
    assert outlook is not None
    assert outlook.anomalies == ()


def test_a_fault_of_the_meter_is_the_first_suspect_but_not_of_a_sum_of_many(store: SqlStore, keeper: Keeper) -> None:
    fault = Finding("twins-1", "twins", "error", ("a",), 1, ("A",), "s", TIMES[FAULT][0], NOW)
    around = Surroundings(NOW, findings=[fault])
    keeper.follow([A])
    keeper.train(store, A, around)
    outlook = keeper.look(store, A, around)
    assert outlook is not None
    assert outlook.anomalies[0].causes[0].name == "meter-fault"
    many = Subject("A", "building", ("a", "n1", "n2", "n3"))
    keeper.follow([many])
    keeper.train(store, many, around)
    outlook = keeper.look(store, many, around)
    assert outlook is not None
    assert outlook.anomalies[0].causes[0].name == "base-load"


def test_of_a_model_whose_readings_have_all_gone_the_long_term_is_left(store: SqlStore, keeper: Keeper) -> None:
    keeper.follow([A])
    keeper.train(store, A, Surroundings(NOW))
    late = Surroundings(NOW, {"a": (Mark(0, round(NOW * 1000), "flat"),)})
    outlook = keeper.look(store, A, late)
    assert outlook is not None
    assert outlook.anomalies == ()
    assert outlook.near is not None
    assert np.isfinite(outlook.near.band.value).all()
    keeper.train(store, A, Surroundings(NOW, outdoor="out"))
    young = Keeper(ZONE, keeper.shelf)
    young.follow([A])
    nothing = young.look(store, A, Surroundings(NOW + 900 * DAY))
    assert nothing is not None
    assert nothing.near is not None
    assert len(nothing.hours.times) == 0
    assert np.isnan(nothing.near.band.value).all(), "of no day a temperature is known"
    assert nothing.reach[0] == NOW + 900 * DAY - RECENT_D * DAY
