"""How soon the next try to sign in may come: a delay that grows with each failure, of a name and of an address."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST = 20_000
FORGET_S = 3600.0


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """``free`` failures without a delay; then 2, 4, 8 ... s up to ``longest_s`` [s]."""

    free: int
    longest_s: float

    def delay_s(self, failures: int) -> float:
        """What must pass after so many failures [s]."""
        over = failures - self.free
        return 0.0 if over < 0 else min(self.longest_s, 2.0 ** min(over + 1, 30))


NAME = Pace(5, 60.0)
"""At most a minute: nobody shall be able to lock somebody else out for long."""
ADDRESS = Pace(20, 900.0)


class Throttle:
    """Counts in memory; a try counts as failed until ``succeeded`` says otherwise, so that many at once do not help."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._names: OrderedDict[str, _Tries] = OrderedDict()
        self._addresses: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, name: str, address: str) -> float:
        """0 where a try may be made, which is counted; else in how many seconds it may [s]."""
        now = self._clock()
        with self._lock:
            tables = ((self._names, name, NAME), (self._addresses, address, ADDRESS))
            rows = [(_row(table, key, now), pace) for table, key, pace in tables]
            left = max(row.last + pace.delay_s(row.failures) - now for row, pace in rows)
            if left > 0:
                return left
            for row, _ in rows:
                row.failures += 1
                row.last = now
        return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """The try that was counted last was a good one: the name begins anew, the address has one failure less."""
        with self._lock:
            self._names.pop(name, None)
            row = self._addresses.get(address)
            if row is not None:
                row.failures = max(0, row.failures - 1)


def _row(table: OrderedDict[str, _Tries], key: str, now: float) -> _Tries:
    row = table.setdefault(key, _Tries())
    table.move_to_end(key)
    if now - row.last > FORGET_S:
        row.failures, row.last = 0, -FORGET_S
    while len(table) > MOST:
        table.popitem(last=False)
    return row
