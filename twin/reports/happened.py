"""What happened in a period, out of the events of the history: outages of sources, findings, changes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from twin.history.store import SqlStore
from twin.quality.finding import Finding
from twin.reports.report import Change, Found, Happened, Outage

MOST = 25
"""Of each kind so many are told; how many there were besides is said."""
BACK_MS = 60 * 86_400_000
"""So far before a period is looked for what began there and lasted into it [ms]."""
SHORT_MS = 60_000
"""An outage shorter than this is none to report [ms]: sources connect, and brokers restart."""
WORKING = ("live", "connecting", "gone", "stopped")


def happened(
    store: SqlStore, start: int, end: int, places: Collection[str] | None, findings: Iterable[Finding] = ()
) -> Happened:
    """What happened from ``start`` to before ``end`` [ms]; findings only of ``places`` where that is given.
    ``findings`` are the checks' own of now: they know the energy and cost of an anomaly best."""
    rows = store.events(start - BACK_MS, end).to_pylist()
    outages = _outages(rows, start, end)
    found = _findings(rows, start, end, places, {finding.id: finding for finding in findings})
    changes = [
        Change(row["time"], row["kind"], row["state"], str(json.loads(row["detail"]).get("message", "")))
        for row in rows if row["kind"] in ("configuration", "program") and row["time"] >= start
    ]  # fmt: skip
    return Happened(
        tuple(outages[:MOST]), tuple(found[:MOST]), tuple(changes[-MOST:]), max(0, len(outages) - MOST),
        max(0, len(found) - MOST), max(0, len(changes) - MOST),
    )  # fmt: skip


def _outages(rows: list[dict[str, Any]], start: int, end: int) -> list[Outage]:
    """Stretches in which a source did not work, the longest first. That of a program that ended ends with its next
    start: what was between is no outage of the source."""
    going: dict[str, tuple[str, int]] = {}
    told: list[Outage] = []

    def close(source: str, at: int | None) -> None:
        state, since = going.pop(source)
        until = end if at is None else at
        first = max(since, start)
        if until > start and until - first >= SHORT_MS:
            told.append(Outage(source, state, since, at, since < start, (until - first) / 1000.0))

    for row in rows:
        if row["kind"] == "program":
            for source in list(going):
                close(source, row["time"])
        if row["kind"] != "source":
            continue
        subject, state = row["subject"], row["state"]
        if subject in going and going[subject][0] != state:
            close(subject, row["time"])
        if state not in WORKING and subject not in going:
            going[subject] = state, row["time"]
    for source in list(going):
        close(source, None)
    return sorted(told, key=lambda outage: -outage.lasts)


def _findings(
    rows: list[dict[str, Any]], start: int, end: int, places: Collection[str] | None, known: Mapping[str, Finding]
) -> list[Found]:
    """Findings that stood in the window: anomalies of energy first, then by how long."""
    opened: dict[str, dict[str, Any]] = {}
    ended: dict[str, int] = {}
    for row in rows:
        if row["kind"] == "finding":
            if row["state"] == "open":
                opened[row["subject"]] = row
                ended.pop(row["subject"], None)
            elif row["subject"] in opened:
                ended[row["subject"]] = row["time"]
        elif row["kind"] == "program":
            for subject in opened:  # what still stands is told anew
                ended.setdefault(subject, row["time"])
    told = []
    for subject, row in opened.items():
        until = ended.get(subject)
        if until is not None and until <= start:
            continue
        detail = json.loads(row["detail"])
        entity = str(detail.get("entity", ""))
        if places is not None and entity not in places:
            continue
        told.append(_found(subject, row["time"], until, entity, detail, known.get(subject)))
    return sorted(told, key=lambda f: (f.check != "energy", -((f.until or end) - max(f.since, start)), f.id))


def _found(
    subject: str, since: int, until: int | None, entity: str, detail: Mapping[str, Any], known: Finding | None
) -> Found:
    figures = known.figures if known is not None else {}
    kwh, cost = figures.get("energy_kwh"), figures.get("cost")
    sign = -1.0 if known is not None and known.variant == "less" else 1.0
    return Found(
        subject, str(detail.get("check", "")), str(detail.get("severity", "")), entity, since, until,
        {"zh": str(detail.get("zh", "")), "en": str(detail.get("en", ""))},
        sign * kwh if isinstance(kwh, float | int) else None, sign * cost if isinstance(cost, float | int) else None,
    )  # fmt: skip
