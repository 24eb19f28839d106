"""From a value that is over its limit to the step of its alarm at a browser: a real server, its stream over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from models3d.demo import demo_campus
from server.alarms import open_desk
from server.app import UVICORN, create_server
from server.runtime import Runtime, runtime_of
from twin.alarms.alarm import LOW
from twin.alarms.rule import AlarmRules, Condition, Rule, Selector
from twin.reading import RawReading

SPACES = 600
TEXT = {"zh": "{what}", "en": "{what}"}
PAUSES_S = (0.02, 0.05, 0.11, 0.17)


@dataclass(frozen=True, slots=True)
class Served:
    """A server whose rule is over every power of its campus; ``addresses`` are those of the points."""

    runtime: Runtime
    loop: asyncio.AbstractEventLoop
    url: str
    addresses: list[str]

    def say(self, values: Sequence[tuple[str, float]]) -> None:
        """Hand values [W] to the ingest, on the server's loop."""
        readings = [RawReading(address, value, time.time()) for address, value in values]
        self.loop.call_soon_threadsafe(self.runtime.ingest.accept, readings, "simulator")


@contextmanager
def served(
    folder: Path, spaces: int = SPACES, priority: int = LOW, screens: Callable[[FastAPI, Runtime], object] | None = None
) -> Iterator[Served]:
    """It, over a demo campus of so many spaces; ``screens`` puts pages on the server."""
    assembled = demo_campus(seed=1, spaces=spaces)
    runtime = runtime_of(assembled, [], folder / "cache")
    rule = Rule(
        "over", Selector(("power",)), Condition("outside", high=1e4), TEXT, TEXT, TEXT, TEXT, TEXT, 600.0, priority
    )
    open_desk(runtime, AlarmRules({"over": rule}), folder / "state")
    addresses = [point.address for point in assembled.points if point.quantity == "power"]
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        application = create_server(runtime)
        if screens is not None:
            screens(application, runtime)
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", **UVICORN))
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve([listener])), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        try:
            yield Served(runtime, loop, f"http://127.0.0.1:{port}", addresses)
        finally:
            server.should_exit = True
            thread.join(15.0)


def delays_ms(folder: Path, count: int) -> list[float]:
    """The delays of ``count`` alarms [ms], one after the other."""
    with served(folder) as running, httpx.stream("GET", f"{running.url}/sse/alarms", timeout=30.0) as answer:
        steps = _steps(answer.iter_lines())
        next(steps)
        return [
            _one(running, running.addresses[number % len(running.addresses)], number, steps) for number in range(count)
        ]


def _one(running: Served, address: str, number: int, steps: Iterator[str]) -> float:
    """One alarm from the value to the line; then it ends again."""
    time.sleep(PAUSES_S[number % len(PAUSES_S)])
    for value, event in ((2e4, "alarm"), (0.0, "return")):
        begun = time.perf_counter()
        running.say([(address, value)])
        while next(steps) != event:
            pass
        if event == "alarm":
            took = (time.perf_counter() - begun) * 1000
    return took


def _steps(lines: Iterator[str]) -> Iterator[str]:
    """The events of the steps of a stream; 'snapshot' first."""
    name = ""
    for line in lines:
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data" and name == "snapshot":
            yield name
        elif key == "data" and name == "steps":
            for step in json.loads(value)["steps"]:
                yield step["event"]
