"""Incidents as ``/api/v1``, the live stream and the pages tell them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from server.alarms_domain import domain_of
from server.impact_board import spaces_of
from server.incidents_words import say
from server.schemas_incidents import MOST_ALARMS, MOST_PLACES, FileOut, IncidentOut, MemberOut
from server.texts import LANGUAGES
from server.values import instant, utc
from twin.incidents.incident import Incident, Member
from twin.incidents.journal import Journal, KeptFile

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.impact_board import Known
    from server.runtime import Runtime
    from twin.alarms.alarm import Alarm

SHOWN = 50
"""Open incidents that the live stream tells, the most urgent."""
CALLING = "BDE"


class Board:
    """The open incidents as they stand, drawn anew after each change; in whatever thread, one at a time.

    ``fresh``: what was drawn has not been told yet. ``rows`` are the most urgent first, all of them; ``of_alarm`` says
    which open incident an alarm is part of.
    """

    def __init__(self, runtime: Runtime, alarms: AlarmDesk, journal: Journal) -> None:
        self._runtime, self._alarms = runtime, alarms
        self.journal = journal
        self._known: Known | None = None
        self._spaces: dict[str, int] = {}
        self.rows: tuple[IncidentOut, ...] = ()
        self._by_id: dict[str, IncidentOut] = {}
        self.of_alarm: dict[str, str] = {}
        self.event = _event(())
        self.fresh = False

    def draw(self, known: Known | None, incidents: Iterable[Incident]) -> None:
        """Tell the incidents as they are now."""
        self._look_in(known)
        drawn = list(incidents)
        every = {row.id: self.told(row) for row in drawn}
        rows = tuple(sorted((row for row in every.values() if row.state == "open"), key=_urgency))
        self._by_id = every
        self.of_alarm = {alarm: row.id for row in drawn if row.state == "open" for alarm in row.members}
        event = _event(rows)
        if event != self.event:
            self.rows, self.event, self.fresh = rows, event, True

    def _look_in(self, known: Known | None) -> None:
        if known is not self._known:
            self._known, self._spaces = known, {}

    def row(self, id_: str) -> IncidentOut | None:
        """An incident that is open or ended a moment ago."""
        return self._by_id.get(id_)

    def kept(self, incident: Incident, at: float | None = None) -> IncidentOut:
        """An incident of the journal, whose members are read from there. ``at`` [s since epoch]: as it stood then."""
        incident.members = self.journal.members(incident.id)
        if at is not None:
            _as_of(incident, at)
        return self.told(incident)

    def told(self, incident: Incident) -> IncidentOut:
        """An incident with its members."""
        members = list(incident.members.values())
        book, places = self._alarms.book, self._alarms.engine.ground.places
        speaker = incident.members.get(incident.speaker)
        alarm = book.find(incident.speaker) if speaker else None
        standing = [found for member in members if (found := book.alarms.get(member.alarm)) is not None]
        acked = [member.acked_by for member in members if member.acked_by]
        where = dict.fromkeys(member.place for member in members if member.place)
        return IncidentOut(
            id=incident.id, number=incident.number, text=self._text(incident, speaker, alarm),
            priority=incident.priority, state=incident.state, into=incident.into, status=incident.status,
            cause=incident.cause, found=incident.found, cause_names=self.names(incident.cause), place=incident.place,
            place_names=dict(places.full_name(incident.place)) if incident.place else {},
            building=places.of(incident.place).building, opened=utc(incident.opened), ended=instant(incident.ended),
            reopened=incident.reopened, active=incident.active, consequences=incident.consequences,
            counts=dict(Counter(self.domain(member) for member in members).most_common()),
            acknowledged=not any(found.letter in CALLING for found in standing),
            acked_by=(speaker.acked_by if speaker and speaker.acked_by else "") or (acked[0] if acked else ""),
            assignee=incident.assignee, action={} if alarm is None else dict(alarm.action),
            owner={} if alarm is None else dict(alarm.owner), respond_s=0.0 if alarm is None else alarm.respond_s,
            simulated=incident.simulated, nodes=self._nodes(incident), places=list(where)[:MOST_PLACES],
            alarms=list(incident.members)[:MOST_ALARMS], affected_spaces=self._affected(incident, where),
        )  # fmt: skip

    def _text(self, incident: Incident, speaker: Member | None, alarm: Alarm | None) -> dict[str, str]:
        if incident.found == "alarm" or not incident.cause:
            told = alarm.texts if alarm is not None else speaker.texts if speaker is not None else {}
            if told:
                return dict(told)
        names = self.names(incident.cause)
        return {lang: say("inferred", lang, cause=names.get(lang, incident.cause)) for lang in LANGUAGES}

    def names(self, cause: str) -> dict[str, str]:
        """What a node or place is called, by language."""
        if not cause:
            return {}
        places = self._alarms.engine.ground.places
        if places.of(cause).place or places.of(cause).nodes:
            return dict(places.name(cause))
        wire = None if self._known is None else self._known.wire(cause)
        if wire is not None:
            lower, upper = (self.names(end) for end in wire)
            return {lang: f"{lower[lang]} – {upper[lang]}" for lang in LANGUAGES}
        named = None if self._known is None else self._known.named(cause).names
        if not named:
            return dict(places.name(cause))
        first = next(iter(named.values()))
        return {lang: named.get(lang) or named.get("en") or first for lang in LANGUAGES}

    def failing(self, alarm: Alarm) -> list[str]:
        """The nodes that an alarm is about: of a router that goes on without a line only the line."""
        return list(alarm.nodes if self._known is None else self._known.failing(alarm.source, alarm.nodes))

    def domain(self, member: Member) -> str:
        """The domain of what an alarm of an incident is about, ``other`` where it has none."""
        live = self._alarms.engine.ground.live
        return domain_of(live, self._runtime.topology.kinds, member.alarm.partition(":")[2], member.spots)

    def _nodes(self, incident: Incident) -> list[str]:
        index = self._alarms.engine.ground.live.tree.index
        found = dict.fromkeys([incident.cause] if incident.cause and incident.cause not in index else [])
        for member in incident.members.values():
            found.update(dict.fromkeys(spot for spot in member.spots if spot not in index))
        return list(found)[:MOST_ALARMS]

    def _affected(self, incident: Incident, where: Iterable[str]) -> int:
        """Spaces that the failure of the cause touches; where that is not known, those that alarms stand in."""
        known, cause = self._known, incident.cause
        if known is not None and cause and known.knows(cause):
            if cause not in self._spaces:
                self._spaces[cause] = spaces_of(known, known.failure(cause).touched.any_lost)
            if self._spaces[cause]:
                return self._spaces[cause]
        places = self._alarms.engine.ground.places
        return sum(len(places.of(place).within) == 3 for place in where)

    def member_out(self, member: Member) -> MemberOut:
        """An alarm of an incident."""
        places = self._alarms.engine.ground.places
        return MemberOut(
            alarm=member.alarm, role=member.role, priority=member.priority, domain=self.domain(member),
            place=member.place, place_names=dict(places.full_name(member.place)) if member.place else {},
            text=dict(member.texts), active=member.active, raised=utc(member.raised),
            returned=instant(member.returned), acked_by=member.acked_by, quiet=member.quiet,
            simulated=member.simulated,
        )  # fmt: skip

    def rule_texts(self, incident: Incident) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Runbook and consequence, as the rule that speaks for an incident has them."""
        alarm = self._alarms.book.find(incident.speaker)
        return ({}, {}) if alarm is None else (alarm.runbook, alarm.consequence)


