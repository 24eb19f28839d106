"""The command ``record``: what sources of a campus folder bring, as it came, into one Parquet file."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from datasources.recording import MAX_STATES, Info, Journal, RecordingError, StateChange, journal_of
from datasources.runner import SourceConfig, SourceState, Supervisor
from server.campus_folder import StartError, read_campus
from server.environment import cache_folder
from twin.mistake import nearest
from twin.point import Point
from twin.reading import RawReading

FLUSH_S = 2.0
"""What a kill loses at most [s]."""
LOOK_S = 0.25
MAX_WAITING = 500_000
"""Readings that wait for a slow disk; what comes beyond is dropped and counted."""


def record(sources: Sequence[str], folder: Path, out: Path, *, seconds: float | None) -> int:
    """Record ``sources`` of the campus in ``folder`` into ``out`` until interrupted or for ``seconds`` [s].

    0 recorded, 1 nothing came, 2 refused or the disk did not take it.
    """
    try:
        read = read_campus(folder, cache_folder())
        configs = _chosen(read.sources, sources)
        if out.exists():
            raise ValueError(f"{out} is there already: name another file, or delete it")
        out.parent.mkdir(parents=True, exist_ok=True)
        journal = Journal(out, Info({row.name: row.type for row in configs}, read.config.file.campus.id, time.time()))
    except (StartError, RecordingError, OSError, ValueError) as error:
        sys.stderr.write(f"record {' '.join(sources)}: {error}\n")
        return 2
    if journal.readings:
        sys.stderr.write(f"{out} was cut off before: {journal.readings} readings of it are kept, and it goes on\n")
    recorder = Recorder(journal, configs, read.assembled.points)
    try:
        asyncio.run(recorder.run(seconds))
        total = journal.finish(time.time())
    except (RecordingError, OSError) as error:
        journal.abandon()
        sys.stderr.write(f"record {' '.join(sources)}: {error}; what was written stands in {journal_of(out)}\n")
        return 2
    dropped = f", {journal.info.dropped} dropped because the disk was too slow" if journal.info.dropped else ""
    sys.stderr.write(f"{total} readings in {out}{dropped}\n")
    return 0 if total else 1


def _chosen(known: Sequence[SourceConfig], names: Sequence[str]) -> list[SourceConfig]:
    by_name = {row.name: row for row in known}
    for name in names:
        if name not in by_name:
            raise ValueError(f"campus.yaml has no source '{name}'; {nearest(name, by_name)}")
    return [by_name[name] for name in dict.fromkeys(names)]


class Recorder:
    """Runs sources under the supervisor of the product, and writes what they bring every two seconds."""

    def __init__(self, journal: Journal, sources: Sequence[SourceConfig], points: Sequence[Point]) -> None:
        self._journal = journal
        self._waiting: list[tuple[str, Sequence[RawReading]]] = []
        self._count = 0
        self._said: dict[str, tuple[str, str]] = {}
        self._supervisor = Supervisor(sources, points, self._take)

    async def run(self, seconds: float | None) -> None:
        """Until SIGINT, SIGTERM or for ``seconds`` [s]; what came is in the journal then."""
        loop = asyncio.get_running_loop()
        end = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, end.set)
        if seconds is not None:
            loop.call_later(seconds, end.set)
        await self._supervisor.start()
        flushed = time.monotonic()
        try:
            while not end.is_set():
                await _wait(end, LOOK_S)
                self._look()
                if time.monotonic() - flushed >= FLUSH_S:
                    flushed = time.monotonic()
                    await self._flush()
        finally:
            await self._supervisor.stop()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
        await self._flush()

    def _take(self, source: str, batch: Sequence[RawReading]) -> None:
        if self._count + len(batch) > MAX_WAITING:
            self._journal.info.dropped += len(batch)
            return
        self._count += len(batch)
        self._waiting.append((source, batch))

    async def _flush(self) -> None:
        waiting, self._waiting, self._count = self._waiting, [], 0
        if waiting:
            await asyncio.to_thread(self._journal.write, waiting)

    def _look(self) -> None:
        """Note and say how the sources are, where that changed."""
        states = self._journal.info.states
        for row in self._supervisor.states():
            if self._said.get(row.name) != (row.state, row.reason):
                self._said[row.name] = (row.state, row.reason)
                states.append(StateChange(row.name, row.since, row.state, row.reason))
                del states[:-MAX_STATES]
                sys.stderr.write(f"{_shown(row)}\n")


def _shown(row: SourceState) -> str:
    return f"{row.name} is {row.state}: {row.reason}"


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
