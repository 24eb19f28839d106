"""The figures of the alarms as ``/api/v1/alarms/figures`` tells them: from the journal, and of what stands now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from server.schemas_alarms_figures import AlarmFiguresOut, CallerOut, ShareOut, StaleOut
from server.values import instant, utc
from twin.alarms.figures import AIM_DAY, MOST_DAY, STALE_S, TARGET_SHARES, WORST, Figures, Worst, figures
from twin.alarms.journal import Journal
from twin.alarms.state import OUT_OF_SERVICE, SHELVED, SUPPRESSED

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from twin.alarms.alarm import Alarm

_OF = {"high": (1, 2), "medium": (3,), "low": (4,)}


def figures_out(desk: AlarmDesk, journal: Journal, since: float, until: float) -> AlarmFiguresOut:
    """The figures of a span [s since epoch]; reads the journal, so not on the event loop."""
    rows, first = journal.rows(since, until)
    found = figures(rows, since, until, first)
    known = {alarm.id: alarm for alarm in list(desk.book.alarms.values())}
    alarms = list(known.values())
    standing = [alarm for alarm in alarms if not alarm.flagged]
    now = desk.now
    old = sorted(
        (alarm for alarm in standing if alarm.active and now - (alarm.raised or now) > STALE_S),
        key=lambda alarm: alarm.raised or now,
    )
    letters = [alarm.letter for alarm in alarms]
    return AlarmFiguresOut(
        start=utc(since), end=utc(until), known_since=instant(first),
        coverage=round(found.known_s / (until - since), 8), calls=found.calls, per_day=found.per_day,
        per_day_aim=AIM_DAY, per_day_most=MOST_DAY, per_ten_minutes=found.per_ten_minutes,
        most_in_ten_minutes=found.most_in_ten_minutes, flood_share=found.flood_share, floods=found.floods,
        priorities=_shares(found), chattering=_callers(desk, journal, known, found.chattering),
        worst=_callers(desk, journal, known, found.worst), standing=len(standing),
        stale=[_stale(alarm) for alarm in old[:WORST]], stale_total=len(old), shelved=letters.count(SHELVED),
        suppressed=letters.count(SUPPRESSED), out_of_service=letters.count(OUT_OF_SERVICE),
        unacknowledged=found.unacknowledged, ack_median_s=found.ack_median_s, ack_p90_s=found.ack_p90_s,
        acknowledged_by=found.by_actor, simulated=sum(alarm.simulated for alarm in standing),
    )  # fmt: skip


def _shares(found: Figures) -> list[ShareOut]:
    rows = []
    for name, target in TARGET_SHARES.items():
        calls = sum(found.by_priority.get(priority, 0) for priority in _OF[name])
        share = calls / found.calls if found.calls else None
        rows.append(ShareOut(priority=name, calls=calls, share=share, target=target))
    return rows


def _callers(desk: AlarmDesk, journal: Journal, known: dict[str, Alarm], rows: Sequence[Worst]) -> list[CallerOut]:
    found = []
    for row in rows:
        alarm = known.get(row.alarm) or desk.book.make(row.alarm)
        if alarm is None:
            steps, _ = journal.steps(alarm=row.alarm, limit=1)
            alarm = steps[0].alarm if steps else None
        text, place = ({}, "") if alarm is None else (dict(alarm.texts), alarm.place)
        found.append(CallerOut(alarm=row.alarm, text=text, place=place, calls=row.calls, share=round(row.share, 4)))
    return found


def _stale(alarm: Alarm) -> StaleOut:
    return StaleOut(alarm=alarm.id, text=dict(alarm.texts), place=alarm.place, since=instant(alarm.raised))
