"""What changes when devices tell of their neighbours again: new, moved, lost, back, and what stays meanwhile."""

from __future__ import annotations

from datasources.contract import Neighbour
from twin.neighbours import LOST_KEPT_S, Change, Neighbourhood


def wire(target: str, port: str, remote: str, remote_port: str, chassis: str = "") -> Neighbour:
    return Neighbour(target, port, remote, remote_port, remote_chassis=chassis)


def told(changes: list[Change]) -> list[tuple[str, str, str, str, str]]:
    return [(c.kind, c.target, c.port, c.remote, c.before) for c in changes]


class Watch:
    """A neighbourhood and a clock [s]."""

    def __init__(self) -> None:
        self.all = Neighbourhood()
        self.now = 1000.0

    def read(self, target: str, *wires: Neighbour, after: float = 3600.0) -> list[tuple[str, str, str, str, str]]:
        self.now += after
        changes, _ = self.all.take("net", target, (), wires, self.now)
        return told([*changes, *self.all.settle(self.now)])

    def wires(self) -> list[tuple[str, str, str, bool]]:
        return [(s.wire.target, s.wire.local_port, s.wire.remote_name, s.lost is not None) for s in self.all.wires()]


def test_the_first_answer_is_no_change_and_the_same_again_is_none() -> None:
    watch = Watch()
    one = wire("core", "Te1/1", "sw-1", "Gi48", "aa:bb:cc:dd:ee:01")
    assert watch.all.take("net", "core", ("core",), [one], 0.0) == ([], True), "it matters: there are wires"
    renamed = wire("core", "Te1/1", "sw-1", "Gi48", "AABB.CCDD.EE01")
    assert watch.all.take("net", "core", ("core",), [renamed], 9.0) == ([], False), "a chassis however it is written"
    assert [(row.since, row.last) for row in watch.all.wires()] == [(0.0, 9.0)]


def test_new_moved_lost_and_back() -> None:
    watch = Watch()
    a, b = wire("core", "Te1/1", "sw-1", "Gi48"), wire("core", "Te1/2", "sw-2", "Gi48")
    watch.read("core", a)
    assert watch.read("core", a, b) == [("new", "core", "Te1/2", "sw-2", "")]
    moved = wire("core", "Te1/9", "sw-2", "Gi47")
    assert watch.read("core", a, moved) == [("moved", "core", "Te1/9", "sw-2", "Te1/2 - Gi48")]
    assert watch.read("core", moved) == [("lost", "core", "Te1/1", "sw-1", "")]
    assert watch.wires() == [("core", "Te1/1", "sw-1", True), ("core", "Te1/9", "sw-2", False)]
    assert watch.read("core", moved) == [], "told once"
    assert watch.read("core", a, moved) == [("back", "core", "Te1/1", "sw-1", "")]


def test_what_is_lost_stays_a_wire_for_a_day() -> None:
    watch = Watch()
    a = wire("core", "Te1/1", "sw-1", "Gi48")
    watch.read("core", a)
    assert watch.read("core") == [("lost", "core", "Te1/1", "sw-1", "")]
    assert watch.read("core", after=LOST_KEPT_S - 1) == []
    assert watch.wires() == [("core", "Te1/1", "sw-1", True)]
    assert watch.read("core", after=2) == [("dropped", "core", "Te1/1", "sw-1", "")]
    assert watch.wires() == []


def test_a_port_that_has_another_neighbour_has_lost_the_first() -> None:
    watch = Watch()
    watch.read("ap", wire("ap", "eth0", "sw-1", "Gi7"))
    changes = watch.read("ap", wire("ap", "eth0", "sw-2", "Gi3"))
    assert changes == [("new", "ap", "eth0", "sw-2", ""), ("lost", "ap", "eth0", "sw-1", "")]
    assert watch.wires() == [("ap", "eth0", "sw-2", False)]


def test_a_device_that_was_plugged_in_elsewhere_is_no_wire_at_its_old_place() -> None:
    watch = Watch()
    watch.read("sw-1", wire("sw-1", "Gi7", "AP-9", "eth0", "00:1a:2b:3c:4d:5e"))
    watch.read("sw-2")
    assert watch.read("sw-2", wire("sw-2", "Gi3", "AP-9", "eth0", "00:1a:2b:3c:4d:5e"))[0][0] == "new"
    assert watch.read("sw-1") == [
        ("lost", "sw-1", "Gi7", "AP-9", ""),
        ("moved", "sw-2", "Gi3", "AP-9", "sw-1 Gi7"),
    ]
    assert watch.wires() == [("sw-2", "Gi3", "AP-9", False)]


def test_two_wires_between_the_same_two_are_two() -> None:
    watch = Watch()
    both = [wire("core", f"Te1/{n}", "sw-1", f"Gi{n}") for n in (1, 2)]
    watch.read("core", *both)
    assert watch.read("core", both[0]) == [("lost", "core", "Te1/2", "sw-1", "")]
    assert watch.read("core", *both) == [("back", "core", "Te1/2", "sw-1", "")]


def test_sources_that_are_gone_are_forgotten() -> None:
    watch = Watch()
    watch.read("core", wire("core", "Te1/1", "sw-1", "Gi48"))
    assert not watch.all.forget(["net", "other"])
    assert watch.all.forget(["other"])
    assert watch.wires() == []
