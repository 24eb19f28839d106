"""JSON over HTTP: each target is a document that is polled, page after page where it has pages.

An address is ``target#/path/in/json``, a JSON pointer whose steps may choose from a list: ``/devices/[id=7]/power``.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from datasources.contract import SourceError, TargetReport
from datasources.fieldbus import AddressError, Pace, Session, Stream, TargetName, Wanted, run, sort_points
from datasources.http_get import Access, BusyError, get
from datasources.payload import Pointer, ZoneName, epoch, tokens
from twin.point import Point
from twin.reading import RawReading

_CHOICE = re.compile(r"\[([^=\]]+)=([^\]]*)\]")


def place(text: str) -> Pointer:
    """The steps of an address."""
    if not text.startswith("/"):
        raise AddressError(f"'{text}' is no JSON pointer: write it as /data/power or /devices/[id=7]/power")
    return tokens(text)


def _checked(text: str) -> str:
    if text:
        place(text)
    return text


Path = Annotated[str, AfterValidator(_checked)]


class Target(Access):
    """A document. ``next`` is the path of the next page's address in it; ``time`` that of the time of a whole page.

    ``interval_s`` [s] is by default the shortest that its points ask; ``timeout_s`` [s] is for each page.
    """

    next: Path = ""
    max_pages: Annotated[int, Field(ge=1, le=1000)] = 20
    time: Path = ""
    timezone: ZoneName = "UTC"
    interval_s: Annotated[float, Field(ge=0.5, le=86400)] | None = None


class Settings(BaseModel):
    """The documents by name. ``batch_ms`` [ms] is how long readings are gathered."""

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50


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


class _Document:
    """One target and the points that want something of it."""

    def __init__(self, name: str, target: Target, wanted: Wanted[Pointer], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._wanted = wanted
        self._stream = stream
        self._next = place(target.next) if target.next else None
        self._time = place(target.time) if target.time else None
        self._zone = ZoneInfo(target.timezone)

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

    async def _pages(self, client: httpx.AsyncClient) -> list[RawReading]:
        left = dict(self._wanted.places)
        readings: list[RawReading] = []
        url: str | None = self._target.url
        seen: set[str] = set()
        while url and left:
            if url in seen or len(seen) >= self._target.max_pages:
                raise SourceError(f"the pages go in a circle, or are more than {self._target.max_pages}")
            seen.add(url)
            answer = await get(client, self._target, url, {"Accept": "application/json"})
            document = _document(answer.body)
            readings += self._readings(document, left)
            url = self._following(document, url)
        now = time.time()
        return readings + [RawReading(address, None, now, bad="not in the answer") for address in left]

    def _readings(self, document: Any, left: dict[str, Pointer]) -> list[RawReading]:
        """What this page has of what is left, which is taken out of it."""
        now = time.time()
        moment = None
        if self._time is not None:
            told = find(document, self._time)
            moment = epoch(told[0], self._zone) if len(told) == 1 else None
        readings = []
        for address, steps in list(left.items()):
            found = find(document, steps)
            if not found:
                continue
            del left[address]
            if len(found) > 1:
                readings.append(RawReading(address, None, now, moment, bad=f"matches {len(found)} values"))
            elif isinstance(found[0], dict | list):
                readings.append(RawReading(address, None, now, moment, bad="not a single value"))
            else:
                readings.append(RawReading(address, found[0], now, moment))
        return readings

    def _following(self, document: Any, url: str) -> str | None:
        found = find(document, self._next) if self._next is not None else []
        if not found or not isinstance(found[0], str) or not found[0]:
            return None
        try:
            here, there = httpx.URL(url), httpx.URL(url).join(found[0])
        except httpx.InvalidURL:
            raise SourceError("the next page's address cannot be read") from None
        if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
            raise SourceError("the next page is on another host, which is not followed")
        return str(there)


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise SourceError("the answer is not JSON") from None


def find(document: Any, steps: Pointer) -> list[Any]:
    """What stands at a path: nothing, one value, or several where a choice fits more than one."""
    found = [document]
    for step in steps:
        found = [inner for outer in found for inner in _step(outer, step)]
    return found


def _step(document: Any, step: str) -> list[Any]:
    if isinstance(document, dict):
        return [document[step]] if step in document else []
    if not isinstance(document, list):
        return []
    if choice := _CHOICE.fullmatch(step):
        key, value = choice.groups()
        return [row for row in document if isinstance(row, dict) and key in row and _text(row[key]) == value]
    if re.fullmatch(r"0|[1-9][0-9]{0,8}", step) and int(step) < len(document):
        return [document[int(step)]]
    return []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
