"""Readings pushed to a real server: what is taken in, and what is refused and why."""

from __future__ import annotations

import json
import time

import pytest

from server.push_body import rows_of
from server.push_rows import RowReader
from tests.server.push.pushing import POINT, ROOM, latest, post, until
from tests.server.serving import Served
from twin.point import Point
from twin.quantity import QUANTITIES


def test_what_is_pushed_is_seen_with_its_time_and_unit(running: Served) -> None:
    now = time.time()
    answer = post(running, [
        {"point": POINT, "value": 1500, "time": now - 3},
        {"address": "1/01/102", "value": "2.5", "unit": "kW"},
        {"point": "1/01/103/power", "value": True},
    ])  # fmt: skip
    assert answer == {"source": "feed", "accepted": 3, "duplicate": 0, "rejected_count": 0, "rejected": []}
    until(lambda: latest(running, "1/01/103/power")["value"] is not None)
    seen = latest(running)
    assert (seen["value"], seen["quality"], seen["origin"]) == (1.5, "good", "measured")
    assert 3 <= seen["age_s"] < 8
    assert latest(running, "1/01/102/power")["value"] == 2.5
    assert latest(running, "1/01/103/power")["value"] == 0.001
    state = {row["name"]: row for row in running.http.get("/api/v1/sources").json()}["feed"]
    assert (state["state"], state["accepted"], state["refused"]) == ("live", 3, 0)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"readings": [{"point": "1/01/101/power", "value": 7}]}'),
        ("application/json; charset=UTF-8", '\ufeff[{"point": "1/01/101/power", "value": 7}]'),
        ("application/x-ndjson", '\n{"point": "1/01/101/power", "value": 7}\r\n\n'),
        ("application/jsonl", '{"point": "1/01/101/power", "value": 7}'),
        ("text/csv", "point,value\n1/01/101/power,7\n\n"),
        ("text/csv;charset=utf-8", '\ufeffTime;Value;Address;Unit\r\n"";7;"1/01/101";W\r\n'),
    ],
)
def test_json_ndjson_and_csv(running: Served, kind: str, body: str) -> None:
    assert post(running, body, kind=kind)["accepted"] == 1
    until(lambda: latest(running)["value"] == 0.007)


REFUSED = [
    ({"point": "nowhere", "value": 1}, "unknown-point", "there is no point 'nowhere'"),
    ({"address": "nowhere", "value": 1}, "unknown-point", "no point of source 'feed' has the address 'nowhere'"),
    ({"value": 1}, "no-point", "it says not which point"),
    ({"point": POINT, "address": ROOM, "value": 1}, "no-point", "either 'point' (its id) or 'address'"),
    ({"point": POINT}, "no-value", "it has no value"),
    ({"point": POINT, "value": None}, "no-value", "it has no value"),
    ({"point": POINT, "value": "offline"}, "not-a-number", "'offline' is no number"),
    ({"point": POINT, "value": "1_000"}, "not-a-number", "is no number"),
    ({"point": POINT, "value": [1]}, "not-a-number", "is no number"),
    ({"point": POINT, "value": float("nan")}, "not-a-number", "'nan' is no number"),
    ({"point": POINT, "value": 10**400}, "not-a-number", "is no number"),
    ({"point": POINT, "value": 1, "unit": "m3"}, "unknown-unit", "'m3' is no unit of power: use one of kW, W, MW"),
    ({"point": POINT, "value": 1, "unit": 5}, "unknown-unit", "'5' is no unit"),
    ({"point": POINT, "value": 1, "time": "yesterday"}, "no-time", "'yesterday' is no time"),
    ({"point": POINT, "value": 1, "time": {"a": 1}}, "no-time", "is no time"),
    ({"point": POINT, "value": 1, "tiem": 5}, "unknown-key", "'tiem' is no key of a reading"),
    (5, "broken-row", "it is no object"),
]


