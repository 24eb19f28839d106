"""What happens besides readings, as events of the history: states of sources, findings, changes of the configuration.

Once a second what is true is compared with what was: only differences are kept, each in words of both languages, so
that a past moment can be told without the program that saw it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from server.quality_text import sentence, unit_of
from server.texts import filled
from twin.history.spool import Event

if TYPE_CHECKING:
    from server.runtime import Runtime
    from twin.history.recorder import Recorder
    from twin.live import LiveState
    from twin.quality.finding import Finding

log = logging.getLogger(__name__)

LOOK_S = 1.0
AGAIN_S = 3600.0
"""So often the figures of findings that go on are kept anew [s], so that a past moment can tell how far they were."""
MOST_AGAIN = 50
"""Findings whose figures are kept at a time: the newest."""


class Chronicle:
    """Looks at a running campus and tells its recorder what changed."""

    def __init__(self, runtime: Runtime, recorder: Recorder) -> None:
        self._runtime = runtime
        self._recorder = recorder
        self._sources: dict[str, str] = {}
        self._findings: dict[str, Finding] = {}
        self._configuration = 0.0
        self._again = self._now()

    async def run(self) -> None:
        """Look every second, until cancelled."""
        self._note(round(self._now() * 1000), "program", "campus-twin", "started", **_both("history.started"))
        try:
            while True:
                try:
                    self.look()
                except Exception:  # one finding that cannot be told must not end the chronicle
                    log.exception("what happened could not be told; the chronicle goes on")
                await asyncio.sleep(LOOK_S)
        finally:
            ended = round(self._now() * 1000)
            self._note(ended, "program", "campus-twin", "stopped", over=True, **_both("history.stopped"))

    def look(self) -> None:
        """Note what is another than at the last look."""
        self._look_at_sources()
        self._look_at_findings()
        self._look_at_configuration()

    def _now(self) -> float:
        return self._runtime.ingest.clock()

    def _note(self, time: int, kind: str, subject: str, state: str, **detail: object) -> None:
        self._recorder.note(Event(time, kind, subject, state, json.dumps(detail, ensure_ascii=False)))

    def _look_at_sources(self) -> None:
        known = {state.name: state for state in self._runtime.sources()}
        for name, state in known.items():
            if self._sources.get(name) != state.state:
                words = {lang: f"{name}: {filled(f'source.{state.state}', lang, {})}" for lang in ("zh", "en")}
                self._note(
                    round(state.since * 1000), "source", name, state.state, type=state.type, reason=state.reason,
                    over=state.state == "live", **words,
                )  # fmt: skip
        for name in set(self._sources) - set(known):
            self._note(round(self._now() * 1000), "source", name, "gone", over=True)
        self._sources = {name: state.state for name, state in known.items()}

    def _look_at_findings(self) -> None:
        opened = {finding.id: finding for finding in self._runtime.watch.findings() if finding.until is None}
        for id_, finding in opened.items():
            if id_ not in self._findings:
                self._recorder.note(finding_events(self._runtime.live, finding, self._now())[0])
        for id_ in set(self._findings) - set(opened):
            until = self._findings[id_].until or self._now()
            self._note(round(until * 1000), "finding", id_, "ended", over=True)
        self._findings = opened
        if self._now() - self._again >= AGAIN_S:
            self._again = self._now()
            for finding in list(opened.values())[:MOST_AGAIN]:
                told = finding_events(self._runtime.live, finding, self._again)[0]
                self._recorder.note(replace(told, time=round(self._again * 1000), kind="figures"))

    def _look_at_configuration(self) -> None:
        configuration = self._runtime.configuration
        if configuration is None or configuration.since == self._configuration:
            return
        first, self._configuration = self._configuration == 0.0, configuration.since
        if not first:
            self._note(
                round(configuration.since * 1000), "configuration", "campus.yaml", configuration.state,
                message=configuration.message, **_both(f"history.configuration.{configuration.state}"),
            )  # fmt: skip


def finding_events(live: LiveState, finding: Finding, seen: float) -> list[Event]:
    """What the history keeps of a finding, told at ``seen`` [s since epoch]: that it opened, and that it ended where it
    has."""
    at = live.index.get(finding.points[0])
    unit = "" if at is None else unit_of(live.points[at].quantity)
    detail = {
        "check": finding.check, "severity": finding.severity,
        "entity": finding.entities[0] if finding.entities else "", "points": list(finding.points[:20]),
        "n_points": finding.n_points, "seen": round(seen, 3),
        "zh": sentence(finding, unit, "zh"), "en": sentence(finding, unit, "en"),
    }  # fmt: skip
    told = json.dumps(detail, ensure_ascii=False)
    events = [Event(round(finding.since * 1000), "finding", finding.id, "open", told)]
    if finding.until is not None:
        over = json.dumps({"over": True})
        events.append(Event(round(finding.until * 1000), "finding", finding.id, "ended", over))
    return events


def _both(key: str) -> dict[str, str]:
    return {lang: filled(key, lang, {}) for lang in ("zh", "en")}
