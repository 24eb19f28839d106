"""``bench history``: the historian beside PostgreSQL with the same 14.4 million readings, ingest running meanwhile.

Both have the same rows of the same day (``bench/history_data.py``); questions are put in turns. Ours answer from the
sealed day where a bar says so, else from the young one. ``bench/history_scrub.py`` measures the screen.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from bench.history_data import MINUTE_MS, START, readings
from bench.history_peer import Peer, postgresql
from bench.report import ROOT, Bar, Report, against_limit, against_peer, machine, versions
from twin.history.contract import READINGS, KeptPoint
from twin.history.duckdb_parquet import DuckDbStore

POINTS, MINUTES = 10_000, 1440
BUILDING = 208
HOUR = 3_600_000
BATCH = 200_000
ROUNDS = 15
KILLS = 20
LIVE_ROWS = 20_000
"""Rows a second that come in while questions are answered."""
MONTH_DAYS = 30


def run() -> Report:
    """All bars."""
    rows = readings(POINTS, MINUTES)
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory(prefix="campus-twin-history-") as folder, postgresql() as peer:
        store = opened(Path(folder) / "day")
        bars += ingest(store, peer, rows)
        while store.roll(START + 26 * HOUR):
            pass
        store.seal(START + 60 * HOUR)
        bars += sizes(store, peer, len(rows))
        with coming_in(store):
            bars += questions(store, peer)
            bars += one_point(store)
            bars.append(loop_gap(store))
        store.close()
        bars.append(month(Path(folder) / "month"))
    bars.append(kills())
    from bench.history_scrub import bars as scrub

    bars += scrub()
    return Report(
        name="history", machine=machine(),
        versions=versions("duckdb", "pyarrow", "ibis-framework", "psycopg", "numpy"), bars=bars,
    )  # fmt: skip


def opened(folder: Path, points: int = POINTS) -> DuckDbStore:
    """A new history with its points."""
    store = DuckDbStore(folder, ZoneInfo("Asia/Shanghai"))
    store.keys([KeptPoint(f"p{n}", "power", 180.0) for n in range(points)])
    return store


def ingest(store: DuckDbStore, peer: Peer, rows: pa.Table) -> list[Bar]:
    """The day goes in, in batches, in turns with the peer's COPY."""
    ours, theirs = [], []
    for number, first in enumerate(range(0, len(rows), BATCH), 1):
        batch = rows.slice(first, BATCH)
        began = time.perf_counter()
        store.append(batch, number)
        ours.append(time.perf_counter() - began)
        theirs.append(peer.copy(batch))
    peer.settle(POINTS)
    us = [BATCH / (each * 1e6) for each in ours]
    return [
        Bar(bar="rows written", unit="million/s", limit=0.2, measured=float(np.median(us)), peer=None,
            peer_measured=None, ratio=None, n=len(us), holds=float(np.median(us)) >= 0.2),
        against_peer("time to write them against COPY", "s", 0.5, ours, "PostgreSQL", theirs),
    ]  # fmt: skip


def sizes(store: DuckDbStore, peer: Peer, number: int) -> list[Bar]:
    """A sealed row on the disk."""
    sealed = sum(file.size for file in store.days("readings").sealed.values())
    hours = sum(file.size for file in store.days("hours").sealed.values())
    return [
        against_limit("a sealed reading", "bytes", 1.6, [sealed / number]),
        against_peer("with its roll-ups against table and index", "bytes", 0.05, [(sealed + hours) / number],
                     "PostgreSQL", [peer.size() / number]),
    ]  # fmt: skip


