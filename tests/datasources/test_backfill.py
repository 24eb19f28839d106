"""What a peer kept during an outage is asked for afterwards: bounded, in pieces, once; SQL, Prometheus, REST."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import BaseModel, ValidationError

from datasources import backfill, prometheus, rest, runner, sql
from datasources.backfill import Late
from datasources.contract import SourceError
from datasources.runner import SourceConfig, Supervisor
from tests.datasources.http_peer import HttpPeer, Page
from twin.point import Point
from twin.reading import RawReading

T0 = 1_795_737_600.0
"""27 November 2026, 08:00 in Xi'an."""


def points(*addresses: str) -> list[Point]:
    return [Point(f"p{n}", "A", "power", "W", interval_s=1.0, source="s", address=a) for n, a in enumerate(addresses)]


def rows(found: Sequence[RawReading]) -> list[tuple[str, Any, float | None]]:
    return [(row.address, row.value, row.time) for row in found]


async def all_of(stream: AsyncIterator[list[RawReading]]) -> list[RawReading]:
    return [row async for batch in stream for row in batch]


# when it is asked, and for what


class Settings(BaseModel):
    backfill_h: float = 2.0


class Peer:
    """A source that ends when ``cut`` is set, and keeps a reading every 10 minutes; ``failing`` times it refuses."""

    def __init__(self) -> None:
        self.cut = asyncio.Event()
        self.asked: list[tuple[float, float]] = []
        self.failing = 0
        self.silent = False
        self.module = SimpleNamespace(Settings=Settings, batches=self.batches, backfill=self.backfill)

    async def batches(self, _: Settings, __: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
        self.cut.clear()
        self.silent = False
        while True:
            if not self.silent:
                yield [RawReading("a", 1.0, time.time())]
            try:
                await asyncio.wait_for(self.cut.wait(), 0.02)
                raise SourceError("cut")
            except TimeoutError:
                pass

    async def backfill(
        self, _: Settings, __: Sequence[Point], since: float, until: float
    ) -> AsyncIterator[list[RawReading]]:
        self.asked.append((since, until))
        if self.failing:
            self.failing -= 1
            raise SourceError("not now")
        yield [RawReading("a", 2.0, since, since - 1.0), RawReading("a", 2.0, since, None)]
        yield [RawReading("a", 2.0, since, at) for at in range(int(-(-since // 600)) * 600, int(until), 600)]


class Clock:
    now = T0

    def __call__(self) -> float:
        return self.now


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BACKOFF_FIRST_S", 0.01)
    monkeypatch.setattr(backfill, "REST_S", 0.0)
    monkeypatch.setattr(backfill, "TRY_AGAIN_S", 0.01)


class Watched:
    def __init__(self, peer: Peer, known: float | None, **settings: object) -> None:
        self.clock, self.late, self.known_before = Clock(), list[RawReading](), list[float]()

        async def known_until(_: Sequence[Point], before: float) -> float | None:
            self.known_before.append(before)
            return known

        self.supervisor = Supervisor(
            [SourceConfig("s", "peer", settings)], points("a"), lambda _, __: None, {"peer": peer.module},
            clock=self.clock, late=Late(known_until, lambda _, batch: self.late.extend(batch)),
        )  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_after_a_start_the_hole_since_the_history_is_filled_in_pieces() -> None:
    peer = Peer()
    watched = Watched(peer, T0 - 5400)
    await watched.supervisor.start()
    try:
        await until(lambda: len(peer.asked) == 2)
        assert peer.asked == [(T0 - 5400, T0 - 1800), (T0 - 1800, T0)], "an hour at a time, up to now"
        await until(lambda: len(watched.late) == 9)
        assert {row.time for row in watched.late} == {T0 - 600 * n for n in range(1, 10)}, (
            "only what has its time there"
        )
        assert watched.known_before == [T0], "rows of the new connection are no witness"
        await asyncio.sleep(0.1)
        assert len(peer.asked) == 2, "once"
    finally:
        await watched.supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
async def test_after_an_outage_of_the_link_from_what_was_heard_last_and_what_failed_is_owed() -> None:
    peer = Peer()
    watched = Watched(peer, None)
    await watched.supervisor.start()
    try:
        await until(lambda: watched.supervisor.states()[0].state == "live")
        await asyncio.sleep(0.05)
        assert peer.asked == [], "a source that the history never heard has no hole"
        peer.silent = True
        await asyncio.sleep(0.1)  # what was on its way has come
        peer.failing, watched.clock.now = 3, T0 + 1000
        watched.supervisor._runs[0]._filler._heard = T0  # type: ignore[union-attr]  # nothing came in these 1000 s
        peer.cut.set()
        await until(lambda: len(peer.asked) == 3)
        await asyncio.sleep(0.05)
        assert watched.late == []
        watched.clock.now = T0 + 1200
        peer.cut.set()
        await until(lambda: watched.late)
        assert peer.asked[-1] == (T0, T0 + 1200), "from the begin of the hole that could not be filled"
        watched.clock.now = T0 + 1220
        peer.cut.set()
        await until(lambda: watched.supervisor.states()[0].restarts >= 3)
        await asyncio.sleep(0.1)
        assert len(peer.asked) == 4, "20 s are no hole"
    finally:
        await watched.supervisor.stop()


@pytest.mark.asyncio
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(("reach_h", "first"), [(0.5, T0 - 1800), (0.0, None)])
async def test_no_further_back_than_the_settings_say(reach_h: float, first: float | None) -> None:
    peer = Peer()
    watched = Watched(peer, T0 - 86_400, backfill_h=reach_h)
    await watched.supervisor.start()
    try:
        await until(lambda: watched.supervisor.states()[0].state == "live")
        if first is None:
            await asyncio.sleep(0.1)
            assert peer.asked == []
        else:
            await until(lambda: peer.asked)
            assert peer.asked[0][0] == first
    finally:
        await watched.supervisor.stop()


# SQL


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "meters.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE r (key TEXT, value, time, ms INTEGER)")
        for n in range(600):
            at = datetime.fromtimestamp(T0 + 10 * n, UTC)
            local = (T0 + 10 * n) + 8 * 3600
            text = datetime.fromtimestamp(local, UTC).strftime("%Y-%m-%d %H:%M:%S")
            connection.execute("INSERT INTO r VALUES ('a', ?, ?, ?)", (n, text, round(at.timestamp() * 1000)))
            connection.execute("INSERT INTO r VALUES ('other', 0, ?, ?)", (text, round(at.timestamp() * 1000)))
        connection.commit()
    return path


def database(base: Path, **query: object) -> sql.Settings:
    latest = {"sql": "SELECT key, value, time FROM r ORDER BY time DESC LIMIT 1", "timezone": "Asia/Shanghai"}
    return sql.Settings.model_validate({"url": f"sqlite:///{base}", "queries": {"q": {**latest, **query}}})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("past", "form"),
    [
        ("SELECT key, value, time FROM r WHERE time >= :since AND time < :until ORDER BY time", "text"),
        ("SELECT key, value, time FROM r WHERE ms >= :since AND ms < :until ORDER BY time", "ms"),
        ("SELECT key, value, time FROM r WHERE ms >= :since * 1000 AND ms < :until * 1000 ORDER BY time", "s"),
    ],
)
async def test_a_query_over_a_time_column(base: Path, past: str, form: str) -> None:
    settings = database(base, past=past, past_times=form, max_rows=50)
    found = await all_of(sql.backfill(settings, points("q#a"), T0 + 100, T0 + 1100))
    assert rows(found) == [("q#a", n, T0 + 10.0 * n) for n in range(10, 110)], "200 rows in spans of at most 50"


@pytest.mark.asyncio
async def test_a_query_without_a_past_is_not_asked_and_too_many_rows_at_once_are_an_error(base: Path) -> None:
    assert await all_of(sql.backfill(database(base), points("q#a"), T0, T0 + 1000)) == []
    crowded = database(
        base, past="SELECT key, value, time FROM r WHERE :since < :until", past_times="s", max_rows=10
    )  # fmt: skip
    with pytest.raises(SourceError, match="max_rows"):
        await all_of(sql.backfill(crowded, points("q#a"), T0, T0 + 100))


@pytest.mark.parametrize(
    ("query", "says"),
    [({"past": "SELECT 1 WHERE :since < 1"}, "no :until"), ({"past": "SELECT :since, :until", "time": ""}, "'time'")],
)
def test_a_past_that_asks_for_no_span_is_refused(base: Path, query: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        database(base, **query)


# over HTTP


@pytest.fixture
def http() -> Iterator[HttpPeer]:
    peer = HttpPeer()
    yield peer
    peer.close()


def exporter(http: HttpPeer, **past: object) -> prometheus.Settings:
    target = {"url": f"{http.url}/metrics", "past": {"url": f"{http.url}/prom/", **past}}
    return prometheus.Settings.model_validate({"targets": {"ups": target, "other": {"url": http.url}}})


def matrix(*series: list[tuple[float, str]]) -> Page:
    result = [{"metric": {}, "values": [[at, value] for at, value in each]} for each in series]
    told = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    return Page(json.dumps(told).encode(), "application/json")


@pytest.mark.asyncio
async def test_a_prometheus_server_is_asked_for_raw_samples(http: HttpPeer) -> None:
    http.answering = lambda _, __: matrix([(T0 + 15.5, "230.5"), (T0 + 30.5, "NaN"), (T0 + 45.5, "231")])
    wanted = points('ups#volts{phase="L1"}', 'other#volts{phase="L1"}')
    found = await all_of(prometheus.backfill(exporter(http, labels={"job": 'u"p'}), wanted, T0, T0 + 60))
    assert [(row.address, row.time) for row in found] == [(wanted[0].address, T0 + 15.5 + 15 * n) for n in range(3)]
    assert [found[0].value, found[2].value] == [230.5, 231.0]
    (asked,) = http.asked
    query = parse_qs(urlsplit(asked).query)
    assert urlsplit(asked).path == "/prom/api/v1/query"
    assert query == {"query": ['volts{job="u\\"p",phase="L1"}[60001ms]'], "time": [f"{T0 + 60:.3f}"]}


@pytest.mark.asyncio
async def test_what_a_server_of_the_past_may_answer_besides(http: HttpPeer) -> None:
    async def asked() -> list[RawReading]:
        return await all_of(prometheus.backfill(exporter(http), points("ups#volts"), T0, T0 + 60))

    http.answering = lambda _, __: matrix()
    assert await asked() == []
    http.answering = lambda _, __: matrix([(T0, "1")], [(T0, "2")])
    with pytest.raises(SourceError, match=r"2 series fit volts\{\}: give 'past.labels'"):
        await asked()
    for body, says in (
        (b'{"status": "error", "error": "query timed out", "data": {}}', "query timed out"),
        (b"[]", "none of a Prometheus server"),
        (b"<html>", "none of a Prometheus server"),
    ):
        http.answering = lambda _, __, body=body: Page(body)
        with pytest.raises(SourceError, match=says):
            await asked()


@pytest.mark.asyncio
async def test_a_rest_interface_is_asked_for_the_span_page_by_page(http: HttpPeer) -> None:
    def answer(path: str, _: bytes) -> Page:
        query = parse_qs(urlsplit(path).query)
        first = int(query["page"][0]) * 10 if query["page"][0] < "3" else 10_000
        items = [{"id": "x", "t": T0 + n, "v": n} for n in range(first, min(first + 10, 30))]
        return Page(json.dumps({"rows": items}).encode(), "application/json")

    http.answering = answer
    target = {
        "url": f"{http.url}/values", "time": "./t", "query": {"mode": "now", "key": "x"},
        "paging": {"parameter": "page", "items": "/rows", "first": 1, "step": 1},
        "past": {"since": {"parameter": "from", "form": "s"}, "until": {"parameter": "to", "form": "iso"},
                 "query": {"mode": "history"}},
    }  # fmt: skip
    settings = rest.Settings.model_validate({"targets": {"m": target, "n": {"url": f"{http.url}/now"}}})
    found = await all_of(rest.backfill(settings, points("m#/rows/[id=x]/v", "n#/v"), T0 + 10, T0 + 30))
    assert [(row.value, row.time) for row in found] == [(n, T0 + n) for n in range(10, 30)]
    first = parse_qs(urlsplit(http.asked[0]).query)
    assert first == {"mode": ["history"], "key": ["x"], "page": ["1"], "from": ["1795737610"],
                     "to": ["2026-11-27T00:00:30.000Z"]}  # fmt: skip
    assert all(path.startswith("/values") for path in http.asked), "a target without a past is not asked"


@pytest.mark.asyncio
async def test_a_rest_target_with_since_is_asked_from_there(http: HttpPeer) -> None:
    http.answering = lambda _, __: Page(json.dumps([{"id": "x", "t": T0 + 1, "v": 5}]).encode(), "application/json")
    target = {"url": f"{http.url}/v", "time": "./t", "since": {"parameter": "after", "form": "s"}}
    settings = rest.Settings.model_validate({"targets": {"m": target}})
    found = await all_of(rest.backfill(settings, points("m#/[id=x]/v"), T0, T0 + 30))
    assert rows(found) == [("m#/[id=x]/v", 5, T0 + 1)]
    assert parse_qs(urlsplit(http.asked[0]).query) == {"after": ["1795737600"]}
    with pytest.raises(ValidationError, match="'past' needs 'time'"):
        rest.Settings.model_validate({"targets": {"m": {"url": http.url, "past": {"since": {"parameter": "a"}}}}})
