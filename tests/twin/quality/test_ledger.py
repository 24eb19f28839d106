"""The ledger of findings: opened, kept up, ended, grouped by source, bounded, and carried over to other points."""

from __future__ import annotations

import pytest

from twin.point import Point
from twin.quality import ledger as module
from twin.quality.finding import CHECKS, Hit
from twin.quality.ledger import GROUP_OVER, NAMED, Ledger

T0 = 1_795_737_600.0


def points(n: int, source: str = "s") -> list[Point]:
    return [Point(f"{source}{k}", f"{source}-room{k // 2}", "power", "kW", source=source) for k in range(n)]


def hit(*rows: int, since: float = T0, **figures: float) -> Hit:
    return Hit(rows, since, figures)


def test_a_finding_opens_goes_on_with_new_figures_and_ends_when_nobody_sees_it() -> None:
    ledger = Ledger(points(3))
    ledger.update("flat", ledger.keyed([hit(0, value=1.0)]), T0 + 60)
    (first,) = ledger.findings()
    assert (first.points, first.entities, first.source, first.until) == (("s0",), ("s-room0",), "s", None)
    ledger.update("flat", ledger.keyed([hit(0, value=2.0)]), T0 + 120)
    (again,) = ledger.findings()
    assert (again.id, again.last_seen, again.figures) == (first.id, T0 + 120, {"value": 2.0})
    ledger.update("gap", {}, T0 + 150)
    assert ledger.findings()[0].until is None, "another check ends nothing of this one"
    ledger.update("flat", {}, T0 + 180)
    assert ledger.findings()[0].until == T0 + 180
    ledger.update("flat", ledger.keyed([hit(0, since=T0 + 300)]), T0 + 360)
    assert [f.until for f in ledger.findings()] == [None, T0 + 180], "what is open comes first"
    assert ledger.findings()[0].id != first.id
    assert ledger.tally["flat"].opened == 2


def test_an_end_may_be_told() -> None:
    ledger = Ledger(points(1))
    ledger.update("stale", ledger.keyed([hit(0)]), T0)
    ledger.update("stale", {}, T0 + 600, {"s0": T0 + 42})
    assert ledger.findings()[0].until == T0 + 42


def test_what_was_over_when_it_was_seen_is_kept_with_its_end() -> None:
    ledger = Ledger(points(2))
    told = ledger.add_ended("energy", "a", Hit((0, 1), T0, {"kw": 3.0}, severity="info", entity="14"), T0 + 50, T0 + 90)
    assert (told.until, told.entities, told.severity, told.points) == (T0 + 50, ("14",), "info", ("s0", "s1"))
    assert ledger.findings() == [told]
    assert ledger.open_by_check()["energy"] == 0
    assert ledger.tally["energy"].opened == 1


def test_many_points_of_one_source_are_one_finding_of_it() -> None:
    many = points(NAMED + 30, "broker")
    ledger = Ledger([*many, *points(GROUP_OVER, "few")])
    few = [hit(len(many) + k) for k in range(GROUP_OVER)]
    found = ledger.keyed([hit(k, since=T0 - k) for k in range(len(many))] + few + [hit(0, 1)])
    assert len(found) == 1 + GROUP_OVER + 1, "so many of another source stand for themselves, and so does a pair"
    group = found["source broker"]
    assert (group.since, group.variant, dict(group.figures)) == (
        T0 - len(many) + 1, "many", {"n": len(many), "source": "broker"},
    )  # fmt: skip
    ledger.update("stale", found, T0)
    told = next(f for f in ledger.findings() if f.variant == "many")
    assert (told.n_points, len(told.points)) == (len(many), NAMED), "all are counted, some are named"
    assert ledger.open_by_check() == {**dict.fromkeys(CHECKS, 0), "stale": GROUP_OVER + 2}


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OPEN", 2)
    ledger = Ledger(points(3))
    ledger.update("flat", ledger.keyed([hit(0), hit(1), hit(2)]), T0)
    assert [f.points for f in ledger.findings()] == [("s0",), ("s1",)]
    assert (ledger.tally["flat"].opened, ledger.tally["flat"].dropped) == (2, 1)
    ledger.update("flat", ledger.keyed([hit(1), hit(2)]), T0 + 60)
    assert ledger.tally["flat"].dropped == 2, "those that are seen are taken in before those that ended make room"
    ledger.update("flat", ledger.keyed([hit(1), hit(2)]), T0 + 120)
    assert {f.points for f in ledger.findings() if f.until is None} == {("s1",), ("s2",)}


def test_other_points_take_over_what_is_open_of_those_that_stay() -> None:
    before = Ledger(points(4))
    before.update("flat", before.keyed([hit(0), hit(3)]), T0)
    before.update("gap", before.keyed([hit(1)]), T0)
    before.update("gap", {}, T0 + 10)
    after = Ledger(points(2))
    after.carry_over(before, T0 + 100)
    assert [(f.points, f.until) for f in after.findings()] == [
        (("s0",), None), (("s3",), T0 + 100), (("s1",), T0 + 10),
    ]  # fmt: skip
    assert after.tally["flat"].opened == 2
    after.update("flat", after.keyed([hit(0)]), T0 + 200)
    assert after.tally["flat"].opened == 2, "it goes on, it does not open again"