@contextmanager
def coming_in(store: DuckDbStore) -> Iterator[None]:
    """Meanwhile 20,000 rows a second come in, a batch every half second."""
    ending = threading.Event()
    live = readings(LIVE_ROWS // 2, 1, seed=9)

    def feed() -> None:
        batch, at = store.watermark(), START + 60 * HOUR
        while not ending.wait(0.5):
            batch, at = batch + 1, at + MINUTE_MS
            store.append(live.set_column(1, READINGS.field("time"), pa.array(np.full(len(live), at))), batch)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def questions(store: DuckDbStore, peer: Peer) -> list[Bar]:
    """Last, building by the hour, an instant and the top, in turns."""
    chance = np.random.default_rng(5)
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    every = np.arange(POINTS, dtype=np.int32)
    for turn in range(ROUNDS + 1):
        first = int(chance.integers(POINTS - BUILDING))
        at = START + int(chance.integers(2 * HOUR, 24 * HOUR))
        hour = START + HOUR * int(chance.integers(1, 23))
        points = every[first : first + BUILDING]
        groups = pa.table({"point": points, "group": np.zeros(BUILDING, np.int32)})
        pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
            ("last", store.last, peer.last),
            ("building by the hour", lambda g=groups: store.grouped("hour", g, START, START + 24 * HOUR),  # type: ignore[misc]
             lambda f=first: peer.building(f, f + BUILDING - 1, START, START + 24 * HOUR)),  # type: ignore[misc]
            ("instant", lambda t=at: store.at(t), lambda t=at: peer.instant(t)),  # type: ignore[misc]
            ("top", lambda h=hour: store.top(every, h, h + HOUR, 20), lambda h=hour: peer.top(h, h + HOUR)),  # type: ignore[misc]
        ]  # fmt: skip
        for name, us, them in pairs:
            if turn:  # the first compiles and warms up
                ours.setdefault(name, []).append(timed(us))
                theirs.setdefault(name, []).append(timed(them))
            else:
                us()
                them()
    total = [sum(each) for each in zip(*ours.values(), strict=True)]
    of_peer = [sum(each) for each in zip(*theirs.values(), strict=True)]
    bars = [against_peer("last, building, instant, top together", "ms", 1 / 3, total, "PostgreSQL", of_peer)]
    for name in ours:
        bar = against_peer(f"  of that {name}", "ms", 1e9, ours[name], "PostgreSQL", theirs[name])
        bars.append(bar)
    return bars


def timed(question: Callable[[], object]) -> float:
    """How long an answer takes [ms]."""
    began = time.perf_counter()
    question()
    return (time.perf_counter() - began) * 1000


def one_point(store: DuckDbStore) -> list[Bar]:
    """One point over 12 h: the 95th percentile."""
    chance = np.random.default_rng(6)
    took = []
    for _ in range(60):
        key = np.array([chance.integers(POINTS)], np.int32)
        start = START + int(chance.integers(0, 12 * HOUR))
        took.append(timed(lambda k=key, s=start: store.rows(k, s, s + 12 * HOUR)))  # type: ignore[misc]
    bar = against_limit("a point over 12 h, 95th percentile", "ms", 40.0, [float(np.percentile(took[5:], 95))])
    bar["n"] = len(took) - 5
    return [bar]


def loop_gap(store: DuckDbStore) -> Bar:
    """The longest time in which an event loop did not turn while the slowest questions ran in threads."""

    async def beating() -> float:
        longest, done = 0.0, False

        async def beat() -> None:
            nonlocal longest
            before = time.perf_counter()
            while not done:
                await asyncio.sleep(0.005)
                now = time.perf_counter()
                longest, before = max(longest, now - before - 0.005), now

        beats = asyncio.create_task(beat())
        slow: Sequence[Callable[[], object]] = (
            lambda: store.rows(None, START, START + 3 * HOUR),
            lambda: store.rollups("hour", None, START, START + 24 * HOUR),
            lambda: store.at(START + 5 * HOUR),
        )
        for _ in range(3):
            for question in slow:
                await asyncio.to_thread(question)
        done = True
        await beats
        return longest * 1000

    sys.setswitchinterval(0.0005)  # as the server does
    return against_limit("longest gap of an event loop beside the slowest questions", "ms", 250.0,
                         [asyncio.run(beating())])  # fmt: skip


def month(folder: Path) -> Bar:
    """Thirty days of a building by the hour, of a campus of 10,000 points, sealed."""
    store = opened(folder)
    points = np.arange(POINTS, dtype=np.int32)
    for day in range(MONTH_DAYS):
        hours = [readings(POINTS, 1, seed=day, start=START + (24 * day + h) * HOUR) for h in range(24)]
        store.append(pa.concat_tables(hours), day + 1)
    now = START + (MONTH_DAYS + 3) * 24 * HOUR
    while store.roll(now):
        pass
    while store.seal(now):
        pass
    took = []
    for turn in range(ROUNDS):
        of = points[turn * BUILDING : (turn + 1) * BUILDING]
        groups = pa.table({"point": of, "group": np.zeros(BUILDING, np.int32)})
        took.append(timed(lambda g=groups: store.grouped("hour", g, START, now)))  # type: ignore[misc]
    store.close()
    return against_limit("30 days of a building by the hour", "ms", 500.0, took[1:])


def kills() -> Bar:
    """Twenty kill -9, half of them within a seal: runs in which anything acknowledged was lost or doubled."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/twin/history/test_crash.py"],
        cwd=ROOT, env={**os.environ, "HISTORY_KILLS": str(KILLS)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    bar = against_limit(
        "kill -9 after which anything acknowledged was lost", "times", 0.0, [float(done.returncode != 0)]
    )
    bar["n"] = KILLS
    return bar