def file_out(kept: KeptFile) -> FileOut:
    """A file beside an incident."""
    return FileOut(
        hash=kept.hash, name=kept.name, type=kept.type, size=kept.size, actor=kept.actor, time=utc(kept.time),
        url=f"/api/v1/incidents/{kept.incident}/files/{kept.hash}",
    )  # fmt: skip


def _urgency(row: IncidentOut) -> tuple[object, ...]:
    return row.priority, row.acknowledged, -row.opened.timestamp(), -row.number


def _event(rows: Iterable[IncidentOut]) -> bytes:
    shown = [row.model_dump(mode="json") for row in list(rows)[:SHOWN]]
    text = json.dumps({"incidents": shown}, ensure_ascii=False, separators=(",", ":"))
    return f"event: incidents\ndata: {text}\n\n".encode()


def _as_of(incident: Incident, at: float) -> None:
    """What is known of how an incident stood at ``at``: alarms that joined later are left out, ends after it undone."""
    incident.members = {
        alarm: member for alarm, member in incident.members.items() if min(member.raised, member.joined) <= at
    }
    for member in incident.members.values():
        member.active = member.raised <= at and (member.returned is None or member.returned > at)
    if incident.ended is not None and incident.ended > at:
        incident.state, incident.ended, incident.into = "open", None, ""
