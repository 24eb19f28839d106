"""Many devices, one stream: a task a device with its own pace, back-off and state; one batch every 50 to 100 ms.

A device's *session* is a coroutine that connects, reads and hands over to the ``Stream`` for as long as all is well,
and raises when it is not (``datasources.contract`` says with what). Nothing here knows a protocol.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Generic, Literal, Protocol, TypeVar

from pydantic import StringConstraints

from datasources.contract import MisconfiguredError, SourceError, TargetReport
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.reading import RawReading

log = logging.getLogger(__name__)

BACKOFF_FIRST_S = 1.0
BACKOFF_LAST_S = 8.0
BACKOFF_MISCONFIGURED_S = 60.0
MISTAKES_AGAIN_S = 60.0
MAX_PENDING = 100_000

TargetName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^#\s]+$")]
Session = Callable[[], Awaitable[None]]
Place = TypeVar("Place")
_LEAVES_DOUBT = {"1", "%", "ppm"}


def quantity_of(unit: str) -> str:
    """The quantity that a unit leaves no doubt about, else ''. A '%' may be humidity or the position of a valve."""
    owners = [quantity.key for quantity in QUANTITIES.values() if unit in quantity.units]
    return owners[0] if len(owners) == 1 and unit not in _LEAVES_DOUBT else ""


class AddressError(ValueError):
    """An address that cannot be read: the message says what is wrong and how it is written."""


class Stream:
    """Where the sessions put readings, and say how their device is. Reports are kept only when something changes."""

    def __init__(self, batch_s: float) -> None:
        self._batch_s = batch_s
        self._readings: list[RawReading] = []
        self._reports: list[TargetReport] = []
        self._states: dict[str, TargetReport] = {}
        self._arrived = asyncio.Event()
        self.dropped = 0

    def put(self, readings: Iterable[RawReading]) -> None:
        """Hand over readings; beyond 100,000 waiting ones only the newest of each address is kept."""
        self._readings.extend(readings)
        if len(self._readings) > MAX_PENDING:
            kept = list({reading.address: reading for reading in self._readings}.values())[-MAX_PENDING // 2 :]
            self.dropped += len(self._readings) - len(kept)
            log.warning("more than %d readings waiting: %d older ones dropped so far", MAX_PENDING, self.dropped)
            self._readings = kept
        if self._readings:
            self._arrived.set()

    def live(self, target: str) -> None:
        """The device answers. The first time this wakes the stream, so that the source is known to be connected."""
        known = self._states.get(target)
        if known is None or known.state != "live":
            self._report(TargetReport(target, "live", "answers again" if known else "answers"), told=known is not None)

    def unwell(self, target: str, state: Literal["down", "misconfigured"], reason: str) -> None:
        """The device fell out, and why."""
        report = TargetReport(target, state, reason)
        if self._states.get(target) != report:
            self._report(report, told=True)

    def is_live(self, target: str) -> bool:
        """Whether the device answered last time."""
        known = self._states.get(target)
        return known is not None and known.state == "live"

    def _report(self, report: TargetReport, told: bool) -> None:
        self._states[report.target] = report
        if told:
            self._reports.append(report)
        self._arrived.set()

    async def take(self) -> tuple[list[RawReading], list[TargetReport]]:
        """What gathered in one batch's time since the first of it arrived."""
        await self._arrived.wait()
        await asyncio.sleep(self._batch_s)
        self._arrived.clear()
        readings, self._readings = self._readings, []
        reports, self._reports = self._reports, []
        return readings, reports


