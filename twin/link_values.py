"""What is known of each link and line now: state, utilisation, traffic, age, quality; and the campus's bandwidth.

A link is *up* or *down* as its ``link_state`` says while that counts; without one it is up while its traffic or
utilisation counts. *Silent*: it was heard once and is heard no more. *None*: it has no points, or none ever spoke.
Utilisation is that of its own point, else the busier direction over the capacity, and then derived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from twin.frame import FLAG_DERIVED, FLAG_SIMULATED, FLAG_STALE
from twin.links import Line, Links
from twin.live import LiveState
from twin.point import Point
from twin.reading import Quality

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


OVER = 101.0
"""A utilisation over this [%] is none: a hundred, and what clocks that differ make of it."""


class LinkStatus(IntEnum):
    """What a link is."""

    UP = 0
    DOWN = 1
    SILENT = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class LinkColumns:
    """One row a link, or a line: ``utilisation`` [%], ``into`` and ``out`` [Mbit/s], NaN = not known; ``flags`` as in
    ``twin.frame``; ``oldest`` [s since epoch], inf = never; ``busier`` 1 in, 2 out, 0 not known. Of lines ``down`` is
    how many links are down and ``worst`` the number of the link that the row tells of.
    """

    status: U8
    utilisation: F64
    into: F64
    out: F64
    flags: U8
    oldest: F64
    busier: U8
    down: I32
    worst: I32


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """What flows over some links: ``into``, ``out``, ``capacity`` [Mbit/s], ``share`` [%] of the busier direction;
    None = not known. ``have`` of ``of`` links count.
    """

    key: str
    links: tuple[int, ...]
    into: float | None
    out: float | None
    capacity: float | None
    share: float | None
    have: int
    of: int
    oldest: float
    flags: int


class LinkValues:
    """Evaluates the links of one live state."""

    def __init__(self, links: Links, live: LiveState) -> None:
        self.links = links
        self._live = live
        bounds = [link.bound for link in links.links]
        self._into = np.array([b.into for b in bounds], np.intp)
        self._out = np.array([b.out for b in bounds], np.intp)
        self._used = np.array([b.used for b in bounds], np.intp).reshape(-1, 2)
        self._state = np.array([b.state for b in bounds], np.intp)
        self.capacity: F64 = np.array([np.nan if c is None else c for c in (k.capacity for k in links.links)])

    def now(self) -> LinkColumns:
        """Every link."""
        live = self._live
        # one row more, that no point has: row -1 reads it
        value = np.append(live.value, np.nan)
        quality = np.append(live.graded(np.arange(len(live.points))), np.uint8(Quality.NONE))
        flags = np.append(live.flags, np.uint8(0))
        counts = np.append(live.counting(np.arange(len(live.points))), False)
        judged = np.append(live.judged, np.inf)
        aged = np.append(live.stale, False)

        into, out, used = value[self._into], value[self._out], value[self._used]
        own_rows = _better(self._used, used, counts)
        own = value[own_rows]
        busier = _busier(into, out, used)
        with np.errstate(invalid="ignore", divide="ignore"):
            derived = np.fmax(into, out) / self.capacity * 100.0
        is_own = ~np.isnan(own)
        utilisation = np.where(is_own, own, derived)
        main = np.where(is_own, own_rows, np.where(busier == 2, self._out, self._into))
        main = np.where(main >= 0, main, np.where(self._out >= 0, self._out, self._state))
        status = self._status(value, quality, counts)
        made = flags[main].astype(np.uint8)
        made = np.where(~is_own & ~np.isnan(derived), made | FLAG_DERIVED, made).astype(np.uint8)
        stale = np.where(aged[main] & (quality[main] != Quality.NONE), FLAG_STALE, 0).astype(np.uint8)
        # a link that is known to be down is no stale number: its state is new
        at_state = (status == LinkStatus.DOWN) & (self._state >= 0)
        main = np.where(at_state, self._state, main)
        stale = np.where(at_state, 0, stale).astype(np.uint8)
        known = quality[main]
        with np.errstate(invalid="ignore"):  # more than it can carry: the capacity is wrong, or the points are
            known = np.where((utilisation > OVER) & (known == Quality.GOOD), Quality.UNCERTAIN, known)
        n = len(main)
        worst = np.arange(n, dtype=np.int32)
        return LinkColumns(
            status, utilisation, into, out, (known | made | stale).astype(np.uint8),
            np.where(np.isfinite(judged[main]), judged[main], np.inf), busier, np.zeros(n, np.int32), worst,
        )  # fmt: skip

    def _status(self, value: F64, quality: U8, counts: Bools) -> U8:
        rows = np.column_stack([self._into, self._out, self._used, self._state])
        said = counts[self._state]
        heard = counts[rows[:, :-1]].any(axis=1)
        once = (quality[rows] != Quality.NONE).any(axis=1)
        status = np.where(
            said,
            np.where(value[self._state] < 0.5, LinkStatus.DOWN, LinkStatus.UP),
            np.where(heard, LinkStatus.UP, np.where(once, LinkStatus.SILENT, LinkStatus.NONE)),
        )
        return status.astype(np.uint8)

    def points(self, number: int) -> list[Point]:
        """The points of a link."""
        return [self._live.points[row] for row in self.links.links[number].bound.rows]

    def reasons(self, number: int, now: LinkColumns) -> tuple[str, ...]:
        """What is said of the values of a link's points, each word once; why it has none."""
        bound = self.links.links[number].bound
        words = [word for row in bound.rows for word in self._live.reasons.text(int(self._live.reason[row]))]
        words += ["over-capacity"] if now.utilisation[number] > OVER else []
        return tuple(dict.fromkeys([*words, *([bound.why] if bound.why else [])]))

    def lines(self, now: LinkColumns) -> LinkColumns:
        """The lines on the map: each tells of its worst link, with the traffic of all that count."""
        rows = [_line(line, now) for line in self.links.lines]
        if not rows:
            return _nothing()
        columns = list(zip(*rows, strict=True))
        kinds = (np.uint8, np.float64, np.float64, np.float64, np.uint8, np.float64, np.uint8, np.int32, np.int32)
        return LinkColumns(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))

    def bandwidth(self, now: LinkColumns) -> list[Bandwidth]:
        """The way out, each line to another campus, and all of these together; only what there is."""
        outside = [(n, link) for n, link in enumerate(self.links.links) if link.upper.outside]
        groups: dict[str, list[int]] = {}
        for number, link in outside:
            key = "egress" if link.upper.role == "egress" else link.upper.id
            groups.setdefault(key, []).append(number)
        rows = [self._sum(key, numbers, now) for key, numbers in sorted(groups.items(), key=lambda g: g[0] != "egress")]
        return [*rows, self._sum("total", [n for n, _ in outside], now)] if outside else []

    def _sum(self, key: str, numbers: Sequence[int], now: LinkColumns) -> Bandwidth:
        at = np.array(numbers, np.intp)
        fit = (now.flags[at] & (FLAG_STALE | 3)) <= Quality.UNCERTAIN
        fit &= (now.status[at] != LinkStatus.DOWN) & ~(np.isnan(now.into[at]) & np.isnan(now.out[at]))
        part = at[fit]
        if not part.size:
            return Bandwidth(key, tuple(numbers), None, None, None, None, 0, len(at), np.inf, int(Quality.NONE))
        into, out = float(np.nansum(now.into[part])), float(np.nansum(now.out[part]))
        whole = float(self.capacity[part].sum())
        capacity = None if np.isnan(whole) else whole
        share = None if capacity is None else 100.0 * max(into, out) / capacity
        flags = int(np.bitwise_or.reduce(now.flags[part] & FLAG_SIMULATED) | (now.flags[part] & 3).max())
        return Bandwidth(
            key, tuple(numbers), into, out, capacity, share, len(part), len(at), float(now.oldest[part].min()), flags
        )  # fmt: skip


