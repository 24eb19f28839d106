"""From what a source hands over to the live state: resolve, unit, time policy, quality, order; nothing lost silently.

Every reading ends in exactly one count of its source: accepted, duplicate, late, unmapped, or refused (and whoever
pushed it was told); a reading whose value cannot be used is accepted as *bad* with its reason, so that the point shows
what is wrong instead of an old number. A point without an address is known to its source by its id.
``listeners`` get each batch of judged readings, late ones too: history and alarms hang there. ``judges`` see a batch
before it is applied and may make good readings uncertain; values and times are not theirs to change.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from twin.ingest_rows import MANY, NO_ROUTE, NO_ROWS, UNMAPPED, Draft, routes
from twin.live import F64, FUTURE_S, ORIGIN_FLAGS, Applied, Bools, Columns, Index, LiveState
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.rates import Rates
from twin.reading import Quality, RawReading, ValueOrigin

CLOCK_SET = 946_684_800.0
"""2000-01-01 UTC [s since epoch]: an earlier device time is a clock that was never set."""

BACK_FILLED = "back-filled"
"""Reason of a value that was asked for after an outage; it says nothing against it."""
MAX_UNMAPPED = 1000
MAX_SAMPLES = 20
SAMPLE_CHARS = 200

RawValue = bytes | float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of a batch. ``bad`` and ``flagged`` readings are among the accepted."""

    accepted: int = 0
    bad: int = 0
    flagged: int = 0
    duplicate: int = 0
    late: int = 0
    unmapped: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """A kept example of a bad reading, for the operator. ``raw`` is at most 200 characters of what came."""

    address: str
    reason: str
    raw: str
    received: float


