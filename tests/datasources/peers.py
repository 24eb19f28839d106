"""Devices as processes of their own (killed, stopped, started again on the same port), and what a source brings."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from datasources.contract import TargetReport
from tests.conftest import ROOT
from tests.datasources.broker import free_port
from twin.point import Point
from twin.reading import RawReading


class Peer:
    """A device: ``python -m tests.datasources.MODULE PORT SPEC``, which prints 'ready' and then one line an event."""

    def __init__(self, module: str, folder: Path, spec: Any = None, port: int = 0) -> None:
        self.port = port or free_port()
        self._module = module
        self._spec = spec
        self._log = folder / f"{module}-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._from = 0

    async def start(self, spec: Any = None) -> None:
        """Start it (again), with another ``spec`` if one is given, and wait until it listens."""
        self._spec = self._spec if spec is None else spec
        self._from = 0
        command = [sys.executable, "-m", f"tests.datasources.{self._module}", str(self.port), json.dumps(self._spec)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=os.environ
            )
        for _ in range(600):
            if self.events()[:1] == ["ready"]:
                return
            assert self._process.poll() is None, f"{self._module} ended at once:\n{self._log.read_text()}"
            await asyncio.sleep(0.05)
        raise AssertionError(f"{self._module} was not ready within 30 s:\n{self._log.read_text()}")

    def events(self) -> list[str]:
        """The whole lines that it printed since it was started, or since ``order``."""
        return self._log.read_text(encoding="utf-8", errors="replace").split("\n")[self._from : -1]

    def count(self, *words: str) -> int:
        """How many of its events begin with one of ``words``."""
        return sum(line.startswith(words) for line in self.events())

    def tell(self, order: Any) -> None:
        """Have it do something: one line of JSON on its standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    async def order(self, *orders: Any) -> None:
        """Have it do things, wait until they are done, and forget what it printed before."""
        before = self.count("DONE")
        for order in orders:
            self.tell(order)
        await until(lambda: self.count("DONE") >= before + len(orders), 10.0)
        self._from += len(self.events())

    def kill(self) -> None:
        """End it at once: no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Let it answer nothing any more: the connection stands, as behind a cable that was pulled."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


async def orders() -> AsyncIterator[Any]:
    """In the device's process: what the test tells it."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def say(line: str) -> None:
    """In the device's process: an event."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Collector:
    """What a source brings, while it runs."""

    def __init__(self) -> None:
        self.batches: list[list[RawReading]] = []
        self.readings: list[RawReading] = []
        self.reports: list[TargetReport] = []
        self.error: BaseException | None = None

    async def follow(self, stream: AsyncIterator[list[RawReading] | TargetReport]) -> None:
        try:
            async for item in stream:
                if isinstance(item, TargetReport):
                    self.reports.append(item)
                else:
                    self.batches.append(item)
                    self.readings.extend(item)
        except Exception as error:
            self.error = error
        finally:
            await stream.aclose()  # type: ignore[attr-defined]

    def of(self, address: str) -> list[RawReading]:
        """The readings of one address."""
        return [reading for reading in self.readings if reading.address == address]

    def last(self, address: str) -> RawReading | None:
        """The newest reading of one address."""
        return next((reading for reading in reversed(self.readings) if reading.address == address), None)

    def value(self, address: str) -> Any:
        """The newest value of one address; None before the first."""
        reading = self.last(address)
        return None if reading is None else reading.value

    def states(self, target: str) -> list[str]:
        """How the target was, in order; reasons that follow one another in one state count once."""
        states = [report.state for report in self.reports if report.target == target]
        return [state for state, _ in itertools.groupby(states)]

    def forget(self) -> None:
        self.batches.clear()
        self.readings.clear()
        self.reports.clear()


async def until(condition: Callable[[], object], seconds: float = 10.0, what: str = "") -> None:
    """Wait until ``condition`` holds; fail after ``seconds``."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what or "it did not happen in time"
        await asyncio.sleep(0.02)


def sockets() -> set[str]:
    """The sockets that this process holds."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = entry.readlink()
        except OSError:
            continue
        if str(target).startswith("socket:"):
            found.add(str(target))
    return found


@asynccontextmanager
async def running(module: Any, settings: dict[str, Any], points: Sequence[Point]) -> AsyncIterator[Collector]:
    """Run a source; afterwards none of its tasks and sockets may be left."""
    tasks_before, sockets_before = asyncio.all_tasks(), sockets()
    collector = Collector()
    model = module.Settings.model_validate(settings)
    task = asyncio.create_task(collector.follow(module.batches(model, points)))
    try:
        yield collector
    finally:
        task.cancel()
        began = time.monotonic()
        await asyncio.wait({task})
        assert time.monotonic() - began < 5.0, "closing took too long"
        await asyncio.sleep(0)
        left = [t for t in asyncio.all_tasks() - tasks_before if not t.done()]
        assert left == [], "tasks left behind"
        assert sockets() - sockets_before == set(), "sockets left behind"


def point(address: str, name: str = "", interval_s: float = 0.2, unit: str = "kW") -> Point:
    """A point of the source under test."""
    return Point(name or address, "room", "power", unit, interval_s=interval_s, source="s", address=address)
