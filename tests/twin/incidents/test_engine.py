"""Alarms become incidents: one cause, one incident; what has nothing to do with it stays apart; none is forgotten."""

from __future__ import annotations

import time
from typing import Any

from tests.twin.incidents.alarms import FakeAlarm, FakeBook, block, causes
from twin.impact import Supply
from twin.impact_places import Places
from twin.incidents.cause import Causes
from twin.incidents.engine import REOPEN_S, WINDOW_S, Changes, Engine
from twin.incidents.incident import Incident
from twin.topology import Edge, Topology


class Run:
    """An engine over a book, by the second; what it wants suppressed is suppressed, as the server does it."""

    def __init__(self, **size: int) -> None:
        self.book = FakeBook()
        self.engine = Engine(causes(None, **size))
        self.told: list[Changes] = []
        self.book.listeners.append(lambda rows: self.keep(self.engine.take(rows)))
        self.now = 0.0

    def keep(self, changes: Changes) -> None:
        self.told.append(changes)

    def until(self, time: float) -> None:
        while self.now < time:
            self.now += 1.0
            changes = self.engine.tick(self.now)
            self.keep(changes)
            for event, rows in (("suppress", changes.hush), ("unsuppress", changes.release)):
                for alarm, incident in rows:
                    self.book.do(event, [alarm], f"incident {incident}", "consequence", self.now)

    def open(self) -> list[Incident]:
        return [row for row in self.engine.incidents.values() if row.state == "open"]

    def kinds(self, incident: str) -> list[str]:
        return [entry.kind for row in self.told for entry in row.entries if entry.incident == incident]

    def node(self, name: str, at: float, **more: Any) -> None:
        self.until(at)
        self.book.alarm(f"{name} down", at, nodes=(name,), **more)


def test_a_child_that_comes_before_its_parent_never_speaks() -> None:
    run = Run()
    run.node("1/01/AP1", 0)
    run.node("1/01/AP2", 5)
    run.node("1/01/SW", 20)
    run.until(WINDOW_S + 1)
    (incident,) = run.open()
    assert (incident.cause, incident.found, incident.consequences) == ("1/01/SW", "alarm", 2)
    assert run.book.alarms["1/01/SW down"].letter == "B"
    assert {run.book.alarms[f"1/01/AP{n} down"].letter for n in (1, 2)} == {"H"}
    assert incident.opened == 0, "it began with its first alarm"


def test_a_cause_found_later_takes_over_and_loses_no_acknowledgement() -> None:
    run = Run()
    run.node("1/01/SW", 0)
    run.node("2/02/AP1", 1)
    run.until(40)
    first, other = run.open()
    run.book.do("ack", ["1/01/SW down"], "li", "on my way", 41)
    run.node("1/MSB", 50, priority=1)
    run.node("1/02/AP4", 51)
    run.until(53)
    assert [row.id for row in run.open()] == [first.id], "the board feeds the core, and the core the other building"
    assert other.into == first.id
    assert (first.cause, first.speaker, first.priority) == ("1/MSB", "1/MSB down", 1)
    assert first.members["1/01/SW down"].acked_by == "li"
    assert first.members["1/01/SW down"].role == "consequence"
    assert set(first.members) == {"1/01/SW down", "1/MSB down", "1/02/AP4 down", "2/02/AP1 down"}
    assert "ack" in run.kinds(first.id)
    assert "cause" in run.kinds(first.id)


def test_several_incidents_merge_under_a_cause_that_comes_last() -> None:
    run = Run()
    run.node("1/01/SW", 0)
    run.until(35)
    run.node("2/01/SW", 36)
    run.until(70)
    first, second = run.open()
    second.assignee = "wang"
    run.node("CORE", 80)
    run.until(82)
    assert [row.id for row in run.open()] == [first.id]
    assert (second.state, second.into, first.assignee) == ("merged", first.id, "wang")
    assert set(first.members) == {"1/01/SW down", "2/01/SW down", "CORE down"}
    assert run.kinds(second.id)[-1] == "merged"


