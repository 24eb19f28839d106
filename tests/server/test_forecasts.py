"""Forecasts in a served campus: trained beside the live path, kept, asked for, shown, told where it is otherwise."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pages._parts import details
from pages._parts.context import Context
from server import forecasts as forecasting
from server.runtime import Runtime, runtime_of
from tests.server.push.pushing import until
from tests.server.serving import Served, serve_runtime, small_campus
from tests.twin.forecast.kept import keep
from tests.twin.forecast.made import office
from twin.config_history import HistoryEntry
from twin.config_kpis import Kpis, Tariff
from twin.forecast import keeper as keeping
from twin.forecast import meter_model
from twin.forecast.shelf import Shelf
from twin.history import recorder as recording
from twin.history.duckdb_parquet import DuckDbStore
from twin.point import Point
from twin.reading import RawReading
from twin.space import Equipment
from twin.topology import Edge

DAYS, HOUR = 365, 3600.0
ZONE = ZoneInfo("Asia/Shanghai")
TIMES = office(DAYS).times - 8 * HOUR
NOW = float(TIMES[-1]) + HOUR + 90.0
OVER, LASTS, SIZE = slice(-100, -76), slice(-30, None), 20.0
"""A load of 20 kW was left on in house 1 for 24 h, and is on in house 2 since 30 h."""
BUSY_S = 0.4


def filled(folder: Path, days: int = DAYS) -> Path:
    """A history of so many days, closed."""
    store = DuckDbStore(folder / "history", ZONE)
    one, two = office(DAYS, 1).values, office(DAYS, 2).values
    one[OVER] += SIZE
    two[LASTS] += SIZE
    last = slice(-24 * days, None)
    keep(store, TIMES[last], {"1/power": one[last], "2/power": two[last]})
    store.close()
    return folder


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("year"))


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LOOK_S", 0.05)
    monkeypatch.setattr(forecasting, "LOOK_S", 0.05)
    monkeypatch.setattr(forecasting, "REST_S", 0.0)


def campus_runtime(base: Path, cache: Path) -> Runtime:
    assembled = small_campus()
    assembled.campus.timezone = "Asia/Shanghai"
    assembled.points += [
        Point(f"{house}/power", house, "power", "kW", source="feed", address=house, stale_s=HOUR) for house in "12"
    ]
    runtime = runtime_of(assembled, [], cache, clock=lambda: NOW)
    tariff = Tariff(per_kwh=0.5, source="s", date="2026")
    runtime.config = SimpleNamespace(templates={}, devices=[], file=SimpleNamespace(kpis=Kpis(tariff=tariff)))  # type: ignore[assignment]
    runtime.keep_history(HistoryEntry(), base)
    return runtime


@contextmanager
def serving(base: Path, cache: Path) -> Iterator[Served]:
    with serve_runtime(campus_runtime(base, cache)) as served:
        yield served


def ready(served: Served, models: int = 3) -> None:
    forecasts = served.runtime.forecasts
    assert forecasts is not None
    until(lambda: len(forecasts.keeper.outlooks) == models and bool(forecasts.looked), 60)


@pytest.fixture(scope="module")
def campus(year: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(year / "history", base / "history")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecasting, "LOOK_S", 0.05)
        patch.setattr(recording, "LOOK_S", 0.05)
        with serving(base, base / "cache") as served:
            ready(served)
            served.readings([RawReading("1", 52.3, NOW - 5), RawReading("2", 61.0, NOW - 5)])
            yield served


def asked(served: Served, path: str, status: int = 200, **query: object) -> Any:
    answer = served.http.get(f"/api/v1/{path}", params={key: str(value) for key, value in query.items()})
    assert answer.status_code == status, answer.text
    return answer.json()


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def test_every_model_says_how_far_it_is_to_be_trusted(campus: Served) -> None:
    rows = {row["entity"]: row for row in asked(campus, "models")["items"]}
    assert list(rows) == ["1", "2", "demo"]
    assert {row["quality"] for row in rows.values()} == {"calibrated"}
    assert "CV(RMSE)" in rows["1"]["reason"]["en"]
    assert (rows["1"]["kind"], rows["1"]["points"], rows["demo"]["points"]) == ("building", 1, 2)
    assert rows["1"]["coverage"] == 1.0
    assert rows["1"]["names"]["en"] == "House 1"
    assert datetime.fromisoformat(rows["1"]["next_training"]).astimezone(ZONE).hour == 2
    card = asked(campus, "models/1")
    assert card["card"]["model"] == "TOW"
    assert card["card"]["n"] == DAYS * 24
    assert (card["message"], card["simulated"], card["outdoor"]) == ("", False, "")


def test_today_and_tomorrow_are_forecast_hour_by_hour(campus: Served) -> None:
    found = asked(campus, "forecast", entity="1")
    assert (found["origin"], found["unit"], found["quality"]) == ("forecast", "kW", "calibrated")
    assert len(found["times"]) == len(found["expected"]) == 48
    assert datetime.fromisoformat(found["times"][0]).astimezone(ZONE).hour == 0
    bands = zip(found["low"], found["expected"], found["high"], strict=True)
    assert all(low < value < high for low, value, high in bands)
    campus_wide = asked(campus, "forecast")
    assert campus_wide["entity"] == "demo"
    both = np.array(found["expected"]) + np.array(asked(campus, "forecast", entity="2")["expected"])
    np.testing.assert_allclose(campus_wide["expected"], both, rtol=0.1)


def test_a_window_is_what_was_asked_for(campus: Served) -> None:
    begin = TIMES[-48]
    found = asked(campus, "forecast", 200, **{"entity": "1", "from": iso(begin + 60), "to": iso(begin + 5 * HOUR)})
    assert [datetime.fromisoformat(at).timestamp() for at in found["times"]] == (
        begin + HOUR * np.arange(1, 5)
    ).tolist()  # fmt: skip
    np.testing.assert_allclose(found["expected"], office(DAYS, 1).values[-47:-43], rtol=0.25)
    ahead = asked(campus, "forecast", entity="1", to=iso(NOW + 7 * 86_400))
    assert None not in ahead["expected"]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"entity": "nowhere"}, 404, "there is no 'nowhere'"),
        ({"entity": "1/01/101"}, 404, "has no forecast: the campus, buildings and main meters"),
        ({"entity": "1", "from": "yesterday"}, 422, "no instant"),
        ({"entity": "1", "from": iso(NOW), "to": iso(NOW - 60)}, 422, "'to' must lie after 'from'"),
        ({"entity": "1", "from": iso(NOW - 50 * 86_400)}, 422, "a forecast reaches from"),
        ({"entity": "1", "to": iso(NOW + 9 * 86_400)}, 422, "a forecast reaches from"),
        ({"entity": "1", "to": iso(NOW + 90 * 86_400)}, 422, "at most 62 days"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong_and_what_can_be_had(
    campus: Served, query: dict[str, str], status: int, words: str
) -> None:
    assert words in asked(campus, "forecast", status, **query)["detail"]


def test_a_load_left_on_is_a_finding_with_kilowatt_hours_money_and_a_cause(campus: Served) -> None:
    page = asked(campus, "quality", check="energy", open="true")
    rows = {row["entities"][0]: row for row in page["items"]}
    assert set(rows) == {"2", "demo"}
    row = rows["2"]
    evidence = row["evidence"]
    assert evidence["energy_kwh"] == pytest.approx(30 * SIZE, rel=0.15)
    assert evidence["cost"] == pytest.approx(0.5 * evidence["energy_kwh"])
    assert evidence["size"] == pytest.approx(SIZE, rel=0.15)
    assert evidence["cause_1"] == "base-load"
    assert (row["severity"], row["points"], row["until"], row["variant"]) == ("warning", ["2/power"], None, "more")
    assert datetime.fromisoformat(row["since"]).timestamp() == pytest.approx(TIMES[LASTS][0], abs=2 * HOUR)
    assert row["text"]["en"].startswith("House 2 uses ")
    assert "CNY" in row["text"]["en"]
    assert "kWh" in row["text"]["zh"]
    assert row["action"]["en"].startswith("look for what runs through")
    checks = {check["check"]: check for check in page["checks"]}
    assert (checks["energy"]["ready"], checks["energy"]["of"], checks["energy"]["open"]) == (3, 3, 2)
    assert asked(campus, "models/2")["open_finding"] == row["id"]
    assert asked(campus, "models/1")["open_finding"] is None


def test_one_that_is_over_is_listed_with_its_end_and_told_to_the_history(campus: Served) -> None:
    ended = [row for row in asked(campus, "quality", check="energy")["items"] if row["until"] is not None]
    (row,) = [row for row in ended if row["entities"] == ["1"]]
    assert row["evidence"]["energy_kwh"] == pytest.approx(24 * SIZE, rel=0.15)
    assert datetime.fromisoformat(row["until"]).timestamp() == pytest.approx(TIMES[OVER][-1] + HOUR, abs=2 * HOUR)

    def told() -> list[tuple[str, bool]]:
        answer = asked(campus, "history", start=iso(NOW - 10 * 86_400), end=iso(NOW))
        return [(e["entity"], e["until"] is None) for e in answer["events"] if "kWh" in e["text"]["en"]]

    until(lambda: {("1", False), ("2", True)} <= set(told()), 20)
    assert len(told()) == len(set(told())), "each is told once"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("Expected", "52.3\\u202fkW, expected ", "calibrated", "forecast")),
        ("zh", ("预期", "52.3\\u202fkW，预期 ", "已校准", "预测")),
    ],
)
def test_the_panel_sets_now_against_expected(campus: Served, lang: Literal["en", "zh"], words: tuple[str, ...]) -> None:
    shown = panel(campus, "1", lang)
    assert [word for word in words if json.loads(f'"{word}"') not in shown] == []
    assert "kWh" not in shown
    assert "CNY" in panel(campus, "2", lang)
    assert "CNY" in panel(campus, "", lang), "the campus itself"
    told = details.aging(Context(campus.runtime, lang), "1", "energy.power")
    assert any(key == "expected|1" for key in told)


def panel(served: Served, entity: str, lang: Literal["en", "zh"] = "en") -> str:
    shown = details.details(Context(served.runtime, lang), entity, "energy.power")
    return json.dumps(shown, default=lambda part: part.to_plotly_json(), ensure_ascii=False)


def test_a_room_and_a_past_moment_out_of_reach_have_no_such_section(campus: Served) -> None:
    assert "Expected" not in panel(campus, "1/01/101")
    live = campus.runtime.live
    for ago, there in ((0.0, True), (5 * 86_400, False)):
        moment = _moment(live, NOW - ago)
        shown = details.details(Context(campus.runtime, "en", moment=moment), "2", "energy.power")
        text = json.dumps(shown, default=lambda part: part.to_plotly_json(), ensure_ascii=False)
        assert ("Expected" in text) == there
        assert "CNY" not in text, "what is so far is of now"


def _moment(live: Any, at: float) -> Any:
    from twin.live import Columns

    none, zero = np.zeros(0), np.zeros(0, np.uint8)
    return live.as_of(at, Columns(np.zeros(0, np.intp), none, none, none, none, zero, zero, np.zeros(0, np.uint16)))


def test_a_restart_keeps_models_and_tells_nothing_twice(
    year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(year / "history", tmp_path / "history")

    def ids(served: Served) -> set[str]:
        return {row["id"] for row in asked(served, "quality", check="energy")["items"]}

    def late(served: Served) -> int:
        events = asked(served, "history", start=iso(NOW - 10 * 86_400), end=iso(NOW))["events"]
        return sum(e["entity"] == "1" and "kWh" in e["text"]["en"] for e in events)

    with serving(tmp_path, tmp_path / "cache") as served:
        ready(served)
        before, trained = ids(served), asked(served, "models/1")["trained"]
        until(lambda: late(served) == 1, 20)
    assert len(list((tmp_path / "history" / "models").glob("*.json"))) == 3
    monkeypatch.setattr(keeping, "train", _never)
    with serving(tmp_path, tmp_path / "cache") as served:
        ready(served)
        assert asked(served, "models/1")["trained"] == trained
        assert ids(served) == before
    store = DuckDbStore(tmp_path / "history", ZONE)
    told = store.events(0, round(NOW * 1000), ("finding",)).to_pylist()
    store.close()
    house_1 = [
        row["state"] for row in told if row["subject"] in {r["subject"] for r in told if '"entity": "1"' in r["detail"]}
    ]
    assert house_1 == ["open", "ended"]


def _never(*_: object, **__: object) -> None:
    raise AssertionError("a model that is kept is not trained again")


def test_a_damaged_model_is_made_anew(year: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(year / "history", tmp_path / "history")
    path = Shelf(tmp_path / "history" / "models").path("1")
    path.parent.mkdir()
    path.write_text('{"version": 1,', "utf-8")
    with serving(tmp_path, tmp_path / "cache") as served:
        ready(served)
        assert asked(served, "models/1")["quality"] == "calibrated"
    assert json.loads(path.read_text("utf-8"))["entity"] == "1"
    assert "It is made anew" in caplog.text


def test_a_campus_of_two_days_has_no_model_and_says_why(tmp_path: Path) -> None:
    filled(tmp_path, days=2)
    with serving(tmp_path, tmp_path / "cache") as served:
        until(lambda: asked(served, "models")["items"][-1:] != [] and _refused(served), 30)
        for entity in ("1", "demo"):
            found = asked(served, "forecast", entity=entity)
            assert (found["quality"], found["times"], found["made"]) == ("none", [], None)
            assert found["reason"]["en"] == "needs 28 days of readings, has 2"
            assert found["reason"]["zh"] == "需要 28 天的读数，现有 2 天"
        card = asked(served, "models/1")
        assert (card["card"], card["coverage"]) == (None, None)
        assert "a model needs 28" in card["message"]
        assert card["trained"] is not None
        assert "needs 28 days of readings, has 2" in panel(served, "1")
        asked(served, "forecast", 422, **{"entity": "1", "from": "x"})
        assert asked(served, "quality", check="energy")["total"] == 0


def _refused(served: Served) -> bool:
    forecasts = served.runtime.forecasts
    return forecasts is not None and len(forecasts.keeper.trained) == 3


def test_training_holds_nobody_up_and_no_two_are_trained_at_once(
    year: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(year / "history", tmp_path / "history")
    running, most = [0], [0]
    train: Callable[..., Any] = meter_model.train

    def slow(*args: Any, **more: Any) -> Any:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(BUSY_S)
        try:
            return train(*args, **more)
        finally:
            running[0] -= 1

    monkeypatch.setattr(keeping, "train", slow)
    gaps: list[float] = []

    async def beat() -> None:
        before = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            now = time.monotonic()
            gaps.append(now - before)
            before = now

    runtime = campus_runtime(tmp_path, tmp_path / "cache")
    runtime.background.append(("a heart that beats", beat))
    with serve_runtime(runtime) as served:
        ready(served)
    assert most == [1]
    assert len(gaps) > 3 * BUSY_S / 0.05
    assert max(gaps) < 0.25, f"the loop stood still for {max(gaps):.2f} s"


def test_without_a_history_there_is_no_forecast_and_that_is_said(tmp_path: Path) -> None:
    with serve_runtime(runtime_of(small_campus(), [], tmp_path)) as served:
        assert "keeps no history" in asked(served, "forecast", 404)["detail"]
        assert "keeps no history" in asked(served, "models", 404)["detail"]
        assert "Expected" not in panel(served, "1")
        checks = {row["check"]: row for row in asked(served, "quality")["checks"]}
        assert (checks["energy"]["ready"], checks["energy"]["of"]) == (0, 0)


def test_a_main_meter_has_a_model_of_its_own(tmp_path: Path) -> None:
    assembled = small_campus()
    assembled.campus.equipment += [Equipment(name, space="1/01/101") for name in ("M", "M1")]
    assembled.points.append(Point("M/power", "M", "power", "kW", source="feed", address="M"))
    edges = [Edge("M", "meters", "board"), Edge("board", "feeds", "line"), Edge("M1", "meters", "line")]
    assembled.topology.edges = edges
    runtime = runtime_of(assembled, [], tmp_path / "cache")
    runtime.keep_history(HistoryEntry(), tmp_path)
    with serve_runtime(runtime) as served:
        until(lambda: any(row["entity"] == "M" for row in asked(served, "models")["items"]), 20)
        assert asked(served, "models/M")["kind"] == "meter"


def test_a_trend_has_the_band_behind_it_and_the_day_ahead(campus: Served) -> None:
    window: dict[str, Any] = {"from": iso(NOW - 48 * HOUR), "to": iso(NOW + 24 * HOUR)}
    found = asked(campus, "trends", what="1:power", **window)
    (band,) = found["bands"]
    assert (band["what"], band["quality"]) == ("1:power", "calibrated")
    assert "CV(RMSE)" in band["reason"]["en"]
    assert [at for at in band["times"] if at > found["now"]], "also after now"
    inside = [low < value < high for low, value, high in zip(band["low"], band["expected"], band["high"], strict=True)]
    assert len(inside) > 60
    assert all(inside)
    days = asked(campus, "trends", what="1:power", step="day", **window)
    assert days["bands"] == [], "bands of hours say nothing of days"
    window = {"from": iso(NOW - 96 * HOUR), "to": iso(NOW)}
    ranked = asked(campus, "trends/ranking", by="deviation", **window)
    assert ranked["rows"][0]["id"] == "2", "where a load is on that should not be"
    assert {row["quality"] for row in ranked["rows"]} == {"calibrated"}
