"""How well the alarms serve their operators: the figures of EEMUA 191 and ISA-18.2 over any span, from the journal.

A *call* is an alarm that operators come to see unacknowledged: raised, escalated, or back from a shelf and still true.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from twin.alarms.alarm import STATE

TEN_MINUTES_S, DAY_S = 600.0, 86_400.0
FLOOD = 10
"""More calls than this in ten minutes are a flood."""
CHATTER, CHATTER_S = 3, 60.0
STALE_S = DAY_S
LEAST_S = 3600.0
"""From less than this [s] no rate is made: an hour says something of a day, a minute does not."""
TARGET_SHARES = {"high": 0.05, "medium": 0.15, "low": 0.80}
"""Shares of calls that are aimed at; critical and high together are the first."""
AIM_DAY, MOST_DAY = 150, 300
WORST = 10
_PRIORITY = STATE.index("priority")

Row = tuple[float, str, str, str, str, str, str]
"""Time, alarm, event, letters before and after, actor, state (as ``Journal.rows`` gives it)."""


@dataclass(frozen=True, slots=True)
class Worst:
    """An alarm that calls often: ``calls``, and their share of all."""

    alarm: str
    calls: int
    share: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a span [s since epoch]; None is 'not known'. ``known_s`` [s] of it the journal knows, and rates
    are over that. ``flood_share`` of the ten-minute stretches (0..1) had more than ``FLOOD`` calls; times to
    acknowledge in [s]."""

    start: float
    end: float
    known_s: float
    calls: int
    per_day: float | None
    per_ten_minutes: float | None
    most_in_ten_minutes: int
    flood_share: float | None
    floods: int
    by_priority: dict[int, int]
    chattering: list[Worst]
    worst: list[Worst]
    unacknowledged: int
    ack_median_s: float | None
    ack_p90_s: float | None
    by_actor: dict[str, int] = field(default_factory=dict)


def figures(rows: Sequence[Row], start: float, end: float, since: float | None) -> Figures:
    """The figures of the steps of a span; ``since`` is when the journal begins (None: it is empty)."""
    known = 0.0 if since is None else max(0.0, end - max(start, since))
    calls = [row for row in rows if row[4] == "B" and (row[3] != "B" or row[2] == "escalate")]
    times = np.array([row[0] for row in calls], np.float64)
    begin = end - known
    stretches = np.zeros(max(1, int(np.ceil(known / TEN_MINUTES_S))), np.intp)
    if times.size and known:
        at = np.clip(((times - begin) / TEN_MINUTES_S).astype(np.intp), 0, len(stretches) - 1)
        stretches = np.bincount(at, minlength=len(stretches))
    flood = stretches > FLOOD
    waits = _waits(rows)
    counts = Counter(row[1] for row in calls)
    actors = Counter(row[5] for row in rows if row[2] == "ack")
    n = len(calls)
    return Figures(
        start, end, known, n, n / known * DAY_S if known >= LEAST_S else None,
        n / known * TEN_MINUTES_S if known >= LEAST_S else None, int(stretches.max()),
        float(flood.mean()) if known >= LEAST_S else None, _runs(flood),
        dict(sorted(Counter(int(json.loads(row[6])[_PRIORITY]) for row in calls).items())),
        _chattering(calls, counts), _worst(counts, n), len(_open(rows)),
        float(np.median(waits)) if waits.size else None, float(np.percentile(waits, 90)) if waits.size else None,
        dict(actors.most_common(WORST)),
    )  # fmt: skip


def _runs(mask: npt.NDArray[np.bool_]) -> int:
    """How often a mask begins to be true."""
    return int(np.count_nonzero(mask & ~np.concatenate([[False], mask[:-1]])))


def _worst(counts: Counter[str], n: int) -> list[Worst]:
    return [Worst(alarm, calls, calls / n) for alarm, calls in counts.most_common(WORST)]


def _chattering(calls: Sequence[Row], counts: Counter[str]) -> list[Worst]:
    """The alarms that called ``CHATTER`` times or more within a minute, those that called most first."""
    by_alarm: dict[str, list[float]] = {}
    for row in calls:
        by_alarm.setdefault(row[1], []).append(row[0])
    found = [
        alarm for alarm, times in by_alarm.items()
        if any(times[at + CHATTER - 1] - times[at] <= CHATTER_S for at in range(len(times) - CHATTER + 1))
    ]  # fmt: skip
    found.sort(key=lambda alarm: -counts[alarm])
    return [Worst(alarm, counts[alarm], counts[alarm] / len(calls)) for alarm in found[:WORST]]


def _waits(rows: Sequence[Row]) -> npt.NDArray[np.float64]:
    """How long each acknowledged call waited [s]."""
    called: dict[str, float] = {}
    waits = []
    for row in rows:
        if row[4] == "B" and row[3] != "B":
            called.setdefault(row[1], row[0])
        elif row[2] == "ack" and row[1] in called:
            waits.append(row[0] - called.pop(row[1]))
        elif row[4] not in "BDE":  # shelved, or suppressed: nobody is asked any more
            called.pop(row[1], None)
    return np.array(waits, np.float64)


def _open(rows: Sequence[Row]) -> set[str]:
    """The alarms that wait for an acknowledgement after the last of some steps."""
    last = {row[1]: row[4] for row in rows}
    return {alarm for alarm, letter in last.items() if letter in "BDE"}
