"""Readings pushed to a real server: what is taken in, what is refused and why, and nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datasources import push
from datasources.contract import MisconfiguredError
from datasources.runner import SourceConfig
from server.push_body import BodyError, TooManyError, kind_of, rows_of
from server.push_gate import Bucket
from server.push_rows import RowReader
from tests.server.serving import Served, serve, small_campus
from twin.ingest import Judged
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.reading import RawReading

TOKEN = "a-token-of-the-tests-0123456789"
OTHER = "the-token-of-another-source-98765"
ROOM = "1/01/101"
POINT = f"{ROOM}/power"


@pytest.fixture(autouse=True)
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUSH_TOKEN", TOKEN)
    monkeypatch.setenv("OTHER_TOKEN", OTHER)
    monkeypatch.setenv("SHORT_TOKEN", "short")


def source(name: str = "feed", token: str = "PUSH_TOKEN", **more: object) -> SourceConfig:
    return SourceConfig(name, "push", {"token": {"env": token}, **more})


@pytest.fixture
def running(cache: Path) -> Iterator[Served]:
    with serve(cache, sources=[source(), source("other", "OTHER_TOKEN", requests_per_minute=60000)]) as served:
        yield served


def post(
    served: Served, body: object, status: int = 200, kind: str = "application/json", token: str = TOKEN, **more: Any
) -> Any:
    content = body if isinstance(body, bytes | str) else json.dumps(body)
    headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"} | more.pop("headers", {})
    answer = served.http.post("/api/v1/readings", content=content, headers=headers, **more)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        return answer
    return answer.json()


def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def latest(served: Served, point: str = POINT) -> Any:
    return served.http.get(f"/api/v1/points/{point}/latest").json()


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
    until(lambda: counts.readings == 10)
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


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"Authorization": ""}, "the token is not known"),
        ({"Authorization": "Bearer wrong"}, "the token is not known"),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, "the token is not known"),
        ({"Authorization": f"Basic {TOKEN}"}, "the token is not known"),
        ({"Authorization": "Bearer"}, "the token is not known"),
    ],
)
def test_without_the_right_token_nothing_is_taken(running: Served, headers: dict[str, str], says: str) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], 401, headers=headers)
    assert answer.headers["www-authenticate"] == 'Bearer realm="readings"'
    assert says in answer.json()["detail"]
    assert TOKEN not in answer.text
    assert "feed" not in running.runtime.ingest.counts


def test_a_token_opens_its_own_source_only(running: Served) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], token=OTHER)
    assert answer["source"] == "other"
    assert answer["rejected"][0]["code"] == "foreign-point"
    assert "is no point of source 'other'" in answer["rejected"][0]["reason"]
    assert (
        "not that of source 'feed'" in post(running, [], 403, token=OTHER, params={"source": "feed"}).json()["detail"]
    )
    assert post(running, [], token=OTHER, params={"source": "other"})["source"] == "other"


def test_two_sources_with_one_token_are_told_apart_by_name(cache: Path) -> None:
    with serve(cache, sources=[source(), source("other")]) as served:
        assert "several sources have this token" in post(served, [], 403).json()["detail"]
        assert post(served, [], params={"source": "other"})["source"] == "other"


def test_a_campus_without_such_a_source_says_so(cache: Path) -> None:
    with serve(cache) as served:
        assert "add a source of type 'push'" in post(served, [], 403).json()["detail"]


def test_a_page_of_another_origin_may_not_push(running: Served) -> None:
    post(running, [{"point": POINT, "value": 1}], 403, headers={"Origin": "http://evil.example"})


@pytest.mark.parametrize(
    ("token", "reason"),
    [("SHORT_TOKEN", "fewer than 16 characters"), ("NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set")],
)
def test_a_token_that_is_missing_or_short_opens_nothing(cache: Path, token: str, reason: str) -> None:
    with serve(cache, sources=[source(token=token)]) as served:
        until(lambda: served.runtime.sources()[0].state == "misconfigured")
        assert reason in served.runtime.sources()[0].reason
        post(served, [], 401, token="short")
        post(served, [], 401, token="x")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("text/plain", {}), ("", {}), ("application/xml", {}), ("text/csv; charset=gbk", {}),
        ("application/json", {"Content-Encoding": "gzip"}),
    ],
)  # fmt: skip
def test_other_kinds_of_bodies_are_415(running: Served, kind: str, more: dict[str, str]) -> None:
    answer = post(running, [{"point": POINT, "value": 1}], 415, kind=kind, headers=more)
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("application/json", b"{", "not JSON: Expecting property name"),
        ("application/json", b"", "not JSON"),
        ("application/json", b"[" * 100_000, "nested too deeply"),
        ("application/json", b"[" + b"1" * 5000 + b"]", "a number in it is too long"),
        ("application/json", b'{"value": 1}', "no list of readings"),
        ("application/json", b"\xff\xfe", "not UTF-8 text (byte 1)"),
        ("text/csv", b"", "first line names the columns"),
        ("text/csv", b"point,time\n1,2\n", "first line names the columns"),
        ("text/csv", b"point,value,colour\n1,2,3\n", "it has 'colour'"),
        ("text/csv", b"point,value,value\n1,2,3\n", "each once"),
        ("text/csv", b'point,value\n"1,2\n', "no readable CSV"),
        ("text/csv", b'point,value\n"' + b"x" * 200_000 + b'",2\n', "no readable CSV"),
    ],
)
def test_a_body_that_cannot_be_read_is_400(running: Served, kind: str, body: bytes, says: str) -> None:
    assert says in post(running, body, 400, kind=kind).json()["detail"]


def test_too_many_readings_and_too_many_bytes_are_413(cache: Path) -> None:
    with serve(cache, sources=[source(max_batch=3)]) as served:
        rows = [{"point": POINT, "value": n, "time": 1772366400 + n} for n in range(4)]
        assert "more than 3 readings" in post(served, rows, 413).json()["detail"]
        lines = "\n".join(json.dumps(row) for row in rows)
        post(served, lines, 413, kind="application/x-ndjson")
        post(served, "point,value\n" + "x,1\n" * 4, 413, kind="text/csv")
        post(served, b" " * (4 * 1024 * 1024 + 1), 413)
        assert post(served, rows[:3])["accepted"] == 3


def test_too_many_requests_are_429_and_told_when_to_come_again(cache: Path) -> None:
    with serve(cache, sources=[source(requests_per_minute=60)]) as served:
        for _ in range(6):
            post(served, [])
        answer = post(served, [{"point": POINT, "value": 1}], 429)
        assert answer.headers["retry-after"] == "1"
        assert "takes 60 requests a minute" in answer.json()["detail"]
        time.sleep(1.1)
        assert post(served, [{"point": POINT, "value": 1}])["accepted"] == 1


def test_the_bucket_lets_the_rate_through() -> None:
    now = [100.0]
    bucket = Bucket(600, lambda: now[0])
    let = 0
    for _ in range(6000):
        let += not bucket.wait()
        now[0] += 0.01
    assert let == pytest.approx(60 + 600, abs=1)
    assert Bucket(1, lambda: 0.0).wait() == 0


class Everything:
    """Every reading that the ingest got, by point and time."""

    def __init__(self, served: Served) -> None:
        self.rows: set[tuple[str, float]] = set()
        self._points = served.runtime.live.points
        served.call(lambda: served.runtime.ingest.listeners.append(self._take))

    def _take(self, judged: Judged) -> None:
        rows = judged.rows
        self.rows |= {(self._points[p].id, t) for p, t in zip(rows.point.tolist(), rows.time.tolist(), strict=True)}


def test_a_full_inbox_is_503_and_loses_nothing_that_was_acknowledged(cache: Path) -> None:
    with serve(
        cache, sources=[source(max_batch=40, max_waiting=100, batch_ms=300, requests_per_minute=60000)]
    ) as served:
        everything = Everything(served)
        begin = float(int(time.time()) - 5000)
        acknowledged: set[tuple[str, float]] = set()
        refusals = []
        lock = threading.Lock()

        def send(number: int) -> None:
            rows = [{"point": POINT, "value": 1, "time": begin + 40 * number + n} for n in range(40)]
            with httpx.Client(base_url=served.url) as client:
                for _ in range(100):
                    answer = client.post("/api/v1/readings", json=rows, headers={"Authorization": f"Bearer {TOKEN}"})
                    if answer.status_code == 200:
                        with lock:
                            acknowledged.update((POINT, row["time"]) for row in rows)  # type: ignore[misc]
                        return
                    assert answer.status_code == 503, answer.text
                    assert answer.headers["retry-after"] == "1"
                    refusals.append(answer.json()["detail"])
                    time.sleep(0.1)
            raise AssertionError("it was never taken")

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(send, range(20)))
        assert refusals
        assert "no room for 40 more readings" in refusals[0]
        assert len(acknowledged) == 800
        until(lambda: everything.rows == acknowledged)


def test_what_was_acknowledged_before_the_server_stops_is_judged(cache: Path) -> None:
    with serve(cache, sources=[source(batch_ms=1000)]) as served:
        everything = Everything(served)
        assert post(served, [{"point": POINT, "value": 5, "time": 1772366400}])["accepted"] == 1
        assert not everything.rows
    assert everything.rows == {(POINT, 1772366400.0)}


@pytest.mark.asyncio
async def test_what_waits_outlives_its_source() -> None:
    inbox = push.Inbox()
    made = push.Settings.model_validate({"token": {"env": "PUSH_TOKEN"}, "batch_ms": 10}, context={"inbox": inbox})
    points = [Point("p", "A", "power", "W", source="s")]
    got: list[RawReading] = []
    for number in range(3):
        async with asyncio.timeout(5), aclosing(push.batches(made, points)) as stream:  # type: ignore[type-var]
            assert await anext(stream) == []
            assert inbox.put([RawReading("p", 2 * number, 0), RawReading("p", 2 * number + 1, 0)], 10)
            if number != 1:
                got += await anext(stream)
    assert [row.value for row in got] == [0, 1, 2, 3, 4, 5]


@pytest.mark.asyncio
async def test_a_source_without_a_server_or_points_says_so() -> None:
    alone = push.Settings.model_validate({"token": {"env": "PUSH_TOKEN"}})
    with pytest.raises(MisconfiguredError, match="running server only"):
        await anext(push.batches(alone, []))
    made = push.Settings.model_validate({"token": {"env": "PUSH_TOKEN"}}, context={"inbox": push.Inbox()})
    with pytest.raises(MisconfiguredError, match="give points"):
        await anext(push.batches(made, []))
    with pytest.raises(ValidationError, match="could never be taken"):
        push.Settings.model_validate({"token": {"env": "X"}, "max_batch": 10, "max_waiting": 5})


@pytest.mark.alone
def test_ten_thousand_readings_at_once_stop_nothing_else(cache: Path) -> None:
    with serve(cache, small_campus(2, 5, 100), sources=[source()]) as served:
        gaps = [0.0]

        async def tick() -> None:
            last = time.monotonic()
            while True:
                await asyncio.sleep(0.005)
                gaps.append(time.monotonic() - last)
                last = time.monotonic()

        assert served.loop is not None
        ticking = asyncio.run_coroutine_threadsafe(tick(), served.loop)
        ids = [point.id for point in served.runtime.live.points]
        rows = [{"point": ids[n % 1000], "value": n, "time": 1772366400 + n // 1000} for n in range(10_000)]
        assert post(served, rows, timeout=30)["accepted"] == 10_000
        counts = served.runtime.ingest.counts
        until(lambda: "feed" in counts and counts["feed"].readings == 10_000)
        ticking.cancel()
        assert max(gaps) < 0.25


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


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["json", "ndjson", "csv"]), st.binary(max_size=200) | st.text(
    st.sampled_from('[]{}":,;\npointvalue1.5eE-\t\0é'), max_size=120).map(str.encode))  # fmt: skip
def test_no_body_breaks_it(kind: str, body: bytes) -> None:
    reader = RowReader("s", [Point("p", "A", "power", "W", source="s")], "UTC")
    try:
        rows = rows_of(kind, body, 5)
    except (BodyError, TooManyError):
        return
    judged = reader.judge(rows, 0)
    assert len(judged.readings) + judged.duplicate + len(judged.refused) == len(rows)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("application/json", "json"),
        ('Text/CSV; header=present; charset="UTF-8"', "csv"),
        ("application/ndjson", "ndjson"),
        ("text/csv;charset=latin-1", ""),
        ("", ""),
    ],
)
def test_kinds_of_content(header: str, kind: str) -> None:
    assert kind_of(header) == kind
