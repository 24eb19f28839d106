"""The vectorised evaluation against rules judged one by one, and only what changed is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.alarms.grounds import World, rule
from twin.alarms.rule import Condition, Rule

ROOMS = ("1/01/101/t", "1/01/102/t", "1/01/103/t")
RULES = (
    rule("above", condition=Condition("outside", high=30.0, deadband=2.0), on_delay_s=3.0, off_delay_s=2.0),
    rule("between", condition=Condition("outside", 18.0, 26.0, 1.0)),
    rule("band", condition=Condition("inside", 22.0, 24.0, 0.5), on_delay_s=2.0),
    rule("often", condition=Condition("outside", high=25.0), k=2, n=4, off_delay_s=4.0),
)


@dataclass
class Plain:
    """One rule and one point, as the reference says it in words."""

    rule: Rule
    active: bool = False
    sample: bool = False
    want: bool = False
    due: float = math.inf
    last: list[bool] = field(default_factory=list)

    def say(self, value: float, now: float) -> None:
        c, band = self.rule.condition, self.rule.condition.deadband
        between = c.low <= value <= c.high
        if c.kind == "inside":
            fits, clears = between, value > c.high + band or value < c.low - band
        else:
            fits, clears = not between, c.low + band <= value <= c.high - band
        self.sample = not clears if self.sample else fits
        want = self.sample
        if self.rule.n > 1:
            self.last = [*self.last, self.sample][-self.rule.n :]
            want = any(self.last) if self.want else sum(self.last) >= self.rule.k
        if want == self.want:
            return
        self.want = want
        delay = self.rule.on_delay_s if want else self.rule.off_delay_s
        if want == self.active:
            self.due = math.inf
        elif delay <= 0:
            self.active, self.due = want, math.inf
        else:
            self.due = now + delay

    def wait(self, now: float) -> None:
        if self.due <= now:
            self.active, self.due = self.want, math.inf


VALUES = st.floats(15.0, 35.0).map(lambda value: round(value, 1))
COURSE = st.lists(
    st.one_of(st.integers(1, 4), st.dictionaries(st.sampled_from(ROOMS), VALUES, min_size=1)), max_size=30
)


@settings(max_examples=60)
@given(COURSE)
def test_it_finds_what_rules_judged_one_by_one_find(course: list[int | dict[str, float]]) -> None:
    world = World(RULES)
    plain = {f"{each.id}:{room}": Plain(each) for each in RULES for room in ROOMS}
    for what in course:
        if isinstance(what, int):
            for _ in range(what):
                world.wait(1.0)
                for one in plain.values():
                    one.wait(world.now)
        else:
            world.say(dict(what), after_s=0.01)
            for id_, one in plain.items():
                if (value := what.get(id_.partition(":")[2])) is not None:
                    one.say(value, world.now)
        assert {id_ for id_, row in world.book.alarms.items() if row.active} == {
            id_ for id_, one in plain.items() if one.active
        }


def test_only_the_watches_of_changed_points_are_looked_at() -> None:
    world = World(RULES)
    seen: list[int] = []
    judge = world.engine.evaluator._judge
    world.engine.evaluator._judge = lambda at, now: seen.extend(at.tolist()) or judge(at, now)  # type: ignore[method-assign,func-returns-value]
    world.say({ROOMS[1]: 20.0})
    watches = world.engine.evaluator.watches
    assert {world.points[watches.row[at]].id for at in seen} == {ROOMS[1]}
    assert len(seen) == len(RULES)
    seen.clear()
    world.ingest.accept([], "feed")
    assert world.say({ROOMS[1]: 20.0}, after_s=0.0) == []  # the same reading twice is no news
    assert seen == []
