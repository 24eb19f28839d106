"""The estimates of a running campus: every minute from the live columns of its points, published as derived points.

``gather`` (on the event loop) copies columns, ``step`` (in a thread) does the sums, ``publish`` (on the loop) writes
the results. Access points of a space are added up, CO2 sensors averaged, any PIR that is on is somebody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.frame import FLAG_DERIVED, FLAG_SIMULATED
from twin.live import Columns, LiveState
from twin.occupancy import kept
from twin.occupancy.fusion import QUANTITY, Estimate, Fusion, Said, Source
from twin.occupancy.totals import Sum, total
from twin.point import DERIVED, Point
from twin.reading import SUSPECT, Quality
from twin.slots import Level, SlotTree
from twin.space import Campus, Space
from twin.timetable import Lesson, Timetable

log = logging.getLogger(__name__)

PERIOD_S = 60.0
SAVE_S = 6 * 3600.0
SUFFIX = "/people.fused"
SILENT = "no source speaks"
Index = npt.NDArray[np.intp]


def derived_points(points: Sequence[Point], tree: SlotTree, booked: Collection[str] = ()) -> list[Point]:
    """A point ``<space>/people.fused`` for every space that has a source or a timetable, in the order of the tree."""
    wanted = set(QUANTITY.values())
    known = {point.id for point in points}
    slots = sorted(
        {tree.slot(point.entity) for point in points if point.quantity in wanted and point.source != DERIVED}
        | {tree.slot(space) for space in booked}
    )
    ids = [tree.ids[slot] for slot in slots if slot >= 0 and tree.level[slot] == Level.SPACE]
    return [
        Point(space + SUFFIX, space, "people", "1", interval_s=PERIOD_S, stale_s=3 * PERIOD_S, source=DERIVED)
        for space in ids
        if space + SUFFIX not in known
    ]


@dataclass(frozen=True, slots=True)
class Now:
    """What the sources say at ``time``; ``simulated`` (spaces,) where any of them is."""

    time: float
    said: Said
    simulated: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OfSpace:
    """The estimate of one space: NaN = not known; ``sources`` (source, weight 0..1, age [s])."""

    people: float
    low: float
    high: float
    time: float
    simulated: bool
    sources: tuple[tuple[Source, float, float], ...]


class PeopleWatch:
    """The estimates of the spaces that have a derived point in ``live``. ``memory`` keeps what is learned, or None."""

    def __init__(
        self, live: LiveState, campus: Campus, memory: Path | None = None, lessons: Sequence[Lesson] = ()
    ) -> None:
        self.live, self.memory = live, memory
        self.listeners: list[Callable[[Columns], None]] = []
        self.rows: Index = np.array([row for row, p in enumerate(live.points) if p.source == DERIVED], np.intp)
        self.ids = [live.points[row].entity for row in self.rows.tolist()]
        self.index = {space: number for number, space in enumerate(self.ids)}
        spaces = {space.id: space for b in campus.buildings for storey in b.storeys for space in storey.spaces}
        here = [spaces[space] for space in self.ids]
        kinds = {name: number for number, name in enumerate(sorted({space.category for space in here}))}
        self.fusion = Fusion(
            np.array([kinds[space.category] for space in here], np.intp), _areas(here), _volumes(here),
            ZoneInfo(campus.timezone),
        )  # fmt: skip
        self._sources = {source: self._rows_of(quantity) for source, quantity in QUANTITY.items()}
        self._timetable = Timetable(lessons, self.ids, ZoneInfo(campus.timezone))
        self._reason = live.reasons.id((SILENT,))
        self.estimate: Estimate | None = None
        self._simulated = np.zeros(len(self.ids), np.bool_)

    def _rows_of(self, quantity: str) -> tuple[Index, Index]:
        """Rows of points and the spaces that they tell of."""
        numbers = {self.live.tree.index[space]: number for space, number in self.index.items()}
        pairs = [
            (row, numbers[slot])
            for row, (point, slot) in enumerate(zip(self.live.points, self.live.slot.tolist(), strict=True))
            if point.quantity == quantity and point.source != DERIVED and slot in numbers
        ]
        columns = np.array(pairs, np.intp).reshape(-1, 2)
        return columns[:, 0], columns[:, 1]

    def gather(self) -> Now:
        """What the sources say now, one column each."""
        live, n = self.live, len(self.ids)
        value, time = np.full((n, 4), np.nan), np.full((n, 4), -np.inf)
        good = np.zeros((n, 4), np.bool_)
        simulated = np.zeros(n, np.bool_)
        suspect = live.reasons.having(*SUSPECT)
        for source, (rows, space) in self._sources.items():
            usable = ~live.stale[rows] & (live.quality[rows] <= Quality.UNCERTAIN) & ~np.isnan(live.value[rows])
            usable &= ~suspect[live.reason[rows]]
            there, of = np.bincount(space[usable], minlength=n), np.bincount(space, minlength=n)
            total_ = np.bincount(space[usable], live.value[rows[usable]], n)
            np.maximum.at(time[:, source], space[usable], live.judged[rows[usable]])
            # a space may have several sources: one that is simulated is enough, whichever comes last
            np.logical_or.at(simulated, space[usable], live.flags[rows[usable]] & FLAG_SIMULATED > 0)
            if source in (Source.COUNTER, Source.CLIENTS):
                good[:, source] = (there == of) & (of > 0)  # half of the access points is not half of the people
                value[:, source] = total_
            elif source == Source.CO2:
                good[:, source] = there > 0
                value[:, source] = total_ / np.maximum(there, 1)
            else:
                good[:, source] = there > 0
                value[:, source] = total_ > 0
        return Now(live.clock(), Said(value, time, good), simulated)

    def step(self, now: Now) -> Estimate:
        """The estimate; in any thread, one at a time."""
        planned = self._timetable.planned(now.time) if len(self._timetable) else None
        return self.fusion.step(now.time, now.said, planned)

    def publish(self, now: Now, estimate: Estimate) -> None:
        """Write the estimates to the derived points; a space that nobody speaks of any more becomes bad, never 0."""
        self.estimate, self._simulated = estimate, now.simulated
        known = np.isfinite(estimate.people)
        at = np.flatnonzero(known | (self.live.quality[self.rows] != Quality.NONE))
        n, time = len(at), np.full(len(at), now.time)
        columns = Columns(
            self.rows[at], np.round(estimate.people[at], 1), time, time, time,
            np.where(known[at], Quality.GOOD, Quality.BAD).astype(np.uint8),
            (np.full(n, FLAG_DERIVED, np.uint8) | np.where(now.simulated[at], FLAG_SIMULATED, 0)).astype(np.uint8),
            np.where(known[at], 0, self._reason).astype(np.uint16),
        )  # fmt: skip
        self.live.apply(columns)
        for listener in self.listeners:
            listener(columns)

    def of_space(self, space: str) -> OfSpace | None:
        """The latest estimate of a space; None where it has no source at all, or none was made yet."""
        number, estimate = self.index.get(space), self.estimate
        if number is None or estimate is None:
            return None
        told = tuple(
            (source, float(estimate.weight[number, source]), self._age(estimate, number, source))
            for source in Source
            if estimate.weight[number, source] > 0
        )
        return OfSpace(
            float(estimate.people[number]), float(estimate.low[number]), float(estimate.high[number]), estimate.time,
            bool(self._simulated[number]), tuple(sorted(told, key=lambda row: -row[1])),
        )  # fmt: skip

    @staticmethod
    def _age(estimate: Estimate, number: int, source: Source) -> float:
        """Age of what a source said [s]; a timetable is always of now."""
        return 0.0 if source == Source.TIMETABLE else float(estimate.age[number, source])

    def under(self, entity: str) -> Sum | None:
        """The sum of the estimates under a storey, a building or the campus; None before the first estimate."""
        if self.estimate is None:
            return None
        tree = self.live.tree
        below = tree.under(tree.index[entity])[self.live.slot[self.rows]]
        found = total(self.estimate.people[below], self.estimate.sd[below])
        known = np.isfinite(self.estimate.people)
        return replace(found, simulated=bool((below & known & self._simulated).any()))

    async def run(self) -> None:
        """Estimate every minute for ever; a failure is logged and the next turn comes."""
        if not self.ids:
            return
        await asyncio.to_thread(self.recall)
        saved = self.live.clock()
        while True:
            try:
                now = self.gather()
                self.publish(now, await asyncio.to_thread(self.step, now))
                if self.live.clock() - saved > SAVE_S:
                    saved = self.live.clock()
                    await asyncio.to_thread(self.remember)
            except Exception:  # what failed once must not end the estimates, nor be silent
                log.exception("the estimate of people failed; it goes on in %.0f s", PERIOD_S)
            await asyncio.sleep(PERIOD_S)

    def recall(self) -> int:
        """Read what was learned before; the number of spaces that are known."""
        return 0 if self.memory is None else kept.load(self.memory, self.ids, self.fusion)

    def remember(self) -> None:
        """Write what was learned; a disk that refuses is logged."""
        if self.memory is None or self.estimate is None:
            return
        try:
            kept.save(self.memory, self.ids, self.fusion)
        except OSError as error:
            log.warning("what was learned of people cannot be kept in %s: %s", self.memory, error)


def _areas(spaces: Sequence[Space]) -> npt.NDArray[np.float64]:
    return np.array([np.nan if space.area_m2 is None else space.area_m2 for space in spaces], np.float64)


def _volumes(spaces: Sequence[Space]) -> npt.NDArray[np.float64]:
    """Volume [m3]; from the area and a usual height where the model has none."""
    from twin.occupancy.air import HEIGHT_M

    known = np.array([np.nan if space.volume_m3 is None else space.volume_m3 for space in spaces], np.float64)
    return np.where(known > 0, known, _areas(spaces) * HEIGHT_M)
