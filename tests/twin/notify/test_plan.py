"""Who is told of what and when: waiting, routes, escalation, shelving, incidents, restarts, and that it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.twin.alarms.grounds import BEGIN, World, rule
from twin.alarms.alarm import External
from twin.alarms.rule import Escalation
from twin.alarms.schedule import Calendar
from twin.alarms.state import Event
from twin.config_notify import NotifyEntry
from twin.notify.matter import Matter
from twin.notify.plan import Due, Plan
from twin.notify.spool import Spool, SpoolError

ROBOT = {"type": "dingtalk", "url": {"env": "ROBOT"}}
HOT, HOTTER = "hot:1/01/101/t", "hot:1/01/102/t"


class Told:
    """A plan over a world of alarms, its spool, and what it ordered as (channel, kind, id)."""

    def __init__(
        self,
        folder: Path,
        routes: Sequence[Mapping[str, Any]],
        world: World | None = None,
        keep: bool = True,
        **more: Any,
    ) -> None:
        self.world = world or World([rule(escalate=(Escalation(600.0, 1),), **more)])
        self.entry = NotifyEntry.model_validate({"channels": {"duty": ROBOT, "boss": ROBOT}, "routes": list(routes)})
        self.spool = Spool(folder / "notices.sqlite")
        engine = self.world.engine
        self.plan = Plan(
            self.entry, self.world.ground.places, engine.calendar, self.world.book.alarms.get, self.spool.told()
        )
        self.world.book.listeners.append(self.plan.take)
        self.sent = keep

    def due(self, after_s: float = 0.0) -> list[tuple[str, str, str]]:
        if after_s:
            self.world.wait(after_s, step=max(1.0, after_s / 20))
        found = self.plan.due(self.world.now)
        self.spool.put(found, self.world.now)
        self.plan.settle(found)
        return [(order.channel, order.kind, order.matter.id) for order in found.orders]

    def send(self) -> list[tuple[str, str]]:
        """Send all that waits."""
        found = [n for channel in ("duty", "boss") for n in self.spool.waiting(channel, self.world.now)]
        self.spool.done([notice.id for notice in found], "sent", self.world.now)
        return [(notice.channel, notice.kind) for notice in found]

    def do(self, event: Event, id_: str = HOT, until: float | None = None) -> None:
        self.world.book.do(event, [id_], "li", "why", self.world.now, until)


ALL = {"to": "duty", "priorities": ["critical", "high", "medium", "low"], "wait": "40s"}


def test_an_alarm_is_told_once_it_stood_for_a_while_and_its_end_too(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    assert told.due(30) == []
    assert told.due(15) == [("duty", "raised", HOT)]
    assert told.due(100) == []
    assert told.send() == [("duty", "raised")]
    told.world.say({"1/01/101/t": 20})
    assert told.due() == [("duty", "ended", HOT)]
    assert told.send() == [("duty", "ended")]
    assert told.due(100) == []
    told.world.say({"1/01/101/t": 35})
    assert told.due(60) == [("duty", "raised", HOT)], "it is another time"


@pytest.mark.parametrize("how", [Event.ACK, Event.SHELVE, Event.SUPPRESS, Event.REMOVE])
def test_what_somebody_took_care_of_meanwhile_calls_nobody(tmp_path: Path, how: Event) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    told.do(how, until=told.world.now + 3000 if how is Event.SHELVE else None)
    assert told.due(100) == []
    told.world.say({"1/01/101/t": 20})
    assert told.due(100) == [], "no message that it is over where none said that it began"
    assert told.send() == []


def test_a_shelved_alarm_uses_up_no_escalation(tmp_path: Path) -> None:
    told = Told(tmp_path, [{**ALL, "to": ["duty"]}])
    told.world.say({"1/01/101/t": 35})
    told.do(Event.SHELVE, until=told.world.now + 1500)
    assert told.due(1400) == []
    assert told.world.book.alarms[HOT].escalated == 0
    assert told.due(200) == [("duty", "raised", HOT)], "back from the shelf it is a new alarm"
    assert told.due(300) == []
    assert told.due(400) == [("duty", "escalated", HOT)]
    assert told.world.book.alarms[HOT].priority == 1


def test_what_was_told_and_shelved_then_is_told_to_be_over(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    told.due(60)
    told.send()
    told.do(Event.SHELVE, until=told.world.now + 3000)
    told.world.say({"1/01/101/t": 20})
    assert told.due() == [("duty", "ended", HOT)]
    assert told.send() == [("duty", "ended")]


def test_what_was_over_before_anybody_was_told_is_not_sent_at_all(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    assert told.due(60) == [("duty", "raised", HOT)]
    told.world.say({"1/01/101/t": 20})
    told.due()
    assert told.send() == []
    assert told.spool.counts() == {("duty", "overtaken"): 1}


def test_what_could_not_be_sent_is_not_told_to_be_over(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    told.due(60)
    (notice,) = told.spool.waiting("duty", told.world.now)
    told.spool.done([notice.id], "dead", told.world.now, "refused")
    told.world.say({"1/01/101/t": 20})
    told.due()
    assert told.send() == []
    assert told.spool.again(notice.id, told.world.now)
    assert not told.spool.again(notice.id, told.world.now)
    assert told.send() == [("duty", "raised")]


def test_routes_choose_by_priority_building_rule_owner_hours_and_origin(tmp_path: Path) -> None:
    plan = Plan(NotifyEntry(), World([]).ground.places, Calendar((), ZoneInfo("Asia/Shanghai")), lambda _: None)
    assert plan.due(BEGIN) == Due()
    from twin.notify.plan import fits

    matter = Matter("hot:x", 1, building="14", rule="hot", owner={"zh": "网络组", "en": "Network"})
    calendar = Calendar((), ZoneInfo("Asia/Shanghai"))
    noon = 1_795_838_400.0 - 4 * 3600 + 4 * 3600  # a Saturday, 12:00 in Xi'an

    def holds(now: float = noon, **given: Any) -> bool:
        entry = NotifyEntry.model_validate({"channels": {"duty": ROBOT}, "routes": [{"to": "duty", **given}]})
        return fits(entry.routes[0], matter, calendar, now)

    assert holds()
    assert not holds(priorities=["high", "low"])
    assert holds(buildings=["1?"])
    assert not holds(buildings="2*")
    assert holds(rules=["warm", "h*"])
    assert not holds(rules="cold")
    assert holds(owners="Net*")
    assert holds(owners="网络*")
    assert not holds(owners="Power")
    assert holds(during={"hours": "08:00-18:00", "days": "sat,sun"})
    assert not holds(during={"days": "mon-fri"})
    assert not holds(during={"hours": "18:00-08:00"})
    assert not fits(NotifyEntry.model_validate({"channels": {"d": ROBOT}, "routes": [{"to": "d"}]}).routes[0],
                    replace(matter, simulated=True), calendar, noon)  # fmt: skip


def test_two_routes_have_their_own_time_and_tell_a_channel_once(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL, {**ALL, "to": ["duty", "boss"], "wait": "10min"}])
    told.world.say({"1/01/101/t": 35})
    assert told.due(60) == [("duty", "raised", HOT)]
    assert ("boss", "raised", HOT) in told.due(600)
    told.send()
    told.world.say({"1/01/101/t": 20})
    assert sorted(told.due()) == [("boss", "ended", HOT), ("duty", "ended", HOT)]


def test_after_a_restart_nothing_is_told_twice_and_nothing_forgotten(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL])
    told.world.say({"1/01/101/t": 35})
    told.due(60)
    told.send()
    told.world.say({"1/01/102/t": 36})
    world = told.world
    told.spool.close()
    again = Told(tmp_path, [ALL], world)
    again.plan.recall(world.book.alarms.values())
    assert again.due(60) == [("duty", "raised", HOTTER)]
    again.send()
    again.spool.close()
    world.book.listeners.clear()
    world.book.take([], world.now)
    world.book.do(Event.RETURN, [HOT], "system", "", world.now)
    last = Told(tmp_path, [ALL], world)
    last.plan.recall([alarm for alarm in world.book.alarms.values() if alarm.id != HOT])
    assert last.due() == [("duty", "ended", HOT)], "it was over while the server was not there"


class Grouped:
    """Incidents as messages see them."""

    def __init__(self) -> None:
        self.open: Matter | None = None
        self.ready = True

    def matter(self, alarm: str) -> Matter | None:
        return self.open

    def standing(self, id_: str) -> Matter | None:
        return self.open if self.open is not None and self.open.id == id_ else None


def test_the_alarms_of_an_incident_are_one_message(tmp_path: Path) -> None:
    told, incidents = Told(tmp_path, [ALL]), Grouped()
    told.plan.incidents = incidents
    incidents.open = Matter("i-7", 2, {"en": "Switch 1 is down"}, BEGIN, number=7, consequences=214)
    told.world.say({"1/01/101/t": 35, "1/01/102/t": 36})
    assert told.due(60) == [("duty", "raised", "i-7")]
    told.send()
    told.world.say({"1/01/103/t": 35})
    assert told.due(60) == [], "one more of the same cause"
    incidents.open = replace(incidents.open, priority=1)
    told.world.say({"1/01/104/t": 35})
    assert told.due(60) == [("duty", "escalated", "i-7")], "it is worse than was told"
    told.send()
    told.world.say({"1/01/101/t": 20})
    assert told.due() == []
    incidents.open = None
    assert told.due(5) == [("duty", "ended", "i-7")]
    assert told.due(5) == []


def test_until_the_incidents_are_known_nothing_is_told_but_not_for_ever(tmp_path: Path) -> None:
    told, incidents = Told(tmp_path, [ALL]), Grouped()
    told.plan.incidents = incidents
    incidents.open = Matter("i-7", 2, {"en": "Switch 1 is down"}, BEGIN, number=7)
    told.world.say({"1/01/101/t": 35})
    told.due(60)
    told.send()
    again = Told(tmp_path, [ALL], told.world)
    unknown = again.plan.incidents = Grouped()
    unknown.ready = False
    again.plan.recall(told.world.book.alarms.values())
    assert again.due(5) == [], "it is not over only because it is not known yet"
    again.world.say({"1/01/102/t": 36})
    assert ("duty", "raised", HOTTER) in again.due(100), "alarms are told all the same"
    unknown.ready = True
    assert ("duty", "ended", "i-7") in again.due(1)


def test_an_alarm_of_another_system_is_told_as_one_of_our_own(tmp_path: Path) -> None:
    told = Told(tmp_path, [ALL], World([]))
    row = External("disk", True, 2, {"en": "Disk is full"}, "1/01/101", owner={"zh": "存储组", "en": "Storage"})
    told.world.engine.take_external([row], "noc", told.world.now)
    assert told.due(60) == [("duty", "raised", "noc:disk")]
    (notice,) = told.spool.waiting("duty", told.world.now)
    assert (notice.matter.owner["en"], notice.matter.building, notice.matter.rule) == ("Storage", "1", "noc")
    assert notice.matter == Matter.unpacked(notice.matter.packed())


def test_the_spool_is_bounded_private_and_of_this_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.notify.spool.MOST_WAITING", 3)
    spool = Spool(tmp_path / "state" / "notices.sqlite")
    assert spool.path.stat().st_mode & 0o777 == 0o600
    assert spool.path.parent.stat().st_mode & 0o777 == 0o700
    for number in range(5):
        spool.test("duty", Matter(str(number)), 100.0 + number)
    assert [notice.matter.id for notice in spool.waiting("duty", 200.0)] == ["2", "3", "4"]
    rows, total = spool.page(state="dead")
    assert (total, rows[0].error) == (2, "too many were waiting")
    assert spool.forget(150.0) == 2
    spool._db.execute("PRAGMA user_version = 99")
    spool.close()
    with pytest.raises(SpoolError, match="newer Campus Twin"):
        Spool(spool.path)
    (tmp_path / "broken.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(SpoolError, match="cannot be used"):
        Spool(tmp_path / "broken.sqlite")
