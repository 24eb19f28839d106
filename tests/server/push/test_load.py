"""Many readings at once: rates, a full inbox, and nothing that was acknowledged is lost."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from datasources import push
from datasources.contract import MisconfiguredError
from server.push_gate import Bucket
from tests.server.push.pushing import POINT, TOKEN, Everything, post, source, until
from tests.server.serving import serve, small_campus
from twin.point import Point
from twin.reading import RawReading


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
