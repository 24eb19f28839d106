"""Alarms and their steps as ``/api/v1`` and the live stream tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.schemas_alarms import AlarmOut, StepOut
from server.texts import Lang, table
from server.values import instant, utc
from twin.alarms.alarm import Alarm, Transition
from twin.alarms.places import Places
from twin.alarms.windows import PREFIX

if TYPE_CHECKING:
    from server.alarms import AlarmDesk

LANGS: tuple[Lang, ...] = ("zh", "en")


def alarm_out(desk: AlarmDesk, alarm: Alarm, *, then: bool = False) -> AlarmOut:
    """An alarm; ``then``: of a past moment, of which the freshness of its value is not told."""
    ground = desk.engine.ground
    row = None if then else ground.live.index.get(alarm.source)
    places: Places = ground.places
    return AlarmOut(
        id=alarm.id, rule=alarm.rule, source=alarm.source, place=alarm.place,
        place_names=dict(places.full_name(alarm.place)) if alarm.place else {}, nodes=_nodes(desk, alarm),
        building=places.of(alarm.place).building, kind=alarm.kind, priority=alarm.priority, state=alarm.letter,  # type: ignore[arg-type]
        process=alarm.process.value, active=alarm.active, raised=instant(alarm.raised), shown=instant(alarm.shown),
        changed=utc(alarm.changed), value=alarm.value, unit=alarm.unit, limit=alarm.limit, text=dict(alarm.texts),
        cause=dict(alarm.cause), consequence=dict(alarm.consequence), action=dict(alarm.action),
        owner=dict(alarm.owner), runbook=dict(alarm.runbook), respond_s=alarm.respond_s, acked=instant(alarm.acked),
        acked_by=alarm.acked_by, comment=alarm.comment, shelved_until=instant(alarm.shelved_until),
        one_shot=alarm.one_shot, shelved_by=alarm.shelved_by, shelved_why=alarm.shelved_why,
        suppressed_by=list(alarm.suppressed_by), suppressed_why=_held(desk, alarm),
        out_of_service=alarm.out_of_service, review=instant(alarm.review), removed_by=alarm.removed_by,
        removed_why=alarm.removed_why, escalated=alarm.escalated, latch=alarm.latch, simulated=alarm.simulated,
        data="unknown" if row is None else "stale" if bool(ground.live.stale[row]) else "fresh",
        incident="" if then else _incident(desk, alarm),
    )  # fmt: skip


def _nodes(desk: AlarmDesk, alarm: Alarm) -> list[str]:
    incidents = desk.runtime.incidents
    return list(alarm.nodes) if incidents is None else incidents.board.failing(alarm)


def _incident(desk: AlarmDesk, alarm: Alarm) -> str:
    incidents = desk.runtime.incidents
    return "" if incidents is None else incidents.board.of_alarm.get(alarm.id, "")


def _held(desk: AlarmDesk, alarm: Alarm) -> list[dict[str, str]]:
    """Why each of those who suppress it does, in words."""
    windows = desk.engine.rules.windows
    found: list[dict[str, str]] = []
    for actor in alarm.suppressed_by:
        window = windows.get(actor.removeprefix(PREFIX)) if actor.startswith(PREFIX) else None
        if window is not None:
            found.append({lang: window.reason[lang] for lang in LANGS})
        elif actor.startswith("incident:I"):
            number = actor.removeprefix("incident:I")
            found.append({lang: table(lang)["alarms.held.incident"].format(number=number) for lang in LANGS})
        else:
            found.append(dict.fromkeys(LANGS, actor))
    return found


def step_out(desk: AlarmDesk, step: Transition, *, then: bool = True) -> StepOut:
    """A step, with the alarm after it."""
    return StepOut(
        seq=step.seq, time=utc(step.time), event=step.event.value, before=step.before, after=step.after,  # type: ignore[arg-type]
        actor=step.actor, reason=step.reason, reason_text=_reason(step.reason),
        alarm=alarm_out(desk, step.alarm, then=then),
    )  # fmt: skip


def _reason(reason: str) -> dict[str, str]:
    """The reason in words: those that the program gives itself are in the texts of both languages."""
    key = f"alarms.reason.{reason}"
    return {lang: table(lang).get(key, reason) for lang in LANGS}
