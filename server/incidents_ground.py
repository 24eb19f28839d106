"""What incidents are judged by in a running campus: what hangs on what, who would tell, how long to wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from twin.incidents.cause import FAILING, Causes
from twin.incidents.engine import WINDOW_S
from twin.incidents.seen import SeenAlarm

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.impact_board import Known

Window = Callable[[SeenAlarm], float]

LONGEST_WAIT_S = 300.0
"""An alarm waits at most so long for its cause [s], however seldom what it is of is asked."""


def causes_of(known: Known, alarms: AlarmDesk) -> Causes:
    """Where causes are looked for; takes some tenths of a second on a large campus."""
    return Causes(known.supply, known.places, watched(alarms), known.wires, known.states)


def watched(alarms: AlarmDesk) -> set[str]:
    """The nodes of the topology that a rule watches which would say that they failed."""
    ground, watches = alarms.engine.ground, alarms.engine.evaluator.watches
    failing = [number for number, rule in enumerate(watches.rules) if rule.kind in FAILING]
    rows = np.unique(watches.row[np.isin(watches.rule, failing)])
    entities = {ground.live.points[row].entity for row in rows.tolist()}
    return {node for entity in entities for node in ground.places.of(entity).nodes}


def window_of(alarms: AlarmDesk) -> Window:
    """How long each alarm waits for its cause [s]: half a minute, or as long as its point is asked again."""

    def window(alarm: SeenAlarm) -> float:
        live = alarms.engine.ground.live
        row = live.index.get(alarm.id.partition(":")[2])
        interval = 0.0 if row is None else live.points[row].interval_s
        return min(LONGEST_WAIT_S, max(WINDOW_S, interval))

    return window