def _better(used: npt.NDArray[np.intp], value: F64, counts: Bools) -> npt.NDArray[np.intp]:
    """Of the two rows of utilisation the greater, one that counts before one that does not."""
    rank = np.where(np.isnan(value), -1.0, value + np.where(counts[used], 1e9, 0.0))
    chosen: npt.NDArray[np.intp] = np.where(rank[:, 1] > rank[:, 0], used[:, 1], used[:, 0])
    return chosen


def _busier(into: F64, out: F64, used: F64) -> U8:
    """1 in, 2 out, 0 unknown: by the traffic, else by the two utilisations."""
    with np.errstate(invalid="ignore"):
        by_flow = np.where(into >= out, 1, np.where(out > into, 2, 0))
        by_flow = np.where(np.isnan(into) | np.isnan(out), 0, by_flow)
        by_use = np.where(used[:, 0] >= used[:, 1], 1, np.where(used[:, 1] > used[:, 0], 2, 0))
    return np.where(by_flow > 0, by_flow, by_use).astype(np.uint8)


def _line(line: Line, now: LinkColumns) -> tuple[float | int, ...]:
    at = np.array(line.links, np.intp)
    status, used = now.status[at], now.utilisation[at]
    fresh = (now.flags[at] & FLAG_STALE) == 0
    up = status == LinkStatus.UP
    rank = np.where(np.isnan(used), -1.0, used) + np.where(up & fresh, 1e9, np.where(up, 1e6, 0.0))
    worst = int(at[int(rank.argmax())])
    for word in (LinkStatus.UP, LinkStatus.DOWN, LinkStatus.SILENT, LinkStatus.NONE):
        if (status == word).any():
            break
    if word != LinkStatus.UP:
        worst = int(at[int((status == word).argmax())])
    turned = np.array([n in line.turned for n in line.links])
    into = np.where(turned, now.out[at], now.into[at])[up]
    out = np.where(turned, now.into[at], now.out[at])[up]
    busier = int(now.busier[worst])
    if worst in line.turned and busier:
        busier = 3 - busier
    return (
        int(word), float(now.utilisation[worst]), _total(into), _total(out), int(now.flags[worst]),
        float(now.oldest[worst]), busier, int((status == LinkStatus.DOWN).sum()), worst,
    )  # fmt: skip


def _total(values: F64) -> float:
    return float(np.nansum(values)) if values.size and not np.isnan(values).all() else float("nan")


def _nothing() -> LinkColumns:
    none, small = np.zeros(0), np.zeros(0, np.uint8)
    return LinkColumns(small, none, none, none, small, none, small, np.zeros(0, np.int32), np.zeros(0, np.int32))
