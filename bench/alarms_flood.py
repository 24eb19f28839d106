"""A flood: many alarms at once while browsers watch and page through the list. How long nobody else is answered."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import httpx

from bench.alarms_push import Served, served

SPACES = 2_000
BROWSERS = 10
"""Streams that are open, each as a page has one."""
PROBE_S = 0.002
WATCHED_S = 2.5
ASKED_S = 1.0


def gap_ms(folder: Path, alarms: int, browsers: int = BROWSERS) -> float:
    """The longest gap of the event loop [ms] from the moment of ``alarms`` alarms on, until all browsers have them."""
    with served(folder, SPACES) as running:
        if alarms > len(running.addresses):
            raise ValueError(f"{alarms} alarms need as many points: there are {len(running.addresses)}")
        streams = [_Stream(running.url, alarms) for _ in range(browsers)]
        for stream in streams:
            stream.begun.wait(20.0)
        pages = _Pages(running.url)
        worst = asyncio.run_coroutine_threadsafe(_probe(running, alarms, streams), running.loop).result(60.0)
        pages.stop()
        short = [stream.seen for stream in streams if stream.seen < alarms]
        if short:
            raise RuntimeError(f"{len(short)} browsers saw fewer than {alarms:,} alarms: {min(short)}")
        return worst


async def _probe(running: Served, alarms: int, streams: list[_Stream]) -> float:
    running.say([(address, 2e4) for address in running.addresses[:alarms]])
    worst, end = 0.0, time.perf_counter() + WATCHED_S
    while time.perf_counter() < end or any(stream.seen < alarms for stream in streams):
        if time.perf_counter() > end + 20.0:
            break
        begun = time.perf_counter()
        await asyncio.sleep(PROBE_S)
        worst = max(worst, time.perf_counter() - begun - PROBE_S)
    return worst * 1000


class _Stream:
    """A browser's stream: counts what was raised."""

    def __init__(self, url: str, wanted: int) -> None:
        self.begun, self.seen = threading.Event(), 0
        threading.Thread(target=self._read, args=(url, wanted), daemon=True).start()

    def _read(self, url: str, wanted: int) -> None:
        with httpx.stream("GET", f"{url}/sse/alarms", timeout=30.0) as answer:
            for line in answer.iter_lines():
                if line.startswith("event: snapshot"):
                    self.begun.set()
                self.seen += line.count('"event":"alarm"')
                if self.seen >= wanted:
                    return


class _Pages:
    """A page of the list that asks again once a second, as it does while alarms come."""

    def __init__(self, url: str) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask, args=(url,), daemon=True)
        self._thread.start()

    def _ask(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=30.0) as client:
            while not self._over.wait(ASKED_S):
                client.get("/api/v1/alarms?limit=100").raise_for_status()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        self._thread.join(30.0)
