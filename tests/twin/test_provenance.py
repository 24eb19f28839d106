"""How a number came to be: what was sent, the steps to its unit, every check with what it says of this value."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.test_live import T0, Clock
from tests.twin.trees import TREE
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import DERIVED, Point
from twin.provenance import Check, Provenance, conversions, provenance_of
from twin.reading import RawReading

POINTS = [
    Point("w", "B/1/1", "power", "W", source="s", address="w", low=0, high=5000, sentinels=(-9999.0,), stale_s=60),
    Point("f", "B/1/1", "temperature", "°F", source="s", address="f"),
    Point("octets", "B/1/1", "traffic", "B/s", "counter", source="s", address="octets"),
    Point("ok", "B/1/1", "co2", "ppm", source="s", address="ok"),
    Point("made", "B/1/1", "people", "1", source=DERIVED, address=""),
]


class Fed:
    """An ingest over POINTS."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.live = LiveState(POINTS, TREE, self.clock)
        self.ingest = Ingest(POINTS[:-1], self.live, self.clock)  # what the twin works out itself is no source's

    def send(self, *readings: RawReading) -> None:
        self.ingest.accept(list(readings), "s")

    def how(self, point: str) -> Provenance:
        return provenance_of(self.live.latest(point), self.ingest.last(self.live.index[point]))

    def checks(self, point: str) -> dict[str, bool | None]:
        return {check.name: check.passed for check in self.how(point).checks}


def test_what_came_is_there_with_its_message_and_the_devices_time() -> None:
    fed = Fed()
    fed.send(RawReading("w", 1500, T0, T0 - 3, raw=b'{"p": 1500}'))
    how = fed.how("w")
    assert (how.value, how.payload, how.device_time) == ("1500", '{"p": 1500}', T0 - 3)
    fed.send(RawReading("w", "1600", T0 + 1, raw=b"1600"))
    how = fed.how("w")
    assert (how.value, how.payload, how.device_time) == ("1600", "", None), "the same text is not told twice"


def test_it_is_what_the_shown_value_was_made_of_and_not_what_came_late() -> None:
    fed = Fed()
    fed.send(RawReading("ok", 800, T0, T0), RawReading("ok", 700, T0 + 1, T0 - 100))
    assert fed.how("ok").value == "800"
    fed.send(RawReading("ok", 650, T0 + 2, T0 - 90))
    assert fed.how("ok").value == "800"
    assert fed.live.latest("ok").value == 800


@pytest.mark.parametrize("raw", [b"x" * 900, "\u6e29".encode() * 300])
def test_long_messages_are_cut_and_bytes_of_any_charset_are_text(raw: bytes) -> None:
    fed = Fed()
    fed.send(RawReading("ok", "y" * 900, T0, raw=raw))
    assert len(fed.how("ok").value) == 200
    assert 0 < len(fed.how("ok").payload) <= 200


def test_the_steps_to_the_unit() -> None:
    steps = {point.id: [(s.kind, s.before, s.after) for s in conversions(point)] for point in POINTS}
    assert steps["w"] == [("unit", "W", "kW")]
    assert steps["octets"] == [("rate", "B", "B/s"), ("unit", "B/s", "Mbit/s")]
    assert steps["ok"] == []
    (fahrenheit,) = conversions(POINTS[1])
    assert 212 * fahrenheit.factor + fahrenheit.offset == pytest.approx(100)


def test_every_check_says_what_it_says_of_this_value() -> None:
    fed = Fed()
    assert set(fed.checks("w").values()) == {None}, "nothing to judge before the first word"
    fed.send(RawReading("w", 1500, T0, T0))
    passed = dict.fromkeys(("usable", "sentinel", "range", "clock", "habit", "age"), True)
    assert fed.checks("w") == passed
    assert fed.how("w").checks[2] == Check("range", True, 0.0, 5.0)
    fed.send(RawReading("w", 6000, T0 + 1, T0 + 1))
    assert fed.checks("w") == passed | {"range": False}
    fed.send(RawReading("w", -9999, T0 + 2, T0 + 2))
    assert fed.checks("w") == passed | {"sentinel": False, "range": False} or fed.checks("w") == passed | {
        "sentinel": False
    }
    fed.send(RawReading("w", "broken", T0 + 3, T0 + 3))
    assert fed.checks("w") == passed | {"usable": False}
    fed.send(RawReading("w", 1500, T0 + 4, T0 + 900))
    assert fed.checks("w") == passed | {"clock": False}
    fed.send(RawReading("w", 1500, T0 + 5))
    assert fed.checks("w") == passed | {"clock": None}, "a device that sends no time has no clock to judge"
    fed.clock.now += 300
    fed.live.tick()
    assert fed.checks("w") == passed | {"clock": None, "age": False}


def test_what_is_late_but_not_yet_stale_says_so() -> None:
    fed = Fed()
    fed.send(RawReading("ok", 800, T0))
    assert fed.checks("ok")["due"] is True
    fed.clock.now += 130
    assert {name for name, passed in fed.checks("ok").items() if passed is False} == {"due"}
    fed.clock.now += 60
    assert {name for name, passed in fed.checks("ok").items() if passed is False} == {"due", "age"}


def test_what_the_twin_works_out_itself_has_neither_message_nor_checks() -> None:
    how = Fed().how("made")
    assert how == Provenance("", "", None, (), ())


def test_after_points_came_and_went_the_last_message_stays() -> None:
    fed = Fed()
    fed.send(RawReading("ok", 800, T0, raw=b'{"v": 800}'))
    new = Ingest(POINTS[::-1], LiveState(POINTS[::-1], TREE, fed.clock), fed.clock)
    there = [fed.live.index[point.id] for point in POINTS[::-1]]
    new.carry_over(fed.ingest, np.arange(len(POINTS)), np.array(there))
    kept = new.last(POINTS[::-1].index(POINTS[3]))
    assert kept is not None
    assert kept.raw == b'{"v": 800}'