def test_what_only_comes_at_the_same_time_stays_apart() -> None:
    run = Run()
    for name in ("1/01/AP1", "1/02/AP2", "2/01/AP3", "2/03/SW"):
        run.node(name, 0)
    run.until(40)
    assert sorted(row.cause for row in run.open()) == ["1/01/AP1", "1/02/AP2", "2/01/AP3", "2/03/SW"]
    assert not any(run.book.alarms[alarm].letter == "H" for alarm in run.book.alarms)


def test_a_board_that_nobody_watches_is_inferred_from_all_that_hangs_on_it() -> None:
    run = Run()
    for number, storey in enumerate(("2/01", "2/02", "2/03")):
        run.node(f"{storey}/SW", number)
        for station in range(1, 5):
            run.node(f"{storey}/AP{station}", number)
    run.until(40)
    (incident,) = run.open()
    assert (incident.found, len(incident.members)) == ("inferred", 15)
    assert incident.cause in ("2/MSB", "2")
    speaking = [alarm.id for alarm in run.book.alarms.values() if alarm.letter == "B"]
    assert speaking == [incident.speaker]


def test_half_of_a_board_is_no_board() -> None:
    run = Run(storeys=8)
    for storey in ("2/01", "2/02", "2/03"):
        run.node(f"{storey}/SW", 0)
    run.until(40)
    assert sorted(row.cause for row in run.open()) == ["2/01/SW", "2/02/SW", "2/03/SW"], "five others are well"


def test_a_warm_room_is_no_consequence_of_a_switch_but_a_silent_sensor_is() -> None:
    run = Run()
    run.book.alarm("warm", 0, place="1/01/1", kind="threshold", priority=1)
    run.book.alarm("silent", 0, place="1/01/2", kind="loss", priority=3)
    run.node("1/01/SW", 1)
    run.until(40)
    by_cause = {row.cause: set(row.members) for row in run.open()}
    assert by_cause == {"1/01/1": {"warm"}, "1/01/SW": {"1/01/SW down", "silent"}}


def test_a_lonely_alarm_of_low_priority_is_no_incident_until_something_goes_with_it() -> None:
    run = Run()
    run.node("1/01/AP1", 0, priority=3)
    run.until(60)
    assert run.open() == []
    run.node("1/01/SW", 61, priority=3)
    run.until(100)
    (incident,) = run.open()
    assert set(incident.members) == {"1/01/AP1 down", "1/01/SW down"}


def test_it_ends_with_its_last_consequence_and_what_stays_speaks_for_itself() -> None:
    run = Run()
    run.node("1/01/SW", 0)
    run.node("1/01/AP1", 1)
    run.node("1/01/AP2", 1)
    run.until(40)
    (incident,) = run.open()
    run.book.back("1/01/SW down", 41)
    run.book.back("1/01/AP1 down", 45)
    run.until(60)
    assert run.book.alarms["1/01/AP2 down"].letter == "H", "it may follow yet"
    run.until(41 + WINDOW_S + 1)
    assert run.book.alarms["1/01/AP2 down"].letter == "B"
    run.book.back("1/01/AP2 down", 90)
    assert (incident.state, incident.ended) == ("ended", 90)


def test_what_comes_again_soon_opens_it_again_and_later_begins_another() -> None:
    run = Run()
    run.node("1/01/SW", 0)
    run.until(40)
    (first,) = run.open()
    run.book.back("1/01/SW down", 50)
    run.until(60)
    run.node("1/01/SW", 61)
    assert (first.state, first.reopened) == ("open", 1)
    run.book.back("1/01/SW down", 70)
    run.until(70 + REOPEN_S + 100)
    run.node("1/01/SW", run.now)
    run.until(run.now + 40)
    (second,) = run.open()
    assert second.id != first.id


