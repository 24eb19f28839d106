"""The hand-over sheet: what one shift leaves to the next, on one page. Gathered here, put into words as a document that
``paper_html`` shows and ``paper_pdf`` prints, like every other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.feed import NOT_MEASURED
from server.handover_numbers import Number, headlines, weather
from server.handover_words import document
from server.incidents_api import listed
from server.paper import Document
from server.schemas_incidents import IncidentOut
from server.schemas_shifts import LogEntryOut
from server.shift_log import book_of
from server.texts import Lang
from twin.alarms.alarm import Alarm
from twin.alarms.rule import Window
from twin.shifts import Shift

if TYPE_CHECKING:
    from datasources.runner import SourceState
    from server.alarms import AlarmDesk
    from server.runtime import Runtime

AHEAD_S = 24 * 3600.0
"""Windows that open within so long are told."""
STEP_S = 300.0
ROWS = 60


@dataclass(frozen=True, slots=True)
class Ahead:
    """A planned window: open at the time of the sheet, or from ``start`` [s since epoch]; ``end`` where it is known."""

    window: Window
    start: float | None
    end: float | None


@dataclass(slots=True)
class Left:
    """All that a shift leaves. ``after`` is the shift that takes over, ``now`` [s since epoch] when the sheet was made;
    ``loose`` are alarms that belong to no incident, ``held`` those that are shelved or out of service."""

    shift: Shift
    after: Shift
    now: float
    zone: ZoneInfo
    campus: dict[str, str]
    campus_id: str
    simulated: bool
    incidents: Sequence[IncidentOut] = ()
    incidents_total: int = 0
    loose: Sequence[Alarm] = ()
    held: Sequence[Alarm] = ()
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    windows: Sequence[Ahead] = ()
    log: Sequence[LogEntryOut] = ()
    pinned: Sequence[LogEntryOut] = ()
    numbers: Sequence[Number] = ()
    weather: Sequence[Number] = ()
    feeds: Sequence[SourceState] = ()
    has_alarms: bool = False


async def sheet(runtime: Runtime, shift: Shift, lang: Lang, *, changes: bool) -> Document:
    """The sheet of a shift in words; ``changes``: with what was changed by whom. What stands is as it is now, or for a
    shift that is over what the log of it has, too."""
    left = await gather(runtime, shift, changes=changes)
    return await asyncio.to_thread(document, left, lang)


async def gather(runtime: Runtime, shift: Shift, *, changes: bool) -> Left:
    """All that the sheet says."""
    book, campus = book_of(runtime), runtime.assembled.campus
    left = Left(
        shift, book.shifts.after(shift), runtime.ingest.clock(), ZoneInfo(campus.timezone), dict(campus.names),
        campus.id, simulated=any(state.type in NOT_MEASURED for state in runtime.sources()),
    )  # fmt: skip
    left.log = await asyncio.to_thread(lambda: book.of_shift(shift, changes=changes))
    left.pinned = [row for row in left.log if row.pinned]
    left.numbers, left.weather = headlines(runtime), weather(runtime)
    left.feeds = [state for state in runtime.sources() if state.state != "live"]
    if runtime.incidents is not None:
        left.incidents, left.incidents_total, _ = await listed(runtime.incidents, limit=ROWS)
    if runtime.alarms is not None:
        _alarms(left, runtime.alarms, {alarm for row in left.incidents for alarm in row.alarms})
    return left


def _alarms(left: Left, desk: AlarmDesk, told: set[str]) -> None:
    left.has_alarms = True
    left.loose = [alarm for alarm in desk.book.standing() if alarm.id not in told]
    held = [alarm for alarm in desk.book.alarms.values() if alarm.shelved_until is not None or alarm.out_of_service]
    left.held = sorted(held, key=lambda alarm: (alarm.priority, alarm.id))
    shown = (*left.loose[:ROWS], *left.held[:ROWS])
    left.places = {
        alarm.place: dict(desk.engine.ground.places.full_name(alarm.place)) for alarm in shown if alarm.place
    }
    left.windows = ahead(desk, left.now)


def ahead(desk: AlarmDesk, now: float) -> list[Ahead]:
    """The planned windows that are open at ``now`` [s since epoch] or open soon, in that order."""
    engine = desk.engine
    is_open = {window.id for window in engine.windows.open_at(now)}
    found: list[Ahead] = []
    for window in engine.rules.windows.values():
        holds = [
            at for at in (now + n * STEP_S for n in range(int(AHEAD_S / STEP_S) + 1))
            if window.start <= at < window.end and engine.calendar.holds(window.weekly, at)
        ]  # fmt: skip
        if window.id in is_open:
            over = next((at for at in _steps(now) if at not in set(holds)), None)
            found.append(Ahead(window, None, window.end if window.end <= now + AHEAD_S else over))
        elif holds:
            found.append(Ahead(window, _exact(window, holds[0]), None))
    return sorted(found, key=lambda row: (row.start or 0.0, row.window.id))


def _steps(now: float) -> Sequence[float]:
    return [now + n * STEP_S for n in range(int(AHEAD_S / STEP_S) + 1)]


def _exact(window: Window, seen: float) -> float:
    """When it opens: its own begin where that is it, else the quarter of an hour before it was seen open."""
    return window.start if seen - STEP_S < window.start <= seen else seen - seen % STEP_S
