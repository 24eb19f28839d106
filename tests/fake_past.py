"""A past without a historian: values that are a function of point and time, with gaps and things that happened.

Made by hand, so that tests know what is right: the value of a point at an instant is ``value_at``; in a gap nothing was
heard, and what was heard before it grows old.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from server.past_contract import Stood
from server.runtime import Runtime
from twin.history.contract import HistoryError
from twin.kpi import Kpis, Then
from twin.kpi_memory import Memory
from twin.live import Columns, LiveState
from twin.reading import Quality

DAY = 86_400.0
STEP_S = 60.0


@dataclass(frozen=True, slots=True)
class FakeEvent:
    """Something that happened."""

    time: float
    until: float | None
    kind: str
    subject: str
    state: str
    entity: str
    zh: str
    en: str


@dataclass
class FakePast:
    """``oldest`` and ``newest`` bound it [s since epoch], the newest moves with the clock; ``gaps`` were silent."""

    runtime: Runtime
    oldest: float
    gaps: Sequence[tuple[float, float]] = ()
    happened: Sequence[FakeEvent] = ()
    slow_s: float = 0.0
    asked: list[float] = field(default_factory=list)
    _kept: OrderedDict[float, LiveState] = field(default_factory=OrderedDict)
    _base: np.ndarray | None = None
    _whole: bool = False

    async def live_at(self, at: float) -> LiveState:
        self.asked.append(at)
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        if at < self.oldest:
            raise HistoryError(f"nothing is kept of {at:.0f}: the oldest instant is {self.oldest:.0f}")
        found = self._kept.get(at)
        if found is None:
            found = self._kept[at] = await asyncio.to_thread(self.state, at)
            while len(self._kept) > 200:
                self._kept.popitem(last=False)
        return found

    async def then(self, at: float, kpis: Kpis) -> Then:
        live = await self.live_at(at)
        return Then(live, Memory(live.tree, kpis.remembered, kpis.zone))

    def span(self) -> tuple[float, float] | None:
        return self.oldest, self.runtime.live.clock()

    async def coverage(self, start: float, end: float, step_s: float) -> list[float]:
        now = self.runtime.live.clock()
        shares = []
        for i in range(math.ceil((end - start) / step_s)):
            a, b = start + i * step_s, min(end, start + (i + 1) * step_s)
            silent = sum(max(0.0, min(b, until) - max(a, since)) for since, until in self.gaps)
            kept = max(0.0, min(b, now) - max(a, self.oldest))
            shares.append(max(0.0, kept - silent) / (b - a))
        return shares

    async def events(self, start: float, end: float) -> list[FakeEvent]:
        return [event for event in self.happened if start <= event.time < end]

    async def stood(self, at: float, kinds: Sequence[str]) -> list[Stood]:
        rows = [
            Stood(e.time, e.kind, e.subject, e.state, {"zh": e.zh, "en": e.en, "entity": e.entity})
            for e in self.happened
            if e.kind in kinds and e.time <= at and (e.until is None or at < e.until)
        ]  # fmt: skip
        return list({(row.kind, row.subject): row for row in rows}.values())

    def heard_at(self, at: float) -> float:
        """The time of the newest readings at ``at`` [s]."""
        since = next((since for since, until in self.gaps if since <= at < until), at)
        return math.floor(since / STEP_S) * STEP_S

    def state(self, at: float) -> LiveState:
        live = self.runtime.live
        n = len(live.points)
        known = ~np.isnan(live.value)
        if self._base is None or (known.mean() > 0.6 and not self._whole):
            self._whole = bool(known.mean() > 0.6)
            self._base = np.where(known, live.value, 1.0 + (np.arange(n) * 37 % 100) / 100)
        heard = self.heard_at(at)
        times = np.full(n, heard)
        return live.as_of(
            at,
            Columns(
                point=np.arange(n), value=self._base * factor(heard, np.arange(n)), time=times, received=times,
                judged=times, quality=np.full(n, Quality.GOOD, np.uint8), flags=live.flags.copy(),
                reason=np.zeros(n, np.uint16),
            ),
        )  # fmt: skip

    def value_at(self, at: float, row: int) -> float:
        """The value of the point of a row at an instant."""
        return float(self.state(at).value[row])


def factor(at: float, rows: np.ndarray) -> np.ndarray:
    """The course of a day, a little different for every point; twice as much on one day as on the one before."""
    day = math.floor(at / DAY)
    hour = at % DAY / DAY
    course = 0.25 + 0.75 * np.sin(np.pi * ((hour + 0.02 * (rows % 11)) % 1.0)) ** 2
    wave = 1.0 + 0.4 * np.sin(2 * np.pi * (at / 3600.0 + (rows % 17) / 17))
    return np.asarray(course * wave * (0.7 if day % 2 else 1.0))


def day_before(runtime: Runtime, days: float = 40.0) -> FakePast:
    """A past of some weeks up to now, with two gaps in the last day and a handful of things that happened."""
    now = runtime.live.clock()
    gap, short = (now - 9.5 * 3600, now - 8.8 * 3600), (now - 2.2 * 3600, now - 1.8 * 3600)
    source = runtime.sources()[0].name if runtime.sources() else "feed"
    building = runtime.assembled.campus.buildings[0].id
    happened = [
        FakeEvent(
            now - 30 * 3600, None, "configuration", "campus", "applied", "", "配置已更新", "Configuration applied"
        ),
        FakeEvent(gap[0], gap[1], "source", source, "silent", "", f"{source} 无数据", f"{source} silent"),
        FakeEvent(now - 5 * 3600, now - 4.6 * 3600, "finding", "flat", "open", building, "读数不变", "Flat line"),
        FakeEvent(short[0], short[1], "source", source, "down", "", f"{source} 中断", f"{source} down"),
    ]
    return FakePast(runtime, now - days * DAY, [gap, short], happened)
