"""A recording or a table of measured data, played as if it came now: gaps kept, faster or slower, over and over.

A recording is played batch by batch as it was made. With ``times: now`` every time is moved by the same rule, so that
what came late or out of order still does; with a ``speed`` all gaps shrink alike, and a counter's rate grows by it.
"""

from __future__ import annotations

import asyncio
import csv
import logging
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, TextIO
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datasources.contract import MisconfiguredError, TargetReport
from datasources.folder_file import FolderFile, NewFile
from datasources.payload import ZoneName, epoch
from datasources.recording import Batch, Recording, RecordingError, is_recording
from datasources.replay_faults import Injected, Injector, read_faults
from datasources.replay_table import Form, TableError, read_series
from twin.point import Point
from twin.reading import RawReading

log = logging.getLogger(__name__)

AHEAD = 200
AHEAD_READINGS = 20_000
"""Batches, and readings, that are read at once in a thread."""
GATHER_S = 0.05
GATHER_MOST = 5000
RESTING_S = 0.005
LOOP_GAP_S = 1.0

Name = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """What is played and how.

    ``file`` is a recording, or a CSV or Parquet table (a folder of Parquet files too), in the campus folder. ``source``
    is the one of a recording of several. ``times``: ``now`` moves them so that the play begins now, ``original`` keeps
    them. ``start`` and ``end`` cut a part out. ``faults`` is a file of faults to put in, ``labels`` the CSV file that
    says what was put in and when. ``time``, ``address``, ``value``, ``time_format`` name the columns of a table.
    """

    model_config = ConfigDict(extra="forbid")
    file: Annotated[FolderFile, Field(min_length=1)]
    source: str = ""
    speed: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    loop: bool = False
    times: Literal["now", "original"] = "now"
    start: datetime | str | float | None = None
    end: datetime | str | float | None = None
    faults: FolderFile = ""
    labels: NewFile = ""
    time: str = ""
    address: list[Name] | Name = []
    value: str = ""
    time_format: str = ""
    timezone: ZoneName = "UTC"

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.loop and self.times == "original":
            raise ValueError("'loop' with times: original would bring the same times again: leave one of them out")
        if self.labels and not self.faults:
            raise ValueError("'labels' says which faults were put in: name the file of 'faults'")
        first, last = self.window()
        if last <= first:
            raise ValueError("'end' is not after 'start'")
        return self

    def window(self) -> tuple[float, float]:
        """From when to when is played [s since epoch]."""
        return self._moment("start", self.start, -math.inf), self._moment("end", self.end, math.inf)

    def _moment(self, name: str, given: datetime | str | float | None, default: float) -> float:
        if given is None:
            return default
        zone = ZoneInfo(self.timezone)
        if isinstance(given, datetime):
            return (given if given.tzinfo else given.replace(tzinfo=zone)).timestamp()
        if (found := epoch(given, zone)) is None:
            raise ValueError(f"'{name}' {given} is no time: write it as 2026-04-15T08:00:00+08:00")
        return found

    @property
    def targets(self) -> tuple[str]:
        """The file: when it is over, the source says so of it."""
        return (Path(self.file).name,)


@dataclass(slots=True)
class Tape:
    """Recorded times -> times of the play. ``begin`` [s since epoch, recorded] is played at ``now`` [s since epoch]."""

    begin: float
    now: float
    speed: float
    moved: bool

    def due(self, moment: float) -> float:
        """When something recorded at ``moment`` is played [s since epoch]."""
        return self.now + (moment - self.begin) / self.speed

    def shown(self, moment: float) -> float:
        """The time that stands on it."""
        return self.due(moment) if self.moved else moment

    def move(self, reading: RawReading) -> RawReading:
        """The reading with its times of the play."""
        if not self.moved:
            return reading
        at, boot = reading.time, reading.boot
        return RawReading(
            reading.address, reading.value, self.due(reading.received), None if at is None else self.due(at),
            reading.retained, reading.bad, reading.raw, None if boot is None else self.due(boot), reading.wrap,
            reading.remark,
        )  # fmt: skip


