"""Hours that are not to be believed: those in which a check of the data found fault with a point.

A reading that was flagged is in no roll-up anyway; but a check sees a fault some time after it began, and its finding
says since when.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from twin.quality.finding import Check

EXCLUDING: frozenset[Check] = frozenset({"flat", "spike", "sentinel", "range", "unit", "zero"})
"""Checks that doubt single values; others doubt a device, a clock or a tree, and spoil no hour by themselves."""
MOST_D = 60
"""A finding of which no end is known spoils so many days at most [d]."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point is not to be believed from ``begins`` to ``ends`` [ms since the epoch], for the reason ``check``."""

    begins: int
    ends: int
    check: str


Marks = Mapping[str, tuple[Mark, ...]]
"""By id of the point."""


def marks_of(events: Iterable[Mapping[str, Any]], now: int) -> Marks:
    """The marks from what happened (events ``finding`` and ``program`` of the history, oldest first) up to ``now``.

    Where no end was told, a finding ended when the program began the next time, at the latest.
    """
    going: dict[str, tuple[Mark, list[str]]] = {}
    found: dict[str, list[Mark]] = {}

    def end(subject: str, at: int) -> None:
        mark, points = going.pop(subject)
        over = min(max(at, mark.begins), mark.begins + MOST_D * 86_400_000)
        for point in points:
            found.setdefault(point, []).append(Mark(mark.begins, over, mark.check))

    for event in events:
        if event["kind"] == "program":
            for subject in list(going):
                end(subject, event["time"])
        elif event["state"] != "open":
            if event["subject"] in going:
                end(event["subject"], event["time"])
        elif (told := json.loads(event["detail"])).get("check") in EXCLUDING:
            going[event["subject"]] = Mark(event["time"], event["time"], told["check"]), told.get("points", [])
    for subject in list(going):
        end(subject, now)
    return {point: tuple(marks) for point, marks in found.items()}
