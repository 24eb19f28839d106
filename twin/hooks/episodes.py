"""Which of what another system tells is news: it repeats itself, and what it sends may come late or twice."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal

from twin.hooks.told import Told

KEPT = 20_000
SAME_S = 1.0
"""Two beginnings that are this close are one [s]."""

News = Literal["raise", "again", "end", "late"]


class Episodes:
    """Remembers of each alarm when it last began there, and whether it was true. After a restart it knows nothing, and
    what stands in the book decides."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    def judge(self, told: Told, active: bool) -> News:
        """What ``told`` means where the alarm is ``active`` here or not: it begins; it ended and began again meanwhile;
        it ends; or it is older than what is known."""
        started, known = told.started, self._last.get(told.key)
        if started is None:
            return "raise" if told.active else "end"
        if known is not None:
            since, was = known
            if started < since - SAME_S or (told.active and not was and started <= since + SAME_S):
                return "late"
        self._last[told.key] = (started, told.active)
        self._last.move_to_end(told.key)
        while len(self._last) > KEPT:
            self._last.popitem(last=False)
        if not told.active:
            return "end"
        return "again" if active and known is not None and started > known[0] + SAME_S else "raise"