class Reel:
    """The file, opened: its batches from the beginning, as often as wanted."""

    def __init__(self, settings: Settings, points: Sequence[Point]) -> None:
        """MisconfiguredError: the file cannot be played."""
        path = Path(settings.file)
        self.recorded = is_recording(path)
        self._source = settings.source
        self._window = settings.window()
        try:
            if self.recorded:
                self._tape = Recording(path)
                known = self._tape.info.sources
                if settings.source and settings.source not in known:
                    raise MisconfiguredError(
                        f"{path.name} has no source '{settings.source}': it has {', '.join(known)}"
                    )
            else:
                address = (settings.address,) if isinstance(settings.address, str) else tuple(settings.address)
                form = Form(settings.time, address, settings.value, settings.time_format, settings.timezone)
                self._series = read_series(path, form)
                if self._series.unread:
                    log.warning("%s: %d rows have no time that can be read: left out", path.name, self._series.unread)
        except (RecordingError, TableError) as error:
            raise MisconfiguredError(str(error)) from None
        addresses = {point.address for point in points}
        self._renamed = {p.id: p.address for p in points if p.address and p.id not in addresses}

    def batches(self) -> Iterator[Batch]:
        """What is to be played. RecordingError: the file breaks off."""
        first, last = self._window
        for batch in self._tape.batches() if self.recorded else self._series.batches():
            if self._source and self.recorded and batch.source != self._source:
                continue
            if batch.arrived >= last:
                return
            if batch.arrived >= first:
                yield batch if self.recorded else self._named(batch)

    def _named(self, batch: Batch) -> Batch:
        """A table may name a point by its id instead of its address."""
        if not any(reading.address in self._renamed for reading in batch.readings):
            return batch
        readings = [
            RawReading(self._renamed.get(r.address, r.address), r.value, r.received, r.time) for r in batch.readings
        ]
        return Batch(batch.source, batch.arrived, readings)


class Labels:
    """The sidecar of injected faults: one row each, in recorded and in played time (ISO 8601, UTC)."""

    COLUMNS = ("fault", "kind", "address", "start", "end", "played_start", "played_end", "readings")

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._rows = csv.writer(file)
        self._rows.writerow(self.COLUMNS)

    def tell(self, label: Injected, tape: Tape) -> None:
        """Write a row."""
        times = [label.start, label.end, tape.shown(label.start), tape.shown(label.end)]
        self._rows.writerow([label.fault, label.kind, label.address, *map(_iso, times), label.readings])
        self._file.flush()


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Play the file, at its pace; when it is over, say so and rest."""
    reel = await asyncio.to_thread(Reel, settings, points)
    name = settings.targets[0]
    with ExitStack() as stack:
        labels = None
        if settings.labels:
            labels = Labels(stack.enter_context(Path(settings.labels).open("w", encoding="utf-8", newline="")))
        yield []
        played, begin = 0, time.time()
        try:
            while True:
                before = played
                async for readings, end in _pass(settings, reel, points, labels, begin):
                    played += len(readings)
                    begin = end
                    yield readings
                if not settings.loop or played == before:
                    break
            over = "is over" if played else "has nothing in the given time"
            yield TargetReport(name, "down", f"the recording {over} ({played} readings were played)")
        except RecordingError as error:
            yield TargetReport(name, "down", f"{error} ({played} readings were played)")
    await asyncio.Event().wait()


async def _pass(
    settings: Settings, reel: Reel, points: Sequence[Point], labels: Labels | None, now: float
) -> AsyncIterator[tuple[list[RawReading], float]]:
    """Once through the file, beginning at ``now`` [s since epoch]: readings, and when a next pass would begin."""
    stream = reel.batches()
    first = await asyncio.to_thread(next, stream, None)
    if first is None:
        return
    tape = Tape(first.arrived, max(now, time.time()), settings.speed, settings.times == "now")
    stream = chain([first], stream)
    if settings.faults:
        ids: dict[str, list[str]] = {}
        for point in points:
            ids.setdefault(point.address or point.id, []).append(point.id)
        plan = await asyncio.to_thread(read_faults, Path(settings.faults))

        def tell(label: Injected) -> None:
            if labels is not None:
                labels.tell(label, tape)

        stream = Injector(plan, first.arrived, ids, tell).through(stream)
    gap, last = LOOP_GAP_S, first.arrived
    waiting: list[RawReading] = []
    async for batch in _ahead(stream):
        due = tape.due(batch.arrived)
        # A recording keeps its batches: what is late within one is judged as it was. A table has none to keep.
        if waiting and (reel.recorded or len(waiting) >= GATHER_MOST or due - time.time() > GATHER_S):
            yield waiting, tape.due(last + gap)
            waiting = []
        await asyncio.sleep(wait if (wait := due - time.time()) > RESTING_S else 0)
        if batch.arrived > last:
            gap, last = batch.arrived - last, batch.arrived
        waiting += [tape.move(reading) for reading in batch.readings]
    if waiting:
        yield waiting, tape.due(last + gap)


async def _ahead(stream: Iterator[Batch]) -> AsyncIterator[Batch]:
    """The batches, read some hundred at once in a thread, so that no wait for the disk holds the event loop."""
    while found := await asyncio.to_thread(_some, stream):
        for batch in found:
            yield batch


def _some(stream: Iterator[Batch]) -> list[Batch]:
    found: list[Batch] = []
    readings = 0
    for batch in stream:
        found.append(batch)
        readings += len(batch.readings)
        if len(found) >= AHEAD or readings >= AHEAD_READINGS:
            break
    return found