async def run(
    stream: Stream, sessions: Mapping[str, Session], mistakes: Mapping[str, str] | None = None
) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Look after every session, and yield what they bring until closed; then end them all and wait for them.

    ``mistakes`` are addresses that cannot be read, with the reason: their points are bad, and say why.
    """
    tasks = [
        asyncio.create_task(_look_after(stream, name, session), name=f"target {name}")
        for name, session in sessions.items()
    ]
    if mistakes:
        tasks.append(asyncio.create_task(_complain(stream, mistakes), name="addresses with mistakes"))
    try:
        while True:
            readings, reports = await stream.take()
            # Readings before reports: what a device said before it fell out must not look like its return.
            if readings or not reports:
                yield readings
            for report in reports:
                yield report
    finally:
        await end(tasks)


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel ``tasks`` and wait for them, again and again: ``wait_for`` of Python 3.11 may swallow a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=1.0)
        for task in done:
            if not task.cancelled() and task.exception() is not None:
                log.error("%s ended with an error", task.get_name(), exc_info=task.exception())


async def _look_after(stream: Stream, name: str, session: Session) -> None:
    """Run ``session`` again and again: 1, 2, 4, 8 s after a failure, so that what comes back is back within 10 s.

    A device that will fail again until somebody changes something is asked once a minute.
    """
    failures = 0
    while True:
        try:
            await session()
            reason = "the session ended by itself"
        except MisconfiguredError as failure:
            stream.unwell(name, "misconfigured", str(failure))
            await asyncio.sleep(BACKOFF_MISCONFIGURED_S)
            continue
        except (SourceError, OSError) as failure:
            reason = words(failure)
        except Exception as failure:
            log.exception("target %s: unexpected error", name)
            reason = f"unexpected error, see the log: {words(failure)}"
        failures = 1 if stream.is_live(name) else failures + 1
        stream.unwell(name, "down", reason)
        wait = min(BACKOFF_FIRST_S * 2.0 ** min(failures - 1, 10), BACKOFF_LAST_S)
        await asyncio.sleep(wait * (1 - 0.25 * random.random()))  # noqa: S311 - spreads the returns, hides nothing


def words(error: BaseException) -> str:
    """An error for an operator: its own words, else its kind."""
    if isinstance(error, OSError) and error.strerror and not isinstance(error, TimeoutError):
        return error.strerror
    return str(error) or type(error).__name__


async def _complain(stream: Stream, mistakes: Mapping[str, str]) -> None:
    while True:
        now = time.time()
        stream.put(RawReading(address, None, now, bad=reason) for address, reason in mistakes.items())
        await asyncio.sleep(MISTAKES_AGAIN_S)


class Pace:
    """Ticks of one interval [s] that do not drift; a tick that was missed is left out."""

    def __init__(self, interval_s: float) -> None:
        self._interval = interval_s
        self._next = time.monotonic()

    async def tick(self) -> None:
        """Wait for the next tick; the first comes at once."""
        now = time.monotonic()
        if self._next < now - self._interval:
            self._next = now + self._interval - (now - self._next) % self._interval
        await asyncio.sleep(max(0.0, self._next - now))
        self._next += self._interval


class Due(Protocol):
    """Something to be read at ``due`` [s, monotonic]; ``told``: only if it was quiet for so long."""

    due: float
    told: bool


Item = TypeVar("Item", bound=Due)


def take_due(items: Sequence[Item], interval_s: float) -> list[Item]:
    """What is due, and what will be soon, so that it shares the request; each is due again after ``interval_s`` [s]."""
    now = time.monotonic()
    if not any(item.due <= now for item in items):
        return []
    due = [item for item in items if item.due <= now + interval_s / 4]
    for item in due:
        late = item.due + interval_s < now
        item.due = now + interval_s if late or item.told else item.due + interval_s
    return due


@dataclass(slots=True)
class Wanted(Generic[Place]):
    """The places in one device that points want, by address; ``interval_s`` [s] is the shortest that a point asks."""

    places: dict[str, Place] = field(default_factory=dict)
    interval_s: float = 60.0


def sort_points(
    points: Sequence[Point], targets: Iterable[str], parse: Callable[[str], Place]
) -> tuple[dict[str, Wanted[Place]], dict[str, str]]:
    """Points by target, and the addresses that cannot be read with the reason.

    ``parse`` reads what stands after ``target#``, or raises AddressError. MisconfiguredError: nothing is left to do.
    """
    known = set(targets)
    wanted: dict[str, Wanted[Place]] = {}
    mistakes: dict[str, str] = {}
    for point in points:
        target, mark, rest = point.address.partition("#")
        try:
            if not mark:
                raise AddressError(f"'{point.address}' does not say of which target: write target#place")
            if target not in known:
                raise AddressError(f"there is no target '{target}' in the settings of this source")
            place = parse(rest)
        except AddressError as error:
            mistakes[point.address] = str(error)
            continue
        row = wanted.setdefault(target, Wanted(interval_s=point.interval_s))
        row.places[point.address] = place
        row.interval_s = min(row.interval_s, point.interval_s)
    if not wanted:
        why = next(iter(mistakes.values()), "no point has this source: give points whose source is its name")
        raise MisconfiguredError(f"nothing to read: {why}")
    return wanted, mistakes
