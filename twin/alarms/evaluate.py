"""All watches over the live values at once: only what changed is looked at, delays are one column of due times.

A value that is bad, stale, suspect or missing neither raises nor clears anything; it leaves the watch as it was. Losing
it is the matter of the watches over loss alone, which ask nothing of the value. A watch whose source is down as a whole
does not speak: the alarm of the source does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.alarms.bind import Watches
from twin.live import F64, Bools, Index, LiveState
from twin.reading import Quality

HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Edges:
    """Watches whose alarm begins or ends now; ``value`` is what they saw (NaN: nothing)."""

    watch: Index
    active: Bools
    value: F64

    def __len__(self) -> int:
        return len(self.watch)


NO_EDGES = Edges(np.zeros(0, np.intp), np.zeros(0, np.bool_), np.zeros(0))


class Evaluator:
    """The watches' state. ``active`` is what was told last, ``sample`` what the last reading said, ``want`` what k of
    n say; ``due`` when that becomes true [s since epoch, inf: nothing is pending]."""

    def __init__(self, watches: Watches, live: LiveState) -> None:
        n = len(watches)
        self.watches = watches
        self.live = live
        self.active: Bools = np.zeros(n, np.bool_)
        self.sample: Bools = np.zeros(n, np.bool_)
        self.want: Bools = np.zeros(n, np.bool_)
        self.due: F64 = np.full(n, np.inf)
        self.enabled: Bools = np.ones(n, np.bool_)
        self.seen: F64 = np.full(n, np.nan)
        self.calm: F64 = np.zeros(n)
        self._bits = np.zeros(n, np.uint64)
        self._counted = bool((watches.window > 1).any())
        self._before: F64 = np.full(n, np.nan)
        self._before_s: F64 = np.full(n, np.nan)
        self._lost = np.flatnonzero(watches.lost)
        self._gone: Bools = np.zeros(len(self._lost), np.bool_)
        self._next = np.inf

    def begin(self, at: Index) -> None:
        """Some watches' alarms are active from before: they do not fire again, and return when their value says so."""
        self.active[at] = self.sample[at] = self.want[at] = True
        self._bits[at] = self.watches.window[at]
        self._gone |= self.active[self._lost]

    def carry_over(self, old: Evaluator, here: Index, there: Index) -> None:
        """Go on with what the watches ``there`` of another set were at."""
        for name in ("active", "sample", "want", "due", "seen", "calm", "_bits", "_before", "_before_s"):
            getattr(self, name)[here] = getattr(old, name)[there]
        self._next = float(self.due.min()) if len(self.due) else np.inf
        known = np.zeros(len(self.watches), np.bool_)
        known[here[old.watches.lost[there]]] = True
        gone = np.zeros(len(self.watches), np.bool_)
        before = np.zeros(len(old.watches), np.bool_)
        before[old._lost] = old._gone
        gone[here] = before[there]
        self._gone = gone[self._lost] & known[self._lost]

    def look(self, rows: Index, now: float) -> Edges:
        """What the new values of some points (each named once) begin and end at ``now`` [s since epoch] without
        delay; the rest becomes due."""
        at = self.watches.of(rows)
        if at.size:
            at = at[self.enabled[at] & ~self.watches.lost[at]]
        return self._judge(at, now) if at.size else NO_EDGES

    def _judge(self, at: Index, now: float) -> Edges:
        watches = self.watches
        value, fit = self._values(at)
        at, value = at[fit], value[fit]
        if not at.size:
            return NO_EDGES
        low, high, band = watches.low[at], watches.high[at], watches.deadband[at]
        inside = watches.inside[at]
        was = self.sample[at]
        between = (value >= low) & (value <= high)
        fits = between == inside
        clears = np.where(
            inside, (value > high + band) | (value < low - band), (value <= high - band) & (value >= low + band)
        )
        sample = np.where(was, ~clears, fits)
        self.sample[at], self.seen[at] = sample, value
        return self._wish(at, self._of_the_last(at, sample), value, now)

    def _values(self, at: Index) -> tuple[F64, Bools]:
        """What some watches judge, and which of them can: rates need two readings, differences two points."""
        watches, live = self.watches, self.live
        row = watches.row[at]
        value, fit = live.value[row], live.counting(row)
        other = watches.other[at]
        if (compared := np.flatnonzero(other >= 0)).size:
            against = other[compared]
            value[compared] -= live.value[against]
            fit[compared] &= live.counting(against)
        if (rated := np.flatnonzero(watches.rate[at])).size:
            self._rate(at[rated], rated, value, fit)
        return value, fit

    def _rate(self, watch: Index, at: Index, value: F64, fit: Bools) -> None:
        """Values become their change an hour; the first of a watch, and one of no later time, has none."""
        time = self.live.time[self.watches.row[watch]]
        known, spent = value[at].copy(), time - self._before_s[watch]
        good = fit[at]
        with np.errstate(invalid="ignore", divide="ignore"):
            rate = (known - self._before[watch]) / spent * HOUR_S
            usable = good & (spent > 0)
        newer = good & ~(spent <= 0)
        self._before[watch[newer]], self._before_s[watch[newer]] = known[newer], time[newer]
        value[at], fit[at] = rate, usable

    def _of_the_last(self, at: Index, sample: Bools) -> Bools:
        """Whether k of the last n samples fit."""
        if not self._counted:
            return sample
        bits = ((self._bits[at] << np.uint64(1)) | sample.astype(np.uint64)) & self.watches.window[at]
        self._bits[at] = bits
        enough = np.bitwise_count(bits) >= self.watches.k[at]
        none = np.bitwise_count(bits) == 0
        # An active alarm of k of n stays until no reading of the last n fits: else it would chatter about k.
        return np.where(self.watches.window[at] > 1, np.where(self.want[at], ~none, enough), sample)

    def _wish(self, at: Index, want: Bools, value: F64, now: float) -> Edges:
        """Note what some watches want; what has no delay comes back as edges."""
        turned = want != self.want[at]
        if not turned.any():
            return NO_EDGES
        at, want, value = at[turned], want[turned], value[turned]
        self.want[at] = want
        delay = np.where(want, self.watches.on_delay[at], np.maximum(self.watches.off_delay[at], self.calm[at]))
        same = want == self.active[at]  # it came back before its time: nothing happened
        at_once = ~same & (delay <= 0)
        self.due[at] = np.where(same | at_once, np.inf, now + delay)
        if (later := ~same & ~at_once).any():
            self._next = min(self._next, float(self.due[at[later]].min()))
        self.active[at[at_once]] = want[at_once]
        return Edges(at[at_once], want[at_once], value[at_once])

    def second(self, now: float, speaking: Bools | None = None) -> Edges:
        """What time alone brings at ``now``: points that were lost or came back, delays that are over.

        ``speaking`` tells of each point whether its source is well (None: of all).
        """
        lost = self._look_at_losses(now, speaking)
        due = self._look_at_due(now)
        if not len(lost):
            return due
        return Edges(
            np.concatenate([lost.watch, due.watch]), np.concatenate([lost.active, due.active]),
            np.concatenate([lost.value, due.value]),
        )  # fmt: skip

    def _look_at_losses(self, now: float, speaking: Bools | None) -> Edges:
        if not self._lost.size:
            return NO_EDGES
        live, row = self.live, self.watches.row[self._lost]
        gone = live.stale[row] | (live.quality[row] >= Quality.BAD)
        if speaking is not None:
            gone = np.where(speaking[row], gone, self._gone)
        gone &= self.enabled[self._lost]
        turned = np.flatnonzero(gone != self._gone)
        if not turned.size:
            return NO_EDGES
        self._gone = gone
        at = self._lost[turned]
        return self._wish(at, gone[turned], np.full(len(at), np.nan), now)

    def _look_at_due(self, now: float) -> Edges:
        if now < self._next:
            return NO_EDGES
        at = np.flatnonzero(self.due <= now)
        self.due[at] = np.inf
        self._next = float(self.due.min()) if len(self.due) else np.inf
        fit = self.watches.lost[at] | self.live.counting(self.watches.row[at]) | ~self.enabled[at]
        held = at[~fit]  # its value went meanwhile: neither raised nor cleared; the next one is judged anew
        self.want[held] = self.sample[held] = self.active[held]
        self._bits[held] = np.where(self.active[held], self.watches.window[held], np.uint64(0))
        at = at[fit]
        self.active[at] = self.want[at]
        return Edges(at, self.want[at].copy(), np.where(self.watches.lost[at], np.nan, self.seen[at]))

    def enable(self, enabled: Bools, now: float) -> Edges:
        """From ``now`` on only the ``enabled`` watches count. The alarms of others end; the values of those that begin
        to count are judged."""
        turned = enabled != self.enabled
        if not turned.any():
            return NO_EDGES
        self.enabled = enabled.copy()
        off = np.flatnonzero(turned & ~enabled)
        over = off[self.active[off]]
        for name in ("active", "sample", "want"):
            getattr(self, name)[off] = False
        self.due[off], self._bits[off] = np.inf, 0
        on = np.flatnonzero(turned & enabled & ~self.watches.lost)
        begun = self._judge(on, now) if on.size else NO_EDGES
        ended = Edges(over, np.zeros(len(over), np.bool_), self.seen[over])
        if not len(begun):
            return ended
        return Edges(
            np.concatenate([ended.watch, begun.watch]), np.concatenate([ended.active, begun.active]),
            np.concatenate([ended.value, begun.value]),
        )  # fmt: skip
