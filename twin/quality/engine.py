"""The watch over the data: what came is taken note of on the event loop, judged by checks in a thread.

``judge`` and ``take`` hang on the ingest and cost a few array operations a batch. Every ``PERIOD_S`` ``inspect`` runs
all checks in a thread over the columns; ``settle``, on the loop again, takes over what it found. A reading that is
probably wrong becomes uncertain with a reason of ``twin.reading.SUSPECT``: its value stays, totals leave it out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from twin.ingest import Judged
from twin.live import FUTURE_S, Columns, LiveState
from twin.quality import bounds, clock, flat, gap, kept, register, sentinel, spike, stale, submeter, twins, unit, zero
from twin.quality.finding import Check, Finding, Hit
from twin.quality.hours import HOUR_S, Hour, Week, hour_of_week
from twin.quality.ledger import Ledger
from twin.quality.profile import Expected, Profiles
from twin.quality.recent import Event, Recent, rounds
from twin.quality.view import F64, Bools, CheckOf, Meta, Rescaled, View
from twin.reading import FLAT, SPIKE, UNIT, ZERO, Quality

log = logging.getLogger(__name__)

PERIOD_S = 10.0
SAVE_S = 6 * 3600.0
"""What was learned is written so often, and when the watch ends."""

TABLE: dict[Check, CheckOf] = {
    "stale": stale.CHECK, "flat": flat.CHECK, "spike": spike.CHECK, "sentinel": sentinel.CHECK, "range": bounds.CHECK,
    "unit": unit.CHECK, "zero": zero.CHECK, "twins": twins.CHECK, "clock": clock.CHECK, "gap": gap.CHECK,
    "submeter": submeter.CHECK, "register": register.CHECK,
}  # fmt: skip

_FLAT, _UNIT, _SPIKE, _ZERO = 1, 2, 4, 8
_WORDS = {_FLAT: FLAT, _UNIT: UNIT, _SPIKE: SPIKE, _ZERO: ZERO}
_EVENTS: dict[Event, str] = {
    "sentinel": "sentinel", "range": "out of range", "spike": SPIKE, "zero": ZERO, "ahead": "device clock ahead",
    "unset": "device clock not set",
}  # fmt: skip
PAST_H = unit.OLD_H
COUNT_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far a check has learned: it can judge ``ready`` of ``of`` points; ``needs`` is what a point has to bring."""

    check: Check
    ready: int
    of: int
    needs: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one inspection found, for the event loop to take over."""

    now: float
    hits: dict[Check, dict[str, Hit]]
    mask: np.ndarray[tuple[int], np.dtype[np.uint8]]
    low: F64
    high: F64
    never_zero: Bools
    readiness: tuple[Readiness, ...]


class Inspector:
    """The watch over the points of ``live``; ``zone`` is the campus's time zone, ``meters`` (main, sub-meters) by row.

    ``memory`` is where what was learned is kept over a restart (None = nowhere).
    """

    def __init__(
        self,
        live: LiveState,
        zone: ZoneInfo,
        meters: Sequence[tuple[int, tuple[int, ...]]] = (),
        memory: Path | None = None,
    ) -> None:
        n = len(live.points)
        self.live, self.zone, self.meters, self.memory = live, zone, tuple(meters), memory
        self.meta = Meta.of(live.points)
        self.recent = Recent(n, self.meta.hold)
        self.week, self.profiles = Week(n), Profiles(n)
        self.ledger = Ledger(live.points)
        self.readiness: tuple[Readiness, ...] = ()
        self.registers = register.Registers(live.points)
        self._hour: Hour | None = None
        self._over: list[Hour] = []
        self._mask = np.zeros(n, np.uint8)
        self._low, self._high = np.full(n, -np.inf), np.full(n, np.inf)
        self._never_zero = np.zeros(n, np.bool_)
        # What follows belongs to the thread of the checks.
        self._calm = np.zeros(n)
        self._usual_n, self._last_n = np.zeros(n), np.zeros(n)
        self._units: dict[int, Rescaled] = {}
        self._level = np.zeros(n, np.bool_)
        self._past = np.full((n, PAST_H), np.nan, np.float32)
        self._expected: Expected | None = None
        self._expected_hour = -1
        self._hourly: dict[Check, list[Hit]] = {}

    def judge(self, rows: Columns) -> None:
        """Make readings uncertain that are probably wrong; called before they are applied."""
        at, value = rows.point, rows.value
        word = self._mask[at]
        word[(value != self.recent.last[at]) & (word & _FLAT > 0)] &= ~np.uint8(_FLAT)
        outside = (value > self._high[at]) | (value < self._low[at])
        word[outside & (word & _UNIT == 0)] |= _SPIKE
        word[(value == 0) & self._never_zero[at]] |= _ZERO
        word[np.isnan(value)] = 0
        hit = np.flatnonzero(word)
        if not hit.size:
            return
        reasons = self.live.reasons
        pairs, which = np.unique(rows.reason[hit].astype(np.int64) * 16 + word[hit], return_inverse=True)
        ids = [
            reasons.id((*reasons.text(pair // 16), *(text for bit, text in _WORDS.items() if pair % 16 & bit)))
            for pair in pairs.tolist()
        ]
        rows.reason[hit] = np.array(ids, np.uint16)[which]
        good = hit[rows.quality[hit] == Quality.GOOD]
        rows.quality[good] = Quality.UNCERTAIN

    def take(self, judged: Judged) -> None:
        """Take note of a batch; a listener of the ingest."""
        rows, now = judged.rows, self.live.clock()
        hour = self._running(now)
        self._note_events(judged)
        age = now - rows.judged  # a kept value of unknown age is infinitely old, and teaches nothing
        fresh = ~judged.applied.late & ~judged.applied.duplicate
        self._note_lags(judged, fresh)
        use = np.flatnonzero(
            fresh & ~np.isnan(rows.value) & (age <= self.meta.stale_s[rows.point]) & (age >= -FUTURE_S)
        )
        suspect = self.live.reasons.having(*_WORDS.values())[rows.reason]
        self.registers.take(rows.point[use], rows.value[use], rows.time[use])
        for part in rounds(rows.point[use]):
            at = use[part]
            point, value = rows.point[at], rows.value[at]
            outside = (value > self._high[point]) | (value < self._low[point])
            moved = self.recent.take(point, value, rows.time[at], outside)
            hour.add(point, value, moved, suspect[at])

    def _running(self, now: float) -> Hour:
        start = floor(now / HOUR_S) * HOUR_S
        if self._hour is None or self._hour.start != start:
            if self._hour is not None:
                self._over.append(self._hour)
            self._hour = Hour.begin(start, len(self.live.points))
        return self._hour

    def _note_events(self, judged: Judged) -> None:
        rows = judged.rows
        if not rows.reason.any():
            return
        for event, word in _EVENTS.items():
            at = np.flatnonzero(self.live.reasons.having(word)[rows.reason] & ~judged.applied.duplicate)
            if not at.size:
                continue
            point = rows.point[at]
            example = judged.raw[at] if event in ("sentinel", "range") else rows.value[at]
            if event in ("ahead", "unset"):
                example = judged.device[at] - rows.received[at]
            self.recent.events[event].note(point, rows.received[at], example, self.recent.hold)
            if event == "spike":
                self.recent.raw_example[point] = judged.raw[at]

    def _note_lags(self, judged: Judged, fresh: Bools) -> None:
        rows = judged.rows
        odd = self.live.reasons.having("device clock ahead", "device clock not set")[rows.reason]
        use = np.flatnonzero(fresh & ~odd & ~np.isnan(judged.device))
        for part in rounds(rows.point[use], most=1):
            at = use[part]
            self.recent.take_lag(rows.point[at], rows.received[at] - rows.time[at], rows.received[at])

    def inspect(self) -> Outcome:
        """Run the checks; in any thread, one at a time."""
        now = self.live.clock()
        new_hour = self._learn()
        view = self._view(now, new_hour)
        hits: dict[Check, list[Hit]] = {}
        for check, of in TABLE.items():
            if not of.hourly:
                hits[check] = of.look(view)
            elif new_hour or check not in self._hourly:
                self._hourly[check] = of.look(view)
            hits.setdefault(check, self._hourly.get(check, []))
        mask = np.zeros(len(self.meta.points), np.uint8)
        mask[[hit.rows[0] for hit in hits["flat"]]] |= _FLAT
        mask[[hit.rows[0] for hit in hits["unit"]]] |= _UNIT
        low, high = self._limits(view)
        keyed = {check: self.ledger.keyed(found) for check, found in hits.items()}
        return Outcome(now, keyed, mask, low, high, zero.never_zero(view), self._readiness(view))

    def _readiness(self, view: View) -> tuple[Readiness, ...]:
        of = {check: int(self.meta.curve.sum()) if row.needs else len(self.meta.points) for check, row in TABLE.items()}
        of["submeter"], of["register"] = len(self.meters), len(self.registers.rows)
        return tuple(Readiness(c, int(row.ready(view).sum()), of[c], row.needs) for c, row in TABLE.items())

    def _limits(self, view: View) -> tuple[F64, F64]:
        """The limits of spikes; where a new level has been taken they are open until the reach has followed."""
        low, high = spike.limits(view)
        last = self.recent.last
        inside = (last >= low) & (last <= high)
        self._level = (self._level & ~inside) | spike.new_level(view)
        return np.where(self._level, -np.inf, low), np.where(self._level, np.inf, high)

    def _view(self, now: float, new_hour: bool) -> View:
        return View(
            now, self.meta, self.live, self.recent, self.week, self.profiles, self._expect(now), self._past, self._calm,
            self._usual_n, self._last_n, self._units, new_hour, self.meters, self.registers,
        )  # fmt: skip

    def _expect(self, now: float) -> Expected:
        """What is usual in the running hour, from before that hour taught anything."""
        number = floor(now / HOUR_S)
        if self._expected is None or number != self._expected_hour:
            self._expected = self.profiles.expect(hour_of_week(number * HOUR_S, self.zone))
            self._expected_hour = number
        return self._expected

    def _learn(self) -> bool:
        """Learn from the hours that are over (the next reading hands an hour over); whether there were any."""
        over, self._over = self._over, []
        for hour in over:
            place = hour_of_week(hour.start, self.zone)
            expected = self.profiles.expect(place)
            gone = 1 if self.week.newest < 0 else max(1, round(hour.start / HOUR_S) - self.week.newest)
            self._past = np.roll(self._past, -min(gone, PAST_H), axis=1)
            self._past[:, -min(gone, PAST_H) :] = np.nan
            self._past[:, -1] = expected.centre
            still = (hour.n > 0) & (hour.moved == 0)
            self._calm = np.where(still, self._calm + flat.chance_still(expected.moves), self._calm)
            self._calm[hour.moved > 0] = 0.0
            self.week.take(hour)
            self.profiles.learn(hour, place)
            spoke = hour.n > 0
            known = np.where(self._usual_n > 0, self._usual_n, hour.n)
            self._usual_n = np.where(spoke, known + COUNT_WEIGHT * (hour.n - known), self._usual_n)
            self._last_n = hour.n.astype(np.float64)
        return bool(over)

    def settle(self, outcome: Outcome) -> None:
        """Take over what an inspection found; on the event loop."""
        before = self._mask
        self._mask = outcome.mask
        self._low, self._high, self._never_zero = outcome.low, outcome.high, outcome.never_zero
        for bit, word in ((_FLAT, FLAT), (_UNIT, UNIT)):
            now, was = outcome.mask & bit > 0, before & bit > 0
            self.live.remark(np.flatnonzero(now & ~was), word, add=True)
            self.live.remark(
                np.flatnonzero(was & ~now & self.live.reasons.having(word)[self.live.reason]), word, add=False
            )
        for check, hits in outcome.hits.items():
            self.ledger.update(check, hits, outcome.now)
        self.readiness = outcome.readiness

    def findings(self) -> list[Finding]:
        """Open findings, then ended ones, each from the newest."""
        return self.ledger.findings()

    async def run(self) -> None:
        """Inspect for ever; a failure is logged and the next turn comes."""
        await asyncio.to_thread(self.recall)
        saved = self.live.clock()
        while True:
            await asyncio.sleep(PERIOD_S)
            try:
                self.settle(await asyncio.to_thread(self.inspect))
                if self.live.clock() - saved > SAVE_S:
                    saved = self.live.clock()
                    await asyncio.to_thread(self.remember)
            except Exception:  # a check that fails must not end the watch, nor be silent
                log.exception("the checks of the data failed; they go on in %.0f s", PERIOD_S)

    def _ids(self) -> list[str]:
        return [point.id for point in self.live.points]

    def recall(self) -> int:
        """Read what was learned before; the number of points that are known."""
        if self.memory is None:
            return 0
        return kept.load(self.memory, self._ids(), self.profiles, self.week, self.recent)

    def remember(self) -> None:
        """Write what was learned; a disk that refuses is logged."""
        if self.memory is None or self.week.newest < 0:
            return
        try:
            kept.save(self.memory, self._ids(), self.profiles, self.week, self.recent)
        except OSError as error:
            log.warning("what was learned of the points cannot be kept in %s: %s", self.memory, error)
