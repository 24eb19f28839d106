"""Anomalies as findings of the check ``energy``: what is open, what is over, with the figures of their sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.forecast.anomaly import Anomaly
from twin.quality.finding import Figure, Finding, Hit, Severity
from twin.quality.ledger import Ledger

SMALL = 0.25
"""Share of the base load [1] below which an anomaly is only told, not warned of."""
CAUSES = 2
"""Causes that are named."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of whom anomalies are told: the ``rows`` of the points, its ``names`` by language."""

    entity: str
    rows: tuple[int, ...]
    names: Mapping[str, str]
    anomalies: Sequence[Anomaly]


def hit_of(told: Told, anomaly: Anomaly, currency: str, now: float) -> Hit:
    """An anomaly as a check's hit; ``size`` [kW] and the rest without their sign, which the variant says."""
    ends = now if anomaly.ends is None else anomaly.ends
    figures: dict[str, Figure] = {
        "size": abs(anomaly.size), "energy_kwh": abs(anomaly.energy), "beyond_kwh": abs(anomaly.beyond),
        "length_s": max(0.0, ends - anomaly.begins), "share_percent": 100 * abs(anomaly.share),
        "accepted": int(anomaly.accepted), **{f"name_{lang}": name for lang, name in told.names.items()},
    }  # fmt: skip
    if anomaly.cost is not None:
        figures |= {"cost": abs(anomaly.cost), "currency": currency}
    for number, cause in enumerate(anomaly.causes[:CAUSES], 1):
        figures[f"cause_{number}"] = cause.name
    severity: Severity = "warning" if abs(anomaly.share) >= SMALL else "info"
    return Hit(
        told.rows, anomaly.begins, figures, "more" if anomaly.size >= 0 else "less", severity, told.entity
    )  # fmt: skip


def settle(ledger: Ledger, every: Sequence[Told], currency: str, now: float) -> list[Finding]:
    """Take anomalies over into the ledger; those findings that were over when they were first seen.

    A thing has one open finding at most: it opens, goes on and ends with the anomaly, however its begin is refined.
    """
    lasting = {finding.entities[0]: finding for finding in ledger.findings()
               if finding.check == "energy" and finding.until is None}  # fmt: skip
    seen: dict[str, Hit] = {}
    last: dict[str, Hit] = {}
    over: dict[str, float] = {}
    for told in every:
        for anomaly in told.anomalies:
            hit = hit_of(told, anomaly, currency, now)
            before = lasting.get(told.entity)
            if anomaly.ends is None:
                seen[told.entity] = hit
            elif before is not None and _meets(before, anomaly):
                last[told.entity], over[told.entity] = hit, anomaly.ends
    # first the last words of those that ended, then their end, then what is new
    ledger.update("energy", {**seen, **last}, now)
    ledger.update("energy", {key: hit for key, hit in seen.items() if key not in last}, now, over)
    ledger.update("energy", seen, now)
    return _late(ledger, every, currency, now)


def _late(ledger: Ledger, every: Sequence[Told], currency: str, now: float) -> list[Finding]:
    known: dict[str, list[Finding]] = {}
    for finding in ledger.findings():
        if finding.check == "energy":
            known.setdefault(finding.entities[0], []).append(finding)
    late = []
    for told in every:
        for anomaly in told.anomalies:
            if anomaly.ends is not None and not any(_meets(f, anomaly) for f in known.get(told.entity, ())):
                hit = hit_of(told, anomaly, currency, now)
                late.append(ledger.add_ended("energy", told.entity, hit, anomaly.ends, now))
    return late


def _meets(finding: Finding, anomaly: Anomaly) -> bool:
    """Whether they overlap: then they are the same."""
    ends = float("inf") if anomaly.ends is None else anomaly.ends
    return finding.since < ends and (finding.until is None or finding.until > anomaly.begins)
