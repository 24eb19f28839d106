"""A small campus with values for the tests of rules: rooms with air, a switch, the engine over them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from models3d import tiles
from twin.alarms.alarm import Transition
from twin.alarms.book import Book
from twin.alarms.engine import Engine, Ground
from twin.alarms.places import Places
from twin.alarms.rule import AlarmRules, Condition, Rule, Selector
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading
from twin.slots import SlotTree
from twin.space import Alias, Building, Campus, Equipment, Space, Storey

BEGIN = 1_700_000_000.0
SIGNALS = (("t", "temperature", "°C"), ("set", "temperature", "°C"), ("co2", "co2", "ppm"))
WORDS = {"zh": "{what}高于 {limit} {unit}", "en": "{what} is above {limit} {unit}"}
PLAIN = {"zh": "文", "en": "text"}


def rule(id_: str = "hot", quantity: str = "temperature", **more: object) -> Rule:
    """A rule over a quantity; above 30 unless a condition is given."""
    given: dict[str, Any] = {
        "select": Selector((quantity,)), "condition": Condition("outside", high=30.0), "priority": 3, **more,
    }  # fmt: skip
    return Rule(id_, texts=WORDS, cause=PLAIN, consequence=PLAIN, action=PLAIN, owner=PLAIN, respond_s=600.0, **given)


def campus() -> Campus:
    """Building 1 with rooms 101 to 104, building 2 with 201; a switch in 101."""
    made = Campus("c", {"zh": "校园", "en": "Campus"}, "Asia/Shanghai")
    for code, rooms in (("1", ("101", "102", "103", "104")), ("2", ("201",))):
        storey = Storey(f"{code}/01", {"en": "Ground floor"})
        for number in rooms:
            kind = "data" if number == "104" else "office"
            storey.spaces.append(
                Space(f"{code}/01/{number}", number, {"zh": "室", "en": "Room"}, kind,
                      aliases=(Alias("use", "server" if number == "104" else "desk"),))
            )  # fmt: skip
        made.buildings.append(Building(code, {"zh": f"{code}号楼", "en": f"House {code}"}, storeys=[storey]))
    made.equipment.append(Equipment("1/SW", {"zh": "交换机", "en": "Switch"}, "switch", "1/01/101"))
    return made


def points_of(made: Campus, stale_s: float = 100.0) -> list[Point]:
    """Temperature and CO2 of every room, the state of the switch's uplink."""
    rooms = [space.id for b in made.buildings for s in b.storeys for space in s.spaces]
    found = [
        Point(f"{room}/{name}", room, quantity, unit, source="feed", stale_s=stale_s)
        for room in rooms for name, quantity, unit in SIGNALS
    ]  # fmt: skip
    return [*found, Point("1/SW/up", "1/SW", "link_state", "1", source="net", stale_s=stale_s)]


class World:
    """A campus, its clock, and the engine over it. ``say`` hands values to the ingest and lets the engine turn."""

    def __init__(
        self, rules: Sequence[Rule], book: Book | None = None,
        occupied: Callable[[Sequence[str]], Collection[str]] = frozenset,
        points: Sequence[Point] | None = None, now: float = BEGIN, **more: object,
    ) -> None:  # fmt: skip
        self.now = now
        made = campus()
        tree = SlotTree.of(made, tiles.slots(made))
        self.points = points_of(made) if points is None else list(points)
        self.live = LiveState(self.points, tree, lambda: self.now)
        self.ingest = Ingest(self.points, self.live, lambda: self.now)
        self.ground = Ground(self.live, Places(made, {"1/SW"}), ZoneInfo("Asia/Shanghai"), occupied)
        self.rules = AlarmRules({each.id: each for each in rules}, **more)  # type: ignore[arg-type]
        self.book = book or Book()
        self.steps: list[Transition] = []
        self.book.listeners.append(self.steps.extend)
        self.engine = Engine(self.book, self.rules, self.ground)
        self.ingest.listeners.append(
            lambda judged: self.engine.changed(judged.rows.point[~(judged.applied.late | judged.applied.duplicate)])
        )

    def say(self, values: Mapping[str, float | None], after_s: float = 1.0, source: str = "feed") -> list[str]:
        """Values of points, ``after_s`` [s] later; the letters that the steps of it led to."""
        self.now += after_s
        self.ingest.accept([RawReading(point, value, self.now) for point, value in values.items()], source)
        return self._turned()

    def wait(self, seconds: float, step: float = 1.0, well: Mapping[str, bool] | None = None) -> list[str]:
        """Let time pass; the letters that the steps of it led to."""
        end, before = self.now + seconds, len(self.steps)
        while self.now < end:
            self.now = min(end, self.now + step)
            self.live.tick()
            self.engine.second(self.now, well)
            self._turned()
        return [each.after for each in self.steps[before:]]

    def _turned(self) -> list[str]:
        before = len(self.steps)
        for _ in self.engine.turn(self.now):
            pass
        return [each.after for each in self.steps[before:]]

    def letters(self) -> dict[str, str]:
        """The alarms that are not simply normal."""
        return {id_: each.letter for id_, each in sorted(self.book.alarms.items())}
