"""Rules over values and time: limits, delays, k of n, loss, schedules, windows, escalation, points that come and go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.twin.alarms.grounds import BEGIN, World, campus, points_of, rule
from twin.alarms.alarm import External
from twin.alarms.bind import bound
from twin.alarms.book import Book
from twin.alarms.outside import Seen
from twin.alarms.places import Places
from twin.alarms.rule import Condition, Escalation, Rule, Selector, Window
from twin.alarms.schedule import Schedule
from twin.alarms.state import Event
from twin.point import Point

ROOM = "1/01/101/t"
ID = f"hot:{ROOM}"


def test_over_the_limit_it_calls_with_value_place_and_words() -> None:
    world = World([rule()])
    assert world.say({ROOM: 29.0}) == []
    assert world.say({ROOM: 31.0}) == ["B"]
    alarm = world.book.alarms[ID]
    assert (alarm.place, alarm.value, alarm.unit, alarm.limit, alarm.nodes) == ("1/01/101", 31.0, "°C", 30.0, ())
    assert alarm.texts == {"zh": "1号楼 101 室高于 30 °C", "en": "House 1 101 Room is above 30 °C"}
    assert (alarm.raised, alarm.priority, alarm.kind) == (world.now, 3, "threshold")
    assert world.say({ROOM: 30.0}) == ["D"]


def test_within_the_deadband_it_stays() -> None:
    world = World([rule(condition=Condition("outside", 10.0, 30.0, 2.0))])
    values = [31.0, 29.0, 28.1, 28.0, 29.9, 9.0, 11.0, 12.0]
    assert [world.say({ROOM: value}) for value in values] == [["B"], [], [], ["D"], [], ["B"], [], ["D"]]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (Condition("inside", 1.0, 1.0), [0.0, 1.0, 1.0, 0.0], ["", "B", "", "D"]),
        (Condition("outside", 1.0, 1.0), [1.0, 0.0, 1.0], ["", "B", "D"]),
        (Condition("outside", low=5.0), [6.0, 4.0, 5.0], ["", "B", "D"]),
        (Condition("inside", 20.0, 22.0, 1.0), [21.0, 22.5, 23.5], ["B", "", "D"]),
    ],
)
def test_conditions(condition: Condition, values: list[float], expected: list[str]) -> None:
    world = World([rule(condition=condition)])
    assert ["".join(world.say({ROOM: value})) for value in values] == expected


def test_a_rate_is_the_change_an_hour_by_the_values_own_times() -> None:
    world = World([rule(condition=Condition("rate", high=6.0))])
    assert world.say({ROOM: 20.0}) == []
    assert world.say({ROOM: 20.5}, 600.0) == []  # 3 an hour
    assert world.say({ROOM: 21.7}, 600.0) == ["B"]  # 7.2 an hour
    assert world.book.alarms[ID].value == pytest.approx(7.2)
    assert world.say({ROOM: 21.8}, 600.0) == ["D"]


def test_a_deviation_is_from_another_point_of_the_same_place() -> None:
    condition = Condition("deviation", high=3.0, other="{entity}/set")
    world = World([rule(select=Selector(points=("*/t",)), condition=condition)])
    assert world.say({ROOM: 26.0}) == []  # the other one has not spoken
    assert world.say({"1/01/101/set": 22.0}) == ["B"]  # the other one's value is enough
    assert world.say({"1/01/101/set": 24.0}) == ["D"]
    assert world.say({"1/01/102/t": 40.0, "1/01/101/set": 10.0}) == ["B"]


def test_delays_count_from_when_it_became_so_and_begin_anew() -> None:
    world = World([rule(on_delay_s=10.0, off_delay_s=5.0)])
    world.say({ROOM: 35.0})
    assert world.wait(9.0) == []
    world.say({ROOM: 20.0}, 0.5)
    assert world.wait(30.0) == []
    world.say({ROOM: 35.0})
    assert world.wait(11.0) == ["B"]
    world.say({ROOM: 20.0})
    assert world.wait(4.0) == []
    world.say({ROOM: 35.0}, 0.5)
    assert world.wait(10.0) == []
    world.say({ROOM: 20.0})
    assert world.wait(6.0) == ["D"]


def test_k_of_n_readings() -> None:
    world = World([rule(k=2, n=3)])
    answers = [world.say({ROOM: value}) for value in (31, 20, 20, 31, 20, 31.5, 20, 20, 20.5)]
    assert answers == [[], [], [], [], [], ["B"], [], [], ["D"]]


@pytest.mark.parametrize("bad", [None, 500.0])
def test_what_is_bad_neither_raises_nor_clears(bad: float | None) -> None:
    world = World([rule()])
    assert world.say({ROOM: bad}) == []
    world.say({ROOM: 31.0})
    assert world.say({ROOM: bad}) == []
    assert world.letters() == {ID: "B"}
    assert world.say({ROOM: 20.0}) == ["D"]


def test_what_grows_stale_meanwhile_is_not_raised() -> None:
    world = World([rule(on_delay_s=150.0)])  # values are stale after 100 s
    world.say({ROOM: 31.0})
    assert world.wait(300.0, 5.0) == []
    world.say({ROOM: 31.5})
    assert world.wait(90.0, 5.0) == []
    world.say({ROOM: 32.0})
    assert world.wait(90.0, 5.0) == ["B"]
    assert world.wait(300.0, 5.0) == []  # stale: it does not clear


def test_loss_is_an_alarm_of_its_own_and_says_nothing_while_the_source_is_down() -> None:
    lost = rule("lost", condition=Condition("lost"), on_delay_s=60.0, select=Selector(points=(ROOM, "1/SW/up")))
    world = World([lost, rule()])
    world.say({ROOM: 31.0})
    world.say({"1/SW/up": 1.0}, source="net")
    assert world.wait(99.0) == []
    assert world.wait(70.0, well={"net": False}) == ["B"]
    assert world.letters() == {ID: "B", f"lost:{ROOM}": "B"}  # and the threshold's stays
    assert world.book.alarms[f"lost:{ROOM}"].kind == "loss"
    assert world.wait(70.0, well={"net": True}) == ["B"]
    world.say({ROOM: 25.0})
    assert world.wait(2.0) == ["D"]


def test_a_rule_counts_in_its_hours_and_where_somebody_is() -> None:
    # BEGIN is a Wednesday, 06:13 in Shanghai
    at_work = rule(during=Schedule(frozenset(range(1, 6)), ((7 * 60, 8 * 60),)))
    world = World([at_work])
    world.wait(1.0)
    assert world.say({ROOM: 35.0}) == []
    assert world.wait(47 * 60.0, 60.0) == []  # 07:00, but by now the value is stale
    assert world.say({ROOM: 35.0}) == ["B"]
    assert world.wait(61 * 60.0, 60.0) == ["D"]  # 08:00
    there: set[str] = set()
    world = World([rule(during=Schedule(occupied=True))], occupied=lambda spaces: there.intersection(spaces))
    world.wait(1.0)
    assert world.say({ROOM: 35.0}) == []
    there.add("1/01/101")
    assert world.wait(60.0) == ["B"]
    there.clear()
    assert world.wait(60.0) == ["D"]


def test_a_window_holds_back_what_comes_and_what_stands_and_lets_it_go() -> None:
    window = Window("roof", {"zh": "检修", "en": "Work"}, ("1",), ("h*",), BEGIN + 10, BEGIN + 100)
    world = World([rule()], windows={"roof": window})
    world.say({ROOM: 35.0, "2/01/201/t": 35.0})
    assert world.wait(10.0) == ["H"]
    assert world.say({"1/01/102/t": 35.0}) == ["H", "H"]
    assert world.book.alarms["hot:1/01/102/t"].suppressed_by == ("window:roof",)
    world.say({ROOM: 20.0})
    assert world.letters() == {"hot:1/01/101/t": "H", "hot:1/01/102/t": "H", "hot:2/01/201/t": "B"}
    assert sorted(world.wait(100.0)) == ["A", "B"]
    assert world.letters() == {"hot:1/01/102/t": "B", "hot:2/01/201/t": "B"}


def test_suppression_uses_up_no_escalation() -> None:
    louder = (Escalation(60.0, 1), Escalation(120.0, None, acknowledged=True))
    world = World([rule(escalate=louder)], points=points_of_long())
    world.say({ROOM: 35.0})
    world.wait(30.0)
    world.book.do(Event.SUPPRESS, [ID], "parent", "", world.now)
    assert world.wait(1000.0, 10.0) == []
    world.book.do(Event.UNSUPPRESS, [ID], "parent", "", world.now)
    assert world.wait(55.0) == []
    assert world.wait(6.0) == ["B"]
    assert world.book.alarms[ID].priority == 1
    world.book.do(Event.ACK, [ID], "li", "", world.now)
    assert world.wait(50.0) == []
    assert world.wait(15.0) == ["B"]  # acknowledged and still true: it calls again
    assert world.wait(500.0, 10.0) == []


def points_of_long() -> list[Point]:
    return points_of(campus(), 1e6)


def test_a_shelf_ends_by_itself() -> None:
    world = World([rule()], points=points_of_long())
    world.say({ROOM: 35.0})
    world.book.do(Event.SHELVE, [ID], "li", "noise", world.now, until=world.now + 60)
    assert world.wait(59.0) == []
    assert world.wait(2.0) == ["B"]
    assert world.steps[-1].reason == "shelf-over"


def test_an_alarm_that_calls_too_often_stays_until_it_is_calm() -> None:
    world = World([rule(most=3, most_s=300.0)], points=points_of_long())
    answers = []
    for _ in range(3):
        answers += world.say({ROOM: 35.0}) + world.say({ROOM: 20.0})
    assert answers == ["B", "D", "B", "D", "B"]
    answers = world.say({ROOM: 35.0}, 10.0) + world.say({ROOM: 20.0})
    assert answers == []
    assert world.wait(310.0) == ["D"]


def test_after_a_restart_it_goes_on_without_firing_again() -> None:
    world = World([rule()])
    world.say({ROOM: 35.0, "1/01/102/t": 36.0})
    world.book.do(Event.ACK, [ID], "li", "", world.now)
    again = World([rule()], Book(world.book.alarms.values(), world.book.seq), now=world.now)
    assert again.say({ROOM: 35.5}) == []
    assert again.letters() == {ID: "C", "hot:1/01/102/t": "B"}
    assert again.say({ROOM: 20.0, "1/01/102/t": 20.0}) == ["A", "D"]


def test_a_loss_from_before_a_restart_ends_with_the_first_value() -> None:
    lost = rule("lost", condition=Condition("lost"), on_delay_s=5.0, select=Selector(points=(ROOM,)))
    world = World([lost])
    world.say({ROOM: 20.0})
    assert world.wait(110.0) == ["B"]
    again = World([lost], Book(world.book.alarms.values(), world.book.seq), now=world.now)
    again.say({ROOM: 21.0})  # before the engine looked at anything
    assert again.wait(2.0) == ["D"]


def test_points_and_rules_come_and_go() -> None:
    world = World([rule(on_delay_s=5.0), rule("air", "co2", condition=Condition("outside", high=1000.0))])
    world.say({ROOM: 35.0, "1/01/101/co2": 2000.0, "1/01/102/co2": 2000.0})
    world.wait(3.0)
    kept = [point for point in world.points if point.id != "1/01/102/co2"]
    new = World([rule(on_delay_s=5.0)], points=kept, now=world.now)
    rules = {**world.rules.rules, "cold": rule("cold", condition=Condition("outside", low=50.0))}
    world.engine.follow(
        replace(world.rules, rules=rules), new.ground, bound(list(rules.values()), kept, new.ground.places),
        world.now,
    )  # fmt: skip
    gone = world.steps[-2:]
    assert [(step.alarm.id, step.after, step.reason) for step in gone] == [
        ("air:1/01/102/co2", "D", "point-gone"), ("air:1/01/102/co2", "A", "point-gone"),
    ]  # fmt: skip
    # the new state has no values yet: what was pending goes on with the first
    world.live, world.ingest = new.live, new.ingest
    new.ingest.listeners.append(lambda judged: world.engine.changed(judged.rows.point))
    world.say({ROOM: 36.0})
    assert world.wait(3.0) == ["B"]
    assert world.letters() == {"air:1/01/101/co2": "B", "cold:1/01/101/t": "B", ID: "B"}
    only = replace(world.rules, rules={"hot": world.rules.rules["hot"]})
    world.engine.follow(only, new.ground, bound(list(only.rules.values()), kept, new.ground.places), world.now)
    assert world.letters() == {ID: "B"}
    assert world.steps[-1].reason == "rule-gone"


def test_rules_select_by_every_part() -> None:
    world = World([])
    places: Places = world.ground.places

    def taken(**more: object) -> list[str]:
        watches = bound([rule(select=Selector(**more))], world.points, places)  # type: ignore[arg-type]
        return [world.points[row].id for row in watches.row.tolist()]

    assert taken(quantities=("link_state",)) == ["1/SW/up"]
    assert taken(quantities=("co2",), buildings=("2",)) == ["2/01/201/co2"]
    assert taken(quantities=("co2",), categories=("da*",)) == ["1/01/104/co2"]
    assert taken(quantities=("co2",), tags=(("use", "server"),)) == ["1/01/104/co2"]
    assert taken(quantities=("co2",), points=("1/*",), without=("*/10[12]/*",)) == ["1/01/103/co2", "1/01/104/co2"]
    assert taken(points=("*",), kinds=("equipment",)) == ["1/SW/up"]
    assert taken(points=("*",), sources=("net",)) == ["1/SW/up"]


def test_an_alarm_of_equipment_says_its_place_and_node() -> None:
    world = World([rule("down", "link_state", condition=Condition("outside", low=0.5))])
    world.say({"1/SW/up": 0.0}, source="net")
    alarm = world.book.alarms["down:1/SW/up"]
    assert (alarm.place, alarm.nodes, alarm.texts["en"]) == ("1/01/101", ("1/SW",), "House 1 Switch is above 0.5 ")


def outside(id_: str, kind: str, *states: str, **more: object) -> Rule:
    return rule(id_, select=Selector(), condition=Condition(kind, states=states), **more)  # type: ignore[arg-type]


def test_sources_and_findings_call_and_end() -> None:
    world = World([outside("down", "source", "down", on_delay_s=5.0), outside("flat", "finding", "flat")])
    look = world.engine.outside.look
    down = [Seen("mqtt", "down", "", "mqtt"), Seen("other", "live", "", "other")]
    assert look("source", down, 1.0) == []
    assert [step.alarm.id for step in look("source", down, 6.0)] == ["down:mqtt"]
    assert look("source", down, 7.0) == []
    assert [step.after for step in look("finding", [Seen("flat/1/01/101", "flat", "1/01/101", "feed")], 8.0)] == ["B"]
    assert world.book.alarms["flat:flat/1/01/101"].place == "1/01/101"
    assert [step.after for step in look("source", [Seen("mqtt", "live", "", "mqtt")], 9.0)] == ["D"]
    assert [step.after for step in look("finding", [], 9.0)] == ["D"]


def test_other_systems_tell_of_their_alarms_once_and_may_end_shelved_ones() -> None:
    world = World([])
    told = External("disk", True, 2, {"en": "Disk is full"}, "1/01/101", ("1/SW",))
    take = world.engine.take_external
    assert [step.actor for step in take([told], "alertmanager", 1.0)] == ["alertmanager"]
    assert take([told], "alertmanager", 2.0) == []
    alarm = world.book.alarms["alertmanager:disk"]
    assert (alarm.kind, alarm.priority, alarm.texts["zh"]) == ("external", 2, "Disk is full")
    world.book.do(Event.SHELVE, [alarm.id], "li", "known", 3.0, until=100.0)
    assert [step.after for step in take([replace(told, active=False)], "alertmanager", 4.0)] == ["G"]
    assert take([replace(told, active=False)], "alertmanager", 5.0) == []
    world.book.do(Event.UNSHELVE, [alarm.id], "li", "", 6.0)
    assert world.book.alarms == {}
