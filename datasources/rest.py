"""JSON over HTTP: each target is an answer that is polled, page after page where it has pages.

An address is ``target#/path/in/json`` (``datasources.rest_path``). Where the service keeps a history, ``since`` asks it
only for what is newer than the last device time that was seen.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, ConfigDict, Field, model_validator

from datasources.backfill import REACH_H, Reach
from datasources.contract import Found, SourceError, TargetReport
from datasources.fieldbus import Pace, Session, Stream, TargetName, Wanted, run, sort_points
from datasources.http_get import BusyError
from datasources.payload import Pointer, epoch
from datasources.rest_path import BESIDE, Hit, TimePath, beside, find, offered, place
from datasources.rest_request import Asked, Request
from twin.point import Point
from twin.reading import RawReading

AHEAD_S = 60.0


class Target(Request):
    """An answer that is polled.

    ``time`` is the path of the time of a whole answer, or ``./path`` of the time beside each value; local times are of
    ``timezone``. ``interval_s`` [s] is by default the shortest that its points ask; ``timeout_s`` [s] is for each page.
    """

    time: TimePath = ""
    interval_s: Annotated[float, Field(ge=0.5, le=86400)] | None = None

    @model_validator(mode="after")
    def _has_times(self) -> Target:
        if self.since and not self.time:
            raise ValueError("'since' needs 'time': it is taken from the times of the values")
        if self.past and not self.time:
            raise ValueError("'past' needs 'time': what was missed has times of its own")
        return self


class Settings(BaseModel):
    """The answers by name. ``batch_ms`` [ms] is how long readings are gathered; ``backfill_h`` [h] is how far back
    targets with ``past`` or ``since`` are asked after an outage."""

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50
    backfill_h: Reach = REACH_H


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Poll every target that has points, until closed."""
    wanted, mistakes = sort_points(points, settings.targets, place)
    stream = Stream(settings.batch_ms / 1000)
    sessions: dict[str, Session] = {
        name: _Document(name, settings.targets[name], row, stream).poll for name, row in wanted.items()
    }
    async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
        async for item in merged:
            yield item


async def backfill(
    settings: Settings, points: Sequence[Point], since: float, until: float
) -> AsyncIterator[list[RawReading]]:
    """What targets with ``past`` or ``since`` have of their points from ``since`` to before ``until`` [s since epoch],
    page by page."""
    wanted, _ = sort_points(points, settings.targets, place)
    for name, row in wanted.items():
        target = settings.targets[name]
        asked, clock, seen = target.between(since, until), Clock(target), set[Asked]()
        async with target.client() as client:
            while asked is not None:
                if asked in seen or len(seen) >= target.max_pages:
                    raise SourceError(f"{name}: the pages go in a circle, or are more than {target.max_pages}")
                seen.add(asked)
                document = await target.document(client, asked)
                now = time.time()
                yield [reading for address, steps in row.places.items()
                       for reading in clock.readings(address, find(document, steps), now)]  # fmt: skip
                asked = target.following(document, asked)


class _Document:
    """One target and the points that want something of it."""

    def __init__(self, name: str, target: Target, wanted: Wanted[Pointer], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._wanted = wanted
        self._stream = stream
        self._clock = Clock(target)
        self._newest: float | None = target.since.first(ZoneInfo(target.timezone)) if target.since else None

    async def poll(self) -> None:
        """Ask at the target's pace for as long as all is well."""
        pace = Pace(self._target.interval_s or self._wanted.interval_s)
        async with self._target.client() as client:
            while True:
                await pace.tick()
                try:
                    readings = await self._pages(client)
                except BusyError as busy:
                    self._stream.unwell(self._name, "down", str(busy))
                    await asyncio.sleep(busy.wait_s)
                    continue
                self._stream.live(self._name)
                self._stream.put(readings)
                self._remember(readings)

    async def _pages(self, client: httpx.AsyncClient) -> list[RawReading]:
        """What all pages have. What no page has is bad, unless only news were asked for: then there are none."""
        only_news = self._target.since is not None
        left = dict(self._wanted.places)
        readings: list[RawReading] = []
        asked: Asked | None = self._target.first(self._newest)
        seen: set[Asked] = set()
        while asked is not None and (left or only_news):
            if asked in seen or len(seen) >= self._target.max_pages:
                raise SourceError(f"the pages go in a circle, or are more than {self._target.max_pages}")
            seen.add(asked)
            document = await self._target.document(client, asked)
            for address, steps in list(left.items()):
                found = self._clock.readings(address, find(document, steps), time.time())
                readings += found
                if found and not only_news:
                    del left[address]
            asked = self._target.following(document, asked)
        if only_news:
            return readings
        now = time.time()
        return readings + [RawReading(address, None, now, bad="not in the answer") for address in left]

    def _remember(self, readings: list[RawReading]) -> None:
        """The newest device time. A clock that runs ahead must not hide what all others measure until then."""
        if self._target.since is not None:
            latest = time.time() + AHEAD_S
            times = [row.time for row in readings if row.time is not None and row.time <= latest]
            self._newest = max([*times, *([] if self._newest is None else [self._newest])], default=None)


class Clock:
    """Where the values of a target have their time."""

    def __init__(self, target: Target) -> None:
        self._beside = target.time.startswith(BESIDE)
        self._steps = place(target.time.removeprefix(".")) if target.time else None
        self._zone = ZoneInfo(target.timezone)

    def readings(self, address: str, hits: list[Hit], now: float) -> list[RawReading]:
        """What an address has: a reading, one for each time where the values have times of their own, or why not."""
        times = [self._time(hit) for hit in hits]
        if len(hits) > 1 and (None in times or len(set(times)) < len(times)):
            return [RawReading(address, None, now, times[0], bad=f"matches {len(hits)} values")]
        rows = sorted(zip(times, hits, strict=True), key=lambda row: row[0] or 0.0)
        return [_reading(address, hit.value, now, moment) for moment, hit in rows]

    def _time(self, hit: Hit) -> float | None:
        if self._steps is None:
            return None
        if self._beside:
            return epoch(beside(hit, self._steps), self._zone)
        told = find(hit.around[0], self._steps)
        return epoch(told[0].value, self._zone) if len(told) == 1 else None


def _reading(address: str, value: Any, now: float, moment: float | None) -> RawReading:
    if isinstance(value, dict | list):
        raw = json.dumps(value, ensure_ascii=False)[:200].encode()
        return RawReading(address, None, now, moment, bad="not a single value", raw=raw)
    return RawReading(address, value, now, moment)


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """The single values in the first page of every target. SourceError: no target answers."""
    found: list[Found] = []
    failed: list[str] = []
    for name, target in settings.targets.items():
        quick = target.model_copy(update={"timeout_s": min(target.timeout_s, seconds)})
        try:
            async with quick.client() as client:
                document = await quick.document(client, quick.first(None))
        except (SourceError, OSError) as error:
            failed.append(f"{name}: {error}")
            continue
        found += [Found(f"{name}#{path}", value, name, path.rpartition("/")[2]) for path, value in offered(document)]
    if len(failed) == len(settings.targets):
        raise SourceError(f"no target answers: {'; '.join(failed[:3])}")
    return found
