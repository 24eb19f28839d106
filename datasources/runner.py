"""The supervisor: runs every source, restarts what fails, and says in words how each one is.

connecting -> live -> silent (connected, but three times its usual interval without a value) -> live ...; down (it
failed; tried again after 1 s, 2 s, 4 s ... with jitter); misconfigured (it will fail again: tried once a minute).
A peer that merely cannot be reached is tried every 8 s at the latest, so that a broker that comes back is back within
10 s; one that refuses us is left alone for up to 60 s.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Literal

from pydantic import ValidationError

from datasources.backfill import Filler, Late, backfill_of
from datasources.contract import (
    Batches,
    MisconfiguredError,
    Neighbours,
    SourceError,
    SourceModule,
    TargetReport,
    source_types,
)
from twin.point import Point
from twin.reading import RawReading

log = logging.getLogger(__name__)

State = Literal["connecting", "live", "silent", "down", "misconfigured"]

BACKOFF_FIRST_S = 1.0
BACKOFF_UNREACHABLE_S = 8.0
BACKOFF_LAST_S = 60.0
SILENT_INTERVALS = 3.0
SILENT_AT_LEAST_S = 5.0
SILENT_FIRST_S = 60.0
"""Silence that is allowed before any interval is known, where the points do not tell one."""

Sink = Callable[[str, Sequence[RawReading]], object]
Wiring = Callable[[str, Neighbours], object]


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source is: ``reason`` in words, times in s since epoch (UTC), ``interval_s`` the median gap of batches."""

    name: str
    type: str
    state: State
    reason: str
    since: float
    points: int
    last_reading: float | None = None
    readings: int = 0
    restarts: int = 0
    interval_s: float | None = None
    targets: tuple[TargetReport, ...] = ()
    """Of a source of many devices: those that are not well, and how."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """A source as configured: its ``settings`` are not validated yet; ``context`` is what the program gives it."""

    name: str
    type: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)


class Supervisor:
    """Runs ``sources``; readings go to ``sink(source name, batch)`` on the event loop, and what network devices say of
    their neighbours to ``wiring(source name, neighbours)``. With ``late`` what was missed is asked for afterwards.
    """

    def __init__(
        self,
        sources: Sequence[SourceConfig],
        points: Sequence[Point],
        sink: Sink,
        modules: Mapping[str, SourceModule] | None = None,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        wiring: Wiring | None = None,
        late: Late | None = None,
    ) -> None:
        known = source_types() if modules is None else modules
        self._begin: Callable[[SourceConfig, tuple[Point, ...]], _Run] = lambda config, own: _Run(
            config, own, sink, known, clock, jitter, wiring, late
        )
        own = _by_source(points)
        self._runs = [self._begin(config, own.get(config.name, ())) for config in sources]
        self._started = False

    def states(self) -> list[SourceState]:
        """The state of each source, in the order of the configuration."""
        return [run.state for run in self._runs]

    async def start(self) -> None:
        """Start every source; returns at once."""
        self._started = True
        for run in self._runs:
            run.start()

    async def stop(self) -> None:
        """Stop every source and wait until it let go of its connections."""
        self._started = False
        await _stop(self._runs)

    async def change(self, sources: Sequence[SourceConfig], points: Sequence[Point]) -> Changed:
        """Go on with other sources and points: those that are as they were are not touched, the others end or begin."""
        before = {run.state.name: run for run in self._runs}
        own = _by_source(points)
        runs, begun = [], []
        for config in sources:
            run = before.get(config.name)
            if run is not None and run.is_of(config, own.get(config.name, ())):
                del before[config.name]
            else:
                begun.append(run := self._begin(config, own.get(config.name, ())))
            runs.append(run)
        names = [run.state.name for run in begun]
        self._runs = runs
        await _stop(before.values())  # first: a broker may know the old one by the name of the new one
        for run in begun if self._started else ():
            run.start()
        changed = tuple(name for name in names if name in before)
        added = tuple(name for name in names if name not in before)
        return Changed(added, tuple(name for name in before if name not in names), changed)


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of sources: new ones, those that are gone, and those that began anew with other settings or points."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def _by_source(points: Sequence[Point]) -> dict[str, tuple[Point, ...]]:
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(point.source, []).append(point)
    return {name: tuple(own) for name, own in found.items()}


async def _stop(runs: Iterable[_Run]) -> None:
    """End sources, and wait until they let go of their connections."""
    stopped = list(runs)
    tasks = [task for run in stopped for task in run.tasks]
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            log.error("a source ended with an error", exc_info=result)
    for run in stopped:
        run.tasks.clear()
        run.ended()


class _Run:
    """One source and its state."""

    def __init__(
        self,
        config: SourceConfig,
        points: tuple[Point, ...],
        sink: Sink,
        modules: Mapping[str, SourceModule],
        clock: Callable[[], float],
        jitter: Callable[[], float],
        wiring: Wiring | None = None,
        late: Late | None = None,
    ) -> None:
        self._wiring = wiring
        self._config = config
        self._points = points
        self._sink = sink
        self._module = modules.get(config.type)
        self._known = sorted(modules)
        self._clock = clock
        self._jitter = jitter
        backfill = None if self._module is None else backfill_of(self._module)
        self._filler = None if late is None or backfill is None else Filler(config.name, points, backfill, late)
        self._filling: asyncio.Task[None] | None = None
        self._failures = 0
        self._all_targets = 0
        self._gaps: deque[float] = deque(maxlen=21)
        self._last_batch = time.monotonic()
        self.tasks: list[asyncio.Task[None]] = []
        self.state = SourceState(config.name, config.type, "connecting", "starting", clock(), len(points))

    def is_of(self, config: SourceConfig, points: tuple[Point, ...]) -> bool:
        """Whether it runs just so."""
        return self._config == config and self._points == points

    def start(self) -> None:
        """Begin to run; returns at once."""
        name = f"source {self._config.name}"
        self.tasks = [asyncio.create_task(self.forever(), name=name), asyncio.create_task(self.watch(), name=name)]

    async def forever(self) -> None:
        """Connect, run, wait, again, until cancelled."""
        while True:
            try:
                await self._once()
                self._fail("down", "the source ended by itself")
                wait = self._backoff(BACKOFF_UNREACHABLE_S)
            except MisconfiguredError as error:
                self._fail("misconfigured", str(error))
                wait = BACKOFF_LAST_S
            except SourceError as error:
                self._fail("down", str(error))
                wait = self._backoff(BACKOFF_LAST_S)
            except (OSError, TimeoutError) as error:
                self._fail("down", str(error) or _words(error))
                wait = self._backoff(BACKOFF_UNREACHABLE_S)
            except Exception as error:
                log.exception("source %s: unexpected error", self._config.name)
                self._fail("down", f"unexpected error, see the log: {_words(error)}")
                wait = self._backoff(BACKOFF_LAST_S)
            await asyncio.sleep(wait)

    def _backoff(self, most: float) -> float:
        """1, 2, 4 ... ``most`` [s], shortened by up to a quarter so that many clients do not come back as one."""
        wait: float = min(BACKOFF_FIRST_S * 2.0 ** min(self._failures - 1, 10), most)
        return wait * (1 - 0.25 * self._jitter())

    async def _once(self) -> None:
        module = self._module
        if module is None:
            raise MisconfiguredError(f"there is no source type '{self._config.type}': use {', '.join(self._known)}")
        try:
            settings = module.Settings.model_validate(dict(self._config.settings), context=dict(self._config.context))
        except ValidationError as error:
            mistakes = "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['msg']}" for row in error.errors())
            raise MisconfiguredError(f"settings of source '{self._config.name}': {mistakes}") from None
        self._all_targets = len(getattr(settings, "targets", ()))
        if not self._failures:  # one that is tried again is still down, and has been since it fell out
            self._say("connecting", "connecting")
        self._last_batch = time.monotonic()
        if self._filler is not None:
            self._filler.connecting(self._clock())
        stream = module.batches(settings, self._points)
        try:
            await self._listen(stream, settings)
        finally:
            if self._filling is not None:
                self._filling.cancel()
                await asyncio.gather(self._filling, return_exceptions=True)
                self._filling = None

    async def _listen(self, stream: Batches, settings: Any) -> None:
        async with aclosing(stream) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if isinstance(batch, TargetReport):
                    self._target(batch)
                elif isinstance(batch, Neighbours):
                    if self._wiring is not None:
                        self._wiring(self._config.name, batch)
                else:
                    self._take(batch)
                    if batch and self._filler is not None:
                        self._fill(self._filler, settings)

    def _fill(self, filler: Filler, settings: Any) -> None:
        """Values arrive: ask for what was missed, once for each connection."""
        now = self._clock()
        filler.heard(now)
        if self._filling is None:
            name = f"the past of source {self._config.name}"
            self._filling = asyncio.create_task(filler.fill(settings, now), name=name)

    def _target(self, report: TargetReport) -> None:
        """One device of the source fell out or came back: the source itself goes on."""
        unwell = {row.target: row for row in self.state.targets}
        unwell.pop(report.target, None)
        if report.state != "live":
            unwell[report.target] = report
            log.warning("source %s: %s is %s: %s", self._config.name, report.target, report.state, report.reason)
        self.state = replace(self.state, targets=tuple(unwell.values()))
        if 0 < self._all_targets <= len(unwell):
            useless = all(row.state == "misconfigured" for row in unwell.values())
            words = "; ".join(sorted({f"{row.target}: {row.reason}" for row in unwell.values()})[:3])
            self._say("misconfigured" if useless else "down", words)
        elif self.state.state == "live":
            self._say("live", self._well())

    def _well(self) -> str:
        """What a source says that brings values."""
        unwell = self.state.targets
        if not unwell:
            return "values arrive"
        named = ", ".join(f"{row.target} ({row.reason})" for row in unwell[:3])
        more = f" and {len(unwell) - 3} more" if len(unwell) > 3 else ""
        return f"values arrive, but not from {named}{more}"

    def _take(self, batch: list[RawReading]) -> None:
        now = time.monotonic()
        if not batch:
            self._last_batch = now
            self._say("connecting", "connected, waiting for the first value")
            return
        if self.state.state in ("live", "silent"):
            self._gaps.append(now - self._last_batch)
        self._last_batch = now
        self._failures = 0
        self._sink(self._config.name, batch)
        interval = median(self._gaps) if self._gaps else None
        self._say("live", self._well())
        self.state = replace(
            self.state, last_reading=self._clock(), readings=self.state.readings + len(batch), interval_s=interval
        )

    def _say(self, state: State, reason: str) -> None:
        if (state, reason) != (self.state.state, self.state.reason):
            since = self._clock() if state != self.state.state else self.state.since
            if state != self.state.state:
                log.info("source %s is %s: %s", self._config.name, state, reason)
            self.state = replace(self.state, state=state, reason=reason, since=since)

    def _fail(self, state: State, reason: str) -> None:
        self._failures += 1
        self._gaps.clear()
        self._say(state, reason)
        self.state = replace(self.state, restarts=self.state.restarts + 1, targets=())

    def ended(self) -> None:
        """Nothing listens any more: whatever the source said last is no longer so."""
        self._say("down", "stopped")

    def _patience(self) -> float:
        """How long the source may be silent [s]: three times its median gap, or what its points promise."""
        promised = median(p.interval_s for p in self._points) if self._points else SILENT_FIRST_S / SILENT_INTERVALS
        usual = median(self._gaps) if len(self._gaps) >= 5 else promised
        return max(SILENT_AT_LEAST_S, SILENT_INTERVALS * usual)

    async def watch(self) -> None:
        """Say 'silent' when a connected source brings nothing any more. It stays connected: it may only be quiet."""
        while True:
            await asyncio.sleep(0.5)
            quiet = time.monotonic() - self._last_batch
            connected = self.state.state == "live" or self.state.reason.startswith("connected")
            if connected and quiet > self._patience():
                self._say("silent", f"connected, but no value for {quiet:.0f} s")


def _words(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
