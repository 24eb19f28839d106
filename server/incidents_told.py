"""Incidents as events of the history, so that a past moment and the time axis know of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from twin.history.spool import Event

if TYPE_CHECKING:
    from server.incidents_out import Board
    from server.runtime import Runtime
    from twin.incidents.engine import Changes

TOLD = frozenset({"opened", "reopened", "cause", "merged", "ended"})
"""Entries that the history has as well: what becomes of an incident, not what is said of it."""


def tell_history(runtime: Runtime, board: Board, changes: Changes) -> None:
    """Note in the history what became of incidents."""
    recorder = runtime.recorder
    if recorder is None:
        return
    for entry in changes.entries:
        row = board.row(entry.incident)
        if entry.kind not in TOLD or row is None:
            continue
        detail = {
            "number": row.number, "priority": row.priority, "entity": row.place, "cause": row.cause,
            "alarms": len(row.alarms), "over": entry.kind in ("ended", "merged"), **row.text,
        }  # fmt: skip
        told = json.dumps(detail, ensure_ascii=False)
        recorder.note(Event(round(entry.time * 1000), "incident", entry.incident, entry.kind, told))
