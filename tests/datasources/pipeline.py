"""Source, supervisor, ingest and live state as the server runs them, for tests of sources."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from datasources.runner import SourceConfig, Supervisor
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading
from twin.slots import SlotTree
from twin.space import Building, Campus, Space, Storey


async def until(
    condition: Callable[[], object], seconds: float = 30.0, what: str = "it did not happen in time"
) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


class Pipeline:
    """One source ``s`` of ``kind`` with ``settings``; ``batches`` are all that it handed over."""

    def __init__(
        self,
        kind: str,
        points: Sequence[Point],
        settings: Mapping[str, object],
        context: Mapping[str, object] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        rooms = sorted({point.entity for point in points})
        spaces = [Space(room, room.rpartition("/")[2]) for room in rooms]
        campus = Campus("c", buildings=[Building("A", storeys=[Storey("A/1", spaces=spaces)])])
        self.live = LiveState(points, SlotTree.of(campus, ["c", "A", "A/1", *rooms]), clock)
        self.ingest = Ingest(points, self.live, clock)
        self.batches: list[list[RawReading]] = []
        config = SourceConfig("s", kind, settings, context or {})
        self.supervisor = Supervisor([config], points, self._take)

    def _take(self, name: str, batch: Sequence[RawReading]) -> None:
        self.batches.append(list(batch))
        self.ingest.accept(batch, name)

    @property
    def readings(self) -> list[RawReading]:
        return [reading for batch in self.batches for reading in batch]

    def state(self) -> str:
        return self.supervisor.states()[0].state

    def reason(self) -> str:
        return self.supervisor.states()[0].reason

    def value(self, point: str) -> float | None:
        return self.live.latest(point).value

    async def connected(self, seconds: float = 10.0) -> None:
        await until(
            lambda: self.reason().startswith("connected") or self.state() == "live", seconds, "it did not connect"
        )

    async def __aenter__(self) -> Pipeline:
        await self.supervisor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()