def test_a_shelved_alarm_opens_nothing() -> None:
    run = Run()
    run.book.alarm("x", 0, nodes=("1/01/SW",))
    run.book.alarms["x"]
    run.book.do("suppress", ["x"], "maintenance", "window", 1)
    run.until(60)
    assert run.open() == []


def test_a_thousand_alarms_are_one_incident_within_the_window_and_a_poll() -> None:
    run = Run(buildings=8, storeys=6, stations=21)
    begun = time.perf_counter()
    for b in range(1, 9):
        for s in range(1, 7):
            at = (b * 6 + s) % 25
            names = [f"{b}/0{s}/SW", *(f"{b}/0{s}/AP{n}" for n in range(1, 22))]
            for name in names:
                run.book.alarm(f"{name} down", float(at), nodes=(name,))
    run.book.alarm("lonely", 1.0, place="campus", kind="threshold", priority=1)
    run.until(WINDOW_S + 2)
    took = time.perf_counter() - begun
    assert len(run.book.alarms) == 8 * 6 * 22 + 1
    assert len(run.open()) == 2, "and the one that has nothing to do with it"
    assert took < 10


def test_a_line_that_breaks_is_no_death_of_its_router() -> None:
    """A router with two lines goes on when one breaks; a switch that has only one uplink does not."""
    supply, _ = block()
    more = [Edge("CORE", "uplinks", "BORDER", "network")]
    more += [Edge("BORDER", "uplinks", far, "network") for far in ("NET", "OTHER")]
    supply = Supply(Topology([*supply.topology.edges, *more], supply.topology.kinds), supply.tree, supply.stands)
    wires = {"BORDER>OTHER": [("BORDER", "OTHER")], "1/01/SW>CORE": [("1/01/SW", "CORE")]}
    states = {"other": "BORDER>OTHER", "up": "1/01/SW>CORE"}
    found = Causes(supply, Places(supply), wires=wires, states=states)
    line = FakeAlarm("rule:other", ("BORDER",), priority=1, raised=2.0, active=True)
    switch = FakeAlarm("rule:up", ("1/01/SW",), raised=1.0, active=True)
    station = FakeAlarm("rule:ap", ("1/01/AP1",), raised=1.5, active=True)
    assert found.failed(line) == ("BORDER>OTHER",)
    assert found.failed(switch) == ("1/01/SW",), "with its only uplink it is gone itself"
    groups = {group.cause: sorted(group.members) for group in found.groups([line, switch, station])}
    assert groups == {"BORDER>OTHER": ["rule:other"], "1/01/SW": ["rule:ap", "rule:up"]}
    router = FakeAlarm("rule:router", ("BORDER",), raised=3.0, active=True)
    broken = FakeAlarm("incident I1", ("BORDER>OTHER",), raised=2.0, active=True)
    taken = found.groups([broken, switch, router])
    assert [(group.cause, len(group.members)) for group in taken] == [("BORDER", 3)], (
        "its own death takes its lines too"
    )


def test_a_silent_meter_is_no_death_of_its_building() -> None:
    found = causes()
    meter = FakeAlarm("meter-silent:1/energy", ("1",), place="1", priority=3, kind="loss", raised=1.0, active=True)
    switch = FakeAlarm("rule:up", ("1/01/SW",), place="1/01", raised=2.0, active=True)
    station = FakeAlarm("rule:ap", ("1/02/AP1",), place="1/02/1", kind="loss", raised=3.0, active=True)
    groups = {group.speaker: (group.cause, group.members) for group in found.groups([meter, switch, station])}
    assert groups["meter-silent:1/energy"] == ("", ("meter-silent:1/energy",)), "it names no cause"
    assert groups["rule:up"] == ("1/01/SW", ("rule:up",))
    assert groups["rule:ap"] == ("1/02/AP1", ("rule:ap",)), "a device that is silent has failed itself"
