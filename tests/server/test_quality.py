"""``GET /api/v1/quality``: findings with their words in two languages, filters, pages, and what is learned."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from server.quality_text import duration
from server.texts import Lang
from tests.server.serving import Served, serve, small_campus
from twin.quality import engine
from twin.quality.finding import CHECKS
from twin.reading import RawReading


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two houses whose room 101 sends a placeholder, and whose other points of house 1 fall silent."""
    with serve(tmp_path_factory.mktemp("cache"), small_campus(stale_s=1.0)) as served:
        now = time.time()
        addresses = [p.address for p in served.runtime.assembled.points]
        broken = next(p.address for p in served.runtime.assembled.points if p.id == "2/01/101/power")
        served.readings([RawReading(a, -9_999_999_999.0 if a == broken else 5.0, now, now - 5) for a in addresses])
        served.call(lambda: served.runtime.watch.settle(served.runtime.watch.inspect()))
        yield served


def ask(served: Served, query: str = "", status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/quality{query}")
    assert answer.status_code == status, answer.text
    return answer.json()


def test_findings_say_what_was_seen_and_what_to_do_in_both_languages(faulty: Served) -> None:
    page = ask(faulty, "?check=range")
    (found,) = page["items"]
    assert found["points"] == ["2/01/101/power"]
    assert found["entities"] == ["2/01/101"]
    assert (found["severity"], found["until"], found["unit"]) == ("warning", None, "kW")
    assert found["evidence"]["raw"] == -9_999_999_999
    assert found["text"]["en"] == (
        "2/01/101/power left -50,000 kW to 200,000 kW: 1 time, it came as -9,999,999,999 (W)"
    )
    assert "超出" in found["text"]["zh"]
    assert found["action"]["en"].startswith("look at the sensor")


def test_filters_by_check_building_point_and_time(faulty: Served) -> None:
    total = ask(faulty)["total"]
    assert total >= 2
    assert ask(faulty, "?check=flat")["total"] == 0
    assert ask(faulty, "?building=2&check=range")["total"] == 1
    assert ask(faulty, "?building=1&check=range")["total"] == 0
    assert ask(faulty, "?point=2/01/101/power")["total"] >= 1
    later = datetime.fromtimestamp(time.time() + 60, UTC).isoformat().replace("+00:00", "Z")
    assert ask(faulty, f"?since={later}")["total"] == total, "open findings last"
    assert ask(faulty, "?limit=1")["next_offset"] == 1
    assert "there is no check 'x'" in ask(faulty, "?check=x", 404)["detail"]
    assert "there is no point" in ask(faulty, "?point=x", 404)["detail"]
    assert "there is no building" in ask(faulty, "?building=x", 404)["detail"]
    ask(faulty, "?since=yesterday", 422)


def test_every_check_says_how_far_it_has_learned(faulty: Served) -> None:
    checks = {row["check"]: row for row in ask(faulty)["checks"]}
    assert set(checks) == set(CHECKS)
    assert (checks["flat"]["ready"], checks["flat"]["of"], checks["flat"]["needs"]) == (0, 24, "72 h")
    metrics = faulty.http.get("/metrics").text
    assert 'campus_quality_findings{check="range"} 1' in metrics


def test_the_watch_runs_while_the_campus_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PERIOD_S", 0.05)
    with serve(tmp_path, small_campus(stale_s=0.2)) as served:
        point = served.runtime.assembled.points[0]
        served.readings([RawReading(point.address, 5.0, time.time())])
        deadline = time.monotonic() + 60
        while not (rows := ask(served, "?check=stale&open=true")["items"]):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert rows[0]["points"] == [point.id]


def test_all_words_can_be_said() -> None:
    from server.quality_text import action, sentence
    from server.texts import TEXTS
    from twin.quality.finding import SEVERITY, Finding

    figures: dict[str, float | int | str] = {
        "age_s": 90.0, "stale_s": 30.0, "value": 1.0, "still_s": 7200.0, "n": 3, "moves_percent": 99.0, "days": 4,
        "low": 1.0, "high": 2.0, "raw": -9999.0, "unit": "kW", "usual": 1.0, "factor": 1000.0, "likely": "W",
        "declared": "kW", "hours": 6, "ratio": 2.6, "offset_s": 7200.0,
        "lag_s": 3600.0, "usual_n": 60.0, "main": 10.0, "sum": 12.0,
        "share_percent": 120.0, "usual_percent": 97.0, "source": "s", "before": 9.0, "after": 1.0, "offset": 8.0,
        "size": 12.0, "energy_kwh": 288.0, "length_s": 86_400.0, "accepted": 1, "name_zh": "楼", "name_en": "House",
        "cost": 144.0, "currency": "CNY", "cause_1": "base-load", "cause_2": "off-hours",
    }  # fmt: skip
    languages: tuple[Lang, ...] = ("zh", "en")
    variants = {"unit": ("", "scale", "fahrenheit"), "sentinel": ("", "undeclared"), "twins": ("bound", "apportioned"),
                "clock": ("ahead", "unset", "behind", "zone"), "submeter": ("over", "changed"),
                "register": ("dip", "rollover", "glitch", "replacement"), "energy": ("more", "less")}  # fmt: skip
    for check in CHECKS:
        alone = ("many",) if check not in ("twins", "submeter", "energy") else ()
        for variant in (*variants.get(check, ("",)), *alone):
            row = Finding("i", check, SEVERITY[check], ("a/b",), 1, ("a",), "s", 0.0, 0.0, None, variant, dict(figures))
            for lang in languages:
                assert "{" not in sentence(row, "kW", lang) + action(row, "kW", lang)
    assert set(json.loads((TEXTS / "en.json").read_text("utf-8"))) == set(
        json.loads((TEXTS / "zh.json").read_text("utf-8"))
    )


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [(0.0, "0 秒", "0 s"), (-90, "-1 分 30 秒", "-1 min 30 s"), (93_600, "1 天 2 小时", "1 d 2 h")],
)
def test_durations(seconds: float, zh: str, en: str) -> None:
    assert (duration(seconds, "zh"), duration(seconds, "en")) == (zh, en)
