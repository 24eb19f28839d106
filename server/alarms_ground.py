"""What the alarms' rules are read against in a running campus: places, who is where, sources and findings as seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.feed import NOT_MEASURED
from twin.alarms.engine import Ground
from twin.alarms.outside import Seen
from twin.alarms.places import Places
from twin.timetable import Timetable

if TYPE_CHECKING:
    from server.runtime import Runtime

SOMEBODY = 0.5
"""Persons from which on somebody is there: an estimate is a fraction."""


def ground_of(runtime: Runtime) -> Ground:
    """The ground of the campus as it runs now; may take a while for a large one."""
    campus = runtime.assembled.campus
    return Ground(
        runtime.live, Places(campus, runtime.topology.nodes), ZoneInfo(campus.timezone), Occupancy(runtime),
        simulated_sources(runtime),
    )  # fmt: skip


def simulated_sources(runtime: Runtime) -> frozenset[str]:
    """The sources whose values are not measured."""
    return frozenset(state.name for state in runtime.sources() if state.type in NOT_MEASURED)


class Occupancy:
    """Which spaces somebody is in, or is expected in by the timetable."""

    def __init__(self, runtime: Runtime) -> None:
        self._live = runtime.live
        assembled = runtime.assembled
        self._ids = list(dict.fromkeys(lesson.space for lesson in assembled.timetable))
        self._timetable = Timetable(assembled.timetable, self._ids, ZoneInfo(assembled.campus.timezone))

    def __call__(self, spaces: Sequence[str]) -> Collection[str]:
        """Those of some spaces."""
        live = self._live
        planned = self._timetable.planned(live.clock())
        there = {space for space, people in zip(self._ids, planned.tolist(), strict=True) if people > 0}
        people = live.rolled_up("people", "sum").value
        slots = [live.tree.index.get(space, -1) for space in spaces]
        there.update(space for space, slot in zip(spaces, slots, strict=True)
                     if slot >= 0 and people[slot] >= SOMEBODY)  # fmt: skip
        return there


def sources_seen(runtime: Runtime) -> list[Seen]:
    """The data sources as they are."""
    return [Seen(state.name, state.state, "", state.name) for state in runtime.sources()]


def findings_seen(runtime: Runtime) -> list[Seen]:
    """The open findings, by what they are of rather than by when they were seen: a restart makes no new ones."""
    simulated = simulated_sources(runtime)
    found: dict[str, Seen] = {}
    for finding in runtime.watch.findings():
        if finding.until is not None:
            continue
        about = finding.points[0] if finding.n_points == 1 and finding.points else finding.source
        entity = finding.entities[0] if len(finding.entities) == 1 else ""
        key = f"{finding.check}/{entity or about}"
        found[key] = Seen(key, finding.check, entity, finding.source, finding.source in simulated)
    return list(found.values())


def well(runtime: Runtime) -> dict[str, bool]:
    """Of each source whether its points speak for themselves."""
    return {state.name: state.state == "live" for state in runtime.sources()}