@dataclass(slots=True)
class SourceCounts:
    """The counters of one source since the start. ``unmapped_names`` holds at most 1,000 addresses with their counts,
    ``unmapped_examples`` what each of them brought last (at most 200 characters or bytes), ``samples`` the first
    example of each of the last reasons."""

    readings: int = 0
    accepted: int = 0
    bad: int = 0
    duplicate: int = 0
    late: int = 0
    unmapped: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    unmapped_names: Counter[str] = field(default_factory=Counter)
    unmapped_examples: dict[str, RawValue] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch as listeners get it: ``rows`` and what became of them; ``raw`` are the numbers as they came, in the
    source's units (NaN = none), ``device`` the times that devices gave [s since epoch, NaN = none].
    """

    source: str
    rows: Columns
    applied: Applied
    raw: F64
    device: F64


class Ingest:
    """The one way into ``live``. ``origins`` says which sources do not measure (a simulator); default 'measured'."""

    def __init__(
        self,
        points: Sequence[Point],
        live: LiveState,
        clock: Callable[[], float] = time.time,
        origins: Mapping[str, ValueOrigin] | None = None,
    ) -> None:
        self.live = live
        self.clock = clock
        self.counts: dict[str, SourceCounts] = {}
        self.listeners: list[Callable[[Judged], None]] = []
        self.judges: list[Callable[[Columns], None]] = []
        self._last: list[RawReading | None] = [None] * len(live.points)  # derived points, too
        self._origins = dict(origins or {})
        self._routes = routes(points)
        units = [QUANTITIES[point.quantity].units[point.unit] for point in points]
        self._factor = np.array([factor for factor, _ in units], np.float64)
        self._offset = np.array([offset for _, offset in units], np.float64)
        bounds = [bounds_of(point) for point in points]
        self._low = np.array([low for low, _ in bounds], np.float64)
        self._high = np.array([high for _, high in bounds], np.float64)
        self._rates = Rates()
        self._late_rates: dict[str, Rates] = {}
        self._late = False
        self._counting: Bools = np.array(
            [point.kind == "counter" and QUANTITIES[point.quantity].counted for point in points], np.bool_
        )
        self._sentinels = {row: point.sentinels for row, point in enumerate(points) if point.sentinels}
        self._has_sentinels: Bools = np.array([bool(point.sentinels) for point in points], np.bool_)

    def carry_over(self, old: Ingest, here: Index, there: Index) -> None:
        """Go on with the counts of ``old``, and with the last count of each counter in its rows ``there``."""
        self.counts = old.counts
        for source, counts in self.counts.items():
            route = self._routes.get(source, NO_ROUTE)
            known = set(route) | {address.partition("#")[0] for address in route}
            for name in known.intersection(counts.unmapped_names):  # it has a point now
                del counts.unmapped_names[name]
                counts.unmapped_examples.pop(name, None)
        for now, before in zip(here.tolist(), there.tolist(), strict=True):
            self._last[now] = old._last[before]
        self._rates.carry_over(old._rates, dict(zip(there.tolist(), here.tolist(), strict=True)))

    def last(self, row: int) -> RawReading | None:
        """What the latest value of a point is made of; None before it has spoken."""
        return self._last[row]

    def accept_late(self, batch: Sequence[RawReading], source: str) -> IngestReport:
        """Take in what ``source`` kept while nobody listened, in the order of its times: judged as all is and marked
        'back-filled', it goes by the live values to the listeners. Counts become rates among themselves."""
        live, self._rates = self._rates, self._late_rates.setdefault(source, Rates())
        self._late = True
        try:
            return self.accept(batch, source)
        finally:
            self._rates, self._late = live, False

    def accept(self, batch: Sequence[RawReading], source: str = "") -> IngestReport:
        """Take in what ``source`` handed over."""
        counts = self.counts.setdefault(source, SourceCounts())
        counts.readings += len(batch)
        draft = self._resolve(batch, source, counts)
        if not draft.point.size:
            return self._report(counts, IngestReport(unmapped=draft.unmapped))
        raw = draft.value.copy()
        rows, bad, flagged = self._judge(draft, source, counts)
        for judge in self.judges:
            judge(rows)
        applied = self.live.apply(rows)
        late, duplicate = int(applied.late.sum()), int(applied.duplicate.sum())
        self._keep_last(rows, draft)
        judged = Judged(source, rows, applied, raw, draft.time)
        for listener in self.listeners:
            listener(judged)
        report = IngestReport(len(rows.point) - late - duplicate, bad, flagged, duplicate, late, draft.unmapped)
        return self._report(counts, report)

    def _keep_last(self, rows: Columns, draft: Draft) -> None:
        """Remember what each shown value is made of."""
        shown = (rows.time == self.live.time[rows.point]).tolist()
        last = self._last
        for row, reading, is_shown in zip(rows.point.tolist(), draft.readings, shown, strict=True):
            if is_shown:
                last[row] = reading

    def refuse(self, refused: Sequence[Sample], source: str) -> None:
        """Count what was not taken in from ``source``, with an example of each reason."""
        counts = self.counts.setdefault(source, SourceCounts())
        counts.readings += len(refused)
        counts.refused += len(refused)
        for sample in refused:
            self._keep(counts, sample)

    @staticmethod
    def _report(counts: SourceCounts, report: IngestReport) -> IngestReport:
        counts.accepted += report.accepted
        counts.bad += report.bad
        counts.duplicate += report.duplicate
        counts.late += report.late
        counts.unmapped += report.unmapped
        return report

    def _resolve(self, batch: Sequence[RawReading], source: str, counts: SourceCounts) -> Draft:
        """The rows that a batch becomes: one for each point of each address that a point names."""
        if not batch:
            return Draft.of((), NO_ROWS)
        route = self._routes.get(source, NO_ROUTE)
        at = [route.get(reading[0], UNMAPPED) for reading in batch]
        point = np.array(at, np.intp)
        if point.min() >= 0:  # every address feeds one point, as nearly always
            return Draft.of(batch, point)
        readings: list[int] = []
        points: list[int] = []
        unmapped = 0
        for number, row in enumerate(at):
            if row == UNMAPPED:
                unmapped += 1
                self._list_unmapped(batch[number], counts)
            else:
                several = (row,) if row >= 0 else route.several[MANY - row]
                points += several
                readings += [number] * len(several)
        draft = Draft.of([batch[number] for number in readings], np.array(points, np.intp))
        draft.unmapped = unmapped
        return draft

    @staticmethod
    def _list_unmapped(reading: RawReading, counts: SourceCounts) -> None:
        names = counts.unmapped_names
        if reading.address in names or len(names) < MAX_UNMAPPED:
            names[reading.address] += 1
            counts.unmapped_examples[reading.address] = _example(reading)

    def _judge(self, draft: Draft, source: str, counts: SourceCounts) -> tuple[Columns, int, int]:
        point, raw, device, received = draft.point, draft.value, draft.time, draft.received
        reasons = draft.reasons
        self._check_sentinels(draft)
        with np.errstate(invalid="ignore"):
            future = device > np.minimum(received, self.clock()) + FUTURE_S
            unset = device < CLOCK_SET
        timeless = np.isnan(device)
        untimed = timeless | future | unset
        when = np.where(untimed, received, device)
        self._count(draft, when)
        value = raw * self._factor[point] + self._offset[point]
        with np.errstate(invalid="ignore"):
            outside = (value < self._low[point]) | (value > self._high[point])
        for row in np.flatnonzero(outside).tolist():
            reasons.setdefault(row, []).append("out of range")
        value[list(reasons)] = np.nan
        quality = np.zeros(len(point), np.uint8)
        quality[list(reasons)] = Quality.BAD
        bad = len(reasons)
        for row, words in reasons.items():
            self._keep_sample(counts, draft.readings[row], words)
        retained = draft.retained
        judged = np.where(retained & untimed, -np.inf, when)
        remarks: tuple[tuple[Bools, str], ...] = (
            (future, "device clock ahead"),
            (unset, "device clock not set"),
            (retained & timeless, "retained without a time"),
        )
        if self._late:
            remarks = (*remarks, (np.ones(len(point), np.bool_), BACK_FILLED))
        for mask, word in remarks:
            for row in np.flatnonzero(mask).tolist():
                reasons.setdefault(row, []).append(word)
                counts.reasons[word] += 1
        doubtful = future | unset
        for row, word in draft.remarks.items():
            reasons.setdefault(row, []).append(word)
            counts.reasons[word] += 1
            doubtful[row] = True
        quality[doubtful & (quality == Quality.GOOD)] = Quality.UNCERTAIN
        reason = np.zeros(len(point), np.uint16)
        for row, words in reasons.items():
            reason[row] = self.live.reasons.id(tuple(words))
        flags = np.full(len(point), ORIGIN_FLAGS[self._origins.get(source, "measured")], np.uint8)
        return Columns(point, value, when, received, judged, quality, flags, reason), bad, len(reasons) - bad

    def _count(self, draft: Draft, when: F64) -> None:
        """Counts become rates [counts/s]; where there is none yet, no value and a remark that says why."""
        for row in np.flatnonzero(self._counting[draft.point]).tolist():
            if row in draft.reasons:
                continue
            reading, point = draft.readings[row], int(draft.point[row])
            most = float(self._high[point] / self._factor[point])
            count, time_s = float(draft.value[row]), float(when[row])
            draft.value[row], word = self._rates.rate(
                point, count, time_s, boot=reading.boot, wrap=reading.wrap, most=most
            )
            if word:
                draft.remarks.setdefault(row, word)

    def _check_sentinels(self, draft: Draft) -> None:
        for row in np.flatnonzero(self._has_sentinels[draft.point]).tolist():
            if draft.value[row] in self._sentinels[int(draft.point[row])]:
                draft.reasons.setdefault(row, []).append("sentinel")

    @classmethod
    def _keep_sample(cls, counts: SourceCounts, reading: RawReading, words: Iterable[str]) -> None:
        raw = reading.raw if reading.raw is not None else reading.value
        for word in words:
            text = raw[:SAMPLE_CHARS].decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
            cls._keep(counts, Sample(reading.address, word, text[:SAMPLE_CHARS], reading.received))

    @staticmethod
    def _keep(counts: SourceCounts, sample: Sample) -> None:
        counts.reasons[sample.reason] += 1
        if sample.reason not in counts.samples:
            if len(counts.samples) >= MAX_SAMPLES:
                counts.samples.pop(next(iter(counts.samples)))
            counts.samples[sample.reason] = sample


def _example(reading: RawReading) -> RawValue:
    """What came, short enough to be kept."""
    raw = reading.value if reading.raw is None else reading.raw
    return raw[:SAMPLE_CHARS] if isinstance(raw, bytes | str) else raw


def bounds_of(point: Point) -> tuple[float, float]:
    """The tighter of the quantity's physical bounds and the point's own range, in the canonical unit."""
    quantity = QUANTITIES[point.quantity]
    low = quantity.low if point.low is None else max(quantity.low, quantity.to_canonical(point.low, point.unit))
    high = quantity.high if point.high is None else min(quantity.high, quantity.to_canonical(point.high, point.unit))
    return low, high
