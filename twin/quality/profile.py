"""What is usual for a point at each hour of the week: centre, scatter, how often it moves; learned as weeks go by.

168 bins a point, 10 bytes each: 20,000 points take 34 MB. A bin learns from one hour a week; an hour far outside is
cut back to four scatters, so that one bad day does not teach what a bad day looks like. Profiles of two times can be
merged. Until a bin has weeks of its own, the same hour of the other working days (or of the other day of the
weekend) stands in for it: what is expected then, and how many days that rests on, comes from ``expect``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.quality.hours import WEEK_H, Hour

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
I64 = npt.NDArray[np.int64]

CUT = 4.0
"""Scatters that an hour may lie off the centre and still count in full."""
LEAST_WEIGHT = 0.12
"""Weight of a new week once many are known: the profile follows the seasons within about two months."""
FEW_WEEKS = 2
"""Weeks from which a bin stands on its own."""
PRIOR = 4.0
"""Hours of a point's overall habit that a bin's own habit starts from."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is usual in one hour of the week: ``centre``, ``scatter`` (of hours and within the hour; NaN = nothing
    learned), the ``days`` that it rests on, and ``moves``, the chance that a point moves within that hour.
    """

    centre: F64
    scatter: F64
    days: I64
    moves: F64


class Profiles:
    """The profiles of ``points`` points."""

    def __init__(self, points: int) -> None:
        self.centre: F32 = np.full((points, WEEK_H), np.nan, np.float32)
        self.scatter: F32 = np.zeros((points, WEEK_H), np.float32)
        self.weeks: U8 = np.zeros((points, WEEK_H), np.uint8)
        self.moved: U8 = np.zeros((points, WEEK_H), np.uint8)
        self.hours: I64 = np.zeros(points, np.int64)
        self.moved_hours: I64 = np.zeros(points, np.int64)
        self.zero_hours: I64 = np.zeros(points, np.int64)
        self.odd_zero_hours: I64 = np.zeros(points, np.int64)

    def learn(self, hour: Hour, place: int) -> None:
        """What an hour that is over teaches, at ``place`` 0 to 167 in the week."""
        zero = hour.zero > 0
        self.zero_hours[zero & hour.teaches()] += 1
        self.odd_zero_hours[zero & ~hour.teaches()] += 1
        at = np.flatnonzero(hour.teaches())
        low = np.where(hour.zero[at] > 0, np.minimum(hour.low[at], 0.0), hour.low[at])
        mean, half = hour.mean()[at], (hour.high[at] - low) / 2
        weeks = self.weeks[at, place].astype(np.float64)
        new = weeks == 0
        centre = np.where(new, mean, self.centre[at, place])
        scatter = np.where(new, half, self.scatter[at, place])
        off = mean - centre
        bound = np.where(weeks >= FEW_WEEKS, CUT * np.maximum(scatter, 0.02 * np.abs(centre)), np.inf)
        off = np.clip(off, -bound, bound)
        weight = np.maximum(1.0 / (weeks + 1), LEAST_WEIGHT)
        self.centre[at, place] = centre + weight * off
        self.scatter[at, place] = scatter + weight * (np.maximum(np.abs(off), half) - scatter)
        # Numbers of weeks stop at the top of a byte: their ratio is what counts.
        full = self.weeks[at, place] == 255
        self.weeks[at[full], place] //= 2
        self.moved[at[full], place] //= 2
        self.weeks[at, place] += 1
        moved = hour.moved[at] > 0
        self.moved[at, place] += moved
        self.hours[at] += 1
        self.moved_hours[at] += moved

    def expect(self, place: int) -> Expected:
        """What is usual at ``place`` 0 to 167 in the week."""
        own = self.weeks[:, place]
        like = _like(place)
        weeks = self.weeks[:, like].astype(np.float64)
        days = weeks.sum(axis=1)
        centres = np.nan_to_num(self.centre[:, like])
        with np.errstate(invalid="ignore", divide="ignore"):
            pooled = (centres * weeks).sum(axis=1) / days
            apart = (np.abs(centres - pooled[:, None]) * weeks).sum(axis=1) / days
            scatter = (self.scatter[:, like] * weeks).sum(axis=1) / days + apart
            overall = self.moved_hours / self.hours
        alone = own >= FEW_WEEKS
        overall = np.where(self.hours > 0, overall, 0.0)
        moves = (self.moved[:, place] + PRIOR * overall) / (own + PRIOR)
        return Expected(
            np.where(alone, self.centre[:, place], pooled),
            np.where(alone, self.scatter[:, place], scatter),
            np.where(alone, own, days).astype(np.int64),
            moves,
        )

    def merge(self, other: Profiles) -> None:
        """Take in what ``other`` learned of the same points at other times."""
        mine, theirs = self.weeks.astype(np.float32), other.weeks.astype(np.float32)
        both = mine + theirs
        share = np.divide(theirs, both, out=np.zeros_like(both), where=both > 0)
        a, b = np.nan_to_num(self.centre), np.nan_to_num(other.centre)
        centre = a + share * (b - a)
        apart = np.abs(b - a) * share * (1 - share)
        self.scatter = self.scatter + share * (other.scatter - self.scatter) + apart
        self.centre = np.where(both > 0, centre, np.nan).astype(np.float32)
        halve = np.where(both > 255, 0.5, 1.0)
        moved = self.moved.astype(np.float32) + other.moved
        self.weeks = np.minimum(both * halve, 255).astype(np.uint8)
        self.moved = np.minimum(moved * halve, 255).astype(np.uint8)
        self.hours += other.hours
        self.moved_hours += other.moved_hours
        self.zero_hours += other.zero_hours
        self.odd_zero_hours += other.odd_zero_hours


def _like(place: int) -> npt.NDArray[np.intp]:
    """The same hour of the other days of its kind: Monday to Friday, or Saturday and Sunday."""
    day, hour = divmod(place, 24)
    days = np.arange(5) if day < 5 else np.arange(5, 7)
    return days * 24 + hour
