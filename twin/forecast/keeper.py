"""Keeps the models of a campus: which are due, how one is trained from the historian, and what it says now.

Nothing here knows threads: ``train`` and ``look`` take a while (a second for a large building), and whoever calls them
does so in a thread, one at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.exclusions import Marks
from twin.forecast.hourly import Hourly, read, summed
from twin.forecast.meter_model import train
from twin.forecast.outlook import RECENT_D, Calendar, Outlook, looked, modes_at
from twin.forecast.shelf import Refusal, Shelf, Trained
from twin.forecast.subjects import Subject
from twin.forecast.unfit import UnfitError
from twin.history.store import SqlStore
from twin.quality.finding import Finding

log = logging.getLogger(__name__)

F64 = npt.NDArray[np.float64]

TRAINED_D = 400
"""How far back training looks [d]."""
OLD_S = 7 * 86_400.0
AGAIN_S = 86_400.0
"""A refused model is tried again after so long [s]."""
NIGHT, NIGHT_H = time(2), 3
"""From when on, and for how many hours, models are trained anew, local time."""
WARM_COVERAGE = 0.9
"""Share of the hours of which the temperature has to be known, for a model with it."""
FEW = 3
"""Points up to which a fault of one may be the fault of their sum."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the historian is asked with at ``now`` [s since the epoch]: the hours not to be believed (``marks``), the
    point of the outdoor temperature ('' for none), the calendar, the tariff [currency/kWh], the open findings."""

    now: float
    marks: Marks = field(default_factory=dict)
    outdoor: str = ""
    calendar: Calendar | None = None
    tariff: float | None = None
    findings: Sequence[Finding] = ()


class Keeper:
    """The models of some subjects; ``shelf`` keeps them over a restart."""

    def __init__(self, zone: ZoneInfo, shelf: Shelf) -> None:
        self.zone, self.shelf = zone, shelf
        self.subjects: Mapping[str, Subject] = {}
        self.trained: dict[str, Trained] = {}
        self.outlooks: dict[str, Outlook] = {}
        self._read: dict[tuple[str, int, int], Hourly] = {}

    def follow(self, subjects: Sequence[Subject]) -> None:
        """From now on there are these, parts before what they are parts of; their kept models are taken from the
        shelf."""
        trained = dict(self.trained)
        for subject in subjects:
            found = trained.get(subject.id) or self.shelf.get(subject.id)
            if found is not None and found.basis == subject.basis:
                trained[subject.id] = found
            else:
                trained.pop(subject.id, None)
        here = {subject.id: subject for subject in subjects}
        self.trained = {entity: found for entity, found in trained.items() if entity in here}
        self.outlooks = {entity: found for entity, found in self.outlooks.items() if entity in self.trained}
        self.subjects = here

    def night(self, now: float) -> float:
        """When the last night's training began [s since the epoch]."""
        local = datetime.fromtimestamp(now, UTC).astimezone(self.zone)
        day = local.date() if local.time() >= NIGHT else local.date() - timedelta(days=1)
        return datetime.combine(day, NIGHT, self.zone).timestamp()

    def next_night(self, now: float) -> float:
        """When the next one begins [s since the epoch]."""
        day = datetime.fromtimestamp(self.night(now), UTC).astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, NIGHT, self.zone).timestamp()

    def due(self, now: float) -> list[Subject]:
        """What has to be trained: in the night all; at any time what has no model, or one older than a week."""
        begun = self.night(now)
        night = now - begun < 3600.0 * NIGHT_H
        return [subject for subject in self.subjects.values() if self._due(subject.id, now, begun if night else None)]

    def _due(self, entity: str, now: float, begun: float | None) -> bool:
        found = self.trained.get(entity)
        if found is None or (begun is not None and found.at < begun):
            return True
        return now - found.at > (AGAIN_S if found.model is None else OLD_S)

    def forget_readings(self) -> None:
        """Let go of what was read: when everything of one moment has been done."""
        self._read.clear()

    def hours(self, store: SqlStore, subject: Subject, start: float, now: float, marks: Marks) -> Hourly:
        """The hours of a subject from ``start`` to ``now`` [s since the epoch]; kept until ``forget_readings``."""
        window = store.calendar.hour_of(round(start * 1000)), store.rolled_until or round(now * 1000)
        key = (subject.id, *window)
        if key not in self._read:
            parts = {part: self.subjects[part] for part in subject.parts}
            if parts:
                found = summed({part: self.hours(store, each, start, now, marks) for part, each in parts.items()})
            else:
                found = read(store, subject.points, *window, marks)
            self._read[key] = found
        return self._read[key]

    def train(self, store: SqlStore, subject: Subject, around: Surroundings) -> Trained:
        """Train the model of a subject, and keep it, or why there is none."""
        hours = self.hours(store, subject, around.now - TRAINED_D * 86_400.0, around.now, around.marks).trimmed
        warm = self._warm(store, hours, around)
        model, refusal = None, None
        try:
            model = train(
                hours.times, hours.values, interval_s=3600.0, zone=self.zone, temperature=warm,
                modes=modes_at(around.calendar, hours.times, self.zone), excluded=hours.reasons,
            )  # fmt: skip
        except UnfitError as error:
            refusal = Refusal(error.reason, str(error), hours.days(self.zone))
        except Exception as error:
            log.exception("the model of '%s' could not be trained", subject.id)
            refusal = Refusal("failed", f"{type(error).__name__}: {error}: see the log", hours.days(self.zone))
        found = Trained(subject.id, subject.basis, around.now, model, refusal, "" if warm is None else around.outdoor)
        self.shelf.put(found)
        self.trained[subject.id] = found
        return found

    def _warm(self, store: SqlStore, hours: Hourly, around: Surroundings) -> F64 | None:
        """The temperature of hours [deg C]; None where too little of it is known."""
        if not around.outdoor or not len(hours.times):
            return None
        warm = temperature_of(store, around.outdoor, hours, around.marks)
        known = np.isfinite(hours.values)
        enough = known.any() and np.isfinite(warm[known]).mean() >= WARM_COVERAGE
        return warm if enough else None

    def look(self, store: SqlStore, subject: Subject, around: Surroundings) -> Outlook | None:
        """What the model of a subject says now; None without a model."""
        found = self.trained.get(subject.id)
        if found is None or found.model is None:
            self.outlooks.pop(subject.id, None)
            return None
        hours = self.hours(store, subject, around.now - RECENT_D * 86_400.0, around.now, around.marks)
        warm = temperature_of(store, found.outdoor, hours, around.marks) if found.outdoor else None
        calendar = around.calendar if found.model.card.modes else None
        mine = set(subject.points) if len(subject.points) <= FEW else set()
        findings = [finding for finding in around.findings if mine & set(finding.points)]
        outlook = looked(Outlook(around.now, found.model, hours, warm, calendar), around.tariff, findings)
        self.outlooks[subject.id] = outlook
        return outlook


def temperature_of(store: SqlStore, point: str, hours: Hourly, marks: Marks) -> F64:
    """The hourly means (n,) [deg C] of a thermometer in some hours in a row."""
    if not len(hours.times):
        return np.zeros(0)
    start, end = round(hours.times[0] * 1000), round(hours.times[-1] * 1000) + 3_600_000
    return read(store, [point], start, end, marks).values
