"""Link values on the live stream: worked out once a second for everybody, sent as small events of what changed.

An event is JSON: ``{"kind": "links", "layout", "time", "full", "lines": [row ...], "links": [row ...]}``. ``layout``
names the numbering of ``GET /api/v1/links``, ``time`` is the server's [s since epoch], ``full`` says that links it does
not name have no data. A row is ``[number, status, utilisation %, in, out Mbit/s, time s, flags, busier, down]``: status
0 up, 1 down, 2 silent, 3 none; flags as in ``twin.frame``; busier 1 in, 2 out, 0 not known; ``down`` links of a line
that are. Lines are totals and go to every scope; links go to scopes that hold one of their ends.
"""

from __future__ import annotations

import json
import time

import numpy as np
import numpy.typing as npt

from twin.link_values import LinkColumns, LinkStatus, LinkValues
from twin.links import Links
from twin.live import LiveState

QUANTITIES = frozenset({"traffic", "utilisation", "link_state"})
"""Channels of these quantities bring links along."""
EVERY_S = 1.0
AGE_STEP_S = 5.0
"""A value whose time moved by less than this [s] is not sent again for its time alone."""

_FIGURES = {"status": 0, "utilisation": 1, "into": 2, "out": 2, "flags": 0, "busier": 0, "down": 0}
"""What of a row makes it new, and the decimals it is sent with."""

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]


class _Rows:
    """What was last sent of each row, and at which number it last changed."""

    def __init__(self, count: int) -> None:
        self.changed: I64 = np.zeros(count, np.int64)
        self.rows: list[list[float | int | None]] = [[] for _ in range(count)]
        self._sent: F64 = np.full((count, len(_FIGURES)), np.nan)
        self._time: F64 = np.full(count, np.inf)

    def take(self, now: LinkColumns, seq: int) -> bool:
        """The new values; whether anything changed. Rows are made of those that did, which are few of thousands."""
        figures = np.stack([np.round(getattr(now, name), digits) for name, digits in _FIGURES.items()], axis=1)
        same = ((figures == self._sent) | (np.isnan(figures) & np.isnan(self._sent))).all(axis=1)
        with np.errstate(invalid="ignore"):  # no time at all is inf
            moved = np.abs(np.round(now.oldest) - self._time)
        same &= (moved < AGE_STEP_S) | (np.isinf(now.oldest) & np.isinf(self._time))
        shown = (now.status != LinkStatus.NONE) | (self.changed > 0)
        fresh = np.flatnonzero(shown & ((self.changed == 0) | ~same))
        for number in fresh.tolist():
            self.rows[number] = _row(now, number)
        self.changed[fresh], self._sent[fresh], self._time[fresh] = seq, figures[fresh], np.round(now.oldest[fresh])
        return bool(fresh.size)


class LinkBoard:
    """The values of all links, one numbering for all clients. Everything happens on the event loop."""

    def __init__(self, links: Links, live: LiveState) -> None:
        self.seq = self._begun = 0
        self.follow(links, live)

    def follow(self, links: Links, live: LiveState) -> None:
        """Go on with other links or another live state: everybody gets everything again."""
        self._values = LinkValues(links, live)
        self._live = live
        self.seq += 1
        self._begun = self.seq
        self._links, self._lines = _Rows(len(links.links)), _Rows(len(links.lines))
        self._masks: dict[int, Bools] = {}
        self._cache: dict[tuple[int, int], bytes] = {}
        self._next = 0.0
        self._version = -1

    def refresh(self, now: float | None = None) -> bool:
        """Take in what changed, at most once a second; True when there is something to send."""
        now = time.monotonic() if now is None else now
        if now < self._next or not self._values.links.links:
            return False
        self._next = now + EVERY_S - 0.05  # the hub's tick comes a little early now and then
        version = sum(self._live.quantity_version(quantity) for quantity in QUANTITIES)
        if version == self._version:
            return False
        self._version = version
        columns = self._values.now()
        links = self._links.take(columns, self.seq + 1)
        lines = self._lines.take(self._values.lines(columns), self.seq + 1)
        if not links and not lines:
            return False
        self.seq += 1
        self._cache.clear()
        return True

    def since(self, slot: int, seq: int) -> bytes:
        """The event that brings a client of a scope from ``seq`` (0: nothing) to now; b'' when it misses nothing."""
        key = (slot, seq)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._encode(slot, seq)
        return found

    def _encode(self, slot: int, seq: int) -> bytes:
        if seq == 0 and not self._values.links.links:
            return b""
        mask = self._masks.get(slot)
        if mask is None:
            mask = self._masks[slot] = self._values.links.under(self._live.tree, slot)
        lines, links = self._lines.changed > seq, (self._links.changed > seq) & mask
        whole = seq < self._begun
        if not whole and not (lines.any() or links.any()):
            return b""
        event = {
            "kind": "links", "layout": self._values.links.layout, "time": round(self._live.clock(), 1),
            "full": whole, "lines": [self._lines.rows[n] for n in np.flatnonzero(lines).tolist()],
            "links": [self._links.rows[n] for n in np.flatnonzero(links).tolist()],
        }  # fmt: skip
        return json.dumps(event, separators=(",", ":")).encode()


def _row(now: LinkColumns, number: int) -> list[float | int | None]:
    oldest = float(now.oldest[number])
    return [
        number, int(now.status[number]), _rounded(float(now.utilisation[number]), 1),
        _rounded(float(now.into[number]), 2), _rounded(float(now.out[number]), 2),
        round(oldest) if np.isfinite(oldest) else None, int(now.flags[number]), int(now.busier[number]),
        int(now.down[number]),
    ]  # fmt: skip


def _rounded(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(value, digits)