def test_each_row_that_is_refused_says_why_and_the_others_are_taken(running: Served) -> None:
    rows = [row for row, _, _ in REFUSED] + [{"point": POINT, "value": 900}]
    answer = post(running, rows)
    assert (answer["accepted"], answer["rejected_count"]) == (1, len(REFUSED))
    for number, ((_, code, reason), told) in enumerate(zip(REFUSED, answer["rejected"], strict=True), 1):
        assert (told["row"], told["code"]) == (number, code)
        assert reason in told["reason"]
    until(lambda: latest(running)["value"] == 0.9)
    assert latest(running)["quality"] == "good", "what was refused leaves the point alone"
    state = {row["name"]: row for row in running.http.get("/api/v1/sources").json()}["feed"]
    assert (state["readings"], state["accepted"], state["refused"]) == (len(rows), 1, len(REFUSED))
    assert state["reasons"]["not a number"] == 5
    assert {"address": "nowhere", "reason": "unknown point"}.items() <= state["samples"][0].items()
    metrics = running.http.get("/metrics").text
    assert f'campus_ingest_refused_total{{source="feed"}} {len(REFUSED)}' in metrics


def test_broken_lines_are_refused_by_their_line(running: Served) -> None:
    answer = post(running, '{"point": "1/01/101/power", "value": 1}\n\n{"po\n[1]\n', kind="application/x-ndjson")
    assert (answer["accepted"], [(r["row"], r["code"]) for r in answer["rejected"]]) == (
        1, [(3, "broken-row"), (4, "broken-row")])  # fmt: skip
    answer = post(running, f"point,value\n{POINT},1,2\nx,1\n{POINT},\n{POINT},2\n", kind="text/csv")
    assert (answer["accepted"], [(r["row"], r["code"]) for r in answer["rejected"]]) == (
        1, [(2, "broken-row"), (3, "unknown-point"), (4, "no-value")])  # fmt: skip


def test_no_more_than_1000_reasons_are_listed_and_all_are_counted(running: Served) -> None:
    answer = post(running, [{"point": "x", "value": 1}] * 1500)
    assert (answer["rejected_count"], len(answer["rejected"])) == (1500, 1000)


def test_the_same_again_changes_nothing(running: Served) -> None:
    now = time.time()
    rows = [{"point": POINT, "value": 10 * n, "time": now - 10 + n} for n in range(5)]
    assert post(running, rows)["accepted"] == 5
    until(lambda: latest(running)["value"] == 0.04)
    version = running.runtime.live.version
    assert post(running, rows)["accepted"] == 5
    counts = running.runtime.ingest.counts["feed"]
    until(lambda: counts.duplicate + counts.late == 5)
    assert counts.readings == 10
    assert running.runtime.live.version == version
    assert (counts.duplicate, counts.late) == (1, 4)
    assert latest(running)["value"] == 0.04


def test_one_point_and_time_has_one_value(running: Served) -> None:
    row = {"point": POINT, "value": 5, "time": "2026-03-01T12:00:00Z"}
    other = {"address": ROOM, "value": 6, "time": "2026-03-01T13:00:00+01:00"}
    answer = post(running, [row, row, other, {**row, "time": "2026-03-01T12:00:01Z"}])
    assert (answer["accepted"], answer["duplicate"]) == (2, 1)
    assert answer["rejected"][0]["code"] == "two-values"
    assert "row 1 has another value" in answer["rejected"][0]["reason"]


def test_the_unit_that_is_given_is_the_unit_that_counts() -> None:
    for quantity in QUANTITIES.values():
        for unit in quantity.units:
            point = Point("p", "A", quantity.key, unit, source="s")
            reader = RowReader("s", [point], "UTC")
            for given_unit in quantity.units:
                body = json.dumps([{"point": "p", "value": 7.25, "unit": given_unit}]).encode()
                (reading,) = reader.judge(rows_of("json", body, 10), 0).readings
                assert isinstance(reading.value, float)
                expected = quantity.to_canonical(7.25, given_unit)
                assert quantity.to_canonical(reading.value, unit) == pytest.approx(expected)
