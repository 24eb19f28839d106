"""The findings that are open and those that have ended, with a bound on both.

A finding is opened by the first hit of its key, kept up by the next ones, and ended when a check no longer sees it.
More than ``GROUP_OVER`` points of one source with the same fault are one finding of the source: nobody reads 5,000 rows
that say that a broker is down.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from twin.point import Point
from twin.quality.finding import CHECKS, SEVERITY, Check, Finding, Hit, finding_id

GROUP_OVER = 20
NAMED = 100
"""Points that a finding names; ``n_points`` counts all."""
MAX_OPEN = 5_000
MAX_ENDED = 2_000

Key = tuple[Check, str]


@dataclass(slots=True)
class Tally:
    """How many findings of a check were opened since the start, and how many open ones found no room."""

    opened: int = 0
    dropped: int = 0


class Ledger:
    """Findings by (check, key); a key is the ids of its points, or a source."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        self._open: dict[Key, Finding] = {}
        self._ended: deque[Finding] = deque(maxlen=MAX_ENDED)
        self.tally = {check: Tally() for check in CHECKS}

    def update(
        self, check: Check, seen: Mapping[str, Hit], now: float, over: Mapping[str, float] = MappingProxyType({})
    ) -> None:
        """Everything that ``check`` sees ``now`` [s since epoch, UTC], as ``keyed`` gives it; the rest has ended: now,
        or when ``over`` says."""
        for key, hit in seen.items():
            self._see(check, key, hit, now)
        for found in [key for key in self._open if key[0] == check and key[1] not in seen]:
            finding = self._open.pop(found)
            finding.until = over.get(found[1], now)
            self._ended.append(finding)

    def add_ended(self, check: Check, key: str, hit: Hit, until: float, now: float) -> Finding:
        """A finding that was over when it was seen first ``now``; it lasted ``until`` [s since epoch, UTC]."""
        finding = self._new(check, key, hit, now)
        self._describe(finding, hit, now)
        finding.until = until
        self._ended.append(finding)
        return finding

    def carry_over(self, before: Ledger, now: float) -> None:
        """Go on with the findings of another set of points; those of a point that is gone have ended ``now``."""
        here = {point.id for point in self._points}
        self._ended.extend(before._ended)
        self.tally = before.tally
        for key, finding in before._open.items():
            if here.issuperset(finding.points):
                self._open[key] = finding
            else:
                finding.until = now
                self._ended.append(finding)

    def keyed(self, hits: Iterable[Hit]) -> dict[str, Hit]:
        """Hits by the key of their finding; many of one source as one. Touches nothing: any thread may call it."""
        every = list(hits)
        per_source = Counter(self._points[hit.rows[0]].source for hit in every if len(hit.rows) == 1)
        keyed: dict[str, Hit] = {}
        groups: dict[str, list[Hit]] = {}
        for hit in every:
            source = self._points[hit.rows[0]].source
            if len(hit.rows) == 1 and per_source[source] > GROUP_OVER:
                groups.setdefault(source, []).append(hit)
            else:
                keyed[" ".join(self._points[row].id for row in hit.rows)] = hit
        for source, members in groups.items():
            first = min(members, key=lambda hit: hit.since)
            rows = tuple(hit.rows[0] for hit in members)
            keyed[f"source {source}"] = Hit(rows, first.since, {"n": len(rows), "source": source}, "many")
        return keyed

    def _see(self, check: Check, key: str, hit: Hit, now: float) -> None:
        finding = self._open.get((check, key))
        if finding is None:
            if len(self._open) >= MAX_OPEN:
                self.tally[check].dropped += 1
                return
            finding = self._new(check, key, hit, now)
            self._open[check, key] = finding
        self._describe(finding, hit, now)

    def _new(self, check: Check, key: str, hit: Hit, now: float) -> Finding:
        self.tally[check].opened += 1
        source = self._points[hit.rows[0]].source
        return Finding(finding_id(check, key, hit.since), check, SEVERITY[check], (), 0, (), source, hit.since, now)

    def _describe(self, finding: Finding, hit: Hit, now: float) -> None:
        named = [self._points[row] for row in hit.rows[:NAMED]]
        finding.points = tuple(point.id for point in named)
        finding.entities = (hit.entity,) if hit.entity else tuple(dict.fromkeys(point.entity for point in named))
        finding.severity = hit.severity or SEVERITY[finding.check]
        finding.n_points = len(hit.rows)
        finding.last_seen, finding.figures, finding.variant = now, dict(hit.figures), hit.variant

    def findings(self) -> list[Finding]:
        """All of them: the open ones first, each kind from the newest."""
        opened = sorted(self._open.values(), key=lambda f: -f.since)
        return [*opened, *reversed(self._ended)]

    def open_by_check(self) -> dict[Check, int]:
        """How many findings of each check are open."""
        counts = Counter(key[0] for key in self._open)
        return {check: counts[check] for check in CHECKS}
