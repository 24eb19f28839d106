"""``/api/v1/kpis``: figures with coverage, age, origin and formula; reasons in words; refusals; what a reload keeps."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from server.runtime import build_runtime
from server.schemas_kpis import KpiHistoryOut, KpisOut
from tests.server.serving import Served, serve, serve_runtime, small_campus
from twin.reading import RawReading


def get(served: Served, path: str, status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def by_key(answer: dict[str, Any]) -> dict[str, Any]:
    return {row["key"].partition(".")[2]: row for row in answer["kpis"]}


def test_the_figures_of_a_domain_say_everything_of_themselves(cache: Path) -> None:
    with serve(cache) as served:
        now = time.time()
        served.readings(
            [RawReading("1/01/101", 500, now, time=now - 4), RawReading("1/01/102", 1500, now, time=now - 2)]
        )
        answer = get(served, "kpis?domain=energy")
        KpisOut.model_validate(answer)
        assert (answer["domain"], answer["entity"], answer["headline"]) == ("energy", "demo", "energy.power")
        assert answer["has_points"] is True
        power = by_key(answer)["power"]
        assert (power["value"], power["unit"], power["have"], power["of"]) == (2.0, "kW", 2, 24)
        assert (power["quality"], power["origin"], power["reason"]) == ("good", "measured", None)
        assert 4 <= power["age_s"] < 20
        assert power["covers"] == {"zh": "个测点", "en": "points"}
        assert power["formula"]["zh"].startswith("逐级相加")
        assert power["source"]
        cost = by_key(answer)["cost_today"]
        assert cost["value"] is None
        assert cost["reason"]["en"] in ("no tariff given", "counting has just begun")
        one = by_key(get(served, "kpis?domain=energy&entity=1/01"))["power"]
        assert (one["value"], one["have"], one["of"]) == (2.0, 2, 12 // 2)
        other = by_key(get(served, "kpis?entity=2"))["power"]
        assert (other["value"], other["reason"]["en"], other["age_s"]) == (None, "nothing heard yet", None)


def test_a_domain_without_points_says_so(served: Served) -> None:
    answer = get(served, "kpis?domain=occupancy")
    assert answer["has_points"] is False
    assert {row["reason"]["en"] for row in answer["kpis"]} == {"no points of this kind here"}


@pytest.mark.parametrize("route", ["kpis", "kpis/history"])
def test_an_unknown_domain_or_place_is_refused_with_what_there_is(served: Served, route: str) -> None:
    assert "energy, network, occupancy" in get(served, f"{route}?domain=magic", 404)["detail"]
    assert "/api/v1/buildings" in get(served, f"{route}?entity=99", 404)["detail"]
    assert "1/01/101" in get(served, f"{route}?entity=1/01/101", 404)["detail"]


def test_the_course_of_the_headline_is_a_value_a_minute_since_the_start(cache: Path) -> None:
    with serve(cache) as served:
        served.feed(room_101=500)
        served.call(lambda: served.runtime.kpis.memory.take(served.runtime.live))
        course = get(served, "kpis/history?domain=energy&entity=1")
        KpiHistoryOut.model_validate(course)
        assert (course["kpi"], course["unit"], course["step_s"]) == ("energy.power", "kW", 60)
        assert course["values"][-1] == pytest.approx(0.5)
        assert len(course["values"]) <= 2
        assert get(served, "kpis/history?domain=occupancy")["values"] == []


def test_the_server_remembers_by_itself(cache: Path) -> None:
    with serve(cache) as served:
        end = time.monotonic() + 60
        while served.runtime.kpis.memory.minute < 0:
            assert time.monotonic() < end, "nobody takes anything"
            time.sleep(0.05)


def test_factors_of_campus_yaml_are_used_and_changed_while_it_runs(tmp_path: Path) -> None:
    folder = tmp_path / "campus"
    folder.mkdir()
    (folder / "houses.geojson").write_text(HOUSES, encoding="utf-8")
    text = "campus: {id: c, timezone: Asia/Shanghai}\nmodels: [{file: houses.geojson}]\n"
    kpis = "kpis:\n  tariff: {per_kwh: 0.6, currency: CNY, source: contract, date: '2026'}\n"
    (folder / "campus.yaml").write_text(text + kpis, encoding="utf-8")
    runtime = build_runtime(folder, tmp_path / "cache")
    facts = runtime.kpis.place("").facts
    assert facts.tariff is not None
    assert (facts.tariff.per_kwh, facts.co2_is_default, facts.co2.kg_per_kwh) == (0.6, True, 0.5306)
    with serve_runtime(runtime) as served:
        (folder / "campus.yaml").write_text(text + kpis.replace("0.6", "0.9"), encoding="utf-8")
        end = time.monotonic() + 30
        while (tariff := served.runtime.kpis.place("").facts.tariff) is None or tariff.per_kwh != 0.9:
            assert time.monotonic() < end, "the new tariff was not taken over"
            time.sleep(0.1)
        assert served.runtime.kpis.place("").live is served.runtime.live


HOUSES = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"building": "university",
 "name": "North hall", "building:levels": "2"}, "geometry": {"type": "Polygon", "coordinates": [[[108.65, 34.25],
 [108.6508, 34.25], [108.6508, 34.2503], [108.65, 34.2503], [108.65, 34.25]]]}}]}"""


def test_a_mistake_in_the_factors_is_named(tmp_path: Path) -> None:
    from twin.config import read_campus_config

    (tmp_path / "campus.yaml").write_text(
        "campus: {id: c}\nkpis: {tariff: {per_kwh: -1}, egres: {}}\n", encoding="utf-8"
    )
    config, mistakes = read_campus_config(tmp_path)
    assert config is None
    words = "\n".join(str(mistake) for mistake in mistakes)
    assert all(part in words for part in ("kpis.tariff.per_kwh", "kpis.tariff.source", "kpis.egres"))


def test_the_small_campus_has_a_figure_for_every_kind(served: Served) -> None:
    assert small_campus().campus.id == "demo"
    for domain in ("energy", "network", "occupancy"):
        for row in get(served, f"kpis?domain={domain}")["kpis"]:
            assert (row["value"] is None) == (row["reason"] is not None)
